//! Finding the files of logs under paths, and their order.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::contents::{Contents, GZIP, ZSTD};
use super::doubles::{Double, double, is_part};
use super::listing::{Entry, FileId, Listing, Stands};
use super::opening::{Copies, Opening, looks_reformatted};
use super::packed::{Packed, TELLING};
use super::snapshot::Snapshot;
use super::spool::Spooled;
use super::{VerifyError, io_error};
use crate::trail::KeyId;
use crate::verify::hand_offs::CopyLines;
use crate::verify::{FindingKind, LISTED, NoticeKind, Rewrite};

/// So many parts of files are looked for in files that are there whole: each costs a reading.
const PARTS: usize = 16;

/// Finds the logs under paths: named files, pipes (`-` is the standard input), and files that lie in named folders, not in
/// folders within. Files are told apart, and ordered, by what they say, not by their names. Links are followed; a file of
/// several names is one.
///
/// A file that is there twice is named once, where one has all that the other has: it is being copied, or compressed.
pub fn find_logs<P: AsRef<Path>>(paths: &[P]) -> FoundLogs {
    let mut snapshot = Snapshot::of(paths.iter().map(|path| path.as_ref().to_owned()).collect());
    let found = snapshot.look();
    FoundLogs { snapshot, ..found }
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
    pub(super) snapshot: Snapshot,
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
    /// Where it lies, by the name that it had when it was found.
    pub path: PathBuf,
    /// Its number, where its genesis says it.
    pub number: Option<u64>,
    pub(super) seq: Option<u64>,
    /// Where its bytes lie, and which file that is.
    pub(super) source: PathBuf,
    pub(super) id: FileId,
}

impl LogFile {
    /// Whether what is opened begins as this file did when it was found.
    pub(super) fn opens_as_it_did(&self, log: KeyId, contents: &mut Contents) -> bool {
        let (did, mut start) = (Opening::Log { log, file: self.number, seq: self.seq }, Vec::new());
        self.number.is_none()
            || Opening::read(contents, &mut start, Opening::at_first_sight)
                .is_ok_and(|opening| opening == did)
            || Opening::of(&start) == did
    }

    /// What it says where a genesis counts only if it is signed; none where the file is gone.
    fn signed_opening(&self) -> io::Result<Option<Opening>> {
        let Some(mut contents) = Contents::open_the(&self.source, self.id)? else { return Ok(None) };
        Opening::read(&mut contents, &mut Vec::new(), Opening::of).map(Some)
    }
}

impl FoundLogs {
    /// Opens a file of a log. Where it has another name by now, it is looked for.
    ///
    /// # Errors
    ///
    /// What the system says; `NotFound` where it is gone.
    pub fn open(&mut self, log: KeyId, file: &LogFile) -> io::Result<Contents> {
        let opened = self.snapshot.open(log, &mut file.clone())?;
        opened.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it was deleted meanwhile"))
    }
}

/// [`FoundLogs`], while the files are looked at.
pub(super) struct Gathering {
    found: FoundLogs,
    logs: BTreeMap<KeyId, LogFiles>,
    /// The files that were looked at: one may have several names.
    looked_at: HashSet<FileId>,
    /// Files of copies, and the logs of which they have lines.
    copies: Vec<(PathBuf, Vec<KeyId>)>,
}

impl Gathering {
    pub(super) fn new(unread: Vec<VerifyError>) -> Gathering {
        let found = FoundLogs { unread, ..FoundLogs::default() };
        Gathering { found, logs: BTreeMap::new(), looked_at: HashSet::new(), copies: Vec::new() }
    }

    /// Looks at the files of a listing that were not looked at.
    pub(super) fn look_at(&mut self, listing: &Listing, snapshot: &mut Snapshot) {
        for Entry { path, stands } in &listing.0 {
            let name = || path.display().to_string();
            let looked = match stands {
                Stands::File(id) => self.file(path, path, *id, snapshot),
                Stands::Pipe => self.pipe(path, snapshot),
                Stands::Astray => {
                    self.found.notice(NoticeKind::Link { file: name() });
                    Ok(())
                }
                Stands::Special => {
                    self.found.notice(NoticeKind::Special { file: name() });
                    Ok(())
                }
            };
            if let Err(error) = looked {
                self.found.unread.push(io_error(path, error));
            }
        }
    }

    fn pipe(&mut self, path: &Path, snapshot: &mut Snapshot) -> io::Result<()> {
        if !snapshot.spooled.contains_key(path) {
            snapshot.spooled.insert(path.to_owned(), Spooled::read(path)?);
        }
        let Some(spooled) = snapshot.spooled.get(path) else { return Ok(()) };
        let (source, id) = spooled.place().map(|(source, id)| (source.to_owned(), id))?;
        self.file(path, &source, id, snapshot)
    }

    fn file(&mut self, path: &Path, source: &Path, id: FileId, snapshot: &mut Snapshot) -> io::Result<()> {
        if !self.looked_at.insert(id) {
            return Ok(());
        }
        if let Some(opening) = snapshot.seen.get(&id) {
            self.of_log(path, source, id, *opening);
            return Ok(());
        }
        // One that has another name by now is met there.
        let Some(mut contents) = Contents::open_the(source, id)? else {
            snapshot.has_slipped = true;
            self.looked_at.remove(&id);
            return Ok(());
        };
        let mut is_copies = path.extension() == Some(OsStr::new("keys"));
        if is_copies {
            match Copies::among(CopyLines::new(&mut contents)) {
                Copies::Of(logs) => {
                    self.copies.push((source.to_owned(), logs));
                    return Ok(());
                }
                Copies::Unreadable => {}
                Copies::Records => is_copies = false,
            }
            match Contents::open_the(source, id)? {
                Some(again) => contents = again,
                None => {
                    snapshot.has_slipped = true;
                    return Ok(());
                }
            }
        }
        let mut start = Vec::new();
        let opening = Opening::read(&mut contents, &mut start, Opening::at_first_sight)?;
        let name = || path.display().to_string();
        let telling = &start[..start.len().min(TELLING)];
        if let Some(packed) = Packed::archive(telling) {
            self.packed(name(), packed);
            return Ok(());
        }
        match opening {
            Opening::Log { log, .. } if is_copies => self.copies.push((source.to_owned(), vec![log])),
            Opening::Log { file: number, .. } => {
                if number.is_some() {
                    snapshot.seen.insert(id, opening);
                }
                self.of_log(path, source, id, opening);
            }
            Opening::Damaged => self.found.find(FindingKind::Unreadable { file: name() }),
            // A file that a writer has just made. The lock says who holds it.
            Opening::Other if start.is_empty() && !contents.is_compressed() => {}
            Opening::Other if path.extension() == Some(OsStr::new("lock")) => {}
            // It was still empty when it was opened.
            Opening::Other
                if !contents.is_compressed() && (start.starts_with(GZIP) || start.starts_with(ZSTD)) =>
            {
                self.looked_at.remove(&id);
                return self.file(path, source, id, snapshot);
            }
            Opening::Other => match Packed::of(telling) {
                Some(packed) => self.packed(name(), packed),
                None if looks_reformatted(&start) => {
                    let (how, file) = (vec![Rewrite::Reformatted], name());
                    self.found.find(FindingKind::Rewritten { how, file, files: 1, besides: true });
                }
                None => self.found.notice(NoticeKind::NotALog { file: name() }),
            },
        }
        Ok(())
    }

    fn packed(&mut self, file: String, Packed { what, unpack }: Packed) {
        self.found.find(FindingKind::Packed { file, what, unpack });
    }

    fn of_log(&mut self, path: &Path, source: &Path, id: FileId, opening: Opening) {
        if let Opening::Log { log, file: number, seq } = opening {
            let (path, source) = (path.to_owned(), source.to_owned());
            self.log(log).files.push(LogFile { path, number, seq, source, id });
        }
    }

    fn log(&mut self, log: KeyId) -> &mut LogFiles {
        self.logs.entry(log).or_insert_with(|| LogFiles { log, files: Vec::new(), copies: Vec::new() })
    }

    /// The first of what could not be read.
    pub(super) fn error(&mut self) -> Option<VerifyError> {
        if self.found.unread.is_empty() { None } else { Some(self.found.unread.swap_remove(0)) }
    }

    /// What was found of one log: nothing is asked of the files of others.
    pub(super) fn of_one(mut self, log: KeyId) -> Vec<LogFile> {
        self.logs.retain(|found, _| *found == log);
        self.done().logs.into_iter().flat_map(|found| found.files).collect()
    }

    pub(super) fn done(mut self) -> FoundLogs {
        self.ask_who_signed();
        for (path, logs) in std::mem::take(&mut self.copies) {
            let with_files: Vec<_> = logs.iter().copied().filter(|log| self.logs.contains_key(log)).collect();
            // Copies alone still say that there was a log.
            let logs = if with_files.is_empty() { &logs[..1] } else { &with_files };
            for log in logs {
                self.log(*log).copies.push(path.clone());
            }
        }
        let Gathering { mut found, logs, .. } = self;
        for mut log in logs.into_values() {
            log.order();
            log.pass_over_doubles(&mut found);
            log.pass_over_parts(&mut found);
            found.logs.push(log);
        }
        found
    }

    /// Anybody may have given a file another's number, or the name of another log, and its genesis no signature: where files
    /// don't agree, or one stands alone, those that nobody signed say neither.
    fn ask_who_signed(&mut self) {
        let mut asked = Vec::new();
        for log in self.logs.values_mut() {
            if log.files.len() == 1 || !log.order() {
                asked.extend(std::mem::take(&mut log.files).into_iter().map(|file| (log.log, file)));
            }
        }
        for (mut log, mut file) in asked {
            match file.signed_opening() {
                Ok(Some(Opening::Log { log: signed, file: number, seq })) => {
                    (log, file.number, file.seq) = (signed, number, seq);
                }
                Ok(_) => {}
                Err(error) => self.found.unread.push(io_error(&file.path, error)),
            }
            self.log(log).files.push(file);
        }
        self.logs.retain(|_, log| !log.files.is_empty());
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
}

impl LogFiles {
    /// By number. A file whose genesis is damaged stands where its first line that can be read belongs. The answer is whether
    /// numbers of files and of lines agree.
    fn order(&mut self) -> bool {
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
        self.files.windows(2).all(|pair| pair[0].number < pair[1].number && pair[0].seq < pair[1].seq)
    }

    /// Names a file once that is there twice, where one has all that the other has.
    fn pass_over_doubles(&mut self, found: &mut FoundLogs) {
        let mut kept: Vec<LogFile> = Vec::new();
        for file in self.files.drain(..) {
            let Some(last) = kept.last().filter(|last| last.number.is_some() && last.number == file.number)
            else {
                kept.push(file);
                continue;
            };
            let double = double(last, &file).unwrap_or_else(|error| {
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
                Double::FirstIsGone => {
                    kept.pop();
                    kept.push(file);
                }
                Double::SecondIsGone => {}
                Double::Neither => kept.push(file),
            }
        }
        self.files = kept;
    }

    /// Passes over parts of a file that is there whole. Those that lack its beginning say no number.
    fn pass_over_parts(&mut self, found: &mut FoundLogs) {
        let mut left = PARTS;
        let (parts, wholes): (Vec<_>, Vec<_>) = self.files.iter().partition(|file| file.number.is_none());
        let mut passed = HashSet::new();
        for part in parts.into_iter().filter(|part| part.seq.is_some()) {
            let Some(whole) = wholes.iter().rev().find(|whole| whole.seq <= part.seq).filter(|_| left > 0)
            else {
                continue;
            };
            left -= 1;
            // What can't be read is found where it is verified.
            if is_part(part, whole).unwrap_or(false) {
                passed.insert(part.id);
                let [file, of] = [&part.path, &whole.path].map(|path| path.display().to_string());
                found.notice(NoticeKind::Double { file, of });
            }
        }
        self.files.retain(|file| !passed.contains(&file.id));
    }
}
