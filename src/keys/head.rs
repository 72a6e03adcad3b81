//! The head: the last synced signed line of a log, kept where who can write the log can't write.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::KeyStoreError;
use super::contents::io;
use crate::files::{self, Access, FileSystem};
use crate::trail::canonical::MAX_SAFE_INTEGER;
use crate::trail::{Hash, MAX_LINE, Position, Timestamp};

/// A signed line that is on the disk, and where it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
    /// The epoch whose key signs the line after it.
    pub(crate) epoch: u64,
    /// The number of its file.
    pub(crate) file: u64,
    /// The name of its file.
    pub(crate) name: String,
    /// Where the line ends in its file, behind its newline.
    pub(crate) bytes: u64,
    /// The number of the oldest file that retention keeps.
    pub(crate) oldest: u64,
    /// When the epoch began.
    pub(crate) epoch_start: Timestamp,
    /// The first line of the epoch.
    pub(crate) epoch_seq: u64,
    /// The hand-off to that epoch, in epoch 0 line 0; none in a log that an older writer began, up to its next hand-off.
    #[serde(default)]
    pub(crate) handoff: Option<Position>,
    /// The name under which the log is written; none in a store of an older version.
    #[serde(default)]
    pub(crate) origin: Option<String>,
    /// A file may follow, though the line is the `close` of a shutdown: a start was about to begin one.
    #[serde(default)]
    pub(crate) file_follows: bool,
}

impl Head {
    pub(super) fn read<F: FileSystem>(files: &F, path: &Path) -> Result<Option<Head>, KeyStoreError> {
        match files::load(files, path) {
            Ok(bytes) => match serde_json::from_slice::<Head>(&bytes) {
                Ok(head) if head.can_be_followed() => Ok(Some(head)),
                _ => Err(KeyStoreError::Malformed { path: path.to_owned(), why: "not a head" }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io("read", path)(error)),
        }
    }

    /// The line that it names, where that stands in this file, without its newline; else what stands there.
    pub(crate) fn line_in<F: FileSystem>(
        &self,
        files: &F,
        path: &Path,
    ) -> io::Result<Result<Vec<u8>, &'static str>> {
        let start = self.bytes.saturating_sub(MAX_LINE as u64 + 1);
        let wanted = usize::try_from(self.bytes - start).unwrap_or(usize::MAX);
        let mut bytes = match files.read(path, start, wanted) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err("the file is not there")),
            Err(error) => return Err(error),
        };
        if bytes.len() < wanted {
            return Ok(Err("the file is shorter"));
        }
        if bytes.pop() != Some(b'\n') {
            return Ok(Err("no line ends there"));
        }
        let line = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or(&bytes);
        Ok(if Hash::of_line(line) == self.hash { Ok(line.to_vec()) } else { Err("another line ends there") })
    }

    /// Whether no number is beyond what a line can say, so that there is a next one.
    fn can_be_followed(&self) -> bool {
        let Head { seq, epoch, file, bytes, oldest, epoch_seq, .. } = *self;
        [seq, epoch, file, bytes, oldest, epoch_seq].iter().all(|number| *number < MAX_SAFE_INTEGER)
    }

    pub(super) fn store<F: FileSystem>(&self, files: &F, path: &Path) -> Result<(), KeyStoreError> {
        let bytes = serde_json::to_vec(self).expect("numbers and texts");
        files::store(files, path, Access::Private, &bytes).map_err(io("write", path))
    }
}
