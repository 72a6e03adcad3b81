use std::fs::File;
use std::path::PathBuf;

use tracing_audit::{AuditLayer, Guard, KeyStore, KeyStoreError};
use tracing_subscriber::Registry;

use super::*;

/// What a hostile neighbour writes: it has no bytes on the disk.
const HOLE: u64 = 1 << 30;

struct Log {
    folder: TempDir,
}

impl Log {
    /// A log that was written and shut down.
    fn written() -> Log {
        let log = Log { folder: folder() };
        log.start().shutdown().unwrap();
        log
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn start(&self) -> Guard {
        let keys = KeyStore::open_or_create(self.store()).unwrap();
        let (_, guard) =
            AuditLayer::builder(self.folder.path().join("log"), keys).build::<Registry>().unwrap();
        guard
    }

    fn lengthen(path: &Path, bytes: u64) {
        let file = File::options().append(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() + bytes).unwrap();
    }
}

#[test]
fn an_endless_line_at_the_end_of_the_log_is_attested_and_not_kept() {
    let log = Log::written();
    let guard = log.start();
    let file = guard.status().file;
    guard.shutdown().unwrap();
    Log::lengthen(&file, 64 * MIB);
    let guard = log.start();
    guard.shutdown().unwrap();
    assert_small();
    let file = fs::File::open(guard.status().file).unwrap();
    assert!(file.metadata().unwrap().len() > 64 * MIB);
}

#[test]
fn copies_that_end_in_a_hole_are_replaced_by_those_before_it() {
    let log = Log::written();
    let copies = log.folder.path().join("log/audit.keys");
    Log::lengthen(&copies, HOLE);
    let guard = log.start();
    guard.rotate_key().unwrap();
    guard.shutdown().unwrap();
    assert_small();
    let copies = fs::read_to_string(&copies).unwrap();
    assert_eq!(copies.lines().count(), 2, "{copies}");
}

#[test]
fn files_of_the_key_store_are_never_read_whole_where_they_are_large() {
    for name in ["epoch-0.pem", "head.json", "pin.pub"] {
        let log = Log::written();
        Log::lengthen(&log.store().join(name), HOLE);
        let error = KeyStore::open_or_create(log.store()).unwrap_err();
        assert!(matches!(error, KeyStoreError::Io { .. }), "{error:?}");
        assert!(error.to_string().contains("larger than 64 KiB"), "{error}");
        let problems = KeyStore::inspect(log.store()).problems;
        assert!(
            problems.iter().any(|error| error.to_string().contains("larger than 64 KiB")),
            "{problems:?}"
        );
        assert_small();
    }
}
