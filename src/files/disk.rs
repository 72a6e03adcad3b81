//! The file system of the machine.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::standing::Identity;
use super::{Access, Exposure, FileSystem, LogFile, Standing};

/// Room behind the bytes of a file in which `read_to_end` finds that there are no more.
const PROBE: usize = 64;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Disk;

impl FileSystem for Disk {
    type File = DiskFile;
    type Lock = DiskLock;

    fn create_folder(&self, folder: &Path, access: Access) -> io::Result<bool> {
        if folder.is_dir() {
            return Ok(false);
        }
        match create_dir(folder, access) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn read(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut file = open_ordinary(OpenOptions::new().read(true), path)?;
        let there = file.metadata()?.len().saturating_sub(offset).min(length as u64);
        file.seek(io::SeekFrom::Start(offset))?;
        // Whoever reads a key wipes this buffer, and could not wipe those that it had outgrown.
        let mut bytes =
            Vec::with_capacity(usize::try_from(there).unwrap_or(usize::MAX).saturating_add(PROBE));
        file.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn open(&self, path: &Path) -> io::Result<DiskFile> {
        DiskFile::of(open_ordinary(OpenOptions::new().read(true).append(true), path)?)
    }

    fn standing(&self, path: &Path, file: &DiskFile) -> io::Result<Standing> {
        file.identity.standing(path, &file.file)
    }

    fn link(&self, name: &str, path: &Path) -> io::Result<()> {
        if fs::symlink_metadata(path).is_ok_and(|there| !there.is_symlink()) {
            let why =
                "something else than a symbolic link has this name: move it away, or give the link another";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        let temporary = unique_beside(path);
        symlink(name, &temporary)?;
        fs::rename(&temporary, path).inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    fn create_new(&self, path: &Path, access: Access) -> io::Result<DiskFile> {
        let file = create_options(access).read(true).append(true).create_new(true).open(path)?;
        give_to_owner(&file)?;
        DiskFile::of(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Windows has no way to sync a folder; NTFS keeps names in its journal.
        if cfg!(windows) {
            return Ok(());
        }
        match File::open(folder)?.sync_all() {
            // CIFS, 9p, vboxsf: names there are as durable as they get.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
            {
                Ok(())
            }
            result => result,
        }
    }

    fn exposure(&self, path: &Path, access: Access) -> io::Result<Option<Exposure>> {
        exposure(&fs::symlink_metadata(path)?, access)
    }

    fn lock(&self, path: &Path, access: Access, holder: &str) -> io::Result<DiskLock> {
        let file = match create_options(access).read(true).write(true).create_new(true).open(path) {
            Ok(file) => {
                give_to_owner(&file)?;
                file
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                no_links(OpenOptions::new().read(true).write(true)).open(path)?
            }
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut lock = DiskLock { file, process: process::id() };
        lock.file.set_len(0)?;
        lock.file.rewind()?;
        lock.file.write_all(holder.as_bytes())?;
        Ok(lock)
    }
}

/// A name beside another that nothing has.
fn unique_beside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{since_1970}-{count}.tmp", process::id()));
    path.with_file_name(name)
}

/// A file of the machine's, opened to append.
#[derive(Debug)]
pub(crate) struct DiskFile {
    file: File,
    identity: Identity,
}

impl DiskFile {
    fn of(file: File) -> io::Result<DiskFile> {
        Ok(DiskFile { identity: Identity::of(&file)?, file })
    }
}

impl LogFile for DiskFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        // Where a file is read does not matter to one that is appended to.
        let mut file = &self.file;
        file.seek(io::SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct DiskLock {
    file: File,
    /// The process that took it.
    process: u32,
}

impl Drop for DiskLock {
    /// Closing is not enough: a child that was forked and did not yet `exec` has the file open too. It shares the lock,
    /// and would take it from its parent.
    fn drop(&mut self) {
        if process::id() == self.process {
            let _ = self.file.unlock();
        }
    }
}

#[cfg(unix)]
fn create_dir(folder: &Path, access: Access) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    let mode = match access {
        Access::Private => 0o700,
        Access::Group => 0o750,
        Access::Public => 0o755,
    };
    fs::DirBuilder::new().mode(mode).create(folder)?;
    match with_bits(&fs::symlink_metadata(folder)?, 0o700) {
        Some(mode) => fs::set_permissions(folder, fs::Permissions::from_mode(mode)),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn create_dir(folder: &Path, _: Access) -> io::Result<()> {
    fs::create_dir(folder)
}

#[cfg(unix)]
fn create_options(access: Access) -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.mode(match access {
        Access::Private => 0o600,
        Access::Group => 0o640,
        Access::Public => 0o644,
    });
    options
}

#[cfg(not(unix))]
fn create_options(_: Access) -> OpenOptions {
    OpenOptions::new()
}

/// A umask takes bits from others as it says, never from the owner.
#[cfg(unix)]
fn give_to_owner(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    match with_bits(&file.metadata()?, 0o600) {
        Some(mode) => file.set_permissions(fs::Permissions::from_mode(mode)),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn give_to_owner(_: &File) -> io::Result<()> {
    Ok(())
}

/// The mode that has these bits too, where they are missing.
#[cfg(unix)]
fn with_bits(metadata: &fs::Metadata, bits: u32) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = metadata.mode() & 0o7777;
    (mode & bits != bits).then_some(mode | bits)
}

#[cfg(unix)]
pub(super) fn whose(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let (there, of) = path.ancestors().find_map(|there| Some((there, fs::metadata(there).ok()?)))?;
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let (there, owner, its_group, mode) = (there.display(), of.uid(), of.gid(), of.mode() & 0o7777);
    Some(format!(
        ". This process is of user {user} and group {group}; {there} belongs to user {owner} and group {its_group}, with mode \
         {mode:04o}"
    ))
}

#[cfg(not(unix))]
pub(super) fn whose(_: &Path) -> Option<String> {
    None
}

#[cfg(unix)]
fn exposure(metadata: &fs::Metadata, access: Access) -> io::Result<Option<Exposure>> {
    use std::os::unix::fs::MetadataExt as _;
    let denied = match access {
        Access::Private => 0o077,
        Access::Group | Access::Public => 0o007,
    };
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    Ok(if metadata.is_symlink() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a symbolic link"));
    } else if mode & denied != 0 {
        Some(Exposure::Mode(mode))
    } else if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        Some(Exposure::Owner(owner))
    } else {
        None
    })
}

#[cfg(not(unix))]
fn exposure(_: &fs::Metadata, _: Access) -> io::Result<Option<Exposure>> {
    Ok(None)
}

fn open_ordinary(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = no_links(options).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not an ordinary file"));
    }
    Ok(file)
}

#[cfg(unix)]
fn symlink(name: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(name, path)
}

#[cfg(windows)]
fn symlink(name: &str, path: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(name, path)
}

/// A link in the way is an error, and a FIFO in the way never makes us wait.
#[cfg(unix)]
fn no_links(options: &mut OpenOptions) -> &mut OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
}

#[cfg(not(unix))]
fn no_links(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::super::{create_folders, load, store};
    use super::*;

    #[test]
    fn links_and_fifos_are_never_followed_or_waited_on() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "secret").unwrap();
        symlink(&target, &link).unwrap();
        assert!(Disk.read(&link, 0, 9).is_err());
        assert!(Disk.lock(&link, Access::Group, "me").is_err());
        assert_eq!(Disk.create_new(&link, Access::Group).unwrap_err().kind(), io::ErrorKind::AlreadyExists);

        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert_eq!(Disk.read(&fifo, 0, 9).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(fs::read(&target).unwrap(), b"secret");
    }

    #[test]
    fn private_things_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let (private, file) = (folder.path().join("a/b"), folder.path().join("a/b/c.pem"));
        create_folders(&Disk, &private, Access::Private).unwrap();
        create_folders(&Disk, &private, Access::Private).unwrap();
        store(&Disk, &file, Access::Private, b"one").unwrap();
        store(&Disk, &file, Access::Private, b"two").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&private), mode(&file)), (0o700, 0o600));
        assert_eq!(load(&Disk, &file).unwrap(), b"two");
        assert_eq!(Disk.list(&private).unwrap(), ["c.pem"]);
    }

    #[test]
    fn only_a_link_is_replaced_by_a_link_and_nothing_of_another_name_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (link, bystander) = (at("audit.current"), at("audit.tmp"));
        fs::write(&bystander, "another's").unwrap();
        for target in ["audit.1.jsonl", "audit.2.jsonl"] {
            Disk.link(target, &link).unwrap();
            assert_eq!(fs::read_link(&link).unwrap(), Path::new(target));
        }
        fs::remove_file(&link).unwrap();
        fs::write(&link, "a log").unwrap();
        assert_eq!(Disk.link("audit.3.jsonl", &link).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::remove_file(&link).unwrap();
        fs::create_dir(&link).unwrap();
        assert!(Disk.link("audit.3.jsonl", &link).is_err());
        assert_eq!(fs::read(&bystander).unwrap(), b"another's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_lock_is_held_once_and_says_by_whom() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Disk.lock(&path, Access::Group, "the first").unwrap();
        assert_eq!(
            Disk.lock(&path, Access::Group, "the second").unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
        assert_eq!(load(&Disk, &path).unwrap(), b"the first");
        drop(held);
        Disk.lock(&path, Access::Group, "the second").unwrap();
        assert_eq!(load(&Disk, &path).unwrap(), b"the second");
    }
}
