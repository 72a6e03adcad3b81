//! The engines that come as packages of Python.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::queries::{self, load_heads, load_known, query, setup};
use crate::require;

/// An engine, by a program that opens the database in a folder, works in another one, and runs scripts: it prints the
/// rows of each after a zero byte.
pub(crate) struct Python {
    engine: &'static str,
    package: &'static str,
    program: &'static str,
}

pub(crate) const DUCKDB: Python = Python {
    engine: "duckdb",
    package: "duckdb",
    program: r#"
import duckdb, os, sys
os.chdir(sys.argv[1])
db = duckdb.connect("stored")
db.execute("set enable_progress_bar = false")
for script in sys.argv[2:]:
    print("\0", end="")
    for row in db.execute(script).fetchall():
        print("|".join("" if value is None else str(value) for value in row))
"#,
};

pub(crate) const CLICKHOUSE: Python = Python {
    engine: "clickhouse",
    package: "chdb",
    program: r#"
import os, re, sys
from chdb import session
folder = os.path.abspath(sys.argv[1])
db = session.Session(folder + "/stored")
db.query("create database if not exists audit"), db.query("use audit")
for script in sys.argv[2:]:
    print("\0", end="")
    for statement in re.split(r";\s*(?:\n|$)", script.replace("file('", f"file('{folder}/")):
        if not statement.strip():
            continue
        rows = str(db.query(statement + ("\nformat TSVRaw" if re.search(r"(?m)^(select|with)", statement) and "create" not in statement else "")))
        print(rows.replace("\t", "|").replace("\\N", ""), end="")
"#,
};

pub(crate) fn duckdb(tables: &Path, queries: &[&str]) -> Option<Vec<Vec<String>>> {
    DUCKDB.rows(tables, queries)
}

pub(crate) fn clickhouse(tables: &Path, queries: &[&str]) -> Option<Vec<Vec<String>>> {
    CLICKHOUSE.rows(tables, queries)
}

impl Python {
    pub(crate) fn is_there(&self) -> bool {
        let what = format!("python3 with `{}`", self.package);
        let mut probe = Command::new("python3");
        require::available(&what, probe.args(["-c", &format!("import {}", self.package)]))
    }

    fn rows(&self, tables: &Path, queries: &[&str]) -> Option<Vec<Vec<String>>> {
        if !self.is_there() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        for table in ["lines.jsonl", "known.jsonl", "heads.csv"] {
            std::os::unix::fs::symlink(tables.join(table), folder.path().join(table)).unwrap();
        }
        let scripts = queries.iter().map(|name| query(self.engine, name));
        let scripts = [setup(self.engine)].into_iter().chain(scripts);
        Some(self.run(folder.path(), scripts).split_off(1))
    }

    /// In a folder, where the database lies as well.
    fn run(&self, folder: &Path, scripts: impl Iterator<Item = String>) -> Vec<Vec<String>> {
        let mut command = Command::new("python3");
        let output = command.args(["-c", self.program]).arg(folder).args(scripts).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.split('\0').skip(1).map(|rows| rows.lines().map(str::to_owned).collect()).collect()
    }

    /// Loads the tables of a folder into a database there; the functions of a shell that works in that folder.
    pub(crate) fn functions(&self, folder: &Path) -> String {
        self.run(folder, [setup(self.engine)].into_iter());
        fs::write(folder.join("engine.py"), self.program).unwrap();
        fs::write(
            folder.join("known.sql"),
            format!("truncate table audit_known;\n{}", load_known(self.engine)),
        )
        .unwrap();
        fs::write(
            folder.join("heads.sql"),
            format!("truncate table audit_heads;\n{}", load_heads(self.engine)),
        )
        .unwrap();
        format!(
            r#"
query() {{ run "$(cat {}/"$1".sql)"; }}
load_known() {{ run "$(cat known.sql)" >/dev/null; }}
load_heads() {{ run "$(cat heads.sql)" >/dev/null; }}
run() {{ python3 engine.py . "$1" | tr -d '\000'; }}"#,
            queries::folder(self.engine).display()
        )
    }
}
