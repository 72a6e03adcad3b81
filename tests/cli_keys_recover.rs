//! `tracing-audit keys recover`: the keys are lost, the log is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use tracing_audit::trail::PublicKey;
use tracing_audit::verify::{FindingKind, NoticeKind, Options, Report, Succession, Verdict, verify_paths};
use tracing_audit::{AuditLayer, BuildError, KeyStore, OpenError};
use tracing_subscriber::prelude::*;

struct Service {
    folder: TempDir,
}

impl Service {
    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn runs(&self) -> Result<PublicKey, BuildError> {
        let keys = KeyStore::open_or_create(self.keys()).unwrap();
        let pin = keys.pin();
        let (layer, guard) = AuditLayer::builder(self.log(), keys).build()?;
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(target: "audit", actor = "alice", "signed in");
            guard.rotate_key().unwrap();
            tracing::info!(target: "audit", actor = "alice", "signed out");
        });
        guard.shutdown().unwrap();
        Ok(pin)
    }

    fn recover(&self, more: &[&str]) -> Output {
        let (log, keys) = (self.log(), self.keys());
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
        command.args(["keys", "recover"]).args([&log, &keys]).args(more).output().unwrap()
    }

    fn verify(&self, keys: &[PublicKey]) -> Report {
        verify_paths(&[self.log()], &Options { keys: keys.to_vec(), ..Options::default() }).unwrap()
    }

    fn verify_succession(&self, old: PublicKey, new: PublicKey) -> Report {
        let successions = vec![Succession { old: old.id(), new: new.id() }];
        let options = Options { keys: vec![old, new], successions, ..Options::default() };
        verify_paths(&[self.log()], &options).unwrap()
    }
}

/// An old log whose keys are lost, and its pin.
fn bereft() -> (Service, PublicKey) {
    let service = Service { folder: tempfile::tempdir().unwrap() };
    let old = service.runs().unwrap();
    fs::remove_dir_all(service.keys()).unwrap();
    (service, old)
}

fn pin(output: &Output) -> PublicKey {
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim_end().parse().unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_lost_store_is_replaced_and_both_logs_verify_linked() {
    let (service, old) = bereft();
    // A container made anew over the old volume.
    let refused = service.runs().unwrap_err();
    assert!(matches!(refused, BuildError::Open(OpenError::OtherLog { .. })), "{refused}");

    let made = service.recover(&["--key", &old.to_string()]);
    let new = pin(&made);
    assert_eq!(service.runs().unwrap(), new);
    service.runs().unwrap();
    let report = service.verify(&[old, new]);
    assert_eq!(report.verdict, Verdict::Intact, "{report:?}");
    let of = |pin: PublicKey| report.logs.iter().find(|log| log.log == pin.id()).unwrap();
    assert_eq!(of(old).succeeded_by, Some(new.id()));
    assert_eq!(of(new).succeeds.unwrap().log, old.id());
    let notice = NoticeKind::SucceededBy { log: new.id() };
    assert!(of(old).notices.iter().any(|found| found.kind == notice));

    // Once more: there is a last one to succeed.
    fs::remove_dir_all(service.keys()).unwrap();
    let (old_key, new_key) = (old.to_string(), new.to_string());
    let third = pin(&service.recover(&["--key", &old_key, "--key", &new_key]));
    service.runs().unwrap();
    let report = service.verify(&[old, new, third]);
    assert_eq!((report.verdict, report.logs.len()), (Verdict::Intact, 3), "{report:?}");
}

#[test]
fn an_old_end_that_is_cut_after_the_recovery_is_found() {
    let (service, old) = bereft();
    let new = pin(&service.recover(&["--key", &old.to_string()]));
    service.runs().unwrap();
    let first = |path: &PathBuf| {
        fs::read_to_string(path).unwrap().contains(&format!("\"log\":\"{}\",\"prev\"", old.id()))
    };
    let mut files = fs::read_dir(service.log()).unwrap().map(|entry| entry.unwrap().path());
    let file =
        files.find(|path| path.extension().is_some_and(|suffix| suffix == "jsonl") && first(path)).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let kept = text.lines().count() - 1;
    fs::write(&file, text.split_inclusive('\n').take(kept).collect::<String>()).unwrap();

    // What the new log says is a claim, until whoever verifies knows of it.
    let report = service.verify(&[old, new]);
    let log = report.logs.iter().find(|log| log.log == old.id()).unwrap();
    let claimed = |kind: &NoticeKind| matches!(kind, NoticeKind::ClaimedBy { log, .. } if *log == new.id());
    assert!(log.notices.iter().any(|notice| claimed(&notice.kind)), "{:?}", log.notices);
    let report = service.verify_succession(old, new);
    let log = report.logs.iter().find(|log| log.log == old.id()).unwrap();
    let cut = |kind: &FindingKind| matches!(kind, FindingKind::SuccessionDiffers { successor, .. } if *successor == new.id());
    assert!(log.findings.iter().any(|finding| cut(&finding.kind)), "{:?}", log.findings);
    assert_eq!(report.verdict, Verdict::Incomplete);
}

#[test]
fn nothing_is_recovered_that_has_its_keys_or_a_writer_and_nothing_without_its_pin() {
    let service = Service { folder: tempfile::tempdir().unwrap() };
    let old = service.runs().unwrap().to_string();
    assert_fails(&service.recover(&["--key", &old]), "has been used");

    fs::rename(service.keys(), service.folder.path().join("elsewhere")).unwrap();
    let keys = KeyStore::open_or_create(service.folder.path().join("elsewhere")).unwrap();
    let (_layer, guard) =
        AuditLayer::builder(service.log(), keys).build::<tracing_subscriber::Registry>().unwrap();
    assert_fails(&service.recover(&["--key", &old]), "is being written");
    guard.shutdown().unwrap();

    assert_fails(&service.recover(&[]), "--key");
    let other = KeyStore::open_or_create(service.folder.path().join("other")).unwrap().pin().to_string();
    assert_fails(&service.recover(&["--key", &other]), "no log of that key lies there");
    assert!(!Path::new(&service.keys()).exists());
}

#[test]
fn a_planted_log_that_claims_to_succeed_the_old_one_is_named_and_not_heard() {
    let (service, old) = bereft();
    let key = old.to_string();
    // Anybody who may write the folder can make it.
    service.recover(&["--key", &key]);
    let planted = service.runs().unwrap();
    fs::remove_dir_all(service.keys()).unwrap();

    let made = service.recover(&["--key", &key]);
    let stderr = String::from_utf8_lossy(&made.stderr);
    assert!(stderr.contains(&format!("Log {} says that it succeeds that one", planted.id())), "{stderr}");
    let new = pin(&made);
    service.runs().unwrap();
    let report = service.verify(&[old, new]);
    let of = |pin: PublicKey| report.logs.iter().find(|log| log.log == pin.id()).unwrap();
    assert_eq!((of(old).succeeded_by, of(new).succeeds.unwrap().log), (Some(new.id()), old.id()));
}

fn assert_fails(output: &Output, why: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(why), "{stderr}");
}
