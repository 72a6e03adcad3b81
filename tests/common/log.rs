//! A log in a folder of its own, and what it holds.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use tracing::Subscriber;
use tracing_audit::{AuditFilter, AuditLayer, Builder, Guard, KeyStore};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::registry::LookupSpan;

pub(crate) struct Log {
    pub(crate) guard: Guard,
    folder: TempDir,
}

pub(crate) fn open<S>(options: impl FnOnce(Builder) -> Builder) -> (Filtered<AuditLayer, AuditFilter, S>, Log)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let (layer, guard) = options(AuditLayer::builder(folder.path().join("log"), keys)).build().unwrap();
    (layer, Log { guard, folder })
}

impl Log {
    /// Its events and spans so far.
    pub(crate) fn records(&self) -> Vec<Value> {
        self.guard.flush().unwrap();
        let text = text(self.folder.path());
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["kind"] == "event" || line["kind"] == "span").collect()
    }
}

/// All lines of the log in `folder`, whatever its files are named; their names have their order.
fn text(folder: &Path) -> String {
    let entries = fs::read_dir(folder.join("log")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|of| of == "jsonl")).collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}
