//! Which keys are proved, and what they prove.

use super::*;

fn two_epochs() -> Log {
    Log::new(1).events(9, 3).hand_over().events(9, 3).hand_over().events(9, 3)
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
    let report = &verify(&[&window, &copies(&log)], &[log.pin()]).logs[0];
    assert_eq!(report.verdict, Verdict::Incomplete, "it ends behind its last signature");
    let window = log.lines[13..=16].join("\n");
    let report = &verify(&[&window, &copies(&log)], &[log.pin()]).logs[0];
    assert_eq!((report.verdict, report.missing.lines), (Verdict::Intact, 0), "{report:?}");
    assert_eq!(ranges(&report.proved), [(0, 0), (10, 10), (13, 16), (20, 20)]);
    assert_eq!(report.doubles, 0);
}

#[test]
fn hand_offs_alone_verify() {
    let log = two_epochs();
    let report = &verify(&[&copies(&log)], &[log.pin()]).logs[0];
    assert_eq!(
        (report.verdict, report.proved.lines, report.epoch),
        (Verdict::Intact, 3, Some(2)),
        "{report:?}"
    );
    let forged = copies(&log).replace("interval", "whatever");
    assert_eq!(verify(&[&forged], &[log.pin()]).verdict, Verdict::Tampered);
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
    thief.epoch = 0;
    let forged = thief.events(3, 1);
    let report = forged.verify();
    assert_eq!(report.verdict, Verdict::Tampered);
    let wrong = FindingKind::WrongKey { expected: key(1, 1).id(), found: key(1, 0).id() };
    assert_eq!(found(&report)[0], (Some(5), &wrong), "{report:?}");
    // Behind a hole, too.
    let report = forged.without(5..=5).verify();
    assert!(found(&report).contains(&(Some(6), &wrong)), "{report:?}");
}

#[test]
fn without_the_right_pin_no_log_is_intact() {
    let log = two_epochs();
    let report = verify(&[&log.text()], &[]);
    assert_eq!((report.verdict, report.logs[0].proved.lines), (Verdict::Incomplete, 30));
    let report = verify(&[&log.text()], &[key(2, 0).public()]);
    assert_eq!(report.verdict, Verdict::Tampered);
    assert_eq!(report.findings[0].kind, FindingKind::LogMissing { log: key(2, 0).id() });
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
    assert!(matches!(kind(silent), FindingKind::Silent { .. }));
}
