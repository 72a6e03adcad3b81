//! Why records are not known to be on disk.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

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

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Io { doing, path, message, .. } => {
                write!(f, "audit log: could not {doing} {}: {message}", path.display())
            }
            WriteError::Stopped => f.write_str("audit log: its writer has stopped"),
            WriteError::TimedOut => f.write_str("audit log: the writer gave no answer in time"),
            WriteError::Forked => f.write_str("audit log: this process was forked from the one that writes"),
        }
    }
}

impl std::error::Error for WriteError {}
