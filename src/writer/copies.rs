//! `<prefix>.keys`, beside the log files: copies of the first genesis and of every hand-off. With it a log whose oldest
//! files are gone verifies from the pinned key.
//!
//! A copy is appended. Where that can't be trusted, since a power cut left zeros for a part of the last one or a sync
//! failed, all that is whole is written to a new file, which takes the place of the old one.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::{Access, FileSystem, LogFile, append_all, store_through};
use crate::trail::{Line, MAX_LINE};

/// So many names are tried for a file that is to take the place of the copies.
const MAX_TEMPORARY: u64 = 1_000;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// Lines, with their newlines, that must be copied before the next step.
#[derive(Debug, Default)]
pub(super) struct Copies {
    due: Vec<u8>,
    /// A sync failed: the disk may not have what was appended, whatever later syncs say.
    doubtful: bool,
    /// A file that was to take the place of the copies, and did not.
    left_over: Option<PathBuf>,
}

impl Copies {
    pub(super) fn add(&mut self, line: &[u8]) {
        self.due.extend_from_slice(line);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// Copies what is due, durably. After an error, or a crash, the next call goes on where this one had to stop.
    pub(super) fn write<F: FileSystem>(&mut self, files: &F, path: &Path) -> io::Result<()> {
        let Some(folder) = path.parent().filter(|_| !self.is_empty()) else { return Ok(()) };
        if self.doubtful {
            return self.replace(files, path);
        }
        let mut file = match files.create_new(path, Access::Group) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => files.open(path)?,
            file => file?,
        };
        let end = files.read(path, file.len()?.saturating_sub(MAX_LINE as u64), MAX_LINE)?;
        if end.contains(&0) {
            return self.replace(files, path);
        }
        append_all(&mut file, &missing_of(&self.due, &end))?;
        if let Err(error) = file.sync() {
            self.doubtful = true;
            return Err(error);
        }
        files.sync_folder(folder)?;
        self.due.clear();
        Ok(())
    }

    /// Puts a file in place that has all up to the first zero, and what is due.
    fn replace<F: FileSystem>(&mut self, files: &F, path: &Path) -> io::Result<()> {
        let mut bytes = whole_lines(files, path)?;
        let missing = missing_of(&self.due, &bytes);
        bytes.extend_from_slice(&missing);
        put_in_place(files, path, &bytes, &mut self.left_over)?;
        self.due.clear();
        self.doubtful = false;
        Ok(())
    }
}

/// Removes what a power cut left of a last copy, or all of it where its line `is_void`: it was copied, and then given up
/// before it stood in the log for good. Lines that were whole stay.
pub(super) fn take_back<F: FileSystem>(
    files: &F,
    path: &Path,
    is_void: impl Fn(&Line<'_>) -> bool,
) -> io::Result<()> {
    let length = match files.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?.len()?,
    };
    let end = files.read(path, length.saturating_sub(MAX_LINE as u64), MAX_LINE)?;
    let piece = &end[last_newline(&end)..];
    let is_whole = !end.contains(&0) && (piece.is_empty() || Line::parse(piece).is_ok());
    let last = |lines: &[u8]| last_newline(lines.strip_suffix(b"\n").unwrap_or(lines));
    let is_void = |lines: &[u8]| {
        let line = lines[last(lines)..].strip_suffix(b"\n");
        line.is_some_and(|line| Line::parse(line).is_ok_and(|line| is_void(&line)))
    };
    if is_whole && !is_void(&end) {
        return Ok(());
    }
    let mut bytes = whole_lines(files, path)?;
    bytes.truncate(last_newline(&bytes));
    if is_void(&bytes) {
        bytes.truncate(last(&bytes));
    }
    put_in_place(files, path, &bytes, &mut None)
}

/// Where the last whole line ends.
fn last_newline(bytes: &[u8]) -> usize {
    memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1)
}

/// `left_over` is what an attempt that failed may have left, and is taken away first. No name is taken from anybody.
fn put_in_place<F: FileSystem>(
    files: &F,
    path: &Path,
    bytes: &[u8],
    left_over: &mut Option<PathBuf>,
) -> io::Result<()> {
    if let Some(ours) = left_over.take() {
        let _ = files.remove(&ours);
    }
    // For a verifier that meets it, a file of copies too, behind the one that it replaces.
    let is_free =
        |path: &PathBuf| files.read(path, 0, 0).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let names = (0..MAX_TEMPORARY).map(|number| path.with_extension(format!("~{number}.keys")));
    let temporary = names.into_iter().find(is_free).ok_or(io::ErrorKind::AlreadyExists)?;
    *left_over = Some(temporary.clone());
    store_through(files, &temporary, path, Access::Group, bytes)?;
    *left_over = None;
    Ok(())
}

/// All of a file; where there is a zero in it, which no line has, the lines that end before. The rest is not even read.
fn whole_lines<F: FileSystem>(files: &F, path: &Path) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let bytes = files.read(path, all.len() as u64, CHUNK)?;
        if bytes.is_empty() {
            return Ok(all);
        }
        let zero = memchr::memchr(0, &bytes);
        all.extend_from_slice(&bytes[..zero.unwrap_or(bytes.len())]);
        if zero.is_some() {
            all.truncate(last_newline(&all));
            return Ok(all);
        }
    }
}

/// What a file that ends like this lacks for these lines to be its last. It may end with a start of them, as far as they
/// were copied before. Any other piece at its end is garbage, which is left alone in a line of its own.
fn missing_of(lines: &[u8], end: &[u8]) -> Vec<u8> {
    let is_line_start = |before: &[u8]| before.is_empty() || before.ends_with(b"\n");
    let copied = (1..=lines.len()).rev();
    let mut copied = copied.filter(|length| end.strip_suffix(&lines[..*length]).is_some_and(is_line_start));
    match copied.next() {
        Some(length) => lines[length..].to_vec(),
        None if is_line_start(end) => lines.to_vec(),
        None => [b"\n", lines].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::memory::{Fault, MemoryFiles};

    #[test]
    fn each_line_is_copied_once_wherever_copying_stops() {
        let path = Path::new("/log/audit.keys");
        for fault in [Fault::Failed, Fault::Persisted, Fault::Short(0), Fault::Short(3)] {
            for after in 0..8 {
                let files = MemoryFiles::default();
                let mut copies = Copies::default();
                copies.add(b"first\n");
                copies.write(&files, path).unwrap();
                copies.add(b"second\n");
                files.fail(after, fault, true);
                let failed = copies.write(&files, path).is_err();
                files.mend();
                if failed {
                    assert!(!copies.is_empty());
                }
                copies.write(&files, path).unwrap();
                copies.add(b"second\n");
                copies.write(&files, path).unwrap();
                assert_eq!(files.contents(path).unwrap(), b"first\nsecond\n", "{fault:?} after {after}");
            }
        }
    }

    #[test]
    fn only_a_void_copy_and_what_is_left_of_one_are_taken_back() {
        let path = Path::new("/log/audit.keys");
        let file = include_str!("../../tests/example-log/audit.2026-11-21.jsonl");
        let first = file.lines().next().unwrap();
        let second = file.lines().find(|line| line.contains("handoff")).unwrap();
        let whole = format!("{first}\n{second}\n");
        let cut = |length: usize| whole[..whole.len() - length].to_owned();
        let taken_back = |left: &str, void: bool| {
            let files = MemoryFiles::default();
            take_back(&files, path, |_| void).unwrap();
            append_all(&mut files.create_new(path, Access::Group).unwrap(), left.as_bytes()).unwrap();
            take_back(&files, path, |line| void && line.text == second).unwrap();
            String::from_utf8(files.contents(path).unwrap()).unwrap()
        };
        // A whole line stays, with its newline or without.
        for left in [whole.clone(), cut(1), String::new()] {
            assert_eq!(taken_back(&left, false), left);
        }
        let before = format!("{first}\n");
        for left in [cut(2), cut(200), format!("{first}\n\0\0\0"), format!("{}\0\0", cut(50))] {
            assert_eq!(taken_back(&left, false), before, "{left:?}");
        }
        for left in [whole.clone(), format!("{whole}\0\0"), format!("{whole}{{\"fie")] {
            assert_eq!(taken_back(&left, true), before, "{left:?}");
        }
    }

    #[test]
    fn zeros_that_a_power_cut_left_are_replaced_with_the_copies_that_they_hide() {
        let path = Path::new("/log/audit.keys");
        for left in [&b"first\n\0\0\0"[..], b"first\ns\0\0ond\n", b"first\n\0\0third\n", b"first\nse\0"] {
            for (fault, after) in
                [Fault::Failed, Fault::Persisted].into_iter().flat_map(|f| (0..9).map(move |n| (f, n)))
            {
                let files = MemoryFiles::default();
                append_all(&mut files.create_new(path, Access::Group).unwrap(), left).unwrap();
                let mut copies = Copies::default();
                copies.add(b"second\n");
                copies.add(b"third\n");
                files.fail(after, fault, true);
                let _ = copies.write(&files, path);
                files.mend();
                copies.write(&files, path).unwrap();
                assert_eq!(
                    files.contents(path).unwrap(),
                    b"first\nsecond\nthird\n",
                    "{fault:?} after {after}"
                );
                let all = files.all();
                assert_eq!(all.len(), 1, "{all:?}");
            }
        }
    }

    #[test]
    fn behind_a_sync_that_failed_the_copies_are_in_a_file_that_was_synced_whole() {
        let path = Path::new("/log/audit.keys");
        let files = MemoryFiles::default();
        let mut copies = Copies::default();
        copies.add(b"first\n");
        files.fail(2, Fault::Failed, false);
        copies.write(&files, path).unwrap_err();
        copies.write(&files, path).unwrap();
        let left = files.storage().cut_power(4, |of| of - 1);
        assert_eq!(left.all()[path], b"first\n");
    }

    #[test]
    fn garbage_is_left_in_a_line_of_its_own() {
        assert_eq!(missing_of(b"line\n", b"before\nxx"), b"\nline\n");
        assert_eq!(missing_of(b"line\n", b"before\nli"), b"ne\n");
        assert_eq!(missing_of(b"line\n", b""), b"line\n");
    }
}
