//! Where nobody asked for a call, what is wrong with a log is said to whoever listens: at `tracing_audit`, else on stderr.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, info};
use tracing_audit::{AuditLayer, Builder, Failure, Guard, KeyStore, Overflow};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What was said at `tracing_audit`. Whoever says something while it `hangs` comes back when it does not.
#[derive(Clone, Default)]
struct Said {
    messages: Arc<Mutex<Vec<String>>>,
    hangs: Arc<AtomicBool>,
}

impl Said {
    fn has(&self, part: &str) -> bool {
        self.messages.lock().unwrap().iter().any(|message| message.contains(part))
    }

    fn wait_for(&self, part: &str) {
        let start = Instant::now();
        while !self.has(part) {
            assert!(start.elapsed() < Duration::from_secs(60), "{:?}", self.messages.lock().unwrap());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What an event says.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl<S: Subscriber> Layer<S> for Said {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "tracing_audit" {
            return;
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        assert_eq!(*event.metadata().level(), Level::ERROR);
        self.messages.lock().unwrap().push(message.0);
        while self.hangs.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn builder(folder: &Path) -> Builder {
    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    AuditLayer::builder(folder.join("log"), keys).overflow(Overflow::Drop).queue_length(1)
}

/// A log whose writer is told by a caller that it may not write, and loses what comes meanwhile.
fn record(guard_of: impl FnOnce(Builder) -> Builder, folder: &Path, work: impl FnOnce(Guard)) {
    let (layer, guard) = guard_of(builder(folder)).build().unwrap();
    tracing::subscriber::with_default(registry().with(layer), || work(guard));
}

fn flood(guard: &Guard) {
    let start = Instant::now();
    while guard.status().lost == 0 {
        assert!(start.elapsed() < Duration::from_secs(60));
        (0..1_000).for_each(|number| info!(target: "audit", number));
    }
}

#[test]
fn losses_and_what_comes_to_a_closed_log_are_said_and_a_subscriber_that_hangs_stalls_nothing() {
    let said = Said::default();
    registry().with(said.clone()).init();
    let folder = tempfile::tempdir().unwrap();
    record(
        |builder| builder,
        &folder.path().join("a"),
        |guard| {
            flood(&guard);
            said.wait_for("lost");
            // The guard is gone, and with it the log.
            drop(guard);
            info!(target: "audit", "too late");
            said.wait_for("came after its end");
        },
    );

    // Who asked for a call gets it, and nobody else is told.
    said.messages.lock().unwrap().clear();
    let told = Arc::new(Mutex::new(Vec::new()));
    let on_error = {
        let told = Arc::clone(&told);
        move |failure: &Failure| told.lock().unwrap().push(failure.clone())
    };
    record(
        |builder| builder.on_error(on_error),
        &folder.path().join("b"),
        |guard| {
            drop(guard);
            info!(target: "audit", "too late");
            assert_eq!(*told.lock().unwrap(), [Failure::Closed { records: 1 }]);
            info!(target: "audit", "and soon again");
            assert_eq!(told.lock().unwrap().len(), 1);
        },
    );
    assert!(said.messages.lock().unwrap().is_empty());

    said.hangs.store(true, Ordering::Relaxed);
    record(
        |builder| builder,
        &folder.path().join("c"),
        |guard| {
            flood(&guard);
            said.wait_for("lost");
            let before = guard.status().written;
            flood(&guard);
            while guard.status().written == before {
                info!(target: "audit", "goes on");
            }
            guard.flush().unwrap();
            guard.shutdown().unwrap();
            (0..100).for_each(|number| info!(target: "audit", number, "too late"));
        },
    );
    said.hangs.store(false, Ordering::Relaxed);
}

#[test]
#[ignore = "the program that the other test runs"]
fn program() {
    let Some(folder) = std::env::var_os("FOLDER") else { return };
    record(
        |builder| builder,
        Path::new(&folder),
        |guard| {
            flood(&guard);
            drop(guard);
            info!(target: "audit", "too late");
            thread::sleep(Duration::from_millis(500));
        },
    );
}

#[test]
fn where_no_subscriber_listens_it_is_said_on_stderr() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "program", "--ignored", "--nocapture"]).env("FOLDER", folder.path());
    let output = program.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains(" lost, ") && stderr.contains("came after its end"), "{stderr}");
}
