//! The same lines, as a shipper relays them: `verify --shipped` must say of them what `verify` says of the files.
//!
//! What only files can tell is left out of the comparison: `docs/SHIPPING.md` lists it.

use std::collections::BTreeSet;

use crate::shipped;
use crate::trail::{PublicKey, Timestamp};
use crate::verify::{FindingKind, LogReport, NoticeKind, Ranges, Verdict};

/// Where the two verifiers differ about files of one log, given in their order, and copies.
pub(crate) fn disagreement(
    files: &[Vec<u8>],
    copies: &[Vec<u8>],
    pins: &[PublicKey],
    report: &LogReport,
) -> Option<String> {
    let options = shipped::Options { keys: pins.to_vec(), memory: 1 << 20, ..Default::default() };
    let mut verifier = shipped::Verifier::new(&options);
    for (number, bytes) in files.iter().enumerate() {
        verifier.read(&number.to_string(), bytes.as_slice()).unwrap();
    }
    for bytes in copies {
        verifier.read_copies("copies", bytes.as_slice()).unwrap();
    }
    let shipped = verifier.finish(Timestamp::default()).unwrap();
    let said = || format!("files: {report:#?}\nshipped: {shipped:#?}");
    let Some(log) = shipped.logs.iter().find(|log| log.log == report.log) else {
        // Of a file that holds a piece of its first line only.
        return (report.lines > 0).then(|| format!("no line was shipped\n{}", said()));
    };
    let given_up = report.notices.iter().any(|notice| matches!(notice.kind, NoticeKind::GivenUp { .. }));
    let gone = report.findings.iter().any(|finding| matches!(finding.kind, FindingKind::Gone { .. }));
    let verdict = verdict_of_lines(report);
    // Validly signed lines that were given up are a branch, or stand after a hole: so do those of a copy of the keys. What is
    // gone from files may have been shipped, or stand where no file has it in order.
    let is_branch = (given_up || gone) && matches!(log.verdict, Verdict::Forked | Verdict::Incomplete)
        || gone && log.verdict == Verdict::Intact && log.missing.lines == 0;
    // What stands behind a hole that the cut left counts until the log has lines of these numbers.
    let hole =
        log.missing.listed.last().is_some_and(|range| Some(range.from) > report.head.map(|head| head.seq));
    if log.verdict != verdict && !is_branch && !(hole && log.verdict == Verdict::Incomplete) {
        return Some(format!("{verdict:?} is {:?} as shipped\n{}", log.verdict, said()));
    }
    // Copies prove what they hold as well, wherever it stands.
    let from = report.proved.listed.first().map_or(0, |range| range.from);
    let (shown, proved) = (numbers(&log.proved, from), numbers(&report.proved, from));
    if shown != proved && !given_up && !gone {
        return Some(format!("other lines are proved as shipped\n{}", said()));
    }
    if given_up || gone {
        return None;
    }
    let losses = (report.lost, report.crashes);
    if log.head != report.head || (log.lost, log.crashes) != losses || log.epoch != report.epoch {
        return Some(format!("head, losses, crashes or epoch differ as shipped\n{}", said()));
    }
    None
}

/// What the files say of their lines: how the last of them ended, and torn pieces, are no lines.
fn verdict_of_lines(report: &LogReport) -> Verdict {
    let of_lines = |kind: &FindingKind| match kind {
        // Also where only its newline is lacking.
        FindingKind::UnsignedEnd { .. } => report.unproved.lines > 0,
        FindingKind::NextFileMissing { .. } => false,
        _ => true,
    };
    let findings = report.findings.iter().map(|finding| &finding.kind).filter(|kind| of_lines(kind));
    findings.map(FindingKind::verdict).max().unwrap_or(Verdict::Intact)
}

fn numbers(ranges: &Ranges, from: u64) -> BTreeSet<u64> {
    ranges.listed.iter().flat_map(|range| range.from..=range.to).filter(|seq| *seq >= from).collect()
}
