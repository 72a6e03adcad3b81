//! What stands in the folder at start: what is gone on from, and what is refused.

use std::path::Path;
use std::time::Duration;

use super::super::{LogOptions, OnTruncation, OpenError, Writer};
use super::{KEYS, LOG, options, record};
use crate::clock::ManualClock;
use crate::files::FileSystem as _;
use crate::files::memory::MemoryFiles;
use crate::files::{Access, store};
use crate::keys::{KeyStoreError, Store};
use crate::trail::{Control, Ended, Line};

type Opened = Result<Writer<MemoryFiles, ManualClock>, OpenError>;

fn start(files: &MemoryFiles, options: LogOptions) -> Opened {
    let store = Store::open_or_create(files, Path::new(KEYS)).map_err(OpenError::Keys)?;
    Writer::open(files, ManualClock::default(), store, options)
}

/// A log of three records, shut down.
fn log() -> MemoryFiles {
    let files = MemoryFiles::default();
    let mut writer = start(&files, options()).unwrap();
    (1..4).for_each(|number| drop(writer.append(record(number))));
    writer.close().unwrap();
    files
}

fn put(files: &MemoryFiles, path: &str, bytes: &[u8]) {
    store(files, Path::new(path), Access::Group, bytes).unwrap();
}

fn lines(files: &MemoryFiles, path: &str) -> Vec<String> {
    let bytes = files.contents(path).unwrap();
    bytes
        .split(|byte| *byte == b'\n')
        .filter_map(|line| Some(Line::parse(line).ok()?.text.to_owned()))
        .collect()
}

#[test]
fn a_log_that_was_shut_down_goes_on_in_its_file() {
    let files = log();
    let mut writer = start(&files, options()).unwrap();
    writer.close().unwrap();
    let lines = lines(&files, LOG);
    assert!(
        lines[5].contains(r#""ended":"shutdown""#) && lines[5].contains(r#""kind":"resume""#),
        "{}",
        lines[5]
    );
    assert_eq!(lines.len(), 7);
}

#[test]
fn a_name_that_nobody_chose_stays_as_it_was() {
    let files = log();
    let named = |origin: &str, keeps_origin| {
        let options = LogOptions { origin: origin.into(), keeps_origin, ..options() };
        let mut writer = start(&files, options).unwrap();
        writer.turn_over().unwrap();
        let file = writer.path();
        writer.close().unwrap();
        let first = lines(&files, file.to_str().unwrap()).remove(0);
        match Control::parse(&Line::parse(first.as_bytes()).unwrap()) {
            Ok(Some(Control::Genesis(genesis))) => genesis.origin,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(named("payments-2.4.0", true), "example.com/payments");
    assert_eq!(named("example.com/new", false), "example.com/new");
    assert_eq!(named("payments-2.5.0", true), "example.com/new");
}

#[test]
fn lines_that_were_cut_or_altered_behind_the_head_are_found_and_said() {
    for found in ["the file is shorter", "another line ends there"] {
        let files = log();
        let mut bytes = files.contents(LOG).unwrap();
        match found {
            "the file is shorter" => bytes.truncate(bytes.len() - 300),
            _ => {
                let at = bytes.len() - 200;
                bytes[at] ^= 1;
            }
        }
        put(&files, LOG, &bytes);
        let error = start(&files, options()).err().unwrap();
        assert!(
            matches!(&error, OpenError::Truncated { seq: 4, found: why, .. } if *why == found),
            "{error}"
        );
        assert_eq!(files.contents(LOG).unwrap(), bytes, "a start that refuses changes nothing");
    }
    // Another log's file is no damage of this one's.
    let files = log();
    put(&files, LOG, &log().contents(LOG).unwrap());
    let error = start(&files, LogOptions { on_truncation: OnTruncation::Refuse, ..options() }).err().unwrap();
    assert!(matches!(error, OpenError::OtherLog { .. }), "{error}");
}

#[test]
fn a_truncated_log_goes_on_where_the_operator_says_so_and_the_hole_stays_visible() {
    let files = log();
    let whole = files.contents(LOG).unwrap();
    put(&files, LOG, &whole[..whole.len() - 300]);
    let options = LogOptions { on_truncation: OnTruncation::Record, ..options() };
    start(&files, options).unwrap().close().unwrap();
    let lines = lines(&files, "/var/log/app/audit/audit.1.jsonl");
    let line = Line::parse(lines[0].as_bytes()).unwrap();
    let Ok(Some(Control::Genesis(genesis))) = Control::parse(&line) else { panic!("{}", line.text) };
    assert_eq!((line.link.seq, genesis.file, genesis.previous.unwrap().ended), (5, 1, Ended::Lost));
}

#[test]
fn a_file_that_cannot_be_read_never_lets_the_log_start_over() {
    let files = log();
    files.remove(&Path::new(KEYS).join("head.json")).unwrap();
    let whole = files.contents(LOG).unwrap();
    let mut flipped = whole.clone();
    flipped[100] ^= 1;
    let genesis = flipped.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    for bytes in [b"garbage\n".as_slice(), genesis] {
        put(&files, LOG, bytes);
        let error = start(&files, options()).err().unwrap();
        assert!(matches!(&error, OpenError::Unreadable { path } if path == Path::new(LOG)), "{error}");
        assert_eq!(files.contents(LOG).unwrap(), bytes);
    }
}

#[test]
fn zeros_that_a_power_cut_left_of_a_first_genesis_are_attested() {
    let files = MemoryFiles::default();
    put(&files, LOG, &[0; 512]);
    start(&files, options()).unwrap().close().unwrap();
    assert!(lines(&files, LOG).iter().any(|line| line.contains(r#""torn":{"bytes":512"#)));
}

#[test]
fn a_store_without_its_log_and_a_log_without_its_store_are_told_apart() {
    let files = log();
    files.remove(Path::new(LOG)).unwrap();
    let gone = start(&files, options()).err().unwrap();
    assert!(matches!(&gone, OpenError::Truncated { found: "the file is not there", .. }), "{gone}");

    // A tool took it for an old one.
    for (ending, tool) in [("gz", "gunzip"), ("zst", "unzstd"), ("xz", "unxz"), ("bz2", "bunzip2")] {
        let compressed = format!("{LOG}.{ending}");
        put(&files, &compressed, b"packed");
        let error = start(&files, options()).err().unwrap();
        assert!(matches!(&error, OpenError::Truncated { found, .. } if found.contains(tool)), "{error}");
        files.remove(Path::new(&compressed)).unwrap();
    }

    let files = log();
    let log = Line::parse(lines(&files, LOG)[0].as_bytes()).unwrap().link.log;
    let new = Store::open_or_create(&files, Path::new("/var/lib/app/new-keys")).unwrap();
    let id = new.pin().id();
    let other = Writer::open(&files, ManualClock::default(), new, options()).err().unwrap();
    assert!(
        matches!(other, OpenError::OtherLog { found, expected, .. } if (found, expected) == (log, id)),
        "{other}"
    );
}

#[test]
fn a_store_with_another_pin_or_another_key_signs_nothing() {
    let other = MemoryFiles::default();
    let other_pin = Store::open_or_create(&other, Path::new(KEYS)).unwrap().pin();
    let taken = |name: &str| other.contents(format!("{KEYS}/{name}")).unwrap();

    // Of a log that never handed over the pin is the key's.
    let files = log();
    put(&files, &format!("{KEYS}/pin.pub"), &taken("pin.pub"));
    let error = start(&files, options()).err().unwrap();
    assert!(matches!(error, OpenError::Keys(KeyStoreError::Malformed { .. })), "{error}");
    put(&files, &format!("{KEYS}/epoch-0.pem"), &taken("epoch-0.pem"));
    let error = start(&files, options()).err().unwrap();
    assert!(matches!(error, OpenError::OtherLog { expected, .. } if expected == other_pin.id()), "{error}");

    for closed in [true, false] {
        let files = log();
        let mut writer = start(&files, options()).unwrap();
        writer.hand_over(super::super::hand_over::Reason::Requested).unwrap();
        if closed {
            writer.close().unwrap();
        }
        drop(writer);
        let before = files.contents(LOG).unwrap();
        let [pin, key] = ["pin.pub", "epoch-1.pem"].map(|name| format!("{KEYS}/{name}"));
        let (own_pin, own_key) = (files.contents(&pin).unwrap(), files.contents(&key).unwrap());
        put(&files, &pin, &taken("pin.pub"));
        let error = start(&files, options()).err().unwrap();
        assert!(
            matches!(error, OpenError::OtherLog { expected, .. } if expected == other_pin.id()),
            "{error}"
        );
        put(&files, &pin, &own_pin);
        put(&files, &key, &taken("epoch-0.pem"));
        let error = start(&files, options()).err().unwrap();
        assert!(matches!(error, OpenError::OtherKey { found, .. } if found == other_pin.id()), "{error}");
        assert_eq!(files.contents(LOG).unwrap(), before, "nothing is written");
        put(&files, &key, &own_key);
        start(&files, options()).unwrap().close().unwrap();
    }
}

#[test]
fn a_store_put_back_from_before_a_hand_off_is_refused() {
    let files = log();
    let [key, head] = ["epoch-0.pem", "head.json"].map(|name| format!("{KEYS}/{name}"));
    let (old_key, old_head) = (files.contents(&key).unwrap(), files.contents(&head).unwrap());
    let mut writer = start(&files, options()).unwrap();
    writer.hand_over(super::super::hand_over::Reason::Requested).unwrap();
    writer.close().unwrap();
    drop(writer);
    files.remove(&Path::new(KEYS).join("epoch-1.pem")).unwrap();
    put(&files, &key, &old_key);
    put(&files, &head, &old_head);
    let error = start(&files, options()).err().unwrap();
    assert!(matches!(error, OpenError::StoreBehind { has: 0, needs: 1, .. }), "{error}");
}

#[test]
fn a_store_that_lost_its_head_is_refused() {
    let files = log();
    let mut writer = start(&files, options()).unwrap();
    writer.hand_over(super::super::hand_over::Reason::Requested).unwrap();
    writer.close().unwrap();
    drop(writer);
    files.remove(&Path::new(KEYS).join("head.json")).unwrap();
    let error = start(&files, options()).err().unwrap();
    assert!(matches!(&error, OpenError::Keys(KeyStoreError::HeadMissing { .. })), "{error}");
}

#[test]
fn a_start_reads_what_is_behind_the_head_and_no_more() {
    let read = |records: u64| {
        let files = MemoryFiles::default();
        let mut writer = start(&files, options()).unwrap();
        for number in 0..records {
            writer.append(record(number));
        }
        writer.close().unwrap();
        drop(writer);
        files.bytes_read();
        start(&files, options()).unwrap();
        files.bytes_read()
    };
    let (short, long) = (read(400), read(40_000));
    assert!(long <= short + 1_000, "{short} bytes of a short log, {long} of a long one");
}

#[test]
fn an_epoch_goes_on_through_restarts() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let open = || {
        let store = Store::open_or_create(&files, Path::new(KEYS)).unwrap();
        Writer::open(&files, clock.clone(), store, options()).unwrap()
    };
    for _ in 0..4 {
        let mut writer = open();
        clock.advance(Duration::from_secs(300));
        writer.maintain().unwrap();
        writer.close().unwrap();
    }
    let store = Store::open_or_create(&files, Path::new(KEYS)).unwrap();
    assert_eq!(store.epoch(), 1, "one hand-off in 20 minutes of short lives");
}
