//! A log in a folder of its own, and what it holds.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;
use tracing::Subscriber;
use tracing_audit::{AuditFilter, AuditLayer, Builder, Guard, KeyStore};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::registry::LookupSpan;

pub(crate) struct Log {
    pub(crate) guard: Guard,
    _folder: TempDir,
}

pub(crate) fn open<S>(options: impl FnOnce(Builder) -> Builder) -> (Filtered<AuditLayer, AuditFilter, S>, Log)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let (layer, guard) = options(AuditLayer::builder(folder.path().join("log"), keys)).build().unwrap();
    (layer, Log { guard, _folder: folder })
}

impl Log {
    /// Its events and spans so far.
    pub(crate) fn records(&self) -> Vec<Value> {
        self.guard.flush().unwrap();
        let text = fs::read_to_string(self.guard.status().file).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["kind"] == "event" || line["kind"] == "span").collect()
    }
}
