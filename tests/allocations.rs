//! What a record allocates on the thread that emits it: nothing, once thread and callsite are known.

#[path = "common/log.rs"]
mod log;

use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

fn emit(actor: &str) {
    for number in 0..100 {
        info!(target: "audit", actor, number, ok = true, ratio = 0.5, source = %"203.0.113.7", list = ?[1, 2], "issued");
    }
}

fn allocated(work: impl Fn()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn a_record_allocates_nothing() {
    let (layer, log) = log::open(|builder| builder);
    let _default = tracing::subscriber::set_default(registry().with(layer));
    let rounds = |name: &str| {
        let mut counts = Vec::new();
        for _ in 0..20 {
            counts.push(allocated(|| emit("alice@example.com")));
            // All buffers are back.
            log.guard.flush().unwrap();
        }
        assert!(counts[0] > 0, "the counter counts nothing");
        assert_eq!(counts.last(), Some(&0), "{name}: {counts:?}");
    };
    rounds("without spans");
    let _request = info_span!(target: "audit", "request", request_id = "7f1c").entered();
    let _query = info_span!(target: "audit", "query", table = "accounts").entered();
    rounds("within two spans");
    assert_eq!(log.records().len(), 2 * 20 * 100);
}
