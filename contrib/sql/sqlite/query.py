#!/usr/bin/env python3
"""Loads lines into SQLite, and runs the queries beside this file with the SHA-256 that SQLite lacks.

    query.py DATABASE --load TABLE FILE ...    what the table has is replaced by the lines of the files
    query.py DATABASE SCRIPT ...               runs files of SQL, and prints their rows
"""

import csv
import hashlib
import sqlite3
import sys

TABLES = {
    "audit_lines": "(line blob not null)",
    "audit_known": "(line blob not null)",
    "audit_heads": "(log text not null, seq integer not null, hash text not null)",
}


def opened(path):
    db = sqlite3.connect(path)
    # What is torn is no text.
    db.text_factory = bytes
    # To sort in, 256 MiB. What a power cut takes from a database can be loaded again.
    db.execute("pragma cache_size = -262144")
    db.execute("pragma synchronous = off")
    db.create_function("sha256", 1, lambda data: hashlib.sha256(data).hexdigest())
    for name, columns in TABLES.items():
        db.execute(f"create table if not exists {name} {columns}")
    return db


def rows(path):
    """Each line as it stands in the file, without its newline: a carriage return is one of its bytes."""
    if path.endswith(".csv"):
        with open(path, newline="", encoding="utf-8") as file:
            yield from csv.reader(file)
    else:
        with open(path, "rb") as file:
            yield from ((line.removesuffix(b"\n"),) for line in file if line != b"\n")


def load(db, table, paths):
    places = ", ".join("?" for _ in TABLES[table].split(","))
    with db:
        db.execute(f"delete from {table}")
        for path in paths:
            db.executemany(f"insert into {table} values ({places})", rows(path))


def statements(path):
    text = ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            text += line
            if sqlite3.complete_statement(text):
                yield text
                text = ""


def printed(value):
    return b"" if value is None else value if isinstance(value, bytes) else str(value).encode()


def main(path, *arguments):
    db = opened(path)
    if arguments[:1] == ("--load",):
        return load(db, arguments[1], arguments[2:])
    with db:
        for statement in (statement for script in arguments for statement in statements(script)):
            for row in db.execute(statement):
                sys.stdout.buffer.write(b"|".join(map(printed, row)) + b"\n")


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[2] == "--load" and (len(sys.argv) < 5 or sys.argv[3] not in TABLES):
        sys.exit(__doc__)
    main(*sys.argv[1:])
