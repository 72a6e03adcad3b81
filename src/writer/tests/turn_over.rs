//! Turn-overs for which something is missing: a file, a name, the right to delete. No record waits for them.

use std::path::Path;
use std::time::Duration;

use super::super::hand_over::Reason;
use super::super::{LogOptions, WriteError, Writer};
use super::oracle::Oracle;
use super::{FOLDER, KEYS, options, record};
use crate::clock::{Clock as _, ManualClock};
use crate::files::memory::MemoryFiles;
use crate::files::{Access, FileSystem as _};
use crate::keys::Store;
use crate::rotation::Rotation;
use crate::trail::Ended;
use crate::verify::LogReport;

type Opened = Writer<MemoryFiles, ManualClock>;

fn start(files: &MemoryFiles, clock: &ManualClock, options: LogOptions) -> Opened {
    let store = Store::open_or_create(files, Path::new(KEYS)).unwrap();
    Writer::open(files, clock.clone(), store, options).unwrap()
}

/// Takes a record as the turns do.
fn put(writer: &mut Opened, number: u64) {
    writer.turn_over_if_due().unwrap();
    writer.append(record(number));
    writer.seal().1.unwrap();
}

fn report(files: &MemoryFiles) -> LogReport {
    Oracle::default().prove_intact(files, "the log").logs.remove(0)
}

/// What the writer could not do, and to which file.
fn trouble(writer: &Opened) -> Option<(&'static str, String)> {
    match writer.lasting_error()? {
        WriteError::Io { doing, path, .. } => Some((doing, path.file_name()?.to_str()?.to_owned())),
        error => panic!("{error}"),
    }
}

/// Names in the log's folder that begin so.
fn names(files: &MemoryFiles, prefix: &str) -> Vec<String> {
    let mut names = files.list(Path::new(FOLDER)).unwrap();
    names.retain(|name| name.starts_with(prefix));
    names.sort_unstable();
    names
}

#[test]
fn while_no_file_can_be_made_the_log_goes_on_in_the_one_that_it_has() {
    let by_day = LogOptions { rotation: Rotation::DAILY, ..options() };
    let by_size = LogOptions { max_file_size: Some(1), ..options() };
    for options in [by_day, by_size] {
        let (files, clock) = (MemoryFiles::default(), ManualClock::default());
        let mut writer = start(&files, &clock, options);
        let file = writer.path();
        let failing = |writer: &Opened| trouble(writer).map(|(doing, _)| doing) == Some("create");
        files.break_all("create_new audit.");
        clock.advance(Duration::from_secs(24 * 3600));
        for number in 0..5 {
            put(&mut writer, number);
            assert!(failing(&writer) && writer.path() == file, "{number}");
            clock.advance(Duration::from_secs(number % 2));
        }
        // Who asks for a file learns that there is none.
        assert!(matches!(writer.turn_over(), Err(WriteError::Io { doing: "create", .. })));
        put(&mut writer, 5);
        files.repair();
        clock.advance(Duration::from_secs(2));
        put(&mut writer, 6);
        assert!(!failing(&writer) && writer.path() != file);
        writer.close().unwrap();
        let report = report(&files);
        assert_eq!((report.files, report.lost, report.crashes), (2, 0, 0));
    }
}

#[test]
fn a_file_that_was_made_and_could_not_be_used_at_once_is_used_later() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let mut writer = start(&files, &clock, options());
    put(&mut writer, 0);
    files.break_all("append audit.jsonl");
    assert!(writer.turn_over().is_err());
    assert_eq!(names(&files, "audit.1"), ["audit.1.jsonl"]);
    files.repair();
    put(&mut writer, 1);
    writer.close().unwrap();
    assert_eq!(
        (report(&files).files, names(&files, "audit.")),
        (2, vec!["audit.1.jsonl".into(), "audit.jsonl".into(), "audit.keys".into()])
    );
}

#[test]
fn a_file_that_somebody_put_in_place_of_the_one_that_was_made_is_not_taken() {
    for harm in ["removed", "written to", "another"] {
        let (files, clock) = (MemoryFiles::default(), ManualClock::default());
        let mut writer = start(&files, &clock, options());
        files.break_all("append audit.jsonl");
        assert!(writer.turn_over().is_err());
        files.repair();
        let path = Path::new(FOLDER).join("audit.1.jsonl");
        match harm {
            "written to" => files.edit(&path, |bytes| bytes.extend_from_slice(b"foreign\n")),
            harm => {
                files.remove(&path).unwrap();
                if harm == "another" {
                    drop(files.create_new(&path, Access::Group).unwrap());
                }
            }
        }
        put(&mut writer, 1);
        writer.close().unwrap();
        let taken = if harm == "removed" { "audit.1.jsonl" } else { "audit.2.jsonl" };
        assert_eq!(writer.path(), Path::new(FOLDER).join(taken), "{harm}");
        assert_eq!(report(&files).files, 2, "{harm}");
    }
}

#[test]
fn a_start_behind_a_close_for_a_file_that_did_not_come_says_that_a_process_died() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let mut writer = start(&files, &clock, options());
    put(&mut writer, 0);
    files.break_all("append audit.1.jsonl");
    assert!(writer.turn_over().is_err());
    // What is taken from here on can't be written; then the process is killed.
    writer.append(record(1));
    assert!(writer.seal().1.is_err());
    drop(writer);
    files.repair();
    start(&files, &clock, options()).close().unwrap();
    let report = report(&files);
    assert_eq!((report.crashes, report.closed), (1, Some(Ended::Shutdown)));
}

#[test]
fn a_link_that_can_not_be_made_stops_neither_start_nor_hand_off_and_is_tried_again() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    files.break_all("link");
    let linked = LogOptions { latest_symlink: Some("audit.current".into()), ..options() };
    let mut writer = start(&files, &clock, linked);
    assert_eq!(trouble(&writer), Some(("link", "audit.current".into())));
    writer.hand_over(Reason::Requested).unwrap();
    let keys = files.list(Path::new(KEYS)).unwrap();
    assert_eq!(keys.iter().filter(|name| name.starts_with("epoch-")).collect::<Vec<_>>(), ["epoch-1.pem"]);
    files.repair();
    clock.advance(Duration::from_secs(59));
    writer.maintain().unwrap();
    assert!(trouble(&writer).is_some() && names(&files, "audit.current").is_empty());
    clock.advance(Duration::from_secs(1));
    assert!(writer.due().unwrap() <= Duration::from_secs(60));
    writer.maintain().unwrap();
    assert_eq!((trouble(&writer), names(&files, "audit.current").len()), (None, 1));
}

#[test]
fn a_file_that_can_not_be_deleted_holds_up_no_other_and_no_start() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let two = LogOptions { max_files: Some(2), ..options() };
    let mut writer = start(&files, &clock, two.clone());
    files.break_all("remove audit.jsonl");
    for _ in 0..4 {
        writer.turn_over().unwrap();
    }
    assert_eq!(names(&files, "audit."), ["audit.3.jsonl", "audit.4.jsonl", "audit.jsonl", "audit.keys"]);
    assert_eq!(trouble(&writer), Some(("remove", "audit.jsonl".into())));
    writer.close().unwrap();
    drop(writer);
    let mut writer = start(&files, &clock, two);
    assert_eq!(trouble(&writer), Some(("remove", "audit.jsonl".into())));
    files.repair();
    clock.advance(Duration::from_secs(60));
    writer.maintain().unwrap();
    assert_eq!((trouble(&writer), names(&files, "audit.jsonl").len()), (None, 0));
    writer.close().unwrap();
    report(&files);
}

#[test]
fn no_file_is_given_up_before_the_head_is_in_one_that_stays() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let one = LogOptions { max_files: Some(1), ..options() };
    let mut writer = start(&files, &clock, one.clone());
    put(&mut writer, 0);
    files.break_all("rename head.json");
    writer.turn_over().unwrap();
    assert_eq!(trouble(&writer), Some(("write", "head.json".into())));
    assert_eq!(names(&files, "audit.jsonl"), ["audit.jsonl"]);
    drop(writer);
    files.repair();
    start(&files, &clock, one).close().unwrap();
    assert_eq!(names(&files, "audit.jsonl").len(), 0);
    report(&files);
}

#[test]
fn a_name_is_taken_where_another_begins_with_it() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let mut writer = start(&files, &clock, options());
    for compressed in ["audit.1.jsonl.gz", "audit.2.jsonl.zst"] {
        drop(files.create_new(&Path::new(FOLDER).join(compressed), Access::Group).unwrap());
    }
    writer.turn_over().unwrap();
    assert_eq!(writer.path(), Path::new(FOLDER).join("audit.3.jsonl"));
}

#[test]
fn a_key_that_hands_over_on_request_is_gone_when_that_succeeds() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let mut writer = start(&files, &clock, options());
    let keys = || {
        let mut keys = files.list(Path::new(KEYS)).unwrap();
        keys.retain(|name| name.starts_with("epoch-"));
        keys.sort_unstable();
        keys
    };
    files.break_all("remove epoch-0.pem");
    assert!(matches!(writer.hand_over(Reason::Requested), Err(WriteError::Io { doing: "remove", .. })));
    assert_eq!(keys(), ["epoch-0.pem", "epoch-1.pem"]);
    files.repair();
    writer.hand_over(Reason::Requested).unwrap();
    assert_eq!(keys(), ["epoch-2.pem"]);
}

#[test]
fn an_end_stores_no_head_past_a_hand_off_that_is_not_copied() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let mut writer = start(&files, &clock, options());
    files.break_all("append audit.keys");
    assert!(writer.hand_over(Reason::Requested).is_err());
    assert!(writer.close().is_err());
    drop(writer);
    files.repair();
    let mut writer = start(&files, &clock, options());
    writer.close().unwrap();
    let copies = String::from_utf8(files.contents(format!("{FOLDER}/audit.keys")).unwrap()).unwrap();
    assert_eq!(copies.lines().count(), 2, "line 0 and the hand-off");
    report(&files);
}

#[test]
fn a_key_that_hands_over_while_its_file_is_moved_is_gone_when_that_succeeds() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    let mut writer = start(&files, &clock, options());
    put(&mut writer, 0);
    let log = Path::new(FOLDER);
    files.remember();
    files.rename(&log.join("audit.jsonl"), &log.join("elsewhere.jsonl")).unwrap();
    writer.hand_over(Reason::Requested).unwrap();
    let keys = files.list(Path::new(KEYS)).unwrap();
    assert_eq!(keys.iter().filter(|name| name.starts_with("epoch-")).collect::<Vec<_>>(), ["epoch-1.pem"]);
}

#[test]
fn what_failed_behind_the_scenes_is_due_only_when_it_can_be_done() {
    let (files, clock) = (MemoryFiles::default(), ManualClock::default());
    files.break_all("link");
    let linked = LogOptions {
        latest_symlink: Some("audit.current".into()),
        sync_interval: Duration::from_secs(3600),
        ..options()
    };
    let mut writer = start(&files, &clock, linked);
    put(&mut writer, 0);
    clock.advance(Duration::from_secs(120));
    writer.maintain().unwrap();
    // A line waits for its sync: until then nobody is woken in vain.
    assert!(writer.due().unwrap() > clock.elapsed());
    writer.sync().unwrap();
    assert!(trouble(&writer).is_some());
}
