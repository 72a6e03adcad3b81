//! Why a key store can't be used.

use std::fmt;
use std::io;
use std::path::PathBuf;

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
                write!(f, "key store: could not {doing} {}: {error}", path.display())
            }
            KeyStoreError::Locked { path, holder } => {
                let holder = holder
                    .as_ref()
                    .map_or_else(|| "another process".to_owned(), |holder| format!("{holder:?}"));
                write!(f, "key store: {} is held by {holder}; one log has one writer", path.display())
            }
            KeyStoreError::Exposed { path, exposure } => match exposure {
                Exposure::Mode(mode) => {
                    write!(
                        f,
                        "key store: {} has mode {mode:04o}: expected access for its owner alone",
                        path.display()
                    )
                }
                Exposure::Owner(uid) => {
                    write!(
                        f,
                        "key store: {} belongs to user {uid}: expected this process's user, or root",
                        path.display()
                    )
                }
            },
            KeyStoreError::Malformed { path, why } => write!(f, "key store: {} is {why}", path.display()),
            KeyStoreError::KeyMissing { folder } => {
                write!(
                    f,
                    "key store: {} was used before, but holds no key: expected a file epoch-N.pem",
                    folder.display()
                )
            }
            KeyStoreError::HeadMissing { folder } => {
                write!(
                    f,
                    "key store: {} has handed over, but holds no head: expected a file head.json",
                    folder.display()
                )
            }
            KeyStoreError::SeveralKeys { folder, epochs } => {
                write!(f, "key store: {} holds the keys {epochs:?}: expected one", folder.display())
            }
            KeyStoreError::InUse { folder } => {
                write!(
                    f,
                    "key store: {} has been used: expected a store whose log has not begun",
                    folder.display()
                )
            }
            KeyStoreError::EndorsesOther { folder, expected, found } => {
                write!(
                    f,
                    "key store: the endorsement for {} is of key {found}: expected that of {expected}",
                    folder.display()
                )
            }
            KeyStoreError::Random { why } => write!(f, "key store: the system gave no random numbers: {why}"),
        }
    }
}

impl std::error::Error for KeyStoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            KeyStoreError::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
