//! The shapes that `tracing-subscriber` measures its own `fmt` with: a new span; an event at the root, in a span of its
//! own, in one that all share, in four. Ours, against the unsigned JSON log; and `json-subscriber` beside, against the
//! same. CPU of all threads. `cargo bench --bench shapes` prints the rows; `-- --quick` takes seconds.

#![allow(clippy::cast_precision_loss)]

mod table;

use std::fs::File;
use std::hint::black_box;

use table::Goal;
use tracing::{Dispatch, dispatcher, info, info_span};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_audit::{AuditLayer, Guard, KeyStore};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

fn main() {
    let (rounds, times) = if table::has("--quick") { (3, 2_000) } else { (9, 30_000) };
    table::head("tracing-subscriber's shapes, against the unsigned JSON log");
    for (name, shape) in SHAPES {
        let mut ours = Vec::new();
        let mut other = Vec::new();
        for _ in 0..rounds {
            let baseline = cost(Subject::Baseline, *shape, times);
            ours.push((cost(Subject::Ours, *shape, times), baseline));
            other.push((cost(Subject::JsonSubscriber, *shape, times), baseline));
        }
        table::ratio(name, "ns", &ours, Goal::Shown);
        table::ratio(&format!("  json-subscriber: {name}"), "ns", &other, Goal::Shown);
    }
}

/// What it is called, and how to do it so many times.
type Shape = (&'static str, fn(u32));

const SHAPES: &[Shape] = &[
    ("new_span", |times| {
        (0..times).for_each(|_| drop(black_box(info_span!(target: "audit", "span"))));
    }),
    ("event/root", |times| (0..times).for_each(|_| event())),
    ("event/unique_parent", |times| {
        (0..times).for_each(|_| info_span!(target: "audit", "unique_parent", foo = false).in_scope(event));
    }),
    ("event/shared_parent", |times| {
        info_span!(target: "audit", "shared_parent", foo = "hello world")
            .in_scope(|| (0..times).for_each(|_| event()));
    }),
    ("event/multi-parent", |times| {
        let _foo = info_span!(target: "audit", "multiparent", foo = "hello world").entered();
        let _bar = info_span!(target: "audit", "multiparent", bar = "hello world").entered();
        let _baz = info_span!(target: "audit", "multiparent", baz = "hello world").entered();
        let _quux = info_span!(target: "audit", "multiparent", quux = "hello world").entered();
        (0..times).for_each(|_| event());
    }),
];

fn event() {
    info!(target: "audit", foo = black_box("bar"), number = black_box(7_u64), "an event");
}

#[derive(Clone, Copy)]
enum Subject {
    Ours,
    Baseline,
    JsonSubscriber,
}

enum End {
    Ours(Guard),
    Worker(WorkerGuard),
}

impl Subject {
    fn open(self, folder: &std::path::Path) -> (Dispatch, End) {
        let worker = || -> (NonBlocking, WorkerGuard) {
            NonBlockingBuilder::default().lossy(false).finish(File::create(folder.join("log.jsonl")).unwrap())
        };
        match self {
            Subject::Ours => {
                let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
                let (layer, guard) = AuditLayer::builder(folder.join("log"), keys).build().unwrap();
                (Dispatch::new(registry().with(layer)), End::Ours(guard))
            }
            Subject::Baseline => {
                let (writer, guard) = worker();
                let layer = tracing_subscriber::fmt::layer().json().with_writer(writer);
                (Dispatch::new(registry().with(layer)), End::Worker(guard))
            }
            Subject::JsonSubscriber => {
                let (writer, guard) = worker();
                let layer = json_subscriber::fmt::layer().with_writer(writer);
                (Dispatch::new(registry().with(layer)), End::Worker(guard))
            }
        }
    }
}

/// Nanoseconds of CPU for one of so many times, until all is written.
fn cost(subject: Subject, shape: fn(u32), times: u32) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let (dispatch, end) = subject.open(folder.path());
    let cost = table::cpu(|| {
        dispatcher::with_default(&dispatch, || shape(times));
        match end {
            End::Ours(guard) => guard.shutdown().unwrap(),
            // Waits for the worker, a second at most: it is never so far behind.
            End::Worker(guard) => drop(guard),
        }
    });
    cost.as_nanos() as f64 / f64::from(times)
}
