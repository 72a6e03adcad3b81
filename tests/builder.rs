//! Opening a log, what refuses to be opened, and its end.

use std::fs;
use std::path::Path;

use tracing_audit::{
    AuditLayer, BuildError, Builder, Guard, KeyStore, KeyStoreError, OpenError, Rotation, WriteError,
};
use tracing_subscriber::Registry;

fn builder(folder: &Path) -> Builder {
    AuditLayer::builder(folder.join("log"), KeyStore::open_or_create(folder.join("keys")).unwrap())
}

fn built(builder: Builder) -> Result<Guard, BuildError> {
    builder.build::<Registry>().map(|(_, guard)| guard)
}

#[test]
fn each_option_out_of_its_bounds_is_named_and_nothing_is_written() {
    type Change = fn(Builder) -> Builder;
    let changes: [(&str, Change); 10] = [
        ("filename_prefix", |builder| builder.filename_prefix("../audit")),
        ("filename_prefix", |builder| builder.filename_prefix("")),
        ("filename_suffix", |builder| builder.filename_suffix(".jsonl")),
        ("origin", |builder| builder.origin("x".repeat(256))),
        ("program", |builder| builder.program("")),
        ("targets", |builder| builder.targets([""])),
        ("value_limit", |builder| builder.value_limit(63)),
        ("line_limit", |builder| builder.line_limit(65_536)),
        ("max_file_size", |builder| builder.rotation(Rotation::EXTERNAL).max_file_size(1 << 20)),
        ("queue_length", |builder| builder.queue_length(0)),
    ];
    for (name, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        match built(change(builder(folder.path()))) {
            Err(error @ BuildError::Option { option, .. }) if option == name => {
                assert!(error.to_string().contains(name), "{error}");
            }
            other => panic!("{name}: {other:?}"),
        }
        assert!(!folder.path().join("log").exists());
    }
}

#[test]
fn a_log_has_one_writer_and_one_store() {
    let folder = tempfile::tempdir().unwrap();
    let guard = built(builder(folder.path())).unwrap();

    let same_store = KeyStore::open_or_create(folder.path().join("keys")).unwrap_err();
    let me = format!("process {}", std::process::id());
    assert!(
        matches!(&same_store, KeyStoreError::Locked { holder: Some(holder), .. } if holder.contains(&me)),
        "{same_store}"
    );

    let other_store = KeyStore::open_or_create(folder.path().join("other")).unwrap();
    let same_log = built(AuditLayer::builder(folder.path().join("log"), other_store)).unwrap_err();
    assert!(
        matches!(&same_log, BuildError::Open(OpenError::Locked { holder: Some(holder), .. }) if holder.contains(&me)),
        "{same_log}"
    );
    guard.shutdown().unwrap();
}

#[test]
fn a_folder_that_cannot_be_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log"), "").unwrap();
    let error = built(builder(folder.path())).unwrap_err();
    assert!(matches!(error, BuildError::Open(OpenError::Io { .. })), "{error:?}");
    assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
}

#[cfg(unix)]
#[test]
fn a_store_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    drop(KeyStore::open_or_create(&keys).unwrap());
    for (path, open, private) in [(keys.clone(), 0o750, 0o700), (keys.join("epoch-0.pem"), 0o640, 0o600)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        let error = KeyStore::open_or_create(&keys).unwrap_err();
        assert!(
            matches!(&error, KeyStoreError::Exposed { path: exposed, .. } if *exposed == path),
            "{error:?}"
        );
        assert!(error.to_string().contains(&format!("{open:04o}")), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(private)).unwrap();
    }
    KeyStore::open_or_create(&keys).unwrap();
}

#[test]
fn the_pin_lies_beside_the_store_and_can_be_read_while_it_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let beside = folder.path().join("keys.pub");
    assert_eq!(keys.pin_file(), Some(beside.as_path()));
    assert_eq!(fs::read_to_string(beside).unwrap(), format!("{}\n", keys.pin()));
    assert_eq!(KeyStore::read_pin(folder.path().join("keys")).unwrap(), keys.pin());
}

#[test]
fn the_guard_ends_the_log_once() {
    let folder = tempfile::tempdir().unwrap();
    let guard = built(builder(folder.path())).unwrap();
    let handle = guard.handle();
    handle.flush().unwrap();
    assert_eq!(guard.shutdown(), Ok(()));
    assert_eq!((handle.shutdown(), handle.flush()), (Ok(()), Err(WriteError::Stopped)));
    let file = guard.status().file;
    drop(guard);
    let text = fs::read_to_string(file).unwrap();
    assert_eq!(text.matches(r#""kind":"close""#).count(), 1);
}

#[test]
fn a_guard_that_is_dropped_closes() {
    let folder = tempfile::tempdir().unwrap();
    let guard = built(builder(folder.path())).unwrap();
    let file = guard.status().file;
    drop(guard);
    let text = fs::read_to_string(file).unwrap();
    assert!(text.lines().last().unwrap().contains(r#""kind":"close""#), "{text}");
}
