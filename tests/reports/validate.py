"""Validates JSON against the schemas of a folder.

Standard input: lines of {"name", "schema", "text"}; `schema` is a reference, such as `verify.v1.json`. Standard output:
a line for each text that is not valid, and why.
"""

import json
import pathlib
import sys

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

folder = pathlib.Path(sys.argv[1])
registry = Registry()
for path in sorted(folder.glob("*.json")):
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == path.name, path
    registry = registry.with_resource(path.name, Resource.from_contents(schema))

validators = {}
for item in map(json.loads, sys.stdin):
    reference = item["schema"]
    if reference not in validators:
        validators[reference] = Draft202012Validator({"$ref": reference}, registry=registry)
    for error in validators[reference].iter_errors(json.loads(item["text"])):
        where = "/".join(map(str, error.absolute_path))
        print(f"{item['name']}: {where}: {error.message[:300]!r}")
        break
