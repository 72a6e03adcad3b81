//! The layer in a scoped subscriber, its records taken where the queue would be.

mod fields;
mod spans;

use std::sync::Arc;

use crossbeam_channel::Receiver;
use tracing::Dispatch;
use tracing::dispatcher::DefaultGuard;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry;

use super::{AuditLayer, LayerConfig, Sentinel};
use crate::recorder::{Record, Recorder};
use crate::trail::canonical::scan::Scanner;

/// A log that this thread's events go to.
struct Log {
    records: Receiver<Record>,
    _sentinel: Sentinel,
    _default: DefaultGuard,
}

impl Log {
    fn new() -> Log {
        Log::with(LayerConfig::default())
    }

    fn with(config: LayerConfig) -> Log {
        let (recorder, records) = Recorder::for_test();
        let layer = AuditLayer::new(Arc::new(recorder), config);
        let (filter, sentinel) = (layer.filter(), layer.sentinel());
        let subscriber = Dispatch::new(registry().with(layer.with_filter(filter)));
        let default = tracing::dispatcher::set_default(&subscriber);
        Log { records, _sentinel: sentinel, _default: default }
    }

    /// The bodies that came, each proved to be canonical.
    fn bodies(&self) -> Vec<String> {
        let body = |record: Record| {
            let text = String::from_utf8(record.body).unwrap();
            let whole = format!("{text}}}");
            assert_eq!(Scanner::new(&whole).value(), Ok(whole.as_str()));
            text
        };
        self.records.try_iter().map(body).collect()
    }

    /// The text of the one event's `fields`.
    fn fields(&self) -> String {
        let bodies = self.bodies();
        let [body] = bodies.as_slice() else { panic!("one record expected: {bodies:?}") };
        let fields = body.strip_prefix(r#"{"fields":"#).unwrap();
        fields.strip_suffix(r#","kind":"event","level":"INFO","target":"audit""#).unwrap().to_owned()
    }
}
