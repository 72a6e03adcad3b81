//! `tracing-audit show`: records for people. With a key it shows what is proved; without one it proves nothing, and says so.

mod control;
mod format;
mod members;
mod pieces;
mod proved;
mod read;
mod record;
mod text;
mod wanted;

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tracing_audit::trail::{KeyId, MAX_LINE};
use tracing_audit::verify::{Contents, find_logs};

use crate::given;
use crate::pins::Pins;
use crate::terminal::{count, harmless, named};
use format::{Form, Formatter, NoLine, Passed};
use pieces::{Piece, Pieces};
use wanted::Wanted;

/// Show records: number, time, level, actor, and the rest
///
/// With a key it verifies as it reads, and shows the lines that are proved; the exit code is that of `verify`. Without one it
/// shows what stands in the files, proved or not, and says so. Files may be compressed. Where --since, --until or --where
/// choose lines, what is no line is not shown; where none is chosen, a line on stderr says how many were looked at.
///
/// Logs are shown one after the other. Of several, a line on stderr names each before its records; with --json each record
/// has its log's id in `trail.log`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, or folders with files of logs
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The lines as they are, one JSON object each; what is none goes to stderr
    #[arg(long)]
    json: bool,
    /// Show what is not proved, too: in its place, marked with `??`; with --json as `{"unproved":"…"}`
    #[arg(long)]
    unproved: bool,
    #[command(flatten)]
    pins: Pins,
    #[command(flatten)]
    wanted: Wanted,
}

/// Ends with 2 where something could not be read; what could be is shown all the same.
pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    given::once(&arguments.paths)?;
    let stdout = io::stdout();
    let form = match (arguments.json, stdout.is_terminal()) {
        (false, _) => Form::Text,
        (true, false) => Form::Json,
        (true, true) => Form::HarmlessJson,
    };
    let formatter = Formatter { form, wanted: &arguments.wanted };
    if !arguments.pins.is_empty() {
        return proved::run(arguments, &formatter);
    }
    note(&"nothing of this was proved: no key was given (--key)");
    let is_one = arguments.paths.len() == 1;
    let passed = Passed::default();
    let mut show = Show { formatter, out: stdout.lock(), is_one, heading: None, passed, unread: false };
    for path in &arguments.paths {
        show.path(path)?;
    }
    show.out.flush()?;
    tell_of_none(show.passed, &arguments.wanted);
    Ok(if show.unread { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

struct Show<'a, W: Write> {
    formatter: Formatter<'a>,
    out: W,
    /// Whether one path was given.
    is_one: bool,
    /// What is said before the next line that is shown.
    heading: Option<String>,
    passed: Passed,
    /// Whether something could not be read.
    unread: bool,
}

impl<W: Write> Show<'_, W> {
    /// A file is shown whatever it holds; of a folder, the logs that lie in it, one after the other.
    fn path(&mut self, path: &Path) -> io::Result<()> {
        if !path.is_dir() {
            return self.file(path);
        }
        let mut found = find_logs(&[path]);
        found.findings.iter().for_each(|finding| note(finding));
        found.notices.iter().for_each(|notice| note(notice));
        let more = found.more_findings + found.more_notices;
        if more > 0 {
            note(&format!("and {}, not shown", count(more, "more file")));
        }
        for unread in &found.unread {
            self.unread(&unread.path, &unread.error)?;
        }
        let logs = found.logs.clone();
        let are_several = !self.is_one || logs.len() > 1;
        for log in logs {
            let first = log.files.first().filter(|_| are_several);
            self.heading = first.map(|first| heading(log.log, &named(&first.path)));
            log.files.iter().try_for_each(|file| self.contents(&file.path, found.open(log.log, file)))?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> io::Result<()> {
        self.heading = (!self.is_one).then(|| format!("from {}:", named(path)));
        self.contents(path, Contents::open(path))
    }

    fn contents(&mut self, path: &Path, contents: io::Result<Contents>) -> io::Result<()> {
        let mut pieces = match contents {
            Ok(contents) => Pieces::new(contents),
            Err(error) => return self.unread(path, &error),
        };
        let (mut shown, mut before) = (Vec::new(), 0);
        loop {
            let piece = match pieces.next() {
                Ok(None) => return Ok(()),
                Ok(Some(piece)) => piece,
                Err(error) => return self.unread(path, &error),
            };
            shown.clear();
            let passed = match piece {
                Piece::Lines(lines) => {
                    self.formatter.lines(lines, false, &mut shown, |NoLine { number, bytes, why }, out| {
                        let place = (path, before + number + 1);
                        match bytes.len() {
                            length @ MAX_LINE.. => self.no_line(place, &without_newline(length), bytes, out),
                            _ => self.no_line(place, why, bytes, out),
                        }
                    })
                }
                Piece::TooLong { start, bytes } => {
                    self.no_line((path, before + 1), &without_newline(bytes), start, &mut shown);
                    Passed { all: 1, ..Passed::default() }
                }
            };
            before += passed.all;
            self.passed.add(passed);
            if let Some(heading) = self.heading.take_if(|_| !shown.is_empty()) {
                self.out.flush()?;
                note(&heading);
            }
            self.out.write_all(&shown)?;
        }
    }

    /// Shows bytes that are no line in their place; beside the lines where a program reads those.
    fn no_line(&self, (path, number): (&Path, u64), why: &dyn Display, bytes: &[u8], out: &mut Vec<u8>) {
        const START: usize = 80;
        if !self.formatter.wanted.is_all() {
            return;
        }
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(START)]);
        let more = if bytes.len() > START { " …" } else { "" };
        let shown = format!("{}:{number}: no line of a log: {why}: {start}{more}", named(path));
        if self.formatter.form == Form::Text {
            out.extend_from_slice(format!("!! {}\n", harmless(&shown)).as_bytes());
        } else {
            note(&shown);
        }
    }

    fn unread(&mut self, path: &Path, error: &io::Error) -> io::Result<()> {
        self.unread = true;
        // What was shown stands before what went wrong.
        self.out.flush()?;
        note(&format!("{}: {error}", named(path)));
        Ok(())
    }
}

/// Which log the lines are of that follow.
fn heading(log: KeyId, file: &dyn Display) -> String {
    format!("log {log}, from {file}:")
}

/// Lines were chosen, and none was met that is wanted: nobody should take that for an empty log.
fn tell_of_none(passed: Passed, wanted: &Wanted) {
    if !wanted.is_all() && passed.wanted == 0 {
        note(&format!("0 of {} records match", passed.lines));
    }
}

fn without_newline(bytes: impl Display) -> String {
    format!("{bytes} bytes without a newline")
}

/// One line on stderr.
fn note(text: &dyn Display) {
    let _ = writeln!(io::stderr(), "tracing-audit: {}", harmless(&text.to_string()));
}

#[cfg(test)]
mod tests;
