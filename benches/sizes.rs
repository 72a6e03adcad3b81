//! What a log takes besides time: allocations, bytes, memory; and what doesn't grow with it: the time to start, the
//! writer's work. `cargo bench --bench sizes` prints the rows; `-- --quick` takes seconds, `-- --large` starts on ten
//! gigabytes and goes on to ten million records and ten thousand files.

#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]

mod event;
mod table;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::Instant;

use event::event;
use table::Goal;
use tracing::{Dispatch, dispatcher, info};
use tracing_audit::{AuditLayer, Builder, Durability, Guard, KeyStore, Overflow};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

fn main() {
    let (quick, large) = (table::has("--quick"), table::has("--large"));
    table::head("what does not grow");
    // First, since no memory is ever given back to the peak.
    memory_under_flood(if quick { 30_000 } else { 200_000 });
    allocations();
    bytes_of_a_line();
    start_up(if quick { 20 } else { 200 });
    if large {
        start_up(10_000);
    }
    writer_by_records(if large { 10_000_000 } else { 1_000_000 } / if quick { 10 } else { 1 });
    writer_by_files(if large { 10_000 } else { 100 });
}

struct Log {
    dispatch: Dispatch,
    guard: Guard,
}

fn open(folder: &Path, options: impl FnOnce(Builder) -> Builder) -> Log {
    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    let (layer, guard) = options(AuditLayer::builder(folder.join("log"), keys)).build().unwrap();
    Log { dispatch: Dispatch::new(registry().with(layer)), guard }
}

impl Log {
    fn emit(&self, events: u64, emit: impl Fn(u64)) {
        dispatcher::with_default(&self.dispatch, || (0..events).for_each(emit));
    }
}

/// An event whose line is nearly as long as a line may be.
fn long_event(number: u64, text: &str) {
    info!(target: "audit", number, text, more = &text[..3_000], "long");
}

/// What four threads that emit the longest lines make the process take, against what the queue may hold.
fn memory_under_flood(events: u64) {
    const QUEUE: usize = 8_192;
    const LINE_LIMIT: usize = 8_000;
    let folder = tempfile::tempdir().unwrap();
    let text = "x".repeat(4_000);
    let log = open(folder.path(), |builder| {
        builder.queue_length(QUEUE).line_limit(LINE_LIMIT).overflow(Overflow::Drop)
    });
    let before = table::memory("VmRSS");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| log.emit(events / 4, |number| long_event(number, &text)));
        }
    });
    log.guard.shutdown().unwrap();
    let after = table::memory("VmHWM");
    let what = "memory under flood / queue length × line limit";
    if after == 0 {
        return table::skipped(what, "no /proc");
    }
    let rounds = [((after - before) as f64 / 1e6, (QUEUE * LINE_LIMIT) as f64 / 1e6)];
    table::ratio(what, "MB", &rounds, Goal::AtMost(1.0));
}

fn allocations() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), |builder| builder);
    let rounds = (0..20).map(|_| {
        let counted = allocation_counter::measure(|| log.emit(100, |number| event(black_box(number))));
        log.guard.flush().unwrap();
        counted.count_total as f64 / 100.0
    });
    // Until all buffers were used once.
    let rounds = rounds.skip(10).collect::<Vec<_>>();
    table::alone("allocations per event, steady state", "", &rounds, Goal::AtMost(0.0));
}

fn bytes_of_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain");
    let plain = tracing_subscriber::fmt::layer().json().with_writer(fs::File::create(&path).unwrap());
    dispatcher::with_default(&Dispatch::new(registry().with(plain)), || event(7));
    let plain = fs::metadata(&path).unwrap().len() as f64;

    // Under load one line of many is signed; where each caller waits, each is.
    let log = open(folder.path(), |builder| builder);
    log.emit(1_000, event);
    log.guard.flush().unwrap();
    let of = |signed: bool, log: &Log| {
        let text = fs::read_to_string(log.guard.status().file).unwrap();
        let ours = text.lines().filter(|line| line.contains("\"request\":7,"));
        ours.filter(|line| line.contains("\"sig\":") == signed).map(|line| line.len() + 1).next()
    };
    let unsigned = of(false, &log);
    let synced = tempfile::tempdir().unwrap();
    let log = open(synced.path(), |builder| builder.durability(Durability::Written));
    log.emit(10, event);
    let signed = of(true, &log);
    for (what, bytes, most) in [("unsigned", unsigned, 145.0), ("signed", signed, 265.0)] {
        let what = format!("bytes of a line, {what}");
        match bytes {
            Some(bytes) => table::added(&what, "B", &[(bytes as f64, plain)], Goal::AtMost(most)),
            None => table::skipped(&what, "no such line"),
        }
    }
}

/// The time of `build()` on a log of so many megabytes.
fn start_up(megabytes: u64) {
    let folder = tempfile::tempdir().unwrap();
    let text = "x".repeat(4_000);
    let log = open(folder.path(), |builder| builder.overflow(Overflow::Block));
    log.emit(megabytes * 1_000_000 / 7_500, |number| long_event(number, &text));
    log.guard.shutdown().unwrap();
    let size = fs::metadata(log.guard.status().file).unwrap().len() / 1_000_000;
    drop(log);
    let times = (0..15).map(|_| time_to_start(folder.path())).collect::<Vec<_>>();
    table::alone(&format!("start-up on a log of {size} MB"), "ms", &times, Goal::AtMost(50.0));
}

fn time_to_start(folder: &Path) -> f64 {
    let start = Instant::now();
    let log = open(folder, |builder| builder);
    let time = start.elapsed().as_secs_f64() * 1e3;
    log.guard.shutdown().unwrap();
    time
}

/// CPU of an event on the way to so many in one file.
fn writer_by_records(most: u64) {
    let sizes = decades(1_000, most);
    let rounds = (0..3).map(|_| {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path(), |builder| builder.overflow(Overflow::Block));
        let mut written = 0;
        let mut cost_up_to = |size| {
            let events = size - written;
            written = size;
            cost(&log, events)
        };
        sizes.iter().map(|size| cost_up_to(*size)).collect::<Vec<_>>()
    });
    let rounds = rounds.collect::<Vec<_>>();
    for (at, size) in sizes.iter().enumerate() {
        let of_size = rounds.iter().map(|round| round[at]).collect::<Vec<_>>();
        table::alone(&format!("writing up to {size} records: CPU an event"), "ns", &of_size, Goal::Shown);
    }
}

/// CPU of an event when the log has so many files already, and the time to start then.
fn writer_by_files(most: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path(), |builder| builder);
    let mut files = 1;
    for size in decades(1, most) {
        while files < size {
            log.emit(1, event);
            log.guard.rotate().unwrap();
            files += 1;
        }
        let each = (0..5).map(|_| cost(&log, 10_000)).collect::<Vec<_>>();
        table::alone(&format!("writing behind {size} files: CPU an event"), "ns", &each, Goal::Shown);
        drop(log);
        let times = (0..5).map(|_| time_to_start(folder.path())).collect::<Vec<_>>();
        table::alone(&format!("start-up on a log of {size} files"), "ms", &times, Goal::AtMost(50.0));
        log = open(folder.path(), |builder| builder);
    }
}

fn decades(least: u64, most: u64) -> Vec<u64> {
    std::iter::successors(Some(least), |size| Some(size * 10)).take_while(|size| *size <= most).collect()
}

fn cost(log: &Log, events: u64) -> f64 {
    let cost = table::cpu(|| {
        log.emit(events, |number| event(black_box(number)));
        log.guard.flush().unwrap();
    });
    cost.as_nanos() as f64 / events as f64
}
