//! A store for a log that replaces one whose keys were lost.

use std::io::ErrorKind::NotFound;
use std::path::Path;

use super::contents::{HEAD, LOCK, epochs, io, lock, refuse_exposed};
use super::{KeyStoreError, Store};
use crate::files::{self, Access, FileSystem, create_folders};
use crate::trail::Succeeds;

/// Which log the store's own one succeeds. It stays: the first genesis is written again where a crash tears it.
const SUCCEEDS: &str = "succeeds.json";

pub(super) fn read<F: FileSystem>(files: &F, folder: &Path) -> Result<Option<Succeeds>, KeyStoreError> {
    let path = folder.join(SUCCEEDS);
    match files::load(files, &path) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(succeeds) => Ok(Some(succeeds)),
            Err(_) => Err(KeyStoreError::Malformed { path, why: "not the end of a log" }),
        },
        Err(error) if error.kind() == NotFound => Ok(None),
        Err(error) => Err(io("read", &path)(error)),
    }
}

impl<F: FileSystem> Store<F> {
    /// Makes a new store, or takes one that was never used. What it succeeds is durable before its key is there: no
    /// crash leaves a store that would begin a log like any other.
    pub(crate) fn succeed(
        files: &F,
        folder: &Path,
        access: Access,
        succeeds: Succeeds,
    ) -> Result<Store<F>, KeyStoreError> {
        create_folders(files, folder, Access::Private).map_err(io("create", folder))?;
        refuse_exposed(files, folder, access)?;
        let held = lock(files, &folder.join(LOCK))?;
        let names = files.list(folder).map_err(io("list", folder))?;
        let is_used = names.iter().any(|name| name == HEAD)
            || epochs(files, folder)?.is_some_and(|(epoch, has_next)| epoch > 0 || has_next);
        if is_used {
            return Err(KeyStoreError::InUse { folder: folder.to_owned() });
        }
        let path = folder.join(SUCCEEDS);
        let bytes = serde_json::to_vec(&succeeds).expect("numbers and texts");
        files::store(files, &path, Access::Private, &bytes).map_err(io("write", &path))?;
        drop(held);
        Store::open_as(files, folder, access)
    }

    /// The log that this one succeeds.
    pub(crate) fn succeeds(&self) -> Option<Succeeds> {
        self.succeeds
    }
}
