//! From one file to the next, in this order: file created → `close` and sync → `genesis` → sync of file and folder → head.
//! Nothing is closed before there is a file to go on in: while none can be made, the log goes on in the one that it has. The
//! head may come later: a start finds its way from file to file.

use std::mem;

use super::next_file::Prepared;
use super::watch::Meddling;
use super::{Live, WriteError, Writer};
use crate::clock::Clock;
use crate::files::FileSystem;
use crate::trail::{Close, Control, Ended, Genesis, HandoffBefore, Previous, Torn};

/// How far the writer is with its file. A turn-over that fails half-way goes on from its stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    Writing,
    /// The `close` is composed; nothing more may be written to the file.
    Closing,
    /// The log's last `close` is composed.
    Ended,
    /// A sync of the file failed: nobody knows what of it is durable, and nothing more is written to it.
    Abandoned,
    /// Somebody meddled with the file: nothing is written to it but what ends it.
    Meddled(Meddling),
    /// The file is done with, the next one has no genesis yet.
    Between(Previous),
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Goes on in the next file. On return it has its genesis, on the disk. Where somebody else rotates, this only looks
    /// whether that was done. Where no file can be made, that is the answer, and the log goes on in the one that it has.
    pub(crate) fn turn_over(&mut self) -> Result<(), WriteError> {
        if self.options.rotation.is_external() {
            self.watch.wait_no_longer();
        } else if self.stage == Stage::Writing {
            self.prepare_file()?;
            self.sign_held();
            self.control(&Control::Close(Close { reason: Ended::Rotated }));
            self.stage = Stage::Closing;
        }
        self.turn_over_if_begun()
    }

    /// [`Writer::turn_over`] if the file's period is over, or it is as large as it may be. Also ends one that failed
    /// half-way: to be called before anything is appended.
    pub(crate) fn turn_over_if_due(&mut self) -> Result<(), WriteError> {
        if self.stage != Stage::Writing || !self.may_turn_over() {
            return self.turn_over_if_begun();
        }
        if !(self.is_full() || self.is_over()) {
            self.turns_over_no_more();
            return self.turn_over_if_begun();
        }
        match self.prepare_file() {
            Ok(()) => self.turn_over(),
            Err(error) => {
                self.turns_over_later(error);
                self.turn_over_if_begun()
            }
        }
    }

    /// Whether the file is as large as it may be, and the next one was not refused a moment ago.
    pub(crate) fn wants_next_file(&self) -> bool {
        self.stage == Stage::Writing && self.is_full() && self.may_turn_over()
    }

    /// Whether the file is as large as it may be.
    pub(super) fn is_full(&self) -> bool {
        let length = self.live.length + self.backlog() as u64;
        self.options.max_file_size.is_some_and(|max| length >= max)
    }

    /// Ends what somebody began: this writer a turn-over, or another hand.
    pub(super) fn turn_over_if_begun(&mut self) -> Result<(), WriteError> {
        self.look_before();
        loop {
            match self.stage {
                Stage::Writing | Stage::Ended => return Ok(()),
                Stage::Closing => {
                    self.write_pending()?;
                    if self.stage == Stage::Closing {
                        self.sync()?;
                        self.leave(Ended::Rotated, None, None);
                    }
                }
                Stage::Abandoned => {
                    self.write_pending()?;
                    if let Some(error) = &self.failed_syncs.last
                        && self.clock.elapsed() < self.failed_syncs.not_before
                    {
                        return Err(error.clone());
                    }
                    // What is given up may have a hand-off in it, without which no later line could be proved.
                    self.write_copies()?;
                    self.leave(Ended::Unsynced, None, Some(self.undurable));
                }
                Stage::Meddled(meddling) => self.leave_meddled(meddling)?,
                Stage::Between(_) => break,
            }
        }
        self.begin_file()?;
        self.write_pending()?;
        self.head_due = true;
        self.sync()
    }

    /// Is done with the live file.
    pub(super) fn leave(&mut self, ended: Ended, torn: Option<Torn>, unsynced_from: Option<u64>) {
        let Live { name, length, .. } = &self.live;
        let previous = Previous { bytes: *length, ended, name: name.clone(), torn, unsynced_from };
        self.stage = Stage::Between(previous);
        self.unsynced = None;
    }

    /// Goes on in the next file, and composes its genesis. Where there is none nothing is changed.
    pub(super) fn begin_file(&mut self) -> Result<(), WriteError> {
        let Stage::Between(previous) = &self.stage else { return Ok(()) };
        let mut previous = previous.clone();
        self.prepare_file()?;
        let Some(Prepared { file, name, date, ordinal }) = self.take_prepared() else { return Ok(()) };
        previous.name.clone_from(&self.live.name);
        self.live = Live { file, name, number: self.live.number + 1, date, ordinal, length: 0 };
        self.watch.begin_anew();
        self.open_with(Some(previous), None);
        Ok(())
    }

    /// Composes the genesis of the live file, behind bytes that it may have.
    pub(super) fn open_with(&mut self, previous: Option<Previous>, torn: Option<Torn>) {
        if let Some(kept) = self.options.max_files {
            self.oldest = self.oldest.max((self.live.number + 1).saturating_sub(kept));
        }
        let is_behind_loss = previous.as_ref().is_some_and(|previous| previous.ended == Ended::Lost);
        let genesis = Genesis {
            accepted: self.store.accepted().filter(|_| is_behind_loss).cloned(),
            fleet: self.store.endorsement().filter(|_| self.live.number == 0),
            succeeds: self.store.succeeds().filter(|_| self.live.number == 0),
            handoff: if self.chain.next() == 0 { Some(HandoffBefore::None) } else { self.handoff },
            keeps: Some(self.keeps()),
            torn,
            oldest: self.oldest,
            ..Genesis::new(
                self.live.number,
                self.options.origin.clone(),
                (self.store.epoch(), self.store.key().public()),
                previous,
                self.identity(),
            )
        };
        let start = self.pending.len();
        self.control(&Control::Genesis(genesis));
        if self.chain.next() == 1 {
            self.handoff = Some(HandoffBefore::Line(self.last_line()));
        }
        if self.live.number == 0 {
            self.copies.add(&self.pending[start..]);
        }
        self.progress.files += 1;
        self.folder_unsynced = true;
        self.stage = Stage::Writing;
        self.chores.file_began();
    }

    /// Whether the file's period is over. Looks at most once a second: no period ends in between, and nothing is tried again.
    fn is_over(&mut self) -> bool {
        let now = self.clock.now();
        let second = now.as_nanos() / 1_000_000_000;
        mem::replace(&mut self.dated, second) != second && self.options.rotation.date(now) != self.live.date
    }
}
