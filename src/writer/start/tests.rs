//! Starts behind crashes, over a file system in memory; the verifier judges what they leave.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::tests::{options, record};
use super::super::{LogOptions, OpenError, Writer};
use crate::clock::ManualClock;
use crate::files::memory::{Fault, MemoryFiles};
use crate::files::{Access, FileSystem as _, append_all};
use crate::keys::Store;
use crate::verify::{Options, Verdict, verify_paths};

const KEYS: &str = "/var/lib/app/audit-keys";

/// A machine: its disk outlives the writers.
#[derive(Default)]
struct Machine {
    files: MemoryFiles,
}

impl Machine {
    fn start(&self) -> Result<Writer<MemoryFiles, ManualClock>, OpenError> {
        let store = Store::open_or_create(&self.files, Path::new(KEYS)).map_err(OpenError::Keys)?;
        Writer::open(&self.files, ManualClock::default(), store, options())
    }

    /// A writer that records something, and ends as after a crash.
    fn write_and_die(&self, number: u64, work: impl FnOnce(&mut Writer<MemoryFiles, ManualClock>)) {
        if let Ok(mut writer) = self.start() {
            writer.append(record(number));
            let _ = writer.seal();
            work(&mut writer);
        }
    }

    /// What the verifier says of the log's files.
    fn verdict(&self) -> (Verdict, String) {
        let folder = tempfile::tempdir().unwrap();
        let log: PathBuf = options().folder;
        for name in self.files.list(&log).unwrap() {
            let bytes = self.files.contents(log.join(&name)).unwrap();
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let store = Store::open_or_create(&self.files, Path::new(KEYS)).unwrap();
        let options = Options { keys: vec![store.pin()], patience: Duration::ZERO, ..Options::default() };
        let report = verify_paths(&[folder.path()], &options).unwrap();
        (report.verdict, format!("{report:#?}"))
    }
}

/// Faults that a crash may look like.
fn faults() -> impl Iterator<Item = Fault> {
    [
        Fault::Failed,
        Fault::Persisted,
        Fault::Short(0),
        Fault::Short(7),
        Fault::Short(300),
        Fault::Short(5_000),
    ]
    .into_iter()
}

#[test]
fn two_crashes_in_a_row_at_a_rotation_end_in_one_whole_history() {
    for (first, second) in faults().flat_map(|first| faults().map(move |second| (first, second))) {
        for (after, again) in (0..14).flat_map(|after| (0..14).map(move |again| (after, again))) {
            let machine = Machine::default();
            machine.write_and_die(1, |writer| {
                machine.files.fail(after, first, true);
                let _ = writer.turn_over();
            });
            machine.files.mend();
            machine.files.fail(again, second, true);
            machine.write_and_die(2, |_| {});
            machine.files.mend();
            machine.write_and_die(3, |writer| writer.close().unwrap());
            let (verdict, report) = machine.verdict();
            assert_eq!(
                verdict,
                Verdict::Intact,
                "{first:?} after {after}, then {second:?} after {again}: {report}"
            );
        }
    }
}

#[test]
fn a_start_reads_no_more_of_a_longer_log() {
    let bytes_read = |records: u64, crash: bool| {
        let machine = Machine::default();
        let mut writer = machine.start().unwrap();
        for number in 0..records {
            writer.append(record(number));
        }
        let _ = writer.seal();
        if crash {
            writer.sync().unwrap();
            writer.store_head().unwrap();
            writer.append(record(records));
            let _ = writer.seal();
        } else {
            writer.close().unwrap();
        }
        drop(writer);
        machine.files.bytes_read();
        machine.start().unwrap();
        machine.files.bytes_read()
    };
    for crash in [false, true] {
        let (short, long) = (bytes_read(1_000, crash), bytes_read(20_000, crash));
        assert!(long < short + 100, "crash {crash}: {long} bytes of a long log, {short} of a short one");
    }
}

#[test]
fn a_start_looks_at_little_of_each_file() {
    let bytes_read = |files: u64| {
        let machine = Machine::default();
        let mut writer = machine.start().unwrap();
        for number in 0..files {
            (0..500).for_each(|_| drop(writer.append(record(number))));
            writer.seal().1.unwrap();
            writer.turn_over().unwrap();
        }
        writer.close().unwrap();
        drop(writer);
        machine.files.bytes_read();
        machine.start().unwrap();
        machine.files.bytes_read()
    };
    let (few, many) = (bytes_read(2), bytes_read(42));
    assert!(many - few <= 40 * 2 * 4_096, "{} bytes of each file", (many - few) / 40);
}
