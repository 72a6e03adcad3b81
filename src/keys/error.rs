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
    /// The line that the log would have lost stands where it was: there is nothing to accept.
    NothingLost {
        /// The file in which it stands.
        path: PathBuf,
        /// Its number in the log.
        seq: u64,
    },
    /// A name or a reason is empty, or longer than 255 bytes.
    Unfit {
        /// `by` or `reason`.
        what: &'static str,
    },
    /// The system gave no random numbers.
    Random {
        /// What it said.
        why: String,
    },
}

impl KeyStoreError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            KeyStoreError::Io { error, .. } if error.kind() == io::ErrorKind::NotFound => {
                "Is it the right folder? A store has a file pin.pub and one key, epoch-N.pem."
            }
            KeyStoreError::Io { error, .. } if error.kind() == io::ErrorKind::PermissionDenied => {
                "Run this as the service's user, or give the folder to that: `chown -R`."
            }
            KeyStoreError::Io { .. } => "Look at the disk.",
            KeyStoreError::Locked { .. } => {
                "Stop the process that holds it, or give this log a store of its own."
            }
            KeyStoreError::Exposed { exposure: Exposure::Mode(_), .. } => {
                "Who could read the key could sign in the log's name. `chmod -R go= FOLDER`, then `handle.rotate_key()`, or \
                 wait for the next hand-off. Where a platform sets these bits, as Kubernetes' `fsGroup` does: \
                 `KeyStore::options().allow_group_access(true)`, and --allow-group-access."
            }
            KeyStoreError::Exposed { exposure: Exposure::Owner(_), .. } => {
                "`chown -R` it to the service's user; its former owner could sign in the log's name up to the next hand-off."
            }
            KeyStoreError::Malformed { .. } => {
                "Somebody or something wrote over it. Where it is the key, `tracing-audit keys recover` begins a log that \
                 succeeds this one."
            }
            KeyStoreError::KeyMissing { .. } | KeyStoreError::HeadMissing { .. } => {
                "A lost key comes back from nowhere: `tracing-audit keys recover` begins a log that succeeds this one."
            }
            KeyStoreError::SeveralKeys { .. } => {
                "Two stores were mixed: move the keys away that the log's hand-offs don't lead to; `tracing-audit keys check` \
                 with the log says which it needs."
            }
            KeyStoreError::InUse { .. } => "Name another folder.",
            KeyStoreError::EndorsesOther { .. } => {
                "Install the endorsement that was made for this store's key: `tracing-audit keys show` prints it."
            }
            KeyStoreError::NothingLost { .. } => "Start the service: it goes on there.",
            KeyStoreError::Unfit { .. } => "Say it in a line.",
            KeyStoreError::Random { .. } => "The system has no random numbers yet: start later.",
        }
    }

    /// What is wrong.
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyStoreError::Io { doing, path, error } => {
                let whose = files::whose(path, error.kind());
                write!(f, "Io: could not {doing} {}: {error}{whose}", path.display())
            }
            KeyStoreError::Locked { path, holder } => {
                let holder = holder
                    .as_ref()
                    .map_or_else(|| "another process".to_owned(), |holder| format!("{holder:?}"));
                write!(f, "Locked: {} is held by {holder}; one log has one writer", path.display())
            }
            KeyStoreError::Exposed { path, exposure: Exposure::Mode(mode) } => {
                write!(
                    f,
                    "Exposed: {} has mode {mode:04o}: expected access for its owner alone",
                    path.display()
                )
            }
            KeyStoreError::Exposed { path, exposure: Exposure::Owner(uid) } => {
                write!(
                    f,
                    "Exposed: {} belongs to user {uid}: expected this process's user, or root",
                    path.display()
                )
            }
            KeyStoreError::Malformed { path, why } => write!(f, "Malformed: {} is {why}", path.display()),
            KeyStoreError::KeyMissing { folder } => {
                write!(
                    f,
                    "KeyMissing: {} was used before, but holds no key: expected a file epoch-N.pem",
                    folder.display()
                )
            }
            KeyStoreError::HeadMissing { folder } => {
                write!(
                    f,
                    "HeadMissing: {} has handed over, but holds no head: expected a file head.json",
                    folder.display()
                )
            }
            KeyStoreError::SeveralKeys { folder, epochs } => {
                write!(f, "SeveralKeys: {} holds the keys {epochs:?}: expected one", folder.display())
            }
            KeyStoreError::InUse { folder } => {
                write!(
                    f,
                    "InUse: {} has been used: expected a store whose log has not begun",
                    folder.display()
                )
            }
            KeyStoreError::EndorsesOther { folder, expected, found } => {
                write!(
                    f,
                    "EndorsesOther: the endorsement for {} is of key {found}: expected that of {expected}",
                    folder.display()
                )
            }
            KeyStoreError::NothingLost { path, seq } => {
                write!(
                    f,
                    "NothingLost: line {seq}, the last that was synced, stands where it was, in {}",
                    path.display()
                )
            }
            KeyStoreError::Unfit { what } => write!(f, "Unfit: `{what}`: expected 1 to 255 bytes"),
            KeyStoreError::Random { why } => write!(f, "Random: the system gave no random numbers: {why}"),
        }
    }
}

impl fmt::Display for KeyStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("key store: ")?;
        self.what(f)?;
        write!(f, ". {}", self.remedy())
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
