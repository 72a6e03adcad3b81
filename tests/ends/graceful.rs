//! SIGTERM, as an orchestrator sends it, to a service that handles it: `examples/graceful.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tracing_audit::KeyStore;
use tracing_audit::trail::Ended;
use tracing_audit::verify::{Options, Verdict, verify_paths};

#[test]
fn a_service_that_handles_sigterm_loses_nothing_and_closes_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Command::new(example()).arg(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(service.stdout.take().unwrap());
    let mut said = String::new();
    for _ in 0..50 {
        output.read_line(&mut said).unwrap();
    }
    kill_process(Pid::from_child(&service), Signal::TERM).unwrap();
    output.read_to_string(&mut said).unwrap();
    assert!(service.wait().unwrap().success(), "{said}");

    let pin = KeyStore::read_pin(folder.path().join("audit-keys")).unwrap();
    let options = Options { keys: vec![pin], patience: Duration::ZERO, ..Options::default() };
    let report = verify_paths(&[folder.path().join("audit")], &options).unwrap();
    assert_eq!(report.verdict, Verdict::Intact, "{report:?}");
    assert_eq!(report.logs[0].closed, Some(Ended::Shutdown), "{report:?}");

    // Whatever it did is in the log, before and after.
    let paid = said.lines().filter_map(|line| line.strip_prefix("paid ")).collect::<BTreeSet<_>>();
    assert!(paid.len() >= 50, "{said}");
    for action in ["payment.ordered", "payment.made"] {
        let recorded = recorded(&folder.path().join("audit"), action);
        assert!(
            recorded.iter().map(String::as_str).eq(paid.iter().copied()),
            "{action}: {recorded:?}, {paid:?}"
        );
    }
    assert!(said.ends_with(&format!("stopped: {} records, 0 lost\n", 1 + 2 * paid.len())), "{said}");
}

/// Built beside the tests, or now where they are built alone.
fn example() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().unwrap().with_file_name("examples").join("graceful");
    if !path.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--example", "graceful"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(cargo.status().unwrap().success());
    }
    path
}

/// `worker number` of each record of this action.
fn recorded(log: &Path, action: &str) -> BTreeSet<String> {
    let files = fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    let text = files.map(|path| fs::read_to_string(path).unwrap()).collect::<String>();
    let fields = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fields"].take());
    let of_action = fields.filter(|fields| fields["action"] == action);
    of_action.map(|fields| format!("{} {}", fields["worker"], fields["number"])).collect()
}
