//! What the layer costs the others in its subscriber: their events, their spans, their disabled events. The least of
//! many rounds, with the layer and without, in turns. `cargo bench --bench neighbours` prints the table.

use std::hint::black_box;
use std::time::Instant;

use tracing::{Dispatch, Event, Subscriber, debug, dispatcher, info, info_span};
use tracing_audit::{AuditLayer, Guard, KeyStore};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry;

/// A layer that does nothing, so that what is left is the cost of being asked.
struct Neighbour;

impl<S: Subscriber> Layer<S> for Neighbour {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        black_box(event);
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    println!("{:30} {:>10} {:>10} {:>10} {:>6}", "", "without", "with", "added", "goal");
    row(folder.path(), "an event", "20", || info!(number = black_box(1), "event"));
    row(folder.path(), "a span", "50", || drop(info_span!("span", number = black_box(1))));
    row(folder.path(), "a span that is entered", "", || {
        let _entered = info_span!("span", number = black_box(1)).entered();
    });
    row(folder.path(), "a disabled event", "0", || debug!(number = black_box(1), "event"));
}

fn row(folder: &std::path::Path, name: &str, goal: &str, work: impl Fn()) {
    let (mut without, mut with) = (f64::MAX, f64::MAX);
    for _ in 0..20 {
        let plain = Dispatch::new(registry().with(Neighbour.with_filter(LevelFilter::INFO)));
        without = without.min(nanos(&plain, &work));
        drop(plain);
        let (dispatch, guard) = beside(folder);
        with = with.min(nanos(&dispatch, &work));
        drop((dispatch, guard));
    }
    println!("{name:30} {without:>7.1} ns {with:>7.1} ns {:>7.1} ns {goal:>6}", with - without);
}

fn beside(folder: &std::path::Path) -> (Dispatch, Guard) {
    let folder = tempfile::tempdir_in(folder).unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let (audit, guard) = AuditLayer::builder(folder.path().join("log"), keys).build().unwrap();
    (Dispatch::new(registry().with(Neighbour.with_filter(LevelFilter::INFO)).with(audit)), guard)
}

fn nanos(dispatch: &Dispatch, work: impl Fn()) -> f64 {
    const TIMES: u32 = 50_000;
    dispatcher::with_default(dispatch, || {
        let start = Instant::now();
        (0..TIMES).for_each(|_| work());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(TIMES)
    })
}
