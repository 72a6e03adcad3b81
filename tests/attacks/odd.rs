//! Forgeries that no random one is likely to be.

use tracing_audit::trail::{
    Chain, Control, Ended, Genesis, Handoff, HandoffBefore, Hash, Position, Timestamp,
};
use tracing_audit::verify::{FindingKind, LogReport, Options, Verdict};

use crate::log::{File, Log, event, found, lines, pinned, secret, verify_with_copies, writer};

/// In both modes, which agree.
fn report(files: &[File], copies: Option<&[u8]>, log: &Log) -> LogReport {
    let [each, some] = [true, false].map(|every_signature| {
        let options = Options { every_signature, ..pinned(log.pin()) };
        LogReport { signatures_checked: 0, ..verify_with_copies(files, copies, &options) }
    });
    assert_eq!(each, some);
    some
}

fn time(seq: u64) -> Timestamp {
    Timestamp::from_nanos(1_795_293_660_000_000_000 + (seq % 1_000_000) * 1_000_000)
}

fn proved(report: &LogReport) -> Vec<(u64, u64)> {
    report.proved.listed.iter().map(|range| (range.from, range.to)).collect()
}

/// Line 0, a record, hand-offs at 2 and 4, records between them and after.
fn of_three_keys(name: &'static str) -> Log {
    let mut log = Log::full(name);
    log.event("alice");
    log.hand_off();
    log.event("bob");
    log.hand_off();
    log.event("carol");
    log
}

#[test]
fn a_hand_off_to_a_key_of_an_earlier_epoch_gives_it_no_number_that_it_had_not() {
    // The thief of the latest key hands over to one of his own and back: the same key has two epochs.
    let mut log = of_three_keys("again");
    let stolen = log.key();
    let own = secret("mallory", 0);
    let mut forged = Vec::new();
    for (epoch, from, to) in [(3, &stolen, &own), (4, &own, &stolen)] {
        let handoff =
            Handoff { handoff: Some(log.handoff), ..Handoff::new((epoch, to.public()), "interval") };
        let now = log.now();
        let before = forged.len();
        log.chain.signed(&Control::Handoff(handoff).body(), now, from, &mut forged);
        log.handoff = HandoffBefore::Line(log.last());
        log.copies.extend_from_slice(&forged[before..]);
    }
    let mut chain = Chain::after(log.pin().id(), 3, Hash::of_line(b"any"));
    let mut below = Vec::new();
    chain.signed(&event("mallory"), time(3), &stolen, &mut below);
    for copies in [None, Some(&log.copies[..])] {
        // A line of the number 3 in place of the true one.
        let rows = lines(&log.files[0]);
        let files = [(
            "audit.0.jsonl".to_owned(),
            [&rows[0], &rows[1], &rows[2], &below].map(Vec::as_slice).concat(),
        )];
        let report = report(&files, copies, &log);
        assert_eq!(proved(&report), [(0, 2)], "{:?}", report.findings);
        assert_eq!(report.verdict, Verdict::Tampered);
    }
}

#[test]
fn a_copy_that_hands_over_to_the_key_in_force_is_found_and_leads_nowhere() {
    let mut log = Log::full("same key");
    log.event("alice");
    let before = log.file().len();
    log.control(&Control::Handoff(log.a_hand_off((1, log.pin()))));
    let copy = log.file()[before..].to_vec();
    log.files[0].truncate(before);
    let report = report(&log.files(), Some(&[&log.copies[..], &copy].concat()), &log);
    let found_key = log.pin().id();
    let differs =
        FindingKind::KeyDiffers { expected_epoch: 1, expected: None, found_epoch: 1, found: found_key };
    assert_eq!(found(&report), [("audit.keys", 2, &differs)]);
    assert_eq!((proved(&report), report.epoch, report.verdict), (vec![(0, 1)], Some(0), Verdict::Tampered));
}

#[test]
fn a_genesis_that_names_the_right_number_and_a_wrong_hash_is_found() {
    let mut log = of_three_keys("wrong hash");
    log.close(Ended::Rotated);
    let previous = log.previous(Ended::Rotated);
    log.files.push(Vec::new());
    let HandoffBefore::Line(last) = log.handoff else { panic!() };
    let wrong = Position { hash: Hash::of_line(b"another"), ..last };
    let genesis = Genesis { handoff: Some(HandoffBefore::Line(wrong)), ..log.a_genesis(Some(previous)) };
    log.control(&Control::Genesis(genesis));
    for copies in [None, Some(&log.copies[..])] {
        let report = report(&log.files(), copies, &log);
        let differs = FindingKind::HandOffDiffers { expected: Some(last), found: Some(wrong) };
        assert_eq!(found(&report)[0], ("audit.1.jsonl", 1, &differs));
        assert_eq!((proved(&report), report.verdict), (vec![(0, 6)], Verdict::Tampered));
    }
}

#[test]
fn another_line_0_is_not_proved_where_the_true_one_is_known_and_never_beside_it() {
    let log = of_three_keys("line 0");
    let mut other = Log { files: vec![Vec::new()], chain: Chain::new(log.pin().id()), ..log.clone() };
    // By the thief of the first key, in the name of somebody else.
    (other.keys, other.handoff) = (vec![0], HandoffBefore::None);
    let genesis = Genesis { origin: "mallory".into(), ..other.a_genesis(None) };
    other.control(&Control::Genesis(genesis));
    let mut rows = lines(&log.files[0]);
    let genuine = std::mem::replace(&mut rows[0], other.file().clone());
    let files = [("audit.0.jsonl".to_owned(), rows.concat())];
    let with = report(&files, Some(&log.copies), &log);
    let (expected, found_hash) = (Hash::of_line(genuine.trim_ascii_end()), other.chain.head());
    let not_it = FindingKind::NotTheHandOff { epoch: 0, expected, found: found_hash };
    assert_eq!(found(&with)[0], ("audit.0.jsonl", 1, &not_it));
    assert_eq!((proved(&with), with.origin.as_deref()), (vec![(1, 5)], None));
    assert_eq!(with.verdict, Verdict::Tampered);
    // Line 1 follows the true one, so that without copies too it is found.
    let without = report(&files, None, &log);
    assert_eq!(without.verdict, Verdict::Tampered, "{:?}", without.findings);
    // And the key of a later epoch signs none.
    let mut later = Log { files: vec![Vec::new()], chain: Chain::new(log.pin().id()), ..log.clone() };
    later.genesis(None);
    rows[0] = later.file().clone();
    let files = [("audit.0.jsonl".to_owned(), rows.concat())];
    for copies in [None, Some(&log.copies[..])] {
        let report = report(&files, copies, &log);
        assert_eq!(report.verdict, Verdict::Tampered);
        assert!(proved(&report).iter().all(|(from, _)| *from > 0), "{:?}", report.proved);
    }
}

#[test]
fn a_key_of_the_pinned_id_that_is_another_key_signs_nothing() {
    // Nobody can make one; but a line may claim to be of it.
    let log = of_three_keys("id");
    let own = secret("mallory", 0);
    let mut text = Vec::new();
    let mut chain = Chain::new(log.pin().id());
    let genesis = Genesis::new(0, "example.com/payments", (0, own.public()), None, writer());
    chain.signed(&Control::Genesis(genesis).body(), time(0), &own, &mut text);
    let claims = String::from_utf8(text).unwrap().replace(&own.id().to_string(), &log.pin().id().to_string());
    for copies in [None, Some(claims.as_bytes()), Some(&log.copies[..])] {
        let files = [("audit.0.jsonl".to_owned(), claims.clone().into_bytes())];
        let report = report(&files, copies, &log);
        assert_eq!((report.lines, report.verdict), (0, Verdict::Tampered), "{:?}", report.findings);
    }
}

#[test]
fn a_genesis_of_another_format_counts_only_by_a_key_that_may_sign_there() {
    let log = of_three_keys("format");
    let genesis_by = |key: &tracing_audit::trail::SecretKey, epoch, (seq, prev)| {
        let genesis = Genesis::new(
            9,
            "example.com/payments",
            (epoch, key.public()),
            Some(log.clone().previous(Ended::Crash)),
            writer(),
        );
        let body = String::from_utf8(Control::Genesis(genesis).body()).unwrap();
        let body = body.replace("tracing-audit/v1", "tracing-audit/v2");
        let mut line = Vec::new();
        Chain::after(log.pin().id(), seq, prev).signed(body.as_bytes(), time(seq), key, &mut line);
        ("audit.9.jsonl".to_owned(), line)
    };
    let (latest, old, unknown) = (log.key(), secret("format", 1), secret("mallory", 0));
    let end = (log.chain.next(), log.chain.head());
    for (key, epoch, at, verdict) in [
        (&latest, 2, end, Verdict::Error),
        (&latest, 2, (3, Hash::of_line(b"any")), Verdict::Tampered),
        (&old, 1, end, Verdict::Tampered),
        (&unknown, 2, end, Verdict::Tampered),
    ] {
        for copies in [None, Some(&log.copies[..])] {
            let mut files = log.files();
            files.push(genesis_by(key, epoch, at));
            let report = report(&files, copies, &log);
            assert_eq!((report.verdict, proved(&report)), (verdict, vec![(0, 5)]), "{:?}", report.findings);
        }
        // Alone, with the copies.
        let report = report(&[genesis_by(key, epoch, at)], Some(&log.copies), &log);
        assert_ne!(report.verdict, Verdict::Intact);
        assert_eq!(report.lines, 0);
    }
}

#[test]
fn numbers_near_the_greatest_end_nothing_but_the_log() {
    // 2^53 - 1 is the greatest that JSON has.
    let log = of_three_keys("greatest");
    let (key, most) = (log.key(), (1 << 53) - 1);
    for first in [most - 2, most] {
        let mut chain = Chain::after(log.pin().id(), first, Hash::of_line(b"any"));
        let genesis = Genesis {
            handoff: Some(log.handoff),
            oldest: most,
            ..Genesis::new(
                most,
                "example.com/payments",
                (2, key.public()),
                Some(log.clone().previous(Ended::Lost)),
                writer(),
            )
        };
        let mut forged = Vec::new();
        chain.signed(&Control::Genesis(genesis).body(), time(1), &key, &mut forged);
        for _ in first..most {
            chain.signed(&event("mallory"), time(2), &key, &mut forged);
        }
        for files in [vec![("audit.9.jsonl".to_owned(), forged.clone())], {
            let mut files = log.files();
            files.push(("audit.9.jsonl".to_owned(), forged.clone()));
            files
        }] {
            for copies in [None, Some(&log.copies[..])] {
                let report = report(&files, copies, &log);
                let below = proved(&report).iter().filter(|(from, _)| *from < first).count();
                assert_eq!(below, usize::from(files.len() > 1), "{:?}", report.proved);
            }
        }
    }
}

#[test]
fn copies_whose_numbers_go_down_or_that_are_at_odds_lead_no_further() {
    let log = of_three_keys("down");
    let rows = lines(&log.copies);
    // The thief of the second key hands over at a number below that of the hand-off to it.
    let (stolen, own) = (secret("down", 1), secret("mallory", 0));
    for seq in [1, 2, 3] {
        let handoff = Handoff { handoff: None, ..Handoff::new((2, own.public()), "interval") };
        let mut copy = Vec::new();
        Chain::after(log.pin().id(), seq, Hash::of_line(b"any")).signed(
            &Control::Handoff(handoff).body(),
            time(seq),
            &stolen,
            &mut copy,
        );
        let mut chain = Chain::after(log.pin().id(), seq + 1, Hash::of_line(copy.trim_ascii_end()));
        let mut forged = Vec::new();
        (0..3).for_each(|_| chain.signed(&event("mallory"), time(9), &own, &mut forged));
        let files = [("audit.9.jsonl".to_owned(), forged)];
        for copies in [
            [&rows[0], &rows[1], &copy].map(Vec::as_slice).concat(),
            // At odds with the true one, in either order.
            [&rows[0], &rows[1], &copy, &rows[2]].map(Vec::as_slice).concat(),
            [&rows[0], &rows[1], &rows[2], &copy].map(Vec::as_slice).concat(),
        ] {
            let report = report(&files, Some(&copies), &log);
            assert_eq!(
                (report.verdict, report.lines),
                (Verdict::Tampered, 0),
                "{seq}: {:?}",
                report.findings
            );
        }
    }
}

#[test]
fn as_many_unknown_keys_as_anybody_likes_cost_no_more_than_their_lines() {
    // Each begins, and hands over to itself in the next line.
    let log = of_three_keys("many");
    let mut files = log.files();
    let mut forged = Vec::new();
    let mut chain = Chain::after(log.pin().id(), 900, Hash::of_line(b"any"));
    for number in 0..=255 {
        let key = secret("unknown", number);
        let genesis = Genesis::new(
            9,
            "example.com/payments",
            (3, key.public()),
            Some(log.clone().previous(Ended::Crash)),
            writer(),
        );
        chain.signed(&Control::Genesis(genesis).body(), time(1), &key, &mut forged);
    }
    let lines = 8 * 256 + log.chain.next();
    files.push(("audit.9.jsonl".to_owned(), forged.repeat(8)));
    for every_signature in [true, false] {
        let options = Options { every_signature, ..pinned(log.pin()) };
        let report = verify_with_copies(&files, Some(&log.copies), &options);
        assert_eq!((proved(&report), report.head.map(|head| head.seq)), (vec![(0, 5)], Some(5)));
        assert!(report.signatures_checked <= 3 * lines, "{} for {lines}", report.signatures_checked);
    }
}
