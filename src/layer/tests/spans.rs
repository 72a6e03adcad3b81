use tracing::field::Empty;
use tracing::{Span, info, info_span};

use super::*;

/// The body without what differs from run to run.
fn timeless(bodies: Vec<String>) -> Vec<String> {
    let timeless = |body: String| match body.strip_prefix(r#"{"duration_ns":"#) {
        Some(rest) => format!("{{{}", rest.trim_start_matches(|char: char| char.is_ascii_digit())),
        None => body,
    };
    bodies.into_iter().map(timeless).collect()
}

#[test]
fn a_span_becomes_a_record_when_it_closes_and_its_events_tell_it() {
    let log = Log::new();
    let request = info_span!(target: "audit", "request", request_id = "7f1c", user = Empty);
    request.in_scope(|| {
        info!(target: "audit", n = 1);
        Span::current().record("user", "bob");
        let _inner = info_span!(target: "audit::db", "query", table = "t").entered();
        info!(target: "audit", n = 2);
    });
    request.record("request_id", "7f1d");
    drop(request);
    assert_eq!(
        timeless(log.bodies()),
        [
            r#"{"fields":{"n":1},"kind":"event","level":"INFO","spans":[{"fields":{"request_id":"7f1c"},"name":"request"}],"target":"audit""#,
            r#"{"fields":{"n":2},"kind":"event","level":"INFO","spans":[{"fields":{"request_id":"7f1c","user":"bob"},"name":"request"},{"fields":{"table":"t"},"name":"query"}],"target":"audit""#,
            r#"{,"fields":{"table":"t"},"kind":"span","level":"INFO","name":"query","spans":[{"fields":{"request_id":"7f1c","user":"bob"},"name":"request"}],"target":"audit::db""#,
            r#"{,"fields":{"request_id":"7f1d","user":"bob"},"kind":"span","level":"INFO","name":"request","target":"audit""#,
        ]
    );
}

#[test]
fn a_span_lasts_from_its_creation_to_its_close() {
    let log = Log::new();
    let span = info_span!(target: "audit", "s");
    std::thread::sleep(std::time::Duration::from_millis(5));
    drop(span);
    let [body] = log.bodies().try_into().unwrap();
    let nanos = body[r#"{"duration_ns":"#.len()..].split(',').next().unwrap().parse::<u64>().unwrap();
    assert!((5_000_000..5_000_000_000).contains(&nanos), "{nanos}");
}

#[test]
fn the_parent_that_is_named_is_the_one_that_is_told() {
    let log = Log::with(LayerConfig { span_records: false, ..LayerConfig::default() });
    let other = info_span!(target: "audit", "other");
    let _current = info_span!(target: "audit", "current").entered();
    info!(target: "audit", parent: None, n = 1);
    info!(target: "audit", parent: &other, n = 2);
    assert_eq!(
        log.bodies(),
        [
            r#"{"fields":{"n":1},"kind":"event","level":"INFO","target":"audit""#,
            r#"{"fields":{"n":2},"kind":"event","level":"INFO","spans":[{"fields":{},"name":"other"}],"target":"audit""#,
        ]
    );
}

#[test]
fn spans_of_others_are_told_only_where_that_was_asked_for_and_never_become_records() {
    for (all_spans, told) in [
        (false, r#","spans":[{"fields":{},"name":"ours"}]"#),
        (true, r#","spans":[{"fields":{"id":1},"name":"http"},{"fields":{},"name":"ours"}]"#),
    ] {
        let log = Log::with(LayerConfig { span_records: false, all_spans, ..LayerConfig::default() });
        let http = info_span!("http", id = 1).entered();
        let debug = tracing::debug_span!("debug").entered();
        let ours = info_span!(target: "audit", "ours").entered();
        info!(target: "audit", n = 1);
        drop((ours, debug, http));
        let expected =
            format!(r#"{{"fields":{{"n":1}},"kind":"event","level":"INFO"{told},"target":"audit""#);
        assert_eq!(log.bodies(), [expected]);
    }
}

#[test]
fn several_logs_in_one_subscriber_keep_their_spans_apart() {
    let (first, to_first) = Recorder::for_test();
    let (second, to_second) = Recorder::for_test();
    let first = AuditLayer::new(Arc::new(first), LayerConfig { value_limit: 5, ..LayerConfig::default() });
    let second = AuditLayer::new(Arc::new(second), LayerConfig::default());
    let _sentinels = (first.sentinel(), second.sentinel());
    let (first_filter, second_filter) = (first.filter(), second.filter());
    let subscriber = registry().with(first.with_filter(first_filter)).with(second.with_filter(second_filter));
    tracing::subscriber::with_default(subscriber, || {
        let span = info_span!(target: "audit", "s", a = "123456");
        span.record("a", "654321");
    });
    let body = |records: Receiver<Record>| {
        let [record] = records.try_iter().collect::<Vec<_>>().try_into().unwrap();
        timeless(vec![String::from_utf8(record.body).unwrap()]).remove(0)
    };
    let rest = r#","kind":"span","level":"INFO","name":"s","target":"audit""#;
    assert_eq!(body(to_first), format!(r#"{{,"fields":{{"a":"654","a#cut":8}}{rest}"#));
    assert_eq!(body(to_second), format!(r#"{{,"fields":{{"a":"654321"}}{rest}"#));
}

#[test]
fn recording_a_field_again_and_again_keeps_only_the_last() {
    let log = Log::new();
    let span = info_span!(target: "audit", "s", progress = 0);
    for progress in 1..=10_000 {
        span.record("progress", progress);
    }
    drop(span);
    let [body] = timeless(log.bodies()).try_into().unwrap();
    assert_eq!(
        body,
        r#"{,"fields":{"progress":10000},"kind":"span","level":"INFO","name":"s","target":"audit""#
    );
}
