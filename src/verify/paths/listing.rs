//! What lies at paths, by name and identity, at one moment.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{VerifyError, io_error};

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
    /// The number of a deleted file is given to another. None where nobody knows when a file was made.
    made: Option<SystemTime>,
}

impl FileId {
    #[cfg(unix)]
    pub(super) fn of(there: &Metadata, _: &Path) -> FileId {
        use std::os::unix::fs::MetadataExt as _;
        FileId { device: there.dev(), inode: there.ino(), made: there.created().ok() }
    }

    /// Without inodes, a name is the file.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata, path: &Path) -> FileId {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        FileId { device: 0, inode: hasher.finish(), made: None }
    }
}

/// What stands at a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stands {
    File(FileId),
    /// A pipe, or the standard input: named by whoever asks.
    Pipe,
    /// A link that leads to no file.
    Astray,
    /// A pipe or a device that lies in a folder.
    Special,
}

/// A name, and what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) stands: Stands,
}

/// Names, in order: paths as they were given, and what lies in those that are folders, not in folders within.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing(pub(super) Vec<Entry>);

impl Listing {
    /// Also answers what could not be looked at.
    pub(super) fn of(paths: &[PathBuf]) -> (Listing, Vec<VerifyError>) {
        let (mut listing, mut unread) = (Listing::default(), Vec::new());
        for path in paths {
            if let Err(error) = listing.path(path) {
                unread.push(error);
            }
        }
        (listing, unread)
    }

    /// A path that somebody named: links are followed.
    fn path(&mut self, path: &Path) -> Result<(), VerifyError> {
        if path == Path::new("-") {
            self.0.push(Entry { path: path.to_owned(), stands: Stands::Pipe });
            return Ok(());
        }
        let there = fs::metadata(path).map_err(|error| io_error(path, error))?;
        if there.is_dir() {
            return self.folder(path);
        }
        let stands = match there.is_file() {
            true => Stands::File(FileId::of(&there, path)),
            false if is_pipe(&there) => Stands::Pipe,
            false => {
                let error =
                    io::Error::new(ErrorKind::InvalidInput, "neither a file, nor a folder, nor a pipe");
                return Err(io_error(path, error));
            }
        };
        self.0.push(Entry { path: path.to_owned(), stands });
        Ok(())
    }

    fn folder(&mut self, folder: &Path) -> Result<(), VerifyError> {
        let names = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let names = names.map_err(|error| io_error(folder, error))?;
        let mut paths: Vec<PathBuf> = names.iter().map(fs::DirEntry::path).collect();
        paths.sort();
        for path in paths {
            let stands = match fs::metadata(&path) {
                Ok(there) if there.is_dir() => continue,
                Ok(there) if there.is_file() => Stands::File(FileId::of(&there, &path)),
                Ok(_) => Stands::Special,
                // Gone since, or a link: to nothing, or in a circle.
                Err(_) => match fs::symlink_metadata(&path) {
                    Ok(there) if there.is_symlink() => Stands::Astray,
                    Ok(_) => Stands::Special,
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(io_error(&path, error)),
                },
            };
            self.0.push(Entry { path, stands });
        }
        Ok(())
    }

    /// Where a file stands.
    pub(super) fn path_of(&self, id: FileId) -> Option<&Path> {
        let entry = self.0.iter().find(|entry| entry.stands == Stands::File(id))?;
        Some(&entry.path)
    }
}

#[cfg(unix)]
pub(super) fn is_pipe(there: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    there.file_type().is_fifo()
}

#[cfg(not(unix))]
pub(super) fn is_pipe(_: &Metadata) -> bool {
    false
}
