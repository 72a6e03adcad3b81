//! `tracing-audit verify --shipped`: what became of the lines on their way.

use std::io::{self, Write};
use std::process::ExitCode;

use tracing_audit::shipped::{self, LogReport, Named, Options, Report, verify_shipped_with};
use tracing_audit::trail::PublicKey;
use tracing_audit::verify::{Notice, NoticeKind, Ranges, TrustFile};

use super::{Arguments, print};
use crate::terminal::{self, count, harmless, quoted};

pub(super) fn run(arguments: &Arguments, keys: Vec<PublicKey>, trust: TrustFile) -> io::Result<ExitCode> {
    let options = Options {
        keys,
        trust,
        every_signature: arguments.every_signature,
        expect_head: arguments.expect_head,
        max_silence: arguments.max_silence,
        no_losses: arguments.no_losses,
        at: arguments.at.clone(),
        sparse: arguments.sparse,
        ..Options::default()
    };
    let report =
        verify_shipped_with(&arguments.paths, &arguments.copies, &options).map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    if arguments.json {
        terminal::json(&report, &mut out)?;
    } else {
        print(&report, &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::from(report.verdict.exit_code()))
}

fn print(report: &Report, out: &mut impl Write) -> io::Result<()> {
    // What an input seems to be explains all the rest.
    let (looks, notices): (Vec<_>, Vec<_>) = report.notices.iter().cloned().partition(is_look);
    print::notices(&looks, 0, out)?;
    if let [log] = &report.logs[..] {
        self::log(log, out)?;
        writeln!(out)?;
        print::findings(&report.findings, 0, out)?;
    } else {
        many(report, out)?;
    }
    print::notices(&notices, 0, out)?;
    if report.sparse {
        writeln!(
            out,
            "Sparse: numbers that were not given are not missed, and of links only those between given lines were \
             checked. Whatever chose the lines must have checked the others."
        )?;
    }
    if report.copies > 0 {
        writeln!(
            out,
            "Besides, {} of copies: they prove keys, and do not count as given.",
            count(report.copies, "line")
        )?;
    }
    print::basis(&report.basis, out)?;
    writeln!(
        out,
        "{}: {} of {}; {} of none",
        print::spoken(report.verdict),
        count(report.lines, "line"),
        print::tally(report.logs.iter().map(|log| log.verdict)),
        count(report.others, "item"),
    )
}

/// The worst first, and each intact one in a line.
fn many(report: &Report, out: &mut impl Write) -> io::Result<()> {
    print::findings(&report.findings, 0, out)?;
    let (bad, intact) = print::worst_first(&report.logs, |log| log.verdict);
    // What nothing proves beside its lines is said of an intact log too.
    let (plain, more): (Vec<&LogReport>, _) = intact.into_iter().partition(|log| is_plain(log));
    for log in bad.into_iter().chain(more) {
        self::log(log, out)?;
        writeln!(out)?;
    }
    for log in &plain {
        print::heading(log.log, log.origin.as_deref(), log.verdict, out)?;
        write!(out, ": {} proved, ", count(log.proved.lines, "line"))?;
        print::ranges(&log.proved, out)?;
        if let Some(head) = log.head {
            write!(out, ", up to {}. Head: {}:{}", head.time, head.seq, head.hash)?;
        }
        let notices = log.notices.len() as u64 + log.more_notices;
        print::line_end(log.endorsed_by, (log.lost, log.crashes), notices, out)?;
    }
    print::not_shown(plain.iter().map(|log| log.notices.len() as u64 + log.more_notices).sum(), out)?;
    if plain.is_empty() { Ok(()) } else { writeln!(out) }
}

/// Whether all lines came byte for byte, with nothing beside them.
fn is_plain(log: &LogReport) -> bool {
    let shipped::Beside { compared, unproved } = &log.beside;
    let (restored, more) =
        (&log.restored, [compared, unproved, &log.restored.foreign, &log.restored.retyped]);
    restored.lines == 0 && more.iter().all(|members| members.is_empty())
}

fn is_look(notice: &Notice) -> bool {
    matches!(notice.kind, NoticeKind::LooksLike { .. })
}

fn log(log: &LogReport, out: &mut impl Write) -> io::Result<()> {
    print::heading(log.log, log.origin.as_deref(), log.verdict, out)?;
    writeln!(out)?;
    match (log.pinned, log.agree) {
        (true, _) if log.proved.lines == 0 => writeln!(out, "  No line is proved.")?,
        (true, _) => ranges("proved", &log.proved, out)?,
        (false, 0) => writeln!(out, "  Nothing is proved: nothing ties these lines to a pinned key.")?,
        (false, agree) => writeln!(
            out,
            "  {} with each other; nothing ties them to a pinned key: anybody can have made them.",
            if agree == 1 { "1 line agrees".to_owned() } else { format!("{agree} lines agree") },
        )?,
    }
    ranges("there, not proved", &log.unproved, out)?;
    ranges("missing", &log.missing, out)?;
    writeln!(
        out,
        "  {} that {}; {} declared lost{}; {}, {} checked.",
        count(log.doubles, "double"),
        if log.doubles == 1 { "agrees" } else { "agree" },
        count(log.lost, "record"),
        print::crashes(log.crashes),
        count(log.keys, "key"),
        count(log.signatures_checked, "signature"),
    )?;
    if let Some(example) = &log.restored.example {
        let lines = count(log.restored.lines, "line");
        writeln!(
            out,
            "  Restored from JSON that was written anew: {lines}, as {}.",
            harmless(&example.to_string())
        )?;
    }
    members("Members beside the lines that say the same", &log.beside.compared, out)?;
    members("Members beside the lines that nothing proves", &log.beside.unproved, out)?;
    members("Members beside ours, not proved", &log.restored.foreign, out)?;
    members("Members that came as strings", &log.restored.retyped, out)?;
    if let Some(head) = log.head {
        let key = match log.endorsed_by {
            Some(fleet) => format!("It leads back to a key that fleet key {fleet} endorsed."),
            None => "It leads back to the pinned key.".to_owned(),
        };
        writeln!(out, "  The newest signature is of {}. {key} Head: {}:{}", head.time, head.seq, head.hash)?;
    }
    print::findings(&log.findings, log.more_findings, out)?;
    print::notices(&log.notices, log.more_notices, out)
}

fn ranges(what: &str, ranges: &Ranges, out: &mut impl Write) -> io::Result<()> {
    if ranges.lines == 0 {
        return Ok(());
    }
    write!(out, "  {} {what}: ", count(ranges.lines, "line"))?;
    print::ranges(ranges, out)?;
    writeln!(out, ".")
}

fn members(what: &str, members: &[Named], out: &mut impl Write) -> io::Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    let named = members.iter().map(|named| format!("{} ({})", quoted(&named.member), named.lines));
    writeln!(out, "  {what}: {}.", named.collect::<Vec<_>>().join(", "))
}
