//! The files under paths, whatever happens to their names meanwhile.
//!
//! Other programs rename, compress, copy and delete files while they are read. A file is known by its identity, and by the
//! log and the number that its genesis says: where another stands at its name now, it is looked for. What was opened is read
//! to its end, whatever becomes of its name.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;

use super::VerifyError;
use super::contents::Contents;
use super::gather::{FoundLogs, Gathering, LogFile};
use super::listing::{FileId, Listing, Stands};
use super::opening::Opening;
use super::spool::Spooled;
use crate::trail::KeyId;

/// Paths, and what is known of the files under them.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub(super) paths: Vec<PathBuf>,
    /// Where the files of logs stood when they were looked at.
    stood: Vec<(PathBuf, FileId)>,
    /// One went, or got another name, before it was looked at.
    pub(super) has_slipped: bool,
    /// Of which log a file is, and its number: where its genesis says them they never change.
    pub(super) seen: HashMap<FileId, Opening>,
    /// What pipes gave: they can be read only once.
    #[cfg_attr(not(feature = "shipped"), allow(clippy::zero_sized_map_values))] // none is read then
    pub(super) spooled: HashMap<PathBuf, Spooled>,
}

impl Snapshot {
    pub(super) fn of(paths: Vec<PathBuf>) -> Snapshot {
        Snapshot { paths, ..Snapshot::default() }
    }

    /// Looks at all files.
    pub(super) fn look(&mut self) -> FoundLogs {
        self.has_slipped = false;
        let (listing, unread) = Listing::of(&self.paths);
        let mut gathering = Gathering::new(unread);
        gathering.look_at(&listing, self);
        // A file that got another name while the names were read may have been passed over. It has not twice.
        let (again, _) = Listing::of(&self.paths);
        if again != listing {
            gathering.look_at(&again, self);
        }
        let found = gathering.done();
        let files = found.logs.iter().flat_map(|log| &log.files);
        self.stood = files.map(|file| (file.source.clone(), file.id)).collect();
        found
    }

    /// Whether a file of a log went, or got another name, since they were looked at. New ones don't count, nor do other files:
    /// nobody hides what is missing by moving them about.
    pub(super) fn has_moved(&self) -> bool {
        let stands = |(path, id): &(PathBuf, FileId)| {
            std::fs::metadata(path).is_ok_and(|there| FileId::of(&there, path) == *id)
        };
        self.has_slipped || !self.stood.iter().all(stands)
    }

    /// Opens a file of a log, where it stands now; none where it is gone. Another file that has what it had is it too.
    pub(super) fn open(&mut self, log: KeyId, file: &mut LogFile) -> io::Result<Option<Contents>> {
        if let Some(contents) = self.open_as(log, file)? {
            return Ok(Some(contents));
        }
        let (listing, _) = Listing::of(&self.paths);
        if let Some(path) = listing.path_of(file.id) {
            (file.path, file.source) = (path.to_owned(), path.to_owned());
            if let Some(contents) = self.open_as(log, file)? {
                return Ok(Some(contents));
            }
        }
        let mut gathering = Gathering::new(Vec::new());
        gathering.look_at(&listing, self);
        let is_same = |other: &LogFile| file.number.is_some() && other.number == file.number;
        let Some(other) = gathering.of_one(log).into_iter().find(is_same) else { return Ok(None) };
        *file = other;
        self.open_as(log, file)
    }

    /// Opens it where it stood. What a deleted file was known by is sometimes given to another.
    fn open_as(&mut self, log: KeyId, file: &LogFile) -> io::Result<Option<Contents>> {
        let is_it = |contents: &mut Contents| file.opens_as_it_did(log, contents);
        let opened = Contents::open_where(&file.source, file.id, is_it)?;
        if opened.is_none() {
            self.seen.remove(&file.id);
        }
        Ok(opened)
    }

    /// The files of a log that are there now, but for those that are known.
    pub(super) fn new_files(
        &mut self,
        log: KeyId,
        known: &HashSet<FileId>,
    ) -> Result<Vec<LogFile>, VerifyError> {
        let (mut listing, unread) = Listing::of(&self.paths);
        listing.0.retain(|entry| !matches!(entry.stands, Stands::File(id) if known.contains(&id)));
        let mut gathering = Gathering::new(unread);
        gathering.look_at(&listing, self);
        match gathering.error() {
            Some(error) => Err(error),
            None => Ok(gathering.of_one(log)),
        }
    }
}
