//! A callsite that is first reached on a thread without a subscriber is not lost for the others. In a process of its
//! own: any other dispatcher would hide it.

#[path = "common/log.rs"]
mod log;

use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

fn emit() {
    info!(target: "audit", "kept");
}

#[test]
fn a_callsite_first_reached_without_a_subscriber_is_recorded_where_there_is_one() {
    let (layer, log) = log::open(|builder| builder);
    let _default = tracing::subscriber::set_default(registry().with(layer));
    std::thread::spawn(emit).join().unwrap();
    (0..100).for_each(|_| emit());
    assert_eq!(log.records().len(), 100);
}
