//! What became of the records of a log.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::writer::{Progress, WriteError};

/// What became of the records of a log so far; a moment's view. The counts begin at zero when the log is opened, and
/// never go down but for `queued`: a metrics crate can take them as they are.
///
/// ```
/// # use tracing_audit::Status;
/// /// In the text format of Prometheus.
/// fn metrics(status: &Status) -> String {
///     let last_error = u8::from(status.last_error.is_some());
///     let Status { recorded, written, lost, queued, errors, .. } = status;
///     format!("audit_recorded_total {recorded}\naudit_written_total {written}\naudit_lost_total {lost}\n\
///              audit_queued {queued}\naudit_errors_total {errors}\naudit_failing {last_error}\n")
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Records that the writer's queue took.
    pub recorded: u64,
    /// Records that are in the file (with the kernel: [`crate::Handle::flush`] makes them durable).
    pub written: u64,
    /// Lines signed; each signature covers all lines before it.
    pub signed: u64,
    /// Records that were lost. Each is counted in a signed `gap` too, but those lost after the end of the log.
    pub lost: u64,
    /// Of the lost ones, those for which the queue had no room in time.
    pub lost_queue_full: u64,
    /// Of the lost ones, those that did not fit into a line.
    pub lost_too_large: u64,
    /// Of the lost ones, those behind the end of the log, or taken by a writer that died.
    pub lost_stopped: u64,
    /// Records in the queue now.
    pub queued: usize,
    /// Bytes written, those of control lines too.
    pub bytes: u64,
    /// Files begun.
    pub files: u64,
    /// Syncs of a file that succeeded.
    pub syncs: u64,
    /// Syncs of a file that failed: after each the log goes on in another file, and says in its first line which lines may
    /// be missing from the old one.
    pub failed_syncs: u64,
    /// How often the writer met an error that it did not have at that moment.
    pub errors: u64,
    /// The file that is written.
    pub file: PathBuf,
    /// The last error of the writer; `None` again once a write and a sync succeeded.
    pub last_error: Option<WriteError>,
}

/// Where the writer says what it did, and all others read it.
#[derive(Debug)]
pub(crate) struct Board {
    /// Records taken from the queue. Said at each of them; all else at the end of a turn.
    pub(crate) taken: AtomicU64,
    written: AtomicU64,
    signed: AtomicU64,
    bytes: AtomicU64,
    files: AtomicU64,
    syncs: AtomicU64,
    failed_syncs: AtomicU64,
    errors: AtomicU64,
    file: Mutex<PathBuf>,
    error: Mutex<Errors>,
}

#[derive(Debug, Default)]
struct Errors {
    last: Option<WriteError>,
    /// Not told to the application yet.
    new: Option<WriteError>,
    /// Of the last sync that failed.
    sync: Option<WriteError>,
}

impl Board {
    pub(crate) fn new(file: PathBuf) -> Board {
        let zero = AtomicU64::default;
        Board {
            taken: zero(),
            written: zero(),
            signed: zero(),
            bytes: zero(),
            files: zero(),
            syncs: zero(),
            failed_syncs: zero(),
            errors: zero(),
            file: Mutex::new(file),
            error: Mutex::default(),
        }
    }

    pub(crate) fn report(
        &self,
        progress: Progress,
        error: Option<WriteError>,
        file: impl FnOnce() -> PathBuf,
    ) {
        if self.files.swap(progress.files, Ordering::Relaxed) != progress.files {
            *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file();
        }
        self.written.store(progress.written, Ordering::Release);
        self.signed.store(progress.signed, Ordering::Release);
        self.bytes.store(progress.bytes, Ordering::Relaxed);
        self.syncs.store(progress.syncs, Ordering::Relaxed);
        let mut errors = self.errors();
        if error.is_some() && error != errors.last {
            self.errors.fetch_add(1, Ordering::Relaxed);
            errors.new.clone_from(&error);
        }
        if error.is_some() && self.failed_syncs() != progress.failed_syncs {
            errors.sync.clone_from(&error);
        }
        errors.last = error;
        self.failed_syncs.store(progress.failed_syncs, Ordering::Release);
    }

    /// How many syncs have failed.
    pub(crate) fn failed_syncs(&self) -> u64 {
        self.failed_syncs.load(Ordering::Acquire)
    }

    /// Whether no sync failed since this many had: what was recorded since then and is synced now is on the disk. A file
    /// is given up whose sync failed, so that a sync that succeeds later says nothing of what is in that one.
    pub(crate) fn vouch(&self, failed_syncs: u64) -> Result<(), WriteError> {
        if self.failed_syncs() == failed_syncs {
            return Ok(());
        }
        Err(self.errors().sync.clone().unwrap_or(WriteError::Stopped))
    }

    /// An error that this has not returned before.
    pub(crate) fn take_new_error(&self) -> Option<WriteError> {
        self.errors().new.take()
    }

    /// What the writer knows of; queue and losses are filled in by who knows those.
    pub(crate) fn status(&self) -> Status {
        let read = |count: &AtomicU64| count.load(Ordering::Acquire);
        Status {
            recorded: read(&self.taken),
            written: read(&self.written),
            signed: read(&self.signed),
            lost: 0,
            lost_queue_full: 0,
            lost_too_large: 0,
            lost_stopped: 0,
            queued: 0,
            bytes: read(&self.bytes),
            files: read(&self.files),
            syncs: read(&self.syncs),
            failed_syncs: read(&self.failed_syncs),
            errors: read(&self.errors),
            file: self.file.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            last_error: self.errors().last.clone(),
        }
    }

    fn errors(&self) -> MutexGuard<'_, Errors> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
