//! The main job: an ordinary program registers the layer, threads emit, a log stands in the folder.

use std::fs;
use std::thread;

use tracing_audit::trail::{Hash, Line};
use tracing_audit::{AuditLayer, KeyStore, json};
use tracing_subscriber::layer::SubscriberExt as _;

#[test]
fn eight_threads_make_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let pin = keys.pin();
    let (audit, guard) =
        AuditLayer::builder(folder.path().join("log"), keys).origin("example.com/test").build().unwrap();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(audit));
    thread::scope(|scope| {
        for emitter in 0..8 {
            let dispatch = &dispatch;
            scope.spawn(move || {
                tracing::dispatcher::with_default(dispatch, || {
                    for number in 0..1_000 {
                        tracing::info!(target: "audit", emitter, number, scopes = ?json(&["read", "pay"]), "issued");
                    }
                });
            });
        }
    });
    guard.shutdown().unwrap();
    let status = guard.status();
    assert_eq!((status.recorded, status.written, status.lost, status.queued), (8_000, 8_000, 0, 0));

    let (mut prev, mut next) = (Hash::ZERO, [0; 8]);
    let text = fs::read_to_string(status.file).unwrap();
    for (seq, text) in text.lines().enumerate() {
        let line = Line::parse(text.as_bytes()).unwrap();
        assert_eq!((line.link.seq, line.link.prev), (seq as u64, prev));
        assert!(line.link.signature.is_none() || line.is_signed_by(&pin));
        prev = line.hash();
        if line.kind.as_str() == "event" {
            let fields: serde_json::Value = serde_json::from_str(line.fields).unwrap();
            assert_eq!(fields["scopes"], serde_json::json!(["read", "pay"]));
            let next = &mut next[usize::try_from(fields["emitter"].as_u64().unwrap()).unwrap()];
            assert_eq!(fields["number"], *next, "each thread's records stand in its order");
            *next += 1;
        }
    }
    assert_eq!((text.lines().count(), next), (8_002, [1_000; 8]));
}
