//! Nothing that the library prints, returns or writes beside the key's own file has anything of a key in it.

use std::fmt::{Debug, Display};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tracing::info;
use tracing::subscriber::with_default;
use tracing_audit::verify::{Options, verify_paths};
use tracing_audit::{AuditLayer, BuildError, KeyStore, OpenError, Rotation, require};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Registry, registry};

use super::secret::Secret;

/// `Debug` in both forms, which show what is in a value too.
fn debug(secrets: &[Secret], value: &impl Debug) {
    for secret in secrets {
        secret.is_not_in(&format!("{value:?}\n{value:#?}"));
    }
}

fn error(secrets: &[Secret], error: &(impl Debug + Display)) {
    debug(secrets, error);
    for secret in secrets {
        secret.is_not_in(&format!("{error}\n{error:#}"));
    }
}

#[test]
fn nothing_that_is_shown_of_a_log_that_is_written_has_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, log) = (folder.path().join("keys"), folder.path().join("log"));
    let store = KeyStore::open_or_create(&keys).unwrap();
    let mut secrets = vec![Secret::read(&keys.join("epoch-0.pem"))];
    debug(&secrets, &store);
    debug(&secrets, &KeyStore::options());
    debug(&secrets, &KeyStore::inspect(&keys));
    error(&secrets, &KeyStore::open_or_create(&keys).unwrap_err());

    let builder = AuditLayer::builder(&log, store).rotation(Rotation::NEVER);
    debug(&secrets, &builder);
    let (layer, guard) = builder.build().unwrap();
    debug(&secrets, &layer);
    with_default(registry().with(layer), || {
        guard.self_test().unwrap();
        let receipt = require(|| info!(target: "audit", actor = "alice"));
        debug(&secrets, &receipt);
        receipt.wait().unwrap();
    });
    guard.rotate_key().unwrap();
    secrets.push(Secret::read(&keys.join("epoch-1.pem")));
    debug(&secrets, &(&guard, guard.handle(), guard.status()));
    debug(&secrets, &KeyStore::inspect(&keys));
    guard.shutdown().unwrap();

    let pin = KeyStore::read_pin(&keys).unwrap();
    debug(&secrets, &verify_paths(&[&log], &Options { keys: vec![pin], ..Options::default() }).unwrap());
    for entry in [fs::read_dir(&log).unwrap(), fs::read_dir(&keys).unwrap()].into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "pem") {
            let text = fs::read_to_string(&path).unwrap();
            for secret in &secrets {
                secret.is_not_in(&text);
            }
        }
    }
}

#[test]
fn no_error_over_a_key_that_is_not_as_it_should_be_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, log) = (folder.path().join("keys"), folder.path().join("log"));
    let key = keys.join("epoch-0.pem");
    drop(KeyStore::open_or_create(&keys).unwrap());
    let secrets = [Secret::read(&key)];
    let pem = fs::read_to_string(&key).unwrap();
    let refused = |expected: &str| {
        let refused = KeyStore::open_or_create(&keys).unwrap_err();
        error(&secrets, &refused);
        let inspection = KeyStore::inspect(&keys);
        debug(&secrets, &inspection);
        inspection.problems.iter().for_each(|problem| error(&secrets, problem));
        assert!(format!("{refused:?}").starts_with(expected), "{refused:?}");
    };
    let set = |text: &str| fs::write(&key, text).unwrap();

    for damaged in [
        pem.replacen("PRIVATE", "OTHER", 1),
        pem.replacen('M', "N", 1),
        pem[..pem.len() / 2].to_owned(),
        pem.replace('\n', " "),
        pem.lines().nth(1).unwrap().to_owned(),
        format!("{}{pem}", "x".repeat(70_000)),
    ] {
        set(&damaged);
        refused(if damaged.len() > 65_536 { "Io" } else { "Malformed" });
    }
    set(&pem);
    mode(&key, 0o644);
    refused("Exposed");
    mode(&key, 0o600);
    fs::copy(&key, keys.join("epoch-7.pem")).unwrap();
    refused("SeveralKeys");
    fs::remove_file(keys.join("epoch-7.pem")).unwrap();

    // A pin, a head or a name in the log may hold whatever somebody copied there.
    fs::write(keys.join("pin.pub"), &pem).unwrap();
    refused("Malformed");
    fs::remove_file(keys.join("pin.pub")).unwrap();
    fs::write(keys.join("head.json"), format!("{{\"seq\":\"{pem}\"}}")).unwrap();
    refused("Malformed");
    fs::remove_file(keys.join("head.json")).unwrap();

    fs::create_dir(&log).unwrap();
    fs::write(log.join("audit.jsonl"), &pem).unwrap();
    let builder =
        AuditLayer::builder(&log, KeyStore::open_or_create(&keys).unwrap()).rotation(Rotation::NEVER);
    let refused = builder.build::<Registry>().unwrap_err();
    assert!(matches!(refused, BuildError::Open(OpenError::Unreadable { .. })), "{refused:?}");
    error(&secrets, &refused);
}

#[test]
#[cfg(feature = "cli")]
fn no_command_shows_a_key() {
    use std::process::Command;

    let folder = tempfile::tempdir().unwrap();
    let (keys, log) = (folder.path().join("keys"), folder.path().join("log"));
    let (keys, log) = (keys.to_str().unwrap(), log.to_str().unwrap());
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_tracing-audit")).args(arguments).output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
    };
    let said = run(&["keys", "new", keys]);
    let secret = Secret::read(&Path::new(keys).join("epoch-0.pem"));
    secret.is_not_in(&said);
    let builder = AuditLayer::builder(log, KeyStore::open_or_create(keys).unwrap());
    builder.build::<Registry>().unwrap().1.shutdown().unwrap();
    let pin = KeyStore::read_pin(keys).unwrap().to_string();
    for arguments in [
        ["keys", "show", keys, "--"].as_slice(),
        &["keys", "list", keys],
        &["keys", "list", log, "--key", &pin],
        &["keys", "check", keys, log],
        &["verify", log, "--key", &pin],
        &["verify", keys, "--key", &pin],
        &["show", log],
        &["show", keys],
    ] {
        let said = run(arguments);
        assert!(!said.is_empty(), "{arguments:?}");
        secret.is_not_in(&said);
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
