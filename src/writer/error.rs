//! Why a log could not be opened, and why records are not known to be on disk.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::files;
use crate::keys::KeyStoreError;
use crate::trail::KeyId;

/// Why records are not known to be where the caller asked to have them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// The disk refused. What was recorded waits in memory and is written as soon as the disk takes it, but for
    /// `sync`: after one that failed nobody can know what the disk has.
    Io {
        /// `write`, `sync`, …
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What kind of error the system gave.
        kind: io::ErrorKind,
        /// What it said.
        message: String,
    },
    /// The log was shut down, or its writer died.
    Stopped,
    /// No answer in the time that [`crate::Overflow`] gives.
    TimedOut,
    /// This process was forked from the one that writes; only that one can.
    Forked,
}

impl WriteError {
    pub(super) fn io(doing: &'static str, path: &Path, error: &io::Error) -> WriteError {
        WriteError::Io { doing, path: path.to_owned(), kind: error.kind(), message: error.to_string() }
    }
}

impl WriteError {
    /// What the key store refused.
    pub(super) fn store(error: &KeyStoreError) -> WriteError {
        match error {
            KeyStoreError::Io { doing, path, error } => WriteError::io(doing, path, error),
            error => WriteError::Io {
                doing: "use",
                path: PathBuf::from("the key store"),
                kind: io::ErrorKind::Other,
                message: error.to_string(),
            },
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Io { doing, path, kind, message } => {
                let whose = files::whose(path, *kind);
                write!(f, "audit log: could not {doing} {}: {message}{whose}", path.display())
            }
            WriteError::Stopped => f.write_str("audit log: its writer has stopped"),
            WriteError::TimedOut => f.write_str("audit log: the writer gave no answer in time"),
            WriteError::Forked => f.write_str("audit log: this process was forked from the one that writes"),
        }
    }
}

impl std::error::Error for WriteError {}

/// Why a log could not be opened for writing.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The disk, or its permissions.
    Io {
        /// `create`, `list`, …
        doing: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The first line could not be written.
    Write(WriteError),
    /// Another writer, in this process or another, has the log open.
    Locked {
        /// The file of the lock.
        path: PathBuf,
        /// The process that holds it, where it could be read.
        holder: Option<String>,
    },
    /// The folder holds the log of another key store: this one's is new, or another log's. (A container made anew over
    /// an old volume looks like this.) Configure the right store; where it is lost, [`crate::KeyStore::succeed`], or
    /// `tracing-audit keys recover`, makes one whose log replaces the old one.
    OtherLog {
        /// A file of that log.
        path: PathBuf,
        /// Its id.
        found: KeyId,
        /// The id of the store's own log.
        expected: KeyId,
    },
    /// The log's last line names another key than the store has for its epoch: a key was put under another's name.
    OtherKey {
        /// The file in which the line stands.
        path: PathBuf,
        /// Its number in the log.
        seq: u64,
        /// The key that the line leaves in force.
        expected: KeyId,
        /// The store's key.
        found: KeyId,
    },
    /// A file that may be the log's begins with no line that can be read, and nothing else says where the log ends.
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// The last synced line, as the key store remembers it, is not where it was: while nobody looked, the log was cut,
    /// altered, or put back from a backup.
    Truncated {
        /// The file in which the line was.
        path: PathBuf,
        /// Its number in the log.
        seq: u64,
        /// Where it ended in the file.
        bytes: u64,
        /// What stands there.
        found: &'static str,
    },
    /// The log has handed over to a key that the store does not have: the store was put back from a backup, or the log
    /// was continued with a copy of it.
    StoreBehind {
        /// The store.
        folder: PathBuf,
        /// The epoch of the store's newest key.
        has: u64,
        /// The epoch that the log is in.
        needs: u64,
    },
    /// The key store could not be used.
    Keys(KeyStoreError),
}

impl OpenError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
        let path = path.to_owned();
        move |error| OpenError::Io { doing, path, error }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Io { doing, path, error } => {
                let whose = files::whose(path, error.kind());
                write!(f, "audit log: Io: could not {doing} {}: {error}{whose}", path.display())
            }
            OpenError::Write(error) => error.fmt(f),
            OpenError::Locked { path, holder } => {
                let holder = holder
                    .as_ref()
                    .map_or_else(|| "another process".to_owned(), |holder| format!("{holder:?}"));
                write!(
                    f,
                    "audit log: Locked: {} is held by {holder}. One log has one writer: stop that one, or give each a folder \
                     and a key store of its own",
                    path.display()
                )
            }
            OpenError::OtherLog { path, found, expected } => write!(
                f,
                "audit log: OtherLog: {} is of log {found}; the key store is of log {expected}. Configure the store of that log, or the folder of this one; \
                 if it is lost, `tracing-audit keys recover` begins a log that succeeds it",
                path.display()
            ),
            OpenError::OtherKey { path, seq, expected, found } => write!(
                f,
                "audit log: OtherKey: line {seq} in {} leaves key {expected} in force; the key store has key {found} in its \
                 place. Put that key's file back; if it is lost, `tracing-audit keys recover` begins a log that succeeds this one",
                path.display()
            ),
            OpenError::Unreadable { path } => {
                write!(
                    f,
                    "audit log: Unreadable: {} begins with no line that can be read. Move it out of the folder, and keep it",
                    path.display()
                )
            }
            OpenError::Truncated { path, seq, bytes, found } => write!(
                f,
                "audit log: Truncated: line {seq}, which was synced, must end at byte {bytes} of {}: {found}. Put that file back \
                 as it was; if it is gone for good, `tracing-audit keys accept-loss` lets the log go on, tampered",
                path.display()
            ),
            OpenError::StoreBehind { folder, has, needs } => write!(
                f,
                "audit log: StoreBehind: the log is in epoch {needs}; the key store {} has the key of epoch {has}. Find the \
                 store that went on; if it is lost, `tracing-audit keys recover` begins a log that succeeds this one",
                folder.display()
            ),
            OpenError::Keys(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // What is in the message is not said twice.
            OpenError::Io { error, .. } => error.source(),
            OpenError::Write(error) => error.source(),
            OpenError::Keys(error) => error.source(),
            _ => None,
        }
    }
}

impl From<WriteError> for OpenError {
    fn from(error: WriteError) -> OpenError {
        OpenError::Write(error)
    }
}
