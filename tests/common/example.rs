//! The example log in a folder of its own.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

pub(crate) const KEY: &str = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=";
pub(crate) const FIRST: &str = "audit.2026-11-21.jsonl";
pub(crate) const SECOND: &str = "audit.2026-11-22.jsonl";

pub(crate) fn example() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in [FIRST, SECOND] {
        fs::copy(Path::new("tests/example-log").join(file), folder.path().join(file)).unwrap();
    }
    folder
}
