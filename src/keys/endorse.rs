//! The endorsement of a log's first key by a fleet's, and the fleet's key itself, which is in no store.

use std::io::ErrorKind::NotFound;
use std::path::Path;

use super::contents::{HEAD, LOCK, PIN, epochs, io, lock, read_key, read_pin, refuse_exposed};
use super::{KeyStoreError, Store};
use crate::files::{self, Access, Disk, FileSystem};
use crate::trail::{EndorsedKey, Endorsement, PublicKey, SecretKey};

/// The endorsement. It stays: the first genesis is written again where a crash tears it.
const ENDORSEMENT: &str = "endorsement.json";

/// The key of a fleet, which endorses the first keys of its logs. Kept off the hosts that write them.
#[derive(Debug)]
pub struct FleetKey(SecretKey);

impl FleetKey {
    /// Reads the key from a file: PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes it, for its owner alone.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError`]: `Io`, `Exposed` or `Malformed`.
    pub fn read(path: impl AsRef<Path>) -> Result<FleetKey, KeyStoreError> {
        read_key(&Disk, path.as_ref(), Access::Private).map(FleetKey)
    }

    /// The public half: what those pin who verify.
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    /// Endorses the first key of a log that is to be written under this name.
    pub fn endorse(&self, origin: &str, first: PublicKey) -> EndorsedKey {
        EndorsedKey::sign(&self.0, origin, first)
    }
}

pub(super) fn read<F: FileSystem>(
    files: &F,
    folder: &Path,
    pin: PublicKey,
) -> Result<Option<EndorsedKey>, KeyStoreError> {
    let path = folder.join(ENDORSEMENT);
    let bytes = match files::load(files, &path) {
        Err(error) if error.kind() == NotFound => return Ok(None),
        bytes => bytes.map_err(io("read", &path))?,
    };
    let endorsed = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
    let endorsed: EndorsedKey =
        endorsed.ok_or(KeyStoreError::Malformed { path, why: "not an endorsement" })?;
    refuse_other(folder, pin, &endorsed)?;
    Ok(Some(endorsed))
}

fn refuse_other(folder: &Path, pin: PublicKey, endorsed: &EndorsedKey) -> Result<(), KeyStoreError> {
    if endorsed.public_key() == pin {
        return Ok(());
    }
    let (expected, found) = (pin.id(), endorsed.log());
    Err(KeyStoreError::EndorsesOther { folder: folder.to_owned(), expected, found })
}

impl<F: FileSystem> Store<F> {
    /// Puts an endorsement into a store whose log has not begun.
    pub(super) fn install(
        files: &F,
        folder: &Path,
        access: Access,
        endorsed: &EndorsedKey,
    ) -> Result<(), KeyStoreError> {
        let pin = read_pin(files, &folder.join(PIN))?;
        refuse_exposed(files, folder, access)?;
        let _held = lock(files, &folder.join(LOCK))?;
        refuse_other(folder, pin, endorsed)?;
        let names = files.list(folder).map_err(io("list", folder))?;
        let is_used = names.iter().any(|name| name == HEAD)
            || epochs(files, folder)?.is_some_and(|(epoch, has_next)| epoch > 0 || has_next);
        if is_used {
            return Err(KeyStoreError::InUse { folder: folder.to_owned() });
        }
        let path = folder.join(ENDORSEMENT);
        let text = format!("{endorsed}\n");
        files::store(files, &path, Access::Private, text.as_bytes()).map_err(io("write", &path))
    }

    /// What the log's first genesis says of it.
    pub(crate) fn endorsement(&self) -> Option<Endorsement> {
        self.endorsed.as_ref().map(|endorsed| endorsed.endorsement().clone())
    }
}
