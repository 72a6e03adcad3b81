//! What lies in a store's folder: the names, and how each file is read and written.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{KeyStoreError, pem};
use crate::files::{self, Access, FileSystem};
use crate::identity;
use crate::trail::canonical::MAX_SAFE_INTEGER;
use crate::trail::{PublicKey, SecretKey};

pub(super) const LOCK: &str = "lock";
pub(super) const PIN: &str = "pin.pub";
pub(super) const HEAD: &str = "head.json";

/// What is wrong with a pin beside the key of epoch 0.
pub(super) const NOT_OF_FIRST_KEY: &str = "not the public half of epoch-0.pem, the log's first key";

pub(super) fn key_name(epoch: u64) -> String {
    format!("epoch-{epoch}.pem")
}

/// The number in the name of a key file; only the spelling of [`key_name`] counts, and only what a line can say.
pub(super) fn epoch_of(name: &str) -> Option<u64> {
    let epoch = name.strip_prefix("epoch-")?.strip_suffix(".pem")?.parse().ok()?;
    (epoch < MAX_SAFE_INTEGER && key_name(epoch) == name).then_some(epoch)
}

/// The epoch of the oldest key, and whether the next one's is there too. `None` in a store that was never used: one
/// that lost its key still has its pin.
pub(super) fn epochs<F: FileSystem>(files: &F, folder: &Path) -> Result<Option<(u64, bool)>, KeyStoreError> {
    let names = files.list(folder).map_err(io("list", folder))?;
    let mut epochs = names.iter().filter_map(|name| epoch_of(name)).collect::<Vec<_>>();
    epochs.sort_unstable();
    match *epochs {
        [] if names.iter().any(|name| name == PIN) => {
            Err(KeyStoreError::KeyMissing { folder: folder.to_owned() })
        }
        [] => Ok(None),
        [epoch] => Ok(Some((epoch, false))),
        [epoch, next] if next == epoch + 1 => Ok(Some((epoch, true))),
        [..] => Err(KeyStoreError::SeveralKeys { folder: folder.to_owned(), epochs }),
    }
}

pub(super) fn lock<F: FileSystem>(files: &F, path: &Path) -> Result<F::Lock, KeyStoreError> {
    files.lock(path, Access::Private, &identity::this_process()).map_err(|error| {
        if error.kind() == io::ErrorKind::WouldBlock {
            KeyStoreError::Locked { path: path.to_owned(), holder: files::holder(files, path) }
        } else {
            io("lock", path)(error)
        }
    })
}

pub(super) fn create_key<F: FileSystem>(
    files: &F,
    folder: &Path,
    epoch: u64,
) -> Result<SecretKey, KeyStoreError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|error| KeyStoreError::Random { why: error.to_string() })?;
    let key = SecretKey::from_seed(&seed);
    let path = folder.join(key_name(epoch));
    files::store(files, &path, Access::Private, pem::encode(&key).as_bytes()).map_err(io("write", &path))?;
    Ok(key)
}

pub(super) fn read_key<F: FileSystem>(
    files: &F,
    path: &Path,
    access: Access,
) -> Result<SecretKey, KeyStoreError> {
    refuse_exposed(files, path, access)?;
    let text = Zeroizing::new(files::load(files, path).map_err(io("read", path))?);
    pem::decode(&text).map_err(|why| KeyStoreError::Malformed { path: path.to_owned(), why })
}

pub(super) fn read_pin<F: FileSystem>(files: &F, path: &Path) -> Result<PublicKey, KeyStoreError> {
    let text = files::load(files, path).map_err(io("read", path))?;
    let pin = std::str::from_utf8(&text).ok().and_then(|text| text.trim_end().parse().ok());
    pin.ok_or_else(|| KeyStoreError::Malformed { path: path.to_owned(), why: "not a public key in base64" })
}

pub(super) fn store_pin<F: FileSystem>(
    files: &F,
    path: &Path,
    access: Access,
    pin: PublicKey,
) -> Result<(), KeyStoreError> {
    files::store(files, path, access, format!("{pin}\n").as_bytes()).map_err(io("write", path))
}

/// Puts the pin beside the store, in place of another log's. Where that can't be, the pin is still in the store and in the
/// log's first line.
pub(super) fn publish<F: FileSystem>(files: &F, folder: &Path, pin: PublicKey) -> Option<PathBuf> {
    let mut name = folder.file_name()?.to_owned();
    name.push(".pub");
    let path = folder.with_file_name(&name);
    let is_free = match read_pin(files, &path) {
        Ok(there) if there == pin => return Some(path),
        Ok(_) => true,
        // What is no pin is somebody else's file.
        Err(error) => {
            matches!(error, KeyStoreError::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
        }
    };
    let bytes = format!("{pin}\n");
    let temporary = format!("{}.{}.tmp", name.to_string_lossy(), pin.id());
    let stored = || {
        files::store_through(
            files,
            &folder.with_file_name(temporary),
            &path,
            Access::Public,
            bytes.as_bytes(),
        )
    };
    (is_free && stored().is_ok()).then_some(path)
}

pub(super) fn refuse_exposed<F: FileSystem>(
    files: &F,
    path: &Path,
    access: Access,
) -> Result<(), KeyStoreError> {
    match files.exposure(path, access).map_err(io("look at", path))? {
        None => Ok(()),
        Some(exposure) => Err(KeyStoreError::Exposed { path: path.to_owned(), exposure }),
    }
}

pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyStoreError {
    let path = path.to_owned();
    move |error| KeyStoreError::Io { doing, path, error }
}
