//! The lines of a file of copies, whatever it holds, in memory that does not grow with it.

use std::io::{self, BufRead as _, BufReader, Read};

use crate::trail::MAX_LINE;

/// What lies between two newlines, or behind the last.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::verify) struct CopyLine {
    /// Without the newline; of what is longer than any line, a start that is too.
    start: Vec<u8>,
    /// Its bytes in the file, the newline included.
    pub(super) length: u64,
    pub(in crate::verify) is_ended: bool,
}

impl CopyLine {
    pub(in crate::verify) fn text(&self) -> &[u8] {
        &self.start
    }
}

pub(in crate::verify) struct CopyLines<R>(BufReader<R>);

impl<R: Read> CopyLines<R> {
    pub(in crate::verify) fn new(reader: R) -> CopyLines<R> {
        CopyLines(BufReader::with_capacity(MAX_LINE, reader))
    }

    /// The next line; none at the end.
    pub(in crate::verify) fn next(&mut self) -> io::Result<Option<CopyLine>> {
        let mut start = Vec::new();
        let mut length = self.0.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut start)? as u64;
        if length == 0 {
            return Ok(None);
        }
        let mut is_ended = start.pop_if(|last| *last == b'\n').is_some();
        if start.len() == MAX_LINE {
            let (skipped, newline) = self.skip()?;
            length += skipped;
            is_ended = newline;
        }
        Ok(Some(CopyLine { start, length, is_ended }))
    }

    /// Reads on behind the next newline: how many bytes these were, and whether there was one.
    fn skip(&mut self) -> io::Result<(u64, bool)> {
        let mut skipped = 0;
        loop {
            let ahead = self.0.fill_buf()?;
            let newline = memchr::memchr(b'\n', ahead);
            let read = newline.map_or(ahead.len(), |at| at + 1);
            self.0.consume(read);
            skipped += read as u64;
            if newline.is_some() || read == 0 {
                return Ok((skipped, newline.is_some()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_longer_than_any_line_a_start_is_kept_and_its_length_is_known() {
        let long = b"a".repeat(MAX_LINE * 3);
        let file = [b"one\n\n".as_slice(), &long, b"\ntwo\n", &long].concat();
        let mut lines = CopyLines::new(file.as_slice());
        let mut next = || lines.next().unwrap().map(|line| (line.text().len(), line.length, line.is_ended));
        assert_eq!(next(), Some((3, 4, true)));
        assert_eq!(next(), Some((0, 1, true)));
        assert_eq!(next(), Some((MAX_LINE, long.len() as u64 + 1, true)));
        assert_eq!(next(), Some((3, 4, true)));
        assert_eq!(next(), Some((MAX_LINE, long.len() as u64, false)));
        assert_eq!(next(), None);
    }
}
