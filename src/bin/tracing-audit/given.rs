//! The paths that `verify` and `show` are given.

use std::io;
use std::path::{Path, PathBuf};

/// Whether each can be read: the standard input gives what it has once.
pub(crate) fn once<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> io::Result<()> {
    match paths.into_iter().filter(|path| *path == Path::new("-")).count() {
        0 | 1 => Ok(()),
        times => Err(io::Error::other(format!(
            "`-`, the standard input, is given {times} times, and can be read once: give it once, or files"
        ))),
    }
}
