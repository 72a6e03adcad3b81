//! Many logs in one process keep apart; a log has one writer.
#![cfg(unix)]

#[path = "common/log.rs"]
mod log;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tracing::{Dispatch, dispatcher, info};
use tracing_audit::{AuditLayer, BuildError, KeyStore, KeyStoreError, OpenError};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// The numbers in a log's records.
fn numbers(log: &log::Log) -> Vec<u64> {
    log.records().iter().map(|record| record["fields"]["number"].as_u64().unwrap()).collect()
}

/// Ten targets; a macro wants its own to be a constant.
macro_rules! emit_to_each {
    ($number:expr, $($target:literal)*) => {
        $(info!(target: $target, number = $number, of = $target);)*
    };
}

#[test]
fn ten_logs_of_one_subscriber_take_each_its_own_target() {
    let open = |number| log::open(|builder| builder.targets([format!("audit{number}")]));
    let (layers, logs): (Vec<_>, Vec<_>) = (0..10).map(open).unzip();
    let dispatch = Dispatch::new(registry().with(layers));
    thread::scope(|scope| {
        for thread in 0..4 {
            let dispatch = dispatch.clone();
            scope.spawn(move || {
                let _default = dispatcher::set_default(&dispatch);
                for number in thread * 100..(thread + 1) * 100 {
                    emit_to_each!(number, "audit0" "audit1" "audit2" "audit3" "audit4" "audit5" "audit6" "audit7" "audit8" "audit9");
                }
            });
        }
    });
    for (number, log) in logs.iter().enumerate() {
        assert!(log.records().iter().all(|record| record["fields"]["of"] == format!("audit{number}")));
        let numbers = numbers(log);
        assert_eq!((numbers.len(), numbers.into_iter().collect::<BTreeSet<_>>()), (400, (0..400).collect()));
    }
}

#[test]
fn ten_logs_of_ten_subscribers_take_the_same_target() {
    let logs = (0..10).map(|_| {
        let (layer, log) = log::open(|builder| builder);
        (Dispatch::new(registry().with(layer)), log)
    });
    let logs = logs.collect::<Vec<_>>();
    thread::scope(|scope| {
        for (number, (dispatch, _)) in logs.iter().enumerate() {
            scope.spawn(move || {
                let _default = dispatcher::set_default(dispatch);
                let _span = tracing::info_span!(target: "audit", "request", number).entered();
                (0..100).for_each(|_| info!(target: "audit", number));
            });
        }
    });
    for (number, (_, log)) in logs.iter().enumerate() {
        assert_eq!(numbers(log), [number as u64; 101]);
    }
}

#[test]
#[ignore = "the program that the other test runs"]
fn program() {
    let Some(folder) = std::env::var_os("FOLDER") else { return };
    let folder = Path::new(&folder);
    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    let _log = AuditLayer::builder(folder.join("log"), keys).build::<registry::Registry>().unwrap();
    println!("\nopen");
    loop {
        thread::sleep(Duration::from_secs(60));
    }
}

/// Another process that has the log in `folder` open, until it is killed.
fn other_writer(folder: &Path) -> Child {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "program", "--ignored", "--nocapture"]).env("FOLDER", folder);
    let mut child = program.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line == "open"), "it ended early");
    child
}

#[test]
fn row_9_a_second_process_is_refused_by_the_name_of_the_first_until_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (log, keys) = (folder.path().join("log"), folder.path().join("keys"));
    let mut first = other_writer(folder.path());
    let name = format!("process {} on ", first.id());

    let refused = KeyStore::open_or_create(&keys).unwrap_err();
    assert!(refused.to_string().contains(&name), "{refused}");
    assert!(matches!(refused, KeyStoreError::Locked { path, .. } if path == keys.join("lock")));

    let other_keys = KeyStore::open_or_create(folder.path().join("other-keys")).unwrap();
    let refused = AuditLayer::builder(&log, other_keys).build::<registry::Registry>().unwrap_err();
    assert!(refused.to_string().contains(&name), "{refused}");
    assert!(matches!(refused, BuildError::Open(OpenError::Locked { path, .. }) if path.starts_with(&log)));

    first.kill().unwrap();
    assert_eq!(first.wait().unwrap().signal(), Some(9));
    let keys = KeyStore::open_or_create(&keys).unwrap();
    let (_layer, guard) = AuditLayer::builder(&log, keys).build::<registry::Registry>().unwrap();
    guard.shutdown().unwrap();
    let file = std::fs::read_to_string(guard.status().file).unwrap();
    assert!(file.contains(r#""ended":"crash""#));
}
