//! Why a key store can't be used.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::files;
pub use crate::files::Exposure;
use crate::trail::KeyId;

/// Why a key store can't be used. No file was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// The disk, or its permissions.
    Io {
        /// `create`, `read`, …
        doing: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another open store, in this process or another, holds it.
    Locked {
        /// The file of the lock.
        path: PathBuf,
        /// The process that holds it, where it could be read.
        holder: Option<String>,
    },
    /// Somebody else can get at the folder or at a key in it. Where the platform sets the group's bits, as Kubernetes
    /// does for `fsGroup`: [`KeyStoreOptions::allow_group_access`](super::KeyStoreOptions::allow_group_access).
    Exposed {
        /// The folder or the file.
        path: PathBuf,
        /// How.
        exposure: Exposure,
    },
    /// A file is not what it should be.
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The store was used before, but its key is gone. A lost key comes back from nowhere:
    /// [`KeyStore::succeed`](super::KeyStore::succeed), `tracing-audit keys recover`.
    KeyMissing {
        /// The store.
        folder: PathBuf,
    },
    /// The store's key is not its first one, but the head that must be beside it is gone.
    HeadMissing {
        /// The store.
        folder: PathBuf,
    },
    /// The store has more than one key.
    SeveralKeys {
        /// The store.
        folder: PathBuf,
        /// The numbers of the keys.
        epochs: Vec<u64>,
    },
    /// A store whose log is to succeed another, or to be endorsed, must be new, or never have been used.
    InUse {
        /// The store.
        folder: PathBuf,
    },
    /// The endorsement is of another log's key.
    EndorsesOther {
        /// The store.
        folder: PathBuf,
        /// The id of the store's first key.
        expected: KeyId,
        /// The id of the key that is endorsed.
        found: KeyId,
    },
    /// The system gave no random numbers.
    Random {
        /// What it said.
        why: String,
    },
}

impl fmt::Display for KeyStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyStoreError::Io { doing, path, error } => {
                let whose = files::whose(path, error.kind());
                write!(f, "key store: Io: could not {doing} {}: {error}{whose}", path.display())
            }
            KeyStoreError::Locked { path, holder } => {
                let holder = holder
                    .as_ref()
                    .map_or_else(|| "another process".to_owned(), |holder| format!("{holder:?}"));
                write!(
                    f,
                    "key store: Locked: {} is held by {holder}. One log has one writer: stop that one, or give each a store",
                    path.display()
                )
            }
            KeyStoreError::Exposed { path, exposure } => match exposure {
                Exposure::Mode(mode) => {
                    write!(
                        f,
                        "key store: Exposed: {} has mode {mode:04o}: expected access for its owner alone. `chmod -R go=` it; where \
                         a platform sets the group's bits at each mount, `KeyStore::options().allow_group_access(true)`",
                        path.display()
                    )
                }
                Exposure::Owner(uid) => {
                    write!(
                        f,
                        "key store: Exposed: {} belongs to user {uid}: expected this process's user, or root. `chown -R` it",
                        path.display()
                    )
                }
            },
            KeyStoreError::Malformed { path, why } => {
                write!(f, "key store: Malformed: {} is {why}. Put back what was there", path.display())
            }
            KeyStoreError::KeyMissing { folder } => {
                write!(
                    f,
                    "key store: KeyMissing: {} was used before, but holds no key: expected a file epoch-N.pem. If it is lost, \
                     `tracing-audit keys recover` makes a store that goes on",
                    folder.display()
                )
            }
            KeyStoreError::HeadMissing { folder } => {
                write!(
                    f,
                    "key store: HeadMissing: {} has handed over, but holds no head: expected a file head.json. Find the rest of \
                     the store; if it is lost, `tracing-audit keys recover` makes one that goes on",
                    folder.display()
                )
            }
            KeyStoreError::SeveralKeys { folder, epochs } => {
                write!(
                    f,
                    "key store: SeveralKeys: {} holds the keys {epochs:?}: expected one. `tracing-audit keys check` says which \
                     the log leads to; move the others away",
                    folder.display()
                )
            }
            KeyStoreError::InUse { folder } => {
                write!(
                    f,
                    "key store: InUse: {} has been used: expected a store whose log has not begun. Take another folder",
                    folder.display()
                )
            }
            KeyStoreError::EndorsesOther { folder, expected, found } => {
                write!(
                    f,
                    "key store: EndorsesOther: the endorsement for {} is of key {found}: expected that of {expected}. Endorse \
                     what `tracing-audit keys show` prints",
                    folder.display()
                )
            }
            KeyStoreError::Random { why } => {
                write!(
                    f,
                    "key store: Random: the system gave no random numbers: {why}. Start later in the boot"
                )
            }
        }
    }
}

impl std::error::Error for KeyStoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // What is in the message is not said twice.
            KeyStoreError::Io { error, .. } => error.source(),
            _ => None,
        }
    }
}
