//! `SQLite`, as its page has it: through the program that brings SHA-256, and through its shell.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::queries::{self, commands};
use crate::require;

const PAGE: &str = include_str!("../../contrib/sql/README.md");

const PROBE: &str = "import sqlite3; assert sqlite3.sqlite_version_info >= (3, 35)";

pub(crate) fn is_there() -> bool {
    require::available("python3 with SQLite 3.35", Command::new("python3").args(["-c", PROBE]))
}

pub(crate) fn sqlite(tables: &Path, queries: &[&str]) -> Option<Vec<Vec<String>>> {
    if !is_there() {
        return None;
    }
    let folder = loaded(tables);
    let run =
        |query: &&str| rows(&folder, Command::new("python3").args(["query.py", "audit.db"]).arg(file(query)));
    Some(queries.iter().map(run).collect())
}

/// The shell has no SHA-256, and needs none once the program has made the links.
pub(crate) fn shell(tables: &Path, queries: &[&str]) -> Option<Vec<Vec<String>>> {
    if !is_there() || !require::available("sqlite3", Command::new("sqlite3").arg("--version")) {
        return None;
    }
    let folder = loaded(tables);
    let run = |query: &&str| {
        let script = File::open(folder.path().join(file(query))).unwrap();
        rows(&folder, Command::new("sqlite3").args(["-bail", "audit.db"]).stdin(script))
    };
    Some(queries.iter().map(run).collect())
}

/// Loads the tables of a folder there; the page's functions for a shell that works in it.
pub(crate) fn functions(tables: &Path) -> String {
    let sql = queries::folder("sqlite");
    sh(
        tables,
        &commands("sqlite", "query.py")
            .replace("query.py", sql.join("query.py").to_str().unwrap())
            .replace("links.sql", sql.join("links.sql").to_str().unwrap()),
    );
    let (_, functions) = PAGE.split_once("```sh\nquery() {").expect("the page has the functions");
    let (functions, _) = functions.split_once("```").expect("they end");
    format!("SQL={}\nquery() {{{functions}", sql.display())
}

fn file(query: &str) -> String {
    format!("{query}.sql")
}

/// A folder with the program, the queries and a database, loaded as the head of `links.sql` has it.
fn loaded(tables: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sources = [tables.to_owned(), queries::folder("sqlite")];
    for entry in sources.iter().flat_map(|source| source.read_dir().unwrap()).map(Result::unwrap) {
        std::os::unix::fs::symlink(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    sh(folder.path(), &commands("sqlite", "query.py"));
    folder
}

fn sh(folder: &Path, script: &str) {
    let output = Command::new("sh").args(["-euc", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn rows(folder: &TempDir, command: &mut Command) -> Vec<String> {
    let output = command.current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
