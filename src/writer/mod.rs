//! The writer: turns records into lines of the chain and puts them into the file. An ordinary struct; [`run`] drives
//! it from the one thread that a log has.
//!
//! Two invariants hold at every moment, whatever fails:
//!
//! - What was composed is written once, in order: bytes that a failed write left over wait in `pending`, and the next
//!   write goes on with exactly them.
//! - `pending` ends with a signed line whenever it goes to the file.

mod error;
mod open;
mod run;
#[cfg(test)]
mod tests;

use std::mem;
use std::path::PathBuf;
use std::time::Duration;

pub use error::WriteError;
pub use open::OpenError;
pub(crate) use open::{LogOptions, Opened};
pub(crate) use run::{Command, run};

use crate::clock::Clock;
use crate::files::{FileSystem, LogFile};
use crate::keys::Store;
use crate::recorder::Record;
use crate::trail::{Chain, Close, Control, Ended, Gap};

/// With so many bytes unsynced the writer syncs before it is time.
const MAX_UNSYNCED: u64 = 4 << 20;

/// One log, open for writing.
pub(crate) struct Writer<F: FileSystem, C: Clock> {
    clock: C,
    store: Store<F>,
    _lock: F::Lock,
    sync_interval: Duration,
    chain: Chain,
    file: F::File,
    path: PathBuf,
    /// Length of the file, as far as it is ours.
    length: u64,
    /// Composed lines, of which the first `appended` bytes are in the file.
    pending: Vec<u8>,
    appended: usize,
    /// The last record of the batch: signed when it turns out to be the last, unsigned when another follows.
    held: Option<Record>,
    unsynced: Option<Unsynced>,
    /// After a sync that failed the kernel may have dropped what it could not write: no later sync can vouch for it.
    sync_failed: Option<WriteError>,
    progress: Progress,
}

/// What the file has that the disk may not have.
#[derive(Debug, Clone, Copy)]
struct Unsynced {
    since: Duration,
    bytes: u64,
}

/// What became of the records, for [`crate::Status`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Records composed that are not in the file yet.
    pub(crate) composed: u64,
    /// Records in the file.
    pub(crate) written: u64,
    /// Lines signed.
    pub(crate) signed: u64,
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Adds a record to the batch. Gives back the buffer of the one before.
    pub(crate) fn append(&mut self, record: Record) -> Option<Vec<u8>> {
        let before = self.held.replace(record)?;
        self.chain.unsigned(&before.body, before.time, &mut self.pending);
        self.progress.composed += 1;
        Some(before.body)
    }

    /// Says that records were lost, in a signed line behind what the batch has so far.
    pub(crate) fn gap(&mut self, gap: Gap) -> Option<Vec<u8>> {
        let buffer = self.sign_held();
        self.control(&Control::Gap(gap));
        buffer
    }

    /// Bytes composed but not in the file.
    pub(crate) fn backlog(&self) -> usize {
        self.pending.len() - self.appended
    }

    /// Signs the last line of the batch and writes it all, at once if the system takes it at once. Gives back the last
    /// record's buffer. On return all lines so far are with the kernel; on an error the next call goes on where this
    /// one had to stop.
    pub(crate) fn seal(&mut self) -> (Option<Vec<u8>>, Result<(), WriteError>) {
        let buffer = self.sign_held();
        (buffer, self.write_pending())
    }

    /// Makes all that [`Writer::seal`] wrote durable.
    pub(crate) fn sync(&mut self) -> Result<(), WriteError> {
        if let Some(error) = &self.sync_failed {
            return Err(error.clone());
        }
        if self.unsynced.is_some() {
            if let Err(error) = self.file.sync() {
                let error = WriteError::io("sync", &self.path, &error);
                self.sync_failed = Some(error.clone());
                return Err(error);
            }
            self.unsynced = None;
        }
        Ok(())
    }

    /// When [`Writer::sync`] is due, by the monotonic clock; `None` when nothing is unsynced.
    pub(crate) fn sync_due(&self) -> Option<Duration> {
        let unsynced = self.unsynced.filter(|_| self.sync_failed.is_none())?;
        Some(if unsynced.bytes >= MAX_UNSYNCED {
            unsynced.since
        } else {
            unsynced.since + self.sync_interval
        })
    }

    /// What stays wrong whatever succeeds from here on.
    pub(crate) fn lasting_error(&self) -> Option<&WriteError> {
        self.sync_failed.as_ref()
    }

    /// Ends the log: all that was appended, a `close`, a sync.
    pub(crate) fn close(&mut self) -> Result<(), WriteError> {
        self.sign_held();
        self.control(&Control::Close(Close { reason: Ended::Shutdown }));
        self.write_pending()?;
        self.sync()
    }

    pub(crate) fn clock(&self) -> &C {
        &self.clock
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress
    }

    fn sign_held(&mut self) -> Option<Vec<u8>> {
        let Record { body, time } = self.held.take()?;
        self.chain.signed(&body, time, self.store.key(), &mut self.pending);
        self.progress.composed += 1;
        self.progress.signed += 1;
        Some(body)
    }

    fn control(&mut self, control: &Control) {
        self.chain.signed(&control.body(), self.clock.now(), self.store.key(), &mut self.pending);
        self.progress.signed += 1;
    }

    fn write_pending(&mut self) -> Result<(), WriteError> {
        while self.appended < self.pending.len() {
            let result = self.file.append(&self.pending[self.appended..]);
            let taken = match &result {
                Ok(taken) => *taken,
                // A write can persist and fail all the same: the file knows how much of it.
                Err(_) => self.file.len().map_or(0, |length| self.taken_of(length)),
            };
            self.appended += taken;
            self.length += taken as u64;
            self.note_unsynced(taken);
            match result {
                Ok(0) => {
                    return Err(WriteError::io("write", &self.path, &std::io::ErrorKind::WriteZero.into()));
                }
                Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                    return Err(WriteError::io("write", &self.path, &error));
                }
                _ => {}
            }
        }
        self.pending.clear();
        self.appended = 0;
        self.progress.written += mem::take(&mut self.progress.composed);
        Ok(())
    }

    /// How much of what is pending the file took, by its length now.
    fn taken_of(&self, length: u64) -> usize {
        let taken = usize::try_from(length.saturating_sub(self.length)).unwrap_or(usize::MAX);
        taken.min(self.pending.len() - self.appended)
    }

    fn note_unsynced(&mut self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let unsynced =
            self.unsynced.get_or_insert_with(|| Unsynced { since: self.clock.elapsed(), bytes: 0 });
        unsynced.bytes += bytes as u64;
    }
}
