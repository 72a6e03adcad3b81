//! `tracing-audit verify`: reads logs, and prints what holds of them and what does not.

mod advice;
mod print;
mod shipped;

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tracing_audit::trail::PublicKey;
use tracing_audit::verify::{ExpectedHead, Options, Progress, TrustFile, TrustLine, verify_paths_with};

use crate::terminal::harmless;

/// Verify logs: exit code 0 intact, 1 tampered, 2 error, 3 incomplete or forked; the worst of all logs counts
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools)] // switches of a command
pub(crate) struct Arguments {
    /// Files of logs, and folders in which they lie; with `--shipped`, pipes too, and `-` for the standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The pinned public key of a log; one for each log
    #[arg(long, value_name = "KEY")]
    key: Vec<PublicKey>,
    /// A file with pinned public keys, one a line
    #[arg(long, value_name = "FILE")]
    key_file: Vec<PathBuf>,
    /// A file of logs that are trusted, `origin log public-key [comment]` a line; those that aren't given aren't missed
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// The public key of a fleet: each log is trusted whose first key it endorsed
    #[arg(long, value_name = "KEY")]
    fleet_key: Vec<PublicKey>,
    /// A line that must be there: its hash, or its number, a colon and its hash
    #[arg(long, value_name = "[SEQ:]HASH")]
    expect_head: Option<ExpectedHead>,
    /// How old the last line may be: `15m`, `1h`, `2d`
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    max_silence: Option<Duration>,
    /// Check every signature, one by one; otherwise the chain proves most lines
    #[arg(long)]
    every_signature: bool,
    /// Verify lines as a shipper, a store or a query delivers them: any order, doubles, many logs; raw or within JSON or CSV
    #[arg(long)]
    shipped: bool,
    /// The member that has the line, such as `doc.body`; otherwise it is looked for where shippers put it, then anywhere
    #[arg(long, value_name = "PATH", requires = "shipped")]
    at: Option<String>,
    /// Copies of lines that name keys, such as `audit.keys`: they prove keys, and no number between them is missed
    #[arg(long, value_name = "PATH", requires = "shipped")]
    copies: Vec<PathBuf>,
    /// The lines are some that were chosen, and their links were checked elsewhere: numbers that aren't given aren't missed
    #[arg(long, requires = "shipped")]
    sparse: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> io::Result<ExitCode> {
    let mut keys = arguments.key.clone();
    for file in &arguments.key_file {
        keys.extend(keys_in(file)?);
    }
    let mut trust = trust_in(&arguments.trust)?;
    for key in &arguments.fleet_key {
        let line = TrustLine::Fleet { key: *key, comment: String::new() };
        trust.add(line).map_err(io::Error::other)?;
    }
    if arguments.shipped {
        return shipped::run(arguments, keys, trust);
    }
    let options = Options {
        keys,
        trust,
        every_signature: arguments.every_signature,
        expect_head: arguments.expect_head,
        max_silence: arguments.max_silence,
        ..Options::default()
    };
    let mut progress = ProgressLine::new();
    let report = verify_paths_with(&arguments.paths, &options, &mut |at| progress.show(at));
    progress.clear();
    let report = report.map_err(io::Error::other)?;

    let mut out = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        print::report(&report, &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::from(report.verdict.exit_code()))
}

/// One key a line; blank lines and those that begin with `#` say nothing.
fn keys_in(file: &PathBuf) -> io::Result<Vec<PublicKey>> {
    let fail = |what: String| io::Error::other(format!("{}: {what}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
    let lines = text.lines().map(str::trim).enumerate();
    let keys = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<_> = keys
        .map(|(at, line)| line.parse().map_err(|error| fail(format!("line {}: {error}", at + 1))))
        .collect::<io::Result<_>>()?;
    if keys.is_empty() { Err(fail("no key in it".to_owned())) } else { Ok(keys) }
}

fn trust_in(files: &[PathBuf]) -> io::Result<TrustFile> {
    let mut trust = TrustFile::default();
    for file in files {
        let fail = |what: String| io::Error::other(format!("{}: {what}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
        trust.read(&text).map_err(|error| fail(error.to_string()))?;
    }
    if trust.is_empty()
        && let Some(file) = files.first()
    {
        return Err(io::Error::other(format!("{}: nobody in it", file.display())));
    }
    Ok(trust)
}

/// How far the verification is, on one line of a terminal; nowhere else.
struct ProgressLine {
    on_terminal: bool,
    shown: Option<Instant>,
}

impl ProgressLine {
    fn new() -> ProgressLine {
        ProgressLine { on_terminal: io::stderr().is_terminal(), shown: None }
    }

    fn show(&mut self, at: Progress<'_>) {
        let due = self.shown.is_none_or(|shown| shown.elapsed() > Duration::from_millis(100));
        if self.on_terminal && due {
            self.shown = Some(Instant::now());
            let file = at.file.display().to_string();
            let _ = write!(io::stderr(), "\r\x1b[K{}: {} MB", harmless(&file), at.bytes / 1_000_000);
        }
    }

    fn clear(&self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
