//! Logs that replace others, whose keys were lost.

use super::{Finding, FindingKind, LogReport, Notice, NoticeKind, Verdict};

/// Tells each log which other one replaces it, and compares what that one says of its end. Only a log whose own key is
/// pinned is heard: anybody can make one that claims to replace another.
pub(super) fn link(logs: &mut [LogReport]) {
    let successors = logs.iter().filter(|log| log.pinned);
    let claims: Vec<_> = successors.filter_map(|log| Some((log.log, log.succeeds?))).collect();
    for (successor, claim) in claims {
        let Some(log) = logs.iter_mut().find(|log| log.log == claim.log && log.log != successor) else {
            continue;
        };
        log.succeeded_by = Some(successor);
        if log.head.is_some_and(|head| (head.seq, head.hash) == (claim.seq, claim.hash)) {
            log.notices.push(notice(successor));
            explain_end(log);
        } else {
            let last = log.head.map(|head| head.seq);
            let kind =
                FindingKind::SuccessionDiffers { successor, expected: claim.seq, hash: claim.hash, last };
            log.verdict = log.verdict.max(kind.verdict());
            log.findings.push(Finding { at: None, seq: last, kind });
        }
    }
}

fn notice(log: crate::trail::KeyId) -> Notice {
    Notice { at: None, seq: None, kind: NoticeKind::SucceededBy { log } }
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
    use crate::trail::{Hash, KeyId, SecretKey, Succeeds, Timestamp};
    use crate::verify::{Head, Options, Verifier};

    /// A log that is intact up to line 7.
    fn log(seed: u8) -> LogReport {
        let key = SecretKey::from_seed(&[seed; 32]).public();
        let options = Options { keys: vec![key], ..Options::default() };
        let head = Head { seq: 7, hash: Hash::of_line(&[seed]), time: Timestamp::default() };
        LogReport {
            verdict: Verdict::Intact,
            head: Some(head),
            findings: Vec::new(),
            ..Verifier::new(key.id(), &options).finish(Timestamp::default())
        }
    }

    fn claim(log: &LogReport) -> Succeeds {
        let head = log.head.unwrap();
        Succeeds { log: log.log, seq: head.seq, hash: head.hash }
    }

    /// Two logs; the second one says this of the first.
    fn linked(says: impl FnOnce(&mut LogReport, &mut LogReport)) -> [LogReport; 2] {
        let mut logs = [log(1), log(2)];
        logs[1].succeeds = Some(claim(&logs[0]));
        let [old, new] = &mut logs;
        says(old, new);
        link(&mut logs);
        logs
    }

    fn find(log: &mut LogReport, kind: FindingKind) {
        log.verdict = log.verdict.max(kind.verdict());
        log.findings.push(Finding { at: None, seq: None, kind });
    }

    fn kinds(log: &LogReport) -> Vec<&FindingKind> {
        log.findings.iter().map(|finding| &finding.kind).collect()
    }

    fn heard(log: &LogReport) -> (Option<KeyId>, usize) {
        (log.succeeded_by, log.notices.len())
    }

    #[test]
    fn behind_the_line_from_which_a_log_was_replaced_nothing_is_missing() {
        let (limit, silence) = (Duration::from_secs(1), Duration::from_secs(2));
        let silent = FindingKind::Silent { last: Timestamp::default(), silence, limit };
        let [old, new] = linked(|old, _| {
            find(old, silent);
            find(old, FindingKind::NextFileMissing { file: 1 });
        });
        assert_eq!((kinds(&old), old.verdict), (vec![], Verdict::Intact));
        assert_eq!((heard(&old), heard(&new)), ((Some(new.log), 1), (None, 0)));
        // What is wrong before it is wrong still.
        let [old, new] = linked(|old, _| {
            find(old, FindingKind::NextFileMissing { file: 1 });
            find(old, FindingKind::NoGenesis);
        });
        assert_eq!((kinds(&old), old.verdict), (vec![&FindingKind::NoGenesis], Verdict::Tampered));
        assert_eq!(heard(&old), (Some(new.log), 1));
    }

    #[test]
    fn where_findings_were_only_counted_none_is_taken_back() {
        // One that is not listed may be the worst.
        let [old, _] = linked(|old, _| {
            find(old, FindingKind::NextFileMissing { file: 1 });
            (old.more_findings, old.verdict) = (1, Verdict::Tampered);
        });
        assert_eq!((old.findings.len(), old.verdict), (1, Verdict::Tampered));
    }

    #[test]
    fn a_log_that_ends_elsewhere_than_its_successor_says_is_found() {
        for (seq, other, verdict) in [
            (7, true, Verdict::Tampered),
            (6, false, Verdict::Tampered),
            (6, true, Verdict::Tampered),
            (8, true, Verdict::Incomplete),
        ] {
            let [old, new] = linked(|old, new| {
                let hash = if other { Hash::of_line(b"other") } else { claim(old).hash };
                new.succeeds = Some(Succeeds { hash, seq, ..claim(old) });
                find(old, FindingKind::NextFileMissing { file: 1 });
            });
            let hash = new.succeeds.unwrap().hash;
            let differs =
                FindingKind::SuccessionDiffers { successor: new.log, expected: seq, hash, last: Some(7) };
            assert_eq!(kinds(&old), [&FindingKind::NextFileMissing { file: 1 }, &differs]);
            assert_eq!((old.verdict, heard(&old)), (verdict, (Some(new.log), 0)));
        }
    }

    #[test]
    fn a_claim_never_makes_a_verdict_better() {
        let [old, _] = linked(|old, new| {
            find(old, FindingKind::NoGenesis);
            new.succeeds = Some(Succeeds { seq: 8, ..claim(old) });
        });
        assert_eq!(old.verdict, Verdict::Tampered);
    }

    #[test]
    fn only_a_log_whose_own_key_is_pinned_is_heard_and_only_of_another() {
        let [old, _] = linked(|_, new| new.pinned = false);
        assert_eq!((heard(&old), kinds(&old)), ((None, 0), vec![]));
        let [old, new] = linked(|_, new| new.succeeds = Some(claim(new)));
        assert_eq!((heard(&old), heard(&new)), ((None, 0), (None, 0)));
        let [old, new] =
            linked(|_, new| new.succeeds = Some(Succeeds { log: KeyId::from([9; 8]), ..claim(new) }));
        assert_eq!((heard(&old), heard(&new)), ((None, 0), (None, 0)));
    }
}
