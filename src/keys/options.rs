//! How a key store is used where its folder can't be as it should be.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::contents::io;
use super::{Inspection, KeyStore, KeyStoreError, Store, inspect};
use crate::files::{Access, Disk};
use crate::trail::{Accepted, EndorsedKey, Succeeds};

/// How a key store is opened: [`KeyStore::options`].
#[derive(Debug, Clone, Copy)]
pub struct KeyStoreOptions {
    access: Access,
}

impl Default for KeyStoreOptions {
    fn default() -> KeyStoreOptions {
        KeyStoreOptions { access: Access::Private }
    }
}

impl KeyStoreOptions {
    /// Whether the folder's group may have access to it and to the keys; by default it may not. For volumes on which
    /// the platform sets these bits itself, as Kubernetes does for `fsGroup`: whoever is in the group can sign in the
    /// log's name.
    #[must_use]
    pub fn allow_group_access(mut self, allow: bool) -> KeyStoreOptions {
        self.access = if allow { Access::Group } else { Access::Private };
        self
    }

    /// [`KeyStore::open_or_create`].
    pub fn open_or_create(self, folder: impl AsRef<Path>) -> Result<KeyStore, KeyStoreError> {
        Store::open_as(&Disk, &absolute(folder.as_ref())?, self.access).map(KeyStore)
    }

    /// [`KeyStore::succeed`].
    pub fn succeed(self, folder: impl AsRef<Path>, succeeds: Succeeds) -> Result<KeyStore, KeyStoreError> {
        Store::succeed(&Disk, &absolute(folder.as_ref())?, self.access, succeeds).map(KeyStore)
    }

    /// [`KeyStore::install_endorsement`].
    pub fn install_endorsement(
        self,
        folder: impl AsRef<Path>,
        endorsed: &EndorsedKey,
    ) -> Result<(), KeyStoreError> {
        Store::install(&Disk, &absolute(folder.as_ref())?, self.access, endorsed)
    }

    /// [`KeyStore::accept_loss`].
    pub fn accept_loss(
        self,
        folder: impl AsRef<Path>,
        log: impl AsRef<Path>,
        by: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<&'static str, KeyStoreError> {
        let accepted = Accepted { at: SystemTime::now().into(), by: by.into(), reason: reason.into() };
        let folders = (&*absolute(folder.as_ref())?, &*absolute(log.as_ref())?);
        Store::accept_loss(&Disk, folders, self.access, accepted)
    }

    /// [`KeyStore::inspect`].
    pub fn inspect(self, folder: impl AsRef<Path>) -> Inspection {
        inspect::inspect(&Disk, folder.as_ref(), self.access)
    }
}

/// Where it is, wherever the process goes: services change their working directory once they are up.
fn absolute(folder: &Path) -> Result<PathBuf, KeyStoreError> {
    std::path::absolute(folder).map_err(io("find", folder))
}
