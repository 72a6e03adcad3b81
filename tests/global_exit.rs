//! A layer that is installed globally is never dropped, and `process::exit` drops no guard: `shutdown` is the end.

use std::path::Path;
use std::process::{self, Command};

use tracing::info;
use tracing_audit::{AuditLayer, KeyStore, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

#[test]
#[ignore = "the program that the other test runs"]
fn program() {
    // Run by itself, among other ignored tests, it has nothing to do.
    let Some(folder) = std::env::var_os("FOLDER") else { return };
    let folder = Path::new(&folder);
    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    let (layer, guard) =
        AuditLayer::builder(folder.join("log"), keys).rotation(Rotation::NEVER).build().unwrap();
    registry().with(layer).init();
    (0..200).for_each(|number| info!(target: "audit", number));
    guard.shutdown().unwrap();
    process::exit(0);
}

#[test]
fn what_was_shut_down_is_whole_after_an_exit() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "program", "--ignored"]).env("FOLDER", folder.path());
    assert!(program.status().unwrap().success());
    let mut files = std::fs::read_dir(folder.path().join("log")).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|of| of == "jsonl")).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(text.matches(r#""kind":"event""#).count(), 200);
    assert!(text.lines().last().unwrap().contains(r#""kind":"close""#));
}
