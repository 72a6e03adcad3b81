//! The key store: a folder of its own for the secret keys of one log.
//!
//! ```text
//! audit-keys/            0700, locked while a log is written
//!   lock                 who holds it
//!   pin.pub              the log's first public key: what an operator pins
//!   epoch-7.pem          0600: the secret key in force, PKCS#8; while it hands over, the next one beside it
//!   head.json            the last synced signed line: where the next start goes on, and what must be there
//!   succeeds.json        where this log replaces one whose keys were lost: which, and from which line on
//! audit-keys.pub         a copy of pin.pub for those who may not look into the folder
//! ```
//!
//! Whoever reads `epoch-N.pem` can sign in the log's name from then on. Don't back the folder up: a copy outlives the
//! erasure of the key, and a log that is continued from two copies is two logs.

mod error;
mod head;
mod inspect;
mod options;
mod pem;
mod succeed;

use std::fmt;
use std::io::{self, ErrorKind::NotFound};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

pub use error::{Exposure, KeyStoreError};
pub(crate) use head::Head;
pub use inspect::{Inspection, StoredHead, StoredKey};
pub use options::KeyStoreOptions;

use crate::files::{self, Access, Disk, FileSystem};
use crate::identity;
use crate::trail::{PublicKey, SecretKey, Succeeds};

const LOCK: &str = "lock";
const PIN: &str = "pin.pub";
const HEAD: &str = "head.json";

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

    /// For stores whose folder can't be for its owner alone.
    pub fn options() -> KeyStoreOptions {
        KeyStoreOptions::default()
    }

    /// The public key of the store in `folder` to pin, without opening the store: works while a log is written.
    pub fn read_pin(folder: impl AsRef<Path>) -> Result<PublicKey, KeyStoreError> {
        read_pin(&Disk, &folder.as_ref().join(PIN))
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

    pub(crate) fn into_store(self) -> Store<Disk> {
        self.0
    }
}

/// The store on any file system.
pub(crate) struct Store<F: FileSystem> {
    files: F,
    folder: PathBuf,
    pin: PublicKey,
    pin_file: Option<PathBuf>,
    epoch: u64,
    key: SecretKey,
    /// The key of the next epoch, once it is stored.
    next: Option<SecretKey>,
    /// An epoch whose key is still stored, though it handed over.
    spent: Option<u64>,
    head: Option<Head>,
    succeeds: Option<Succeeds>,
    _lock: F::Lock,
}

impl<F: FileSystem> Store<F> {
    #[cfg(test)]
    pub(crate) fn open_or_create(files: &F, folder: &Path) -> Result<Store<F>, KeyStoreError> {
        Store::open_as(files, folder, Access::Private)
    }

    /// `access` is the most that others may have.
    fn open_as(files: &F, folder: &Path, access: Access) -> Result<Store<F>, KeyStoreError> {
        files.create_folder(folder, Access::Private).map_err(io("create", folder))?;
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
        let head = Head::read(files, &folder.join(HEAD))?;
        let succeeds = succeed::read(files, folder)?;
        if head.is_none() && epoch > 0 {
            return Err(KeyStoreError::HeadMissing { folder: folder.to_owned() });
        }
        let pin_file = publish(files, folder, pin);
        let (files, folder) = (files.clone(), folder.to_owned());
        Ok(Store { files, folder, pin, pin_file, epoch, key, next, spent: None, head, succeeds, _lock: lock })
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

fn key_name(epoch: u64) -> String {
    format!("epoch-{epoch}.pem")
}

/// The number in the name of a key file; only the spelling of [`key_name`] counts.
fn epoch_of(name: &str) -> Option<u64> {
    let epoch = name.strip_prefix("epoch-")?.strip_suffix(".pem")?.parse().ok()?;
    (key_name(epoch) == name).then_some(epoch)
}

/// The epoch of the oldest key, and whether the next one's is there too. `None` in a store that was never used: one
/// that lost its key still has its pin.
fn epochs<F: FileSystem>(files: &F, folder: &Path) -> Result<Option<(u64, bool)>, KeyStoreError> {
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

fn lock<F: FileSystem>(files: &F, path: &Path) -> Result<F::Lock, KeyStoreError> {
    files.lock(path, Access::Private, &identity::this_process()).map_err(|error| {
        if error.kind() == io::ErrorKind::WouldBlock {
            KeyStoreError::Locked { path: path.to_owned(), holder: files::holder(files, path) }
        } else {
            io("lock", path)(error)
        }
    })
}

fn create_key<F: FileSystem>(files: &F, folder: &Path, epoch: u64) -> Result<SecretKey, KeyStoreError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|error| KeyStoreError::Random { why: error.to_string() })?;
    let key = SecretKey::from_seed(&seed);
    let path = folder.join(key_name(epoch));
    files::store(files, &path, Access::Private, pem::encode(&key).as_bytes()).map_err(io("write", &path))?;
    Ok(key)
}

fn read_key<F: FileSystem>(files: &F, path: &Path, access: Access) -> Result<SecretKey, KeyStoreError> {
    refuse_exposed(files, path, access)?;
    let text = Zeroizing::new(files::load(files, path).map_err(io("read", path))?);
    pem::decode(&text).map_err(|why| KeyStoreError::Malformed { path: path.to_owned(), why })
}

fn read_pin<F: FileSystem>(files: &F, path: &Path) -> Result<PublicKey, KeyStoreError> {
    let text = files::load(files, path).map_err(io("read", path))?;
    let pin = std::str::from_utf8(&text).ok().and_then(|text| text.trim_end().parse().ok());
    pin.ok_or_else(|| KeyStoreError::Malformed { path: path.to_owned(), why: "not a public key in base64" })
}

fn store_pin<F: FileSystem>(
    files: &F,
    path: &Path,
    access: Access,
    pin: PublicKey,
) -> Result<(), KeyStoreError> {
    files::store(files, path, access, format!("{pin}\n").as_bytes()).map_err(io("write", path))
}

/// Puts the pin beside the store. Where that can't be, the pin is still in the store and in the log's first line.
fn publish<F: FileSystem>(files: &F, folder: &Path, pin: PublicKey) -> Option<PathBuf> {
    let mut name = folder.file_name()?.to_owned();
    name.push(".pub");
    let path = folder.with_file_name(name);
    match read_pin(files, &path) {
        Ok(there) if there == pin => Some(path),
        _ => store_pin(files, &path, Access::Public, pin).is_ok().then_some(path),
    }
}

fn refuse_exposed<F: FileSystem>(files: &F, path: &Path, access: Access) -> Result<(), KeyStoreError> {
    match files.exposure(path, access).map_err(io("look at", path))? {
        None => Ok(()),
        Some(exposure) => Err(KeyStoreError::Exposed { path: path.to_owned(), exposure }),
    }
}

fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyStoreError {
    let path = path.to_owned();
    move |error| KeyStoreError::Io { doing, path, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::memory::{Fault, MemoryFiles};
    use crate::trail::{Hash, Timestamp};

    fn folder() -> &'static Path {
        Path::new("/var/lib/app/audit-keys")
    }

    #[test]
    fn a_store_comes_back_with_the_key_it_was_made_with() {
        let files = MemoryFiles::default();
        let first = Store::open_or_create(&files, folder()).unwrap();
        let (pin, id) = (first.pin(), first.key().id());
        assert_eq!((pin.id(), first.epoch()), (id, 0));
        assert!(matches!(Store::open_or_create(&files, folder()), Err(KeyStoreError::Locked { .. })));
        drop(first);
        let again = Store::open_or_create(&files, folder()).unwrap();
        assert_eq!((again.pin(), again.key().id()), (pin, id));
        let beside = files.contents("/var/lib/app/audit-keys.pub").unwrap();
        assert_eq!(beside, format!("{pin}\n").as_bytes());
    }

    #[test]
    fn wherever_the_first_start_ends_the_next_one_has_one_key_and_its_pin() {
        for fault in [Fault::Failed, Fault::Persisted, Fault::Short(7)] {
            for after in 0.. {
                let files = MemoryFiles::default();
                files.fail(after, fault, true);
                let first = Store::open_or_create(&files, folder());
                let whole = first.is_ok();
                drop(first);
                files.mend();
                let again = Store::open_or_create(&files, folder()).unwrap();
                assert_eq!(again.pin(), again.key().public(), "{fault:?} after {after}");
                if whole && after > 20 {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_store_that_lost_its_key_never_starts_over() {
        let files = MemoryFiles::default();
        drop(Store::open_or_create(&files, folder()).unwrap());
        files.remove(&folder().join("epoch-0.pem")).unwrap();
        assert!(matches!(Store::open_or_create(&files, folder()), Err(KeyStoreError::KeyMissing { .. })));
    }

    #[test]
    fn damaged_and_doubled_keys_are_refused_by_name() {
        let files = MemoryFiles::default();
        let key = folder().join("epoch-0.pem");
        drop(Store::open_or_create(&files, folder()).unwrap());
        let text = files.contents(&key).unwrap();
        files::store(&files, &folder().join("epoch-2.pem"), Access::Private, &text).unwrap();
        let several = Store::open_or_create(&files, folder()).unwrap_err();
        assert!(
            matches!(several, KeyStoreError::SeveralKeys { ref epochs, .. } if *epochs == [0, 2]),
            "{several}"
        );
        files.remove(&folder().join("epoch-2.pem")).unwrap();
        files::store(&files, &key, Access::Private, &text[..40]).unwrap();
        let damaged = Store::open_or_create(&files, folder()).unwrap_err();
        assert!(matches!(damaged, KeyStoreError::Malformed { ref path, .. } if *path == key), "{damaged}");
    }

    #[test]
    fn a_key_hands_over_and_is_forgotten() {
        let files = MemoryFiles::default();
        let mut store = Store::open_or_create(&files, folder()).unwrap();
        let (pin, next) = (store.pin(), store.prepare_next().unwrap());
        assert_eq!(store.prepare_next().unwrap(), next);
        assert_eq!((store.epoch(), store.key().public()), (0, pin));
        drop(store);
        let mut store = Store::open_or_create(&files, folder()).unwrap();
        assert_eq!(store.prepare_next().unwrap(), next, "the stored next key is used");
        store.hand_over();
        assert_eq!((store.epoch(), store.key().public(), store.has_spent()), (1, next, true));
        let start = Timestamp::from_nanos(1);
        let head = Head {
            seq: 7,
            hash: Hash::ZERO,
            epoch: 1,
            file: 0,
            name: "audit.jsonl".into(),
            bytes: 900,
            oldest: 0,
            epoch_start: start,
            epoch_seq: 8,
            file_follows: false,
        };
        store.store_head(head.clone()).unwrap();
        assert!(files.contents(folder().join("epoch-0.pem")).is_some());
        store.forget_spent().unwrap();
        assert!(files.contents(folder().join("epoch-0.pem")).is_none());
        drop(store);
        let store = Store::open_or_create(&files, folder()).unwrap();
        assert_eq!((store.pin(), store.epoch(), store.key().public()), (pin, 1, next));
        assert_eq!(store.head(), Some(&head));
    }

    #[test]
    fn only_our_spelling_of_a_name_is_a_key() {
        assert_eq!(epoch_of("epoch-12.pem"), Some(12));
        for name in ["epoch-012.pem", "epoch-+1.pem", "epoch-.pem", "epoch-1.pem.tmp", "epoch-1.tmp"] {
            assert_eq!(epoch_of(name), None, "{name}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let files = MemoryFiles::default();
        let shown = format!("{:?}", Store::open_or_create(&files, folder()).unwrap());
        assert!(shown.contains("pin") && !shown.contains("key:") && !shown.contains("seed"), "{shown}");
    }
}
