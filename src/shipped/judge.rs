//! What can be said of a log only when all its lines were taken.

use std::time::Duration;

use super::names::{Compared, Differs};
use super::report::{Beside, LogReport, Named, Options, Restored};
use super::walk::Walk;
use crate::trail::{PublicKey, Timestamp};
use crate::verify::{Finding, FindingKind, Head, NoticeKind, Range, Verdict, one_head_is_enough};

/// A clock may be ahead of another by so much. A line of a later time would end the watch for silence until then.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// So many findings are listed of a log that nothing ties to a pinned key.
const INVENTED: usize = 16;

/// What holds of a log.
pub(super) fn report(
    mut walk: Walk<'_>,
    beside: Compared,
    foreign: Vec<Named>,
    retyped: Vec<Named>,
    now: Timestamp,
) -> LogReport {
    walk.end_all();
    judge_ends(&mut walk);
    judge_losses(&mut walk);
    judge_expectations(&mut walk, now);
    for Differs { at, seq, member, line, found, .. } in beside.differ {
        let place = walk.sources.place(at);
        walk.ledger.find(Some(place), Some(seq), FindingKind::MemberDiffers { member, line, found });
    }
    walk.ledger.enter_all(Vec::new(), beside.more);
    walk.ledger.end(&walk.identity, &walk.options.keys);
    let Walk { log, identity, ledger, history, coverage, agreed, trusted, .. } = walk;
    let Walk { head, origin, lost, crashes, doubles, restored, .. } = walk;
    // What is told of the log is told by proved lines alone.
    let told = trusted && coverage.proved.lines > 0;
    let key = history.latest().filter(|_| told);
    let mut ledger = ledger;
    if !trusted {
        // Anybody can invent such logs, and what is wrong with them.
        ledger.more_findings += ledger.findings.len().saturating_sub(INVENTED) as u64;
        ledger.findings.truncate(INVENTED);
    }
    let (lines, example) = restored;
    LogReport {
        verdict: ledger.verdict,
        log,
        origin: origin.filter(|_| told),
        pinned: trusted,
        endorsed_by: identity.endorsed_by(),
        proved: coverage.proved,
        unproved: coverage.unproved,
        missing: coverage.missing,
        agree: agreed.proved.lines,
        doubles,
        beside: Beside { compared: beside.same.list(), unproved: beside.unproved.list() },
        restored: Restored { lines, example, foreign, retyped },
        head: head.filter(|_| told),
        signatures_checked: ledger.signatures_checked,
        keys: if told { history.keys() } else { 0 },
        key: key.map(|key| key.id),
        epoch: key.map(|key| key.epoch),
        lost: if told { lost } else { 0 },
        crashes: if told { crashes } else { 0 },
        findings: ledger.findings,
        more_findings: ledger.more_findings,
        notices: ledger.notices,
        more_notices: ledger.more_notices,
    }
}

fn judge_ends(walk: &mut Walk<'_>) {
    if let Some(first) = walk.given.first.filter(|first| *first > 0) {
        walk.ledger.notice(None, None, NoticeKind::Window { first });
    }
    if let Some(line) = walk.later_known() {
        walk.ledger.notice(None, None, NoticeKind::LaterKnown { line });
    }
    if walk.coverage.proved.lines == 0 {
        walk.ledger.find(None, None, FindingKind::Nothing);
    }
    if !walk.trusted {
        return;
    }
    // Within, something else is wrong that explains it; the end may just have come before its signature.
    let unproved = &walk.coverage.unproved;
    let listed = unproved.listed.last().copied();
    // Where they are too many to be listed, the last line is one of them unless a signature proves it.
    let end = walk.last.filter(|last| unproved.more > 0 && walk.newest < Some(*last));
    let Some(last) = end.map(|end| Range { from: end, to: end }).or(listed) else { return };
    if Some(last.to) == walk.last || walk.ledger.verdict == Verdict::Intact {
        walk.ledger.find(None, None, FindingKind::Unproved { from: last.from, to: last.to });
    }
}

fn judge_losses(walk: &mut Walk<'_>) {
    let (lost, crashes) = (walk.lost, walk.crashes);
    if walk.options.no_losses && walk.trusted && (lost > 0 || crashes > 0) {
        walk.ledger.find(None, None, FindingKind::Losses { lost, crashes });
    }
}

fn judge_expectations(walk: &mut Walk<'_>, now: Timestamp) {
    let last = walk.head.map(|head| head.seq);
    if let Some(expect) = walk.options.expect_head.filter(|_| !walk.expected.proved) {
        match (walk.expected.differs, expect.seq) {
            (Some((at, found)), seq) => {
                let kind = FindingKind::HeadDiffers { expected: expect.hash, found };
                let place = walk.sources.place(at);
                walk.ledger.find(Some(place), seq, kind);
            }
            (None, Some(expected)) if last.is_none_or(|last| last < expected) => {
                walk.ledger.find(None, None, FindingKind::HeadBehind { expected, last });
            }
            (None, _) => walk.ledger.find(None, None, FindingKind::HeadNotFound { expected: expect.hash }),
        }
    }
    if let (Some(limit), Some(Head { seq, time, .. })) = (walk.options.max_silence, walk.head) {
        let silence = now.since(time);
        if time.since(now) > CLOCKS_DIFFER {
            walk.ledger.find(None, None, FindingKind::FromTheFuture { last: time, now });
        } else if silence > limit {
            let closed = walk.closed == Some(seq);
            walk.ledger.find(None, None, FindingKind::Silent { last: time, silence, limit, closed });
        }
    }
}

/// What is of no single log.
pub(super) fn of_all(logs: &mut [LogReport], options: &Options) -> Vec<Finding> {
    let of_logs = logs.iter_mut().filter(|log| log.more_findings == 0);
    one_head_is_enough(of_logs.map(|log| (&mut log.findings, &mut log.verdict)).collect());
    let missing = options.keys.iter().map(PublicKey::id);
    let missing = missing.filter(|key| logs.iter().all(|log| log.log != *key));
    let mut kinds: Vec<_> = missing.map(|log| FindingKind::LogMissing { log }).collect();
    if logs.is_empty() {
        kinds.insert(0, FindingKind::Nothing);
    }
    kinds.into_iter().map(|kind| Finding::new(None, None, kind)).collect()
}
