//! What became of the records of a log.

use std::path::PathBuf;

use crate::writer::WriteError;

/// What became of the records of a log so far; a moment's view.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Records that the writer's queue took.
    pub recorded: u64,
    /// Records that are in the file (with the kernel: [`crate::Handle::flush`] makes them durable).
    pub written: u64,
    /// Lines signed; each signature covers all lines before it.
    pub signed: u64,
    /// Records that were lost. Each is counted in a signed `gap` too, but those lost after the end of the log.
    pub lost: u64,
    /// Records in the queue now.
    pub queued: usize,
    /// The file that is written.
    pub file: PathBuf,
    /// The last error of the writer; `None` again once a write and a sync succeeded.
    pub last_error: Option<WriteError>,
}
