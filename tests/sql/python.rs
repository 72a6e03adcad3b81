//! The engines that come as packages of Python.

use std::path::Path;
use std::process::Command;

use crate::queries::{query, setup};
use crate::require;

/// In the folder of the tables, with the statements that load them, and the queries: their rows, each query's behind a
/// zero byte.
const DUCKDB: &str = r#"
import duckdb, os, sys
folder, setup, *queries = sys.argv[1:]
os.chdir(folder)
db = duckdb.connect()
db.execute("set enable_progress_bar = false")
db.execute(setup)
for query in queries:
    print("\0", end="")
    for row in db.execute(query).fetchall():
        print("|".join("" if value is None else str(value) for value in row))
"#;

const CLICKHOUSE: &str = r#"
import os, re, sys
from chdb import session
folder, setup, *queries = sys.argv[1:]
db = session.Session()
db.query("create database audit"), db.query("use audit")
for statement in re.split(r";(?:   --.*)?\n", setup.replace("file('", f"file('{folder}/")):
    db.query(statement) if statement.strip() else None
for query in queries:
    rows = str(db.query(query.rstrip().rstrip(";") + " format TSVRaw"))
    print("\0" + rows.replace("\t", "|").replace("\\N", ""), end="")
"#;

pub(crate) fn duckdb(tables: &Path, queries: &[&str]) -> Option<Vec<Vec<String>>> {
    run("duckdb", DUCKDB, tables, "duckdb", queries)
}

pub(crate) fn clickhouse(tables: &Path, queries: &[&str]) -> Option<Vec<Vec<String>>> {
    run("chdb", CLICKHOUSE, tables, "clickhouse", queries)
}

fn run(
    package: &str,
    script: &str,
    tables: &Path,
    engine: &str,
    queries: &[&str],
) -> Option<Vec<Vec<String>>> {
    let mut probe = Command::new("python3");
    if !require::available(
        &format!("python3 with `{package}`"),
        probe.args(["-c", &format!("import {package}")]),
    ) {
        return None;
    }
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(tables).arg(setup(engine));
    let output = command.args(queries.iter().map(|name| query(engine, name))).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.split('\0').skip(1).map(|rows| rows.lines().map(str::to_owned).collect()).collect())
}
