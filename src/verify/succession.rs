//! Logs that replace others, whose keys were lost.
//!
//! Threat: anybody can make a log that claims to replace another, and the thief of one trusted log's key can make that one
//! claim it. So a claim explains, and takes nothing back; what it explains counts only where the caller knows of it.

use super::{Finding, FindingKind, LogReport, Notice, NoticeKind, Succession, Verdict};
use crate::trail::Succeeds;

/// Tells each log which other one replaces it. A claim counts where the pinned or endorsed key of the successor proves it,
/// in line 0, and both have one origin. Of a succession that the caller names the end is compared, and explained.
pub(super) fn link(logs: &mut [LogReport], named: &[Succession]) {
    let claims = logs.iter().filter(|log| log.pinned).filter_map(|log| {
        let origin = log.origin.clone()?;
        Some((log.log, origin, log.succeeds?))
    });
    for (successor, origin, claim) in claims.collect::<Vec<_>>() {
        let is_it = |log: &&mut LogReport| {
            log.log == claim.log && log.log != successor && log.origin.as_ref() == Some(&origin)
        };
        let Some(log) = logs.iter_mut().find(is_it) else { continue };
        let is_named = named.contains(&Succession { old: log.log, new: successor });
        log.succeeded_by = log.succeeded_by.or(Some(successor)).filter(|_| goes_on(log, claim));
        if goes_on(log, claim) {
            log.notices.push(notice(NoticeKind::SucceededBy { log: successor }));
            if is_named {
                explain_end(log);
            }
        } else if is_named {
            let last = log.head.map(|head| head.seq);
            let Succeeds { seq: expected, hash, .. } = claim;
            find(log, last, FindingKind::SuccessionDiffers { successor, expected, hash, last });
        } else {
            log.notices.push(notice(NoticeKind::ClaimedBy { log: successor, seq: claim.seq }));
        }
    }
    for Succession { old, new } in named {
        let says_so = |log: &LogReport| {
            log.log == *new && log.pinned && log.succeeds.is_some_and(|claim| claim.log == *old)
        };
        let is_there = logs.iter().any(says_so);
        if let Some(log) = logs.iter_mut().find(|log| log.log == *old).filter(|_| !is_there) {
            find(log, None, FindingKind::NotSucceeded { successor: *new });
        }
    }
}

/// Whether the log ends with the line from which its successor goes on.
fn goes_on(log: &LogReport, claim: Succeeds) -> bool {
    log.head.is_some_and(|head| (head.seq, head.hash) == (claim.seq, claim.hash))
}

fn notice(kind: NoticeKind) -> Notice {
    Notice { at: None, seq: None, kind }
}

fn find(log: &mut LogReport, seq: Option<u64>, kind: FindingKind) {
    log.verdict = log.verdict.max(kind.verdict());
    log.findings.push(Finding::new(None, seq, kind));
}

/// The last line is attested: no file and no line was to follow it.
fn explain_end(log: &mut LogReport) {
    if log.more_findings > 0 {
        return;
    }
    log.findings.retain(|finding| {
        !matches!(finding.kind, FindingKind::Silent { .. } | FindingKind::NextFileMissing { .. })
    });
    let verdicts = log.findings.iter().map(|finding| finding.kind.verdict());
    log.verdict = verdicts.max().unwrap_or(Verdict::Intact);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::trail::{Hash, KeyId, SecretKey, Timestamp};
    use crate::verify::{Head, Options, Verifier};

    /// A log that is intact up to line 7.
    fn log(seed: u8) -> LogReport {
        let key = SecretKey::from_seed(&[seed; 32]).public();
        let options = Options { keys: vec![key], ..Options::default() };
        let head = Head { seq: 7, hash: Hash::of_line(&[seed]), time: Timestamp::default() };
        LogReport {
            verdict: Verdict::Intact,
            head: Some(head),
            origin: Some("payments".to_owned()),
            findings: Vec::new(),
            ..Verifier::new(key.id(), &options).finish(Timestamp::default())
        }
    }

    fn claim(log: &LogReport) -> Succeeds {
        let head = log.head.unwrap();
        Succeeds { log: log.log, seq: head.seq, hash: head.hash }
    }

    /// Two logs; the second one says this of the first. The caller names the succession, or not.
    fn linked(named: bool, says: impl FnOnce(&mut LogReport, &mut LogReport)) -> [LogReport; 2] {
        let mut logs = [log(1), log(2)];
        logs[1].succeeds = Some(claim(&logs[0]));
        let [old, new] = &mut logs;
        says(old, new);
        let succession = Succession { old: old.log, new: new.log };
        let known = [succession];
        link(&mut logs, if named { &known } else { &[] });
        logs
    }

    fn find(log: &mut LogReport, kind: FindingKind) {
        super::find(log, None, kind);
    }

    fn kinds(log: &LogReport) -> Vec<&FindingKind> {
        log.findings.iter().map(|finding| &finding.kind).collect()
    }

    fn heard(log: &LogReport) -> (Option<KeyId>, usize) {
        (log.succeeded_by, log.notices.len())
    }

    fn silent() -> FindingKind {
        let (limit, silence) = (Duration::from_secs(1), Duration::from_secs(2));
        FindingKind::Silent { last: Timestamp::default(), silence, limit, closed: false }
    }

    #[test]
    fn of_a_named_succession_the_open_end_and_the_silence_are_explained() {
        let [old, new] = linked(true, |old, _| {
            find(old, silent());
            find(old, FindingKind::NextFileMissing { file: 1 });
        });
        assert_eq!((kinds(&old), old.verdict), (vec![], Verdict::Intact));
        assert_eq!((heard(&old), heard(&new)), ((Some(new.log), 1), (None, 0)));
        // What is wrong before it is wrong still.
        let [old, new] = linked(true, |old, _| {
            find(old, FindingKind::NextFileMissing { file: 1 });
            find(old, FindingKind::NoGenesis);
        });
        assert_eq!((kinds(&old), old.verdict), (vec![&FindingKind::NoGenesis], Verdict::Tampered));
        assert_eq!(heard(&old), (Some(new.log), 1));
    }

    #[test]
    fn a_claim_alone_takes_no_finding_back_and_adds_none() {
        let [old, new] = linked(false, |old, _| {
            find(old, silent());
            find(old, FindingKind::NextFileMissing { file: 1 });
        });
        assert_eq!(kinds(&old), [&silent(), &FindingKind::NextFileMissing { file: 1 }]);
        assert_eq!((old.verdict, heard(&old)), (Verdict::Incomplete, (Some(new.log), 1)));
        for (seq, hash) in [(7, Hash::of_line(b"other")), (6, Hash::ZERO), (8, Hash::ZERO)] {
            let [old, new] = linked(false, |old, new| {
                new.succeeds = Some(Succeeds { hash, seq, ..claim(old) });
            });
            assert_eq!((kinds(&old), old.verdict, heard(&old)), (vec![], Verdict::Intact, (None, 1)));
            assert_eq!(old.notices[0].kind, NoticeKind::ClaimedBy { log: new.log, seq });
        }
    }

    #[test]
    fn where_findings_were_only_counted_none_is_taken_back() {
        // One that is not listed may be the worst.
        let [old, _] = linked(true, |old, _| {
            find(old, FindingKind::NextFileMissing { file: 1 });
            (old.more_findings, old.verdict) = (1, Verdict::Tampered);
        });
        assert_eq!((old.findings.len(), old.verdict), (1, Verdict::Tampered));
    }

    #[test]
    fn a_log_that_ends_elsewhere_than_its_named_successor_says_is_found() {
        for (seq, other, verdict) in [
            (7, true, Verdict::Tampered),
            (6, false, Verdict::Tampered),
            (6, true, Verdict::Tampered),
            (8, true, Verdict::Incomplete),
        ] {
            let [old, new] = linked(true, |old, new| {
                let hash = if other { Hash::of_line(b"other") } else { claim(old).hash };
                new.succeeds = Some(Succeeds { hash, seq, ..claim(old) });
                find(old, FindingKind::NextFileMissing { file: 1 });
            });
            let hash = new.succeeds.unwrap().hash;
            let differs =
                FindingKind::SuccessionDiffers { successor: new.log, expected: seq, hash, last: Some(7) };
            assert_eq!(kinds(&old), [&FindingKind::NextFileMissing { file: 1 }, &differs]);
            assert_eq!((old.verdict, heard(&old)), (verdict, (None, 0)));
        }
    }

    #[test]
    fn a_named_succession_that_no_log_claims_is_found() {
        for says in [None, Some(claim(&log(3)))] {
            let [old, new] = linked(true, |_, new| new.succeeds = says);
            let missing = FindingKind::NotSucceeded { successor: new.log };
            assert_eq!((kinds(&old), old.verdict), (vec![&missing], Verdict::Incomplete));
        }
        let [old, _] = linked(true, |_, new| new.pinned = false);
        assert_eq!(old.verdict, Verdict::Incomplete);
    }

    #[test]
    fn a_claim_never_makes_a_verdict_better() {
        let [old, _] = linked(true, |old, new| {
            find(old, FindingKind::NoGenesis);
            new.succeeds = Some(Succeeds { seq: 8, ..claim(old) });
        });
        assert_eq!(old.verdict, Verdict::Tampered);
    }

    #[test]
    fn only_a_log_of_the_same_origin_whose_own_key_is_pinned_is_heard_and_only_of_another() {
        let [old, _] = linked(false, |_, new| new.pinned = false);
        assert_eq!((heard(&old), kinds(&old)), ((None, 0), vec![]));
        let [old, _] = linked(false, |_, new| new.origin = Some("orders".to_owned()));
        assert_eq!((heard(&old), kinds(&old)), ((None, 0), vec![]));
        let [old, _] = linked(false, |old, new| (old.origin, new.origin) = (None, None));
        assert_eq!((heard(&old), kinds(&old)), ((None, 0), vec![]));
        let [old, new] = linked(false, |_, new| new.succeeds = Some(claim(new)));
        assert_eq!((heard(&old), heard(&new)), ((None, 0), (None, 0)));
        let [old, new] =
            linked(false, |_, new| new.succeeds = Some(Succeeds { log: KeyId::from([9; 8]), ..claim(new) }));
        assert_eq!((heard(&old), heard(&new)), ((None, 0), (None, 0)));
    }
}
