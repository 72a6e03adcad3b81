//! `RUST_LOG` belongs to the operator: it can switch the audit off, and the self-test must say so. Run as processes of
//! their own, since the environment is the process's.

#[path = "common/log.rs"]
mod log;

use std::process::Command;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

#[test]
#[ignore = "the program that the other tests run"]
fn program() {
    let (layer, log) = log::open(|builder| builder);
    registry().with(EnvFilter::from_default_env()).with(layer).init();
    match log.guard.self_test() {
        Ok(()) => println!("passed, {} record", log.records().len()),
        Err(error) => println!("failed: {error}"),
    }
}

fn run(rust_log: Option<&str>) -> String {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "program", "--ignored", "--nocapture"]).env_remove("RUST_LOG");
    program.envs(rust_log.map(|value| ("RUST_LOG", value)));
    String::from_utf8(program.output().unwrap().stdout).unwrap()
}

#[test]
fn a_rust_log_that_refuses_audit_is_named() {
    let said = run(Some("warn"));
    assert!(said.contains("failed: ") && said.contains(r#"RUST_LOG is "warn""#), "{said}");
}

#[test]
fn an_env_filter_without_rust_log_refuses_audit_and_that_is_said() {
    let said = run(None);
    assert!(said.contains("failed: ") && said.contains("RUST_LOG is not set"), "{said}");
}

#[test]
fn a_rust_log_that_lets_audit_pass_passes() {
    let said = run(Some("warn,audit=info"));
    assert!(said.contains("passed, 1 record"), "{said}");
}
