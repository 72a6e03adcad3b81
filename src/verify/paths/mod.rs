//! Verifying files: finds the logs under paths, and feeds each to a [`Verifier`].

mod ahead;
mod contents;
mod crew;
mod doubles;
#[cfg(feature = "compressed")]
mod frames;
mod gather;
mod hand_on;
mod listing;
mod opening;
mod packed;
mod reading;
mod reordered;
mod snapshot;
mod spool;
mod window;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fmt, thread};

pub use contents::Contents;
use crew::{Buffers, Crew};
pub use gather::{FoundLogs, LogFile, LogFiles, find_logs};
use hand_on::{HandOn, Take};
use reading::Reading;
use snapshot::Snapshot;

use super::expected::one_head_is_enough;
use super::report::SCHEMA;
use super::{Basis, Finding, FindingKind, Notice, Options, Report, Stretch, Verdict, Verifier, succession};

/// How often a log that is being written is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How often all is begun again because files were renamed, compressed or deleted meanwhile.
const ATTEMPTS: u32 = 5;

/// Verifies all logs under paths, as [`find_logs`] finds them. Rotated files may be compressed (feature `compressed`).
///
/// Blocks while it reads, and for up to [`Options::patience`] more for each log that ends in the middle of a write or
/// between two files; once for all logs that nothing pinned or trusted leads to. Of a log that is being written, it verifies
/// what was there when it began. Files may be renamed, copied, compressed and deleted meanwhile.
///
/// # Errors
///
/// A path that can't be read; files that move faster than they are read, so that nobody can say what is missing.
pub fn verify_paths<P: AsRef<Path>>(paths: &[P], options: &Options) -> Result<Report, VerifyError> {
    verify_paths_with(paths, options, &mut |_| {})
}

/// [`verify_paths`], which tells how far it is.
pub fn verify_paths_with<P: AsRef<Path>>(
    paths: &[P],
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, VerifyError> {
    let mut snapshot = Snapshot::of(paths.iter().map(|path| path.as_ref().to_owned()).collect());
    for attempt in 1.. {
        match Crew::at(|crew| verify_once(&mut snapshot, options, progress, None, crew))? {
            Some(report) => return Ok(report),
            None if attempt < ATTEMPTS => thread::sleep(LOOK_AGAIN * attempt),
            None => break,
        }
    }
    Err(unsteady(&snapshot))
}

/// [`verify_paths`], which also hands on the bytes of each log, in its order, as soon as it is known whether they are proved.
/// Where what is still to come may take lines back, as two hand-offs of one key do, or a start behind a hole, the log is
/// verified to its end first, and read again.
///
/// Before it hands anything on, it looks through the files for hand-offs: each is read twice.
///
/// # Errors
///
/// As [`verify_paths`], and those of `take`. Where something was handed on, nothing is begun again because files moved.
pub fn verify_paths_each<P: AsRef<Path>>(
    paths: &[P],
    options: &Options,
    take: &mut dyn FnMut(Stretch) -> io::Result<()>,
) -> Result<Report, VerifyError> {
    let mut snapshot = Snapshot::of(paths.iter().map(|path| path.as_ref().to_owned()).collect());
    let mut handed_on = false;
    for attempt in 1.. {
        let take: Take<'_> = &mut |stretch| {
            handed_on = true;
            take(stretch)
        };
        match Crew::at(|crew| verify_once(&mut snapshot, options, &mut |_| {}, Some(take), crew))? {
            Some(report) => return Ok(report),
            None if attempt < ATTEMPTS && !handed_on => thread::sleep(LOOK_AGAIN * attempt),
            None => break,
        }
    }
    Err(unsteady(&snapshot))
}

fn unsteady(snapshot: &Snapshot) -> VerifyError {
    let path = snapshot.paths.first().cloned().unwrap_or_default();
    let why = "files in it are renamed, compressed or deleted faster than they are read: nothing can be said of it now; \
               try again, or verify a copy";
    io_error(&path, io::Error::other(why))
}

/// How far a verification is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The file that is read.
    pub file: &'a Path,
    /// Bytes of it that were read.
    pub bytes: u64,
}

/// None where files moved meanwhile, and what does not hold may come from that.
fn verify_once(
    snapshot: &mut Snapshot,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
    mut take: Option<Take<'_>>,
    crew: &Crew,
) -> Result<Option<Report>, VerifyError> {
    let basis = Basis::of_files(&snapshot.paths, options, SystemTime::now().into());
    let found = snapshot.look();
    if let Some(error) = found.unread.into_iter().next() {
        return Err(error);
    }
    let mut kinds = found.findings;
    if found.logs.is_empty() {
        kinds.push(FindingKind::Nothing);
    }
    let missing = options.keys.iter().map(crate::trail::PublicKey::id);
    kinds.extend(
        missing
            .filter(|key| found.logs.iter().all(|log| log.log != *key))
            .map(|log| FindingKind::LogMissing { log }),
    );
    let mut logs = Vec::new();
    let mut buffers = Buffers::default();
    let mut for_strangers = options.patience;
    let count = found.logs.len();
    for mut files in found.logs {
        files.narrow(options);
        let (buffers, progress, for_strangers) = (&mut buffers, &mut *progress, &mut for_strangers);
        let hand_on = take.as_mut().map(|take| HandOn::new(*take, &files, count)).transpose()?;
        let verifier = Verifier::new(files.log, options);
        let reading =
            Reading { snapshot, options, progress, hand_on, crew, buffers, for_strangers, verifier };
        logs.push(reading.verify(files)?);
    }
    let of_logs = logs.iter_mut().filter(|log| log.more_findings == 0);
    one_head_is_enough(of_logs.map(|log| (&mut log.findings, &mut log.verdict)).collect());
    succession::link(&mut logs, &options.successions);
    let packed = kinds.iter().filter(|kind| matches!(kind, FindingKind::Packed { .. })).count() as u64;
    if packed > 0 {
        kinds.retain(|kind| !kind.is_of_absence());
        for log in &mut logs {
            log.allow_for_unread(packed);
        }
    }
    let all = || logs.iter().flat_map(|log| &log.findings).map(|finding| &finding.kind).chain(&kinds);
    if all().next().is_some() && all().all(FindingKind::is_of_moving_files) && snapshot.has_moved() {
        return Ok(None);
    }
    let findings: Vec<_> = kinds.into_iter().map(|kind| Finding::new(None, None, kind)).collect();
    let verdicts = findings.iter().map(|finding| finding.kind.verdict());
    let verdict = verdicts.chain(logs.iter().map(|log| log.verdict)).max().unwrap_or(Verdict::Intact);
    let notices = found.notices.into_iter().map(|kind| Notice { at: None, seq: None, kind }).collect();
    let (more_findings, more_notices) = (found.more_findings, found.more_notices);
    Ok(Some(Report { schema: SCHEMA, verdict, logs, findings, more_findings, notices, more_notices, basis }))
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
        match self.path == Path::new("-") {
            true => write!(f, "standard input: {}", self.error),
            false => write!(f, "{}: {}", self.path.display(), self.error),
        }
    }
}

impl std::error::Error for VerifyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
