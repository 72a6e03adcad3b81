//! The live file in somebody else's hands, while a writer has it open: on a real disk, and what only a verifier sees.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use tracing_audit::Rotation;
use tracing_audit::trail::{Ended, Hash, Torn};
use tracing_audit::verify::{Finding, FindingKind, NoticeKind, Report, Verdict};

use crate::service::{Running, Service};

use crate::log::{Log, found, lines, pinned, verify};

/// Lines 0 to 3: a genesis and three records, written and synced.
fn begun(service: &Service) -> Running {
    let running = service.start(|builder| builder).unwrap();
    record(&running, 0..3);
    running
}

fn record(running: &Running, numbers: std::ops::Range<u64>) {
    for number in numbers {
        running.emit(number);
        // Each is signed.
        running.guard.flush().unwrap();
    }
}

/// Three records more, in the next file; the end.
fn goes_on(service: &Service, running: &Running) -> Report {
    record(running, 3..6);
    assert_eq!(running.guard.status().file, service.file("audit.1.jsonl"));
    running.guard.shutdown().unwrap();
    service.verify()
}

/// What was found, the line that it names, and the exit code.
fn only_finding(report: &Report) -> (&FindingKind, &str, u64, u8) {
    let [Finding { at: Some(at), kind, .. }] = &report.logs[0].findings[..] else { panic!("{report:?}") };
    let name = Path::new(&at.file).file_name().unwrap().to_str().unwrap();
    (kind, name, at.line, report.verdict.exit_code())
}

#[track_caller]
fn assert_whole(report: &Report, lines: u64, expected: &[NoticeKind]) {
    let log = &report.logs[0];
    assert_eq!((report.verdict.exit_code(), &log.findings[..], log.lines), (0, &[][..], lines), "{report:?}");
    let notices = log.notices.iter().map(|notice| &notice.kind);
    assert_eq!(notices.collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
}

#[test]
fn row_14_removed_while_it_is_open() {
    let service = Service::new();
    let running = begun(&service);
    fs::remove_file(service.file("audit.jsonl")).unwrap();
    let report = goes_on(&service, &running);
    let gone = FindingKind::Gone { from: 0, to: 3, ended: Ended::Removed };
    assert_eq!(only_finding(&report), (&gone, "audit.1.jsonl", 1, 3));
}

#[test]
fn row_14_a_later_file_removed_while_it_is_open_that_had_a_hand_off() {
    let service = Service::new();
    let running = begun(&service);
    running.guard.rotate().unwrap();
    running.emit(3);
    running.guard.rotate_key().unwrap();
    fs::remove_file(service.file("audit.1.jsonl")).unwrap();
    record(&running, 4..6);
    assert_eq!(running.guard.status().file, service.file("audit.2.jsonl"));
    running.guard.shutdown().unwrap();
    // Lines 0 to 4; 5 is a genesis, 6 a record, 7 the hand-off.
    let gone = FindingKind::Gone { from: 5, to: 7, ended: Ended::Removed };
    assert_eq!(only_finding(&service.verify()), (&gone, "audit.2.jsonl", 1, 3));
}

#[test]
fn row_14_replaced_while_it_is_open() {
    let gone = FindingKind::Gone { from: 0, to: 3, ended: Ended::Replaced };
    for replace in [
        |service: &Service| fs::write(service.keys().join("new"), "something else\n").unwrap(),
        |service: &Service| fs::write(service.keys().join("new"), "").unwrap(),
    ] {
        let service = Service::new();
        let running = begun(&service);
        replace(&service);
        fs::rename(service.keys().join("new"), service.file("audit.jsonl")).unwrap();
        let report = goes_on(&service, &running);
        assert_eq!(only_finding(&report), (&gone, "audit.1.jsonl", 1, 3));
    }
}

#[test]
fn row_14_replaced_by_a_link_the_writer_follows_none() {
    let service = Service::new();
    let running = begun(&service);
    let (target, link) = (service.keys().join("target"), service.keys().join("new"));
    fs::copy(service.file("audit.jsonl"), &target).unwrap();
    symlink(&target, &link).unwrap();
    let bytes = fs::read(&target).unwrap();
    fs::rename(link, service.file("audit.jsonl")).unwrap();
    let report = goes_on(&service, &running);
    assert_whole(&report, 4 + 5, &[NoticeKind::Meddled { ended: Ended::Replaced }]);
    assert_eq!(fs::read(target).unwrap(), bytes);
}

#[test]
fn row_14_replaced_by_all_of_it_it_lacks_nothing() {
    let service = Service::new();
    let running = begun(&service);
    // As an editor saves, or `sed -i`.
    fs::copy(service.file("audit.jsonl"), service.keys().join("new")).unwrap();
    fs::rename(service.keys().join("new"), service.file("audit.jsonl")).unwrap();
    let report = goes_on(&service, &running);
    assert_whole(&report, 4 + 5, &[NoticeKind::Meddled { ended: Ended::Replaced }]);
}

#[test]
fn row_14_cut_while_it_is_open() {
    for (kept_lines, more, gone_from) in [(2, 0, 2), (2, 50, 2), (0, 0, 0), (0, 9, 0)] {
        let service = Service::new();
        let running = begun(&service);
        let path = service.file("audit.jsonl");
        let kept = lines(&fs::read(&path).unwrap())[..kept_lines].concat().len() + more;
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(kept as u64).unwrap();
        let report = goes_on(&service, &running);
        let gone = FindingKind::Gone { from: gone_from, to: 3, ended: Ended::Truncated };
        assert_eq!(
            only_finding(&report),
            (&gone, "audit.1.jsonl", 1, 3),
            "{kept_lines} lines and {more} bytes"
        );
    }
}

#[test]
fn row_14_added_to_while_it_is_open() {
    let forged = |service: &Service| {
        let whole = fs::read_to_string(service.file("audit.jsonl")).unwrap();
        whole.lines().last().unwrap().replace("alice", "mallory").into_bytes()
    };
    for added in [b"x".to_vec(), b"a line\nand a piece".to_vec(), vec![0; 4_000], Vec::new()] {
        let service = Service::new();
        let running = begun(&service);
        let added = if added.is_empty() { [forged(&service), b"\n".to_vec()].concat() } else { added };
        let path = service.file("audit.jsonl");
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(&added).unwrap();
        let report = goes_on(&service, &running);
        let torn = Torn { bytes: added.len() as u64, sha256: Hash::of_bytes(&added) };
        assert_whole(&report, 4 + 5, &[NoticeKind::Torn(torn)]);
        // Once more, behind what the next file's first line attests.
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"late\n").unwrap();
        assert_eq!(service.verify().verdict.exit_code(), 1);
    }
}

#[test]
fn row_15_rotated_by_rename() {
    for successor in [None, Some("")] {
        let service = Service::new();
        let running = begun(&service);
        fs::rename(service.file("audit.jsonl"), service.file("audit.jsonl.1")).unwrap();
        if let Some(bytes) = successor {
            fs::write(service.file("audit.jsonl"), bytes).unwrap();
        }
        let report = goes_on(&service, &running);
        // With the close that the file got after it was renamed.
        assert_whole(&report, 5 + 5, &[]);
        drop(running);
        service.live(6..7);
        assert_eq!(service.verify().verdict, Verdict::Intact);
        fs::remove_file(service.file("audit.jsonl.1")).unwrap();
        assert_ne!(service.verify().verdict, Verdict::Intact, "taken away, it is missing");
    }
}

#[test]
fn row_15_a_second_name_for_it_is_left_behind_by_a_rotation() {
    let service = Service::new();
    let running = begun(&service);
    fs::hard_link(service.file("audit.jsonl"), service.keys().join("second")).unwrap();
    assert_whole(&goes_on(&service, &running), 5 + 5, &[]);
}

#[test]
fn row_15_copied_and_cut() {
    let service = Service::new();
    let external =
        |builder: tracing_audit::Builder| builder.filename_suffix("log").rotation(Rotation::EXTERNAL);
    let running = service.start(external).unwrap();
    let path = service.file("audit.log");
    record(&running, 0..3);
    fs::copy(&path, service.file("audit.log.1")).unwrap();
    record(&running, 3..6);
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    record(&running, 6..9);
    assert_eq!(running.guard.status().file, path, "it goes on at the one path");
    fs::copy(&path, service.file("audit.log.2")).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    record(&running, 9..10);
    running.guard.shutdown().unwrap();
    let report = service.verify();
    let gone = FindingKind::Gone { from: 4, to: 6, ended: Ended::Truncated };
    assert_eq!(only_finding(&report), (&gone, "audit.log.2", 1, 3));
}

#[test]
fn row_15_a_write_behind_the_cut_stands_in_a_file_without_a_beginning() {
    for missing in [true, false] {
        let mut log = Log::new("row 15 batch");
        log.event("alice");
        if missing {
            log.event("bob");
        }
        log.unsigned("carol");
        log.event("dave");
        log.next_file(Ended::Truncated);
        log.close(Ended::Shutdown);
        let mut files = log.files();
        let rows = lines(&files[0].1);
        let batch = rows.len() - 2;
        files[0].1 = rows[..2].concat();
        files.insert(1, ("cut".into(), rows[batch..].concat()));
        let report = verify(&files, &pinned(log.pin()));
        let gone = FindingKind::Gone { from: 2, to: 2, ended: Ended::Truncated };
        let expected = if missing { vec![("audit.1.jsonl", 1, &gone)] } else { vec![] };
        assert_eq!(found(&report), expected);
        assert_eq!(report.verdict.exit_code(), if missing { 3 } else { 0 });
    }
}

#[test]
fn row_14_bytes_too_many_are_tampering_whatever_the_writer_says_of_its_file() {
    let mut log = Log::new("row 14 race");
    log.event("alice");
    let at = log.file().len();
    log.unsigned("bob");
    log.event("carol");
    log.next_file(Ended::Replaced);
    log.files[0].splice(at..at, b"somebody\n".iter().copied());
    let report = verify(&log.files(), &pinned(log.pin()));
    let [("audit.0.jsonl", 3, FindingKind::Malformed(_))] = found(&report)[..] else {
        panic!("{:?}", report.findings)
    };
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn row_14_nobody_is_believed_who_signs_with_a_key_that_nothing_proves() {
    let mut log = Log::new("row 14 key");
    log.hand_off();
    log.next_file(Ended::Removed);
    let gone = FindingKind::Gone { from: 0, to: 1, ended: Ended::Removed };
    let copies = log.copies.clone();
    let report = crate::log::verify_with_copies(&log.files()[1..], Some(&copies), &pinned(log.pin()));
    assert_eq!((found(&report), report.verdict.exit_code()), (vec![("audit.1.jsonl", 1, &gone)], 3));
    let report = verify(&log.files()[1..], &pinned(log.pin()));
    assert!(!found(&report).iter().any(|(_, _, kind)| **kind == gone), "{:?}", report.findings);
    assert_eq!(report.verdict.exit_code(), 3);
}
