//! What the layer costs the others in its subscriber: their events, their spans, their disabled events. With the
//! layer and without, in turns. `cargo bench --bench neighbours` prints the rows; `-- --quick` takes a second.

mod table;

use std::hint::black_box;
use std::time::Instant;

use table::Goal;
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
    table::head("of other layers, with ours beside them and without");
    row(folder.path(), "an event", Goal::AtMost(20.0), || info!(number = black_box(1), "event"));
    row(folder.path(), "a span", Goal::AtMost(50.0), || drop(info_span!("span", number = black_box(1))));
    row(folder.path(), "a span that is entered", Goal::Shown, || {
        let _entered = info_span!("span", number = black_box(1)).entered();
    });
    // Nothing, that is: no more than the timer tells.
    row(folder.path(), "a disabled event", Goal::AtMost(0.5), || debug!(number = black_box(1), "event"));
}

fn row(folder: &std::path::Path, name: &str, goal: Goal, work: impl Fn()) {
    let rounds = if table::has("--quick") { 5 } else { 20 };
    let mut seen = Vec::new();
    for _ in 0..rounds {
        let (dispatch, guard) = beside(folder);
        let with = nanos(&dispatch, &work);
        drop((dispatch, guard));
        let plain = Dispatch::new(registry().with(Neighbour.with_filter(LevelFilter::INFO)));
        seen.push((with, nanos(&plain, &work)));
    }
    table::added(name, "ns", &seen, goal);
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
