//! `tracing-audit keys accept-loss`: past a loss that was looked into, without a new build of the service.

#![cfg(feature = "cli")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tracing_audit::verify::{FindingKind, NoticeKind, Options, Verdict, verify_paths};
use tracing_audit::{AuditLayer, BuildError, Guard, KeyStore, OpenError, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;

fn start(folder: &Path) -> Result<Guard, BuildError> {
    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    let builder = AuditLayer::builder(folder.join("log"), keys).rotation(Rotation::NEVER);
    let (layer, guard) = builder.build()?;
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        (0..10).for_each(|number| tracing::info!(target: "audit", number));
    });
    Ok(guard)
}

fn accept(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
    command.args(["keys", "accept-loss"]).arg(folder.join("keys")).arg(folder.join("log"));
    command.args(["--by", "ops on call"]).args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_loss_that_was_accepted_is_gone_past_once_and_stays_visible_with_who_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    start(folder).unwrap().shutdown().unwrap();
    let (file, pin) = (folder.join("log/audit.jsonl"), KeyStore::read_pin(folder.join("keys")).unwrap());
    let because = ["--reason", "the disk was replaced, ticket 4711"];

    // Nothing is lost: nothing is accepted.
    let refused = accept(folder, &because);
    assert!(text(&refused.stderr).contains("NothingLost"), "{refused:?}");
    assert_eq!(refused.status.code(), Some(2));

    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let error = start(folder).unwrap_err();
    assert!(matches!(error, BuildError::Open(OpenError::Truncated { .. })), "{error}");
    assert!(error.to_string().contains("keys accept-loss"), "{error}");
    let refused = accept(folder, &["--reason", ""]);
    assert_ne!(refused.status.code(), Some(0));
    assert!(matches!(start(folder), Err(BuildError::Open(OpenError::Truncated { .. }))));

    let accepted = accept(folder, &because);
    assert!(accepted.status.success(), "{accepted:?}");
    assert!(text(&accepted.stdout).contains("the file is shorter"), "{accepted:?}");
    let running = start(folder).unwrap();
    // While it runs nobody accepts anything.
    assert!(text(&accept(folder, &because).stderr).contains("Locked"));
    running.shutdown().unwrap();

    let report =
        verify_paths(&[folder.join("log")], &Options { keys: vec![pin], ..Options::default() }).unwrap();
    assert_eq!(report.verdict, Verdict::Tampered);
    assert!(report.logs[0].findings.iter().any(|finding| matches!(finding.kind, FindingKind::Lost { .. })));
    let said = report.logs[0].notices.iter().find_map(|notice| match &notice.kind {
        NoticeKind::Accepted(accepted) => Some((accepted.by.clone(), accepted.reason.clone())),
        _ => None,
    });
    assert_eq!(said, Some(("ops on call".to_owned(), because[1].to_owned())));

    // It was for that loss alone.
    assert!(!folder.join("keys/accepted.json").exists());
    start(folder).unwrap().shutdown().unwrap();
    fs::write(folder.join("log/audit.1.jsonl"), "").unwrap();
    assert!(matches!(start(folder), Err(BuildError::Open(OpenError::Truncated { .. }))));
}
