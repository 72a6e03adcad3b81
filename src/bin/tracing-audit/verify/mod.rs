//! `tracing-audit verify`: reads logs, and prints what holds of them and what does not.

mod advice;
mod print;
mod shipped;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tracing_audit::trail::Timestamp;
use tracing_audit::verify::{ExpectedHead, Options, Progress, Succession, verify_paths_with};

use crate::given;
use crate::pins::Pins;
use crate::terminal::{self, harmless, named};

/// Verify logs: exit code 0 intact, 1 tampered, 2 error, 3 incomplete or forked; the worst of all logs counts
#[allow(clippy::struct_excessive_bools)] // one for each flag
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files of logs, folders in which they lie, links to them, and pipes; `-` is the standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    pins: Pins,
    /// A line that must be there: its hash, or its number, a colon and its hash
    #[arg(long, value_name = "[SEQ:]HASH")]
    expect_head: Option<ExpectedHead>,
    /// How old the last line may be: `15m`, `1h`, `2d`
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    max_silence: Option<Duration>,
    /// Each log must be there from its line 0 on: for logs whose retention keeps all files
    #[arg(long, conflicts_with = "shipped")]
    from_start: bool,
    /// The files are a part of each log, that follow each other, and its copies of hand-offs: what came before and after is not
    /// missed
    #[arg(long, conflicts_with_all = ["shipped", "from_start"])]
    part: bool,
    /// With --part: only the files of each log that cover the time from here on: `2026-11-21`, `2026-11-21T20:41:00Z`, or so
    /// long ago: `2h`
    #[arg(long, value_name = "TIME", requires = "part", value_parser = given::time)]
    since: Option<Timestamp>,
    /// With --part: up to this time; a day begins at midnight, UTC
    #[arg(long, value_name = "TIME", requires = "part", value_parser = given::time)]
    until: Option<Timestamp>,
    /// No record may have been lost: none declared, and no crash, which may have taken what was queued. Not with --sparse: lines
    /// that declare losses may be others than the chosen ones
    #[arg(long, conflicts_with = "sparse")]
    no_losses: bool,
    /// Log OLD was replaced by log NEW, by their ids: then its end is compared and explained; may be given several times
    #[arg(long, value_name = "OLD=NEW", conflicts_with = "shipped")]
    succession: Vec<Succession>,
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
    given::once(arguments.paths.iter().chain(&arguments.copies))?;
    let (keys, trust) = (arguments.pins.keys()?, arguments.pins.trust()?);
    if arguments.shipped {
        return shipped::run(arguments, keys, trust);
    }
    let options = Options {
        keys,
        trust,
        every_signature: arguments.every_signature,
        expect_head: arguments.expect_head,
        max_silence: arguments.max_silence,
        from_start: arguments.from_start,
        part: arguments.part,
        since: arguments.since,
        until: arguments.until,
        no_losses: arguments.no_losses,
        successions: arguments.succession.clone(),
        ..Options::default()
    };
    let mut progress = ProgressLine::new();
    let report = verify_paths_with(&arguments.paths, &options, &mut |at| progress.show(at));
    progress.clear();
    let report = report.map_err(io::Error::other)?;

    let mut out = io::stdout().lock();
    if arguments.json {
        terminal::json(&report, &mut out)?;
    } else {
        print::report(&report, &mut out)?;
    }
    out.flush()?;
    Ok(ExitCode::from(report.verdict.exit_code()))
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
            let file = named(at.file);
            let _ = write!(io::stderr(), "\r\x1b[K{}: {} MB", harmless(&file), at.bytes / 1_000_000);
        }
    }

    fn clear(&self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
