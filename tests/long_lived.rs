//! A log that lives long: written by eight threads through shutdowns, exits and kills, over files and keys. It is whole
//! for the library and for the Python of `docs/FORMAT.md`, and what was acknowledged is in it once, in order.
#![cfg(unix)]

#[allow(dead_code)] // it can tell more than this test asks for
#[path = "common/history.rs"]
mod history;
#[path = "common/python.rs"]
mod python;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::thread;
use std::time::{Duration, Instant};

use tracing::info;
use tracing_audit::verify::Verdict;
use tracing_audit::{AuditLayer, KeyStore, Overflow, Rotation, require};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

const THREADS: u64 = 8;

/// Each so many records a thread waits for the disk and acknowledges.
const STEP: u64 = 50;

#[test]
fn a_log_through_twelve_restarts_is_whole() {
    live(&Life { restarts: 12, records: 200, max_file_size: 65_536, key_lines: 700 });
}

#[test]
#[ignore = "takes minutes"]
fn a_log_through_fifty_restarts_is_whole() {
    live(&Life { restarts: 50, records: 1_500, max_file_size: 1_000_000, key_lines: 10_000 });
}

struct Life {
    restarts: u64,
    /// Of each thread, each time.
    records: u64,
    max_file_size: u64,
    key_lines: u64,
}

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Shutdown,
    /// `process::exit`, with records on their way.
    Exit,
    /// `SIGKILL`, with records on their way.
    Kill,
}

fn live(life: &Life) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ends = |run| match run % 4 {
        _ if run == life.restarts => End::Shutdown,
        0 => End::Shutdown,
        1 => End::Exit,
        _ => End::Kill,
    };
    let starts = (0..=life.restarts).map(|run| life.run(folder, run, ends(run))).collect::<Vec<_>>();
    println!("starts, in order: {starts:?}");

    let history = history::History::of(folder);
    let log = &history.report;
    assert_eq!(log.verdict, Verdict::Intact, "{log:?}");
    println!("{} lines in {} files, {} keys, {} torn bytes", log.lines, log.files, log.keys, log.torn_bytes);
    assert!(log.files > 5 && log.keys > 5 && log.lines > life.key_lines * (log.keys - 1), "{log:?}");

    if let Some(python) = python::Python::from_the_page() {
        let pin = KeyStore::read_pin(folder.join("keys")).unwrap();
        let files = history::files(&folder.join("log"));
        let expected = python::Answer {
            whole: true,
            proved: vec![(0, log.lines - 1)],
            head: Some(log.head.unwrap().hash.to_string()),
        };
        for copies in [&[][..], &[folder.join("log/audit.keys")]] {
            assert_eq!(python.verify(&pin.to_string(), &files, copies), expected);
        }
    }

    let mut records = history.records();
    for run in 0..=life.restarts {
        for thread in 0..THREADS {
            let found = records.remove(&(run, thread)).unwrap_or_default();
            assert!(found.iter().copied().eq(0..found.len() as u64), "run {run}, thread {thread}: {found:?}");
            let acknowledged = acknowledged(folder, run, thread);
            assert!(found.len() as u64 >= acknowledged, "run {run}, thread {thread}: {acknowledged} were");
            if ends(run) == End::Shutdown {
                assert_eq!(found.len() as u64, life.records);
            }
        }
    }
    assert!(records.is_empty());
}

impl Life {
    /// Runs a process of the log to its end; gives the time that its start took.
    fn run(&self, folder: &Path, run: u64, end: End) -> Duration {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", "program", "--ignored"]).env("FOLDER", folder).env("RUN", run.to_string());
        program.env("RECORDS", if end == End::Shutdown { self.records } else { u64::MAX }.to_string());
        program.env("MAX_FILE_SIZE", self.max_file_size.to_string());
        program.env("KEY_LINES", self.key_lines.to_string());
        program.env("EXIT", if end == End::Exit { self.records } else { u64::MAX }.to_string());
        let mut child = program.stdout(process::Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(120);
        while end == End::Kill && acknowledged(folder, run, run % THREADS) < self.records * (run % 5) / 4 {
            assert_eq!(child.try_wait().unwrap(), None, "run {run} ended by itself");
            assert!(Instant::now() < deadline, "run {run} hangs");
            thread::sleep(Duration::from_millis(1));
        }
        if end == End::Kill {
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        assert_eq!(status.success(), end != End::Kill, "run {run}: {status}");
        let start = fs::read_to_string(folder.join(format!("start-{run}"))).unwrap_or_default();
        Duration::from_micros(start.parse().unwrap_or_default())
    }
}

#[test]
#[ignore = "the program that the other tests run"]
fn program() {
    let Some(folder) = std::env::var_os("FOLDER").map(PathBuf::from) else { return };
    let number = |name: &str| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let (run, records, exit) = (number("RUN"), number("RECORDS"), number("EXIT"));

    let start = Instant::now();
    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    let (layer, guard) = AuditLayer::builder(folder.join("log"), keys)
        .rotation(Rotation::NEVER)
        .max_file_size(number("MAX_FILE_SIZE"))
        .key_lines(number("KEY_LINES"))
        .overflow(Overflow::Block)
        .build()
        .unwrap();
    fs::write(folder.join(format!("start-{run}")), start.elapsed().as_micros().to_string()).unwrap();
    registry().with(layer).init();

    thread::scope(|scope| {
        for thread in 0..THREADS {
            let mut acknowledged = File::create(acknowledgements(&folder, run, thread)).unwrap();
            scope.spawn(move || {
                for number in 0..records {
                    if number % STEP != STEP - 1 {
                        info!(target: "audit", run, thread, number, actor = "alice", "paid");
                        continue;
                    }
                    require(|| info!(target: "audit", run, thread, number, actor = "alice", "paid"))
                        .wait()
                        .unwrap();
                    acknowledged.write_all(format!("{}\n", number + 1).as_bytes()).unwrap();
                    if number >= exit {
                        process::exit(0);
                    }
                }
            });
        }
    });
    guard.shutdown().unwrap();
}

fn acknowledgements(folder: &Path, run: u64, thread: u64) -> PathBuf {
    folder.join(format!("acknowledged-{run}-{thread}"))
}

/// How many records of a thread were proved to it to be on the disk.
fn acknowledged(folder: &Path, run: u64, thread: u64) -> u64 {
    let text = fs::read_to_string(acknowledgements(folder, run, thread)).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().last().map_or(0, |last| last.parse().unwrap())
}
