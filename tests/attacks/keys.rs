//! Keys: stolen, wrong, used when they were not in force.

use std::time::Duration;

use tracing_audit::trail::{Chain, Control, Ended, Genesis, Handoff, Kind, Line};
use tracing_audit::verify::{FindingKind, Options, Ranges, Verdict, Verifier, verify_paths_each};

use crate::log::{self, Log, event, found, lines, pinned, secret, verify};

#[test]
fn row_2_a_line_of_an_earlier_epoch_signed_with_todays_key_is_found() {
    let log = Log::of_three_files("row 2");
    let mut files = log.files();
    let mut rows = lines(&files[0].1);
    let (_, first) = rows.split_first().unwrap();
    let prev = tracing_audit::trail::Line::parse(first[0].trim_ascii_end()).unwrap().link.prev;
    let mut forged = Vec::new();
    let time = tracing_audit::trail::Timestamp::from_nanos(1_795_293_660_002_000_000);
    Chain::after(log.pin().id(), 1, prev).signed(&event("mallory"), time, &log.key(), &mut forged);
    rows[1] = forged;
    files[0].1 = rows.concat();

    for every_signature in [false, true] {
        let report = verify(&files, &Options { every_signature, ..pinned(log.pin()) });
        let (expected, stolen) = (log.pin().id(), log.key().id());
        let wrong = FindingKind::WrongKey { expected, found: stolen };
        assert_eq!(found(&report), [("audit.0.jsonl", 2, &wrong)]);
        assert_eq!(report.verdict.exit_code(), 1);
    }
}

#[test]
fn row_3_a_log_cut_back_and_continued_with_the_evolved_key_is_found() {
    let mut log = Log::new("row 3");
    log.event("alice");
    let cut = (log.chain.clone(), log.files.clone());
    log.hand_off();
    log.event("bob");
    (log.chain, log.files) = cut;
    log.event("mallory");
    log.close(Ended::Shutdown);

    let report = verify(&log.files(), &pinned(log.pin()));
    let wrong = FindingKind::WrongKey { expected: log.pin().id(), found: log.key().id() };
    assert_eq!(found(&report), [("audit.0.jsonl", 3, &wrong)]);
    assert_eq!(report.verdict.exit_code(), 1);
    assert_eq!(report.lines, 2);
}

#[test]
fn row_6_the_wrong_public_key_never_verifies() {
    let log = Log::of_three_files("row 6");
    let other = secret("another log", 0).public();
    let folder = crate::folders::written(&log.files());
    let report = crate::folders::verify(folder.path(), &pinned(other));
    let not_pinned = FindingKind::NotPinned { log: log.pin().id(), pinned: vec![other.id()] };
    assert_eq!(found(&report.logs[0]), [("", 0, &not_pinned)]);
    assert_eq!(report.verdict.exit_code(), 1);

    // The pure verifier, told to verify the log of that key: no line is of it.
    let report = verify(&log.files(), &pinned(other));
    let another = FindingKind::AnotherLog { expected: other.id(), found: log.pin().id() };
    assert!(report.findings.iter().any(|finding| finding.kind == another), "{:?}", report.findings);
    assert_eq!((report.verdict, report.lines), (Verdict::Tampered, 0));
}

#[test]
fn row_6_without_a_key_a_log_is_never_intact() {
    let log = Log::of_three_files("no key");
    let folder = crate::folders::written(&log.files());
    let report = crate::folders::verify(folder.path(), &Options::default());
    assert_eq!(found(&report.logs[0]), [("", 0, &FindingKind::NoPinnedKey { log: log.pin().id() })]);
    let report = &report.logs[0];
    assert_eq!((report.verdict.exit_code(), report.lines, report.proved.lines, report.head), (3, 0, 0, None));
    assert_eq!((report.unproved.lines, &report.origin), (14, &None));
    let agrees = report.agrees.as_ref().unwrap();
    assert_eq!((agrees.lines, agrees.first, agrees.last.seq), (14, 0, 13));
}

#[test]
fn row_25_a_key_used_behind_its_hand_off_is_found() {
    let mut log = Log::new("row 25");
    log.hand_off();
    let new = log.keys.pop().unwrap();
    log.event("mallory");
    log.keys.push(new);
    log.event("alice");
    let report = verify(&log.files(), &pinned(log.pin()));
    let wrong = FindingKind::WrongKey { expected: log.key().id(), found: log.pin().id() };
    assert_eq!(found(&report), [("audit.0.jsonl", 3, &wrong)]);
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn row_25_a_missing_hand_off_is_found_with_and_without_its_copy() {
    let log = Log::of_three_files("missing hand-off");
    let mut files = log.files();
    let mut rows = lines(&files[1].1);
    rows.remove(2);
    files[1].1 = rows.concat();

    let missing = FindingKind::Missing { from: 6, to: 6 };
    let with = log::verify_with_copies(&files, Some(&log.copies), &pinned(log.pin()));
    assert_eq!(found(&with), [("audit.1.jsonl", 3, &missing)]);
    let without = verify(&files, &pinned(log.pin()));
    let unproved = FindingKind::KeyNotProved { epoch: 1, key: log.key().id() };
    assert_eq!(found(&without), [("audit.1.jsonl", 3, &missing), ("", 0, &unproved)]);
    assert_eq!((with.verdict.exit_code(), without.verdict.exit_code()), (1, 1));
}

#[test]
fn row_25_a_doubled_hand_off_is_found() {
    let mut log = Log::new("doubled");
    log.hand_off();
    let new = log.keys.pop().unwrap();
    let public_key = secret("doubled", 7).public();
    log.control(&Control::Handoff(Handoff::new((1, public_key), "interval")));
    log.keys.push(new);
    log.event("alice");
    let report = verify(&log.files(), &pinned(log.pin()));
    let wrong = FindingKind::WrongKey { expected: log.key().id(), found: log.pin().id() };
    assert_eq!(found(&report), [("audit.0.jsonl", 3, &wrong)]);
}

#[test]
fn a_hand_off_that_skips_an_epoch_is_found() {
    let mut log = Log::new("skips");
    let public_key = secret("skips", 2).public();
    log.control(&Control::Handoff(Handoff::new((2, public_key), "interval")));
    log.keys.push(2);
    log.event("alice");
    let report = verify(&log.files(), &pinned(log.pin()));
    let found_epoch =
        FindingKind::KeyDiffers { expected_epoch: 1, expected: None, found_epoch: 2, found: public_key.id() };
    assert_eq!(found(&report), [("audit.0.jsonl", 2, &found_epoch)]);
}

#[test]
fn the_pinned_key_proves_the_lines_behind_a_genesis_that_is_gone() {
    let mut log = Log::new("no genesis");
    log.event("alice");
    log.event("bob");
    let rows = lines(log.file());
    log.files[0] = rows[1..].concat();
    let report = verify(&log.files(), &pinned(log.pin()));
    let kinds: Vec<_> = found(&report).into_iter().map(|(_, line, kind)| (line, kind)).collect();
    assert_eq!(kinds, [(1, &FindingKind::Missing { from: 0, to: 0 })]);
    assert_eq!((report.verdict, report.lines, report.first_seq), (Verdict::Tampered, 2, Some(1)));
}

#[test]
fn a_first_genesis_of_a_later_format_is_proved_by_the_key_it_names_and_no_other() {
    let format = "tracing-audit/v2".to_owned();
    let needs = FindingKind::NeedsVersion { format: format.clone() };
    for (signed_by, proved) in [("later", true), ("forger", false)] {
        let mut log = Log::new("later");
        let genesis = Genesis { format: format.clone(), ..log.a_genesis(None) };
        (log.files, log.chain, log.name) = (vec![Vec::new()], Chain::new(log.pin().id()), signed_by);
        log.control(&Control::Genesis(genesis));
        let mut verifier = Verifier::new(secret("later", 0).id(), &Options::default());
        verifier.begin_file("audit.0.jsonl");
        verifier.bytes(&log.files[0]);
        let report = verifier.finish(log.now());
        assert_eq!(found(&report).contains(&("audit.0.jsonl", 1, &needs)), proved, "{:?}", report.findings);
        assert_eq!(report.verdict == Verdict::Error, proved);
    }
}

#[test]
fn behind_a_hole_no_key_of_an_epoch_that_is_over_is_taken() {
    let mut log = Log::new("over");
    log.hand_off();
    log.event("alice");
    let copies = log.copies.clone();
    log.event("bob");
    let kept = lines(&log.files[0])[..3].concat();
    // The first key was stolen, long after its hand-off.
    log.keys = vec![0];
    log.files[0] = kept;
    log.event("mallory");
    for copies in [None, Some(&copies[..])] {
        let report = log::verify_with_copies(&log.files(), copies, &pinned(log.pin()));
        assert_eq!((report.lines, report.epoch), (3, Some(1)), "{:?}", report.findings);
    }
    // Nor one that a copy names for the epoch that is in force, other than the log.
    let mut log = Log::new("fork");
    let mut other = log.clone();
    log.hand_off();
    log.event("alice");
    let before = other.file().len();
    let public_key = secret("fork", 9).public();
    other.control(&Control::Handoff(Handoff::new((1, public_key), "interval")));
    let copies = [&log.copies[..before], &other.file()[before..]].concat();
    let kept = log.file().len();
    log.event("bob");
    log.files[0].truncate(kept);
    log.keys.push(9);
    log.event("mallory");
    let report = log::verify_with_copies(&log.files(), Some(&copies), &pinned(log.pin()));
    // Nobody can say which of both hand-offs is the log's: nothing behind them is proved.
    assert_eq!((report.lines, report.key), (1, Some(log.pin().id())), "{:?}", report.findings);
}

#[test]
fn row_32_an_old_key_is_over_at_its_hand_off_though_only_a_later_file_has_it() {
    let mut log = Log::new("late hand-off");
    log.event("alice");
    let (chain, first) = (log.chain.clone(), log.file().clone());
    log.event("bob");
    log.rotate();
    log.event("carol");
    log.hand_off();
    log.event("dave");
    log.rotate();
    log.event("erin");
    log.close(Ended::Shutdown);
    // Who has the first key writes on in the first file, over the number at which it handed over.
    let mut forger = Log { chain, keys: vec![0], files: vec![first], ..log.clone() };
    for _ in 0..20 {
        forger.event("mallory");
    }
    forger.close(Ended::Rotated);
    let mut files = log.files();
    files[0].1.clone_from(&forger.files[0]);

    let folder = crate::folders::written(&files);
    for every_signature in [false, true] {
        let report = crate::folders::verify(folder.path(), &Options { every_signature, ..pinned(log.pin()) });
        let report = &report.logs[0];
        // Line 6 is the hand-off. What stands before it is not what it followed, and what follows is not of that key.
        let ranges =
            |ranges: &Ranges| ranges.listed.iter().map(|range| (range.from, range.to)).collect::<Vec<_>>();
        assert_eq!((ranges(&report.proved), ranges(&report.unproved)), (vec![(0, 11)], vec![(12, 22)]));
        let [(first, 6, FindingKind::Altered { .. }), ..] = found(report)[..] else {
            panic!("{:?}", report.findings)
        };
        assert!(first.ends_with("audit.0.jsonl") && report.verdict == Verdict::Tampered, "{first}");
    }
}

#[test]
fn row_32_an_old_key_is_over_at_its_hand_off_though_its_file_is_one_of_two_of_a_number() {
    let mut log = Log::new("twice");
    log.event("alice");
    log.rotate();
    let (chain, files) = (log.chain.clone(), log.files.clone());
    log.hand_off();
    log.event("bob");
    log.rotate();
    log.event("carol");
    log.close(Ended::Shutdown);
    // Who has the first key writes a second file 1, past the number at which it handed over.
    let mut forger = Log { chain, keys: vec![0], files, ..log.clone() };
    for _ in 0..12 {
        forger.event("mallory");
    }
    forger.close(Ended::Rotated);
    let rows = lines(&log.files[1]);
    let hand_off = rows
        .iter()
        .filter_map(|line| Line::parse(line.trim_ascii_end()).ok())
        .find(|line| line.kind == Kind::Handoff)
        .unwrap();
    for (ours, theirs) in [("b", "a"), ("a", "b")] {
        let mut files = log.files();
        files[1].0 = format!("{ours}.jsonl");
        files.push((format!("{theirs}.jsonl"), forger.files[1].clone()));
        let folder = crate::folders::written(&files);
        let options = Options { patience: Duration::ZERO, ..pinned(log.pin()) };
        let report = crate::folders::verify(folder.path(), &options);
        let proved = &report.logs[0].proved;
        let mut shown = String::new();
        verify_paths_each(&[folder.path()], &options, &mut |stretch| {
            if stretch.is_proved {
                shown.push_str(std::str::from_utf8(stretch.text()).unwrap());
            }
            Ok(())
        })
        .unwrap();
        // Neither is proved behind the hand-off, nor shown.
        let last = proved.listed.iter().map(|range| range.to).max().unwrap();
        let of_log = log.files.iter().map(|file| lines(file).len() as u64).sum::<u64>();
        assert_eq!((last, report.verdict), (of_log - 1, Verdict::Tampered), "{proved:?}");
        let is_forged = |line: &str| {
            line.contains("mallory")
                && Line::parse(line.as_bytes()).is_ok_and(|line| line.link.seq >= hand_off.link.seq)
        };
        assert!(!shown.lines().any(is_forged), "{ours}: {shown}");
        assert!(!proved.listed.is_empty() && shown.contains("carol"));
    }
}

/// What is handed on as proved is what is proved, and all bytes are handed on once. The answer is how many lines are proved.
fn handed_on(files: &[log::File], options: &Options) -> usize {
    let folder = crate::folders::written(files);
    let report = crate::folders::verify(folder.path(), options);
    let (mut handed_on, mut all) = (Vec::new(), 0);
    verify_paths_each(&[folder.path()], options, &mut |stretch| {
        all += stretch.text().len();
        for line in lines(stretch.text()).iter().filter(|_| stretch.is_proved) {
            handed_on.push(Line::parse(line.trim_ascii_end()).unwrap().link.seq);
        }
        Ok(())
    })
    .unwrap();
    let proved: Vec<u64> =
        report.logs[0].proved.listed.iter().flat_map(|range| range.from..=range.to).collect();
    assert_eq!(handed_on, proved, "{:?}", report.logs[0].findings);
    assert_eq!(all, files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>());
    proved.len()
}

#[test]
fn row_32_a_close_of_an_old_key_beside_the_hand_off_from_it_proves_no_line_before_it() {
    let mut log = Log::new("a close beside a hand-off");
    log.event("alice");
    let (chain, file) = (log.chain.clone(), log.file().clone());
    log.event("bob");
    log.event("carol");
    log.hand_off();
    let mut forger = Log { chain, keys: vec![0], files: vec![file], ..log.clone() };
    forger.unsigned("mallory");
    forger.close(Ended::Rotated);
    for every_signature in [true, false] {
        let options = Options { every_signature, ..pinned(log.pin()) };
        let report = log::verify_with_copies(&forger.files(), Some(&log.copies), &options);
        let proved: Vec<_> = report.proved.listed.iter().map(|range| (range.from, range.to)).collect();
        assert_eq!((report.verdict, proved), (Verdict::Tampered, vec![(0, 1)]), "{:?}", report.findings);
    }
}

#[test]
fn row_32_what_a_hand_off_in_a_later_file_takes_back_is_not_handed_on() {
    let mut log = Log::new("taken back");
    log.event("alice");
    let (chain, first) = (log.chain.clone(), log.file().clone());
    log.event("bob");
    log.rotate();
    log.event("carol");
    log.hand_off();
    log.event("dave");
    log.close(Ended::Shutdown);
    // Who has the first key writes on in the first file, over the number at which it handed over.
    let mut forger = Log { chain, keys: vec![0], files: vec![first], ..log.clone() };
    for _ in 0..20 {
        forger.event("mallory");
    }
    let mut files = log.files();
    for (hands_over, proved) in [(false, 9), (true, 0)] {
        let mut forger = forger.clone();
        if hands_over {
            // To a key of his own: nobody can say which of both hand-offs was the log's, wherever they stand.
            let stolen = forger.a_hand_off((1, secret("mallory", 1).public()));
            forger.control(&Control::Handoff(stolen));
        }
        forger.close(Ended::Rotated);
        files[0].1.clone_from(&forger.files[0]);
        assert_eq!(handed_on(&files, &pinned(log.pin())), proved);
        files.rotate_left(1);
        assert_eq!(handed_on(&files, &pinned(log.pin())), proved);
        files.rotate_right(1);
    }
}

#[test]
fn row_32_a_line_of_which_a_later_hand_off_follows_another_is_not_handed_on() {
    let mut log = Log::new("followed by another");
    log.event("alice");
    let chain = log.chain.clone();
    log.close(Ended::Rotated);
    // Who has the first key writes another line of the number of the close, and a hand-off behind that.
    log.next_file(Ended::Rotated);
    log.event("bob");
    log.rotate();
    let mut forger = Log { chain, keys: vec![0], files: vec![log.file().clone()], ..log.clone() };
    forger.event("mallory");
    forger.hand_off();
    let mut files = log.files();
    files[2].1.clone_from(forger.file());
    assert_eq!(handed_on(&files, &pinned(log.pin())), 4);
}

#[test]
fn row_32_of_lines_before_two_hand_offs_of_their_key_none_is_handed_on() {
    let mut log = Log::new("two hand-offs");
    // So many that some are decided before the file ends.
    for _ in 0..60 {
        log.event(&"x".repeat(60_000));
    }
    let chain = log.chain.clone();
    log.event("alice");
    log.rotate();
    log.event("bob");
    log.hand_off();
    log.event("carol");
    log.close(Ended::Shutdown);
    // Who has the first key hands over once more, at a number that another line has.
    let mut forger = Log { chain, keys: vec![0], files: vec![Vec::new()], ..log.clone() };
    let stolen = forger.a_hand_off((1, secret("mallory", 1).public()));
    forger.control(&Control::Handoff(stolen));
    let mut files = log.files();
    files.insert(1, ("a.jsonl".to_owned(), forger.files[0].clone()));
    assert_eq!(handed_on(&files, &pinned(log.pin())), 0);
}
