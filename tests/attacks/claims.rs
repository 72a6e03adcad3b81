//! Control lines, well signed, that say what is not so: of the end before, of the next key, of their place.

use tracing_audit::trail::{Chain, Control, Ended, Genesis, Handoff, Hash, Succeeds};
use tracing_audit::verify::{FindingKind, LogReport, NoticeKind, Verdict};

use crate::log::{Log, found, pinned, secret, torn, verify};

fn report(log: &Log) -> LogReport {
    verify(&log.files(), &pinned(log.pin()))
}

#[test]
fn a_genesis_within_a_file_is_found() {
    for closed in [None, Some(Ended::Rotated), Some(Ended::Shutdown)] {
        let mut log = Log::new("within");
        log.event("alice");
        if let Some(reason) = closed {
            log.close(reason);
        }
        let previous = log.previous(closed.unwrap_or(Ended::Crash));
        log.genesis(Some(previous));
        log.event("bob");
        let report = report(&log);
        let line = if closed.is_some() { 4 } else { 3 };
        assert_eq!(found(&report), [("audit.0.jsonl", line, &FindingKind::GenesisWithin)], "{closed:?}");
        assert_eq!(report.verdict, Verdict::Tampered);
    }
}

#[test]
fn a_hand_off_to_the_key_that_is_in_force_is_found() {
    // A writer makes a new key each time; this one would keep a stolen key good under a new epoch.
    let mut log = Log::new("same key");
    let public_key = log.pin();
    log.control(&Control::Handoff(Handoff::new((1, public_key), "interval")));
    log.event("alice");
    let report = report(&log);
    let differs =
        FindingKind::KeyDiffers { expected_epoch: 1, expected: None, found_epoch: 1, found: public_key.id() };
    assert_eq!(found(&report), [("audit.0.jsonl", 2, &differs)]);
}

#[test]
fn a_resume_that_tells_of_another_end_is_found() {
    let piece = b"{\"fields\":{\"act";
    for (closed, says, torn_before, is_so) in [
        (None, Ended::Crash, false, true),
        (Some(Ended::Shutdown), Ended::Shutdown, false, true),
        (Some(Ended::Shutdown), Ended::Crash, true, true),
        (None, Ended::Shutdown, false, false),
        (Some(Ended::Shutdown), Ended::Crash, false, false),
        (None, Ended::Rotated, false, false),
        (None, Ended::Lost, false, false),
        (Some(Ended::Shutdown), Ended::Rotated, false, false),
    ] {
        let mut log = Log::new("ended");
        log.event("alice");
        if let Some(reason) = closed {
            log.close(reason);
        }
        if torn_before {
            log.file().extend_from_slice(piece);
            log.file().push(b'\n');
        }
        log.resume(says, torn_before.then(|| torn(piece)));
        let report = report(&log);
        let differs = FindingKind::EndedDiffers { expected: closed, found: says };
        let kinds: Vec<_> = report.findings.iter().map(|finding| &finding.kind).collect();
        assert_eq!(kinds, if is_so { vec![] } else { vec![&differs] }, "{closed:?} {says}");
    }
}

#[test]
fn a_close_says_only_that_the_writer_ended_its_file_or_itself() {
    for reason in [Ended::Crash, Ended::Lost, Ended::Truncated, Ended::Removed, Ended::Replaced] {
        let mut log = Log::new("odd close");
        log.close(reason);
        let report = report(&log);
        let [("audit.0.jsonl", 2, FindingKind::Fields { .. })] = found(&report)[..] else {
            panic!("{reason}: {:?}", report.findings)
        };
    }
}

#[test]
fn what_a_writer_says_of_a_loss_and_of_the_log_it_replaces_is_worth_a_notice() {
    let mut log = Log::new("says");
    let succeeds = Succeeds { hash: Hash::of_line(b"x"), log: secret("before", 0).id(), seq: 41 };
    (log.files, log.chain) = (vec![Vec::new()], Chain::new(log.pin().id()));
    let genesis = Genesis { succeeds: Some(succeeds), ..log.a_genesis(None) };
    log.control(&Control::Genesis(genesis));
    log.gap(3);
    log.close(Ended::Shutdown);
    let report = report(&log);
    assert_eq!((found(&report), report.succeeds), (vec![], Some(succeeds)));
    let notices: Vec<_> = report.notices.iter().map(|notice| (notice.seq, &notice.kind)).collect();
    let [(Some(0), NoticeKind::Succeeds(before)), (Some(1), NoticeKind::Gap { lost: 3, reason, .. })] =
        &notices[..]
    else {
        panic!("{notices:?}")
    };
    assert_eq!((before, reason.as_str()), (&succeeds, "queue full"));
}
