//! Verifying files: finds the logs under paths, and feeds each to a [`Verifier`].

mod gather;
mod opening;

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use std::{fmt, thread};

use gather::{Gathered, LogFiles};

use super::{Finding, FindingKind, LogReport, Notice, Options, Report, Verdict, Verifier};
use crate::trail::KeyId;

/// How much is read at once.
const BUFFER: usize = 256 << 10;

/// How often a log that is being written is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How often all is begun anew because a file vanished meanwhile: retention, or a rotation by rename.
const ATTEMPTS: usize = 3;

/// Verifies all logs under paths: files, and folders with what lies in them, but not folders within. Files are told
/// apart by what they say, not by their names; links in folders are not followed, and nothing but files is opened.
///
/// Blocks while it reads, and for up to [`Options::patience`] more for each log that ends in the middle of a write or
/// between two files. Of a log that is being written, it verifies what was there when it began.
pub fn verify_paths<P: AsRef<Path>>(paths: &[P], options: &Options) -> Result<Report, VerifyError> {
    verify_paths_with(paths, options, &mut |_| {})
}

/// [`verify_paths`], which tells how far it is.
pub fn verify_paths_with<P: AsRef<Path>>(
    paths: &[P],
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, VerifyError> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.as_ref().to_owned()).collect();
    let mut attempt = 1;
    loop {
        match verify_once(&paths, options, progress) {
            Err(VerifyError { error, .. }) if error.kind() == ErrorKind::NotFound && attempt < ATTEMPTS => {
                attempt += 1;
            }
            done => return done,
        }
    }
}

/// How far a verification is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The file that is read.
    pub file: &'a Path,
    /// Bytes of it that were read.
    pub bytes: u64,
}

fn verify_once(
    paths: &[PathBuf],
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, VerifyError> {
    let gathered = Gathered::under(paths, |_| false)?;
    let mut kinds = gathered.findings;
    if gathered.logs.is_empty() {
        kinds.push(FindingKind::Nothing);
    }
    let missing = options.keys.iter().map(crate::trail::PublicKey::id);
    kinds.extend(
        missing.filter(|log| !gathered.logs.contains_key(log)).map(|log| FindingKind::LogMissing { log }),
    );
    let mut logs = Vec::new();
    for (log, files) in gathered.logs {
        let mut reading =
            Reading { paths, options, progress: &mut *progress, verifier: Verifier::new(log, options) };
        reading.read(log, files)?;
        logs.push(reading.verifier.finish(SystemTime::now().into()));
    }
    one_head_is_enough(&mut logs);
    let findings: Vec<_> = kinds.into_iter().map(|kind| Finding { at: None, seq: None, kind }).collect();
    let verdicts = findings.iter().map(|finding| finding.kind.verdict());
    let verdict = verdicts.chain(logs.iter().map(|log| log.verdict)).max().unwrap_or(Verdict::Intact);
    let notices = gathered.notices.into_iter().map(|kind| Notice { at: None, seq: None, kind }).collect();
    Ok(Report { verdict, logs, findings, notices })
}

/// The expected head is of one log: where it is there, the others need not have it.
fn one_head_is_enough(logs: &mut [LogReport]) {
    fn of_head(finding: &Finding) -> bool {
        use FindingKind::{HeadBehind, HeadDiffers, HeadNotFound};
        matches!(finding.kind, HeadBehind { .. } | HeadDiffers { .. } | HeadNotFound { .. })
    }
    if logs.iter().any(|log| log.more_findings == 0 && !log.findings.iter().any(of_head)) {
        for log in logs.iter_mut().filter(|log| log.more_findings == 0) {
            log.findings.retain(|finding| !of_head(finding));
            let verdicts = log.findings.iter().map(|finding| finding.kind.verdict());
            log.verdict = verdicts.max().unwrap_or(Verdict::Intact);
        }
    }
}

/// One log, while it is read.
struct Reading<'a> {
    paths: &'a [PathBuf],
    options: &'a Options,
    progress: &'a mut dyn FnMut(Progress<'_>),
    verifier: Verifier,
}

impl Reading<'_> {
    fn read(&mut self, log: KeyId, mut files: LogFiles) -> Result<(), VerifyError> {
        if let Some(path) = &files.copies {
            let bytes = std::fs::read(path).map_err(|error| io_error(path, error))?;
            self.verifier.hand_offs(&path.display().to_string(), &bytes);
        }
        let mut known: Vec<PathBuf> = Vec::new();
        let mut last: Option<(u64, PathBuf)> = None;
        let until = Instant::now() + self.options.patience;
        loop {
            let count = files.files.len();
            for (at, file) in std::mem::take(&mut files.files).into_iter().enumerate() {
                known.push(file.path.clone());
                match &last {
                    Some((number, other)) if file.number == Some(*number) => {
                        let (file, other) = (file.path.display().to_string(), other.display().to_string());
                        self.verifier.find(FindingKind::FileTwice { file, number: *number, other });
                        continue;
                    }
                    _ => {}
                }
                self.read_file(&file.path, at + 1 == count)?;
                last = file.number.map(|number| (number, file.path)).or(last);
            }
            files.files = self.next_files(log, &known, until)?;
            if files.files.is_empty() {
                return Ok(());
            }
        }
    }

    /// The files that follow one that was closed for them, where they come in time.
    fn next_files(
        &mut self,
        log: KeyId,
        known: &[PathBuf],
        until: Instant,
    ) -> Result<Vec<gather::LogFile>, VerifyError> {
        let folders: Vec<PathBuf> = self.paths.iter().filter(|path| path.is_dir()).cloned().collect();
        while !folders.is_empty() && self.verifier.expects_file() {
            let new = Gathered::under(&folders, |path| known.iter().any(|known| known == path))?;
            if let Some(files) =
                new.logs.into_iter().find(|(of, files)| *of == log && !files.files.is_empty())
            {
                return Ok(files.1.files);
            }
            if Instant::now() >= until {
                break;
            }
            thread::sleep(LOOK_AGAIN);
        }
        Ok(Vec::new())
    }

    /// Feeds a file, as long as it is now; of the last one, up to the end of the write that is under way.
    fn read_file(&mut self, path: &Path, is_last: bool) -> Result<(), VerifyError> {
        let fail = |error| io_error(path, error);
        let Some(mut file) = gather::open(path).map_err(fail)? else {
            return Err(fail(io::Error::other("no longer a file")));
        };
        self.verifier.begin_file(&path.display().to_string());
        let length = if is_last { file.metadata().map_err(fail)?.len() } else { u64::MAX };
        let mut buffer = vec![0; BUFFER];
        let mut bytes = 0;
        while bytes < length {
            let room = usize::try_from(length - bytes).unwrap_or(BUFFER).min(BUFFER);
            let read = read(&mut file, &mut buffer[..room]).map_err(fail)?;
            if read == 0 {
                break;
            }
            self.verifier.bytes(&buffer[..read]);
            bytes += read as u64;
            (self.progress)(Progress { file: path, bytes });
        }
        if is_last {
            self.read_on(&mut file, &mut buffer).map_err(fail)?;
        }
        self.verifier.end_file();
        Ok(())
    }

    /// Reads on, line by line, until the log could end there.
    fn read_on(&mut self, file: &mut File, buffer: &mut [u8]) -> io::Result<()> {
        let until = Instant::now() + self.options.patience;
        while !self.verifier.at_signed_line() {
            let read = read(file, buffer)?;
            for line in buffer[..read].split_inclusive(|byte| *byte == b'\n') {
                self.verifier.bytes(line);
                if self.verifier.at_signed_line() {
                    return Ok(());
                }
            }
            if read == 0 {
                if Instant::now() >= until {
                    break;
                }
                thread::sleep(LOOK_AGAIN);
            }
        }
        Ok(())
    }
}

fn read(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

fn io_error(path: &Path, error: io::Error) -> VerifyError {
    VerifyError { path: path.to_owned(), error }
}

/// A path that could not be read: nothing is said of any log then.
#[derive(Debug)]
pub struct VerifyError {
    /// The path.
    pub path: PathBuf,
    /// What the system says.
    pub error: io::Error,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for VerifyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
