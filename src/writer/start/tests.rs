//! Starts behind crashes, over a file system in memory; the verifier judges what they leave.

use std::path::Path;
use std::time::Duration;

use super::super::tests::oracle::Oracle;
use super::super::tests::{KEYS, options, record};
use super::super::{LogOptions, OpenError, Writer};
use crate::clock::ManualClock;
use crate::files::FileSystem as _;
use crate::files::memory::{Fault, MemoryFiles};
use crate::keys::Store;
use crate::rotation::Rotation;

/// A machine: its disk outlives the writers.
#[derive(Default)]
struct Machine {
    files: MemoryFiles,
}

impl Machine {
    fn start(&self) -> Result<Writer<MemoryFiles, ManualClock>, OpenError> {
        self.start_with(ManualClock::default(), options())
    }

    fn start_with(
        &self,
        clock: ManualClock,
        options: LogOptions,
    ) -> Result<Writer<MemoryFiles, ManualClock>, OpenError> {
        let store = Store::open_or_create(&self.files, Path::new(KEYS)).map_err(OpenError::Keys)?;
        Writer::open(&self.files, clock, store, options)
    }

    /// A writer that records something, and ends as after a crash.
    fn write_and_die(&self, number: u64, work: impl FnOnce(&mut Writer<MemoryFiles, ManualClock>)) {
        if let Ok(mut writer) = self.start() {
            writer.append(record(number));
            let _ = writer.seal();
            work(&mut writer);
        }
    }

    fn prove_intact(&self, context: &str) {
        Oracle::default().prove_intact(&self.files, context);
    }
}

#[test]
fn a_crash_at_a_rotation_and_another_at_the_next_start_leave_one_whole_history() {
    // The close is appended, or the genesis; of either only a part.
    for after in [0, 2, 3, 4, 5] {
        for second in [Fault::Failed, Fault::Persisted, Fault::Short(300)] {
            for again in 0..30 {
                let machine = Machine::default();
                machine.write_and_die(1, |writer| {
                    machine.files.fail(after, Fault::Short(300), true);
                    let _ = writer.turn_over();
                });
                machine.files.mend();
                machine.files.fail(again, second, true);
                machine.write_and_die(2, |_| {});
                machine.files.mend();
                machine.write_and_die(3, |writer| writer.close().unwrap());
                machine.prove_intact(&format!("{after}, then {second:?} after {again}"));
            }
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
        drop(writer);
        machine.files.bytes_read();
        machine.start().unwrap();
        machine.files.bytes_read()
    };
    let (few, many) = (bytes_read(2), bytes_read(42));
    // Two looks: which file follows, which was begun in vain.
    assert!(many - few < 40 * 9_000, "{} bytes of each file", (many - few) / 40);
}

#[test]
fn row_17_whatever_the_clock_does_the_log_goes_on_in_one_history() {
    let machine = Machine::default();
    let days = [(3, true), (1, false), (3, false), (2, true), (1, true)];
    for (number, (day, shutdown)) in (0..).zip(days) {
        let clock = ManualClock::default();
        clock.advance(Duration::from_secs(day * 86_400));
        let options = LogOptions { rotation: Rotation::DAILY, ..options() };
        let mut writer = machine.start_with(clock.clone(), options).unwrap();
        writer.append(record(number));
        writer.seal().1.unwrap();
        clock.advance(Duration::from_secs(86_400));
        writer.turn_over_if_due().unwrap();
        if shutdown {
            writer.close().unwrap();
        }
    }
    let mut names = machine.files.list(&options().folder).unwrap();
    names.retain(|name| name.contains("jsonl"));
    let mut dates = names.iter().map(|name| &name[6..name.len() - 6]).collect::<Vec<_>>();
    dates.sort_unstable();
    assert_eq!(
        dates,
        [
            "2026-11-22",
            "2026-11-22.1",
            "2026-11-23",
            "2026-11-23.1",
            "2026-11-23.2",
            "2026-11-24",
            "2026-11-24.1",
            "2026-11-24.2",
            "2026-11-25",
            "2026-11-25.1"
        ]
    );
    machine.prove_intact("clocks that go back and forth");
}
