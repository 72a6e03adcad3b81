//! The writer over a file system in memory: what it writes, and that it writes it once whatever fails.

mod crash;
mod meddled;
mod one_path;
pub(crate) mod oracle;
mod power;
mod service;
#[cfg(feature = "shipped")]
mod shipped;
mod start;
mod succession;
mod torn;
mod turn_over;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::hand_over::Reason;
use super::{LogOptions, OnTruncation, OpenError, Writer};
use crate::clock::{Clock, ManualClock};
use crate::files::memory::{Fault, MemoryFiles};
use crate::keys::Store;
use crate::recorder::Record;
use crate::rotation::{Names, Rotation};
use crate::trail::{Control, Ended, Gap, HandoffBefore, Hash, Keeps, Line, Position, PublicKey, Timestamp};

pub(crate) const KEYS: &str = "/var/lib/app/audit-keys";
pub(crate) const FOLDER: &str = "/var/log/app/audit";
pub(crate) const LOG: &str = "/var/log/app/audit/audit.jsonl";

pub(crate) fn options() -> LogOptions {
    LogOptions {
        folder: PathBuf::from(FOLDER),
        names: Names { prefix: "audit".into(), suffix: "jsonl".into() },
        origin: "example.com/payments".into(),
        keeps_origin: false,
        program: "payments 2.3.0".into(),
        boot: Some("first boot".into()),
        rotation: Rotation::NEVER,
        max_file_size: None,
        max_files: None,
        latest_symlink: None,
        key_interval: Duration::from_secs(900),
        key_lines: 1_000_000,
        sync_interval: Duration::from_secs(1),
        on_truncation: OnTruncation::Refuse,
    }
}

struct Bench {
    files: MemoryFiles,
    clock: ManualClock,
    pin: PublicKey,
    writer: Writer<MemoryFiles, ManualClock>,
}

fn open() -> Bench {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let store = Store::open_or_create(&files, Path::new(KEYS)).unwrap();
    let pin = store.pin();
    let writer = Writer::open(&files, clock.clone(), store, options()).unwrap();
    files.operations();
    Bench { files, clock, pin, writer }
}

pub(super) fn record(number: u64) -> Record {
    let body = format!(r#"{{"fields":{{"number":{number}}},"kind":"event","level":"INFO","target":"audit""#);
    Record { body: body.into_bytes(), time: Timestamp::from_nanos(number) }
}

/// The kinds of the lines of the log, which the oracle proves, `!` behind those that are signed.
fn proved(bench: &Bench) -> Vec<String> {
    let proved = oracle::Oracle::default().prove(&bench.files, "the log");
    let signed = |line: &oracle::ProvedLine| if line.signed { "!" } else { "" };
    proved.lines.iter().map(|line| format!("{}{}", line.kind, signed(line))).collect()
}

#[test]
fn a_log_goes_from_genesis_to_close_and_each_write_ends_signed() {
    let mut bench = open();
    assert_eq!(proved(&bench), ["genesis!"]);
    assert!(bench.writer.append(record(1)).is_none());
    assert_eq!(bench.writer.append(record(2)).unwrap(), record(1).body);
    let (buffer, result) = bench.writer.seal();
    assert_eq!((buffer.unwrap(), result), (record(2).body, Ok(())));
    assert_eq!(proved(&bench), ["genesis!", "event", "event!"]);
    bench.writer.append(record(3));
    bench.writer.close().unwrap();
    assert_eq!(proved(&bench), ["genesis!", "event", "event!", "event!", "close!"]);
    assert_eq!(
        bench.files.operations(),
        [
            "append audit.jsonl",
            "append audit.jsonl",
            "sync audit.jsonl",
            "remove head.tmp",
            "create_new head.tmp",
            "append head.tmp",
            "sync head.tmp",
            "rename head.json",
            "sync_folder audit-keys",
        ]
    );
    assert_eq!((bench.writer.progress().written, bench.writer.progress().signed), (3, 4));
}

#[test]
fn the_genesis_says_who_writes_what() {
    let bench = open();
    let bytes = bench.files.contents(LOG).unwrap();
    let line = Line::parse(bytes.strip_suffix(b"\n").unwrap()).unwrap();
    let Some(Control::Genesis(genesis)) = Control::parse(&line).unwrap() else { panic!("{}", line.text) };
    assert_eq!((genesis.origin.as_str(), genesis.public_key), ("example.com/payments", bench.pin));
    assert_eq!((genesis.epoch, genesis.file, genesis.oldest, genesis.previous), (0, 0, 0, None));
    assert_eq!((genesis.writer.program.as_str(), genesis.writer.pid), ("payments 2.3.0", std::process::id()));
    assert_eq!(line.timestamp, bench.clock.now().to_string());
}

/// The control lines in all files, in their order.
fn controls(files: &MemoryFiles) -> Vec<(u64, Hash, Control)> {
    let mut controls = Vec::new();
    let logs = files.all().into_iter().filter(|(path, _)| path.starts_with(FOLDER));
    for (_, bytes) in logs.filter(|(path, _)| path.extension().is_some_and(|suffix| suffix == "jsonl")) {
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| Line::parse(line).ok());
        controls.extend(lines.filter_map(|line| {
            let control = Control::parse(&line).unwrap()?;
            Some((line.link.seq, line.hash(), control))
        }));
    }
    controls.sort_by_key(|(seq, ..)| *seq);
    controls
}

#[test]
fn each_genesis_and_hand_off_commits_to_the_hand_off_before_through_restarts_and_files() {
    let Bench { files, clock, mut writer, .. } = open();
    for life in 0..3 {
        writer.hand_over(Reason::Requested).unwrap();
        writer.turn_over().unwrap();
        if life == 1 {
            writer.hand_over(Reason::Requested).unwrap();
        }
        writer.close().unwrap();
        drop(writer);
        let store = Store::open_or_create(&files, Path::new(KEYS)).unwrap();
        let options = LogOptions { max_files: Some(7), boot: None, ..options() };
        writer = Writer::open(&files, clock.clone(), store, options).unwrap();
    }
    let (mut before, mut hand_offs) = (None, 0);
    for (seq, hash, control) in controls(&files) {
        let (handoff, keeps) = match &control {
            Control::Genesis(genesis) => (genesis.handoff, genesis.keeps),
            Control::Handoff(handoff) => {
                hand_offs += 1;
                assert!(handoff.file.is_some() && handoff.oldest.is_some());
                (handoff.handoff, handoff.keeps)
            }
            _ => continue,
        };
        assert_eq!(handoff, Some(before.map_or(HandoffBefore::None, HandoffBefore::Line)), "line {seq}");
        // The first life is five lines long.
        assert_eq!(keeps, Some(if seq < 5 { Keeps::All } else { Keeps::Newest(7) }), "line {seq}");
        if seq == 0 || matches!(control, Control::Handoff(_)) {
            before = Some(Position { hash, seq });
        }
    }
    assert_eq!(hand_offs, 4);
}

#[test]
fn a_gap_stands_where_the_records_would_have() {
    let mut bench = open();
    bench.writer.append(record(1));
    bench.writer.gap(Gap { lost: 7, reason: "queue full".into(), since: Timestamp::from_nanos(5) });
    bench.writer.append(record(2));
    bench.writer.seal().1.unwrap();
    assert_eq!(proved(&bench), ["genesis!", "event!", "gap!", "event!"]);
}

#[test]
fn what_is_written_is_synced_when_it_is_due() {
    let mut bench = open();
    assert_eq!(bench.writer.sync_due(), None);
    bench.clock.advance(Duration::from_secs(5));
    bench.writer.append(record(1));
    bench.writer.seal().1.unwrap();
    bench.clock.advance(Duration::from_millis(10));
    bench.writer.append(record(2));
    bench.writer.seal().1.unwrap();
    assert_eq!(bench.writer.sync_due(), Some(Duration::from_secs(6)));
    bench.writer.sync().unwrap();
    assert_eq!(bench.writer.sync_due(), None);
    bench.files.operations();
    bench.writer.sync().unwrap();
    assert_eq!(bench.files.operations(), [""; 0], "nothing is synced twice");

    let large = Record { body: [record(3).body, vec![b' '; 4 << 20]].concat(), ..record(3) };
    bench.writer.append(large);
    bench.writer.seal().1.unwrap();
    assert!(bench.writer.sync_due().unwrap() <= bench.clock.elapsed(), "4 MB are due at once");
}

#[test]
fn whatever_a_write_does_each_line_is_written_once_and_in_order() {
    let faults = [Fault::Failed, Fault::Persisted].into_iter().chain((0..1500).step_by(61).map(Fault::Short));
    for fault in faults {
        let mut bench = open();
        bench.writer.append(record(1));
        bench.writer.append(record(2));
        bench.files.fail(0, fault, true);
        let before = bench.writer.progress().written;
        if bench.writer.seal().1.is_err() {
            assert!(bench.writer.backlog() > 0 || fault == Fault::Persisted);
            bench.writer.append(record(3));
            bench.writer.seal().1.unwrap_err();
            assert_eq!(bench.writer.progress().written, before);
        } else {
            bench.writer.append(record(3));
        }
        bench.files.mend();
        bench.writer.append(record(4));
        bench.writer.seal().1.unwrap();
        bench.writer.close().unwrap();
        let kinds = proved(&bench);
        let events = kinds.iter().filter(|kind| kind.starts_with("event")).count();
        assert_eq!((events, kinds.last().unwrap().as_str()), (4, "close!"), "{fault:?}: {kinds:?}");
        assert_eq!(bench.writer.progress().written, 4, "{fault:?}");
    }
}

#[test]
fn after_a_failed_sync_the_log_goes_on_in_a_new_file_and_nothing_is_written_twice() {
    let mut bench = open();
    bench.writer.append(record(1));
    bench.writer.seal().1.unwrap();
    bench.writer.sync().unwrap();
    bench.writer.append(record(2));
    bench.writer.seal().1.unwrap();
    bench.files.fail(0, Fault::Failed, false);
    let error = bench.writer.sync().unwrap_err();
    assert_eq!((bench.writer.sync(), bench.writer.lasting_error()), (Err(error.clone()), Some(&error)));
    let abandoned = bench.files.contents(LOG).unwrap();

    bench.writer.turn_over_if_due().unwrap();
    bench.writer.append(record(3));
    bench.writer.seal().1.unwrap();
    bench.writer.close().unwrap();
    assert_eq!(bench.writer.lasting_error(), None);
    assert_eq!(bench.files.contents(LOG).unwrap(), abandoned);
    let next = bench.files.contents("/var/log/app/audit/audit.1.jsonl").unwrap();
    let lines =
        next.split(|byte| *byte == b'\n').filter_map(|line| Line::parse(line).ok()).collect::<Vec<_>>();
    assert_eq!(lines.iter().map(|line| line.link.seq).collect::<Vec<_>>(), [3, 4, 5]);
    let Some(Control::Genesis(genesis)) = Control::parse(&lines[0]).unwrap() else {
        panic!("{}", lines[0].text)
    };
    let previous = genesis.previous.unwrap();
    assert_eq!(
        (previous.ended, previous.unsynced_from, previous.bytes),
        (Ended::Unsynced, Some(2), abandoned.len() as u64)
    );
}

#[test]
fn a_disk_whose_every_sync_fails_is_not_filled_with_files() {
    let mut bench = open();
    bench.files.break_all("sync audit");
    bench.writer.append(record(1));
    bench.writer.seal().1.unwrap();
    for _ in 0..3_600 {
        bench.writer.sync().unwrap_err();
        bench.writer.turn_over_if_due().unwrap_err();
        bench.clock.advance(Duration::from_secs(1));
    }
    let files =
        bench.files.all().into_keys().filter(|path| path.extension().is_some_and(|suffix| suffix == "jsonl"));
    let files = files.count();
    assert!((2..80).contains(&files), "{files} files in an hour");
}

#[test]
fn a_second_writer_of_one_log_is_refused() {
    let bench = open();
    let other = Store::open_or_create(&bench.files, Path::new("/var/lib/app/other-keys")).unwrap();
    let again = Writer::open(&bench.files, bench.clock.clone(), other, options());
    assert!(matches!(again.err(), Some(OpenError::Locked { .. })));
}
