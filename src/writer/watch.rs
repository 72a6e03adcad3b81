//! Somebody else's hand in the live file: moved, deleted, replaced, cut, added to. Looked for before and after each
//! write, and once a second. The log goes on in a new file, whose genesis says what was seen.

use std::time::Duration;

use super::turn_over::Stage;
use super::{WriteError, Writer};
use crate::clock::Clock;
use crate::files::{AtPath, FileSystem, LogFile, Standing};
use crate::trail::{Close, Control, Ended, Hasher, Torn};

/// How long the writer looks away at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// More foreign bytes than this are not read to be attested: who adds a sparse terabyte must not stop the log.
const MAX_FOREIGN: u64 = 256 << 20;

/// How often foreign bytes are attested anew because more of them came meanwhile.
const ATTEMPTS: usize = 5;

const CHUNK: usize = 1 << 20;

/// What somebody did to the live file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meddling {
    /// It has another name, or one more. All of it is there.
    Moved,
    /// Bytes that are not ours stand behind ours.
    Lengthened,
    /// `truncated`, `removed` or `replaced`: the writer can't say what is left of it.
    Damaged(Ended),
}

/// When the live file was looked at.
#[derive(Debug, Default)]
pub(super) struct Watch {
    looked: Duration,
    /// Since when nothing is at the one path.
    vacant_since: Option<Duration>,
    /// Whoever rotates says that it is done.
    is_done: bool,
    /// How many names the live file had when it was first looked at.
    links: Option<u64>,
}

impl Watch {
    /// The live file is another one from now on.
    pub(super) fn begin_anew(&mut self) {
        *self = Watch { looked: self.looked, ..Watch::default() };
    }

    /// Nothing has been at the one path for so long that nobody is about to make a file there.
    pub(super) fn is_vacant(&mut self, now: Duration) -> bool {
        let since = *self.vacant_since.get_or_insert(now);
        self.is_done || now >= since + INTERVAL
    }

    pub(super) fn is_taken(&mut self) {
        (self.vacant_since, self.is_done) = (None, false);
    }

    pub(super) fn wait_no_longer(&mut self) {
        self.is_done = true;
    }
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Looks at the live file before anything is composed for it.
    pub(super) fn look_before(&mut self) {
        let is_idle = self.stage == Stage::Writing && self.backlog() == 0;
        let is_time = self.look_due() <= self.clock.elapsed();
        if is_idle && let Some(meddling) = self.look() {
            self.stage = Stage::Meddled(meddling);
        } else if is_idle && is_time && self.can_return() {
            self.stage = Stage::Meddled(Meddling::Moved);
        }
    }

    /// Looks at the live file behind a write that it took whole.
    pub(super) fn look_after(&mut self) {
        if !matches!(self.stage, Stage::Writing | Stage::Closing | Stage::Ended) {
            return;
        }
        match self.look() {
            Some(Meddling::Lengthened) if !self.has_pending_last() => {
                // They came before our lines; nothing can attest them any more.
                self.stage = Stage::Meddled(Meddling::Damaged(Ended::Replaced));
            }
            // A file that is being closed may be moved.
            Some(Meddling::Moved) if self.stage != Stage::Writing => {}
            Some(meddling) => self.stage = Stage::Meddled(meddling),
            None => {}
        }
    }

    /// When it is time to look again, or to act on what was seen.
    pub(super) fn look_due(&self) -> Duration {
        match self.stage {
            Stage::Meddled(_) => Duration::ZERO,
            _ => self.watch.looked + INTERVAL,
        }
    }

    /// Whether what was written last may not be where a reader looks for it.
    pub(super) fn is_meddled_with(&self) -> bool {
        matches!(self.stage, Stage::Meddled(Meddling::Damaged(_) | Meddling::Lengthened))
    }

    /// Compares the live file with what the writer left. Where the system gives no answer nothing is known.
    fn look(&mut self) -> Option<Meddling> {
        let now = self.clock.elapsed();
        self.watch.looked = now;
        let Standing { at_path, links, length } = self.files.standing(&self.path(), &self.live.file).ok()?;
        let is_fixed = self.options.rotation.is_external();
        if at_path != AtPath::Nothing && self.path() == self.options.fixed_path() {
            self.watch.is_taken();
        }
        match at_path {
            AtPath::Another if links == 0 => Some(Meddling::Damaged(Ended::Replaced)),
            AtPath::Nothing if links == 0 => Some(Meddling::Damaged(Ended::Removed)),
            _ if length < self.live.length => Some(Meddling::Damaged(Ended::Truncated)),
            _ if length > self.live.length => Some(Meddling::Lengthened),
            AtPath::Another => Some(Meddling::Moved),
            // logrotate is about to make a file there, or never will.
            AtPath::Nothing => (!is_fixed || self.watch.is_vacant(now)).then_some(Meddling::Moved),
            AtPath::Itself => {
                let had = *self.watch.links.get_or_insert(links);
                (!is_fixed && links > had).then_some(Meddling::Moved)
            }
        }
    }

    /// Whether what was written last stands where it was written: all before it is ours.
    fn has_pending_last(&self) -> bool {
        let start = self.live.length - self.pending.len() as u64;
        self.live.file.read(start, self.pending.len()).is_ok_and(|bytes| bytes == self.pending)
    }

    /// Is done with a file that somebody meddled with, as far as it is there.
    pub(super) fn leave_meddled(&mut self, meddling: Meddling) -> Result<(), WriteError> {
        match meddling {
            Meddling::Moved => {
                // It takes lines as well as ever, under whatever name.
                self.stage = Stage::Writing;
                if !self.may_turn_over() {
                    return Ok(());
                }
                if let Err(error) = self.prepare_file() {
                    self.turns_over_later(error);
                    return Ok(());
                }
                self.stage = Stage::Closing;
                self.control(&Control::Close(Close { reason: Ended::Rotated }));
            }
            Meddling::Lengthened => {
                let attested = self.attest()?;
                self.sync()?;
                let ended = if attested.is_some() { Ended::Crash } else { Ended::Replaced };
                self.leave(ended, attested, None);
            }
            Meddling::Damaged(ended) => {
                if ended == Ended::Truncated {
                    self.sync()?;
                }
                self.leave(ended, None, None);
            }
        }
        Ok(())
    }

    /// Measures the bytes behind ours and writes the newline that ends them. `None` where they are too many, can't be
    /// read, or don't end.
    fn attest(&mut self) -> Result<Option<Torn>, WriteError> {
        let path = self.path();
        for _ in 0..ATTEMPTS {
            let Some(torn) = self.foreign() else { return Ok(None) };
            self.live.file.append(b"\n").map_err(|error| WriteError::io("write", &path, &error))?;
            self.note_unsynced(1);
            let length = self.live.length + torn.bytes + 1;
            if self.live.file.len().is_ok_and(|now| now == length) {
                self.live.length = length;
                return Ok(Some(torn));
            }
        }
        Ok(None)
    }

    fn foreign(&self) -> Option<Torn> {
        let (mut hasher, mut end) = (Hasher::default(), self.live.length);
        while end - self.live.length <= MAX_FOREIGN {
            let bytes = self.live.file.read(end, CHUNK).ok()?;
            if bytes.is_empty() {
                return Some(Torn { bytes: end - self.live.length, sha256: hasher.finish() });
            }
            hasher.update(&bytes);
            end += bytes.len() as u64;
        }
        None
    }
}
