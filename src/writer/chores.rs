//! Conveniences around the log: the link to the live file, and the files that retention gives up. Where one fails it is said,
//! and tried again; nothing else waits for it.

use std::time::Duration;

use super::opening::first_genesis;
use super::{WriteError, Writer};
use crate::clock::Clock;
use crate::files::FileSystem;

/// How long what failed waits for its next attempt: a look into each file costs something.
const RETRY: Duration = Duration::from_secs(60);

/// What is to be done, once a file has its genesis.
#[derive(Debug)]
pub(super) struct Chores {
    /// The link still leads to the file before.
    link: bool,
    /// Files may be given up that are there still.
    prune: bool,
    /// Why something was not done, and when it is tried again.
    trouble: Option<(WriteError, Duration)>,
}

impl Chores {
    /// All that there is at a start.
    pub(super) fn all() -> Chores {
        Chores { link: true, prune: true, trouble: None }
    }

    /// A file began.
    pub(super) fn file_began(&mut self) {
        *self = Chores::all();
    }

    pub(super) fn trouble(&self) -> Option<&WriteError> {
        self.trouble.as_ref().map(|(error, _)| error)
    }

    /// When there is something to do again.
    pub(super) fn due(&self) -> Option<Duration> {
        self.trouble.as_ref().map(|(_, due)| *due)
    }
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Does what is to be done. No file is given up before the head is in one that stays: a start looks for it there.
    pub(super) fn do_chores(&mut self) {
        let now = self.clock.elapsed();
        let Chores { link, prune, .. } = self.chores;
        let prune = prune && self.store.head().is_some_and(|head| head.file == self.live.number);
        if !(link || prune) || self.chores.due().is_some_and(|due| now < due) {
            return;
        }
        let linked = if link { self.point_link() } else { Ok(()) };
        let pruned = if prune { self.prune() } else { Ok(()) };
        self.chores.link = linked.is_err();
        self.chores.prune &= !prune || pruned.is_err();
        self.chores.trouble = linked.and(pruned).err().map(|error| (error, now + RETRY));
    }

    /// Deletes the files of this log that retention gives up, and only those whose first line says so: what can't be
    /// read stays, and what can't be deleted holds up none of the others. The oldest goes first.
    fn prune(&self) -> Result<(), WriteError> {
        if self.options.max_files.is_none() {
            return Ok(());
        }
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
        let removed = given_up
            .iter()
            .map(|(_, path)| self.files.remove(path).map_err(|error| WriteError::io("remove", path, &error)));
        removed.fold(Ok(()), Result::and)
    }

    fn point_link(&self) -> Result<(), WriteError> {
        let Some(link) = &self.options.latest_symlink else { return Ok(()) };
        let path = self.options.folder.join(link);
        self.files.link(&self.live.name, &path).map_err(|error| WriteError::io("link", &path, &error))
    }
}
