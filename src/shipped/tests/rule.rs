//! A signature by the key of an epoch proves only numbers after the hand-off to it, up to the one from it.

use super::*;

/// Lines 0 to 4 of epoch 0, 5 to 9 of epoch 1, 10 to 14 of epoch 2.
fn three_epochs() -> Log {
    Log::new(1).events(3, 1).hand_over().events(4, 1).hand_over().events(5, 1)
}

fn copies(log: &Log) -> String {
    [0, 4, 9].map(|seq| log.lines[seq].clone() + "\n").concat()
}

fn kinds(log: &LogReport) -> Vec<&FindingKind> {
    log.findings.iter().map(|finding| &finding.kind).collect()
}

/// Lines that somebody adds with this key, after this line.
fn forged(log: &Log, key: (u8, u64), seq: u64, prev: Hash, count: u64) -> Log {
    log.clone().fresh().with_key(key, 0).at(seq, prev).events(count, 1)
}

#[test]
fn the_latest_key_rewrites_nothing_that_stands_before_its_hand_off() {
    let log = three_epochs();
    // All is gone but the copies, and what the thief of the latest key makes of it.
    for (seq, prev) in [(1, log.hash(0)), (1, Hash::ZERO), (5, log.hash(4)), (6, Hash::of_line(b"x"))] {
        let forged = forged(&log, (1, 2), seq, prev, 3);
        for sparse in [false, true] {
            let options = Options { keys: vec![log.pin()], sparse, ..Options::default() };
            let report = &verify_all(&[&forged.text()], &[&copies(&log)], &options).logs[0];
            assert_eq!(report.verdict, Verdict::Tampered, "{report:?}");
            assert_eq!(ranges(&report.proved), [(0, 0), (4, 4), (9, 9)]);
            let before = FindingKind::BeforeHandOff { key: key(1, 2).id(), epoch: 2, handed_over: 9 };
            let link = matches!(kinds(report)[0], FindingKind::Link { .. } | FindingKind::Altered { .. });
            assert!(link || kinds(report).contains(&&before), "{report:?}");
        }
    }
}

#[test]
fn an_old_key_is_over_at_its_hand_off_wherever_that_is_known_from() {
    let log = three_epochs();
    // The thief of the first key writes the log again as one epoch.
    let forged = forged(&log, (1, 0), 1, log.hash(0), 12);
    let lines = format!("{}\n{}", log.lines[0], forged.text());
    let report = &with_copies(&log, &[&lines], &[&copies(&log)]).logs[0];
    assert_eq!((report.verdict, ranges(&report.proved)), (Verdict::Tampered, vec![(0, 2), (4, 4), (9, 9)]));
    // Nothing of it contradicts a signature where no copy is known; then it is the log, as far as anybody can see.
    is_whole(&verify(&[&lines], &[log.pin()]).logs[0], 13);
}

#[test]
fn at_the_number_of_a_hand_off_no_other_line_is_proved_nor_what_chains_through_it() {
    let log = three_epochs();
    let forged = forged(&log, (1, 1), 9, log.hash(8), 4);
    for copied in [true, false] {
        let given = if copied { log.clone().without(9..=14) } else { log.clone() };
        let report = &with_copies(
            &log,
            &[&given.text(), &forged.text()],
            &[copies(&log).as_str()][..usize::from(copied)],
        )
        .logs[0];
        assert_eq!(report.verdict, Verdict::Tampered);
        let expected = FindingKind::NotTheHandOff { epoch: 2, expected: log.hash(9), found: forged.hash(0) };
        let altered = FindingKind::Altered { expected: log.hash(9), found: forged.hash(0) };
        assert!(
            report.findings.iter().any(|f| f.seq == Some(9) && (f.kind == expected || f.kind == altered)),
            "{report:?}"
        );
        assert_eq!(ranges(&report.proved), [(0, if copied { 9 } else { 14 })]);
    }
}

#[test]
fn at_the_number_of_line_0_no_other_line_is_proved() {
    let log = three_epochs();
    let other = Log { time: 7, ..Log::new(1) }.fresh().at(0, Hash::ZERO);
    let other = other.with_key((1, 2), 2).event("\"a\":1", true).events(2, 1);
    let given = log.clone().without(0..=2);
    let report = &with_copies(&log, &[&other.text(), &given.text()], &[&copies(&log)]).logs[0];
    assert_eq!(
        (report.verdict, ranges(&report.proved)),
        (Verdict::Tampered, vec![(0, 0), (3, 14)]),
        "{report:?}"
    );
    assert!(report.findings.iter().any(|finding| finding.seq == Some(0)), "{report:?}");
    // Signed by the first key itself, it is one of two, of which nobody can say which is the log's.
    let rival = Log { time: 7, ..Log::new(1) };
    let mut rival = rival.fresh().at(0, Hash::ZERO);
    rival.control(&Control::Genesis(Genesis::new(0, "other", (0, key(1, 0).public()), None, writer())));
    let report = &verify(&[&rival.text(), &log.text()], &[log.pin()]).logs[0];
    assert_eq!(report.verdict, Verdict::Tampered);
    assert!(kinds(report).contains(&&FindingKind::TwoHandOffs { epoch: 0 }), "{report:?}");
    assert!(!ranges(&report.proved).iter().any(|(from, _)| *from == 0));
    // A hand-off that names line 0 tells.
    let log = Log::new(1).naming().events(3, 1).hand_over().events(2, 1);
    let report = &verify(&[&rival.text(), &log.text()], &[log.pin()]).logs[0];
    assert_eq!((report.verdict, ranges(&report.proved)), (Verdict::Tampered, vec![(0, 6)]), "{report:?}");
}

#[test]
fn the_neighbours_of_a_hand_off_are_those_that_it_names_and_that_name_it() {
    let log = three_epochs();
    // After it, with another `prev`; before it, other than it says: each signed by the key of its number.
    let after = forged(&log, (1, 1), 5, log.hash(3), 2);
    let report = &with_copies(&log, &[&after.text()], &[&copies(&log)]).logs[0];
    assert_eq!((report.verdict, ranges(&report.proved)), (Verdict::Tampered, vec![(0, 0), (4, 4), (9, 9)]));
    assert!(matches!(kinds(report)[0], FindingKind::Link { .. } | FindingKind::Altered { .. }), "{report:?}");
    let before = forged(&log, (1, 1), 8, log.hash(7), 1);
    let report = &with_copies(&log, &[&before.text()], &[&copies(&log)]).logs[0];
    assert_eq!((report.verdict, ranges(&report.proved)), (Verdict::Tampered, vec![(0, 0), (4, 4), (9, 9)]));
    assert_eq!(report.findings[0].seq, Some(8), "{report:?}");
}

#[test]
fn a_hand_off_that_was_only_re_emitted_counts() {
    let log = three_epochs();
    let spaced = log.lines[4].replacen('{', "{ ", 1).replace("\"epoch\":1", "\"epoch\":\"1\"");
    let forged = forged(&log, (1, 0), 6, Hash::of_line(b"x"), 1);
    let text = [&log.lines[..4], &[spaced], &forged.lines].concat().join("\n");
    let report = &verify(&[&text], &[log.pin()]).logs[0];
    assert_eq!(
        (report.verdict, report.keys, ranges(&report.proved)),
        (Verdict::Tampered, 2, vec![(0, 4)]),
        "{report:?}"
    );
    let over = FindingKind::AfterHandOff { key: key(1, 0).id(), epoch: 0, handed_over: 4 };
    assert!(kinds(report).contains(&&over), "{report:?}");
}

#[test]
fn a_forged_hand_off_of_an_older_epoch_in_copies_proves_no_forged_line() {
    let log = three_epochs();
    // The thief of the first key hands over to a key of his own.
    let own_log =
        log.clone().fresh().with_key((1, 0), 0).at(3, log.hash(2)).hand_over_to((9, 9)).events(4, 1);
    let both = copies(&log) + &own_log.lines[0];
    for stream in [own_log.text(), own_log.text() + &log.text()] {
        let report = &with_copies(&log, &[&stream], &[&both]).logs[0];
        assert_ne!(report.verdict, Verdict::Intact);
        assert!(
            kinds(report).iter().any(|kind| matches!(kind, FindingKind::Disputed { epoch: 1, .. })),
            "{report:?}"
        );
        assert!(report.proved.listed.iter().all(|range| range.to <= 2), "{report:?}");
    }
    // The thief of the latest key can't.
    let forged = log.clone().fresh().with_key((1, 2), 0).at(3, log.hash(2)).hand_over_to((9, 9));
    let report = &with_copies(&log, &[&log.text()], &[&(copies(&log) + &forged.lines[0])]).logs[0];
    assert_eq!((report.verdict, ranges(&report.proved)), (Verdict::Tampered, vec![(0, 14)]));
}

#[test]
fn of_two_hand_offs_to_one_key_the_one_that_its_lines_chain_from_is_the_log() {
    let log = Log::new(1).events(3, 1);
    let one = log.clone().events(2, 1).hand_over();
    // A copy that was taken after the next key was stored.
    let mut copy = log.clone().resume();
    copy.time += 50;
    for more in [0, 1, 4] {
        let other = copy.clone().events(more, 1).hand_over();
        let went_on = one.clone().events(5, 1).hand_over().events(2, 1);
        for streams in [[went_on.text(), other.text()], [other.text(), went_on.text()]] {
            let report = &verify(&[&streams[0], &streams[1]], &[log.pin()]).logs[0];
            assert_eq!(report.verdict, Verdict::Forked, "{more}: {report:?}");
            assert_eq!((ranges(&report.proved), report.keys), (vec![(0, 14)], 3), "{more}: {report:?}");
        }
        // Where both go on, nobody can say which of them is the log.
        let both = other.clone().events(2, 1);
        let report = &verify(&[&went_on.text(), &both.text()], &[log.pin()]).logs[0];
        assert_eq!(report.verdict, Verdict::Forked, "{more}: {report:?}");
        assert_eq!(ranges(&report.proved), [(0, 3)], "{more}: {report:?}");
    }
}

#[test]
fn where_hand_offs_lead_to_different_keys_what_both_follow_is_proved_and_the_rest_disputed() {
    let log = Log::new(1).events(3, 1).hand_over().events(3, 1);
    let one = log.clone().events(2, 1).hand_over().events(3, 1);
    let mut other = log.clone().resume();
    other.time += 50;
    let other = other.events(4, 1).hand_over_to((7, 7)).events(3, 1);
    let report = &verify(&[&one.text(), &other.text()], &[log.pin()]).logs[0];
    assert_eq!((report.verdict, ranges(&report.proved)), (Verdict::Forked, vec![(0, 7)]), "{report:?}");
    let disputed = FindingKind::Disputed { epoch: 2, from: 8, crash: true };
    assert!(kinds(report).contains(&&disputed), "{report:?}");
    assert_eq!((report.keys, report.key), (2, Some(key(1, 1).id())));
    // None of them began after a crash.
    let thief = log.clone().event("\"forged\":1", true).hand_over_to((7, 7)).events(3, 1);
    let report = &verify(&[&one.text(), &thief.text()], &[log.pin()]).logs[0];
    assert_eq!((report.verdict, ranges(&report.proved)), (Verdict::Tampered, vec![(0, 7)]), "{report:?}");
    // What they have in common is not known where lines are missing.
    let (one, other) = (one.without(6..=7), other.without(6..=7));
    let report = &verify(&[&one.text(), &other.text()], &[log.pin()]).logs[0];
    assert_eq!((report.verdict, ranges(&report.proved)), (Verdict::Forked, vec![(0, 4)]), "{report:?}");
}

#[test]
fn each_hand_off_names_the_one_before_it_once_one_does() {
    let log = Log::new(1).naming().events(1, 1).hand_over().events(1, 1).hand_over().events(1, 1);
    is_whole(&log.verify(), 6);
    let mut wrong = Log::new(1).naming().events(1, 1).hand_over().events(1, 1);
    wrong.hand_off = Some(Position { hash: Hash::of_line(b"x"), seq: 2 });
    let report = wrong.hand_over().events(1, 1).verify();
    assert_eq!((report.verdict, report.findings[0].seq), (Verdict::Tampered, Some(4)));
    let expected = Some(Position { hash: log.hash(2), seq: 2 });
    let found = Some(Position { hash: Hash::of_line(b"x"), seq: 2 });
    assert_eq!(report.findings[0].kind, FindingKind::HandOffDiffers { expected, found });
    let mut silent = Log::new(1).naming().events(1, 1).hand_over().events(1, 1);
    silent.names_hand_off = false;
    let report = silent.hand_over().events(1, 1).verify();
    assert_eq!(found_at(&report), [(Some(4), FindingKind::HandOffNotNamed)]);
    // Line 0 is named by its own place, also where it is not given.
    let mut wrong = Log::new(1).naming().events(1, 1);
    wrong.hand_off = Some(Position { hash: Hash::of_line(b"x"), seq: 0 });
    let report = wrong.hand_over().verify();
    assert!(matches!(report.findings[0].kind, FindingKind::HandOffDiffers { .. }), "{report:?}");
}

fn found_at(report: &LogReport) -> Vec<(Option<u64>, FindingKind)> {
    report.findings.iter().map(|finding| (finding.seq, finding.kind.clone())).collect()
}

#[test]
fn a_file_comes_after_that_of_the_hand_off_to_its_key() {
    let mut log = Log::new(1).events(1, 1);
    let next = key(1, 1);
    log.control(&Control::Handoff(Handoff { file: Some(3), ..Handoff::new((1, next.public()), "interval") }));
    let log = log.with_key((1, 1), 1);
    for (file, allowed) in [(2, false), (3, false), (4, true), (9, true)] {
        let mut log = log.clone();
        log.control(&Control::Genesis(Genesis::new(file, "log 1", (1, key(1, 1).public()), None, writer())));
        let report = log.verify();
        let before = FindingKind::FileBeforeHandOff { file, handed_over: 3 };
        assert_eq!(found_at(&report), if allowed { vec![] } else { vec![(Some(3), before)] });
    }
}

#[test]
fn what_nobody_pinned_is_not_proved_whatever_format_it_has() {
    // Somebody has nothing but the log's public id.
    let log = three_epochs();
    let own = key(5, 0);
    let forge = |format: &str| {
        let mut forged = log.clone().fresh().with_key((5, 0), 2).at(40, Hash::of_line(b"x"));
        let genesis = Genesis::new(9, "log 1", (2, own.public()), None, writer());
        let mut body = String::from_utf8(Control::Genesis(genesis).body()).unwrap();
        body = body.replace("tracing-audit/v1", format);
        forged.add(body.as_bytes(), true);
        forged.events(2, 1)
    };
    for format in ["tracing-audit/v1", "tracing-audit/v9"] {
        let forged = forge(format);
        for pins in [vec![], vec![log.pin()], vec![key(8, 0).public()]] {
            let report = verify(&[&forged.text()], &pins);
            assert_ne!(report.verdict, Verdict::Intact);
            assert_ne!(report.verdict, Verdict::Error, "nobody has to trust a format that nothing leads to");
            let one = &report.logs[0];
            assert_eq!((one.proved.lines, one.unproved.lines, one.head), (0, 3, None), "{one:?}");
            assert_eq!((one.origin.as_deref(), one.lost), (None, 0));
        }
        let report = verify(&[&log.text(), &forged.text()], &[log.pin()]);
        assert_eq!(ranges(&report.logs[0].proved), [(0, 14)]);
    }
}
