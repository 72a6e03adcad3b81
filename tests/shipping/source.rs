//! A service whose log is shipped.

use std::fs;
use std::io::Read as _;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tracing::{Dispatch, dispatcher, info};
use tracing_audit::trail::PublicKey;
use tracing_audit::verify::Contents;
use tracing_audit::{AuditLayer, Builder, Guard, KeyStore, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// What a shipper might stumble over: control characters, formats of its own, what looks like a header or an end.
const ODD: [&str; 12] = [
    "plain",
    "  spaces before and behind  ",
    "\u{0}\u{1}\u{1b}[31m\u{7f}\u{85}\u{2028}",
    "a\nb\r\nc\td",
    "<13>1 2026-11-21T20:41:00Z host app - - - 23 text",
    "%msg% %$!all-json% $MSG ${MESSAGE} @cee: {\"a\":1}",
    r#"\ \\ \n / \/ " ' `"#,
    "é ß 日本語 😀 \u{202e}",
    "\u{feff}\u{fffd}\u{10ffff}",
    "}{\"fields\":{}}\n{\"fields\":{\"message\":\"not a line\"}",
    "#011 #177 ^A",
    "",
];

/// What a service and a shipper keep.
pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    pub(crate) fn new() -> Disk {
        Disk { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder().join("log")
    }

    /// For what the shipper keeps and writes.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(crate) fn pin(&self) -> PublicKey {
        KeyStore::read_pin(self.folder().join("keys")).unwrap()
    }
}

/// Its disk, and its process.
pub(crate) struct Source {
    disk: Disk,
    dispatch: Dispatch,
    guard: Guard,
    emitted: AtomicU64,
}

impl Deref for Source {
    type Target = Disk;

    fn deref(&self) -> &Disk {
        &self.disk
    }
}

impl Source {
    pub(crate) fn new(options: impl FnOnce(Builder) -> Builder) -> Source {
        let disk = Disk::new();
        let keys = KeyStore::open_or_create(disk.beside("keys")).unwrap();
        let builder = AuditLayer::builder(disk.log(), keys).rotation(Rotation::NEVER);
        let builder = builder.line_limit(65_535).value_limit(65_000).latest_symlink("audit.current");
        let (layer, guard) = options(builder).build().unwrap();
        Source { disk, dispatch: Dispatch::new(registry().with(layer)), guard, emitted: AtomicU64::new(0) }
    }

    /// The file that is written.
    pub(crate) fn file(&self) -> PathBuf {
        self.guard.status().file
    }

    pub(crate) fn emitted(&self) -> u64 {
        self.emitted.load(SeqCst)
    }

    /// Records go on while `meanwhile` runs; then the log is shut down.
    pub(crate) fn under_load<T>(&self, meanwhile: impl FnOnce() -> T) -> T {
        let ended = AtomicBool::new(false);
        let ended = &ended;
        let result = thread::scope(|scope| {
            // Ends the load where `meanwhile` panics, too.
            let _end = OnDrop(|| ended.store(true, SeqCst));
            scope.spawn(move || {
                while !ended.load(SeqCst) {
                    (0..10).for_each(|_| self.emit());
                    thread::sleep(Duration::from_millis(10));
                }
            });
            meanwhile()
        });
        self.guard.shutdown().unwrap();
        result
    }

    fn emit(&self) {
        let number = self.emitted.fetch_add(1, SeqCst);
        let odd = ODD[usize::try_from(number).unwrap() % ODD.len()];
        // Up to the longest line that there is: longer than most shippers take by default.
        let long = match number % 500 {
            99 => 7_600,
            199 => 8_200,
            299 => 33_000,
            399 => 65_000,
            _ => 40,
        };
        let long = "x".repeat(long);
        let (big, far, small, yes) = (u64::MAX, 1e21, 1e-7, true);
        dispatcher::with_default(&self.dispatch, || {
            info!(target: "audit", number, odd, long, big, far, half = 1.5, small, yes, "shipped");
        });
    }

    /// The lines of the log, by file, in order. `seq` is the place in the whole.
    pub(crate) fn files(&self) -> Vec<Vec<Vec<u8>>> {
        let names = fs::read_dir(self.log()).unwrap().map(|entry| entry.unwrap().path());
        let logs = names.filter(|path| {
            !["keys", "lock", "current"].iter().any(|other| path.ends_with(format!("audit.{other}")))
        });
        let mut files: Vec<_> = logs
            .map(|path| {
                let mut bytes = Vec::new();
                Contents::open(path).unwrap().read_to_end(&mut bytes).unwrap();
                let lines = bytes.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n');
                lines.map(<[u8]>::to_vec).collect::<Vec<_>>()
            })
            .collect();
        files.sort_by_key(|lines| {
            let genesis: Value = serde_json::from_slice(&lines[0]).unwrap();
            genesis["fields"]["file"].as_u64().unwrap()
        });
        files
    }
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
