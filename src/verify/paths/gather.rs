//! Finding the files of logs under paths, and their order.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::contents::{Contents, Opened};
use super::doubles::{Double, double};
use super::opening::{self, Opening};
use super::{VerifyError, io_error};
use crate::trail::KeyId;
use crate::verify::hand_offs::CopyLines;
use crate::verify::{FindingKind, LISTED, NoticeKind};

/// How far into a file the first line that can be read is looked for; torn bytes may stand before it.
const OPENING: u64 = 1 << 20;

/// Finds the logs under paths: named files, and those that lie in named folders, not in folders within. Files are told
/// apart, and ordered, by what they say, not by their names; links are not followed, and nothing but files is opened.
///
/// A file that is there both plain and compressed is named once, where one has all that the other has.
pub fn find_logs<P: AsRef<Path>>(paths: &[P]) -> FoundLogs {
    FoundLogs::under(paths.iter().map(AsRef::as_ref), |_| false)
}

/// What lies under paths.
#[derive(Debug, Default)]
pub struct FoundLogs {
    /// The logs, ordered by their ids.
    pub logs: Vec<LogFiles>,
    /// What does not hold, and is of no log; the first [`LISTED`].
    pub findings: Vec<FindingKind>,
    /// Findings that are not listed.
    pub more_findings: u64,
    /// What is passed over; the first [`LISTED`].
    pub notices: Vec<NoticeKind>,
    /// Notices that are not listed.
    pub more_notices: u64,
    /// What could not be read.
    pub unread: Vec<VerifyError>,
}

/// The files of one log.
#[derive(Debug, Clone)]
pub struct LogFiles {
    /// The log's id, as they say, unproved.
    pub log: KeyId,
    /// In their order.
    pub files: Vec<LogFile>,
    /// `<prefix>.keys`: copies of the lines that name keys. All that there are count.
    pub copies: Vec<PathBuf>,
}

/// A file of a log.
#[derive(Debug, Clone)]
pub struct LogFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its number, where its genesis says it.
    pub number: Option<u64>,
    seq: Option<u64>,
}

impl FoundLogs {
    /// [`find_logs`] without the files that `pass` names.
    pub(super) fn under<'a>(
        paths: impl IntoIterator<Item = &'a Path>,
        pass: impl Fn(&Path) -> bool,
    ) -> FoundLogs {
        let mut gathering = Gathering::default();
        for path in paths {
            if let Err(error) = gathering.path(path, &pass) {
                gathering.found.unread.push(error);
            }
        }
        gathering.done()
    }
}

/// [`FoundLogs`], while the folders are read.
#[derive(Default)]
struct Gathering {
    found: FoundLogs,
    logs: BTreeMap<KeyId, LogFiles>,
    /// Where the files of logs lie: a path may be given twice.
    paths: HashSet<PathBuf>,
    /// Files of copies, and the logs of which they have lines.
    copies: Vec<(PathBuf, Vec<KeyId>)>,
    links: Vec<PathBuf>,
}

impl Gathering {
    fn path(&mut self, path: &Path, pass: impl Fn(&Path) -> bool) -> Result<(), VerifyError> {
        let fail = |error| io_error(path, error);
        if !fs::metadata(path).map_err(fail)?.is_dir() {
            return self.look_at(path).map_err(fail);
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(fail)?;
        let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
        paths.sort();
        for path in paths.into_iter().filter(|path| !pass(path)) {
            match fs::symlink_metadata(&path) {
                Ok(there) if there.is_dir() => continue,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(io_error(&path, error)),
            }
            match self.look_at(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    self.found.unread.push(io_error(&path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn look_at(&mut self, path: &Path) -> io::Result<()> {
        let name = || path.display().to_string();
        let mut contents = match Opened::at(path)? {
            Opened::File(contents) => contents,
            Opened::Link => {
                self.links.push(path.to_owned());
                return Ok(());
            }
            Opened::Special => {
                self.found.notice(NoticeKind::Special { file: name() });
                return Ok(());
            }
        };
        let is_copies = path.extension() == Some(OsStr::new("keys"));
        if is_copies {
            let logs = opening::logs_of(CopyLines::new(&mut contents));
            if !logs.is_empty() {
                self.copies.push((path.to_owned(), logs));
                return Ok(());
            }
            contents = Contents::open(path)?;
        }
        let mut start = Vec::new();
        let mut read =
            |up_to: u64, start: &mut Vec<u8>| match contents.by_ref().take(up_to).read_to_end(start) {
                Err(error) if !contents.is_damage(&error) => Err(error),
                _ => Ok(()),
            };
        read(OPENING / 16, &mut start)?;
        let mut opening = Opening::of(&start);
        if !matches!(opening, Opening::Log { file: Some(_), .. }) {
            let short = start.len();
            read(OPENING, &mut start)?;
            if start.len() > short {
                opening = Opening::of(&start);
            }
        }
        match opening {
            Opening::Log { log, .. } if is_copies => self.copies.push((path.to_owned(), vec![log])),
            Opening::Log { log, file: number, seq } => {
                if self.paths.insert(path.to_owned()) {
                    self.log(log).files.push(LogFile { path: path.to_owned(), number, seq });
                }
            }
            Opening::Damaged => self.found.find(FindingKind::Unreadable { file: name() }),
            // A file that a writer has just made. The lock says who holds it.
            Opening::Other if start.is_empty() && !contents.is_compressed() => {}
            Opening::Other if path.extension() == Some(OsStr::new("lock")) => {}
            Opening::Other => self.found.notice(NoticeKind::NotALog { file: name() }),
        }
        Ok(())
    }

    fn log(&mut self, log: KeyId) -> &mut LogFiles {
        self.logs.entry(log).or_insert_with(|| LogFiles { log, files: Vec::new(), copies: Vec::new() })
    }

    fn done(mut self) -> FoundLogs {
        for (path, logs) in std::mem::take(&mut self.copies) {
            let with_files: Vec<_> = logs.iter().copied().filter(|log| self.logs.contains_key(log)).collect();
            // Copies alone still say that there was a log.
            let logs = if with_files.is_empty() { &logs[..1] } else { &with_files };
            for log in logs {
                self.log(*log).copies.push(path.clone());
            }
        }
        let Gathering { mut found, logs, links, .. } = self;
        for mut log in logs.into_values() {
            log.order();
            log.pass_over_doubles(&mut found);
            found.logs.push(log);
        }
        for link in links {
            if !found.is_latest(&link) {
                found.notice(NoticeKind::Link { file: link.display().to_string() });
            }
        }
        found
    }
}

impl FoundLogs {
    fn find(&mut self, kind: FindingKind) {
        if self.findings.len() < LISTED {
            self.findings.push(kind);
        } else {
            self.more_findings += 1;
        }
    }

    fn notice(&mut self, kind: NoticeKind) {
        if self.notices.len() < LISTED {
            self.notices.push(kind);
        } else {
            self.more_notices += 1;
        }
    }

    /// Whether a link is one that a writer makes: to a file of a log, beside it.
    fn is_latest(&self, link: &Path) -> bool {
        let Ok(target) = fs::read_link(link) else { return false };
        let beside = link.with_file_name(&target);
        target.file_name() == Some(target.as_os_str())
            && self.logs.iter().flat_map(|log| &log.files).any(|file| file.path == beside)
    }
}

impl LogFiles {
    /// By number. A file whose genesis is damaged stands where its first line that can be read belongs.
    fn order(&mut self) {
        let (mut files, mut unnumbered): (Vec<_>, Vec<_>) =
            self.files.drain(..).partition(|file| file.number.is_some());
        files.sort_by_key(|file| file.number);
        unnumbered.sort_by_key(|file| file.seq.unwrap_or(u64::MAX));
        let mut unnumbered = unnumbered.into_iter().peekable();
        for file in files {
            let belongs_before =
                |other: &LogFile| matches!((other.seq, file.seq), (Some(other), Some(seq)) if other < seq);
            while let Some(other) = unnumbered.next_if(belongs_before) {
                self.files.push(other);
            }
            self.files.push(file);
        }
        self.files.extend(unnumbered);
    }

    /// Names a file once that is there both plain and compressed.
    fn pass_over_doubles(&mut self, found: &mut FoundLogs) {
        let mut kept: Vec<LogFile> = Vec::new();
        for file in self.files.drain(..) {
            let Some(last) = kept.last().filter(|last| last.number.is_some() && last.number == file.number)
            else {
                kept.push(file);
                continue;
            };
            let double = double(&last.path, &file.path).unwrap_or_else(|error| {
                found.unread.push(io_error(&file.path, error));
                Double::Neither
            });
            let notice = |passed: &LogFile, of: &LogFile| NoticeKind::Double {
                file: passed.path.display().to_string(),
                of: of.path.display().to_string(),
            };
            match double {
                Double::First => {
                    found.notice(notice(last, &file));
                    kept.pop();
                    kept.push(file);
                }
                Double::Second => found.notice(notice(&file, last)),
                Double::Neither => kept.push(file),
            }
        }
        self.files = kept;
    }
}
