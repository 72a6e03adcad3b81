//! What the application keeps: the guard that ends the log, and handles to it.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::layer::{SelfTestError, Sentinel, self_test};
use crate::recorder::{Recorder, Status};
use crate::writer::WriteError;

/// Ends the log when dropped: writes and syncs all that was recorded, and a `close` behind it.
///
/// Keep it until the very end of `main`. It is a [`Handle`] too: `guard.flush()`, `guard.status()`. Drop blocks until
/// the disk has it all, and says nothing of errors: call [`Handle::shutdown`] to learn them. `std::process::exit` and
/// a process that is killed skip it; the log then ends without a `close`, at its last signed line.
#[must_use = "the log ends when the guard is dropped"]
pub struct Guard {
    handle: Handle,
    /// Keeps the callsites of audit events from being switched off for the whole process, see [`Sentinel`].
    _sentinel: Sentinel,
}

/// Access to a log that is written. Cheap to clone, from any thread.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    recorder: Arc<Recorder>,
    targets: Targets,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Guard {
    pub(crate) fn new(recorder: Arc<Recorder>, sentinel: Sentinel, thread: JoinHandle<()>) -> Guard {
        let shared = Shared { recorder, thread: Mutex::new(Some(thread)) };
        Guard { handle: Handle(Arc::new(shared)), _sentinel: sentinel }
    }

    /// A handle that can be given away; it doesn't keep the log open.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}
