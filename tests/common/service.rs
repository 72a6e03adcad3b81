//! A service with an audit log, which starts, stops, and dies.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tracing::{Dispatch, dispatcher, info};
use tracing_audit::verify::{Options, Report, verify_paths};
use tracing_audit::{AuditLayer, BuildError, Builder, Guard, KeyStore, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// Its disk.
pub(crate) struct Service {
    folder: TempDir,
}

/// Its process.
pub(crate) struct Running {
    pub(crate) dispatch: Dispatch,
    pub(crate) guard: Guard,
}

impl Service {
    pub(crate) fn new() -> Service {
        Service { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    #[allow(dead_code)] // not each test looks at one file
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.log().join(name)
    }

    pub(crate) fn start(&self, options: impl FnOnce(Builder) -> Builder) -> Result<Running, BuildError> {
        let keys = KeyStore::open_or_create(self.keys()).unwrap();
        let builder = AuditLayer::builder(self.log(), keys).rotation(Rotation::NEVER);
        let (layer, guard) = options(builder).build()?;
        Ok(Running { dispatch: Dispatch::new(registry().with(layer)), guard })
    }

    /// Starts, records, shuts down.
    #[allow(dead_code)] // not each test needs a whole life
    pub(crate) fn live(&self, numbers: impl Iterator<Item = u64>) {
        let running = self.start(|builder| builder).unwrap();
        numbers.for_each(|number| running.emit(number));
        running.guard.shutdown().unwrap();
    }

    #[allow(dead_code)] // some verify more than the log's folder
    pub(crate) fn verify(&self) -> Report {
        let pin = KeyStore::read_pin(self.keys()).unwrap();
        let options = Options { keys: vec![pin], patience: Duration::ZERO, ..Options::default() };
        verify_paths(&[self.log()], &options).unwrap()
    }
}

impl Running {
    pub(crate) fn emit(&self, number: u64) {
        dispatcher::with_default(&self.dispatch, || info!(target: "audit", number));
    }
}
