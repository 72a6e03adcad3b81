//! The queries in `contrib/sql` on real logs with real breaks.
#![cfg(unix)]

#[path = "../common/require.rs"]
mod require;

mod crash;
mod findings;
mod fleet;
mod host;
mod logs;
mod made;
mod postgresql;
mod python;
mod queries;
mod sqlite;
mod tables;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use findings::CASES;
use fleet::Store;
use logs::Table;
use postgresql::{Server, postgresql};
use python::{CLICKHOUSE, DUCKDB, clickhouse, duckdb};
use sqlite::sqlite;

/// Loads the tables of a folder, runs queries, gives the rows of each; `None` where the engine is absent.
type Engine = fn(tables: &Path, queries: &[&str]) -> Option<Vec<Vec<String>>>;

/// The rows of one query, in order.
fn rows(engine: Engine, query: &str, tables: &Path) -> Option<Vec<String>> {
    let mut rows = engine(tables, &[query])?.pop().expect("one query's rows");
    rows.sort_unstable();
    Some(rows)
}

/// Made once for all engines.
static SMALL: LazyLock<Table> = LazyLock::new(|| Table::of_broken_logs(2_000));
static LARGE: LazyLock<Table> = LazyLock::new(|| Table::of_broken_logs(100_000));
static MILLION: LazyLock<Table> = LazyLock::new(|| Table::of_broken_logs(1_000_000));

fn names_each_break(engine: Engine, table: &Table) {
    let begin = Instant::now();
    if let Some(rows) = rows(engine, "chain", &table.path) {
        println!("loaded and checked: {:.1?}", begin.elapsed());
        assert_eq!(rows, table.breaks);
    }
}

fn gives_what_proves_the_rest(engine: Engine) {
    if let Some(rows) = rows(engine, "signed", &SMALL.path) {
        assert!(rows == SMALL.signed, "{} rows, not {}", rows.len(), SMALL.signed.len());
    }
}

fn assert_same(found: &[String], expected: &[String]) {
    let without = |some: &[String], others: &[String]| -> Vec<String> {
        some.iter().filter(|row| !others.contains(row)).cloned().collect()
    };
    assert_eq!(
        (without(found, expected), without(expected, found)),
        (vec![], vec![]),
        "of none, and not found"
    );
    assert_eq!(found, expected);
}

/// `pieces`: those that the engine could load.
fn names_what_is_wrong(engine: Engine, pieces: u64) {
    if let Some(found) = engine(&CASES.path, &["chain", "heads"]) {
        let [mut chain, mut heads] = <[_; 2]>::try_from(found).unwrap();
        let mut expected = CASES.chain.clone();
        expected.push(format!("|torn||{pieces}"));
        expected.sort_unstable();
        chain.sort_unstable();
        heads.sort_unstable();
        assert_same(&chain, &expected);
        assert_same(&heads, &CASES.heads);
    }
}

#[test]
fn row_37_postgresql_names_forged_tails_and_all_else_that_is_wrong() {
    names_what_is_wrong(postgresql, 2);
}

#[test]
fn row_37_duckdb_names_forged_tails_and_all_else_that_is_wrong() {
    names_what_is_wrong(duckdb, 6);
}

#[test]
fn row_37_sqlite_names_forged_tails_and_all_else_that_is_wrong() {
    names_what_is_wrong(sqlite, 7);
}

#[test]
fn row_37_sqlite_shell_names_forged_tails_and_all_else_that_is_wrong() {
    names_what_is_wrong(sqlite::shell, 7);
}

#[test]
#[ignore = "an engine of 900 MB"]
fn row_37_clickhouse_names_forged_tails_and_all_else_that_is_wrong() {
    names_what_is_wrong(clickhouse, 7);
}

#[test]
fn postgresql_loads_what_a_crash_left_and_tells_it_from_forks() {
    crash::are_told_from_forks(postgresql);
}

#[test]
fn duckdb_loads_what_a_crash_left_and_tells_it_from_forks() {
    crash::are_told_from_forks(duckdb);
}

#[test]
fn sqlite_loads_what_a_crash_left_and_tells_it_from_forks() {
    crash::are_told_from_forks(sqlite);
}

#[test]
#[ignore = "an engine of 900 MB"]
fn clickhouse_loads_what_a_crash_left_and_tells_it_from_forks() {
    crash::are_told_from_forks(clickhouse);
}

#[test]
fn postgresql_names_each_break_of_many_logs() {
    names_each_break(postgresql, &LARGE);
}

#[test]
fn duckdb_names_each_break_of_many_logs() {
    names_each_break(duckdb, &LARGE);
}

#[test]
fn sqlite_names_each_break_of_many_logs() {
    names_each_break(sqlite, &LARGE);
}

#[test]
fn sqlite_gives_the_lines_that_prove_the_rest() {
    gives_what_proves_the_rest(sqlite);
}

#[test]
fn postgresql_gives_the_lines_that_prove_the_rest() {
    gives_what_proves_the_rest(postgresql);
}

#[test]
fn duckdb_gives_the_lines_that_prove_the_rest() {
    gives_what_proves_the_rest(duckdb);
}

#[test]
#[ignore = "a million lines"]
fn postgresql_names_each_break_in_a_million_lines() {
    names_each_break(postgresql, &MILLION);
}

#[test]
#[ignore = "a million lines"]
fn duckdb_names_each_break_in_a_million_lines() {
    names_each_break(duckdb, &MILLION);
}

#[test]
#[ignore = "a million lines"]
fn sqlite_names_each_break_in_a_million_lines() {
    names_each_break(sqlite, &MILLION);
}

#[test]
#[ignore = "an engine of 900 MB"]
fn clickhouse_names_each_break_in_a_million_lines() {
    names_each_break(clickhouse, &MILLION);
}

#[test]
#[ignore = "an engine of 900 MB"]
fn clickhouse_gives_the_lines_that_prove_the_rest() {
    gives_what_proves_the_rest(clickhouse);
}

#[test]
fn a_fleet_is_checked_in_postgresql_as_the_page_has_it() {
    if let Some(server) = Server::start() {
        fleet::is_checked(&Store::PostgreSql(server));
    }
}

#[test]
fn a_fleet_is_checked_in_duckdb_as_the_page_has_it() {
    if DUCKDB.is_there() {
        fleet::is_checked(&Store::Python(&DUCKDB));
    }
}

#[test]
fn a_fleet_is_checked_in_sqlite_as_the_page_has_it() {
    if sqlite::is_there() {
        fleet::is_checked(&Store::Sqlite);
    }
}

#[test]
#[ignore = "an engine of 900 MB"]
fn a_fleet_is_checked_in_clickhouse_as_the_page_has_it() {
    if CLICKHOUSE.is_there() {
        fleet::is_checked(&Store::Python(&CLICKHOUSE));
    }
}
