//! Audit events that other people's configuration would make vanish: they arrive, or the self-test says who eats them.
//! Here under scoped subscribers; `global_*.rs` are those that only show under a global one.

#[path = "common/log.rs"]
mod log;

use tracing::subscriber::with_default;
use tracing::{debug, enabled, info};
use tracing_audit::SelfTestError;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::{fmt, registry, reload};

fn silent<S>() -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fmt::layer().with_writer(std::io::sink)
}

#[test]
fn what_an_enabled_of_another_target_leaves_behind_takes_no_event() {
    fn hundred() {
        for _ in 0..100 {
            let _ = enabled!(target: "noise", tracing::Level::INFO);
            info!(target: "audit", "kept");
        }
    }
    let (first, log) = log::open(|builder| builder);
    let all = Targets::new().with_default(LevelFilter::INFO);
    let other = silent().with_filter(all);
    with_default(registry().with(first).with(other), hundred);
    assert_eq!(log.records().len(), 100);

    let (last, log) = log::open(|builder| builder);
    let other = silent().with_filter(filter_fn(|metadata| metadata.target() != "noise"));
    with_default(registry().with(other).with(last), hundred);
    assert_eq!(log.records().len(), 100);
}

#[test]
fn a_target_is_not_ours_by_its_first_letters() {
    let (layer, log) = log::open(|builder| builder);
    with_default(registry().with(layer), || {
        info!(target: "auditors::x", "no");
        info!(target: "audit_other", "no");
        info!(target: "audit::login", "yes");
        info!(target: "audit", "yes");
        debug!(target: "audit", "no");
    });
    assert_eq!(log.records().len(), 2);
}

#[test]
fn other_targets_can_be_recorded_instead() {
    let (layer, log) = log::open(|builder| builder.targets(["billing"]).level(LevelFilter::DEBUG));
    with_default(registry().with(layer), || {
        info!(target: "audit", "no");
        debug!(target: "billing::refund", "yes");
        log.guard.self_test().unwrap();
    });
    let targets: Vec<_> = log.records().iter().map(|record| record["target"].clone()).collect();
    assert_eq!(targets, ["billing::refund", "audit"]);
}

#[test]
fn a_self_test_that_succeeds_is_one_record_of_the_log_that_is_tested() {
    let (layer, log) = log::open(|builder| builder.level(LevelFilter::WARN));
    let (other, untested) = log::open(|builder| builder);
    with_default(registry().with(layer).with(other), || log.guard.self_test().unwrap());
    let records = log.records();
    assert_eq!(records.len(), 1);
    assert_eq!((&records[0]["name"], &records[0]["level"]), (&"audit.self_test".into(), &"WARN".into()));
    assert_eq!(untested.records().len(), 0);
}

#[test]
fn a_self_test_without_a_subscriber_says_so() {
    let (layer, log) = log::open(|builder| builder);
    let _elsewhere = tracing::Dispatch::new(registry().with(layer));
    let error = log.guard.self_test().unwrap_err();
    assert_eq!(error, SelfTestError::NoSubscriber);
    assert!(error.to_string().contains("`.init()`"), "{error}");
}

#[test]
fn a_self_test_under_a_subscriber_without_the_layer_says_so() {
    let (layer, log) = log::open::<tracing_subscriber::Registry>(|builder| builder);
    let error = with_default(registry().with(silent()), || log.guard.self_test()).unwrap_err();
    assert_eq!(error, SelfTestError::NotRegistered);
    assert!(error.to_string().contains("`.with(audit)`"), "{error}");
    drop(layer);
}

#[test]
fn a_self_test_under_a_filter_of_all_layers_names_it_and_the_remedy() {
    let (layer, log) = log::open(|builder| builder);
    let subscriber = registry().with(layer).with(EnvFilter::new("warn"));
    let error = with_default(subscriber, || log.guard.self_test()).unwrap_err();
    let (target, rust_log) = ("audit".to_owned(), std::env::var_os("RUST_LOG"));
    assert_eq!(error, SelfTestError::FilterOfAll { target, level: LevelFilter::INFO, rust_log });
    assert!(error.to_string().contains("`fmt::layer().with_filter(filter)`"), "{error}");
}

#[test]
fn a_self_test_asks_for_each_target_of_the_log() {
    let (layer, log) = log::open(|builder| builder.targets(["billing"]));
    let subscriber = registry().with(layer).with(EnvFilter::new("off,audit=info"));
    let error = with_default(subscriber, || log.guard.self_test()).unwrap_err();
    assert!(matches!(&error, SelfTestError::FilterOfAll { target, .. } if target == "billing"), "{error:?}");
}

#[test]
fn a_self_test_behind_a_filter_around_the_layer_says_so() {
    let (layer, log) = log::open(|builder| builder);
    let subscriber = registry().with(layer.with_filter(LevelFilter::WARN));
    let error = with_default(subscriber, || log.guard.self_test()).unwrap_err();
    assert!(matches!(error, SelfTestError::FilterAround { level: LevelFilter::INFO, .. }), "{error:?}");
    assert!(error.to_string().contains("without `.with_filter(…)`"), "{error}");
}

#[test]
fn a_layer_that_was_in_its_reload_handle_from_the_start_works() {
    let (layer, log) = log::open(|builder| builder);
    let (layer, _handle) = reload::Layer::new(layer);
    with_default(registry().with(layer), || {
        log.guard.self_test().unwrap();
        info!(target: "audit", "kept");
    });
    assert_eq!(log.records().len(), 2);
}
