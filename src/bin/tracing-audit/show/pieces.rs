//! A file in pieces of whole lines, in memory that does not grow with it.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// What is read at once: more than any line, and little enough for a processor's cache.
const AT_ONCE: usize = 128 << 10;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Whole lines, with their newlines; the last of the file may lack its own.
    Lines(&'a [u8]),
    /// One line that is longer than a piece: where it starts, and how long it is.
    TooLong { start: &'a [u8], bytes: u64 },
}

pub(super) struct Pieces<R> {
    reader: R,
    buffer: Box<[u8]>,
    /// What was read and not yet handed out.
    ahead: Range<usize>,
}

impl<R: Read> Pieces<R> {
    pub(super) fn new(reader: R) -> Pieces<R> {
        Pieces { reader, buffer: vec![0; AT_ONCE].into(), ahead: 0..0 }
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        loop {
            let start = self.ahead.start;
            if let Some(newline) = memchr::memrchr(b'\n', &self.buffer[self.ahead.clone()]) {
                self.ahead.start += newline + 1;
                return Ok(Some(Piece::Lines(&self.buffer[start..self.ahead.start])));
            }
            if self.ahead.len() == AT_ONCE {
                return self.too_long().map(Some);
            }
            self.buffer.copy_within(self.ahead.clone(), 0);
            self.ahead = 0..self.ahead.len();
            let read = read(&mut self.reader, &mut self.buffer[self.ahead.end..])?;
            if read == 0 {
                let rest = std::mem::take(&mut self.ahead);
                return Ok(Some(Piece::Lines(&self.buffer[rest])).filter(|rest| *rest != Piece::Lines(&[])));
            }
            self.ahead.end += read;
        }
    }

    /// Reads on after the next newline.
    fn too_long(&mut self) -> io::Result<Piece<'_>> {
        let mut bytes = AT_ONCE as u64;
        let (start, buffer) = self.buffer.split_at_mut(AT_ONCE / 2);
        loop {
            let read = read(&mut self.reader, buffer)?;
            let newline = memchr::memchr(b'\n', &buffer[..read]);
            bytes += newline.unwrap_or(read) as u64;
            if newline.is_some() || read == 0 {
                let end = AT_ONCE / 2 + read;
                self.ahead = newline.map_or(end, |newline| AT_ONCE / 2 + newline + 1)..end;
                return Ok(Piece::TooLong { start, bytes });
            }
        }
    }
}

/// Zero only at the end.
fn read(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads few bytes at once.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let few = buffer.len().min(7);
            self.0.read(&mut buffer[..few])
        }
    }

    #[test]
    fn pieces_end_at_newlines_and_at_the_end() {
        let mut pieces = Pieces::new(b"one\n\ntwo\nthr".as_slice());
        assert_eq!(pieces.next().unwrap(), Some(Piece::Lines(b"one\n\ntwo\n")));
        assert_eq!(pieces.next().unwrap(), Some(Piece::Lines(b"thr")));
        assert_eq!(pieces.next().unwrap(), None);
        assert_eq!(Pieces::new(b"".as_slice()).next().unwrap(), None);
    }

    #[test]
    fn pieces_together_are_the_file_however_it_is_read() {
        let file = (0..5_000).map(|line| "x".repeat(line % 97) + "\n").collect::<String>() + "rest";
        for mut pieces in [
            Pieces::new(Box::new(file.as_bytes()) as Box<dyn Read>),
            Pieces::new(Box::new(Slow(file.as_bytes()))),
        ] {
            let mut read = Vec::new();
            while let Some(Piece::Lines(lines)) = pieces.next().unwrap() {
                read.extend_from_slice(lines);
                assert!(lines.ends_with(b"\n") || read.len() == file.len());
            }
            assert!(read == file.as_bytes());
        }
    }

    #[test]
    fn a_line_longer_than_a_piece_is_measured_and_not_kept() {
        let longest = [vec![b'a'; AT_ONCE - 1], b"\n".to_vec()].concat();
        let long = vec![b'b'; AT_ONCE * 3];
        let file = [longest.as_slice(), &long, b"\nc\n", &long].concat();
        let mut pieces = Pieces::new(file.as_slice());
        assert_eq!(pieces.next().unwrap(), Some(Piece::Lines(&longest)));
        let too_long = Some(Piece::TooLong { start: &long[..AT_ONCE / 2], bytes: long.len() as u64 });
        assert_eq!(pieces.next().unwrap(), too_long);
        assert_eq!(pieces.next().unwrap(), Some(Piece::Lines(b"c\n")));
        assert_eq!(pieces.next().unwrap(), too_long);
        assert_eq!(pieces.next().unwrap(), None);
    }
}
