//! Finding the files of logs under paths.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::opening::Opening;
use super::{VerifyError, io_error};
use crate::trail::KeyId;
use crate::verify::{FindingKind, NoticeKind};

/// How far into a file the first line that can be read is looked for; torn bytes may stand before it.
const OPENING: u64 = 1 << 20;

/// What lies under the paths.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) logs: BTreeMap<KeyId, LogFiles>,
    pub(super) findings: Vec<FindingKind>,
    pub(super) notices: Vec<NoticeKind>,
}

/// The files of one log.
#[derive(Default)]
pub(super) struct LogFiles {
    /// In their order.
    pub(super) files: Vec<LogFile>,
    /// `<prefix>.keys`.
    pub(super) copies: Option<PathBuf>,
}

pub(super) struct LogFile {
    pub(super) path: PathBuf,
    /// Its number, where its genesis says it.
    pub(super) number: Option<u64>,
    seq: Option<u64>,
}

impl Gathered {
    /// Looks at files, and at those that lie in folders; not at folders within. Files that `pass` names are passed over.
    pub(super) fn under(paths: &[PathBuf], pass: impl Fn(&Path) -> bool) -> Result<Gathered, VerifyError> {
        let mut gathered = Gathered::default();
        for path in paths {
            if !fs::metadata(path).map_err(|error| io_error(path, error))?.is_dir() {
                gathered.look_at(path, true)?;
                continue;
            }
            let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
            let mut entries = entries.map_err(|error| io_error(path, error))?;
            entries.sort_by_key(fs::DirEntry::path);
            for entry in entries.iter().filter(|entry| !pass(&entry.path())) {
                let kind = entry.file_type().map_err(|error| io_error(&entry.path(), error))?;
                let file = || entry.path().display().to_string();
                if kind.is_symlink() {
                    gathered.notices.push(NoticeKind::Link { file: file() });
                } else if kind.is_file() {
                    gathered.look_at(&entry.path(), false)?;
                } else if !kind.is_dir() {
                    gathered.notices.push(NoticeKind::Special { file: file() });
                }
            }
        }
        gathered.logs.values_mut().for_each(LogFiles::order);
        Ok(gathered)
    }

    fn look_at(&mut self, path: &Path, named: bool) -> Result<(), VerifyError> {
        let name = || path.display().to_string();
        let mut opened = match open(path) {
            Ok(Some(opened)) => opened,
            Ok(None) => {
                self.notices.push(NoticeKind::Special { file: name() });
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !named => return Ok(()),
            Err(error) => return Err(io_error(path, error)),
        };
        let mut start = Vec::new();
        let mut read = |up_to: u64, start: &mut Vec<u8>| {
            opened.by_ref().take(up_to).read_to_end(start).map_err(|error| io_error(path, error))
        };
        read(OPENING / 16, &mut start)?;
        let mut opening = Opening::of(&start);
        if !matches!(opening, Opening::Log { file: Some(_), .. }) && read(OPENING, &mut start)? > 0 {
            opening = Opening::of(&start);
        }
        match opening {
            Opening::Log { log, file, seq } => {
                let files = self.logs.entry(log).or_default();
                if path.extension() == Some(OsStr::new("keys")) {
                    files.copies.get_or_insert_with(|| path.to_owned());
                } else if !files.files.iter().any(|known| known.path == path) {
                    files.files.push(LogFile { path: path.to_owned(), number: file, seq });
                }
            }
            Opening::Damaged => self.findings.push(FindingKind::Unreadable { file: name() }),
            // Lock files are empty, and so is a file that a writer has just made.
            Opening::Other if start.is_empty() => {}
            Opening::Other => self.notices.push(NoticeKind::NotALog { file: name() }),
        }
        Ok(())
    }
}

impl LogFiles {
    /// By number. A file whose genesis is damaged stands where its first line that can be read belongs.
    fn order(&mut self) {
        let (mut files, unnumbered): (Vec<_>, Vec<_>) =
            self.files.drain(..).partition(|file| file.number.is_some());
        files.sort_by_key(|file| file.number);
        for file in unnumbered {
            let later = |other: &LogFile| match (other.seq, file.seq) {
                (Some(other), Some(seq)) => other > seq,
                _ => false,
            };
            let at = files.iter().position(later).unwrap_or(files.len());
            files.insert(at, file);
        }
        self.files = files;
    }
}

/// Opens a file, and nothing else: a pipe is never waited for.
pub(super) fn open(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path)?;
    Ok(file.metadata()?.is_file().then_some(file))
}
