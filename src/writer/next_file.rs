//! The file that is to follow: made before the one before it is closed, so that a file that can't be made stops no record.

use std::io;
use std::time::Duration;

use super::one_path::adopt;
use super::{LogOptions, RETRY, WriteError, Writer};
use crate::clock::Clock;
use crate::files::{Access, AtPath, FileSystem, Standing};

/// Names that are tried for a new file before the writer gives up.
const MAX_ORDINAL: u64 = 1_000_000;

/// A new file, and nothing else: of one name, nothing in it.
pub(super) const EMPTY: Standing = Standing { at_path: AtPath::Itself, links: 1, length: 0 };

/// The file that is to follow.
#[derive(Debug)]
pub(super) struct NextFile<T> {
    prepared: Option<Prepared<T>>,
    /// A file of this name may have been made by an attempt that failed.
    attempted: Option<String>,
    /// Why a turn-over that is due has no file, and when it is tried again. The log goes on in the file that it has.
    trouble: Option<(WriteError, Duration)>,
}

impl<T> Default for NextFile<T> {
    fn default() -> NextFile<T> {
        NextFile { prepared: None, attempted: None, trouble: None }
    }
}

/// A file that was made, and has no line yet.
#[derive(Debug)]
pub(super) struct Prepared<T> {
    pub(super) file: T,
    pub(super) name: String,
    /// Its period, as its name has it.
    pub(super) date: Option<String>,
    /// Its number among the files of its period.
    pub(super) ordinal: u64,
}

impl<T> NextFile<T> {
    pub(super) fn trouble(&self) -> Option<&WriteError> {
        self.trouble.as_ref().map(|(error, _)| error)
    }
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Makes the next file, unless an attempt before did and it is still as it was made.
    pub(super) fn prepare_file(&mut self) -> Result<(), WriteError> {
        if let Some(Prepared { file, name, .. }) = &self.next_file.prepared {
            let path = self.options.folder.join(name);
            if self.files.standing(&path, file).is_ok_and(|standing| standing == EMPTY) {
                return Ok(());
            }
            self.next_file.prepared = None;
        }
        let mut attempted = self.next_file.attempted.take();
        let date = self.options.rotation.date(self.clock.now());
        let opened = if self.options.rotation.is_external() {
            self.open_fixed(&mut attempted)
        } else {
            let first = if date == self.live.date { self.live.ordinal + 1 } else { 0 };
            create(&self.files, &self.options, date.as_deref(), first, &mut attempted)
        };
        self.next_file.attempted = attempted;
        let (file, name, ordinal) = opened?;
        let prepared = Some(Prepared { file, name, date, ordinal });
        self.next_file = NextFile { prepared, ..NextFile::default() };
        Ok(())
    }

    /// The file that was made, to go on in.
    pub(super) fn take_prepared(&mut self) -> Option<Prepared<F::File>> {
        self.next_file.prepared.take()
    }

    /// Whether a turn-over that had no file may be tried again.
    pub(super) fn may_turn_over(&self) -> bool {
        self.next_file.trouble.as_ref().is_none_or(|(_, due)| *due <= self.clock.elapsed())
    }

    /// A turn-over is due, and there is no file for it.
    pub(super) fn turns_over_later(&mut self, error: WriteError) {
        self.next_file.trouble = Some((error, self.clock.elapsed() + RETRY));
    }

    /// No turn-over is due any more.
    pub(super) fn turns_over_no_more(&mut self) {
        self.next_file.trouble = None;
    }
}

/// Creates a file under the first name that is free: a name with which another begins is not, since `gzip` takes the one for
/// the other. No link is followed, nothing is waited on.
pub(super) fn create<F: FileSystem>(
    files: &F,
    options: &LogOptions,
    date: Option<&str>,
    first: u64,
    attempted: &mut Option<String>,
) -> Result<(F::File, String, u64), WriteError> {
    let folder = &options.folder;
    let names = files.list(folder).map_err(|error| WriteError::io("list", folder, &error))?;
    for ordinal in first..MAX_ORDINAL {
        let name = options.names.file(date, ordinal);
        let path = folder.join(&name);
        let is_ours = attempted.as_ref() == Some(&name);
        if !is_ours && names.iter().any(|other| other.starts_with(&name)) {
            continue;
        }
        match files.create_new(&path, Access::Group) {
            Ok(file) => return Ok((file, name, ordinal)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if let Some(file) = adopt(files, &path).ok().filter(|_| is_ours) {
                    return Ok((file, name, ordinal));
                }
            }
            Err(error) => {
                *attempted = Some(name);
                return Err(WriteError::io("create", &path, &error));
            }
        }
    }
    let taken = io::Error::new(io::ErrorKind::AlreadyExists, "a million names are taken");
    Err(WriteError::io("create", folder, &taken))
}
