//! The layer beside others: in any order, under any wrapper it works, and they see what they see without it.

#[path = "common/log.rs"]
mod log;

use std::sync::{Arc, Mutex};

use tracing::span::{Attributes, Id};
use tracing::subscriber::with_default;
use tracing::{Event, Subscriber, debug, debug_span, info, info_span, trace};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry;
use tracing_subscriber::registry::LookupSpan;

/// What another layer was shown: events with the spans around them, and new spans.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut seen = event.metadata().target().to_owned() + event.metadata().level().as_str();
        for span in ctx.event_scope(event).into_iter().flatten() {
            seen = seen + "<" + span.name();
        }
        self.0.lock().unwrap().push(seen);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.0.lock().unwrap().push(format!("new {}", attributes.metadata().name()));
    }
}

fn program() {
    let _info = info_span!("info").entered();
    let _debug = debug_span!("debug").entered();
    let _audit = info_span!(target: "audit", "audit").entered();
    info!("one");
    debug!("two");
    trace!("three");
    info!(target: "app", "four");
    info!(target: "audit", "five");
}

macro_rules! same_with_and_without {
    ($seen:ident, $filtered:expr) => {{
        let $seen = Seen::default();
        with_default(registry().with($filtered), program);
        let without = $seen.take();
        let plain_level = registry().with($filtered).max_level_hint();

        let (audit, log) = log::open(|builder| builder);
        let subscriber = registry().with(audit).with($filtered);
        assert_eq!(subscriber.max_level_hint(), plain_level.map(|level| level.max(LevelFilter::INFO)));
        with_default(subscriber, program);
        assert_eq!($seen.take(), without);
        assert_eq!(log.records().len(), 2);

        let (audit, log) = log::open(|builder| builder.all_spans(true));
        let subscriber = registry().with($filtered).with(audit);
        assert_eq!(subscriber.max_level_hint(), plain_level.map(|level| level.max(LevelFilter::INFO)));
        with_default(subscriber, program);
        assert_eq!($seen.take(), without);
        assert_eq!(log.records().len(), 2);
    }};
}

#[test]
fn a_layer_without_a_filter_sees_what_it_saw() {
    same_with_and_without!(seen, seen.clone());
}

#[test]
fn a_layer_with_a_level_sees_what_it_saw() {
    same_with_and_without!(seen, seen.clone().with_filter(LevelFilter::DEBUG));
    same_with_and_without!(seen, seen.clone().with_filter(LevelFilter::ERROR));
}

#[test]
fn a_layer_with_targets_sees_what_it_saw() {
    let targets = Targets::new().with_target("app", LevelFilter::TRACE);
    same_with_and_without!(seen, seen.clone().with_filter(targets.clone()));
}

#[test]
fn a_layer_that_refuses_audit_does_not_hide_it_from_the_log() {
    let targets = Targets::new().with_default(LevelFilter::INFO).with_target("audit", LevelFilter::OFF);
    same_with_and_without!(seen, seen.clone().with_filter(targets.clone()));
}

#[test]
fn it_works_under_every_wrapper() {
    let (audit, log) = log::open(|builder| builder);
    with_default(registry().with(Some(audit)), program);
    assert_eq!(log.records().len(), 2);

    let (audit, log) = log::open(|builder| builder);
    let boxed: Box<dyn Layer<_> + Send + Sync> = Box::new(audit);
    with_default(registry().with(boxed), program);
    assert_eq!(log.records().len(), 2);

    let (first, one) = log::open(|builder| builder);
    let (second, other) = log::open(|builder| builder.targets(["app"]));
    with_default(registry().with(vec![first, second]), program);
    assert_eq!((one.records().len(), other.records().len()), (2, 1));

    let (audit, log) = log::open(|builder| builder);
    with_default(registry().with(Seen::default().and_then(audit)), program);
    assert_eq!(log.records().len(), 2);
}

#[test]
fn ten_logs_in_one_subscriber_are_ten_logs() {
    let (layers, logs): (Vec<_>, Vec<_>) =
        (0..10).map(|at| log::open(|builder| builder.targets([format!("audit{at}")]))).unzip();
    with_default(registry().with(layers), || {
        let _span = info_span!(target: "audit3", "span").entered();
        info!(target: "audit3", "three");
        info!(target: "audit7", "seven");
    });
    let counts: Vec<_> = logs.iter().map(|log| log.records().len()).collect();
    assert_eq!(counts, [0, 0, 0, 2, 0, 0, 0, 1, 0, 0]);
}
