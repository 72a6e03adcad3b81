//! Lines that are missing, altered, doubled, added.

use super::*;
use crate::verify::NoticeKind;

#[test]
fn a_whole_log_is_proved_with_few_signatures() {
    let log = Log::new(1).events(1_000, 1).hand_over().events(20, 7);
    let report = log.verify();
    is_whole(&report, 1_022);
    assert_eq!(report.head.map(|head| head.seq), Some(1_021));
    assert_eq!((report.keys, report.epoch, report.origin.as_deref()), (2, Some(1), Some("log 1")));
    assert!(report.signatures_checked < 10, "{}", report.signatures_checked);
    let every = Options { keys: vec![log.pin()], every_signature: true, ..Options::default() };
    assert_eq!(verify_with(&[&log.text()], &every).logs[0].signatures_checked, 1_000 + 2 + 3);
}

#[test]
fn any_altered_line_is_named_and_no_other() {
    let log = Log::new(1).events(9, 3).hand_over().events(9, 3);
    let last = log.lines.len() - 1;
    for seq in 0..=last {
        for (from, to) in [("INFO", "WARN"), ("\"prev\":\"", "\"prev\":\"0"), ("target", "Target")] {
            // A digit more in front is one less at the end.
            let altered = log.clone().with(seq, |line| match to {
                "\"prev\":\"0" => {
                    let at = line.find(from).unwrap() + from.len();
                    let flipped = if &line[at..=at] == "0" { "1" } else { "0" };
                    format!("{}{flipped}{}", &line[..at], &line[at + 1..])
                }
                _ => line.replace(from, to),
            });
            let report = altered.verify();
            let text = format!("line {seq}, {to}: {:?}", report.findings);
            assert_eq!(report.verdict, Verdict::Tampered, "{text}");
            let tampered = report.findings.iter().filter(|f| f.kind.verdict() == Verdict::Tampered);
            let named: Vec<_> =
                tampered.map(|finding| (finding.seq, finding.at.as_ref().unwrap().line)).collect();
            assert_eq!(named, [(Some(seq as u64), seq as u64 + 1)], "{text}");
            assert!(
                report.unproved.listed.iter().any(|range| (range.from..=range.to).contains(&(seq as u64)))
            );
        }
    }
}

#[test]
fn an_altered_line_leaves_proved_what_signatures_prove_on_both_sides() {
    let report = Log::new(1).events(12, 4).with(7, |line| line.replace("INFO", "WARN")).verify();
    assert_eq!(ranges(&report.proved), [(0, 4), (8, 12)]);
    assert_eq!(ranges(&report.unproved), [(5, 7)]);
    let FindingKind::Altered { expected, found } = &report.findings[0].kind else { panic!("{report:?}") };
    assert_ne!(expected, found);
}

#[test]
fn missing_lines_are_named_and_what_is_signed_behind_them_is_proved() {
    let report = Log::new(1).events(12, 4).without(6..=9).verify();
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert_eq!(found(&report), [(None, &FindingKind::NotGiven { from: 6, to: 9 })]);
    assert_eq!(ranges(&report.missing), [(6, 9)]);
    assert_eq!(ranges(&report.proved), [(0, 4), (10, 12)]);
    assert_eq!(ranges(&report.unproved), [(5, 5)]);
}

#[test]
fn a_signed_line_needs_no_neighbours_and_an_unsigned_one_a_chain() {
    let log = Log::new(1).events(12, 4);
    let text = [0, 3, 8, 10].map(|seq| log.lines[seq].as_str()).join("\n");
    let report = &verify(&[&text], &[log.pin()]).logs[0];
    assert_eq!(ranges(&report.proved), [(0, 0), (8, 8)]);
    assert_eq!(ranges(&report.unproved), [(3, 3), (10, 10)]);
    assert_eq!(ranges(&report.missing), [(1, 2), (4, 7), (9, 9)]);
    assert_eq!(report.verdict, Verdict::Incomplete);
}

#[test]
fn the_end_behind_the_last_signature_is_not_proved() {
    let report = Log::new(1).events(12, 5).without(12..=12).verify();
    assert_eq!(found(&report), [(None, &FindingKind::Unproved { from: 11, to: 11 })]);
    assert_eq!((report.verdict, report.head.map(|head| head.seq)), (Verdict::Incomplete, Some(10)));
}

#[test]
fn the_unproved_end_is_named_however_much_is_not_proved_before_it() {
    let log = Log::new(1).events(4_001, 2);
    // Only lines without a signature, but for the first: none proves any other.
    let lines: Vec<_> = log.lines.iter().enumerate().filter(|(at, _)| at % 2 == 1 || *at == 0).collect();
    let text =
        lines[..lines.len() - 1].iter().map(|(_, line)| format!("{line}\n")).collect::<Vec<_>>().concat();
    let options = Options { keys: vec![log.pin()], sparse: true, ..Options::default() };
    let report = &verify_with(&[&text], &options).logs[0];
    assert!(report.unproved.more > 0, "{:?}", report.unproved.lines);
    assert_eq!(found(report), [(None, &FindingKind::Unproved { from: 3_999, to: 3_999 })]);
}

#[test]
fn doubles_that_agree_are_counted_and_one_that_does_not_is_altered() {
    let log = Log::new(1).events(12, 4);
    let twice = log.text() + &log.text() + &log.lines[3];
    let report = &verify(&[&twice], &[log.pin()]).logs[0];
    is_whole(report, 13);
    assert_eq!(report.doubles, 14);

    for altered in ["INFO", "\"count\":3"] {
        let with = twice.clone()
            + "\n"
            + &log.lines[3]
                .replace(altered, &altered.replace(['I', '3'], "W"))
                .replace(":W", ":9")
                .replace("WNFO", "WARN");
        let report = &verify(&[&with], &[log.pin()]).logs[0];
        assert_eq!(ranges(&report.proved), [(0, 12)]);
        assert_eq!(report.verdict, Verdict::Tampered);
        let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
        assert!(matches!(finding.kind, FindingKind::Altered { .. }), "{finding:?}");
        assert_eq!((finding.seq, finding.at.as_ref().unwrap().line), (Some(3), 28));
    }
}

#[test]
fn two_different_lines_that_nothing_proves_are_a_conflict() {
    let log = Log::new(1).events(4, 4).event("\"a\":1", false);
    let other = log.lines[5].replace("\"a\":1", "\"a\":2");
    let report = &verify(&[&log.text(), &other], &[log.pin()]).logs[0];
    assert!(
        report.findings.iter().any(|finding| finding.kind == FindingKind::Conflict { lines: 2 }),
        "{report:?}"
    );
    assert_eq!(report.verdict, Verdict::Tampered);
}

#[test]
fn two_branches_of_copied_keys_are_forked() {
    let log = Log::new(1).events(5, 5);
    let (one, other) = (log.clone().events(6, 2).hand_over().events(3, 1), log.clone().resume().events(9, 3));
    let report = &verify(&[&one.text(), &other.text()], &[log.pin()]).logs[0];
    assert_eq!(report.verdict, Verdict::Forked, "{report:?}");
    assert_eq!(report.verdict.exit_code(), 3);
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!((finding.seq, &finding.kind), (Some(6), &FindingKind::Forked { branches: 2, crash: true }));
    assert_eq!(ranges(&report.proved), [(0, 15)]);
}

#[test]
fn branches_that_go_on_behind_a_hole_are_still_those_of_one_fork() {
    let log = Log::new(1).events(5, 5);
    let one = log.clone().events(16, 1).without(11..=13);
    let other = log.clone().resume().events(15, 1).without(10..=12);
    let report = &verify(&[&one.text(), &other.text()], &[log.pin()]).logs[0];
    let forks: Vec<_> = report.findings.iter().filter(|f| f.kind.verdict() == Verdict::Forked).collect();
    assert_eq!((report.verdict, forks.len(), forks[0].seq), (Verdict::Forked, 1, Some(6)), "{report:?}");
}

#[test]
fn two_branches_none_of_which_begins_after_a_crash_are_tampered() {
    let log = Log::new(1).events(5, 5);
    let (one, other) = (log.clone().events(6, 2), log.clone().event("\"forged\":true", true));
    let report = &verify(&[&one.text(), &other.text()], &[log.pin()]).logs[0];
    assert_eq!(report.verdict, Verdict::Tampered, "{report:?}");
    assert!(found(report).contains(&(Some(6), &FindingKind::Forked { branches: 2, crash: false })));
}

#[test]
fn with_all_signatures_stripped_nothing_is_proved() {
    let mut log = Log::new(1).events(6, 2);
    let pin = log.pin();
    for line in &mut log.lines {
        let Some(at) = line.find(",\"sig\":") else { continue };
        line.truncate(at);
        line.push_str("}}");
        *line = line.replace(&format!("\"key\":\"{}\",", pin.id()), "");
    }
    let report = log.verify();
    assert_eq!((report.verdict, report.proved.lines, report.head), (Verdict::Tampered, 0, None));
}

#[test]
fn a_flood_of_forged_lines_hides_nothing() {
    let log = Log::new(1).events(12, 4);
    let forged = (0..2_000)
        .map(|n| log.lines[6].replace("INFO", "WARN").replace("\"count\":6", &format!("\"count\":{n}")));
    let forged = forged.collect::<Vec<_>>().join("\n");
    let report = &verify(&[&log.text(), &forged], &[log.pin()]).logs[0];
    assert_eq!(report.verdict, Verdict::Tampered);
    assert!(
        report.findings.iter().all(|finding| finding.seq == Some(6) || finding.seq.is_none()),
        "{:?}",
        report.findings
    );
}

#[test]
fn a_torn_piece_takes_nothing_of_the_line_behind_it() {
    let odd = r#""number":1,"odd":"}{\"fields\":{}}""#;
    let log = Log::new(1).events(1, 1).event(odd, true).events(2, 1);
    let lines = &log.lines;
    for cut in 1..lines[2].len() {
        let torn = format!(
            "{}\n{}\n{}{}\n{}\n{}\n",
            lines[0],
            lines[1],
            &lines[2][..cut],
            lines[2],
            lines[3],
            lines[4]
        );
        let report = verify(&[&torn], &[log.pin()]);
        assert_eq!(report.logs[0].proved.lines, 5, "{torn}");
        is_whole(&report.logs[0], 5);
    }
}

#[test]
fn a_frame_that_was_torn_takes_no_other_with_it() {
    let log = Log::new(1).events(4, 1);
    let frame = |line: &String| {
        let message = format!("<13>1 2026-11-22T00:00:00Z host app - - - {line}");
        format!("{} {message}", message.len())
    };
    let (before, after): (String, String) =
        (log.lines[..2].iter().map(frame).collect(), log.lines[2..].iter().map(frame).collect());
    let torn = frame(&log.lines[2]);
    for cut in 0..=torn.len() {
        let stream = format!("{before}{}{after}", &torn[..cut]);
        let report = &verify(&[&stream], &[log.pin()]).logs[0];
        assert_eq!(ranges(&report.proved), [(0, 4)], "{cut}: {stream}");
    }
}

#[test]
fn whole_lines_that_a_crash_left_unsigned_are_torn_and_not_altered() {
    use crate::trail::Torn;
    let resume = |torn| Control::Resume(Resume { torn, ..Resume::new(Ended::Crash, writer()) });
    for before in [Log::new(1).events(4, 2), Log::new(1).events(4, 2).hand_over()] {
        let left = before.clone().events(4, 9);
        let left = left.lines[before.lines.len()..left.lines.len() - 1].join("\n");
        let torn = |bytes: usize| Some(Torn { bytes: bytes as u64, sha256: Hash::ZERO });
        // One of them stands before a hand-off.
        for events in 0..3 {
            let mut over = before.clone();
            over.control(&resume(torn(left.len())));
            let over = over.events(events, 1).hand_over().events(3, 1);
            let report = verify(&[&format!("{left}\n{}", over.text())], &[over.pin()]);
            is_whole(&report.logs[0], over.lines.len() as u64);
        }
        let verify = |torn| {
            let mut log = before.clone();
            log.control(&resume(torn));
            let log = log.events(4, 2);
            let lines = log.lines.len() as u64;
            (verify(&[&format!("{left}\n{}", log.text())], &[log.pin()]).logs.remove(0), lines)
        };
        let (report, lines) = verify(torn(left.len()));
        is_whole(&report, lines);
        let notices: Vec<_> = report.notices.iter().map(|notice| (notice.seq, &notice.kind)).collect();
        assert_eq!(notices, [(Some(before.lines.len() as u64), &NoticeKind::TornLine)]);
        // Where nothing torn is attested, or less, nobody wrote them.
        for less in [None, torn(left.len() - 1)] {
            let (report, _) = verify(less);
            assert_eq!(report.verdict, Verdict::Tampered);
            let altered = |(_, kind): &(_, &FindingKind)| matches!(kind, FindingKind::Altered { .. });
            assert!(found(&report).iter().all(altered), "{report:?}");
        }
    }
}
