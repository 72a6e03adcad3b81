//! `<prefix>.keys`: copies torn, foreign, forged, and at odds with the log.

use tracing_audit::trail::{Control, Ended, Handoff, MAX_LINE};
use tracing_audit::verify::{Finding, FindingKind, LogReport, NoticeKind, Options, Place, Verdict};

use crate::log::{Log, found, lines, pinned, secret, verify, verify_with_copies};

fn with(log: &Log, copies: &[u8]) -> LogReport {
    verify_with_copies(&log.files(), Some(copies), &pinned(log.pin()))
}

/// What the copies alone say: where, and what.
fn notices(report: &LogReport) -> Vec<(Place, NoticeKind)> {
    let of_copies =
        report.notices.iter().filter_map(|notice| Some((notice.at.clone()?, notice.kind.clone())));
    of_copies.filter(|(at, _)| at.file == "audit.keys").collect()
}

fn place(line: u64, offset: usize) -> Place {
    Place { file: "audit.keys".into(), line, offset: offset as u64 }
}

fn malformed(found: &[(&str, u64, &FindingKind)], line: u64) -> bool {
    matches!(found, [("audit.keys", at, FindingKind::Malformed(_))] if *at == line)
}

/// A hand-off to this key, instead of the next one.
fn hand_off_to(log: &mut Log, epoch: u64, name: &str) -> Vec<u8> {
    let before = log.file().len();
    let public_key = secret(name, 1).public();
    log.control(&Control::Handoff(Handoff::new((epoch, public_key), "interval")));
    log.file()[before..].to_vec()
}

#[test]
fn a_torn_copy_is_passed_over_with_its_place_and_length() {
    let log = Log::of_three_files("torn copy");
    let rows = lines(&log.copies);
    let (genesis, hand_off) = (&rows[0], &rows[1]);
    let copies =
        [genesis, &hand_off[..7], b"\n", &hand_off[..hand_off.len() - 2], b"\n", hand_off, &hand_off[..50]];
    let report = with(&log, &copies.concat());
    assert_eq!((found(&report), report.verdict), (vec![], Verdict::Intact));
    let (second, third) = (genesis.len(), genesis.len() + 8);
    let last = third + hand_off.len() - 1 + hand_off.len();
    let torn = |bytes: usize| NoticeKind::TornCopy { bytes: bytes as u64 };
    assert_eq!(
        notices(&report),
        [
            (place(2, second), torn(7)),
            (place(3, third), torn(hand_off.len() - 2)),
            (place(5, last), torn(50)),
        ]
    );
}

#[test]
fn an_equal_copy_is_not_worth_a_word() {
    let log = Log::of_three_files("equal copies");
    let rows = lines(&log.copies);
    let report = with(&log, &[&rows[0], &rows[0], &rows[1], &rows[1], &rows[0]].map(Vec::as_slice).concat());
    assert_eq!((found(&report), notices(&report)), (vec![], vec![]));
}

#[test]
fn copies_that_begin_anew_prove_what_comes_behind_them() {
    // As of two folders' files, put one behind the other.
    let mut log = Log::new("anew");
    log.hand_off();
    let before = log.copies.clone();
    log.hand_off();
    log.close(Ended::Shutdown);
    for copies in [[&before[..], &log.copies], [&log.copies, &log.copies]] {
        let report = with(&log, &copies.concat());
        assert_eq!((found(&report), notices(&report)), (vec![], vec![]));
    }
}

#[test]
fn a_second_first_genesis_is_found_and_the_keys_behind_it_stay_proved() {
    let mut log = Log::new("second genesis");
    let mut other = log.clone();
    (other.files, other.chain) = (vec![Vec::new()], tracing_audit::trail::Chain::new(log.pin().id()));
    other.genesis(None);
    log.hand_off();
    log.hand_off();
    log.close(Ended::Shutdown);
    let rows = lines(&log.copies);
    let report = with(&log, &[&rows[0], &rows[1], other.file(), &rows[2]].map(Vec::as_slice).concat());
    assert_eq!(found(&report), [("audit.keys", 3, &FindingKind::TwoHandOffs { epoch: 0 })]);
}

#[test]
fn what_is_no_start_of_the_copy_behind_it_is_found() {
    let log = Log::of_three_files("no start");
    let rows = lines(&log.copies);
    for junk in [&b"\n"[..], b"x\n", b"{\"fields\":{\"epoch\":2\n"] {
        let report = with(&log, &[&rows[0], junk, &rows[1]].concat());
        assert!(malformed(&found(&report), 2), "{:?}", report.findings);
        assert_eq!(notices(&report), []);
        let Finding { at, .. } = &report.findings[0];
        assert_eq!(at.as_ref(), Some(&place(2, rows[0].len())));
    }
    // Longer than any line: only their starts are compared, and these say nothing of the rest.
    let overlong = "a".repeat(MAX_LINE);
    let report =
        with(&log, &[&rows[0], format!("{overlong}b\n{overlong}cc\n").as_bytes(), &rows[1]].concat());
    let [("audit.keys", 2, FindingKind::Malformed(_)), ("audit.keys", 3, FindingKind::Malformed(_))] =
        found(&report)[..]
    else {
        panic!("{:?}", report.findings)
    };
    assert_eq!(notices(&report), []);
}

#[test]
fn lines_of_the_log_that_name_no_next_key_are_no_copies() {
    let mut log = Log::new("no copies");
    log.event("alice");
    log.rotate();
    log.close(Ended::Shutdown);
    // The genesis of a later file is signed and names a key, and is none for all that.
    for line in [lines(&log.files[1])[0].clone(), lines(&log.files[0])[1].clone()] {
        let report = with(&log, &[&log.copies[..], &line].concat());
        assert!(malformed(&found(&report), 2), "{:?}", report.findings);
        assert_eq!(report.verdict, Verdict::Tampered);
    }
}

#[test]
fn a_copy_that_another_key_signed_names_that_key() {
    let mut log = Log::new("signed by another");
    let mut forger = log.clone();
    forger.keys = vec![5];
    let copy = hand_off_to(&mut forger, 1, "forger");
    log.close(Ended::Shutdown);
    let report = with(&log, &[&log.copies[..], &copy].concat());
    let wrong = FindingKind::WrongKey { expected: log.pin().id(), found: forger.key().id() };
    assert_eq!(found(&report), [("audit.keys", 2, &wrong)]);
}

#[test]
fn each_signature_of_a_copy_counts_as_checked() {
    let log = Log::of_three_files("counted");
    for every_signature in [false, true] {
        let options = Options { every_signature, ..pinned(log.pin()) };
        let report = verify(&log.files(), &options);
        let without = report.signatures_checked;
        assert!(!every_signature || without == report.signatures, "{without}");
        let with = verify_with_copies(&log.files(), Some(&log.copies), &options).signatures_checked;
        assert_eq!(with, without + 2);
    }
}

#[test]
fn a_hand_off_of_which_there_is_another_copy_is_found() {
    // Whoever has the key, or a writer that ran twice, signed both.
    let mut log = Log::new("two hand-offs");
    let mut other = log.clone();
    log.hand_off();
    log.close(Ended::Shutdown);
    let copy = hand_off_to(&mut other, 1, "somebody else");
    let genesis = lines(&log.copies)[0].clone();
    let report = with(&log, &[&genesis[..], &copy].concat());
    let (two, cut) = (FindingKind::TwoHandOffs { epoch: 1 }, FindingKind::EndMissing { known: 1 });
    assert_eq!(found(&report), [("audit.0.jsonl", 2, &two), ("", 0, &cut)]);
    assert_eq!((report.verdict, report.lines), (Verdict::Tampered, 1));
}

#[test]
fn an_unproved_key_of_an_epoch_whose_key_the_copies_name_is_tampering() {
    let log = Log::of_three_files("known epoch");
    let mut forger = log.clone();
    forger.name = "forger";
    forger.rotate();
    forger.close(Ended::Shutdown);
    let files = &forger.files()[3..];
    let [known, unknown] =
        [Some(&log.copies[..]), None].map(|copies| verify_with_copies(files, copies, &pinned(log.pin())));
    let (epoch, key) = (1, secret("forger", 1).id());
    let differs = FindingKind::KeyDiffers {
        expected_epoch: epoch,
        expected: Some(log.key().id()),
        found_epoch: epoch,
        found: key,
    };
    assert!(found(&known).contains(&("", 0, &differs)), "{:?}", known.findings);
    assert_eq!(known.verdict, Verdict::Tampered);
    let not_proved = FindingKind::KeyNotProved { epoch, key };
    assert!(found(&unknown).contains(&("", 0, &not_proved)), "{:?}", unknown.findings);
}

#[test]
fn the_pinned_key_proves_copies_of_which_the_first_is_gone() {
    let log = Log::of_three_files("first copy gone");
    let hand_off = lines(&log.copies)[1].clone();
    let report = verify_with_copies(&log.files()[2..], Some(&hand_off), &pinned(log.pin()));
    let missing = FindingKind::StartMissing { file: 2, oldest: 0 };
    assert_eq!((found(&report), report.epoch), (vec![("", 0, &missing)], Some(1)));
}
