//! What a pipe gives, kept in a temporary file: a log is looked at more than once.

use std::io;
use std::path::Path;

use super::listing::FileId;

/// What a pipe gave.
#[derive(Debug)]
#[cfg(feature = "shipped")]
pub(super) struct Spooled(tempfile::NamedTempFile);

/// No pipe is read.
#[derive(Debug)]
#[cfg(not(feature = "shipped"))]
pub(super) enum Spooled {}

#[cfg(feature = "shipped")]
impl Spooled {
    /// Reads a pipe to its end; `-` is the standard input.
    pub(super) fn read(path: &Path) -> io::Result<Spooled> {
        let mut file = tempfile::NamedTempFile::new()?;
        match path == Path::new("-") {
            true => io::copy(&mut io::stdin().lock(), &mut file)?,
            false => io::copy(&mut std::fs::File::open(path)?, &mut file)?,
        };
        Ok(Spooled(file))
    }

    /// Where it is kept.
    pub(super) fn place(&self) -> io::Result<(&Path, FileId)> {
        let there = self.0.as_file().metadata()?;
        Ok((self.0.path(), FileId::of(&there, self.0.path())))
    }
}

#[cfg(not(feature = "shipped"))]
impl Spooled {
    pub(super) fn read(_: &Path) -> io::Result<Spooled> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "a pipe; built with the feature `shipped`, this reads it",
        ))
    }

    pub(super) fn place(&self) -> io::Result<(&Path, FileId)> {
        match *self {}
    }
}
