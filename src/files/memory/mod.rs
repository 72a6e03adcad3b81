//! A file system in memory that fails when it is told to, and remembers what a crash or a power cut would have left at
//! each of its operations.

pub(crate) mod choices;
mod storage;

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

pub(crate) use self::storage::Storage;
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

/// An operation, just before it.
#[derive(Debug)]
pub(crate) struct Moment {
    /// As `append audit.jsonl`.
    pub(crate) operation: String,
    pub(crate) before: Storage,
    /// The file and what it was to append.
    appended: Option<(usize, Vec<u8>)>,
}

impl Moment {
    /// How many bytes the operation appended.
    pub(crate) fn length(&self) -> usize {
        self.appended.as_ref().map_or(0, |(_, bytes)| bytes.len())
    }

    /// Where the lines end that it appended.
    pub(crate) fn line_ends(&self) -> Vec<usize> {
        let bytes = self.appended.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect()
    }

    /// What is there when only so many bytes of it were appended.
    pub(crate) fn torn_at(&self, length: usize) -> Storage {
        let mut storage = self.before.clone();
        if let Some((node, bytes)) = &self.appended {
            storage.append(*node, &bytes[..length]);
        }
        storage
    }
}

#[derive(Debug, Default)]
struct State {
    storage: Storage,
    moments: Option<Vec<Moment>>,
    locks: Vec<PathBuf>,
    /// Operations until the fault, and whether it stays.
    fault: Option<(usize, Fault, bool)>,
    operations: Vec<String>,
    broken: Option<&'static str>,
    read: u64,
}

impl MemoryFiles {
    /// Cuts or lengthens a file, as somebody else might.
    pub(crate) fn edit(&self, path: impl AsRef<Path>, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let node = state.storage.node(path.as_ref()).unwrap();
        state.storage.edit(node, edit);
    }

    /// A machine that starts with this on its disk.
    pub(crate) fn with(storage: Storage) -> MemoryFiles {
        let files = MemoryFiles::default();
        files.state().storage = storage;
        files
    }

    pub(crate) fn storage(&self) -> Storage {
        self.state().storage.clone()
    }

    /// From now on each operation is remembered, for [`MemoryFiles::moments`].
    pub(crate) fn remember(&self) {
        self.state().moments = Some(Vec::new());
    }

    /// How many operations are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.state().moments.as_ref().map_or(0, Vec::len)
    }

    /// The operations since [`MemoryFiles::remember`].
    pub(crate) fn moments(&self) -> Vec<Moment> {
        self.state().moments.take().unwrap_or_default()
    }

    /// The operation after `after` others fails so; all later ones fail too where it `stays`, as after a crash.
    pub(crate) fn fail(&self, after: usize, fault: Fault, stays: bool) {
        self.state().fault = Some((after, fault, stays));
    }

    /// Whether a fault is still to come.
    pub(crate) fn awaits_fault(&self) -> bool {
        matches!(self.state().fault, Some((after, fault, stays)) if after > 0 || !stays || fault != Fault::Failed)
    }

    /// All goes well again. Whether the fault was met, or was one that stays.
    pub(crate) fn mend(&self) -> bool {
        !matches!(self.state().fault.take(), Some((_, _, false)))
    }

    /// From now on each operation fails that begins like this, as `sync audit`.
    pub(crate) fn break_all(&self, operations: &'static str) {
        self.state().broken = Some(operations);
    }

    /// Nothing is broken any more.
    pub(crate) fn repair(&self) {
        self.state().broken = None;
    }

    /// All files and what is in them.
    pub(crate) fn all(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.state().storage.all()
    }

    pub(crate) fn contents(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let state = self.state();
        Some(state.storage.bytes(state.storage.node(path.as_ref()).ok()?).to_vec())
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
        appended: Option<(usize, &[u8])>,
        operation: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        let said = format!("{name} {}", path.file_name().unwrap_or_default().display());
        let State { moments, storage, .. } = &mut *state;
        if let Some(moments) = moments {
            let appended = appended.map(|(node, bytes)| (node, bytes.to_vec()));
            moments.push(Moment { operation: said.clone(), before: storage.clone(), appended });
        }
        state.operations.push(said);
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

    fn create_folder(&self, folder: &Path, _: Access) -> io::Result<bool> {
        if self.state().storage.is_folder(folder) {
            return Ok(false);
        }
        self.operate("create_folder", folder, None, |state| state.storage.create_folder(folder))?;
        Ok(true)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let here = state.storage.paths().filter(|path| path.parent() == Some(folder));
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
        let node = self.state().storage.node(path)?;
        Ok(MemoryFile { files: self.clone(), path: path.to_owned(), node })
    }

    fn standing(&self, path: &Path, file: &MemoryFile) -> io::Result<Standing> {
        let state = self.state();
        let at_path = match state.storage.node(path) {
            Ok(node) if node == file.node => AtPath::Itself,
            Ok(_) => AtPath::Another,
            Err(_) => AtPath::Nothing,
        };
        let length = state.storage.bytes(file.node).len() as u64;
        Ok(Standing { at_path, links: state.storage.links(file.node), length })
    }

    fn link(&self, name: &str, path: &Path) -> io::Result<()> {
        self.operate("link", path, None, |state| {
            // A link's target goes to the disk with its name.
            let node = state.storage.put(path, name.as_bytes());
            state.storage.sync(node);
            Ok(())
        })
    }

    fn create_new(&self, path: &Path, _: Access) -> io::Result<MemoryFile> {
        let node = self.operate("create_new", path, None, |state| match state.storage.node(path) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => Ok(state.storage.put(path, b"")),
        })?;
        Ok(MemoryFile { files: self.clone(), path: path.to_owned(), node })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate("rename", to, None, |state| state.storage.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operate("remove", path, None, |state| state.storage.remove(path))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.operate("sync_folder", folder, None, |state| {
            state.storage.sync_folder(folder);
            Ok(())
        })
    }

    fn exposure(&self, _: &Path, _: Access) -> io::Result<Option<Exposure>> {
        Ok(None)
    }

    fn lock(&self, path: &Path, _: Access, _: &str) -> io::Result<MemoryLock> {
        self.operate("lock", path, None, |state| match state.locks.iter().any(|held| held == path) {
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
    node: usize,
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
        self.files.operate("append", &self.path, Some((self.node, bytes)), |state| {
            state.storage.append(self.node, bytes);
            Ok(bytes.len())
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut happened = false;
        let result = self.files.operate("sync", &self.path, None, |state| {
            state.storage.sync(self.node);
            happened = true;
            Ok(())
        });
        if !happened {
            self.files.state().storage.doubt(self.node);
        }
        result
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.files.state().storage.bytes(self.node).len() as u64)
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let state = self.files.state();
        let bytes = state.storage.bytes(self.node).iter().skip(usize::try_from(offset).unwrap()).take(length);
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
