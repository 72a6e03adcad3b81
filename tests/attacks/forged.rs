//! Somebody holds one of a log's keys, or none, and writes lines where another key signed.

use std::time::Duration;

use tracing_audit::trail::{
    Chain, Control, Ended, Genesis, Handoff, HandoffBefore, Hash, Keeps, Line, Position, SecretKey, Succeeds,
    Timestamp,
};
use tracing_audit::verify::{
    FindingKind, LogReport, NoticeKind, Options, Succession, TrustFile, Verdict, Verifier,
};

use crate::log::{File, Log, event, found, lines, pinned, secret, verify_with_copies, writer};

/// In both modes, which agree.
fn report(files: &[File], copies: Option<&[u8]>, options: &Options) -> LogReport {
    let [each, some] = [true, false].map(|every_signature| {
        let options = Options { every_signature, ..options.clone() };
        LogReport { signatures_checked: 0, ..verify_with_copies(files, copies, &options) }
    });
    assert_eq!(each, some);
    some
}

/// Line 0, three records, a hand-off (4), two records, a hand-off (7), two records.
fn of_three_keys(name: &'static str) -> Log {
    let mut log = Log::full(name);
    for (at, actor) in ["alice", "bob", "carol", "dave", "erin", "frank", "grace"].into_iter().enumerate() {
        if at == 3 || at == 5 {
            log.hand_off();
        }
        log.event(actor);
    }
    log
}

/// The line of this number.
fn line(log: &Log, seq: u64) -> Vec<u8> {
    let is_it = |line: &Vec<u8>| Line::parse(line.trim_ascii_end()).unwrap().link.seq == seq;
    log.files.iter().flat_map(|file| lines(file)).find(is_it).unwrap()
}

fn hash(log: &Log, seq: u64) -> Hash {
    Hash::of_line(line(log, seq).trim_ascii_end())
}

fn position(log: &Log, seq: u64) -> Position {
    Position { hash: hash(log, seq), seq }
}

/// A chain that goes on from a line of the log.
fn behind(log: &Log, seq: u64) -> Chain {
    Chain::after(log.pin().id(), seq + 1, hash(log, seq))
}

fn time(seq: u64) -> Timestamp {
    Timestamp::from_nanos(1_795_293_660_000_000_000 + (seq + 1) * 1_000_000)
}

/// Records that follow, signed by this key.
fn records(chain: &mut Chain, key: &SecretKey, count: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..count {
        chain.signed(&event("mallory"), time(chain.next()), key, &mut out);
    }
    out
}

fn control(chain: &mut Chain, key: &SecretKey, control: &Control) -> Vec<u8> {
    let mut out = Vec::new();
    chain.signed(&control.body(), time(chain.next()), key, &mut out);
    out
}

fn file(number: u8, parts: &[&[u8]]) -> File {
    (format!("audit.{number}.jsonl"), parts.concat())
}

fn ranges(ranges: &tracing_audit::verify::Ranges) -> Vec<(u64, u64)> {
    ranges.listed.iter().map(|range| (range.from, range.to)).collect()
}

#[test]
fn row_31_a_file_that_the_thief_of_the_latest_key_begins_below_its_hand_off_proves_nothing() {
    for full in [true, false] {
        let mut log = of_three_keys("row 31");
        if !full {
            // As older writers wrote: no line says which hand-off was before it.
            log = Log::new("row 31, older");
            log.event("alice");
            log.hand_off();
            log.event("bob");
            log.hand_off();
        }
        let (key, epoch) = (log.key(), 2);
        let handed_over = log.chain.next() - if full { 3 } else { 1 };
        for at in [1, handed_over] {
            let mut chain = behind(&log, at - 1);
            let genesis = Genesis {
                oldest: 9,
                handoff: full.then(|| HandoffBefore::Line(position(&log, handed_over))),
                keeps: full.then_some(Keeps::All),
                ..Genesis::new(
                    9,
                    "example.com/payments",
                    (epoch, key.public()),
                    Some(log.previous(Ended::Crash)),
                    writer(),
                )
            };
            let begun = control(&mut chain, &key, &Control::Genesis(genesis));
            let forged = file(9, &[&begun, &records(&mut chain, &key, 2)]);
            let report = report(&[forged], Some(&log.copies), &pinned(log.pin()));
            let before = FindingKind::BeforeHandOff { key: key.id(), epoch, handed_over };
            assert_eq!(found(&report)[0], ("audit.9.jsonl", 1, &before));
            assert_eq!((report.verdict.exit_code(), report.lines, report.head), (1, 0, None));
            assert_eq!(report.unproved.lines, 3);
            let said = format!(
                "signed in the name of key {} of epoch 2, which signs from line {} on: the hand-off to it is line {handed_over}",
                key.id(),
                handed_over + 1
            );
            assert_eq!(before.to_string(), said);
        }
    }
}

#[test]
fn row_31_what_the_latest_key_may_sign_is_all_that_its_thief_can_claim() {
    // Above the hand-off, with any `oldest`: nobody can say that he did not write it, or where the rest is.
    let log = of_three_keys("row 31, above");
    let (key, mut chain) = (log.key(), behind(&log, 7));
    let genesis = Genesis {
        oldest: 9,
        handoff: Some(HandoffBefore::Line(position(&log, 7))),
        keeps: Some(Keeps::All),
        ..Genesis::new(
            9,
            "example.com/payments",
            (2, key.public()),
            Some(log.clone().previous(Ended::Crash)),
            writer(),
        )
    };
    let begun = control(&mut chain, &key, &Control::Genesis(genesis.clone()));
    let forged = file(9, &[&begun, &records(&mut chain, &key, 2)]);
    let report = report(std::slice::from_ref(&forged), Some(&log.copies), &pinned(log.pin()));
    assert_eq!((found(&report), report.verdict), (vec![], Verdict::Intact));
    assert_eq!(ranges(&report.proved), [(8, 10)]);
    // E3: an expectation finds that the rest is gone; and it is said that the retention does not explain it.
    let raised = NoticeKind::OldestRaised { from: 0, to: 9, keeps: Keeps::All };
    assert!(report.notices.iter().any(|notice| notice.kind == raised), "{:?}", report.notices);
    let trusted = format!("@from-start example.com/payments {} {}\n", log.pin().id(), log.pin());
    let from_trust = Options { trust: TrustFile::parse(&trusted).unwrap(), ..Options::default() };
    let from_options = Options { from_start: true, ..pinned(log.pin()) };
    for options in [from_trust, from_options] {
        let report = verify_of(&log, std::slice::from_ref(&forged), &options);
        let not_from_start = FindingKind::NotFromStart { first: 8 };
        assert_eq!((found(&report), report.verdict.exit_code()), (vec![("", 0, &not_from_start)], 3));
    }
    // Not with the number of the file in which he was handed the log, or a lower one.
    let mut chain = behind(&log, 7);
    let lower = Genesis { file: 0, oldest: 0, previous: None, ..genesis };
    let begun = control(&mut chain, &key, &Control::Genesis(lower));
    let report = report_of(&log, &[file(0, &[&begun])]);
    let before = FindingKind::FileBeforeHandOff { file: 0, handed_over: 0 };
    assert_eq!((found(&report)[0], report.lines), (("audit.0.jsonl", 1, &before), 0));
    assert_eq!(report.verdict, Verdict::Tampered);
}

/// With the copies of the hand-offs as they were.
fn report_of(log: &Log, files: &[File]) -> LogReport {
    report(files, Some(&log.copies), &pinned(log.pin()))
}

/// [`report_of`] whoever the options trust.
fn verify_of(log: &Log, files: &[File], options: &Options) -> LogReport {
    let mut verifier = Verifier::new(log.pin().id(), options);
    verifier.hand_offs("audit.keys", &log.copies);
    for (name, bytes) in files {
        verifier.begin_file(name);
        verifier.bytes(bytes);
    }
    verifier.finish(time(1_000))
}

#[test]
fn row_31_lines_without_signatures_that_go_round_a_hand_off_in_the_files_are_not_proved() {
    // No copies: the hand-off is known from the files alone. What stood before it is gone; other lines of these numbers go
    // round it and chain to one that the new key signs.
    let mut log = Log::new("round it");
    (1..6).for_each(|_| log.event("alice"));
    log.hand_off();
    let key = log.key();
    let rows = lines(&log.files[0]);
    for first in [2, 5, 6, 7] {
        let mut chain = Chain::after(log.pin().id(), first, Hash::of_line(b"any"));
        let mut forged = Vec::new();
        while chain.next() < 9 {
            chain.unsigned(&event("mallory"), time(chain.next()), &mut forged);
        }
        forged.extend(records(&mut chain, &key, 2));
        let files = [file(0, &[&rows[0], &rows[1], &rows[6], &forged])];
        let report = report(&files, None, &pinned(log.pin()));
        assert_eq!(report.verdict, Verdict::Tampered);
        assert!(
            report.proved.listed.iter().all(|range| range.to < 2 || range.from > 5),
            "{first}: {report:?}"
        );
        if first == 7 {
            // The line after the hand-off follows another.
            assert_eq!(ranges(&report.proved), [(0, 1), (6, 6)]);
        }
    }
}

#[test]
fn row_32_an_old_key_signs_nothing_after_the_hand_off_from_it_that_copies_know() {
    let log = of_three_keys("row 32");
    let old = secret("row 32", 0);
    // The log as one epoch: he goes on with the first key.
    let (mut chain, start) = (behind(&log, 1), [line(&log, 0), line(&log, 1)].concat());
    let forged = records(&mut chain, &old, 7);
    let report_ = report_of(&log, &[file(0, &[&start, &forged])]);
    // Line 3, before the hand-off, is another; the one at its number too.
    let (expected, altered) = (hash(&log, 3), Hash::of_line(lines(&forged)[1].trim_ascii_end()));
    let altered = FindingKind::Altered { expected, found: altered };
    assert_eq!(found(&report_)[0], ("audit.0.jsonl", 4, &altered));
    assert_eq!((report_.verdict.exit_code(), ranges(&report_.proved)), (1, vec![(0, 2)]));

    // He leaves the numbers beside the hand-off out, and signs behind it.
    let mut chain = Chain::after(log.pin().id(), 6, Hash::of_line(b"any"));
    let forged = records(&mut chain, &old, 2);
    let report_ = report_of(&log, &[file(0, &[&start, &forged])]);
    let after = FindingKind::AfterHandOff { key: old.id(), epoch: 0, handed_over: 4 };
    assert!(found(&report_).contains(&("audit.0.jsonl", 3, &after)), "{:?}", report_.findings);
    assert_eq!((report_.verdict.exit_code(), ranges(&report_.proved)), (1, vec![(0, 1)]));
    assert_eq!(
        after.to_string(),
        format!(
            "signed in the name of key {} of epoch 0, which was over: it handed over with line 4",
            old.id()
        )
    );
}

#[test]
fn row_32_an_old_key_hands_over_to_no_other_key_whatever_epoch_it_names() {
    let log = of_three_keys("row 32, again");
    let (old, own) = (secret("row 32, again", 0), secret("mallory", 0));
    for epoch in [1, 2, 3, 7] {
        let mut chain = behind(&log, 1);
        let handoff = Handoff {
            handoff: Some(HandoffBefore::Line(position(&log, 0))),
            ..Handoff::new((epoch, own.public()), "interval")
        };
        let handed_over = control(&mut chain, &old, &Control::Handoff(handoff));
        // Between the known hand-offs, and behind the last of them; not beside them.
        for first in [6, 9] {
            let mut chain = Chain::after(log.pin().id(), first, Hash::of_line(b"any"));
            let forged = records(&mut chain, &own, 2);
            let files = [file(0, &[&line(&log, 0), &line(&log, 1), &handed_over, &forged])];
            let report = report_of(&log, &files);
            assert_eq!(report.verdict.exit_code(), 1);
            assert!(report.proved.listed.iter().all(|range| range.to < 3), "{epoch}: {:?}", report.proved);
            // Of another epoch than the next it is no hand-off at all.
            let is_said = |kind: &FindingKind| match kind {
                FindingKind::TwoHandOffs { epoch: 1 } => epoch == 1,
                FindingKind::KeyDiffers { expected_epoch: 1, found_epoch, .. } => *found_epoch == epoch,
                _ => false,
            };
            let is_there = report.findings.iter().any(|found| is_said(&found.kind));
            assert!(is_there, "{epoch}: {:?}", report.findings);
        }
    }
}

#[test]
fn row_35_what_another_log_claims_takes_no_finding_back() {
    // B's key is stolen: it claims to replace A, whose last file is gone.
    let mut old = Log::new("row 35, a");
    old.event("alice");
    old.rotate();
    let (files, head) = (&old.files()[..1], hash(&old, 2));
    let folder = crate::folders::written(files);
    for (seq, right) in [(2, true), (2, false), (1, true)] {
        let mut new = Log::empty("row 35, b");
        let hash = if right { head } else { Hash::ZERO };
        let succeeds = Some(Succeeds { hash, log: old.pin().id(), seq });
        let genesis = Genesis { succeeds, ..new.a_genesis(None) };
        new.control(&Control::Genesis(genesis));
        std::fs::write(folder.path().join("audit.b.jsonl"), new.file()).unwrap();
        let named = Succession { old: old.pin().id(), new: new.pin().id() };
        let base = Options {
            keys: vec![old.pin(), new.pin()],
            max_silence: Some(Duration::from_secs(1)),
            ..Options::default()
        };
        let report = |successions| {
            let options = Options { successions, ..base.clone() };
            let report = crate::folders::verify(folder.path(), &options);
            report.logs.into_iter().find(|log| log.log == old.pin().id()).unwrap()
        };
        let claimed = report(vec![]);
        assert!(found(&claimed).contains(&("", 0, &FindingKind::NextFileMissing { file: 1 })));
        assert!(claimed.findings.iter().any(|found| matches!(found.kind, FindingKind::Silent { .. })));
        assert_eq!((claimed.verdict.exit_code(), claimed.findings.len()), (3, 2));
        let explained = seq == 2 && right;
        assert_eq!(claimed.succeeded_by, explained.then_some(new.pin().id()));
        // What the operator names is explained, or found.
        let named = report(vec![named]);
        match explained {
            true => assert_eq!((found(&named), named.verdict), (vec![], Verdict::Intact)),
            false => {
                let differs = |kind: &FindingKind| matches!(kind, FindingKind::SuccessionDiffers { .. });
                assert!(named.findings.iter().any(|found| differs(&found.kind)), "{:?}", named.findings);
                assert_eq!(named.verdict, Verdict::Tampered);
            }
        }
    }
}

#[test]
fn row_39_a_head_from_the_future_hides_no_silence() {
    let mut log = Log::new("row 39");
    log.event("alice");
    log.clock += 20_000_000;
    log.event("mallory");
    let last = time(log.clock - 1);
    let minute = 60_000_000_000;
    for (ahead, is_found) in [(minute + 1, true), (minute, false), (0, false)] {
        let now = Timestamp::from_nanos(last.as_nanos() - ahead);
        for max_silence in [Some(Duration::from_secs(900)), None] {
            let options = Options { max_silence, ..pinned(log.pin()) };
            let mut verifier = Verifier::new(log.pin().id(), &options);
            verifier.begin_file("audit.0.jsonl");
            verifier.bytes(&log.files[0]);
            let report = verifier.finish(now);
            let future = FindingKind::FromTheFuture { last, now };
            match is_found && max_silence.is_some() {
                true => assert_eq!((found(&report), report.verdict.exit_code()), (vec![("", 0, &future)], 3)),
                false => assert_eq!((found(&report), report.verdict), (vec![], Verdict::Intact)),
            }
        }
    }
}

/// A file with a genesis of somebody's own key, a record, a close.
fn of_nobody(log: &Log, number: u64, seq: u64) -> File {
    let key = secret("mallory", 0);
    let mut chain = Chain::after(log.pin().id(), seq, Hash::of_line(b"any"));
    let previous = Some(log.clone().previous(Ended::Rotated));
    let genesis = Genesis {
        oldest: number,
        ..Genesis::new(number, "example.com/payments", (3, key.public()), previous, writer())
    };
    let begun = control(&mut chain, &key, &Control::Genesis(genesis));
    let record = records(&mut chain, &key, 1);
    let close = tracing_audit::trail::Close { reason: Ended::Shutdown };
    let closed = control(&mut chain, &key, &Control::Close(close));
    file(9, &[&begun, &record, &closed])
}

#[test]
fn row_41_a_file_forged_with_nothing_but_the_public_key_proves_no_line() {
    let log = Log::of_three_files("row 41");
    let forged = [of_nobody(&log, 9, 900)];
    let own = secret("mallory", 0);
    // With the key, and with the copies of hand-offs too.
    for copies in [None, Some(&log.copies[..])] {
        let report = report(&forged, copies, &pinned(log.pin()));
        let not_proved = FindingKind::KeyNotProved { epoch: 3, key: own.id() };
        let mut expected = vec![("", 0, &not_proved), ("", 0, &FindingKind::Nothing)];
        expected.truncate(found(&report).len().max(2));
        assert_eq!((found(&report), report.verdict.exit_code()), (expected, 3), "{copies:?}");
        assert_eq!((report.lines, report.proved.lines, report.head, report.signatures), (0, 0, None, 0));
        assert_eq!(ranges(&report.unproved), [(900, 902)]);
        let agrees = report.agrees.unwrap();
        assert_eq!((agrees.lines, agrees.first, agrees.last.seq), (3, 900, 902));
        assert_eq!((report.origin, report.closed), (None, None));
    }
    // Without a key, and with a wrong one.
    let folder = crate::folders::written(&forged);
    let wrong = secret("another", 0).public();
    for (keys, exit_code) in [(vec![], 3), (vec![wrong], 1)] {
        let report = crate::folders::verify(folder.path(), &Options { keys, ..Options::default() });
        assert_eq!(report.verdict.exit_code(), exit_code);
        let of_log = report.logs.iter().find(|of| of.log == log.pin().id()).unwrap();
        assert_eq!(
            (of_log.lines, of_log.head, of_log.pinned, of_log.verdict.exit_code()),
            (0, None, false, exit_code)
        );
    }
}

#[test]
fn row_41_behind_true_lines_it_changes_nothing_that_is_said_of_them() {
    let log = Log::of_three_files("row 41, behind");
    let alone = report_of(&log, &log.files());
    let mut files = log.files();
    files.push(of_nobody(&log, 9, 900));
    let report = report_of(&log, &files);
    assert_eq!((report.proved, report.head, report.origin), (alone.proved, alone.head, alone.origin));
    assert_eq!((report.key, report.epoch, report.closed), (alone.key, alone.epoch, alone.closed));
    assert_ne!(report.verdict, Verdict::Intact);
    assert_eq!(ranges(&report.unproved), [(900, 902)]);
}

#[test]
fn an_empty_file_hides_nothing_of_what_stands_in_the_one_before() {
    let mut log = Log::new("behind an empty file");
    log.event("alice");
    log.close(Ended::Shutdown);
    let mallory = secret("mallory", 0);
    let mut chain = Chain::new(log.pin().id());
    let (mut forged, now) = (Vec::new(), log.now());
    let genesis = Genesis::new(1, "example.com/payments", (2, mallory.public()), None, writer());
    chain.signed(&Control::Genesis(genesis).body(), now, &mallory, &mut forged);
    let empty = |number: usize| (format!("audit.{number}.jsonl"), Vec::new());
    for junk in [forged, b"{}\n".to_vec(), log.files[0][..200].to_vec()] {
        for between in 0..3 {
            let mut files = vec![("audit.forged.jsonl".to_owned(), junk.clone())];
            files.extend((0..between).map(empty));
            files.extend(log.files());
            let report = report(&files, None, &pinned(log.pin()));
            assert_eq!(
                (report.verdict, report.lines),
                (Verdict::Tampered, 3),
                "{between}: {:?}",
                report.findings
            );
        }
    }
}
