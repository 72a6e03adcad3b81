//! One path for ever, `audit.log`, which somebody else rotates: what is made of whatever is found there.

use std::io;
use std::path::{Path, PathBuf};

use super::next_file::{EMPTY, create};
use super::{LogOptions, WriteError, Writer};
use crate::clock::Clock;
use crate::files::{Access, AtPath, FileSystem};

impl LogOptions {
    /// The one path.
    pub(super) fn fixed_path(&self) -> PathBuf {
        self.folder.join(self.names.file(None, 0))
    }

    /// Whether the log goes on in a file of this name that it was writing; else somebody has moved it.
    pub(super) fn is_at_home(&self, name: &str) -> bool {
        match self.rotation.is_external() {
            true => name == self.names.file(None, 0),
            false => self.names.may_be_file(name),
        }
    }

    /// Whether a file in the log's folder may be of it, by its name; its genesis tells.
    pub(super) fn may_be_file(&self, name: &str) -> bool {
        self.names.may_be_file(name) || self.rotation.is_external() && self.names.may_be_rotated(name)
    }
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Opens the next file at the one path; under a name beside it where something is in the way.
    pub(super) fn open_fixed(&mut self, attempted: &mut Option<String>) -> Result<Opened<F>, WriteError> {
        let path = self.options.fixed_path();
        self.move_aside(&path)?;
        let name = self.options.names.file(None, 0);
        match self.files.create_new(&path, Access::Group) {
            Ok(file) => Ok((file, name, 0)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match adopt(&self.files, &path) {
                Ok(file) => Ok((file, name, 0)),
                Err(_) => create(&self.files, &self.options, None, 1, attempted),
            },
            Err(error) => Err(WriteError::io("create", &path, &error)),
        }
    }

    /// Gives the file that was left another name, where the path is its own still and it has anything in it.
    fn move_aside(&mut self, path: &Path) -> Result<(), WriteError> {
        let is_ours = self
            .files
            .standing(path, &self.live.file)
            .is_ok_and(|standing| standing.at_path == AtPath::Itself && standing.length > 0);
        if !is_ours {
            return Ok(());
        }
        // The name is taken first, so that no file of anybody's is written over.
        let (_, name, _) = create(&self.files, &self.options, None, 1, &mut None)?;
        let aside = self.options.folder.join(&name);
        self.files.rename(path, &aside).map_err(|error| {
            let _ = self.files.remove(&aside);
            WriteError::io("rename", path, &error)
        })?;
        self.live.name = name;
        Ok(())
    }

    /// Whether the live file is beside the one path, and the path is free again.
    pub(super) fn can_return(&mut self) -> bool {
        let path = self.options.fixed_path();
        if !self.options.rotation.is_external() || self.path() == path {
            return false;
        }
        match adopt(&self.files, &path) {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let now = self.clock.elapsed();
                self.watch.is_vacant(now)
            }
            Err(_) => {
                self.watch.is_taken();
                false
            }
        }
    }
}

/// A file, its name, and its number among those of its period.
pub(super) type Opened<F> = (<F as FileSystem>::File, String, u64);

/// Opens a file that somebody made for the log: an ordinary one, empty, of one name.
pub(super) fn adopt<F: FileSystem>(files: &F, path: &Path) -> io::Result<F::File> {
    let file = files.open(path)?;
    if files.standing(path, &file)? == EMPTY {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "not an empty file of one name"))
}
