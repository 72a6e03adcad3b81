//! Who may read what is created, whatever the umask.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tracing::info;
use tracing::subscriber::with_default;
use tracing_audit::{AuditLayer, KeyStore, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use super::{folder, program};

#[test]
fn files_and_folders_have_their_modes_whatever_the_umask() {
    for (umask, log, log_file, public) in [
        ("000", 0o750, 0o640, 0o644),
        ("022", 0o750, 0o640, 0o644),
        ("027", 0o750, 0o640, 0o640),
        ("077", 0o700, 0o600, 0o600),
        ("0777", 0o700, 0o600, 0o600),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let program = program("modes::lives");
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
        shell.arg(program.get_program()).args(program.get_args()).env("FOLDER", folder.path());
        let output = shell.output().unwrap();
        assert!(output.status.success(), "umask {umask}: {}", String::from_utf8_lossy(&output.stdout));

        let expected = [
            ("keys", 0o700),
            ("keys.pub", public),
            ("keys/epoch-1.pem", 0o600),
            ("keys/head.json", 0o600),
            ("keys/lock", 0o600),
            ("keys/pin.pub", 0o600),
            ("log", log),
            ("log/audit.1.jsonl", log_file),
            ("log/audit.jsonl", log_file),
            ("log/audit.keys", log_file),
            ("log/audit.lock", log_file),
        ];
        let expected = expected.map(|(name, mode)| (name.to_owned(), format!("{mode:o}")));
        assert_eq!(modes(folder.path()), BTreeMap::from(expected), "umask {umask}");
    }
}

/// Makes all that a log and its store consist of, twice: what a process made the next one must be able to open.
#[test]
#[ignore = "the program that the other test runs"]
fn lives() {
    let Some(folder) = folder() else { return };
    for life in 0..2 {
        let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
        let builder = AuditLayer::builder(folder.join("log"), keys).rotation(Rotation::NEVER);
        let (layer, guard) = builder.build().unwrap();
        with_default(registry().with(layer), || info!(target: "audit", life));
        if life == 0 {
            guard.rotate().unwrap();
            guard.rotate_key().unwrap();
        }
        guard.shutdown().unwrap();
    }
}

/// The modes of all that is in a folder, and in the folders there, by name.
fn modes(folder: &Path) -> BTreeMap<String, String> {
    let mut modes = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            modes.insert(name, format!("{:o}", metadata.permissions().mode() & 0o7777));
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    modes
}
