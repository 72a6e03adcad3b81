//! A file system in memory that fails when it is told to.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Access, AtPath, Exposure, FileSystem, LogFile, Standing};

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing of it happened.
    Failed,
    /// All of it happened, and an error came back.
    Persisted,
    /// Of what was to be appended this many bytes were; the operation says so, the next one fails.
    Short(usize),
    /// Likewise all but so many: with 1, a line without its newline.
    AllBut(usize),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryFiles(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Which file is where: a handle stays with its file, whatever that is called.
    inodes: BTreeMap<PathBuf, u64>,
    /// Files without a name that may be open still.
    nameless: BTreeMap<u64, Vec<u8>>,
    next_inode: u64,
    locks: Vec<PathBuf>,
    /// Operations until the fault, and whether it stays.
    fault: Option<(usize, Fault, bool)>,
    operations: Vec<String>,
    broken: Option<&'static str>,
    read: u64,
}

impl State {
    /// The file at a path, which is there.
    fn inode(&mut self, path: &Path) -> u64 {
        let next = &mut self.next_inode;
        *self.inodes.entry(path.to_owned()).or_insert_with(|| {
            *next += 1;
            *next
        })
    }

    fn path_of(&self, inode: u64) -> Option<PathBuf> {
        self.inodes.iter().find(|(_, there)| **there == inode).map(|(path, _)| path.clone())
    }

    fn bytes_of(&mut self, inode: u64) -> &mut Vec<u8> {
        match self.path_of(inode) {
            Some(path) => self.files.get_mut(&path).unwrap(),
            None => self.nameless.entry(inode).or_default(),
        }
    }

    fn unlink(&mut self, path: &Path) -> Option<()> {
        let inode = self.inode(path);
        self.inodes.remove(path);
        let bytes = self.files.remove(path)?;
        self.nameless.insert(inode, bytes);
        Some(())
    }
}

impl MemoryFiles {
    /// Cuts or lengthens a file, as somebody else might.
    pub(crate) fn edit(&self, path: impl AsRef<Path>, edit: impl FnOnce(&mut Vec<u8>)) {
        edit(self.state().files.get_mut(path.as_ref()).unwrap());
    }

    /// The operation after `after` others fails so; all later ones fail too where it `stays`, as after a crash.
    pub(crate) fn fail(&self, after: usize, fault: Fault, stays: bool) {
        self.state().fault = Some((after, fault, stays));
    }

    /// All goes well again. Whether the fault was met, or was one that stays.
    pub(crate) fn mend(&self) -> bool {
        !matches!(self.state().fault.take(), Some((_, _, false)))
    }

    /// From now on each operation fails that begins like this, as `sync audit`.
    pub(crate) fn break_all(&self, operations: &'static str) {
        self.state().broken = Some(operations);
    }

    /// All files and what is in them.
    pub(crate) fn all(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.state().files.clone()
    }

    pub(crate) fn contents(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        self.state().files.get(path.as_ref()).cloned()
    }

    /// What was done since the last call, as `append audit.jsonl`.
    pub(crate) fn operations(&self) -> Vec<String> {
        mem::take(&mut self.state().operations)
    }

    /// How many bytes were read since the last call.
    pub(crate) fn bytes_read(&self) -> u64 {
        mem::take(&mut self.state().read)
    }

    fn handle(&self, path: &Path) -> MemoryFile {
        let inode = self.state().inode(path);
        MemoryFile { files: self.clone(), path: path.to_owned(), inode }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Runs one operation, or its fault.
    fn operate<T>(
        &self,
        name: &str,
        path: &Path,
        operation: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        state.operations.push(format!("{name} {}", path.file_name().unwrap_or_default().display()));
        let is_broken = state
            .broken
            .is_some_and(|broken| state.operations.last().is_some_and(|last| last.starts_with(broken)));
        if is_broken {
            return Err(io::Error::other("broken by the test"));
        }
        match &mut state.fault {
            Some((0, fault, stays)) => {
                let (fault, stays) = (*fault, *stays);
                state.fault = stays.then_some((0, Fault::Failed, true));
                if fault == Fault::Persisted {
                    operation(&mut state)?;
                }
                Err(io::Error::new(io::ErrorKind::StorageFull, "a fault of the test"))
            }
            Some((after, _, _)) => {
                *after -= 1;
                operation(&mut state)
            }
            None => operation(&mut state),
        }
    }
}

impl FileSystem for MemoryFiles {
    type File = MemoryFile;
    type Lock = MemoryLock;

    fn create_folder(&self, folder: &Path, _: Access) -> io::Result<()> {
        self.operate("create_folder", folder, |_| Ok(()))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let here = state.files.keys().filter(|path| path.parent() == Some(folder));
        Ok(here.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect())
    }

    fn read(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let bytes = self.contents(path).ok_or(io::ErrorKind::NotFound)?;
        let start = bytes.len().min(usize::try_from(offset).unwrap());
        let bytes = &bytes[start..bytes.len().min(start.saturating_add(length))];
        self.state().read += bytes.len() as u64;
        Ok(bytes.to_vec())
    }

    fn open(&self, path: &Path) -> io::Result<MemoryFile> {
        self.contents(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(self.handle(path))
    }

    fn standing(&self, path: &Path, file: &MemoryFile) -> io::Result<Standing> {
        let mut state = self.state();
        let at_path = match state.files.contains_key(path) {
            true if state.inode(path) == file.inode => AtPath::Itself,
            true => AtPath::Another,
            false => AtPath::Nothing,
        };
        let links = u64::from(state.path_of(file.inode).is_some());
        Ok(Standing { at_path, links, length: state.bytes_of(file.inode).len() as u64 })
    }

    fn link(&self, name: &str, path: &Path) -> io::Result<()> {
        self.operate("link", path, |state| {
            state.files.insert(path.to_owned(), name.as_bytes().to_vec());
            Ok(())
        })
    }

    fn create_new(&self, path: &Path, _: Access) -> io::Result<MemoryFile> {
        self.operate("create_new", path, |state| {
            if state.files.contains_key(path) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.files.insert(path.to_owned(), Vec::new());
            Ok(())
        })?;
        Ok(self.handle(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate("rename", to, |state| {
            let (inode, bytes) = (state.inode(from), state.files.remove(from));
            state.inodes.remove(from);
            let bytes = bytes.ok_or(io::ErrorKind::NotFound)?;
            state.unlink(to);
            state.files.insert(to.to_owned(), bytes);
            state.inodes.insert(to.to_owned(), inode);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operate("remove", path, |state| state.unlink(path).ok_or(io::ErrorKind::NotFound.into()))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.operate("sync_folder", folder, |_| Ok(()))
    }

    fn exposure(&self, _: &Path, _: Access) -> io::Result<Option<Exposure>> {
        Ok(None)
    }

    fn lock(&self, path: &Path, _: Access, _: &str) -> io::Result<MemoryLock> {
        self.operate("lock", path, |state| match state.locks.iter().any(|held| held == path) {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => Ok(()),
        })?;
        self.state().locks.push(path.to_owned());
        Ok(MemoryLock { files: self.clone(), path: path.to_owned() })
    }
}

#[derive(Debug)]
pub(crate) struct MemoryFile {
    files: MemoryFiles,
    /// Where it was opened.
    path: PathBuf,
    inode: u64,
}

impl LogFile for MemoryFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let short = match &mut self.files.state().fault {
            Some((after @ 0, fault, _)) => {
                let short = match *fault {
                    Fault::Short(length) => Some(length.min(bytes.len())),
                    Fault::AllBut(length) => Some(bytes.len().saturating_sub(length)),
                    Fault::Failed | Fault::Persisted => None,
                };
                if short.is_some() {
                    (*after, *fault) = (1, Fault::Failed);
                }
                short
            }
            _ => None,
        };
        let bytes = &bytes[..short.unwrap_or(bytes.len())];
        self.files.operate("append", &self.path, |state| {
            state.bytes_of(self.inode).extend_from_slice(bytes);
            Ok(bytes.len())
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.files.operate("sync", &self.path, |_| Ok(()))
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.files.state().bytes_of(self.inode).len() as u64)
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut state = self.files.state();
        let bytes = state.bytes_of(self.inode).iter().skip(usize::try_from(offset).unwrap()).take(length);
        Ok(bytes.copied().collect())
    }
}

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct MemoryLock {
    files: MemoryFiles,
    path: PathBuf,
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.files.state().locks.retain(|held| *held != self.path);
    }
}
