//! UTF-16, as some systems write text, read as UTF-8: a line that was stored so is the same line.

use std::io::{self, Read};

/// How much is read at once.
const CHUNK: usize = 32 << 10;

/// Reads a stream as UTF-8 where it begins like UTF-16; otherwise as it is. What is no character becomes U+FFFD, so that a line
/// with it is not taken for whole.
pub(super) struct Text<R> {
    reader: R,
    order: Option<Order>,
    /// Read, and not decoded yet.
    raw: Vec<u8>,
    /// Decoded, and not given yet.
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl<R: Read> Text<R> {
    /// The stream, and what it begins with.
    pub(super) fn new(mut reader: R) -> io::Result<(Text<R>, Vec<u8>)> {
        let mut first = Vec::new();
        (&mut reader).take(256).read_to_end(&mut first)?;
        let (order, mark) = order(&first);
        let mut text = Text { reader, order, raw: Vec::new(), ready: Vec::new(), given: 0, ended: false };
        let rest = first[mark..].to_vec();
        match order {
            Some(_) => text.raw = rest,
            None => text.ready = rest,
        }
        Ok((text, first))
    }

    fn fill(&mut self) -> io::Result<()> {
        (self.given, self.ended) = (0, false);
        self.ready.clear();
        let read = (&mut self.reader).take(CHUNK as u64).read_to_end(&mut self.raw)?;
        self.ended = read == 0;
        let Some(order) = self.order else {
            std::mem::swap(&mut self.ready, &mut self.raw);
            return Ok(());
        };
        let unit = |pair: &[u8]| match order {
            Order::Little => u16::from_le_bytes([pair[0], pair[1]]),
            Order::Big => u16::from_be_bytes([pair[0], pair[1]]),
        };
        let mut units: Vec<u16> = self.raw.chunks_exact(2).map(unit).collect();
        // The half of a character whose other half is not there yet.
        if !self.ended && units.last().is_some_and(|last| (0xd800..0xdc00).contains(last)) {
            units.pop();
        }
        let taken = 2 * units.len();
        for char in char::decode_utf16(units) {
            let char = char.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
        self.raw.drain(..taken);
        Ok(())
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            if self.ended {
                return Ok(0);
            }
            self.fill()?;
        }
        let count = buffer.len().min(self.ready.len() - self.given);
        buffer[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

/// The order of bytes, where a stream begins like UTF-16, and how long its mark is.
fn order(first: &[u8]) -> (Option<Order>, usize) {
    let is_text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    match first {
        [0xff, 0xfe, ..] => (Some(Order::Little), 2),
        [0xfe, 0xff, ..] => (Some(Order::Big), 2),
        [a, 0, b, 0, c, 0, ..] if [*a, *b, *c].into_iter().all(is_text) => (Some(Order::Little), 0),
        [0, a, 0, b, 0, c, ..] if [*a, *b, *c].into_iter().all(is_text) => (Some(Order::Big), 0),
        [0xef, 0xbb, 0xbf, ..] => (None, 3),
        _ => (None, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        Text::new(bytes).unwrap().0.read_to_end(&mut all).unwrap();
        all
    }

    #[test]
    fn text_is_the_same_however_it_is_encoded() {
        let text = format!("{{\"a\":\"é🔒\"}}\n{}", "🔒x".repeat(40_000));
        assert_eq!(read(text.as_bytes()), text.as_bytes());
        for marked in [String::new(), "\u{feff}".to_owned()] {
            let marked = format!("{marked}{text}");
            let units = || marked.encode_utf16();
            assert!(read(&units().flat_map(u16::to_le_bytes).collect::<Vec<_>>()) == text.as_bytes());
            assert!(read(&units().flat_map(u16::to_be_bytes).collect::<Vec<_>>()) == text.as_bytes());
        }
        assert_eq!(read(format!("\u{feff}{text}").as_bytes()), text.as_bytes());
    }

    #[test]
    fn what_is_cut_or_no_character_ends_as_it_must() {
        assert_eq!(read(b"\xff\xfea\0b\0c"), b"ab");
        assert_eq!(read(b"\xff\xfea\0\x3d\xd8"), "a\u{fffd}".as_bytes());
        assert_eq!((read(b""), read(b"\xff\xfe"), read(b"x")), (vec![], vec![], b"x".to_vec()));
    }
}
