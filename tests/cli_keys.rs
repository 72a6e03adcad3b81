//! `tracing-audit keys`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tracing_audit::KeyStore;
use tracing_audit::trail::PublicKey;

#[test]
fn a_new_store_gives_the_key_to_pin_and_shows_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("audit-keys");

    let made = keys("new", &store);
    assert_eq!(made.status.code(), Some(0));
    let pin: PublicKey = stdout(&made).trim_end().parse().unwrap();
    assert_eq!(stdout(&keys("show", &store)), format!("{pin}\n"));
    assert_eq!(fs::read_to_string(folder.path().join("audit-keys.pub")).unwrap(), format!("{pin}\n"));

    let opened = KeyStore::open_or_create(&store).unwrap();
    assert_eq!(opened.pin(), pin);
    assert_eq!(stdout(&keys("show", &store)), format!("{pin}\n"), "while a log is written");
}

#[test]
fn a_store_is_never_made_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("audit-keys");
    let pin = stdout(&keys("new", &store));

    let again = keys("new", &store);
    assert_eq!(again.status.code(), Some(2));
    assert_eq!(stdout(&again), "");
    assert!(String::from_utf8_lossy(&again.stderr).contains("is a key store already"));
    assert_eq!(stdout(&keys("show", &store)), pin);
}

#[test]
fn a_folder_that_is_no_store_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let shown = keys("show", folder.path());
    assert_eq!((shown.status.code(), stdout(&shown).as_str()), (Some(2), ""));
    assert!(String::from_utf8_lossy(&shown.stderr).contains("pin.pub"));
}

fn keys(command: &str, store: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tracing-audit")).args(["keys", command]).arg(store).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
