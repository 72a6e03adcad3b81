//! The engines that come as packages of Python.

use std::path::Path;
use std::process::Command;

use crate::require;

const DUCKDB: &str = r#"
import duckdb, sys
lines, query = sys.argv[1:]
db = duckdb.connect()
db.execute("set enable_progress_bar = false")
db.execute("create table audit_lines (line varchar not null)")
db.execute("""insert into audit_lines select * from read_csv(?, columns = {'line': 'varchar'}, header = false,
    auto_detect = false, delim = chr(1), quote = '', escape = '')""", [lines])
for row in db.execute(open(query).read()).fetchall():
    print("|".join("" if value is None else str(value) for value in row))
"#;

const CLICKHOUSE: &str = r#"
import sys
from chdb import session
lines, query = sys.argv[1:]
db = session.Session()
db.query("create database audit"), db.query("use audit")
db.query("create table audit_lines (line String) engine = MergeTree order by tuple()")
db.query(f"insert into audit_lines select line from file('{lines}', LineAsString)")
rows = str(db.query(open(query).read().rstrip().rstrip(";") + " format TSVRaw"))
print(rows.replace("\t", "|").replace("\\N", ""), end="")
"#;

pub(crate) fn duckdb(lines: &Path, query: &str) -> Option<Vec<String>> {
    run("duckdb", DUCKDB, lines, query)
}

pub(crate) fn clickhouse(lines: &Path, query: &str) -> Option<Vec<String>> {
    run("chdb", CLICKHOUSE, lines, query)
}

fn run(package: &str, script: &str, lines: &Path, query: &str) -> Option<Vec<String>> {
    let mut probe = Command::new("python3");
    if !require::available(
        &format!("python3 with `{package}`"),
        probe.args(["-c", &format!("import {package}")]),
    ) {
        return None;
    }
    let output = Command::new("python3").args(["-c", script]).arg(lines).arg(query).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}
