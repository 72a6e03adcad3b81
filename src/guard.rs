//! What the application keeps: the guard that ends the log, and handles to it.

use std::fmt;
use std::future::Future;
use std::mem;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::layer::{SelfTestError, Sentinel};
use crate::pending::Pending;
use crate::recorder::Recorder;
use crate::status::Status;
use crate::writer::WriteError;

/// Ends the log when dropped: writes and syncs all that was recorded, and a `close` behind it.
///
/// Keep it until the end of `main`. It is a [`Handle`] too: `guard.flush()`, `guard.status()`. Drop blocks until the
/// disk has it all, and can't say whether it does: call [`Handle::shutdown`] to learn that. `std::process::exit`, and
/// a process that is killed, skip it; the log then ends at its last signed line, without a `close`.
#[must_use = "the log ends when the guard is dropped"]
pub struct Guard {
    handle: Handle,
    sentinel: Sentinel,
}

/// Access to a log that is being written. Cheap to clone; may be used from any thread.
pub struct Handle {
    shared: Arc<Shared>,
    /// How many failed syncs this handle has told of.
    told: Arc<AtomicU64>,
}

struct Shared {
    recorder: Arc<Recorder>,
    end: Mutex<End>,
}

/// How the log ended.
enum End {
    NotYet(Option<JoinHandle<()>>),
    With(Result<(), WriteError>),
}

impl Guard {
    pub(crate) fn new(recorder: Arc<Recorder>, thread: JoinHandle<()>, sentinel: Sentinel) -> Guard {
        let end = Mutex::new(End::NotYet(Some(thread)));
        let shared = Arc::new(Shared { recorder, end });
        Guard { handle: Handle { shared, told: Arc::default() }, sentinel }
    }

    /// Another handle to the log. It doesn't keep the log open.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Whether audit events of this thread reach the log. Records one, `audit.self_test`, to see.
    ///
    /// To be called right behind the registration of the subscriber. It finds what else would lose events without a
    /// word: a layer that was never registered, a `RUST_LOG` or a filter that switches `audit` off, a level below the
    /// one that the layer asks for.
    ///
    /// # Errors
    ///
    /// [`SelfTestError`] says which of these it is, and the remedy.
    pub fn self_test(&self) -> Result<(), SelfTestError> {
        self.sentinel.self_test()
    }
}

impl Deref for Guard {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.handle.shutdown();
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("status", &self.status()).finish_non_exhaustive()
    }
}

impl Handle {
    /// Blocks until all that was recorded before is on the disk: what this thread recorded, and what other threads
    /// did before this call. One sync serves all who wait. Where the writer's thread has nothing in hand, this one does
    /// its work: that spares two wake-ups.
    ///
    /// # Errors
    ///
    /// [`WriteError`]: the disk refused, and nothing is known to be durable that was not before; or the log has ended.
    /// Nothing is given up: what waits is tried again. But for a sync: what it failed to bring to the disk stays in doubt,
    /// whatever succeeds later. Where one failed since the last error that this handle gave (the writer syncs by itself,
    /// too), that is the answer, once; each clone gives it for itself.
    pub fn flush(&self) -> Result<(), WriteError> {
        self.tell(self.doubting(self.shared.recorder.flush(true)).wait())
    }

    /// [`Handle::flush`] for asynchronous code. What was recorded before this call counts, not before the first poll;
    /// a future that is dropped takes nothing back.
    pub fn flush_async(&self) -> impl Future<Output = Result<(), WriteError>> + Send + use<> {
        let (pending, handle) = (self.doubting(self.shared.recorder.flush(true)), self.same());
        async move { handle.tell(pending.await) }
    }

    /// What became of the records so far. Doesn't block.
    pub fn status(&self) -> Status {
        self.shared.recorder.status()
    }

    /// Goes on in the next file, and blocks until its first line is on the disk.
    ///
    /// With [`crate::Rotation::EXTERNAL`] logrotate has moved the file, or not: goes on at the path if so, and does nothing
    /// otherwise. Without this call the writer sees it within a second.
    ///
    /// # Errors
    ///
    /// [`WriteError`]: as for [`Handle::flush`]. A rotation that failed half-way is finished before anything else is
    /// written.
    pub fn rotate(&self) -> Result<(), WriteError> {
        self.tell(self.shared.recorder.rotate().wait())
    }

    /// Goes on with the next key, and blocks until the hand-off is on the disk and the old key is removed.
    ///
    /// # Errors
    ///
    /// [`WriteError`]: as for [`Handle::flush`].
    pub fn rotate_key(&self) -> Result<(), WriteError> {
        self.tell(self.shared.recorder.hand_over().wait())
    }

    /// Ends the log: blocks until all that was recorded before, and a `close` behind it, is on the disk. What is
    /// recorded later is lost and counted. A second call gives the answer of the first.
    ///
    /// # Errors
    ///
    /// [`WriteError`]: the disk refused. The log then ends at its last signed line; [`Handle::status`] tells how many
    /// records are in it, and whether a sync failed in all that time.
    pub fn shutdown(&self) -> Result<(), WriteError> {
        let mut end = self.shared.end.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = match &mut *end {
            End::With(result) => return result.clone(),
            End::NotYet(thread) => thread,
        };
        let result = self.shared.recorder.close().wait();
        let thread = thread.take();
        if result == Err(WriteError::Forked) {
            // It is the parent's: neither to be joined nor detached here.
            mem::forget(thread);
            return result;
        }
        // In a waker this may be the writer's thread itself.
        if let Some(thread) = thread.filter(|_| !self.shared.recorder.bell.is_here()) {
            // A panic there was answered with `Stopped` already.
            let _ = thread.join();
        }
        *end = End::With(result.clone());
        result
    }
}

/// No sync may fail without a word: not even where nobody waited for it.
impl Handle {
    fn doubting(&self, pending: Pending) -> Pending {
        pending.if_none_failed_since(self.told.load(Ordering::Relaxed))
    }

    fn tell(&self, result: Result<(), WriteError>) -> Result<(), WriteError> {
        if result.is_err() {
            self.told.store(self.shared.recorder.board.failed_syncs(), Ordering::Relaxed);
        }
        result
    }

    /// Not a clone: what the one has told the other has.
    fn same(&self) -> Handle {
        Handle { shared: Arc::clone(&self.shared), told: Arc::clone(&self.told) }
    }
}

impl Clone for Handle {
    fn clone(&self) -> Handle {
        let told = self.told.load(Ordering::Relaxed);
        Handle { shared: Arc::clone(&self.shared), told: Arc::new(AtomicU64::new(told)) }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("status", &self.status()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::path::PathBuf;

    use super::*;
    use crate::reply::reply;
    use crate::writer::Progress;

    /// What a handle says of a sync that succeeded.
    fn said(handle: &Handle) -> Result<(), WriteError> {
        let (promise, reply) = reply();
        promise.keep(Ok(()));
        let pending = Pending::new(Arc::clone(&handle.shared.recorder), reply);
        handle.tell(handle.doubting(pending).wait())
    }

    #[test]
    fn each_handle_tells_once_of_a_sync_that_failed() {
        let (recorder, _records) = Recorder::for_test();
        let shared = Arc::new(Shared { recorder: Arc::new(recorder), end: Mutex::new(End::NotYet(None)) });
        let handle = Handle { shared, told: Arc::default() };
        let other = handle.clone();
        assert_eq!((said(&handle), said(&other)), (Ok(()), Ok(())));

        let path = PathBuf::from("audit.jsonl");
        let error =
            WriteError::Io { doing: "sync", path, kind: ErrorKind::Other, message: "the disk".to_owned() };
        let board = &handle.shared.recorder.board;
        board.report(Progress { failed_syncs: 1, ..Progress::default() }, Some(error.clone()), PathBuf::new);
        board.report(Progress { failed_syncs: 1, ..Progress::default() }, None, PathBuf::new);
        assert_eq!((said(&handle), said(&handle)), (Err(error.clone()), Ok(())));
        assert_eq!((said(&handle.clone()), said(&handle.same())), (Ok(()), Ok(())));
        let clone = other.clone();
        assert_eq!((said(&other), said(&other)), (Err(error.clone()), Ok(())));
        assert_eq!((said(&clone), said(&clone)), (Err(error), Ok(())));
    }
}
