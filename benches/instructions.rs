//! How many instructions an event takes on the thread that emits it: a figure that no busy machine changes. It fails
//! where they are more than a tenth above what is written down here; lower [`CAP`] where a change makes them fewer.
//! Needs valgrind, and is skipped with a message without. `cargo bench --bench instructions` prints the row.

#![allow(clippy::cast_precision_loss)]

mod event;
mod table;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use event::event;
use table::Goal;
use tracing::{Dispatch, dispatcher};
use tracing_audit::{AuditLayer, KeyStore};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// Instructions of an event of seven fields, as measured on x86-64: 3,272 to 3,287.
const CAP: f64 = 3_270.0;

/// The first argument of this program where it is the process to be measured.
const MEASURED: &str = "--measured";
const EVENTS: u64 = 4_000;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    if let [measured, events] = &arguments[..]
        && measured == MEASURED
    {
        emit(events.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    table::head("instructions");
    let what = "instructions per event on the caller's thread, no span";
    // What comes before the first event and behind the last is in both.
    let (Some(few), Some(many)) = (instructions(EVENTS), instructions(2 * EVENTS)) else {
        table::skipped(what, "no valgrind");
        return ExitCode::SUCCESS;
    };
    let each = (many as f64 - few as f64) / EVENTS as f64;
    table::alone(what, "", &[each.round()], Goal::AtMost((CAP * 1.1).round()));
    if each <= CAP * 1.1 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Bursts, with pauses in which the writer empties the queue: valgrind runs one thread at a time.
fn emit(events: u64) {
    const BURST: u64 = 500;
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let (layer, guard) = AuditLayer::builder(folder.path().join("log"), keys).build().unwrap();
    dispatcher::with_default(&Dispatch::new(registry().with(layer)), || {
        for number in 0..events {
            event(black_box(number));
            while number % BURST == BURST - 1 && guard.status().queued > 0 {
                thread::sleep(Duration::from_millis(50));
            }
        }
    });
    drop(guard);
}

/// Of the first thread of a process that emits so many.
fn instructions(events: u64) -> Option<u64> {
    let folder = tempfile::tempdir().unwrap();
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--separate-threads=yes", "--callgrind-out-file=counts"]);
    valgrind.arg(std::env::current_exe().ok()?).args([MEASURED, &events.to_string()]);
    valgrind.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    if !valgrind.status().ok()?.success() {
        return None;
    }
    total(&folder.path().join("counts-01"))
}

fn total(counts: &Path) -> Option<u64> {
    let text = fs::read_to_string(counts).ok()?;
    text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}
