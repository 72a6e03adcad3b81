//! Events from the `log` crate: all come with the target `log`, and are recorded under the one they were given.

#[path = "common/log.rs"]
mod audit_log;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

#[test]
fn an_event_of_the_log_crate_is_recorded_under_its_own_target() {
    let (layer, audit) = audit_log::open(|builder| builder);
    tracing_log::LogTracer::init().unwrap();
    tracing::subscriber::set_global_default(registry().with(layer)).unwrap();
    for _ in 0..100 {
        let _ = log::log_enabled!(target: "noise", log::Level::Info);
        log::info!(target: "audit::login", "{} logged in", "alice");
    }
    log::info!("app");
    log::info!(target: "auditors", "no");
    log::debug!(target: "audit", "below the level");
    let records = audit.records();
    assert_eq!(records.len(), 100);
    let mut record = records[0].clone();
    for varying in ["timestamp", "trail"] {
        record.as_object_mut().unwrap().remove(varying);
    }
    let expected = serde_json::json!({
        "fields": {"message": "alice logged in"}, "kind": "event", "level": "INFO", "target": "audit::login",
    });
    assert_eq!(record, expected);
}
