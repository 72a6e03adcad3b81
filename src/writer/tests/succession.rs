//! A log that replaces one whose keys were lost, in the same folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{OpenError, Writer};
use super::{options, record};
use crate::clock::{Clock as _, ManualClock};
use crate::files::memory::{Fault, MemoryFiles};
use crate::files::{Access, FileSystem as _};
use crate::keys::{KeyStoreError, Store};
use crate::trail::{KeyId, Line, PublicKey, Succeeds};
use crate::verify::{LogReport, Options, Verdict, Verifier};

const OLD: &str = "/var/lib/app/old-keys";
const NEW: &str = "/var/lib/app/audit-keys";

struct Disk {
    files: MemoryFiles,
    clock: ManualClock,
}

impl Disk {
    /// With a log that a crash ended, after a hand-off and with torn bytes; its store is lost.
    fn with_old_log() -> (Disk, PublicKey, Succeeds) {
        let disk = Disk { files: MemoryFiles::default(), clock: ManualClock::default() };
        let store = Store::open_or_create(&disk.files, Path::new(OLD)).unwrap();
        let pin = store.pin();
        let mut writer = Writer::open(&disk.files, disk.clock.clone(), store, options()).unwrap();
        writer.append(record(0));
        writer.seal().1.unwrap();
        writer.hand_over(super::super::hand_over::Reason::Requested).unwrap();
        drop(writer);
        let head = disk.report(pin).head.unwrap();
        (disk, pin, Succeeds { hash: head.hash, log: pin.id(), seq: head.seq })
    }

    fn succeed(&self, succeeds: Succeeds) -> Result<(), KeyStoreError> {
        Store::succeed(&self.files, Path::new(NEW), Access::Private, succeeds).map(drop)
    }

    fn live(&self) -> Result<PublicKey, OpenError> {
        self.clock.advance(Duration::from_secs(1));
        let store = Store::open_or_create(&self.files, Path::new(NEW)).map_err(OpenError::Keys)?;
        let pin = store.pin();
        let mut writer = Writer::open(&self.files, self.clock.clone(), store, options())?;
        writer.append(record(1));
        writer.seal().1?;
        writer.turn_over()?;
        writer.close()?;
        Ok(pin)
    }

    fn files_of(&self, log: KeyId) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = self.files.all();
        files.retain(|path, bytes| {
            let line = bytes.split(|byte| *byte == b'\n').find_map(|line| Line::parse(line).ok());
            path.extension().is_some_and(|suffix| suffix == "jsonl")
                && line.is_some_and(|line| line.link.log == log)
        });
        files.into_iter().collect()
    }

    fn report(&self, pin: PublicKey) -> LogReport {
        let options = Options { keys: vec![pin], every_signature: true, ..Options::default() };
        let mut verifier = Verifier::new(pin.id(), &options);
        verifier.hand_offs(
            "audit.keys",
            &self.files.contents("/var/log/app/audit/audit.keys").unwrap_or_default(),
        );
        for (path, bytes) in self.files_of(pin.id()) {
            verifier.begin_file(&path.display().to_string());
            verifier.bytes(&bytes);
            verifier.end_file();
        }
        verifier.finish(self.clock.now())
    }
}

#[test]
fn a_new_log_beside_the_old_one_says_which_it_succeeds_and_both_verify_with_one_file_of_keys() {
    let (disk, old, succeeds) = Disk::with_old_log();
    assert!(matches!(disk.live(), Err(OpenError::OtherLog { found, .. }) if found == old.id()));
    // The store of the start that failed was never used.
    disk.succeed(succeeds).unwrap();
    let new = disk.live().unwrap();
    for pin in [old, new] {
        let report = disk.report(pin);
        assert_eq!((report.verdict, &report.findings[..]), (Verdict::Intact, &[][..]));
        assert_eq!(report.succeeds, (pin == new).then_some(succeeds));
    }
    assert_eq!(disk.report(old).head.unwrap().seq, succeeds.seq);
    assert_eq!(disk.report(new).files, 2);
    // And goes on.
    disk.live().unwrap();
    assert_eq!(disk.report(new).verdict, Verdict::Intact);
    assert_eq!(disk.report(new).first_seq, Some(0));
}

#[test]
fn a_store_in_use_succeeds_nothing() {
    let (disk, _, succeeds) = Disk::with_old_log();
    disk.succeed(succeeds).unwrap();
    disk.succeed(succeeds).unwrap();
    disk.live().unwrap();
    assert!(matches!(disk.succeed(succeeds), Err(KeyStoreError::InUse { .. })));
}

#[test]
fn wherever_the_recovery_ends_the_next_one_succeeds_the_old_log() {
    for fault in [Fault::Failed, Fault::Persisted, Fault::Short(100)] {
        for after in 0.. {
            let (disk, old, succeeds) = Disk::with_old_log();
            disk.files.fail(after, fault, true);
            let done = disk.succeed(succeeds).is_ok();
            let whole = done && disk.live().is_ok();
            disk.files.mend();
            let context = format!("{fault:?} after {after}");
            if !done {
                disk.succeed(succeeds).unwrap_or_else(|error| panic!("{context}: {error}"));
            }
            let new = disk.live().unwrap_or_else(|error| panic!("{context}: {error}"));
            for pin in [old, new] {
                let report = disk.report(pin);
                assert_eq!((report.verdict, &report.findings[..]), (Verdict::Intact, &[][..]), "{context}");
                assert_eq!(report.succeeds, (pin == new).then_some(succeeds), "{context}");
            }
            if whole {
                assert!(disk.files.list(Path::new(NEW)).unwrap().iter().any(|name| name == "succeeds.json"));
                break;
            }
        }
    }
}
