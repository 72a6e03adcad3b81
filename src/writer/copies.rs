//! `<prefix>.keys`, beside the log files: copies of the first genesis and of every hand-off. With it a log whose oldest
//! files are gone verifies from the pinned key.

use std::io;
use std::path::Path;

use crate::files::{Access, FileSystem, LogFile, append_all};
use crate::trail::MAX_LINE;

/// Lines, with their newlines, that must be copied before the next step.
#[derive(Debug, Default)]
pub(super) struct Copies(Vec<Vec<u8>>);

impl Copies {
    pub(super) fn add(&mut self, line: Vec<u8>) {
        self.0.push(line);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Copies what is due, durably. After an error, or a crash, the next call goes on where this one had to stop.
    pub(super) fn write<F: FileSystem>(&mut self, files: &F, path: &Path) -> io::Result<()> {
        let Some(folder) = path.parent().filter(|_| !self.is_empty()) else { return Ok(()) };
        let mut file = match files.create_new(path, Access::Group) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => files.open(path)?,
            file => file?,
        };
        for line in &self.0 {
            let length = file.len()?;
            let end = files.read(path, length.saturating_sub(MAX_LINE as u64), MAX_LINE)?;
            append_all(&mut file, &missing_of(line, &end))?;
        }
        file.sync()?;
        files.sync_folder(folder)?;
        self.0.clear();
        Ok(())
    }
}

/// What a file that ends like this lacks for the line to be its last. A piece at the end is the start of this line,
/// torn when it was copied before, or garbage, which is left alone in a line of its own.
fn missing_of(line: &[u8], end: &[u8]) -> Vec<u8> {
    if end.ends_with(line) {
        return Vec::new();
    }
    let piece = end.iter().rposition(|byte| *byte == b'\n').map_or(end, |newline| &end[newline + 1..]);
    match line.strip_prefix(piece) {
        Some(rest) => rest.to_vec(),
        None => [b"\n", line].concat(),
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
                copies.add(b"first\n".to_vec());
                copies.write(&files, path).unwrap();
                copies.add(b"second\n".to_vec());
                files.fail(after, fault, true);
                let failed = copies.write(&files, path).is_err();
                files.mend();
                if failed {
                    assert!(!copies.is_empty());
                }
                copies.write(&files, path).unwrap();
                copies.add(b"second\n".to_vec());
                copies.write(&files, path).unwrap();
                assert_eq!(files.contents(path).unwrap(), b"first\nsecond\n", "{fault:?} after {after}");
            }
        }
    }

    #[test]
    fn garbage_is_left_in_a_line_of_its_own() {
        assert_eq!(missing_of(b"line\n", b"before\nxx"), b"\nline\n");
        assert_eq!(missing_of(b"line\n", b"before\nli"), b"ne\n");
        assert_eq!(missing_of(b"line\n", b""), b"line\n");
    }
}
