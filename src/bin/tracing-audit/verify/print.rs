//! A report for people: what holds, then what does not, then what is worth knowing.

use std::cmp::Reverse;
use std::io::{self, Write};

use tracing_audit::trail::Ended;
use tracing_audit::verify::{Finding, LogReport, Notice, Report, Verdict};

use super::advice::advice;
use crate::terminal::harmless;

pub(super) fn report(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for log in &report.logs {
        self::log(log, out)?;
        writeln!(out)?;
    }
    findings(&report.findings, report.more_findings, out)?;
    notices(&report.notices, report.more_notices, out)?;
    let logs = report.logs.len();
    writeln!(out, "{}: {logs} {} verified", spoken(report.verdict), if logs == 1 { "log" } else { "logs" })
}

fn log(log: &LogReport, out: &mut impl Write) -> io::Result<()> {
    let origin = log.origin.as_deref().unwrap_or("an unknown origin");
    writeln!(out, "Log {} of {}: {}", log.log, harmless(origin), spoken(log.verdict))?;
    if let (Some(first), Some(head)) = (log.first_seq, log.head) {
        writeln!(
            out,
            "  {} lines are proved, from {first} to {}, in {}; {} in force, {}, {} of them checked.",
            log.lines,
            head.seq,
            count(log.files, "file"),
            count(log.keys, "key"),
            count(log.signatures, "signature"),
            log.signatures_checked.min(log.signatures),
        )?;
        let end = match log.closed {
            Some(Ended::Shutdown) => "closed by shutdown",
            Some(_) => "closed for the next file",
            None => "open",
        };
        writeln!(out, "  It ends at {}, {end}. Head: {}:{}", head.time, head.seq, head.hash)?;
        let key = match (log.endorsed_by, log.pinned) {
            (Some(fleet), _) => format!("It chains from a key that fleet key {fleet} endorsed."),
            (None, true) => "It chains from the pinned key.".to_owned(),
            (None, false) => "Its key is not pinned.".to_owned(),
        };
        writeln!(
            out,
            "  {key} {} attested, {} declared lost.",
            count(log.torn_bytes, "torn byte"),
            count(log.lost, "record")
        )?;
    }
    findings(&log.findings, log.more_findings, out)?;
    notices(&log.notices, log.more_notices, out)
}

pub(super) fn findings(findings: &[Finding], more: u64, out: &mut impl Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "  What does not hold:")?;
    let mut worst_first = findings.iter().collect::<Vec<_>>();
    worst_first.sort_by_key(|finding| Reverse(finding.kind.verdict()));
    for finding in worst_first {
        let verdict = spoken(finding.kind.verdict());
        writeln!(out, "  - {verdict}: {}.", harmless(&finding.to_string()))?;
        writeln!(out, "    {}", advice(&finding.kind))?;
    }
    if more > 0 {
        writeln!(out, "  - and {more} more, not listed")?;
    }
    Ok(())
}

pub(super) fn notices(notices: &[Notice], more: u64, out: &mut impl Write) -> io::Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    writeln!(out, "  Worth knowing:")?;
    for notice in notices {
        writeln!(out, "  - {}.", harmless(&notice.to_string()))?;
    }
    if more > 0 {
        writeln!(out, "  - and {more} more, not listed")?;
    }
    Ok(())
}

pub(super) fn spoken(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Intact => "INTACT",
        Verdict::Incomplete => "INCOMPLETE",
        Verdict::Forked => "FORKED",
        Verdict::Error => "NOT JUDGED",
        Verdict::Tampered => "TAMPERED",
    }
}

pub(super) fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
