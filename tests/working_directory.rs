//! Services go to `/` once they are up, as daemons do: log and keys stay where they were found.

use std::path::Path;
use std::{env, fs};

use tracing::info;
use tracing_audit::{AuditLayer, KeyStore};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

#[test]
fn a_log_of_a_relative_path_goes_on_there_wherever_the_process_goes() {
    let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // What lies there has the names of ours.
    for name in ["log", "keys"] {
        fs::create_dir(elsewhere.path().join(name)).unwrap();
    }
    env::set_current_dir(home.path()).unwrap();
    let keys = KeyStore::open_or_create("keys").unwrap();
    let (layer, guard) = AuditLayer::builder("log", keys).latest_symlink("audit.current").build().unwrap();
    env::set_current_dir(elsewhere.path()).unwrap();
    tracing::subscriber::with_default(registry().with(layer), || {
        for number in 0..3 {
            info!(target: "audit", number);
            guard.rotate().unwrap();
            guard.rotate_key().unwrap();
        }
    });
    guard.shutdown().unwrap();
    let files = |folder: &Path| fs::read_dir(folder).unwrap().count();
    for name in ["log", "keys"] {
        assert_eq!(files(&elsewhere.path().join(name)), 0, "{name}");
    }
    // Four files, their copies of hand-offs, the lock and the link.
    assert_eq!(files(&home.path().join("log")), 7);
    assert!(guard.status().file.is_absolute());
    // It is known where it ended: the next start goes on there.
    env::set_current_dir(home.path()).unwrap();
    let keys = KeyStore::open_or_create("keys").unwrap();
    let (_, guard) = AuditLayer::builder("log", keys).build::<tracing_subscriber::Registry>().unwrap();
    guard.shutdown().unwrap();
    assert_eq!(files(&home.path().join("log")), 7);
}
