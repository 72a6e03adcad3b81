//! `tracing-audit keys list` and `keys check`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use tracing_audit::{AuditLayer, KeyStore};
use tracing_subscriber::prelude::*;

/// A log of two keys and some records, closed, and its store.
struct Service {
    folder: TempDir,
}

impl Service {
    fn new() -> Service {
        let service = Service { folder: tempfile::tempdir().unwrap() };
        service.runs();
        service
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn runs(&self) {
        let keys = KeyStore::open_or_create(self.store()).unwrap();
        let (layer, guard) = AuditLayer::builder(self.log(), keys).build().unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(target: "audit", actor = "alice", "before");
            guard.rotate_key().unwrap();
            tracing::info!(target: "audit", actor = "alice", "behind");
            guard.flush().unwrap();
            // While it is written, too.
            assert_eq!(self.check().status.code(), Some(0), "{}", text(&self.check()));
        });
        guard.shutdown().unwrap();
    }

    fn check(&self) -> Output {
        keys(&["check".as_ref(), self.store().as_path(), self.log().as_path()])
    }

    fn file(&self) -> PathBuf {
        let mut files = fs::read_dir(self.log()).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.extension().is_some_and(|extension| extension == "jsonl")).unwrap()
    }
}

#[test]
fn a_good_store_of_a_good_log_is_good_and_its_secrets_are_not_shown() {
    let service = Service::new();
    let checked = service.check();
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked));
    assert!(text(&checked).contains("stands in the log"), "{}", text(&checked));
    assert!(text(&checked).contains("of epoch 1"), "{}", text(&checked));

    let listed = keys(&["list".as_ref(), service.store().as_path()]);
    let shown = text(&listed);
    assert_eq!(listed.status.code(), Some(0));
    assert!(shown.contains(&KeyStore::read_pin(service.store()).unwrap().to_string()), "{shown}");
    assert!(shown.contains("of epoch 1: in force") && shown.contains("\nhead   "), "{shown}");
    let pem = fs::read_to_string(service.store().join("epoch-1.pem")).unwrap();
    assert!(!shown.contains(pem.lines().nth(1).unwrap()));
}

#[test]
#[cfg(unix)]
fn a_store_that_others_may_read_is_wrong() {
    use std::os::unix::fs::PermissionsExt as _;
    let service = Service::new();
    let key = service.store().join("epoch-1.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let checked = keys(&["check".as_ref(), service.store().as_path()]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(KeyStore::open_or_create(service.store()).is_err());
    // Unless the platform can't have it otherwise.
    let allowed = keys(&["check".as_ref(), "--allow-group-access".as_ref(), service.store().as_path()]);
    assert_eq!(allowed.status.code(), Some(0), "{}", text(&allowed));
    let options = KeyStore::options().allow_group_access(true);
    drop(options.open_or_create(service.store()).unwrap());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(options.open_or_create(service.store()).is_err());
    assert!(text(&checked).contains("mode 0640") && text(&checked).contains("chmod"), "{}", text(&checked));
}

#[test]
fn a_log_that_was_cut_behind_the_head_is_wrong() {
    let service = Service::new();
    let lines = fs::read_to_string(service.file()).unwrap();
    let kept = lines.lines().count() - 1;
    fs::write(service.file(), lines.split_inclusive('\n').take(kept).collect::<String>()).unwrap();
    let checked = service.check();
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(&checked).contains("head that the store keeps is not in the log"), "{}", text(&checked));
}

#[test]
fn a_store_put_back_from_a_backup_is_wrong() {
    let service = Service::new();
    let backup = service.folder.path().join("backup");
    assert!(Command::new("cp").arg("-a").args([&service.store(), &backup]).status().unwrap().success());
    service.runs();
    assert_eq!(service.check().status.code(), Some(0));
    fs::remove_dir_all(service.store()).unwrap();
    fs::rename(&backup, service.store()).unwrap();
    let checked = service.check();
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(&checked).contains("which the store does not have"), "{}", text(&checked));
}

#[test]
fn a_store_of_another_log_and_what_is_no_store_are_wrong() {
    let (service, other) = (Service::new(), Service::new());
    let checked = keys(&["check".as_ref(), other.store().as_path(), service.log().as_path()]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(&checked).contains("is not in"), "{}", text(&checked));

    let none = keys(&["check".as_ref(), service.log().as_path()]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none).contains("Is it the right folder?"), "{}", text(&none));
    assert_eq!(keys(&["list".as_ref(), service.log().as_path()]).status.code(), Some(2));
}

fn keys(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tracing-audit")).arg("keys").args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat()
}
