//! What a record costs that must be on the disk before its caller goes on, against a plain write and sync of the same
//! bytes. In turns, call by call, into files of one folder; medians of the rounds' medians.
//! `cargo bench --bench durable` prints the rows; `-- --quick` takes seconds.
//!
//! What a sync costs is the disk's affair: run it with `TMPDIR` on the disk in question. What is added to it is the same
//! on each disk: the line, its hash and one signature; with more than one thread, two wake-ups besides.

#![allow(clippy::cast_precision_loss)]

mod table;

use std::fs::{self, File};
use std::io::Write as _;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Instant;

use table::{Goal, median};
use tracing::{Dispatch, dispatcher, info};
use tracing_audit::{AuditLayer, Builder, Durability, Guard, KeyStore, Overflow, require};
use tracing_subscriber::layer::SubscriberExt as _;

const THREADS: usize = 64;

fn main() {
    let (rounds, calls) = if table::has("--quick") { (3, 200) } else { (15, 1_000) };
    table::head("a record on the disk, against a write and a sync of the same bytes");

    let enqueued = open(|builder| builder);
    let call =
        |number| dispatcher::with_default(&enqueued.dispatch, || require(|| event(number)).wait().unwrap());
    let seen = (0..rounds).map(|_| one_thread(calls, call)).collect::<Vec<_>>();
    table::times_as_fast("require(…).wait(), one thread, p50", "µs", &seen, Goal::Shown);

    // With `Overflow::Block` the caller does the writer's turn, and nobody is woken.
    let blocking = open(|builder| builder.durability(Durability::Synced).overflow(Overflow::Block));
    let call = |number| dispatcher::with_default(&blocking.dispatch, || event(number));
    let seen = (0..rounds).map(|_| one_thread(calls, call)).collect::<Vec<_>>();
    table::times_as_fast("Synced and Block, one thread, p50", "µs", &seen, Goal::AtLeast(0.8));

    let calls = calls.div_ceil(THREADS);
    let (mut of_one, mut of_all, mut of_shared) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let ours = synced(calls);
        let one = one_by_one(calls * THREADS);
        of_one.push((ours, one));
        of_all.push((ours, alone(calls)));
        of_shared.push((shared(calls), one));
    }
    // The goal is 20, and 15 at least.
    table::times_as_fast("Synced, 64 threads / a sync per event", "µs", &of_one, Goal::AtLeast(15.0));
    table::times_as_fast("Synced, 64 threads / 64 threads that sync", "µs", &of_all, Goal::Shown);
    // What of it is the machine's: nothing is recorded, and nobody asks twice.
    table::times_as_fast("64 threads that share a sync / a sync per event", "µs", &of_shared, Goal::Shown);
}

/// A log, and a file beside it.
struct Log {
    dispatch: Dispatch,
    guard: Guard,
    _folder: tempfile::TempDir,
}

fn open(options: impl FnOnce(Builder) -> Builder) -> Log {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let builder = options(AuditLayer::builder(folder.path().join("log"), keys));
    let (layer, guard) = builder.build().unwrap();
    Log { dispatch: Dispatch::new(tracing_subscriber::registry().with(layer)), guard, _folder: folder }
}

fn event(number: usize) {
    info!(target: "audit", actor = "alice", action = "payment.ordered", amount = number as u64, "payment ordered");
}

/// A line as the log has it: each is signed.
fn line() -> Vec<u8> {
    let log = open(|builder| builder.durability(Durability::Synced));
    dispatcher::with_default(&log.dispatch, || event(500));
    let text = fs::read_to_string(log.guard.status().file).unwrap();
    format!("{}\n", text.lines().last().unwrap()).into_bytes()
}

/// Microseconds of the median calls, ours and plain ones in turns.
fn one_thread(calls: usize, ours: impl Fn(usize)) -> (f64, f64) {
    let line = line();
    let folder = tempfile::tempdir().unwrap();
    let mut file = File::options().append(true).create(true).open(folder.path().join("plain")).unwrap();
    let call = |number| {
        let ours = time(|| ours(number));
        let plain = time(|| {
            file.write_all(&line).unwrap();
            file.sync_data().unwrap();
        });
        (ours, plain)
    };
    let (ours, plain): (Vec<_>, Vec<_>) = (0..calls).map(call).unzip();
    (median(ours.into_iter()), median(plain.into_iter()))
}

fn time(call: impl FnOnce()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_nanos() as f64 / 1e3
}

/// Microseconds per event, of all threads together.
fn synced(calls: usize) -> f64 {
    let log = open(|builder| builder.durability(Durability::Synced));
    let time = together(calls, |number| dispatcher::with_default(&log.dispatch, || event(number)));
    assert_eq!(log.guard.status().written, (calls * THREADS) as u64);
    time
}

/// The same, of one thread that writes and syncs event after event.
fn one_by_one(events: usize) -> f64 {
    let line = line();
    let folder = tempfile::tempdir().unwrap();
    let mut file = File::options().append(true).create(true).open(folder.path().join("plain")).unwrap();
    let time = time(|| {
        for _ in 0..events {
            file.write_all(&line).unwrap();
            file.sync_data().unwrap();
        }
    });
    time / events as f64
}

/// The same, each thread with a sync of its own: the file system may serve several by one.
fn alone(calls: usize) -> f64 {
    let line = line();
    let folder = tempfile::tempdir().unwrap();
    let file = File::options().append(true).create(true).open(folder.path().join("plain")).unwrap();
    together(calls, |_| {
        (&file).write_all(&line).unwrap();
        file.sync_data().unwrap();
    })
}

/// The same, of threads that wait for each other: the last to come writes a line for each and syncs once.
fn shared(calls: usize) -> f64 {
    let lines = line().repeat(THREADS);
    let folder = tempfile::tempdir().unwrap();
    let file = File::options().append(true).create(true).open(folder.path().join("plain")).unwrap();
    let (arrived, released) = (Mutex::new((0, 0)), Condvar::new());
    together(calls, |_| {
        let mut rounds = arrived.lock().unwrap();
        let (here, round) = &mut *rounds;
        *here += 1;
        if *here == THREADS {
            (&file).write_all(&lines).unwrap();
            file.sync_data().unwrap();
            *here = 0;
            *round += 1;
            released.notify_all();
        } else {
            let mine = *round;
            drop(released.wait_while(rounds, |(_, round)| *round == mine).unwrap());
        }
    })
}

fn together(calls: usize, call: impl Fn(usize) + Sync) -> f64 {
    let start = Instant::now();
    thread::scope(|scope| {
        (0..THREADS).for_each(|_| {
            scope.spawn(|| (0..calls).for_each(&call));
        });
    });
    start.elapsed().as_nanos() as f64 / 1e3 / (calls * THREADS) as f64
}
