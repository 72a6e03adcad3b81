//! What an audit event costs, against what services have today: `fmt::layer().json()` over
//! `tracing_appender::non_blocking` into a file, nothing signed. Same events, same run, in turns; medians over the
//! rounds, net of the timer. `cargo bench --bench compare` prints the rows; `-- --quick` takes seconds.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::similar_names
)]

mod event;
mod table;

use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use event::event;
use sha2::{Digest as _, Sha256};
use table::{Goal, median};
use tracing::{Dispatch, dispatcher, info_span};
use tracing_audit::{AuditLayer, Guard, KeyStore};
use tracing_subscriber::layer::SubscriberExt as _;

fn main() {
    let size = if table::has("--quick") {
        Size { rounds: 3, paced: 2_000, full: 20_000 }
    } else {
        Size { rounds: 15, paced: 10_000, full: 100_000 }
    };
    table::head("an event of 7 fields, against the unsigned JSON log");
    for (spans, goal) in [(0, Goal::AtMost(0.15)), (1, Goal::Shown), (3, Goal::AtMost(0.13))] {
        let (typical, rare) = size
            .rounds(|subject| callers_time(subject, spans, size.paced))
            .into_iter()
            .fold((Vec::new(), Vec::new()), |(mut typical, mut rare), (ours, baseline)| {
                typical.push((ours.p50, baseline.p50));
                rare.push((ours.p999, baseline.p999));
                (typical, rare)
            });
        table::ratio(&format!("caller's time, {spans} spans, p50"), "ns", &typical, goal);
        table::ratio(&format!("caller's time, {spans} spans, p99.9"), "ns", &rare, Goal::Shown);
    }
    for (threads, spans, goal) in [(1, 0, 0.25), (2, 0, 0.35), (1, 1, 0.25), (1, 3, 0.25), (2, 3, 0.35)] {
        let rounds = size.rounds(|subject| whole_cpu(subject, spans, threads, size.full));
        let what = format!("CPU of all threads, {threads} at full speed, {spans} spans");
        table::ratio(&what, "ns", &rounds, Goal::AtMost(goal));
    }
    let rounds = size.rounds(|subject| steady_cpu(subject, size.paced));
    table::ratio("CPU of all threads, 10,000 events/s, net of pacing", "ns", &rounds, Goal::AtMost(0.4));
    // Most of it is a signature, a write and a wake-up each millisecond: how much, a longer interval shows.
    let rounds =
        size.rounds(|subject| steady_cpu(subject.sealing_each(Duration::from_millis(1)), size.paced));
    table::ratio("the same, sealed each millisecond", "ns", &rounds, Goal::Shown);
    let rounds = (0..size.rounds).map(|_| writer(size.full)).collect::<Vec<_>>();
    let what = "the writer's speed against one SHA-256 pass and one write";
    table::times_as_fast(what, "ns", &rounds, Goal::AtLeast(0.7));
}

#[derive(Clone, Copy)]
struct Size {
    rounds: usize,
    paced: usize,
    full: usize,
}

impl Size {
    /// Ours and the baseline in turns, so that a machine that slows down slows both.
    fn rounds<T>(self, cost: impl Fn(Subject) -> T) -> Vec<(T, T)> {
        (0..self.rounds).map(|_| (cost(Subject::Ours), cost(Subject::Baseline))).collect()
    }
}

#[derive(Clone, Copy)]
enum Subject {
    Ours,
    /// With so long a seal interval.
    OursSealingEach(Duration),
    Baseline,
}

/// A subscriber that writes into a file of its own.
struct Log {
    dispatch: Dispatch,
    end: End,
    folder: tempfile::TempDir,
}

enum End {
    Ours(Guard),
    Baseline(tracing_appender::non_blocking::WorkerGuard),
}

impl Subject {
    fn sealing_each(self, interval: Duration) -> Subject {
        if matches!(self, Subject::Ours) { Subject::OursSealingEach(interval) } else { self }
    }

    fn open(self) -> Log {
        let folder = tempfile::tempdir().unwrap();
        match self {
            Subject::Ours | Subject::OursSealingEach(_) => {
                let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
                let builder = AuditLayer::builder(folder.path().join("log"), keys);
                let builder = match self {
                    Subject::OursSealingEach(interval) => builder.seal_interval(interval),
                    _ => builder,
                };
                let (layer, guard) = builder.build().unwrap();
                let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
                Log { dispatch, end: End::Ours(guard), folder }
            }
            Subject::Baseline => {
                let file = tracing_appender::rolling::never(folder.path(), "log.jsonl");
                let (writer, guard) =
                    tracing_appender::non_blocking::NonBlockingBuilder::default().lossy(false).finish(file);
                let layer = tracing_subscriber::fmt::layer().json().with_writer(writer);
                let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
                Log { dispatch, end: End::Baseline(guard), folder }
            }
        }
    }
}

impl Log {
    /// Waits until `events` are in the file.
    fn close(self, events: usize) {
        match self.end {
            End::Ours(guard) => {
                guard.shutdown().unwrap();
                assert_eq!((guard.status().written, guard.status().lost), (events as u64, 0));
            }
            End::Baseline(guard) => {
                // The guard gives up after a second, so the file is what tells.
                let path = self.folder.path().join("log.jsonl");
                wait_until_it_rests(&path);
                drop(guard);
            }
        }
    }
}

fn wait_until_it_rests(path: &Path) {
    let mut before = u64::MAX;
    loop {
        thread::sleep(Duration::from_millis(20));
        let length = fs::metadata(path).unwrap().len();
        if length == before {
            return;
        }
        before = length;
    }
}

/// Runs `work` within so many spans of three fields.
fn within(spans: usize, work: impl FnOnce()) {
    let spans = (0..spans)
        .map(|depth| {
            info_span!(target: "audit", "request", request_id = "7f1c9a", tenant = "acme", depth).entered()
        })
        .collect::<Vec<_>>();
    work();
    // The inner ones first.
    spans.into_iter().rev().for_each(drop);
}

struct CallersTime {
    p50: f64,
    p999: f64,
}

/// Nanoseconds of single calls, with so long a pause between that the queue is never full.
fn callers_time(subject: Subject, spans: usize, events: usize) -> CallersTime {
    let log = subject.open();
    let mut times = Vec::with_capacity(events);
    dispatcher::with_default(&log.dispatch, || {
        within(spans, || {
            for number in 0..events {
                let start = Instant::now();
                event(black_box(number as u64));
                times.push(start.elapsed());
                let pause = Instant::now();
                while pause.elapsed() < Duration::from_micros(15) {
                    std::hint::spin_loop();
                }
            }
        });
    });
    log.close(events + closing_records(subject, spans));
    times.sort_unstable();
    let timer = timers_time();
    let at = |share: f64| (times[(times.len() as f64 * share) as usize].as_nanos() as f64 - timer).max(1.0);
    CallersTime { p50: at(0.5), p999: at(0.999) }
}

/// Ours records spans when they close.
fn closing_records(subject: Subject, spans: usize) -> usize {
    if matches!(subject, Subject::Ours) { spans } else { 0 }
}

/// What a measurement of nothing measures, in nanoseconds.
fn timers_time() -> f64 {
    let times = (0..10_000).map(|_| {
        let start = Instant::now();
        black_box(());
        start.elapsed().as_nanos() as f64
    });
    median(times)
}

/// Nanoseconds of CPU per event, of all threads, until the last event is in the file.
fn whole_cpu(subject: Subject, spans: usize, threads: usize, events: usize) -> f64 {
    let log = subject.open();
    let cost = table::cpu(|| {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    dispatcher::with_default(&log.dispatch, || {
                        within(spans, || {
                            (0..events / threads).for_each(|number| event(black_box(number as u64)));
                        });
                    });
                });
            }
        });
        log.close(events / threads * threads + closing_records(subject, spans) * threads);
    });
    cost.as_nanos() as f64 / events as f64
}

/// The same, of a thread that emits every tenth of a millisecond: what its calls take, and all that other threads do.
fn steady_cpu(subject: Subject, events: usize) -> f64 {
    let log = subject.open();
    let (mut calls, mut emitter) = (Duration::ZERO, Duration::ZERO);
    let all = table::cpu(|| {
        let thread = ThreadTime::now();
        dispatcher::with_default(&log.dispatch, || calls = paced(events, |number| event(number as u64)));
        emitter = thread.elapsed();
        log.close(events);
    });
    let timer = paced(events / 10, |number| {
        black_box(number);
    });
    let calls = calls.saturating_sub(timer * 10);
    (all.saturating_sub(emitter) + calls).as_nanos() as f64 / events as f64
}

/// CPU of calls that come one by one, with a sleep between them.
fn paced(events: usize, work: impl Fn(usize)) -> Duration {
    let (start, mut cost) = (Instant::now(), Duration::ZERO);
    for number in 0..events {
        let call = ThreadTime::now();
        work(number);
        cost += call.elapsed();
        let due = Duration::from_micros(100) * number as u32;
        if let Some(early) = due.checked_sub(start.elapsed()) {
            thread::sleep(early);
        }
    }
    cost
}

/// Nanoseconds of CPU per event: of the writer, which is what the process took besides the thread that emits; and of
/// one SHA-256 pass over the bytes that it wrote and one write of them, in pieces as large as its batches may be.
fn writer(events: usize) -> (f64, f64) {
    const MAX_BATCH_BYTES: usize = 1 << 20;
    let log = Subject::Ours.open();
    let End::Ours(guard) = &log.end else { unreachable!() };
    let mut emitting = Duration::ZERO;
    let all = table::cpu(|| {
        let start = ThreadTime::now();
        dispatcher::with_default(&log.dispatch, || {
            (0..events).for_each(|number| event(black_box(number as u64)));
        });
        emitting = start.elapsed();
        guard.flush().unwrap();
    });
    let bytes = fs::read(guard.status().file).unwrap();
    let mut file = fs::File::create_new(log.folder.path().join("copy")).unwrap();
    let limit = table::cpu(|| {
        let mut sha = Sha256::new();
        for batch in bytes.chunks(MAX_BATCH_BYTES) {
            sha.update(batch);
            file.write_all(batch).unwrap();
        }
        black_box(sha.finalize());
    });
    let each = |cost: Duration| cost.as_nanos() as f64 / events as f64;
    (each(all.saturating_sub(emitting)), each(limit))
}
