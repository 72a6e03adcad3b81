//! One log: in full, or in a line.

use std::io::{self, Write};

use tracing_audit::trail::{Ended, Timestamp};
use tracing_audit::verify::{Finding, FindingKind, LogReport, NoticeKind};

use super::{crashes, findings, heading, line_end, noticed, notices, ranges};
use crate::terminal::{count, quoted};

/// All that there is to say of it.
pub(super) fn log(log: &LogReport, out: &mut impl Write) -> io::Result<()> {
    heading(log.log, log.origin.as_deref(), log.verdict, out)?;
    writeln!(out)?;
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
        writeln!(
            out,
            "  What is proved is {}, {}. Head: {}:{}",
            span(log.began, head.time),
            end(log),
            head.seq,
            head.hash
        )?;
        let key = match log.endorsed_by {
            Some(fleet) => format!("It chains from a key that fleet key {fleet} endorsed."),
            None => "It chains from the pinned key.".to_owned(),
        };
        writeln!(
            out,
            "  {key} {} attested, {} declared lost{}.{}",
            count(log.torn_bytes, "torn byte"),
            count(log.lost, "record"),
            crashes(log.crashes),
            if log.findings.is_empty() {
                ""
            } else {
                " So say the lines that are proved; others may say more."
            },
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
    let not_there = match log.findings.iter().find_map(unread) {
        None => "not there".to_owned(),
        Some(1) => "not seen (1 packed file was not read)".to_owned(),
        Some(files) => format!("not seen ({files} packed files were not read)"),
    };
    for (what, lines) in [("there, and not proved", &log.unproved), (&*not_there, &log.missing)] {
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

/// An intact log among others.
pub(super) fn in_a_line(log: &LogReport, out: &mut impl Write) -> io::Result<()> {
    heading(log.log, log.origin.as_deref(), log.verdict, out)?;
    let are = if log.proved.lines == 1 { "is" } else { "are" };
    let is_part = log.notices.iter().any(|notice| matches!(notice.kind, NoticeKind::Part { .. }));
    let part = if is_part { " (a part, as was asked)" } else { "" };
    write!(out, "{part}: {} {are} proved, ", count(log.proved.lines, "line"))?;
    ranges(&log.proved, out)?;
    if let Some(head) = log.head {
        let span = span(log.began, head.time);
        write!(out, ", {span}, {}. Head: {}:{}", end(log), head.seq, head.hash)?;
    }
    line_end(log.endorsed_by, (log.lost, log.crashes), log.notices.len() as u64 + log.more_notices, out)
}

/// So many files may have what is not there.
fn unread(finding: &Finding) -> Option<u64> {
    match finding.kind {
        FindingKind::MaybePacked { files } => Some(files),
        _ => None,
    }
}

/// From the first proved line to the last one.
fn span(began: Option<Timestamp>, ended: Timestamp) -> String {
    format!("from {} to {ended}", began.unwrap_or(ended))
}

/// How what is proved ends.
fn end(log: &LogReport) -> &'static str {
    match log.closed {
        Some(Ended::Shutdown) => "closed by shutdown",
        Some(_) => "closed for the next file",
        None => "open",
    }
}
