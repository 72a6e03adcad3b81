//! Files gone, starts pruned, ends cut.

use std::time::Duration;

use tracing_audit::trail::{Control, Ended, Genesis};
use tracing_audit::verify::{ExpectedHead, FindingKind, NoticeKind, Options, Verdict};

use crate::log::{Log, event, found, lines, pinned, verify, verify_with_copies};

#[test]
fn row_4_the_last_file_gone_behind_a_close_is_incomplete() {
    let log = Log::of_three_files("row 4 last");
    let report = verify(&log.files()[..2], &pinned(log.pin()));
    assert_eq!(found(&report), [("", 0, &FindingKind::NextFileMissing { file: 2 })]);
    assert_eq!((report.verdict.exit_code(), report.lines), (3, 9));
}

#[test]
fn row_4_a_middle_file_gone_is_tampering() {
    let log = Log::of_three_files("row 4 middle");
    let mut files = log.files();
    files.remove(1);
    let missing = FindingKind::FilesMissing { from: 1, to: 1 };
    let report = verify_with_copies(&files, Some(&log.copies), &pinned(log.pin()));
    assert_eq!(found(&report), [("audit.2.jsonl", 1, &missing)]);
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn row_4_no_file_at_all_is_incomplete() {
    let log = Log::of_three_files("row 4 all");
    let report = verify(&[], &pinned(log.pin()));
    assert_eq!(found(&report), [("", 0, &FindingKind::Nothing)]);
    assert_eq!(report.verdict.exit_code(), 3);
    // The copies of the hand-offs know better.
    let report = verify_with_copies(&[], Some(&log.copies), &pinned(log.pin()));
    assert_eq!(report.verdict, Verdict::Incomplete);
}

#[test]
fn rows_18_and_19_a_log_cut_behind_a_signed_line_looks_open_and_an_anchor_finds_it() {
    let log = Log::of_three_files("row 19");
    let whole = verify(&log.files(), &pinned(log.pin()));
    let mut files = log.files();
    let mut rows = lines(&files[2].1);
    rows.truncate(2);
    files[2].1 = rows.concat();

    let report = verify_with_copies(&files, Some(&log.copies), &pinned(log.pin()));
    assert_eq!(report.verdict, Verdict::Intact);
    assert_eq!(report.notices.iter().map(|notice| &notice.kind).collect::<Vec<_>>(), [&NoticeKind::Open]);

    let head = whole.head.unwrap();
    for (seq, expected) in [
        (Some(head.seq), FindingKind::HeadBehind { expected: 13, last: Some(10) }),
        (None, FindingKind::HeadNotFound { expected: head.hash }),
    ] {
        let expect_head = Some(ExpectedHead { seq, hash: head.hash });
        let options = Options { expect_head, ..pinned(log.pin()) };
        assert_eq!(verify(&log.files(), &options).verdict, Verdict::Intact);
        let report = verify(&files, &options);
        assert_eq!((found(&report), report.verdict.exit_code()), (vec![("", 0, &expected)], 3));
    }
    let limit = Duration::from_secs(3600);
    let report = verify(&files, &Options { max_silence: Some(limit), ..pinned(log.pin()) });
    let [("", 0, FindingKind::Silent { silence, .. })] = found(&report)[..] else {
        panic!("{:?}", report.findings)
    };
    assert!(*silence > limit);
}

#[test]
fn an_expected_head_in_the_middle_is_met_and_a_rewritten_one_is_tampering() {
    let log = Log::of_three_files("anchor");
    let middle = tracing_audit::trail::Line::parse(lines(&log.files[2])[2].trim_ascii_end()).unwrap().hash();
    let expect = |seq, hash| Options { expect_head: Some(ExpectedHead { seq, hash }), ..pinned(log.pin()) };
    assert_eq!(verify(&log.files(), &expect(Some(11), middle)).verdict, Verdict::Intact);
    assert_eq!(verify(&log.files(), &expect(None, middle)).verdict, Verdict::Intact);
    let report = verify(&log.files(), &expect(Some(10), middle));
    let [("audit.2.jsonl", 2, FindingKind::HeadDiffers { .. })] = found(&report)[..] else {
        panic!("{:?}", report.findings)
    };
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn the_copies_of_hand_offs_show_that_an_end_was_cut() {
    let log = Log::of_three_files("copies");
    let mut files = log.files();
    files.truncate(1);
    let mut rows = lines(&files[0].1);
    rows.pop();
    files[0].1 = rows.concat();
    assert_eq!(verify(&files, &pinned(log.pin())).verdict, Verdict::Intact);
    let report = verify_with_copies(&files, Some(&log.copies), &pinned(log.pin()));
    assert_eq!(found(&report), [("", 0, &FindingKind::EndMissing { known: 6 })]);
    assert_eq!(report.verdict.exit_code(), 3);
}

/// A log whose retention keeps file 2 and what follows.
fn pruned() -> Log {
    let mut log = Log::of_three_files("row 22");
    log.resume(Ended::Shutdown, None);
    log.oldest = 2;
    log.rotate();
    log.close(Ended::Shutdown);
    log
}

#[test]
fn row_22_a_start_pruned_by_retention_verifies_with_the_copies_of_the_hand_offs() {
    let log = pruned();
    let files = &log.files()[2..];
    // Equal doubles, and a torn last line, are passed over.
    let mut copies = log.copies.clone();
    let last = lines(&copies)[1].clone();
    copies.extend_from_slice(&last);
    copies.extend_from_slice(&last[..99]);
    let report = verify_with_copies(files, Some(&copies), &pinned(log.pin()));
    assert_eq!(found(&report), []);
    assert_eq!((report.verdict.exit_code(), report.first_seq), (0, Some(9)));
    assert!(report.notices.iter().any(|notice| notice.kind == NoticeKind::Pruned { file: 2, oldest: 2 }));

    let report = verify(files, &pinned(log.pin()));
    let unproved = FindingKind::KeyNotProved { epoch: 1, key: log.key().id() };
    let expected = vec![("", 0, &unproved), ("", 0, &FindingKind::Nothing)];
    assert_eq!((found(&report), report.verdict.exit_code()), (expected, 3));
    assert_eq!((report.lines, report.head, report.proved.lines), (0, None, 0));
    assert_eq!(report.agrees.map(|agrees| (agrees.lines, agrees.first)), Some((9, 9)));
}

#[test]
fn row_22_a_start_deleted_by_hand_is_incomplete() {
    let log = pruned();
    let report = verify_with_copies(&log.files()[3..], Some(&log.copies), &pinned(log.pin()));
    let missing = FindingKind::StartMissing { file: 3, oldest: 2 };
    assert_eq!((found(&report), report.verdict.exit_code()), (vec![("", 0, &missing)], 3));
}

#[test]
fn row_22_an_altered_copy_of_a_hand_off_is_found() {
    let log = pruned();
    let mut copies = log.copies.clone();
    let start = lines(&copies)[0].len();
    copies[start + 60] ^= 1;
    let report = verify_with_copies(&log.files()[2..], Some(&copies), &pinned(log.pin()));
    assert_eq!((found(&report)[0].0, found(&report)[0].1), ("audit.keys", 2));
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn row_15_lines_that_vanished_under_the_writer_are_incomplete_with_their_range_and_cause() {
    for ended in [Ended::Truncated, Ended::Removed, Ended::Replaced] {
        let mut log = Log::new("row 15");
        log.event("alice");
        let kept = log.file().len();
        log.event("bob");
        log.event("carol");
        let gone = log.file().len();
        log.event("dave");
        log.next_file(ended);
        log.close(Ended::Shutdown);
        // Renamed, all is there; copied and cut, a write may stand behind the cut.
        assert_eq!(verify(&log.files(), &pinned(log.pin())).verdict, Verdict::Intact);
        let mut with_batch = log.files();
        with_batch[0].1.drain(kept..gone);
        let mut cut = log.files();
        cut[0].1.truncate(kept);
        let mut glued = log.files();
        glued[0].1.drain(kept + 30..gone);
        for (files, to) in [(with_batch, 3), (cut, 4), (glued, 4)] {
            let report = verify(&files, &pinned(log.pin()));
            let range = FindingKind::Gone { from: 2, to, ended };
            assert_eq!((found(&report), report.verdict.exit_code()), (vec![("audit.1.jsonl", 1, &range)], 3));
        }
    }
}

#[test]
fn lines_gone_when_the_writer_started_are_tampering() {
    let mut log = Log::new("lost");
    log.event("alice");
    let kept = log.file().len();
    log.event("bob");
    log.next_file(Ended::Lost);
    log.close(Ended::Shutdown);
    log.files[0].truncate(kept);
    let report = verify(&log.files(), &pinned(log.pin()));
    assert_eq!(found(&report), [("audit.1.jsonl", 1, &FindingKind::Lost { from: 2, to: 2 })]);
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn a_later_format_validly_signed_asks_for_a_later_version() {
    let mut log = Log::new("later");
    log.event("alice");
    log.close(Ended::Rotated);
    let previous = log.previous(Ended::Rotated);
    log.files.push(Vec::new());
    let format = "tracing-audit/v2".to_owned();
    let genesis = Genesis { format: format.clone(), ..log.a_genesis(Some(previous)) };
    log.control(&Control::Genesis(genesis));
    log.file().extend_from_slice(b"whatever\n");
    let report = verify(&log.files(), &pinned(log.pin()));
    let needs = FindingKind::NeedsVersion { format };
    assert_eq!((found(&report), report.verdict.exit_code()), (vec![("audit.1.jsonl", 1, &needs)], 2));
}

#[test]
fn after_a_line_of_a_later_format_nothing_is_proved_that_this_version_could_read() {
    let mut log = Log::new("later within");
    log.event("alice");
    let chain = log.chain.clone();
    log.unsigned("erin");
    let format = "tracing-audit/v2".to_owned();
    let genesis = Genesis { format: format.clone(), ..log.a_genesis(None) };
    log.control(&Control::Genesis(genesis));
    log.chain = chain;
    for actor in ["bob", "carol"] {
        log.event(actor);
    }
    for every_signature in [true, false] {
        let report = verify(&log.files(), &Options { every_signature, ..pinned(log.pin()) });
        let needs = FindingKind::NeedsVersion { format: format.clone() };
        assert!(report.findings.iter().any(|finding| finding.kind == needs), "{:?}", report.findings);
        assert_eq!((report.lines, report.head.map(|head| head.seq)), (2, Some(1)));
    }
}

#[test]
fn an_unknown_kind_and_unknown_members_are_proved_with_a_notice() {
    let mut log = Log::new("unknown");
    let body = br#"{"fields":{"n":1},"kind":"seal","level":"INFO","target":"audit""#;
    log.signed(body);
    log.signed(
        br#"{"fields":{"later":1,"reason":"shutdown"},"kind":"close","level":"INFO","target":"audit""#,
    );
    let report = verify(&log.files(), &pinned(log.pin()));
    assert_eq!((found(&report), report.lines), (vec![], 3));
    let notices: Vec<_> = report.notices.iter().map(|notice| &notice.kind).collect();
    let (seal, close) = ("seal".to_owned(), "close".to_owned());
    assert_eq!(
        notices,
        [&NoticeKind::UnknownKind { kind: seal }, &NoticeKind::UnknownMembers { kind: close }]
    );
}

#[test]
fn row_17_a_clock_that_goes_back_is_a_notice() {
    let mut log = Log::new("row 17");
    log.clock = 3_600_000;
    log.event("alice");
    log.clock = 0;
    log.signed(&event("bob"));
    log.close(Ended::Shutdown);
    let report = verify(&log.files(), &pinned(log.pin()));
    assert_eq!(report.verdict, Verdict::Intact);
    let [notice] = &report.notices[..] else { panic!("{:?}", report.notices) };
    assert!(matches!(notice.kind, NoticeKind::ClockBack { .. }) && notice.seq == Some(2), "{notice:?}");
}

#[test]
fn row_24_what_the_writer_declares_lost_is_counted() {
    let mut log = Log::new("row 24");
    log.gap(3);
    log.gap(4);
    log.close(Ended::Shutdown);
    let report = verify(&log.files(), &pinned(log.pin()));
    assert_eq!((report.verdict, report.lost), (Verdict::Intact, 7));
    assert!(report.notices.iter().all(|notice| matches!(notice.kind, NoticeKind::Gap { .. })));
}

#[test]
fn row_15_a_hole_with_more_than_one_write_behind_it_is_tampering() {
    let mut log = Log::new("row 15 hole");
    for actor in ["alice", "bob", "carol", "dave", "erin", "frank"] {
        log.event(actor);
    }
    log.next_file(Ended::Truncated);
    let mut files = log.files();
    let mut rows = lines(&files[0].1);
    rows.remove(2);
    files[0].1 = rows.concat();
    let report = verify(&files, &pinned(log.pin()));
    assert_eq!(found(&report), [("audit.0.jsonl", 3, &FindingKind::Missing { from: 2, to: 2 })]);
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn row_4_a_next_file_in_which_nothing_stands_is_missing() {
    let mut log = Log::new("row 4 next");
    log.event("alice");
    log.close(Ended::Rotated);
    for empty in 0..3 {
        let mut files = log.files();
        files.extend((1..=empty).map(|file| (format!("audit.{file}.jsonl"), Vec::new())));
        let report = verify(&files, &pinned(log.pin()));
        assert_eq!(found(&report), [("", 0, &FindingKind::NextFileMissing { file: 1 })], "{empty}");
        assert_eq!(report.verdict, Verdict::Incomplete);
    }
}
