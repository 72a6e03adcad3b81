//! Which keys are proved, and what they prove.

use std::time::Duration;

use super::*;
use crate::verify::{ExpectedHead, NoticeKind};

fn two_epochs() -> Log {
    Log::new(1).events(9, 3).hand_over().events(9, 3).hand_over().events(9, 3)
}

fn pinned(log: &Log) -> Options {
    Options { keys: vec![log.pin()], ..Options::default() }
}

/// The first genesis and the hand-offs: what `<prefix>.keys` has.
fn copies(log: &Log) -> String {
    let lines = log.lines.iter().filter(|line| line.contains("\"genesis\"") || line.contains("\"handoff\""));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn a_window_out_of_the_middle_verifies_with_the_pin_and_the_hand_offs() {
    let log = two_epochs();
    let window = log.lines[13..=17].join("\n");
    let report = &with_copies(&log, &[&window], &[&copies(&log)]).logs[0];
    assert_eq!(report.verdict, Verdict::Incomplete, "it ends behind its last signature");
    let window = log.lines[13..=16].join("\n");
    let report = &with_copies(&log, &[&window], &[&copies(&log)]).logs[0];
    assert_eq!((report.verdict, report.missing.lines), (Verdict::Intact, 0), "{report:?}");
    assert_eq!(ranges(&report.proved), [(0, 0), (10, 10), (13, 16), (20, 20)]);
    assert_eq!(report.doubles, 0);
    let notices: Vec<_> = report.notices.iter().map(|notice| &notice.kind).collect();
    assert_eq!(notices, [&NoticeKind::Window { first: 13 }, &NoticeKind::LaterKnown { line: 20 }]);
}

#[test]
fn what_is_left_of_a_log_are_no_copies_unless_the_caller_says_so() {
    let log = two_epochs();
    // Somebody deleted all records, and left the lines that name keys.
    let report = &verify(&[&copies(&log)], &[log.pin()]).logs[0];
    assert_eq!((report.verdict, ranges(&report.missing)), (Verdict::Incomplete, vec![(1, 9), (11, 19)]));
    assert_eq!(ranges(&report.proved), [(0, 0), (10, 10), (20, 20)]);
    // The same as copies prove keys, and are nothing that was given.
    let report = with_copies(&log, &[], &[&copies(&log)]);
    assert_eq!((report.verdict, report.logs.len(), report.copies), (Verdict::Incomplete, 0, 3));
    let missing = FindingKind::LogMissing { log: log.pin().id() };
    assert_eq!(
        report.findings.iter().map(|f| &f.kind).collect::<Vec<_>>(),
        [&FindingKind::Nothing, &missing]
    );
}

#[test]
fn a_hand_off_that_is_deleted_and_known_from_copies_is_proved_and_not_missing() {
    let log = two_epochs();
    let report = &with_copies(&log, &[&log.clone().without(10..=10).text()], &[&copies(&log)]).logs[0];
    is_whole(report, 30);
    // A record that is deleted is missing, whatever the copies have.
    let report = &with_copies(&log, &[&log.clone().without(9..=10).text()], &[&copies(&log)]).logs[0];
    assert_eq!((report.verdict, ranges(&report.missing)), (Verdict::Incomplete, vec![(9, 9)]));
}

#[test]
fn a_copy_is_no_end_of_what_was_given() {
    use FindingKind::{HeadBehind, HeadNotFound, Silent};
    let log = two_epochs();
    let window = log.lines[..=13].join("\n");
    let signed = log.lines[..=19].join("\n");
    let verify = |given: &str, expect_head, max_silence| {
        let options = Options { expect_head, max_silence, ..pinned(&log) };
        let mut report = verify_all(&[given], &[&copies(&log)], &options);
        report.logs.remove(0)
    };
    let head = |seq: usize| ExpectedHead { seq: Some(seq as u64), hash: log.hash(seq) };
    let report = verify(&window, None, None);
    assert_eq!((report.verdict, report.head.unwrap().seq), (Verdict::Intact, 13));
    assert_eq!(verify(&window, Some(head(13)), None).verdict, Verdict::Intact);
    let report = verify(&window, Some(head(20)), None);
    assert_eq!(found(&report), [(None, &HeadBehind { expected: 20, last: Some(13) })]);
    let any = ExpectedHead { seq: None, ..head(20) };
    let report = verify(&window, Some(any), None);
    assert_eq!(found(&report), [(None, &HeadNotFound { expected: log.hash(20) })]);
    // The copy follows the last line, whose signature is one that need not be checked.
    let report = verify(&signed, None, None);
    assert_eq!((report.verdict, report.head.unwrap().seq), (Verdict::Intact, 19));
    assert_eq!(report.head.unwrap().hash, log.hash(19));
    let silence = verify(&signed, None, Some(Duration::ZERO));
    assert!(matches!(found(&silence)[..], [(None, Silent { .. })]), "{silence:?}");
    assert_eq!(silence.findings, verify(&log.lines[..=19].join("\n"), None, Some(Duration::ZERO)).findings);
    // What came as a copy too was given, whichever came first.
    let mut verifier = Verifier::new(&Options { expect_head: Some(head(20)), ..pinned(&log) });
    verifier.read_copies("keys", copies(&log).as_bytes()).unwrap();
    verifier.read("store", log.lines[..=20].join("\n").as_bytes()).unwrap();
    let report = verifier.finish(Timestamp::from_nanos(0)).unwrap();
    assert_eq!((report.verdict, report.logs[0].head.unwrap().seq), (Verdict::Intact, 20));
}

#[test]
fn copies_of_several_logs_in_one_stream_prove_the_keys_of_those_that_are_given() {
    let (one, other) = (two_epochs(), Log::new(2).events(3, 1).hand_over().events(3, 1));
    let both = copies(&other) + &copies(&one);
    let window = one.lines[11..=16].join("\n");
    let report = with_copies(&one, &[&window], &[&both]);
    assert_eq!((report.verdict, report.logs.len(), report.copies), (Verdict::Intact, 1, 5), "{report:?}");
    assert_eq!(ranges(&report.logs[0].proved), [(0, 0), (10, 16), (20, 20)]);
}

#[test]
fn sparse_lines_are_proved_each_by_itself_and_none_is_missed() {
    let log = two_epochs();
    let sparse = |text: &str, copies: &[&str]| {
        let options = Options { keys: vec![log.pin()], sparse: true, ..Options::default() };
        let report = verify_all(&[text], copies, &options);
        assert!(report.sparse);
        report
    };
    // As a query gives it: the hand-offs, and the newest signature.
    let signed = [0, 10, 20, 29].map(|seq| log.lines[seq].as_str()).join("\n");
    let report = sparse(&signed, &[]);
    assert_eq!((report.verdict, report.logs[0].missing.lines), (Verdict::Intact, 0), "{report:?}");
    assert_eq!(ranges(&report.logs[0].proved), [(0, 0), (10, 10), (20, 20), (29, 29)]);
    assert_eq!(verify(&[&signed], &[log.pin()]).verdict, Verdict::Incomplete);
    // A line without a signature is proved where a signed one chains from it, and else it is not.
    let report = sparse(&[1, 15, 16, 29].map(|seq| log.lines[seq].as_str()).join("\n"), &[&copies(&log)]);
    assert_eq!(ranges(&report.logs[0].unproved), [(1, 1)]);
    assert_eq!(ranges(&report.logs[0].proved), [(0, 0), (10, 10), (15, 16), (20, 20), (29, 29)]);
    assert_eq!(found(&report.logs[0]), [(None, &FindingKind::Unproved { from: 1, to: 1 })]);
    // Links that can be checked are.
    let altered = [
        log.lines[13].clone(),
        log.lines[14].replace("INFO", "WARN"),
        log.lines[15].clone(),
        log.lines[16].clone(),
    ];
    let report = sparse(&altered.join("\n"), &[&copies(&log)]);
    assert_eq!((report.verdict, report.logs[0].findings[0].seq), (Verdict::Tampered, Some(14)));
}

#[test]
fn a_head_from_the_future_hides_no_silence() {
    let log = two_epochs();
    let ask = |now| {
        let options = Options {
            keys: vec![log.pin()],
            max_silence: Some(std::time::Duration::from_secs(600)),
            ..Options::default()
        };
        let mut verifier = Verifier::new(&options);
        verifier.read("0", log.text().as_bytes()).unwrap();
        verifier.finish(Timestamp::from_nanos(now)).unwrap().logs.remove(0)
    };
    let last = log.verify().head.unwrap().time;
    is_whole(&ask(last.as_nanos() - 60_000_000_000), 30);
    let now = last.as_nanos() - 60_000_000_001;
    let report = ask(now);
    assert_eq!(report.verdict, Verdict::Incomplete);
    let now = Timestamp::from_nanos(now);
    assert_eq!(found(&report), [(None, &FindingKind::FromTheFuture { last, now })]);
}

#[test]
fn a_missing_hand_off_is_named_and_what_comes_after_it_is_not_proved() {
    let report = two_epochs().without(10..=10).verify();
    assert_eq!(report.verdict, Verdict::Incomplete);
    let (first, second) = (key(1, 0).id(), key(1, 1).id());
    let missing = FindingKind::HandOffMissing { epoch: 0, key: first, found: second };
    assert!(found(&report).contains(&(Some(13), &missing)), "{report:?}");
    assert_eq!(ranges(&report.proved), [(0, 9)]);
    assert_eq!(ranges(&report.unproved), [(11, 29)]);
}

#[test]
fn the_old_key_signs_nothing_after_its_hand_off() {
    let log = Log::new(1).events(3, 1).hand_over();
    let mut thief = log.clone();
    thief.key = (1, 0);
    let forged = thief.events(3, 1);
    let report = forged.verify();
    assert_eq!(report.verdict, Verdict::Tampered);
    let wrong = FindingKind::AfterHandOff { key: key(1, 0).id(), epoch: 0, handed_over: 4 };
    assert_eq!(found(&report)[0], (Some(5), &wrong), "{report:?}");
    // Behind a hole, too.
    let report = forged.without(5..=5).verify();
    assert!(found(&report).contains(&(Some(6), &wrong)), "{report:?}");
}

#[test]
fn without_the_right_pin_no_log_is_intact() {
    let log = two_epochs();
    let report = verify(&[&log.text()], &[]);
    let one = &report.logs[0];
    assert_eq!((report.verdict, one.proved.lines, one.agree), (Verdict::Incomplete, 0, 30), "{one:?}");
    assert_eq!((ranges(&one.unproved), one.head, one.keys, one.pinned), (vec![(0, 29)], None, 0, false));
    let report = verify(&[&log.text()], &[key(2, 0).public()]);
    assert_eq!(report.verdict, Verdict::Tampered);
    assert_eq!(report.findings[0].kind, FindingKind::LogMissing { log: key(2, 0).id() });
    assert_eq!((report.logs[0].proved.lines, report.logs[0].agree), (0, 30));
    assert_eq!(verify(&[""], &[]).findings[0].kind, FindingKind::Nothing);
}

#[test]
fn the_head_and_the_silence_that_were_asked_for_are_looked_at() {
    let log = two_epochs();
    let head = log.verify().head.unwrap();
    let ask = |text: &str, expect_head: &str, max_silence| {
        let expect_head = Some(expect_head.parse().unwrap());
        let options = Options { keys: vec![log.pin()], expect_head, max_silence, ..Options::default() };
        verify_with(&[text], &options).logs.remove(0)
    };
    let text = log.text();
    is_whole(&ask(&text, &head.hash.to_string(), None), 30);
    is_whole(&ask(&text, &format!("29:{}", head.hash), None), 30);
    let kind = |report: LogReport| report.findings[0].kind.clone();
    assert!(matches!(kind(ask(&text, &format!("28:{}", head.hash), None)), FindingKind::HeadDiffers { .. }));
    let cut = log.lines[..29].join("\n");
    let behind = ask(&cut, &format!("29:{}", head.hash), None);
    assert!(behind.findings.iter().any(|f| matches!(f.kind, FindingKind::HeadBehind { expected: 29, .. })));
    let silent = ask(&text, &head.hash.to_string(), Some(std::time::Duration::from_secs(1)));
    assert!(matches!(kind(silent), FindingKind::Silent { closed: false, .. }));
}
