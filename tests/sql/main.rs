//! The queries in `contrib/sql` on real logs with real breaks.
#![cfg(unix)]

#[path = "../common/require.rs"]
mod require;

mod logs;
mod postgresql;
mod python;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use logs::Table;
use postgresql::postgresql;
use python::{clickhouse, duckdb};

/// Loads a table with the lines of a file, runs a query, gives its rows; `None` where the engine is absent.
type Engine = fn(lines: &Path, query: &str) -> Option<Vec<String>>;

fn rows(engine: Engine, folder: &str, query: &str, table: &Table) -> Option<Vec<String>> {
    let query = format!("{}/contrib/sql/{folder}/{query}.sql", env!("CARGO_MANIFEST_DIR"));
    engine(&table.path, &query)
}

/// Made once for all engines.
static SMALL: LazyLock<Table> = LazyLock::new(|| Table::of_broken_logs(2_000));
static LARGE: LazyLock<Table> = LazyLock::new(|| Table::of_broken_logs(100_000));
static MILLION: LazyLock<Table> = LazyLock::new(|| Table::of_broken_logs(1_000_000));

fn names_each_break(engine: Engine, folder: &str, table: &Table) {
    let begin = Instant::now();
    if let Some(mut rows) = rows(engine, folder, "chain", table) {
        println!("{folder}, loaded and checked: {:.1?}", begin.elapsed());
        rows.sort_unstable();
        assert_eq!(rows, table.breaks);
    }
}

fn gives_what_proves_the_rest(engine: Engine, folder: &str) {
    if let Some(mut rows) = rows(engine, folder, "signed", &SMALL) {
        rows.sort_unstable();
        assert!(rows == SMALL.signed, "{} rows, not {}", rows.len(), SMALL.signed.len());
    }
}

#[test]
fn postgresql_names_each_break_of_many_logs() {
    names_each_break(postgresql, "postgresql", &LARGE);
}

#[test]
fn duckdb_names_each_break_of_many_logs() {
    names_each_break(duckdb, "duckdb", &LARGE);
}

#[test]
fn postgresql_gives_the_lines_that_prove_the_rest() {
    gives_what_proves_the_rest(postgresql, "postgresql");
}

#[test]
fn duckdb_gives_the_lines_that_prove_the_rest() {
    gives_what_proves_the_rest(duckdb, "duckdb");
}

#[test]
#[ignore = "a million lines"]
fn postgresql_names_each_break_in_a_million_lines() {
    names_each_break(postgresql, "postgresql", &MILLION);
}

#[test]
#[ignore = "a million lines"]
fn duckdb_names_each_break_in_a_million_lines() {
    names_each_break(duckdb, "duckdb", &MILLION);
}

#[test]
#[ignore = "an engine of 900 MB"]
fn clickhouse_names_each_break_in_a_million_lines() {
    names_each_break(clickhouse, "clickhouse", &MILLION);
}

#[test]
#[ignore = "an engine of 900 MB"]
fn clickhouse_gives_the_lines_that_prove_the_rest() {
    gives_what_proves_the_rest(clickhouse, "clickhouse");
}
