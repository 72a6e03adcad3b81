//! Opening a log, what refuses to be opened, and its end.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use tracing_audit::{
    AuditLayer, BuildError, Builder, Durability, Guard, KeyStore, KeyStoreError, OpenError, Overflow,
    Rotation, WriteError,
};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

fn builder(folder: &Path) -> Builder {
    AuditLayer::builder(folder.join("log"), KeyStore::open_or_create(folder.join("keys")).unwrap())
}

fn built(builder: Builder) -> Result<Guard, BuildError> {
    builder.build::<Registry>().map(|(_, guard)| guard)
}

#[test]
fn each_option_out_of_its_bounds_is_named_and_nothing_is_written() {
    type Change = fn(Builder) -> Builder;
    let changes: [(&str, Change); 22] = [
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
        ("queue_length", |builder| builder.queue_length(usize::MAX)),
        ("filename_suffix", |builder| builder.filename_suffix("keys")),
        ("filename_suffix", |builder| builder.filename_suffix("lock")),
        ("latest_symlink", |builder| builder.latest_symlink("audit.keys")),
        ("latest_symlink", |builder| builder.latest_symlink("audit.lock")),
        ("latest_symlink", |builder| builder.latest_symlink("current.jsonl")),
        ("value_limit", |builder| builder.value_limit(usize::MAX)),
        ("max_log_files", |builder| builder.max_log_files(u64::MAX)),
        ("max_log_files", |builder| builder.max_log_files(0)),
        ("sync_interval", |builder| builder.sync_interval(Duration::ZERO)),
        ("key_interval", |builder| builder.key_interval(Duration::ZERO)),
        ("key_lines", |builder| builder.key_lines(0)),
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
fn the_least_and_the_most_that_each_option_takes_makes_a_log() {
    type Change = fn(Builder) -> Builder;
    let changes: [(&str, Change); 17] = [
        ("longest epoch", |builder| builder.key_interval(Duration::MAX).key_lines(u64::MAX)),
        ("shortest epoch", |builder| builder.key_interval(Duration::from_secs(1)).key_lines(100)),
        ("no sync", |builder| builder.sync_interval(Duration::MAX)),
        ("syncs", |builder| builder.sync_interval(Duration::from_millis(1))),
        ("rarely sealed", |builder| builder.seal_interval(Duration::MAX)),
        ("always sealed", |builder| builder.seal_interval(Duration::ZERO)),
        ("patience", |builder| builder.overflow(Overflow::BlockFor(Duration::MAX)).queue_length(1)),
        ("no patience", |builder| builder.overflow(Overflow::BlockFor(Duration::ZERO))),
        ("written with patience", |builder| {
            builder.overflow(Overflow::BlockFor(Duration::MAX)).durability(Durability::Written)
        }),
        ("synced with patience", |builder| {
            builder.overflow(Overflow::BlockFor(Duration::MAX)).durability(Durability::Synced)
        }),
        ("longest queue", |builder| builder.queue_length(1 << 20)),
        ("small files", |builder| builder.max_file_size(65_536).max_log_files(1)),
        ("large files", |builder| builder.max_file_size(u64::MAX).max_log_files(1_000_000_000)),
        ("short values", |builder| builder.value_limit(64).line_limit(2_048)),
        ("long values", |builder| builder.value_limit(65_535).line_limit(65_535)),
        ("short names", |builder| builder.filename_prefix("a").filename_suffix("b").origin("c").program("d")),
        ("long names", |builder| {
            let name = "n".repeat(100);
            builder.filename_prefix(&name).filename_suffix(&name).origin("o".repeat(255)).latest_symlink(name)
        }),
    ];
    for (name, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        let (layer, guard) =
            change(builder(folder.path())).build().unwrap_or_else(|error| panic!("{name}: {error}"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for number in 0..300 {
                tracing::info!(target: "audit", number, text = "x".repeat(300));
            }
        });
        guard.shutdown().unwrap_or_else(|error| panic!("{name}: {error}"));
        let status = guard.status();
        assert_eq!(status.written + status.lost, 300, "{name}: {status:?}");
        assert!(status.lost == 0 || name == "no patience", "{name}: {status:?}");
    }
}

#[test]
fn a_key_store_in_the_logs_folder_or_around_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    for (log, keys) in [("same", "same"), ("log", "log/keys"), ("keys/log", "keys"), ("link/log", "target")] {
        if log == "link/log" {
            fs::create_dir(at("target")).unwrap();
            std::os::unix::fs::symlink(at("target"), at("link")).unwrap();
            fs::set_permissions(at("target"), fs::Permissions::from_mode(0o700)).unwrap();
        }
        let keys = KeyStore::open_or_create(at(keys)).unwrap();
        match built(AuditLayer::builder(at(log), keys)) {
            Err(BuildError::Option { option: "directory", expected }) => {
                assert!(expected.contains("key store"));
            }
            other => panic!("{log}: {other:?}"),
        }
    }
    // Beside each other, one's name the beginning of the other's.
    let keys = KeyStore::open_or_create(at("audit-keys")).unwrap();
    built(AuditLayer::builder(at("audit"), keys)).unwrap().shutdown().unwrap();
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
