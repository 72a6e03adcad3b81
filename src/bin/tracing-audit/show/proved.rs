//! Showing what is proved: the verifier reads, threads format what it hands on, and it is printed in the order of the log.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use serde_json::Value;
use tracing_audit::trail::KeyId;
use tracing_audit::verify::{Options, Report, Stretch, Verdict, verify_paths_each};

use super::format::{Form, Formatter, Passed};
use super::{Arguments, heading, note, tell_of_none};
use crate::terminal::{count, harmless, named, write_harmless};

/// Threads that format; the verifier has its own.
const FORMATTERS: usize = 2;

/// Stretches under way for each of them.
const UNDER_WAY: usize = 8;

/// Ends as `verify` does.
pub(super) fn run(arguments: &Arguments, formatter: &Formatter<'_>) -> io::Result<ExitCode> {
    let options =
        Options { keys: arguments.pins.keys()?, trust: arguments.pins.trust()?, ..Options::default() };
    let (report, lines) = match in_threads(arguments, formatter, &options) {
        Some(shown) => shown?,
        None => alone(arguments, formatter, &options)?,
    };
    tell(&report, &lines, arguments);
    Ok(ExitCode::from(report.verdict.exit_code()))
}

/// None where no thread can be had.
fn in_threads(
    arguments: &Arguments,
    formatter: &Formatter<'_>,
    options: &Options,
) -> Option<io::Result<(Report, Lines)>> {
    thread::scope(|scope| {
        let (jobs, waiting) = bounded::<Job>(UNDER_WAY * FORMATTERS);
        let (in_order, coming) = bounded::<Receiver<Shown>>(UNDER_WAY * FORMATTERS);
        let formatters = (0..FORMATTERS).map_while(|_| {
            let waiting = waiting.clone();
            let format = || format_all(waiting, formatter, arguments.unproved);
            thread::Builder::new().spawn_scoped(scope, format).ok()
        });
        if formatters.count() == 0 {
            return None;
        }
        let printer = thread::Builder::new().spawn_scoped(scope, || print_all(coming)).ok()?;
        let verified = verify_paths_each(&arguments.paths, options, &mut |stretch| {
            let (done, shown) = bounded(1);
            // Who prints has given up where the reader of the output is gone.
            let is_taken = in_order.send(shown).is_ok() && jobs.send(Job { stretch, done }).is_ok();
            if is_taken { Ok(()) } else { Err(ErrorKind::BrokenPipe.into()) }
        });
        drop((jobs, in_order));
        let lines = printer.join().unwrap_or_else(|_| Err(io::Error::other("printing failed")));
        // What went wrong with the output is the reason that nobody took what was verified.
        Some(lines.and_then(|lines| verified.map(|report| (report, lines)).map_err(io::Error::other)))
    })
}

fn alone(arguments: &Arguments, formatter: &Formatter<'_>, options: &Options) -> io::Result<(Report, Lines)> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let (mut all, mut printed) = (Printed::default(), Ok(()));
    let verified = verify_paths_each(&arguments.paths, options, &mut |stretch| {
        let shown = shown(&stretch, formatter, arguments.unproved);
        printed = print(&shown, &mut all, &mut out);
        if printed.is_ok() { Ok(()) } else { Err(ErrorKind::BrokenPipe.into()) }
    });
    // What went wrong with the output is the reason that nobody took what was verified.
    printed.and_then(|()| out.flush())?;
    verified.map(|report| (report, all.lines)).map_err(io::Error::other)
}

/// Beside the records: what they are worth.
fn tell(report: &Report, passed: &Lines, arguments: &Arguments) {
    let findings: u64 = report.logs.iter().map(|log| log.findings.len() as u64 + log.more_findings).sum();
    let findings = findings + report.findings.len() as u64 + report.more_findings;
    let lines: u64 = report.logs.iter().map(|log| log.proved.lines).sum();
    if passed.unproved.lines > 0 && !arguments.unproved {
        note(&not_shown(passed.unproved, arguments.wanted.is_all()));
    }
    let mut looked_at = passed.proved;
    if arguments.unproved {
        looked_at.add(passed.unproved);
    }
    tell_of_none(looked_at, &arguments.wanted);
    // Where a hand-off was met after lines that it makes another's.
    if passed.proved.lines > lines {
        let many = passed.proved.lines - lines;
        let (shown, were) = (count(many, "line"), if many == 1 { "was" } else { "were" });
        note(&format!(
            "{shown} too many {were} read as proved: `tracing-audit verify` names the ranges that are"
        ));
    }
    if report.verdict != Verdict::Intact {
        let first = report.logs.iter().flat_map(|log| &log.findings).chain(&report.findings).next();
        let first = first.map_or_else(String::new, |finding| format!(": {finding}"));
        let (lines, findings) = (count(lines, "line"), count(findings, "finding"));
        note(&format!("{} ({lines} proved, {findings}){first}", report.verdict));
        note(&"`tracing-audit verify` has the rest");
    }
}

/// Lines that are not proved: how many, and how many of them are wanted, where not all are.
fn not_shown(unproved: Passed, is_all: bool) -> String {
    let Passed { lines, wanted, .. } = unproved;
    let (lines, are) = (count(lines, "line"), if lines == 1 { "is" } else { "are" });
    let rest = match wanted {
        _ if is_all => ": --unproved shows them",
        0 => "; none of them matches",
        1 => "; 1 of them matches: --unproved shows it",
        wanted => &format!("; {wanted} of them match: --unproved shows these"),
    };
    format!("{lines} {are} not proved, and not shown{rest}")
}

struct Job {
    stretch: Stretch,
    done: Sender<Shown>,
}

/// What is printed of a stretch.
struct Shown {
    text: Vec<u8>,
    lines: Lines,
    /// Where it is one of several logs: what is said before the first line of the log.
    log: Option<(KeyId, Arc<str>)>,
}

/// How many lines there were.
#[derive(Clone, Copy, Default)]
struct Lines {
    proved: Passed,
    unproved: Passed,
}

/// What was printed so far.
#[derive(Default)]
struct Printed {
    lines: Lines,
    /// The log of the last line.
    log: Option<KeyId>,
}

fn format_all(waiting: Receiver<Job>, formatter: &Formatter<'_>, with_unproved: bool) {
    for Job { stretch, done } in waiting {
        let _ = done.send(shown(&stretch, formatter, with_unproved));
    }
}

fn shown(stretch: &Stretch, formatter: &Formatter<'_>, with_unproved: bool) -> Shown {
    let (mut text, mut lines) = (Vec::new(), Lines::default());
    if stretch.is_proved {
        lines.proved = formatter.lines(stretch.text(), true, &mut text, |_, _| {});
    } else {
        for line in self::lines(stretch.text()) {
            let mut shown = Vec::new();
            let passed = formatter.lines(line, false, &mut shown, |_, _| {});
            lines.unproved.add(passed);
            if with_unproved {
                mark(line, passed, &shown, formatter, &mut text);
            }
        }
    }
    let log = (stretch.logs > 1).then(|| (stretch.log, Arc::clone(&stretch.file)));
    Shown { text, lines, log }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}

/// Appends a line that is not proved, and how it is `shown`, so that nobody takes it for one that is.
fn mark(line: &[u8], passed: Passed, shown: &[u8], formatter: &Formatter<'_>, out: &mut Vec<u8>) {
    /// What is no line may be of any length.
    const START: usize = 200;
    let cut = String::from_utf8_lossy(&line[..line.len().min(START)]).into_owned();
    let is_line = passed.lines > 0;
    let is_wanted = if is_line { passed.wanted > 0 } else { passed.all > 0 && formatter.wanted.is_all() };
    if !is_wanted {
        return;
    }
    if formatter.form != Form::Text {
        let text = if is_line { String::from_utf8_lossy(line).into_owned() } else { cut };
        let marked = Value::from_iter([("unproved", text)]).to_string();
        write_harmless(&marked, out);
        out.push(b'\n');
        return;
    }
    out.extend_from_slice(b"?? ");
    match is_line {
        true => out.extend_from_slice(shown),
        false => {
            let more = if line.len() > START { " …" } else { "" };
            out.extend_from_slice(harmless(&format!("no line of a log: {cut}{more}")).as_bytes());
            out.push(b'\n');
        }
    }
}

/// Prints what comes, in order. The answer is how many lines it was made of.
fn print_all(coming: Receiver<Receiver<Shown>>) -> io::Result<Lines> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut all = Printed::default();
    for shown in coming {
        let Ok(shown) = shown.recv() else { continue };
        print(&shown, &mut all, &mut out)?;
    }
    out.flush()?;
    Ok(all.lines)
}

fn print(shown: &Shown, all: &mut Printed, out: &mut impl Write) -> io::Result<()> {
    let Shown { text, lines, log } = shown;
    all.lines.proved.add(lines.proved);
    all.lines.unproved.add(lines.unproved);
    if let Some((log, file)) = log.as_ref().filter(|(log, _)| !text.is_empty() && all.log != Some(*log)) {
        // What was shown before stands before the heading.
        out.flush()?;
        note(&heading(*log, &named(Path::new(&**file))));
        all.log = Some(*log);
    }
    out.write_all(text)
}
