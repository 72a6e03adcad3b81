//! Which files to show, and in which order.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use tracing_audit::trail::{Control, KeyId, Line};

use super::pieces::{Piece, Pieces};

/// How far into a file its genesis is looked for; only torn bytes can stand before it.
const GENESIS_WITHIN: u64 = 1 << 20;

/// What is under a path.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files to show: log by log, and in the order that each log gives them, whatever they are called.
    pub(super) logs: Vec<PathBuf>,
    /// Files of a folder that are passed over.
    pub(super) skipped: Vec<(PathBuf, Skipped)>,
}

/// Why a file is passed over.
#[derive(Debug)]
pub(super) enum Skipped {
    /// It has no genesis, so it is of no log.
    NoLog,
    /// It is a link, which may lead anywhere.
    Link,
    /// It could not be read.
    Unreadable(io::Error),
}

/// A file is shown whatever it holds; of a folder, the files of logs that lie in it.
pub(super) fn under(path: &Path) -> io::Result<Found> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Ok(Found { logs: vec![path.to_owned()], skipped: Vec::new() });
    }
    let mut found = Found::default();
    let mut ordered = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        // `<prefix>.keys` holds copies of lines, and would show them twice; `<prefix>.lock` holds none.
        let beside = path.extension().is_some_and(|extension| extension == "keys" || extension == "lock");
        if kind.is_dir() || beside {
            continue;
        }
        if kind.is_symlink() {
            found.skipped.push((path, Skipped::Link));
            continue;
        }
        match place(&path) {
            Ok(Some(place)) => ordered.push((place, path)),
            Ok(None) => found.skipped.push((path, Skipped::NoLog)),
            Err(error) => found.skipped.push((path, Skipped::Unreadable(error))),
        }
    }
    ordered.sort();
    found.skipped.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.logs = ordered.into_iter().map(|(_, path)| path).collect();
    Ok(found)
}

/// Opens an ordinary file. A link is not followed, and nobody is waited for at the other end of a pipe.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a link, which is not followed"));
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no ordinary file"));
    }
    Ok(file)
}

/// The log that a file is of, and its number there, as its genesis says, unproved.
fn place(path: &Path) -> io::Result<Option<(KeyId, u64)>> {
    let mut pieces = Pieces::new(open(path)?.take(GENESIS_WITHIN));
    while let Some(piece) = pieces.next()? {
        let Piece::Whole(bytes) = piece else { continue };
        let Ok(line) = Line::parse(bytes) else { continue };
        if let Ok(Some(Control::Genesis(genesis))) = Control::parse(&line) {
            return Ok(Some((line.link.log, genesis.file)));
        }
    }
    Ok(None)
}
