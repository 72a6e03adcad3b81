//! A file in pieces that newlines end, in memory that does not grow with them.

use std::io::{self, BufRead, BufReader, Read};

use tracing_audit::trail::MAX_LINE;

/// What lies between two newlines, or behind the last.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Without its newline.
    Whole(&'a [u8]),
    /// Longer than any line: where it starts, and how long it is.
    TooLong { start: &'a [u8], bytes: u64 },
}

pub(super) struct Pieces<R> {
    reader: BufReader<R>,
    buffer: Vec<u8>,
}

impl<R: Read> Pieces<R> {
    pub(super) fn new(reader: R) -> Pieces<R> {
        Pieces { reader: BufReader::with_capacity(MAX_LINE, reader), buffer: Vec::new() }
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        self.buffer.clear();
        let limit = u64::try_from(MAX_LINE).expect("a small number");
        self.reader.by_ref().take(limit).read_until(b'\n', &mut self.buffer)?;
        Ok(match self.buffer.last() {
            None => None,
            Some(b'\n') => Some(Piece::Whole(&self.buffer[..self.buffer.len() - 1])),
            Some(_) if self.buffer.len() < MAX_LINE => Some(Piece::Whole(&self.buffer)),
            Some(_) => {
                let bytes = limit + self.skip()?;
                Some(Piece::TooLong { start: &self.buffer, bytes })
            }
        })
    }

    /// Reads on behind the next newline; how many bytes came before it.
    fn skip(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let ahead = self.reader.fill_buf()?;
            let newline = ahead.iter().position(|byte| *byte == b'\n');
            let (before, read) = newline.map_or((ahead.len(), ahead.len()), |at| (at, at + 1));
            self.reader.consume(read);
            skipped += before as u64;
            if newline.is_some() || read == 0 {
                return Ok(skipped);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_at_newlines_and_at_the_end() {
        let mut pieces = Pieces::new(b"one\n\ntwo".as_slice());
        assert_eq!(pieces.next().unwrap(), Some(Piece::Whole(b"one")));
        assert_eq!(pieces.next().unwrap(), Some(Piece::Whole(b"")));
        assert_eq!(pieces.next().unwrap(), Some(Piece::Whole(b"two")));
        assert_eq!(pieces.next().unwrap(), None);
    }

    #[test]
    fn a_piece_longer_than_any_line_is_measured_and_not_kept() {
        let longest = vec![b'a'; MAX_LINE - 1];
        let long = vec![b'b'; MAX_LINE * 3];
        let file = [longest.as_slice(), b"\n", &long, b"\nc\n", &long].concat();
        let mut pieces = Pieces::new(file.as_slice());
        assert_eq!(pieces.next().unwrap(), Some(Piece::Whole(&longest)));
        let too_long = Some(Piece::TooLong { start: &long[..MAX_LINE], bytes: long.len() as u64 });
        assert_eq!(pieces.next().unwrap(), too_long);
        assert_eq!(pieces.next().unwrap(), Some(Piece::Whole(b"c")));
        assert_eq!(pieces.next().unwrap(), too_long);
        assert_eq!(pieces.next().unwrap(), None);
    }
}
