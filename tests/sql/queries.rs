//! The files of `contrib/sql`.

use std::fs;
use std::path::PathBuf;

pub(crate) fn path(engine: &str, query: &str) -> PathBuf {
    PathBuf::from(format!("{}/contrib/sql/{engine}/{query}.sql", env!("CARGO_MANIFEST_DIR")))
}

pub(crate) fn query(engine: &str, query: &str) -> String {
    fs::read_to_string(path(engine, query)).unwrap()
}

/// What the head of `links.sql` says of tables and of loading them: statements, one a line or more. The tables are
/// loaded from `lines.jsonl`, `known.jsonl` and `heads.csv`.
pub(crate) fn setup(engine: &str) -> String {
    let text = query(engine, "links");
    let statements = text.lines().filter_map(|line| line.strip_prefix("--   "));
    let mut statements: Vec<String> = statements.map(str::to_owned).collect();
    let begin =
        statements.iter().position(|line| line.contains("'lines.jsonl'") || line.contains(" lines.jsonl"));
    let begin = begin.expect("the page loads the lines");
    let load = statements[begin..].iter().take_while(|line| !line.contains("audit_heads"));
    let known =
        load.map(|line| line.replace("audit_lines", "audit_known").replace("lines.jsonl", "known.jsonl"));
    let known: Vec<_> = known.collect();
    statements.extend(known);
    statements.join("\n") + "\n" + &text
}
