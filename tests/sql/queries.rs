//! The files of `contrib/sql`.

use std::fs;
use std::path::PathBuf;

pub(crate) fn folder(engine: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contrib/sql").join(engine)
}

pub(crate) fn path(engine: &str, query: &str) -> PathBuf {
    folder(engine).join(query).with_extension("sql")
}

pub(crate) fn query(engine: &str, query: &str) -> String {
    fs::read_to_string(path(engine, query)).unwrap()
}

/// Makes the tables, loads `lines.jsonl`, `known.jsonl` and `heads.csv` into them, and makes the view.
pub(crate) fn setup(engine: &str) -> String {
    let tables = statements(engine, "create table");
    [tables, load_lines(engine), load_known(engine), load_heads(engine), query(engine, "links")].join("\n")
}

fn load_lines(engine: &str) -> String {
    statements(engine, "lines.jsonl")
}

/// As the lines are loaded.
pub(crate) fn load_known(engine: &str) -> String {
    load_lines(engine).replace("audit_lines", "audit_known").replace("lines.jsonl", "known.jsonl")
}

pub(crate) fn load_heads(engine: &str) -> String {
    statements(engine, "heads.csv")
}

/// Those lines at the head of `links.sql` in which this is.
pub(crate) fn commands(engine: &str, within: &str) -> String {
    let text = query(engine, "links");
    let commands: Vec<_> = head(&text).filter(|code| code.contains(within)).collect();
    assert!(!commands.is_empty(), "{engine}: {within}");
    commands.join("\n")
}

/// The lines of code in the comments, without what is said of them.
fn head(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("--   "));
    lines.map(|line| line.split_once("   --").map_or(line, |(code, _)| code))
}

/// Those statements at the head of `links.sql` in which this is: a `\copy` is a line, others end with a semicolon.
fn statements(engine: &str, within: &str) -> String {
    let text = query(engine, "links");
    let mut statements = vec![String::new()];
    for code in head(&text) {
        let last = statements.last_mut().expect("one is begun");
        *last += code;
        *last += "\n";
        if code.ends_with(';') || code.starts_with('\\') {
            statements.push(String::new());
        }
    }
    statements.retain(|statement| statement.contains(within));
    assert!(!statements.is_empty(), "{engine}: {within}");
    statements.concat()
}
