//! What a file system in memory holds, and what of it a power cut leaves.
//!
//! Harsher than ext4 and XFS are, in whatever mode, and as harsh as they may be:
//!
//! - **Bytes** that no sync covered are lost page by page, in any order: a page that was not written reads as zeros
//!   where the file has its new length (XFS, whose sizes grow as writes end, in any order; ext4 with `data=writeback`),
//!   and the file may end at any page, or where it was synced last (ext4 with `data=ordered` and delayed allocation).
//! - **Bytes under a sync that failed** may be lost whatever sync succeeds later: the kernel takes them for clean.
//! - **Names** created, changed and removed come back in the order of their folder: some first changes of it survive, a
//!   rename as a whole. Both keep one journal for all folders and commit it in order, with every sync of a file; here
//!   each folder is on its own, and only its own sync makes its names durable.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Files and their names: now, and after a power cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Storage {
    nodes: Vec<Node>,
    names: Names,
    /// The names as the disk has them, before `changes`.
    durable: Names,
    /// Changes of names that no sync of their folder made durable, in their order.
    changes: Vec<Change>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Names {
    files: BTreeMap<PathBuf, usize>,
    /// Those that were made; others are of the system.
    folders: BTreeSet<PathBuf>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Node {
    bytes: Vec<u8>,
    /// So many bytes were covered by a sync.
    synced: usize,
    /// A sync of these failed.
    doubtful: Vec<Range<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Change {
    Put(PathBuf, usize),
    Folder(PathBuf),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

impl Change {
    fn folder(&self) -> Option<&Path> {
        match self {
            Change::Put(path, _) | Change::Rename(path, _) | Change::Remove(path) | Change::Folder(path) => {
                path.parent()
            }
        }
    }

    fn apply(&self, names: &mut Names) -> io::Result<()> {
        let Names { files, folders } = names;
        match self {
            Change::Put(path, node) => {
                files.insert(path.clone(), *node);
            }
            Change::Folder(path) => {
                folders.insert(path.clone());
            }
            Change::Rename(from, to) => {
                let node = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
                files.insert(to.clone(), node);
            }
            Change::Remove(path) => {
                files.remove(path).ok_or(io::ErrorKind::NotFound)?;
            }
        }
        Ok(())
    }
}

impl Storage {
    /// The file of this name.
    pub(super) fn node(&self, path: &Path) -> io::Result<usize> {
        self.names.files.get(path).copied().ok_or(io::ErrorKind::NotFound.into())
    }

    pub(super) fn bytes(&self, node: usize) -> &[u8] {
        &self.nodes[node].bytes
    }

    /// For somebody else's hand: a file that is cut below what was synced has its new length, synced.
    pub(super) fn edit(&mut self, node: usize, edit: impl FnOnce(&mut Vec<u8>)) {
        let Node { bytes, synced, .. } = &mut self.nodes[node];
        edit(bytes);
        *synced = bytes.len().min(*synced);
    }

    /// How many names the file has.
    pub(super) fn links(&self, node: usize) -> u64 {
        self.names.files.values().filter(|named| **named == node).count() as u64
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.names.files.keys()
    }

    /// All files and what is in them.
    pub(crate) fn all(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.names.files.iter().map(|(path, node)| (path.clone(), self.nodes[*node].bytes.clone())).collect()
    }

    /// A new file, in place of one of this name.
    pub(super) fn put(&mut self, path: &Path, bytes: &[u8]) -> usize {
        let node = self.nodes.len();
        self.nodes.push(Node { bytes: bytes.to_vec(), ..Node::default() });
        self.change(Change::Put(path.to_owned(), node)).expect("a name can be put anywhere");
        node
    }

    /// Whether it was made, or is one of the system's: `/var/log`.
    pub(super) fn is_folder(&self, path: &Path) -> bool {
        path.components().count() <= 3 || self.names.folders.contains(path)
    }

    pub(super) fn create_folder(&mut self, path: &Path) -> io::Result<()> {
        match path.parent().is_some_and(|parent| self.is_folder(parent)) {
            true => self.change(Change::Folder(path.to_owned())),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(Change::Rename(from.to_owned(), to.to_owned()))
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.change(Change::Remove(path.to_owned()))
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        change.apply(&mut self.names)?;
        self.changes.push(change);
        Ok(())
    }

    pub(crate) fn append(&mut self, node: usize, bytes: &[u8]) {
        self.nodes[node].bytes.extend_from_slice(bytes);
    }

    pub(super) fn sync(&mut self, node: usize) {
        self.nodes[node].synced = self.nodes[node].bytes.len();
    }

    /// A sync failed, and nothing of it happened.
    pub(super) fn doubt(&mut self, node: usize) {
        let Node { bytes, synced, doubtful } = &mut self.nodes[node];
        if *synced < bytes.len() {
            doubtful.push(*synced..bytes.len());
        }
    }

    pub(super) fn sync_folder(&mut self, folder: &Path) {
        let durable = &mut self.durable;
        self.changes.retain(|change| {
            let is_here = change.folder() == Some(folder);
            if is_here {
                change.apply(durable).expect("a folder's changes are applied in order");
            }
            !is_here
        });
    }

    /// What a machine finds that starts again after its power failed now. `choose` takes one of so many possibilities,
    /// from 0 on, wherever there are several; with 0 everywhere nothing is lost.
    pub(crate) fn cut_power(&self, page: usize, mut choose: impl FnMut(usize) -> usize) -> Storage {
        let mut left = Storage::default();
        let Names { files, folders } = self.durable_names(&mut choose);
        // With a folder goes all that is in it.
        let is_there = |path: &Path| {
            path.ancestors().all(|part| !self.names.folders.contains(part) || folders.contains(part))
        };
        left.names.folders = folders.iter().filter(|folder| is_there(folder)).cloned().collect();
        for (path, node) in files.into_iter().filter(|(path, _)| is_there(path)) {
            let bytes = self.nodes[node].after_power_cut(page, &mut choose);
            let node = left.put(&path, &bytes);
            left.sync(node);
        }
        left.durable = left.names.clone();
        left.changes.clear();
        left
    }

    fn durable_names(&self, choose: &mut impl FnMut(usize) -> usize) -> Names {
        let mut names = self.durable.clone();
        let mut folders: Vec<_> = self.changes.iter().map(Change::folder).collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            let changes: Vec<_> = self.changes.iter().filter(|change| change.folder() == folder).collect();
            let lost = choose(changes.len() + 1);
            for change in &changes[..changes.len() - lost] {
                change.apply(&mut names).expect("the first changes of a folder, in order");
            }
        }
        names
    }
}

impl Node {
    fn after_power_cut(&self, page: usize, choose: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let unsynced = self.synced..bytes.len();
        if !unsynced.is_empty() {
            // All of the new length, none of it, or up to the end of a page in between.
            let ends: Vec<_> = (self.synced + 1..bytes.len()).filter(|end| end % page == 0).collect();
            match choose(2 + ends.len()) {
                0 => {}
                1 => bytes.truncate(self.synced),
                end => bytes.truncate(ends[end - 2]),
            }
        }
        for start in (0..bytes.len()).step_by(page) {
            let this = start..bytes.len().min(start + page);
            let ranges = self.doubtful.iter().chain([&unsynced]).map(|range| overlap(range, &this));
            if ranges.clone().any(|range| !range.is_empty()) && choose(2) == 1 {
                ranges.for_each(|range| bytes[range].fill(0));
            }
        }
        bytes
    }
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let (start, end) = (a.start.max(b.start), a.end.min(b.end));
    start..end.max(start)
}
