//! Verifying what lies in files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Options, Report, Verifier};
use crate::verify::{Contents, FindingKind, VerifyError};

/// Verifies the lines in files, and in the files that lie in folders, not in folders within. Files may be compressed
/// (feature `compressed`), and be pipes; `-` is the standard input.
///
/// Blocks while it reads and sorts. Memory: [`Options::memory`], and about 20 MiB besides; of one log at a time 170 bytes for
/// each of its hand-offs, up to a million of them; 32 MiB for names of members, where there are so many; and what the report
/// takes: of each log up to [`crate::verify::LISTED`] findings and ranges of each kind, and of logs that nobody pinned up to so
/// many with 16 findings each. It is so for any input. Temporary files take 118 bytes
/// a line, 222 a signed one, and its length more where its JSON was written anew; where there are 128 of them, they are
/// merged into one, which takes as much again for that time.
pub fn verify_shipped<P: AsRef<Path>>(paths: &[P], options: &Options) -> Result<Report, VerifyError> {
    verify_shipped_with::<P, &Path>(paths, &[], options)
}

/// As [`verify_shipped`], with copies of lines that name keys, such as `<prefix>.keys`: in files, folders, pipes, the
/// standard input. [`Verifier::read_copies`] says what sets them apart.
pub fn verify_shipped_with<P: AsRef<Path>, C: AsRef<Path>>(
    paths: &[P],
    copies: &[C],
    options: &Options,
) -> Result<Report, VerifyError> {
    let began = SystemTime::now().into();
    let mut verifier = Verifier::new(options);
    let given = paths.iter().map(|path| (path.as_ref(), false));
    for (path, copies) in given.chain(copies.iter().map(|path| (path.as_ref(), true))) {
        if path == Path::new("-") {
            let read = verifier.read_as("standard input", io::stdin().lock(), copies);
            read.map_err(|error| failed(path, error))?;
            continue;
        }
        for path in files(path)? {
            verifier.read_path(&path, copies).map_err(|error| failed(&path, error))?;
        }
    }
    let report = verifier.finish(SystemTime::now().into());
    let mut report = report.map_err(|error| failed(&std::env::temp_dir(), error))?;
    report.basis.time = began;
    report.basis.paths = paths.iter().map(|path| path.as_ref().display().to_string()).collect();
    report.basis.copies = copies.iter().map(|path| path.as_ref().display().to_string()).collect();
    Ok(report)
}

fn failed(path: &Path, error: io::Error) -> VerifyError {
    VerifyError { path: path.to_owned(), error }
}

/// The file, or those in a folder.
fn files(path: &Path) -> Result<Vec<PathBuf>, VerifyError> {
    let fail = |error| failed(path, error);
    if !fs::metadata(path).map_err(fail)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(fail)?;
    let mut files: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    files.retain(|path| fs::symlink_metadata(path).is_ok_and(|there| there.is_file()));
    files.sort();
    Ok(files)
}

impl Verifier {
    fn read_path(&mut self, path: &Path, copies: bool) -> io::Result<()> {
        let name = path.display().to_string();
        // A link or a pipe was named by whoever asks: it is meant.
        if !fs::symlink_metadata(path)?.is_file() {
            return self.read_as(&name, File::open(path)?, copies);
        }
        let mut contents = Undamaged { contents: Contents::open(path)?, why: None };
        self.read_as(&name, &mut contents, copies)?;
        if let Some(why) = contents.why {
            self.find(FindingKind::Undecodable { file: name, why });
        }
        Ok(())
    }
}

/// What a file holds, up to where it can't be decompressed.
struct Undamaged {
    contents: Contents,
    why: Option<String>,
}

impl Read for Undamaged {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.why.is_some() {
            return Ok(0);
        }
        match self.contents.read(buffer) {
            Err(error) if self.contents.is_damage(&error) => {
                self.why = Some(error.to_string());
                Ok(0)
            }
            read => read,
        }
    }
}
