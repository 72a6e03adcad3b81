//! A report for people: what holds, then what does not, then what is worth knowing. Of many logs, those that are not intact
//! come first, the worst at the top, and each intact one has a line: of a thousand, nobody would find the three.

mod basis;
mod log;

use std::cmp::Reverse;
use std::io::{self, Write};

use tracing_audit::trail::KeyId;
use tracing_audit::verify::{Finding, Notice, Ranges, Report, Verdict};

use super::advice::advice;
use crate::terminal::{count, harmless, quoted};

pub(super) use basis::basis;

pub(super) fn report(report: &Report, out: &mut impl Write) -> io::Result<()> {
    if let [log] = &report.logs[..] {
        log::log(log, out)?;
        writeln!(out)?;
        findings(&report.findings, report.more_findings, out)?;
    } else {
        findings(&report.findings, report.more_findings, out)?;
        let (bad, intact) = worst_first(&report.logs, |log| log.verdict);
        for log in bad {
            log::log(log, out)?;
            writeln!(out)?;
        }
        for log in &intact {
            log::in_a_line(log, out)?;
        }
        not_shown(intact.iter().map(|log| log.notices.len() as u64 + log.more_notices).sum(), out)?;
        if !intact.is_empty() {
            writeln!(out)?;
        }
    }
    notices(&report.notices, report.more_notices, out)?;
    basis(&report.basis, out)?;
    let verdicts = report.logs.iter().map(|log| log.verdict);
    writeln!(out, "{}: {}", spoken(report.verdict), tally(verdicts))
}

/// The logs that are not intact, the worst first, and the intact ones; else in the order of the report.
pub(super) fn worst_first<L>(logs: &[L], verdict: impl Fn(&L) -> Verdict) -> (Vec<&L>, Vec<&L>) {
    let (mut bad, intact): (Vec<_>, Vec<_>) = logs.iter().partition(|log| verdict(log) != Verdict::Intact);
    bad.sort_by_key(|log| Reverse(verdict(log)));
    (bad, intact)
}

/// `Log b1541897b6ad297c of "example.com/payments": INTACT`.
pub(super) fn heading(
    log: KeyId,
    origin: Option<&str>,
    verdict: Verdict,
    out: &mut impl Write,
) -> io::Result<()> {
    write!(out, "Log {log}")?;
    if let Some(origin) = origin {
        write!(out, " of {}", quoted(origin))?;
    }
    write!(out, ": {}", spoken(verdict))
}

/// How the line of an intact log ends.
pub(super) fn line_end(
    endorsed_by: Option<KeyId>,
    (lost, crashes): (u64, u64),
    notices: u64,
    out: &mut impl Write,
) -> io::Result<()> {
    if let Some(fleet) = endorsed_by {
        write!(out, "; endorsed by fleet key {fleet}")?;
    }
    if lost > 0 {
        write!(out, "; {} declared lost", count(lost, "record"))?;
    }
    write!(out, "{}", self::crashes(crashes))?;
    match notices {
        0 => writeln!(out),
        notices => writeln!(out, "; {}", count(notices, "notice")),
    }
}

/// Where notices are that an intact log's line has no room for.
pub(super) fn not_shown(notices: u64, out: &mut impl Write) -> io::Result<()> {
    match notices {
        0 => Ok(()),
        _ => writeln!(out, "What is worth knowing of them: verify one of these logs alone, or with --json."),
    }
}

/// `no log`, `1 log`, `1,000 logs: 997 intact, 2 incomplete, 1 tampered`.
pub(super) fn tally(verdicts: impl Iterator<Item = Verdict>) -> String {
    let verdicts = verdicts.collect::<Vec<_>>();
    match verdicts.len() {
        0 => return "no log".to_owned(),
        1 => return "1 log".to_owned(),
        _ => {}
    }
    let each = [Verdict::Intact, Verdict::Incomplete, Verdict::Forked, Verdict::Error, Verdict::Tampered];
    let each = each.into_iter().filter_map(|verdict| {
        let logs = verdicts.iter().filter(|each| **each == verdict).count();
        (logs > 0).then(|| format!("{} {}", grouped(logs), spoken(verdict).to_lowercase()))
    });
    format!("{} logs: {}", grouped(verdicts.len()), each.collect::<Vec<_>>().join(", "))
}

/// `1,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let first = match digits.len() % 3 {
        0 => 3,
        first => first,
    };
    let (first, rest) = digits.split_at(first.min(digits.len()));
    rest.as_bytes().chunks(3).fold(first.to_owned(), |all, group| all + "," + &String::from_utf8_lossy(group))
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
pub(super) fn crashes(crashes: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Error, Incomplete, Intact, Tampered};

    #[test]
    fn many_logs_are_counted_by_their_verdicts_and_a_thousand_has_a_comma() {
        for (verdicts, said) in [
            (vec![], "no log"),
            (vec![Tampered], "1 log"),
            (vec![Intact, Tampered, Intact], "3 logs: 2 intact, 1 tampered"),
            (vec![Error, Incomplete], "2 logs: 1 incomplete, 1 not judged"),
        ] {
            assert_eq!(tally(verdicts.into_iter()), said);
        }
        let many = [vec![Incomplete; 2], vec![Intact; 997], vec![Tampered]].concat();
        assert_eq!(tally(many.into_iter()), "1,000 logs: 997 intact, 2 incomplete, 1 tampered");
        for (number, said) in
            [(0, "0"), (12, "12"), (999, "999"), (12_345, "12,345"), (1_000_000, "1,000,000")]
        {
            assert_eq!(grouped(number), said);
        }
    }

    #[test]
    fn the_worst_log_comes_first_and_equals_keep_their_order() {
        let logs = [("a", Intact), ("b", Incomplete), ("c", Tampered), ("d", Incomplete), ("e", Intact)];
        let (bad, intact) = worst_first(&logs, |log| log.1);
        let names = |logs: Vec<&(&'static str, Verdict)>| logs.iter().map(|log| log.0).collect::<String>();
        assert_eq!((names(bad), names(intact)), ("cbd".into(), "ae".into()));
    }
}
