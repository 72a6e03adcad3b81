//! Where and when a log begins and ends.

use std::time::Duration;

use tracing_audit::trail::{Chain, Ended, Hash, Timestamp};
use tracing_audit::verify::{ExpectedHead, FindingKind, LogReport, NoticeKind, Options, Verdict, Verifier};

use crate::log::{File, Log, found, lines, pinned, verify, verify_with_copies};

fn report(files: &[File], log: &Log) -> LogReport {
    let [each, report] =
        [true, false].map(|every_signature| verify(files, &Options { every_signature, ..pinned(log.pin()) }));
    assert_eq!(each.findings, report.findings);
    report
}

#[test]
fn unsigned_lines_at_the_end_are_named_in_whatever_file_they_stand() {
    let mut log = Log::new("unsigned end");
    log.event("alice");
    let (signed, chain) = (log.file().clone(), log.chain.clone());
    log.unsigned("bob");
    let line = log.file()[signed.len()..].to_vec();
    let end = FindingKind::UnsignedEnd { lines: 1, bytes: line.len() as u64 };
    let name = |number: u8| format!("audit.{number}.jsonl");
    // An empty file behind it says nothing.
    let behind_it = report(&[(name(0), log.files[0].clone()), (name(1), Vec::new())], &log);
    assert_eq!(found(&behind_it), [("audit.0.jsonl", 3, &end)]);
    // In a file of its own, without a beginning.
    let of_its_own = report(&[(name(0), signed), (name(1), line)], &log);
    assert_eq!(found(&of_its_own), [("audit.1.jsonl", 1, &end)]);
    assert_eq!((of_its_own.verdict, of_its_own.lines, chain.next()), (Verdict::Incomplete, 2, 2));
}

#[test]
fn a_log_that_ends_with_a_hand_off_lacks_nothing() {
    let mut log = Log::new("hand-off last");
    log.event("alice");
    log.hand_off();
    let whole = verify_with_copies(&log.files(), Some(&log.copies), &pinned(log.pin()));
    assert_eq!((found(&whole), whole.verdict), (vec![], Verdict::Intact));
    log.files[0] = lines(&log.files[0])[..2].concat();
    let cut = verify_with_copies(&log.files(), Some(&log.copies), &pinned(log.pin()));
    assert_eq!(found(&cut), [("", 0, &FindingKind::EndMissing { known: 2 })]);
}

#[test]
fn an_expected_line_that_is_missing_within_the_log_is_not_found() {
    let mut log = Log::new("expected within");
    for actor in ["alice", "bob", "carol"] {
        log.event(actor);
    }
    let mut rows = lines(log.file());
    let hash = Hash::of_line(rows.remove(2).trim_ascii_end());
    log.files[0] = rows.concat();
    let expect_head = Some(ExpectedHead { seq: Some(2), hash });
    let report = verify(&log.files(), &Options { expect_head, ..pinned(log.pin()) });
    let not_found = FindingKind::HeadNotFound { expected: hash };
    assert!(found(&report).contains(&("", 0, &not_found)), "{:?}", report.findings);
}

#[test]
fn a_first_file_that_is_no_log_any_more_is_tampering() {
    let log = Log::of_three_files("no first file");
    for instead in [&b"gone\n"[..], b"{\"fields\":{},\n", b"\n"] {
        let mut files = log.files();
        files[0].1 = instead.to_vec();
        let report = report(&files, &log);
        assert_eq!(report.verdict, Verdict::Tampered, "{:?}", report.findings);
        assert_eq!(found(&report)[0].0, "audit.0.jsonl");
    }
}

#[test]
fn a_first_genesis_is_line_0() {
    let mut log = Log::new("line 5");
    log.chain = Chain::after(log.pin().id(), 5, Hash::ZERO);
    log.files = vec![Vec::new()];
    log.genesis(None);
    log.close(Ended::Shutdown);
    let report = report(&log.files(), &log);
    assert_eq!(report.verdict, Verdict::Tampered, "{:?}", report.findings);
}

#[test]
fn a_genesis_behind_a_lost_one_begins_no_log() {
    let mut log = Log::new("second genesis");
    log.event("alice");
    log.genesis(None);
    log.close(Ended::Shutdown);
    let mut rows = lines(log.file());
    rows.remove(0);
    let report = report(&[("audit.0.jsonl".into(), rows.concat())], &log);
    assert_eq!(report.verdict, Verdict::Tampered, "{:?}", report.findings);
}

#[test]
fn the_next_file_is_counted_on_over_files_that_do_not_say_their_number() {
    for damaged in [&[][..], &[1], &[1, 2], &[2]] {
        let mut log = Log::new("counted on");
        (0..2).for_each(|_| log.rotate());
        log.event("alice");
        log.close(Ended::Rotated);
        for file in damaged {
            log.files[*file][5] ^= 1;
        }
        let report = report(&log.files(), &log);
        let missing = FindingKind::NextFileMissing { file: 3 };
        assert!(found(&report).contains(&("", 0, &missing)), "{damaged:?}: {:?}", report.findings);
    }
}

#[test]
fn what_was_expected_of_the_end_is_said_to_the_line() {
    let mut log = Log::new("expected");
    log.event("alice");
    log.event("bob");
    let head = log.chain.head();
    let expecting = |seq, hash| {
        verify(&log.files(), &Options { expect_head: Some(ExpectedHead { seq, hash }), ..pinned(log.pin()) })
    };
    assert_eq!(found(&expecting(Some(2), head)), []);
    assert_eq!(found(&expecting(None, head)), []);
    let other = Hash::ZERO;
    let differs = FindingKind::HeadDiffers { expected: other, found: head };
    assert_eq!(found(&expecting(Some(2), other)), [("audit.0.jsonl", 3, &differs)]);
    let behind = FindingKind::HeadBehind { expected: 3, last: Some(2) };
    assert_eq!(found(&expecting(Some(3), other)), [("", 0, &behind)]);
    assert_eq!(found(&expecting(None, other)), [("", 0, &FindingKind::HeadNotFound { expected: other })]);
}

#[test]
fn a_silence_is_as_long_as_it_may_be_and_no_longer() {
    let mut log = Log::new("silent");
    log.event("alice");
    let last = 1_795_293_660_000_000_000 + log.clock * 1_000_000;
    for (late, silent) in [(0, false), (1, true)] {
        let limit = Duration::from_secs(60);
        let options = Options { max_silence: Some(limit), ..pinned(log.pin()) };
        let mut verifier = Verifier::new(log.pin().id(), &options);
        verifier.begin_file("audit.0.jsonl");
        verifier.bytes(&log.files[0]);
        verifier.end_file();
        let report = verifier.finish(Timestamp::from_nanos(last + 60_000_000_000 + late));
        let is = |kind: &FindingKind| matches!(kind, FindingKind::Silent { .. });
        assert_eq!(report.findings.iter().any(|finding| is(&finding.kind)), silent);
    }
}

#[test]
fn a_clock_may_go_back_by_as_much_as_records_overtake_each_other() {
    for (back, noticed) in [(10_000, false), (10_001, true)] {
        let mut log = Log::new("clock");
        log.clock = 20_000;
        log.event("alice");
        log.clock -= back + 1;
        log.event("bob");
        log.close(Ended::Shutdown);
        let report = report(&log.files(), &log);
        let is = |kind: &NoticeKind| matches!(kind, NoticeKind::ClockBack { .. });
        let at = report.notices.iter().find(|notice| is(&notice.kind)).and_then(|notice| notice.seq);
        assert_eq!((report.verdict, at), (Verdict::Intact, noticed.then_some(2)), "{:?}", report.notices);
    }
}

#[test]
fn a_whole_line_with_junk_for_its_newline_was_not_torn_by_any_write() {
    let mut log = Log::new("junk at the end");
    log.event("alice");
    log.event("bob");
    log.file().pop();
    for (junk, verdict) in
        [(&b"junk"[..], Verdict::Tampered), (b"\0\0j", Verdict::Tampered), (&[0; 9], Verdict::Incomplete)]
    {
        let files = [("audit.0.jsonl".to_owned(), [&log.files[0][..], junk].concat())];
        let report = report(&files, &log);
        assert_eq!((report.verdict, report.lines), (verdict, 2), "{junk:?}: {:?}", report.findings);
        assert_eq!(found(&report)[0].1, 3);
    }
}

#[test]
fn what_stands_within_an_overlong_line_is_no_line() {
    let mut log = Log::new("overlong");
    log.event("alice");
    let before = log.file().len();
    log.event("mallory");
    let hidden = log.file()[before..].to_vec();
    for every_signature in [false, true] {
        let mut verifier = Verifier::new(log.pin().id(), &Options { every_signature, ..pinned(log.pin()) });
        verifier.begin_file("audit.0.jsonl");
        verifier.bytes(&log.files[0][..before]);
        verifier.bytes(&vec![b'x'; 70_000]);
        // In a piece of its own.
        verifier.bytes(&hidden);
        verifier.end_file();
        let report = verifier.finish(Timestamp::from_nanos(1_795_300_000_000_000_000));
        assert_eq!((report.verdict, report.lines), (Verdict::Tampered, 2), "{:?}", report.findings);
    }
}
