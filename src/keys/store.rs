//! The store while a log is written: the key in force, the next one, the head.

use std::fmt;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};

use super::accept::{self, AcceptedLoss};
use super::contents::{
    HEAD, LOCK, NOT_OF_FIRST_KEY, PIN, create_key, epochs, io, key_name, lock, publish, read_key, read_pin,
    refuse_exposed, store_pin,
};
use super::{Head, KeyStoreError, endorse, succeed};
use crate::files::{Access, FileSystem, create_folders};
use crate::trail::{EndorsedKey, PublicKey, SecretKey, Succeeds};

/// The keys of one log and its head, locked; on any file system.
pub(crate) struct Store<F: FileSystem> {
    files: F,
    folder: PathBuf,
    pub(super) pin: PublicKey,
    pub(super) pin_file: Option<PathBuf>,
    epoch: u64,
    key: SecretKey,
    /// The key of the next epoch, once it is stored.
    next: Option<SecretKey>,
    /// An epoch whose key is still stored, though it handed over.
    spent: Option<u64>,
    head: Option<Head>,
    pub(super) succeeds: Option<Succeeds>,
    pub(super) endorsed: Option<EndorsedKey>,
    pub(super) accepted_loss: Option<AcceptedLoss>,
    _lock: F::Lock,
}

impl<F: FileSystem> Store<F> {
    #[cfg(test)]
    pub(crate) fn open_or_create(files: &F, folder: &Path) -> Result<Store<F>, KeyStoreError> {
        Store::open_as(files, folder, Access::Private)
    }

    /// `access` is the most that others may have.
    pub(super) fn open_as(files: &F, folder: &Path, access: Access) -> Result<Store<F>, KeyStoreError> {
        create_folders(files, folder, Access::Private).map_err(io("create", folder))?;
        refuse_exposed(files, folder, access)?;
        let lock = lock(files, &folder.join(LOCK))?;
        let (epoch, key, next) = match epochs(files, folder)? {
            Some((epoch, has_next)) => {
                let read = |epoch| read_key(files, &folder.join(key_name(epoch)), access);
                (epoch, read(epoch)?, has_next.then(|| read(epoch + 1)).transpose()?)
            }
            None => (0, create_key(files, folder, 0)?, None),
        };
        let pin = match read_pin(files, &folder.join(PIN)) {
            // The first start ended between the key and its pin.
            Err(KeyStoreError::Io { error, .. }) if error.kind() == NotFound && epoch == 0 => {
                store_pin(files, &folder.join(PIN), Access::Private, key.public())?;
                key.public()
            }
            pin => pin?,
        };
        if epoch == 0 && pin != key.public() {
            return Err(KeyStoreError::Malformed { path: folder.join(PIN), why: NOT_OF_FIRST_KEY });
        }
        let head = Head::read(files, &folder.join(HEAD))?;
        let succeeds = succeed::read(files, folder)?;
        let endorsed = endorse::read(files, folder, pin)?;
        let accepted_loss = accept::read(files, folder)?;
        if head.is_none() && epoch > 0 {
            return Err(KeyStoreError::HeadMissing { folder: folder.to_owned() });
        }
        let pin_file = publish(files, folder, pin);
        let (files, folder) = (files.clone(), folder.to_owned());
        Ok(Store {
            files,
            folder,
            pin,
            pin_file,
            epoch,
            key,
            next,
            spent: None,
            head,
            succeeds,
            endorsed,
            accepted_loss,
            _lock: lock,
        })
    }

    pub(super) fn files(&self) -> &F {
        &self.files
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn pin(&self) -> PublicKey {
        self.pin
    }

    /// The key in force.
    pub(crate) fn key(&self) -> &SecretKey {
        &self.key
    }

    /// The number of the key in force.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The last synced signed line that the store knows of.
    pub(crate) fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Stores the head, durably. What it names must be synced.
    pub(crate) fn store_head(&mut self, head: Head) -> Result<(), KeyStoreError> {
        head.store(&self.files, &self.folder.join(HEAD))?;
        self.head = Some(head);
        Ok(())
    }

    /// The public key of the next epoch. Its secret is durable on return.
    pub(crate) fn prepare_next(&mut self) -> Result<PublicKey, KeyStoreError> {
        if self.next.is_none() {
            self.next = Some(create_key(&self.files, &self.folder, self.epoch + 1)?);
        }
        Ok(self.next.as_ref().map_or_else(|| self.key.public(), SecretKey::public))
    }

    /// Whether a next key is stored, to which no line is known to hand over.
    pub(crate) fn awaits_hand_over(&self) -> bool {
        self.next.is_some()
    }

    /// Whether this is the stored next key.
    pub(crate) fn has_next(&self, public: PublicKey) -> bool {
        self.next.as_ref().is_some_and(|next| next.public() == public)
    }

    /// The next key is in force from here on, the old one wiped from memory: a line that hands over to it was signed.
    /// The old one stays stored until [`Store::forget_spent`], for a start that finds the line missing.
    pub(crate) fn hand_over(&mut self) {
        if let Some(next) = self.next.take() {
            self.spent = Some(self.epoch);
            self.key = next;
            self.epoch += 1;
        }
    }

    /// Whether a key is stored that handed over.
    pub(crate) fn has_spent(&self) -> bool {
        self.spent.is_some()
    }

    /// Removes the key that handed over. The hand-off, its copy and the head must be synced.
    pub(crate) fn forget_spent(&mut self) -> Result<(), KeyStoreError> {
        let Some(epoch) = self.spent else { return Ok(()) };
        let path = self.folder.join(key_name(epoch));
        match self.files.remove(&path) {
            // A removal can persist and fail all the same.
            Err(error) if error.kind() != NotFound => return Err(io("remove", &path)(error)),
            _ => {}
        }
        self.files.sync_folder(&self.folder).map_err(io("sync", &self.folder))?;
        self.spent = None;
        Ok(())
    }
}

impl<F: FileSystem> fmt::Debug for Store<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Store { folder, pin, epoch, .. } = self;
        f.debug_struct("KeyStore")
            .field("folder", folder)
            .field("pin", pin)
            .field("epoch", epoch)
            .finish_non_exhaustive()
    }
}
