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
