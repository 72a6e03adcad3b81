//! The file system, handed in: the real one, and in tests one in memory that fails when it is told to.
//!
//! All that the log and the key store do to files goes through [`FileSystem`], so that a test can stop it at every
//! single operation.

mod disk;
#[cfg(test)]
pub(crate) mod memory;
mod standing;

pub(crate) use disk::Disk;
pub(crate) use standing::{AtPath, Standing};

use std::io;
use std::path::Path;

/// Who may read what is created. A umask takes bits from the group and from others, never from the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The owner alone: folders 0700, files 0600.
    Private,
    /// The owner, and the group for reading, as far as the umask lets it: folders 0750, files 0640.
    Group,
    /// Everybody may read, as far as the umask lets them: files 0644.
    Public,
}

/// Why a secret is not safe where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// The group or others have access: the permission bits.
    Mode(u32),
    /// It belongs to this user id, neither the process's nor root's.
    Owner(u32),
}

/// What the writer and the key store need of a file system. No method follows a link in the last part of a path.
pub(crate) trait FileSystem: Clone + Send + Sync + 'static {
    /// An open file.
    type File: LogFile;
    /// Held as long as the lock is.
    type Lock: Send + Sync;

    /// Creates a folder in one that is there, and says whether it was not there before. One that is stays as it is.
    fn create_folder(&self, folder: &Path, access: Access) -> io::Result<bool>;

    /// Names in a folder that are valid UTF-8, in no order; ours always are.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// At most `length` bytes of an ordinary file, from `offset` on; fewer at its end. `InvalidData` where it is no
    /// ordinary file.
    fn read(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>>;

    /// Opens a file that is there, to append to. `InvalidData` where it is no ordinary file.
    fn open(&self, path: &Path) -> io::Result<Self::File>;

    /// What became of an open file and of the path at which it was opened.
    fn standing(&self, path: &Path, file: &Self::File) -> io::Result<Standing>;

    /// Makes `path` a link to the file of this name beside it, in place of a link that is there; `AlreadyExists` where
    /// anything else is.
    fn link(&self, name: &str, path: &Path) -> io::Result<()>;

    /// A file that was not there before, to append to; `AlreadyExists` where anything has its name.
    fn create_new(&self, path: &Path, access: Access) -> io::Result<Self::File>;

    /// Atomically gives a file another name, over one that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Deletes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes names created, changed and deleted in a folder durable. Succeeds where the file system can't be asked to.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Whether others than the owner of this process, or than its owner and group, as `access` has it, can get at a
    /// file or folder. Always `None` where the platform has
    /// no permission bits.
    fn exposure(&self, path: &Path, access: Access) -> io::Result<Option<Exposure>>;

    /// Locks a file, created where it is missing; `WouldBlock` where another process, or this one, holds it.
    /// The file then says `holder`.
    fn lock(&self, path: &Path, access: Access, holder: &str) -> io::Result<Self::Lock>;
}

/// A file that is only appended to.
pub(crate) trait LogFile: Send {
    /// Appends a start of `bytes` and says how long it is. After an error [`LogFile::len`] says what was appended.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Makes durable what was appended.
    fn sync(&mut self) -> io::Result<()>;

    /// The file's length now.
    fn len(&self) -> io::Result<u64>;

    /// At most `length` bytes from `offset` on, whatever the file is called now; fewer at its end.
    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>>;
}

/// Creates a folder with its parents, where they are missing, durably. `access` is its own; parents are for everybody to read.
pub(crate) fn create_folders<F: FileSystem>(files: &F, folder: &Path, access: Access) -> io::Result<()> {
    let is_new = create_missing(files, folder, access)?;
    // A start before may have made it, or parents of it, and died before their names were on the disk. Then there is at most
    // a lock in it.
    if is_new || files.list(folder)?.len() <= 1 {
        for parent in folder.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()) {
            // Those of the system can't all be opened, and are on the disk.
            let _ = files.sync_folder(parent);
        }
    }
    Ok(())
}

fn create_missing<F: FileSystem>(files: &F, folder: &Path, access: Access) -> io::Result<bool> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let is_new = match (files.create_folder(folder, access), parent) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            create_missing(files, parent, Access::Public)?;
            files.create_folder(folder, access)?
        }
        (created, _) => created?,
    };
    if is_new && let Some(parent) = parent {
        match files.sync_folder(parent) {
            // It takes names, and can't be read.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            synced => synced?,
        }
    }
    Ok(is_new)
}

/// Puts a whole small file in place, durably: temporary file, sync, rename, sync of the folder. At every moment the
/// name shows the old file or the new one, whole.
pub(crate) fn store<F: FileSystem>(files: &F, path: &Path, access: Access, bytes: &[u8]) -> io::Result<()> {
    store_through(files, &path.with_extension("tmp"), path, access, bytes)
}

/// [`store`], with the temporary file named, in the same folder.
pub(crate) fn store_through<F: FileSystem>(
    files: &F,
    temporary: &Path,
    path: &Path,
    access: Access,
    bytes: &[u8],
) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    match files.remove(temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = files.create_new(temporary, access)?;
    append_all(&mut file, bytes)?;
    file.sync()?;
    drop(file);
    files.rename(temporary, path)?;
    files.sync_folder(folder)
}

/// A whole small file, `InvalidData` where it has more than 64 KiB.
pub(crate) fn load<F: FileSystem>(files: &F, path: &Path) -> io::Result<Vec<u8>> {
    const MOST: usize = 64 * 1024;
    let bytes = files.read(path, 0, MOST + 1)?;
    if bytes.len() > MOST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "larger than 64 KiB"));
    }
    Ok(bytes)
}

/// Appends all of `bytes`.
pub(crate) fn append_all(file: &mut impl LogFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Where permission was denied: who this process is, and whose the path is, or the folder that it lies in.
pub(crate) fn whose(path: &Path, kind: io::ErrorKind) -> String {
    if kind == io::ErrorKind::PermissionDenied {
        disk::whose(path).unwrap_or_default()
    } else {
        String::new()
    }
}

/// What the file of a lock says of its holder.
pub(crate) fn holder<F: FileSystem>(files: &F, path: &Path) -> Option<String> {
    String::from_utf8(load(files, path).ok()?).ok().filter(|holder| !holder.is_empty())
}
