//! From one file to the next, in this order: `close` and sync → file created → `genesis` → sync of file and folder →
//! head → files that retention gives up.

use std::io;
use std::mem;

use super::opening::first_genesis;
use super::watch::Meddling;
use super::{Live, WriteError, Writer};
use crate::clock::Clock;
use crate::files::{Access, FileSystem};
use crate::trail::{Close, Control, Ended, Genesis, HandoffBefore, Previous, Torn};

/// Names that are tried for a new file before the writer gives up.
const MAX_ORDINAL: u64 = 1_000_000;

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
    /// The file is done with, the next one not there. A file of the name `attempted` may have been created by an attempt
    /// that failed.
    Between {
        previous: Previous,
        attempted: Option<String>,
    },
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Goes on in the next file. On return it has its genesis, on the disk. Where somebody else rotates, this only looks
    /// whether that was done.
    pub(crate) fn turn_over(&mut self) -> Result<(), WriteError> {
        if self.options.rotation.is_external() {
            self.watch.wait_no_longer();
        } else if self.stage == Stage::Writing {
            self.sign_held();
            self.control(&Control::Close(Close { reason: Ended::Rotated }));
            self.stage = Stage::Closing;
        }
        self.turn_over_if_begun()
    }

    /// [`Writer::turn_over`] if the file's period is over, or it is as large as it may be. Also ends one that failed
    /// half-way: to be called before anything is appended.
    pub(crate) fn turn_over_if_due(&mut self) -> Result<(), WriteError> {
        if self.stage == Stage::Writing && (self.is_full() || self.is_over()) {
            self.turn_over()
        } else {
            self.turn_over_if_begun()
        }
    }

    /// Whether the file is as large as it may be.
    pub(crate) fn is_full(&self) -> bool {
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
                Stage::Between { .. } => break,
            }
        }
        self.begin_file()?;
        self.write_pending()?;
        self.sync()?;
        self.store_head()?;
        self.prune()
    }

    /// Is done with the live file.
    pub(super) fn leave(&mut self, ended: Ended, torn: Option<Torn>, unsynced_from: Option<u64>) {
        let Live { name, length, .. } = &self.live;
        let previous = Previous { bytes: *length, ended, name: name.clone(), torn, unsynced_from };
        self.stage = Stage::Between { previous, attempted: None };
        self.unsynced = None;
    }

    /// Creates the next file and composes its genesis. Where the file can't be created nothing is changed.
    pub(super) fn begin_file(&mut self) -> Result<(), WriteError> {
        let Stage::Between { previous, attempted } = &self.stage else { return Ok(()) };
        let (mut previous, mut attempted) = (previous.clone(), attempted.clone());
        let date = self.options.rotation.date(self.clock.now());
        let opened = if self.options.rotation.is_external() {
            self.open_fixed(&mut attempted)
        } else {
            let first = if date == self.live.date { self.live.ordinal + 1 } else { 0 };
            create(&self.files, &self.options, date.as_deref(), first, &mut attempted)
        };
        previous.name.clone_from(&self.live.name);
        self.stage = Stage::Between { previous: previous.clone(), attempted };
        let (file, name, ordinal) = opened?;
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
        let genesis = Genesis {
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
        self.link_due = true;
    }

    /// Deletes the files of this log that retention gives up, and only those whose first line says so: what can't be
    /// read stays. The oldest goes first: wherever this ends, no file is missing between others.
    pub(super) fn prune(&mut self) -> Result<(), WriteError> {
        let Some(_) = self.options.max_files else { return Ok(()) };
        let folder = &self.options.folder;
        let names = self.files.list(folder).map_err(|error| WriteError::io("list", folder, &error))?;
        let mut given_up = Vec::new();
        for name in names.iter().filter(|name| self.options.names.may_be_file(name)) {
            let path = folder.join(name);
            let number = first_genesis(&self.files, &path, |line, genesis| {
                (line.link.log == self.chain.log() && genesis.file < self.oldest).then_some(genesis.file)
            });
            given_up.extend(number.flatten().map(|number| (number, path)));
        }
        given_up.sort_unstable();
        for (_, path) in given_up {
            self.files.remove(&path).map_err(|error| WriteError::io("remove", &path, &error))?;
        }
        Ok(())
    }

    pub(super) fn point_link(&mut self) -> Result<(), WriteError> {
        if let Some(link) = self.options.latest_symlink.as_ref().filter(|_| self.link_due) {
            let path = self.options.folder.join(link);
            self.files.link(&self.live.name, &path).map_err(|error| WriteError::io("link", &path, &error))?;
            self.link_due = false;
        }
        Ok(())
    }

    /// Whether the file's period is over. Looks at most once a second: no period ends in between.
    fn is_over(&mut self) -> bool {
        let now = self.clock.now();
        let second = now.as_nanos() / 1_000_000_000;
        mem::replace(&mut self.dated, second) != second && self.options.rotation.date(now) != self.live.date
    }
}

/// Creates a file under the first name that is free. No link is followed, nothing is waited on.
pub(super) fn create<F: FileSystem>(
    files: &F,
    options: &super::LogOptions,
    date: Option<&str>,
    first: u64,
    attempted: &mut Option<String>,
) -> Result<(F::File, String, u64), WriteError> {
    for ordinal in first..MAX_ORDINAL {
        let name = options.names.file(date, ordinal);
        let path = options.folder.join(&name);
        match files.create_new(&path, Access::Group) {
            Ok(file) => return Ok((file, name, ordinal)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let is_ours = attempted.as_ref() == Some(&name);
                if is_ours && files.read(&path, 0, 1).is_ok_and(|bytes| bytes.is_empty()) {
                    let file = files.open(&path).map_err(|error| WriteError::io("open", &path, &error))?;
                    return Ok((file, name, ordinal));
                }
            }
            Err(error) => {
                *attempted = Some(name);
                return Err(WriteError::io("create", &path, &error));
            }
        }
    }
    let taken = io::Error::new(io::ErrorKind::AlreadyExists, "a million names are taken");
    Err(WriteError::io("create", &options.folder, &taken))
}
