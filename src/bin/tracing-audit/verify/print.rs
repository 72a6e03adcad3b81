//! A report for people: what holds, then what does not, then what is worth knowing.

use std::cmp::Reverse;
use std::io::{self, Write};

use tracing_audit::trail::Ended;
use tracing_audit::verify::{Basis, Finding, LogReport, Notice, Ranges, Report, Succession, Verdict};

use super::advice::advice;
use crate::terminal::{count, harmless, quoted};

pub(super) fn report(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for log in &report.logs {
        self::log(log, out)?;
        writeln!(out)?;
    }
    findings(&report.findings, report.more_findings, out)?;
    notices(&report.notices, report.more_notices, out)?;
    basis(&report.basis, out)?;
    match report.logs.len() {
        0 => writeln!(out, "{}: no log", spoken(report.verdict)),
        1 => writeln!(out, "{}: 1 log", spoken(report.verdict)),
        logs => writeln!(out, "{}: the worst of {logs} logs", spoken(report.verdict)),
    }
}

/// What the report was made with.
pub(super) fn basis(basis: &Basis, out: &mut impl Write) -> io::Result<()> {
    let (paths, copies) = (basis.paths.iter().map(|path| quoted(path)), basis.copies.iter());
    let copies = copies.map(|path| format!("copies {}", quoted(path)));
    writeln!(
        out,
        "Read at {} by tracing-audit {}: {}.",
        basis.time,
        basis.version,
        listed(paths.chain(copies))
    )?;
    let pins = basis.pins.iter().map(|pin| format!("{} of log {}", pin.public_key, pin.id));
    let fleets = basis.fleet_keys.iter().map(|key| format!("fleet key {} ({})", key.public_key, key.id));
    let trusted = (basis.trusted > 0).then(|| format!("{} of trust files", count(basis.trusted, "log")));
    let trusted = listed(pins.chain(fleets).chain(trusted));
    writeln!(out, "Trusted: {}.", if trusted.is_empty() { "no key" } else { &trusted })?;
    match listed(asked(basis).into_iter()) {
        asked if asked.is_empty() => Ok(()),
        asked => writeln!(out, "Asked: {asked}."),
    }
}

/// What the caller asked beyond that: the verdict rests on it.
fn asked(basis: &Basis) -> Vec<String> {
    let given = |option: &str, is_given: bool| is_given.then(|| option.to_owned());
    let head = basis.expect_head.map(|head| format!("--expect-head {head}"));
    let silence = basis.max_silence.map(|most| format!("--max-silence {}", humantime::format_duration(most)));
    let successions = basis.successions.iter();
    let successions = successions.map(|Succession { old, new }| format!("--succession {old}={new}"));
    let options = [
        given("--from-start", basis.from_start),
        given("--no-losses", basis.no_losses),
        given("--every-signature", basis.every_signature),
        given("--sparse", basis.sparse),
        basis.at.as_deref().map(|at| format!("--at {}", quoted(at))),
        head,
        silence,
    ];
    options.into_iter().flatten().chain(successions).collect()
}

/// The first of them, and how many more there are.
fn listed(all: impl Iterator<Item = String>) -> String {
    let all = all.collect::<Vec<_>>();
    let shown = all[..all.len().min(PRINTED)].join(", ");
    match all.len() - all.len().min(PRINTED) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

fn log(log: &LogReport, out: &mut impl Write) -> io::Result<()> {
    match &log.origin {
        Some(origin) => writeln!(out, "Log {} of {}: {}", log.log, quoted(origin), spoken(log.verdict))?,
        None => writeln!(out, "Log {}: {}", log.log, spoken(log.verdict))?,
    }
    if let Some(head) = log.head {
        let (proved, are) = (log.proved.lines, if log.proved.lines == 1 { "is" } else { "are" });
        write!(out, "  {} {are} proved, ", count(proved, "line"))?;
        ranges(&log.proved, out)?;
        writeln!(
            out,
            ", in {}; {} in force, {}, {} of them checked.",
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
        writeln!(out, "  What is proved ends at {}, {end}. Head: {}:{}", head.time, head.seq, head.hash)?;
        let key = match log.endorsed_by {
            Some(fleet) => format!("It chains from a key that fleet key {fleet} endorsed."),
            None => "It chains from the pinned key.".to_owned(),
        };
        writeln!(
            out,
            "  {key} {} attested, {} declared lost{}.",
            count(log.torn_bytes, "torn byte"),
            count(log.lost, "record"),
            crashes(log.crashes),
        )?;
    } else {
        writeln!(out, "  No line is proved.")?;
    }
    if let Some(agrees) = &log.agrees {
        let (lines, agree) =
            (count(agrees.lines, "line"), if agrees.lines == 1 { "agrees" } else { "agree" });
        let key = if log.pinned { "the pinned key" } else { "a pinned key" };
        writeln!(
            out,
            "  {lines} {agree} with each other, {} to {}; nothing ties them to {key}: anybody can have made them.",
            agrees.first, agrees.last.seq
        )?;
        match agrees.origin.as_deref().map(quoted) {
            Some(origin) => {
                writeln!(
                    out,
                    "  They say that they are of {origin}, the last of them of {}.",
                    agrees.last.time
                )?;
            }
            None => writeln!(out, "  The last of them says that it is of {}.", agrees.last.time)?,
        }
    }
    for (what, lines) in [("there, and not proved", &log.unproved), ("not there", &log.missing)] {
        if lines.lines > 0 {
            let are = if lines.lines == 1 { "is" } else { "are" };
            write!(out, "  {} {are} {what}: ", count(lines.lines, "line"))?;
            ranges(lines, out)?;
            writeln!(out, ".")?;
        }
    }
    findings(&log.findings, log.more_findings, out)?;
    match log.pinned {
        true => notices(&log.notices, log.more_notices, out),
        false => noticed("Worth knowing, if these lines are true:", &log.notices, log.more_notices, out),
    }
}

/// Ranges that are printed; the report as JSON has more.
const PRINTED: usize = 10;

/// `0 to 7, 9, 12 to 40`.
pub(super) fn ranges(ranges: &Ranges, out: &mut impl Write) -> io::Result<()> {
    for (at, range) in ranges.listed.iter().take(PRINTED).enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        match range.from == range.to {
            true => write!(out, "{comma}{}", range.from)?,
            false => write!(out, "{comma}{} to {}", range.from, range.to)?,
        }
    }
    match (ranges.listed.len() as u64).saturating_sub(PRINTED as u64) + ranges.more {
        0 => Ok(()),
        more => write!(out, ", and {} more", count(more, "range")),
    }
}

/// Nobody knows what a crash took.
fn crashes(crashes: u64) -> String {
    match crashes {
        0 => String::new(),
        1 => "; 1 crash, which may have taken what was queued".to_owned(),
        crashes => format!("; {crashes} crashes, each of which may have taken what was queued"),
    }
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
    noticed("Worth knowing:", notices, more, out)
}

fn noticed(heading: &str, notices: &[Notice], more: u64, out: &mut impl Write) -> io::Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {heading}")?;
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
