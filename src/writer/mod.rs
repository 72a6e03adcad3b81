//! The writer: turns records into lines of the chain and puts them into files. An ordinary struct; [`run`] drives it,
//! one turn at a time, on the log's thread or on that of a caller that waits.
//!
//! These hold at every moment, whatever fails:
//!
//! - What was composed is written once, in order: bytes that a failed write left over wait in `pending`, and the next
//!   write goes on with exactly them.
//! - `pending` ends with a signed line whenever it goes to the file.
//! - The head is stored only after the sync of what it names; a key is removed only after the head that needs it no
//!   more.

mod chores;
mod copies;
mod error;
mod hand_over;
mod next_file;
mod one_path;
mod open;
mod opening;
mod run;
mod start;
mod tail;
#[cfg(test)]
pub(crate) mod tests;
mod turn_over;
mod watch;

use std::mem;
use std::path::PathBuf;
use std::time::Duration;

pub use error::{OpenError, WriteError};
pub(crate) use open::LogOptions;
pub use open::OnTruncation;
pub(crate) use run::{Command, run};

use self::chores::Chores;
use self::copies::Copies;
use self::next_file::NextFile;
use self::turn_over::Stage;
use self::watch::Watch;
use crate::clock::Clock;
use crate::files::{FileSystem, LogFile};
use crate::identity;
use crate::keys::{Head, Store};
use crate::recorder::Record;
use crate::trail::{
    Chain, Close, Control, Ended, Gap, HandoffBefore, Keeps, Position, Timestamp, WriterIdentity,
};

/// With so many bytes unsynced the writer syncs before it is time.
const MAX_UNSYNCED: u64 = 4 << 20;

/// How often the end is written anew because somebody meddled with the file that had it.
const CLOSES: usize = 3;

/// How long what failed behind the scenes waits for its next attempt.
const RETRY: Duration = Duration::from_secs(1);

/// One log, open for writing.
pub(crate) struct Writer<F: FileSystem, C: Clock> {
    files: F,
    clock: C,
    options: LogOptions,
    store: Store<F>,
    _lock: F::Lock,
    chain: Chain,
    live: Live<F::File>,
    stage: Stage,
    watch: Watch,
    /// Number of the oldest file that retention keeps.
    oldest: u64,
    /// The last hand-off, or line 0; none in a log that an older writer began, up to its next hand-off.
    handoff: Option<HandoffBefore>,
    /// Composed lines, of which the first `appended` bytes are in the file.
    pending: Vec<u8>,
    appended: usize,
    /// The last record of the batch: signed when it turns out to be the last, unsigned when another follows.
    held: Option<Record>,
    unsynced: Option<Unsynced>,
    /// A file was created whose name may not be durable.
    folder_unsynced: bool,
    next_file: NextFile<F::File>,
    chores: Chores,
    /// When the file's period was last compared with the clock, in seconds.
    dated: u64,
    /// The first line that no sync has made durable.
    undurable: u64,
    /// Syncs that failed, one after the other. The kernel may have dropped what it could not write, so no later sync of
    /// that file can vouch for it: the log goes on in another.
    failed_syncs: FailedSyncs,
    copies: Copies,
    head_stored: Duration,
    /// A file began that the head is not in.
    head_due: bool,
    epoch: Epoch,
    /// What a sync should have been followed by and was not, and when it is tried again.
    trouble: Option<(WriteError, Duration)>,
    /// Why no key could hand over, and when it is tried again.
    no_next_key: Option<(WriteError, Duration)>,
    progress: Progress,
}

/// The file that is written.
#[derive(Debug)]
struct Live<T> {
    file: T,
    name: String,
    /// Its number in the log.
    number: u64,
    /// Its period, as its name has it.
    date: Option<String>,
    /// Its number among the files of its period.
    ordinal: u64,
    /// Its length, as far as it is ours.
    length: u64,
}

/// What the file has that the disk may not have.
#[derive(Debug, Clone, Copy)]
struct Unsynced {
    since: Duration,
    bytes: u64,
}

/// Syncs that failed without one in between that didn't.
#[derive(Debug, Default)]
struct FailedSyncs {
    last: Option<WriteError>,
    many: u32,
    /// No file is begun in place of the abandoned one before: at first at once, then rarer and rarer, up to a minute.
    not_before: Duration,
}

impl FailedSyncs {
    fn add(&mut self, error: WriteError, now: Duration) {
        let wait = Duration::from_secs((1 << self.many.min(6)) - 1).min(Duration::from_secs(60));
        (self.last, self.many, self.not_before) = (Some(error), self.many + 1, now + wait);
    }
}

/// The key in force since when.
#[derive(Debug, Clone, Copy)]
struct Epoch {
    started: Timestamp,
    /// When it is over, by the monotonic clock.
    due: Duration,
    first_seq: u64,
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
    /// Bytes in the files.
    pub(crate) bytes: u64,
    /// Files begun.
    pub(crate) files: u64,
    /// Syncs of a file that succeeded.
    pub(crate) syncs: u64,
    /// Syncs of a file that failed.
    pub(crate) failed_syncs: u64,
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

    /// Makes all that [`Writer::seal`] wrote durable. What follows from that, a hand-off's end or a new head, may fail
    /// without changing the answer: see [`Writer::lasting_error`].
    pub(crate) fn sync(&mut self) -> Result<(), WriteError> {
        if let (Stage::Abandoned, Some(error)) = (&self.stage, &self.failed_syncs.last) {
            return Err(error.clone());
        }
        if self.unsynced.is_some() {
            if let Err(error) = self.live.file.sync() {
                let error = WriteError::io("sync", &self.path(), &error);
                self.progress.failed_syncs += 1;
                self.failed_syncs.add(error.clone(), self.clock.elapsed());
                self.stage = Stage::Abandoned;
                return Err(error);
            }
            self.progress.syncs += 1;
            self.unsynced = None;
            self.failed_syncs = FailedSyncs::default();
        }
        if self.backlog() == 0 {
            self.undurable = self.chain.next();
        }
        if self.folder_unsynced {
            let folder = &self.options.folder;
            self.files.sync_folder(folder).map_err(|error| WriteError::io("sync", folder, &error))?;
            self.folder_unsynced = false;
        }
        self.follow_up();
        Ok(())
    }

    /// Does what is due: a look at the file, a sync, a hand-off, what failed before.
    pub(crate) fn maintain(&mut self) -> Result<(), WriteError> {
        let now = self.clock.elapsed();
        if self.look_due() <= now {
            self.turn_over_if_begun()?;
        }
        if self.sync_due().is_some_and(|due| due <= now) {
            self.sync()?;
        }
        let retry = self.trouble.as_ref().map(|(_, due)| *due);
        if retry.into_iter().chain(self.chores.due()).any(|due| due <= now) {
            self.follow_up();
        }
        match self.hand_over_due() {
            Some((reason, due)) if due <= now => self.hand_over(reason),
            _ => Ok(()),
        }
    }

    /// When [`Writer::maintain`] has something to do, by the monotonic clock.
    pub(crate) fn due(&self) -> Option<Duration> {
        let retry = self.trouble.as_ref().map(|(_, due)| *due).into_iter().chain(self.chores.due()).min();
        let retry = retry.filter(|_| self.can_follow_up());
        let hand_over = self.hand_over_due().map(|(_, due)| due);
        [Some(self.look_due()), self.sync_due(), retry, hand_over].into_iter().flatten().min()
    }

    /// What stays wrong whatever succeeds from here on, or until it is tried again: what is worst first.
    pub(crate) fn lasting_error(&self) -> Option<&WriteError> {
        let of_keys = self.trouble.as_ref().or(self.no_next_key.as_ref()).map(|(error, _)| error);
        let first = self.failed_syncs.last.as_ref().or(of_keys);
        first.or(self.next_file.trouble()).or(self.chores.trouble())
    }

    /// Ends the log: all that was appended, a `close`, a sync. Where that fails half-way, another call goes on there.
    pub(crate) fn close(&mut self) -> Result<(), WriteError> {
        for _ in 0..CLOSES {
            self.turn_over_if_begun()?;
            if self.stage == Stage::Writing {
                self.sign_held();
                self.control(&Control::Close(Close { reason: Ended::Shutdown }));
                self.stage = Stage::Ended;
            }
            self.write_pending()?;
            if !self.is_meddled_with() {
                break;
            }
        }
        self.sync()?;
        self.secure()
    }

    pub(crate) fn clock(&self) -> &C {
        &self.clock
    }

    /// How long a written line may stay unsynced.
    pub(crate) fn sync_interval(&self) -> Duration {
        self.options.sync_interval
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress
    }

    /// The file that is written.
    pub(crate) fn path(&self) -> PathBuf {
        self.options.folder.join(&self.live.name)
    }

    fn sync_due(&self) -> Option<Duration> {
        let unsynced = self.unsynced.filter(|_| self.stage != Stage::Abandoned)?;
        let interval = self.options.sync_interval;
        Some(if unsynced.bytes >= MAX_UNSYNCED {
            unsynced.since
        } else {
            unsynced.since.saturating_add(interval)
        })
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
            let result = self.live.file.append(&self.pending[self.appended..]);
            let taken = match &result {
                Ok(taken) => *taken,
                // A write can persist and fail all the same: the file knows how much of it.
                Err(_) => self.live.file.len().map_or(0, |length| self.taken_of(length)),
            };
            self.appended += taken;
            self.live.length += taken as u64;
            self.progress.bytes += taken as u64;
            self.note_unsynced(taken);
            match result {
                Ok(0) => {
                    return Err(WriteError::io("write", &self.path(), &std::io::ErrorKind::WriteZero.into()));
                }
                Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                    return Err(WriteError::io("write", &self.path(), &error));
                }
                _ => {}
            }
        }
        if !self.pending.is_empty() {
            self.look_after();
        }
        self.pending.clear();
        self.appended = 0;
        self.progress.written += mem::take(&mut self.progress.composed);
        Ok(())
    }

    /// The last line that was composed.
    fn last_line(&self) -> Position {
        Position { hash: self.chain.head(), seq: self.chain.next() - 1 }
    }

    fn keeps(&self) -> Keeps {
        self.options.max_files.map_or(Keeps::All, Keeps::Newest)
    }

    fn identity(&self) -> WriterIdentity {
        WriterIdentity { boot: self.options.boot.clone(), ..identity::writer(&self.options.program) }
    }

    /// How much of what is pending the file took, by its length now.
    fn taken_of(&self, length: u64) -> usize {
        let taken = usize::try_from(length.saturating_sub(self.live.length)).unwrap_or(usize::MAX);
        taken.min(self.backlog())
    }

    fn note_unsynced(&mut self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let unsynced =
            self.unsynced.get_or_insert_with(|| Unsynced { since: self.clock.elapsed(), bytes: 0 });
        unsynced.bytes += bytes as u64;
    }

    /// What a sync allows: copies of lines that others need, the end of a hand-off, the head; and what nothing waits for.
    fn follow_up(&mut self) {
        if !self.can_follow_up() {
            return;
        }
        let now = self.clock.elapsed();
        let head_due = self.head_due || now >= self.head_stored.saturating_add(self.options.sync_interval);
        let is_due = head_due || !self.copies.is_empty() || self.store.has_spent();
        let result = if is_due { self.secure() } else { Ok(()) };
        self.trouble = result.err().map(|error| (error, now + RETRY));
        self.do_chores();
    }

    fn can_follow_up(&self) -> bool {
        self.unsynced.is_none() && self.backlog() == 0 && matches!(self.stage, Stage::Writing | Stage::Ended)
    }

    /// Stores the head, after the copies of what it passes, and removes the key that handed over.
    fn secure(&mut self) -> Result<(), WriteError> {
        match !self.copies.is_empty() || self.store.has_spent() {
            true => self.finish_hand_over(),
            false => self.store_head(),
        }
    }

    /// Whether the log's last `close` is composed: nothing comes after it.
    pub(crate) fn has_ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Stores where the log ends now; all of it must be synced.
    fn store_head(&mut self) -> Result<(), WriteError> {
        let Some(seq) = self.chain.next().checked_sub(1) else { return Ok(()) };
        let head = Head {
            seq,
            hash: self.chain.head(),
            epoch: self.store.epoch(),
            file: self.live.number,
            name: self.live.name.clone(),
            bytes: self.live.length,
            oldest: self.oldest,
            epoch_start: self.epoch.started,
            epoch_seq: self.epoch.first_seq,
            handoff: self.handoff.and_then(HandoffBefore::line),
            origin: Some(self.options.origin.clone()),
            file_follows: false,
        };
        if self.store.head() != Some(&head) {
            self.store.store_head(head).map_err(|error| WriteError::store(&error))?;
        }
        (self.head_stored, self.head_due) = (self.clock.elapsed(), false);
        Ok(())
    }
}
