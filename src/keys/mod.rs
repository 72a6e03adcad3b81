//! The key store: a folder of its own for the secret keys of one log.
//!
//! ```text
//! audit-keys/            0700, locked while a log is written
//!   lock                 who holds it
//!   pin.pub              the log's first public key: what an operator pins
//!   epoch-7.pem          0600: the secret key in force, PKCS#8; while it hands over, the next one beside it
//!   head.json            the last synced signed line: where the next start goes on, and what must be there
//!   succeeds.json        where this log replaces one whose keys were lost: which, and from which line on
//!   accepted.json        where an operator lets the log go on behind a loss: who, when and why, until it did
//!   endorsement.json     where a fleet's key endorsed the log's first one: what the log's first line says of it
//! audit-keys.pub         a copy of pin.pub for those who may not look into the folder
//! ```
//!
//! Whoever reads `epoch-N.pem` can sign in the log's name from then on. Don't back the folder up: a copy outlives the
//! erasure of the key, and a log that is continued from two copies is two logs.

mod accept;
mod contents;
mod endorse;
mod error;
mod head;
mod inspect;
mod options;
mod pem;
mod store;
mod succeed;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use self::endorse::FleetKey;
pub use self::error::{Exposure, KeyStoreError};
pub(crate) use self::head::Head;
pub use self::inspect::{Inspection, StoredHead, StoredKey};
pub use self::options::KeyStoreOptions;
pub(crate) use self::store::Store;
use crate::files::Disk;
use crate::trail::{EndorsedKey, PublicKey, Succeeds};

/// The secret keys of one log, in a folder of their own, locked as long as this lives.
///
/// A log has one store and a store has one log: give each layer its own.
#[derive(Debug)]
pub struct KeyStore(Store<Disk>);

impl KeyStore {
    /// Opens the store in `folder`; creates the folder (0700) and a first key where there are none.
    ///
    /// Blocks on the disk. On return the key is durable. The key comes from the system's random numbers.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError`]: another process holds the store; others may read the folder or a key; a file in it is not
    /// what it should be; the disk fails. No file is changed then.
    pub fn open_or_create(folder: impl AsRef<Path>) -> Result<KeyStore, KeyStoreError> {
        KeyStoreOptions::default().open_or_create(folder)
    }

    /// Makes a store in `folder` for a log that replaces one whose key store was lost, in the same folder as that one:
    /// the new log's first line says which it `succeeds`, and from which line on. `succeeds` names the old log's last
    /// proved line, as [`crate::verify::verify_paths`] reports it.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::InUse`]: the store has been used. Else as [`KeyStore::open_or_create`].
    pub fn succeed(folder: impl AsRef<Path>, succeeds: Succeeds) -> Result<KeyStore, KeyStoreError> {
        KeyStoreOptions::default().succeed(folder, succeeds)
    }

    /// Puts the endorsement of its first key into the store in `folder`, which is there already and whose log has not
    /// begun: the log's first line will have it, and the log must be written under the endorsed name. Durable on return.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::EndorsesOther`]: it is of another key; [`KeyStoreError::InUse`]: the log has begun. Else as
    /// [`KeyStore::open_or_create`].
    pub fn install_endorsement(
        folder: impl AsRef<Path>,
        endorsed: &EndorsedKey,
    ) -> Result<(), KeyStoreError> {
        KeyStoreOptions::default().install_endorsement(folder, endorsed)
    }

    /// Lets the log in the folder `log` go on though its last synced line is gone ([`crate::OpenError::Truncated`]): who
    /// looked into it, and why it may. The next start goes on in a new file, whose first line says both; the hole stays
    /// visible, and the log tampered. It is good for this loss alone. Answers what stands where the line was. Durable on
    /// return.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::NothingLost`]; [`KeyStoreError::Locked`]: the log is being written; [`KeyStoreError::Unfit`]: `by` or
    /// `reason`. Else as [`KeyStore::open_or_create`].
    pub fn accept_loss(
        folder: impl AsRef<Path>,
        log: impl AsRef<Path>,
        by: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<&'static str, KeyStoreError> {
        KeyStoreOptions::default().accept_loss(folder, log, by, reason)
    }

    /// The name under which the log must be written, where a fleet's key endorsed it so.
    pub fn endorsed_origin(&self) -> Option<&str> {
        self.0.endorsed.as_ref().map(EndorsedKey::origin)
    }

    /// For stores whose folder can't be for its owner alone.
    pub fn options() -> KeyStoreOptions {
        KeyStoreOptions::default()
    }

    /// The public key of the store in `folder` to pin, without opening the store: works while a log is written.
    pub fn read_pin(folder: impl AsRef<Path>) -> Result<PublicKey, KeyStoreError> {
        contents::read_pin(&Disk, &folder.as_ref().join(contents::PIN))
    }

    /// Looks at the store in `folder` without opening it, and says what is wrong with it: works while a log is written.
    pub fn inspect(folder: impl AsRef<Path>) -> Inspection {
        KeyStoreOptions::default().inspect(folder)
    }

    /// The public key to pin: the log's first key, its identity. Anyone who has it can verify the log.
    pub fn pin(&self) -> PublicKey {
        self.0.pin
    }

    /// The file beside the store that holds [`KeyStore::pin`] for those who may not look into it: `<folder>.pub`.
    /// `None` where the folder around the store takes no files from this process.
    pub fn pin_file(&self) -> Option<&Path> {
        self.0.pin_file.as_deref()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.folder()
    }

    pub(crate) fn into_store(self) -> Store<Disk> {
        self.0
    }
}
