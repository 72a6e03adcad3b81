//! Under a global subscriber nothing guards against re-entrance but the layer itself.

#[path = "common/log.rs"]
mod log;

use std::cell::RefCell;
use std::fmt;

use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Emits an audit event of its own, and another, each time it is formatted.
struct Talkative;

impl fmt::Debug for Talkative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!(target: "audit", inner = 1, "from within");
        info!("from within, for others");
        f.write_str("talkative")
    }
}

/// Emits an audit event when its thread ends.
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        info!(target: "audit", last = true);
    }
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

fn fields(records: &[serde_json::Value]) -> Vec<String> {
    records.iter().map(|record| record["fields"].to_string()).collect()
}

// One test: the global subscriber is the process's.
#[test]
fn events_from_within_and_from_the_end_of_a_thread_are_recorded() {
    let (layer, log) = log::open(|builder| builder);
    registry().with(layer).init();
    let within = r#"{"inner":1,"message":"from within"}"#;

    info!(target: "audit", value = ?Talkative);
    assert_eq!(fields(&log.records()), [within, r#"{"value":"talkative"}"#]);

    let span = info_span!(target: "audit", "span", value = ?Talkative, later = tracing::field::Empty);
    span.record("later", tracing::field::debug(Talkative));
    drop(span);
    let span = r#"{"later":"talkative","value":"talkative"}"#;
    assert_eq!(fields(&log.records())[2..], [within, within, span]);

    // What the layer keeps of a thread is gone before `LAST` is dropped, or after it. (A span can't be entered there:
    // the registry has none of its own state left.)
    for early in [true, false] {
        let work = move || {
            if early {
                LAST.with(|last| last.replace(Some(Last)));
            }
            info!(target: "audit", last = false);
            if !early {
                LAST.with(|last| last.replace(Some(Last)));
            }
        };
        std::thread::spawn(work).join().unwrap();
    }
    let last = [r#"{"last":false}"#, r#"{"last":true}"#];
    assert_eq!(fields(&log.records())[5..], [last, last].concat());

    // Under a scoped subscriber, `tracing` itself drops the event from within.
    let (layer, scoped) = log::open(|builder| builder);
    tracing::subscriber::with_default(registry().with(layer), || {
        info!(target: "audit", value = ?Talkative);
    });
    assert_eq!(fields(&scoped.records()), [r#"{"value":"talkative"}"#]);
}
