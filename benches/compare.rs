//! What an audit event costs, against what services have today: `fmt::layer().json()` over
//! `tracing_appender::non_blocking` into a file, nothing signed. Same events, same run, in turns; medians over the
//! rounds, net of the timer. `cargo bench --bench compare` prints the table; `-- --quick` takes seconds.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::similar_names
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use tracing::{Dispatch, dispatcher, info, info_span};
use tracing_audit::{AuditLayer, Guard, KeyStore};
use tracing_subscriber::layer::SubscriberExt as _;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let size = if quick {
        Size { rounds: 3, paced: 2_000, full: 20_000 }
    } else {
        Size { rounds: 15, paced: 10_000, full: 100_000 }
    };
    println!(
        "{:46} {:>10} {:>10} {:>7} {:>15} {:>6}",
        "", "ours", "baseline", "ratio", "of each round", "goal"
    );
    for spans in [0, 1, 3] {
        let rounds = size.rounds(|subject| callers_time(subject, spans, size.paced));
        row(&format!("caller's time, 7 fields, {spans} spans (p50)"), "ns", &rounds, |cost| cost.p50, "0.25");
        row(&format!("caller's time, 7 fields, {spans} spans (p99.9)"), "ns", &rounds, |cost| cost.p999, "");
    }
    for (threads, spans) in [(1, 0), (2, 0), (1, 1), (1, 3), (2, 3)] {
        let rounds = size.rounds(|subject| whole_cpu(subject, spans, threads, size.full));
        row(
            &format!("CPU, {threads} threads at full speed, {spans} spans"),
            "ns",
            &rounds,
            |cost| *cost,
            "0.5",
        );
    }
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

fn row<T>(name: &str, unit: &str, rounds: &[(T, T)], figure: impl Fn(&T) -> f64, goal: &str) {
    let ours = median(rounds.iter().map(|(ours, _)| figure(ours)));
    let baseline = median(rounds.iter().map(|(_, baseline)| figure(baseline)));
    let mut ratios =
        rounds.iter().map(|(ours, baseline)| figure(ours) / figure(baseline)).collect::<Vec<_>>();
    ratios.sort_by(f64::total_cmp);
    let spread = format!("{:.2} to {:.2}", ratios[0], ratios[ratios.len() - 1]);
    println!(
        "{name:46} {ours:>7.0} {unit} {baseline:>7.0} {unit} {:>7.3} {spread:>15} {goal:>6}",
        ours / baseline
    );
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures = figures.collect::<Vec<_>>();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[derive(Clone, Copy)]
enum Subject {
    Ours,
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
    fn open(self) -> Log {
        let folder = tempfile::tempdir().unwrap();
        match self {
            Subject::Ours => {
                let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
                let (layer, guard) = AuditLayer::builder(folder.path().join("log"), keys).build().unwrap();
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

fn event(number: usize) {
    info!(
        target: "audit",
        actor = "alice@example.com",
        action = "token.issued",
        source_ip = "203.0.113.7",
        outcome = "success",
        request = number as u64,
        admin = false,
        "token issued"
    );
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
                event(black_box(number));
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
    let start = ProcessTime::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                dispatcher::with_default(&log.dispatch, || {
                    within(spans, || (0..events / threads).for_each(|number| event(black_box(number))));
                });
            });
        }
    });
    log.close(events / threads * threads + closing_records(subject, spans) * threads);
    start.elapsed().as_nanos() as f64 / events as f64
}
