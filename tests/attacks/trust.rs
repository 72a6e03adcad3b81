//! A fleet's key, and who would have its trust without its endorsement.

use tracing_audit::trail::{Chain, Control, Ended, EndorsedKey, Endorsement, Genesis};
use tracing_audit::verify::{FindingKind, LogReport, NoticeKind, Options, TrustFile, TrustLine, Verifier};

use crate::log::{File, Log, found, secret};

const ORIGIN: &str = "example.com/payments";

fn by(fleet: &str, origin: &str, log: &str) -> Endorsement {
    EndorsedKey::sign(&secret(fleet, 0), origin, secret(log, 0).public()).endorsement().clone()
}

/// A log whose first genesis has this endorsement: two files, two keys.
fn log_with(name: &'static str, fleet: Option<Endorsement>) -> Log {
    let mut log = Log::new(name);
    log.files = vec![Vec::new()];
    log.chain = Chain::new(log.pin().id());
    let genesis = Genesis { fleet, ..log.a_genesis(None) };
    log.control(&Control::Genesis(genesis));
    log.copies = log.file().clone();
    log.event("alice");
    log.hand_off();
    log.oldest = 1;
    log.rotate();
    log.event("bob");
    log.close(Ended::Shutdown);
    log
}

fn trusting(fleet: &str) -> Options {
    let mut trust = TrustFile::default();
    trust.add(TrustLine::Fleet { key: secret(fleet, 0).public(), comment: String::new() }).unwrap();
    Options { trust, ..Options::default() }
}

fn verify(log: &Log, files: &[File], copies: bool) -> LogReport {
    let mut verifier = Verifier::new(log.pin().id(), &trusting("fleet"));
    if copies {
        verifier.hand_offs("audit.keys", &log.copies);
    }
    for (name, bytes) in files {
        verifier.begin_file(name);
        verifier.bytes(bytes);
        verifier.end_file();
    }
    verifier.finish(std::time::SystemTime::now().into())
}

#[test]
fn an_endorsed_log_is_intact_with_its_first_file_or_the_copy_of_its_genesis() {
    let log = log_with("host", Some(by("fleet", ORIGIN, "host")));
    for (files, copies) in [(&log.files()[..], false), (&log.files(), true), (&log.files()[1..], true)] {
        let report = verify(&log, files, copies);
        assert_eq!((found(&report), report.verdict.exit_code()), (vec![], 0));
        assert!(report.pinned && report.endorsed_by == Some(secret("fleet", 0).public().id()));
        let unknown = |kind: &NoticeKind| matches!(kind, NoticeKind::UnknownMembers { .. });
        assert!(!report.notices.iter().any(|notice| unknown(&notice.kind)), "{:?}", report.notices);
    }
}

#[test]
fn an_endorsement_of_another_key_or_name_or_by_another_fleet_or_none_is_found() {
    for (fleet, named) in [
        (None, None),
        (Some(by("fleet", ORIGIN, "other host")), Some("fleet")),
        (Some(by("fleet", "example.com/orders", "host")), Some("fleet")),
        (Some(by("another fleet", ORIGIN, "host")), Some("another fleet")),
    ] {
        let log = log_with("host", fleet);
        let found_id = named.map(|fleet| secret(fleet, 0).public().id());
        let not_endorsed = FindingKind::NotEndorsed { log: log.pin().id(), found: found_id };
        for copies in [false, true] {
            let report = verify(&log, &log.files(), copies);
            assert_eq!(found(&report), [("", 0, &not_endorsed)]);
            assert_eq!((report.verdict.exit_code(), report.pinned, report.endorsed_by), (1, false, None));
        }
    }
}

#[test]
fn an_endorsement_that_is_stripped_or_moved_into_a_signed_line_is_tampering() {
    let (with, without) = (log_with("host", Some(by("fleet", ORIGIN, "host"))), log_with("host", None));
    let text = String::from_utf8(with.files[0].clone()).unwrap();
    let (start, rest) = text.split_once("\"fleet\":").unwrap();
    let (member, end) = rest.split_once("},").unwrap();
    let stripped = format!("{start}{end}");
    let bare = String::from_utf8(without.files[0].clone()).unwrap();
    let moved = bare.replacen("\"format\"", &format!("\"fleet\":{member}}},\"format\""), 1);
    for (log, first) in [(&with, stripped), (&without, moved)] {
        let mut files = log.files();
        files[0].1 = first.into_bytes();
        let report = verify(log, &files, false);
        assert_eq!(report.verdict.exit_code(), 1, "{:?}", report.findings);
        assert!(!report.pinned && report.endorsed_by.is_none());
    }
}

#[test]
fn without_its_first_line_nobody_can_tell_and_the_log_is_incomplete() {
    let log = log_with("host", Some(by("fleet", ORIGIN, "host")));
    let report = verify(&log, &log.files()[1..], false);
    let missing = FindingKind::EndorsementMissing { log: log.pin().id() };
    assert!(report.findings.iter().any(|finding| finding.kind == missing), "{:?}", report.findings);
    assert_eq!((report.verdict.exit_code(), report.pinned), (3, false));
}

#[test]
fn a_log_that_takes_another_name_later_is_found_once() {
    let mut log = log_with("host", Some(by("fleet", ORIGIN, "host")));
    for _ in 0..2 {
        let previous = log.previous(Ended::Shutdown);
        log.files.push(Vec::new());
        let genesis = Genesis { origin: "example.com/orders".into(), ..log.a_genesis(Some(previous)) };
        log.control(&Control::Genesis(genesis));
        log.close(Ended::Shutdown);
    }
    let differs = FindingKind::OriginDiffers { expected: ORIGIN.into(), found: "example.com/orders".into() };
    let report = verify(&log, &log.files(), false);
    assert_eq!(found(&report), [("audit.2.jsonl", 1, &differs)]);
    assert_eq!(report.verdict.exit_code(), 3);
}

#[test]
fn only_the_logs_first_genesis_says_that_it_is_endorsed() {
    // A later one that says it is of the same log and the same key, and comes too late.
    let mut log = Log::new("host");
    log.close(Ended::Rotated);
    let previous = log.previous(Ended::Rotated);
    log.files.push(Vec::new());
    let genesis = Genesis { fleet: Some(by("fleet", ORIGIN, "host")), ..log.a_genesis(Some(previous)) };
    log.control(&Control::Genesis(genesis));
    let not_endorsed = FindingKind::NotEndorsed { log: log.pin().id(), found: None };
    let report = verify(&log, &log.files(), false);
    assert_eq!((found(&report), report.pinned), (vec![("", 0, &not_endorsed)], false));
}

#[test]
fn a_first_genesis_that_another_key_signed_says_nothing_of_a_fleet() {
    // The key of a later epoch was stolen; the first genesis, of which there is a copy, names no fleet.
    let log = log_with("host", None);
    let mut forger = Log { files: vec![Vec::new()], chain: Chain::new(log.pin().id()), ..log.clone() };
    let fleet = Some(by("fleet", ORIGIN, "host"));
    let genesis = Genesis { epoch: 0, public_key: log.pin(), fleet, ..forger.a_genesis(None) };
    forger.control(&Control::Genesis(genesis));
    let report = verify(&log, &forger.files(), true);
    let not_endorsed = FindingKind::NotEndorsed { log: log.pin().id(), found: None };
    assert!(found(&report).contains(&("", 0, &not_endorsed)), "{:?}", report.findings);
    assert_eq!((report.verdict.exit_code(), report.pinned, report.endorsed_by), (1, false, None));
}

#[test]
fn the_endorsement_of_another_log_of_the_fleet_is_none_of_this_one() {
    // Whoever has one host's key and its endorsement writes under the name of another's log.
    let log = log_with("host", Some(by("fleet", ORIGIN, "host")));
    let mut forger = Log::new("other host");
    (forger.files, forger.chain) = (vec![Vec::new()], Chain::new(log.pin().id()));
    let fleet = Some(by("fleet", ORIGIN, "other host"));
    let genesis = Genesis { fleet, ..forger.a_genesis(None) };
    forger.control(&Control::Genesis(genesis));
    forger.event("mallory");
    let report = verify(&log, &forger.files(), false);
    assert_eq!((report.verdict.exit_code(), report.pinned, report.endorsed_by), (1, false, None));
    let missing = FindingKind::EndorsementMissing { log: log.pin().id() };
    assert!(found(&report).contains(&("", 0, &missing)), "{:?}", report.findings);
}
