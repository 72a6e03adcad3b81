//! A file system in memory that fails when it is told to.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Access, Exposure, FileSystem, LogFile};

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
    locks: Vec<PathBuf>,
    /// Operations until the fault, and whether it stays.
    fault: Option<(usize, Fault, bool)>,
    operations: Vec<String>,
    broken: Option<&'static str>,
    read: u64,
}

impl MemoryFiles {
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
        Ok(MemoryFile { files: self.clone(), path: path.to_owned() })
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
        Ok(MemoryFile { files: self.clone(), path: path.to_owned() })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate("rename", to, |state| {
            let bytes = state.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.files.insert(to.to_owned(), bytes);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operate("remove", path, |state| {
            state.files.remove(path).map(drop).ok_or(io::ErrorKind::NotFound.into())
        })
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
    path: PathBuf,
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
            state.files.get_mut(&self.path).ok_or(io::ErrorKind::NotFound)?.extend_from_slice(bytes);
            Ok(bytes.len())
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.files.operate("sync", &self.path, |_| Ok(()))
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.files.contents(&self.path).ok_or(io::ErrorKind::NotFound)?.len() as u64)
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
