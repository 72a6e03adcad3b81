//! `tracing-audit show`: records for people. It proves nothing, and says so.

mod pieces;
mod record;
mod wanted;

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tracing_audit::trail::Line;
use tracing_audit::verify::{Contents, find_logs};

use crate::terminal::harmless;
use pieces::{Piece, Pieces};
use wanted::Wanted;

/// Show records: number, time, level, actor, and the rest
///
/// Shows what stands in the files, proved or not: `tracing-audit verify` proves it. Files may be compressed. Where
/// --since, --until or --where choose lines, what is no line is not shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, or folders with files of logs
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The lines as they are, one JSON object each; what is none goes to stderr
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    wanted: Wanted,
}

/// Ends with 2 where something could not be read; what could be is shown all the same.
pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    if io::stderr().is_terminal() {
        note(&"not verified; run `tracing-audit verify`");
    }
    let stdout = io::stdout();
    let mut show = Show {
        json: arguments.json,
        wanted: &arguments.wanted,
        terminal: stdout.is_terminal(),
        out: BufWriter::new(stdout.lock()),
        unread: false,
    };
    for path in &arguments.paths {
        show.path(path)?;
    }
    show.out.flush()?;
    Ok(if show.unread { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

struct Show<'a, W: Write> {
    json: bool,
    wanted: &'a Wanted,
    /// Whether a terminal is at the other end of `out`.
    terminal: bool,
    out: W,
    /// Whether something could not be read.
    unread: bool,
}

impl<W: Write> Show<'_, W> {
    /// A file is shown whatever it holds; of a folder, the logs that lie in it, one after the other.
    fn path(&mut self, path: &Path) -> io::Result<()> {
        if !path.is_dir() {
            return self.file(path);
        }
        let found = find_logs(&[path]);
        found.findings.iter().for_each(|finding| note(finding));
        found.notices.iter().for_each(|notice| note(notice));
        let more = found.more_findings + found.more_notices;
        if more > 0 {
            note(&format!("and {more} more files of which none is shown"));
        }
        for unread in &found.unread {
            self.unread(&unread.path, &unread.error)?;
        }
        found.logs.iter().flat_map(|log| &log.files).try_for_each(|file| self.file(&file.path))
    }

    fn file(&mut self, path: &Path) -> io::Result<()> {
        let mut pieces = match Contents::open(path) {
            Ok(contents) => Pieces::new(contents),
            Err(error) => return self.unread(path, &error),
        };
        let mut number = 0_u64;
        loop {
            let piece = match pieces.next() {
                Ok(None) => return Ok(()),
                Ok(Some(piece)) => piece,
                Err(error) => return self.unread(path, &error),
            };
            number += 1;
            match piece {
                Piece::Whole(bytes) => match Line::parse(bytes) {
                    Ok(line) if !self.wanted.wants(&line) => {}
                    Ok(line) => self.line(&line)?,
                    Err(_) if !self.wanted.is_all() => {}
                    Err(why) => self.no_line(path, number, &why, bytes)?,
                },
                Piece::TooLong { .. } if !self.wanted.is_all() => {}
                Piece::TooLong { start, bytes } => {
                    self.no_line(path, number, &format!("{bytes} bytes without a newline"), start)?;
                }
            }
        }
    }

    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        match (self.json, self.terminal) {
            (false, _) => writeln!(self.out, "{}", record::shown(line)),
            (true, true) => writeln!(self.out, "{}", harmless(line.text)),
            (true, false) => writeln!(self.out, "{}", line.text),
        }
    }

    /// Shows bytes that are no line in their place; beside the lines where a program reads those.
    fn no_line(&mut self, path: &Path, number: u64, why: &dyn Display, bytes: &[u8]) -> io::Result<()> {
        const START: usize = 80;
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(START)]);
        let more = if bytes.len() > START { " …" } else { "" };
        let shown = format!("{}:{number}: no line of a log: {why}: {start}{more}", path.display());
        if self.json {
            note(&shown);
            return Ok(());
        }
        writeln!(self.out, "!! {}", harmless(&shown))
    }

    fn unread(&mut self, path: &Path, error: &io::Error) -> io::Result<()> {
        self.unread = true;
        // What was shown stands before what went wrong.
        self.out.flush()?;
        note(&format!("{}: {error}", path.display()));
        Ok(())
    }
}

/// One line on stderr.
fn note(text: &dyn Display) {
    let _ = writeln!(io::stderr(), "tracing-audit: {}", harmless(&text.to_string()));
}
