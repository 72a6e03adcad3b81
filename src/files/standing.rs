//! Whether an open file is still the one at its path, and as long as it was.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// How an open file stands to the path at which it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) at_path: AtPath,
    /// How many names it has: none where it was deleted.
    pub(crate) links: u64,
    /// In bytes.
    pub(crate) length: u64,
}

/// What has the path now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtPath {
    Itself,
    /// Another file, or a link, a folder, a FIFO.
    Another,
    Nothing,
}

/// Which file it is, whatever its name.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

#[cfg(unix)]
impl Identity {
    pub(super) fn of(file: &File) -> io::Result<Identity> {
        file.metadata().map(|metadata| Identity::from(&metadata))
    }

    fn from(metadata: &fs::Metadata) -> Identity {
        use std::os::unix::fs::MetadataExt as _;
        Identity { device: metadata.dev(), inode: metadata.ino() }
    }

    /// One system call where all is as it was.
    pub(super) fn standing(self, path: &Path, file: &File) -> io::Result<Standing> {
        use std::os::unix::fs::MetadataExt as _;
        let at_path = match fs::symlink_metadata(path) {
            Ok(there) if Identity::from(&there) == self => {
                return Ok(Standing { at_path: AtPath::Itself, links: there.nlink(), length: there.len() });
            }
            Ok(_) => AtPath::Another,
            Err(error) if error.kind() == io::ErrorKind::NotFound => AtPath::Nothing,
            Err(error) => return Err(error),
        };
        let own = file.metadata()?;
        Ok(Standing { at_path, links: own.nlink(), length: own.len() })
    }
}

/// The standard library knows no identity of files here: what is at the path is told by its length alone.
#[cfg(not(unix))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity;

#[cfg(not(unix))]
impl Identity {
    #[allow(clippy::unnecessary_wraps)] // as it is where there is one
    pub(super) fn of(_: &File) -> io::Result<Identity> {
        Ok(Identity)
    }

    #[allow(clippy::unused_self)]
    pub(super) fn standing(self, path: &Path, file: &File) -> io::Result<Standing> {
        let length = file.metadata()?.len();
        let at_path = match fs::symlink_metadata(path) {
            Ok(there) if there.is_file() && there.len() == length => AtPath::Itself,
            Ok(_) => AtPath::Another,
            Err(error) if error.kind() == io::ErrorKind::NotFound => AtPath::Nothing,
            Err(error) => return Err(error),
        };
        Ok(Standing { at_path, links: 1, length })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::{Access, Disk, FileSystem as _, LogFile as _};
    use super::*;

    #[test]
    fn moved_deleted_replaced_linked_and_cut_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["audit.jsonl", "other"].map(|name| folder.path().join(name));
        let standing = |change: &dyn Fn()| {
            let _ = (fs::remove_file(&path), fs::remove_file(&other));
            let mut file = Disk.create_new(&path, Access::Group).unwrap();
            file.append(b"line\n").unwrap();
            change();
            let Standing { at_path, links, length } = Disk.standing(&path, &file).unwrap();
            (at_path, links, length)
        };
        assert_eq!(standing(&|| ()), (AtPath::Itself, 1, 5));
        assert_eq!(standing(&|| fs::hard_link(&path, &other).unwrap()), (AtPath::Itself, 2, 5));
        assert_eq!(standing(&|| fs::rename(&path, &other).unwrap()), (AtPath::Nothing, 1, 5));
        assert_eq!(standing(&|| fs::remove_file(&path).unwrap()), (AtPath::Nothing, 0, 5));
        assert_eq!(standing(&|| fs::write(&path, "").unwrap()), (AtPath::Itself, 1, 0));
        let replaced = || {
            fs::write(&other, "line\n").unwrap();
            fs::rename(&other, &path).unwrap();
        };
        assert_eq!(standing(&replaced), (AtPath::Another, 0, 5));
        let linked = || {
            fs::rename(&path, &other).unwrap();
            std::os::unix::fs::symlink(&other, &path).unwrap();
        };
        assert_eq!(standing(&linked), (AtPath::Another, 1, 5), "a link to it is not it");
    }
}
