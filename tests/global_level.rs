//! Installed for the whole process, the layer raises its level no further than to its own, and the stale decisions of
//! other filters take no event.

#[path = "common/log.rs"]
mod log;

use tracing::level_filters::LevelFilter;
use tracing::{Level, debug, enabled, info};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

#[test]
fn the_level_of_the_process_is_the_logs_and_all_events_arrive() {
    let (layer, log) = log::open(|builder| builder);
    assert_eq!(LevelFilter::current(), LevelFilter::INFO);
    let targets = Targets::new().with_default(LevelFilter::INFO);
    registry().with(layer).with(fmt::layer().with_writer(std::io::sink).with_filter(targets)).init();
    assert_eq!(LevelFilter::current(), LevelFilter::INFO);
    log.guard.self_test().unwrap();
    for _ in 0..100 {
        let _ = enabled!(target: "app", Level::INFO);
        info!(target: "audit", "kept");
        debug!(target: "audit", "below the level");
    }
    assert_eq!(log.records().len(), 101);
}
