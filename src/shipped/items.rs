//! A stream taken apart: one item after the other, each a line of text or a JSON value.

use std::io::{self, Read};

use serde::de::IgnoredAny;

use super::fact::At;
use super::{find, frame};

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// A longer item is none of ours: it is passed over and not kept.
const LONGEST: usize = 16 << 20;

/// Takes a stream apart. JSON values may follow each other, stand in an array, or be spread over lines; frames of syslog
/// may have their length before them; anything else is a line of text. What is broken ends where a line begins with a brace, so that it takes nothing else with it.
pub(super) struct Items<R> {
    source: u32,
    reader: R,
    buffer: Vec<u8>,
    /// Where in the buffer the next item may begin.
    start: usize,
    line: u64,
    offset: u64,
    ended: bool,
    /// The item before was a frame.
    framed: bool,
}

impl<R: Read> Items<R> {
    /// `buffer`: what was read of it already.
    pub(super) fn new(source: u32, reader: R, buffer: Vec<u8>) -> Items<R> {
        Items { source, reader, buffer, start: 0, line: 1, offset: 0, ended: false, framed: false }
    }

    /// The next item, and where it began.
    pub(super) fn next(&mut self) -> io::Result<Option<(At, &[u8])>> {
        if !self.skip_between()? {
            return Ok(None);
        }
        let at = At { source: self.source, line: self.line, offset: self.offset };
        let mut scan = Scan::of(self.buffer[self.start], self.framed);
        let mut overlong = false;
        let end = loop {
            if let Some(end) = scan.go_on(&self.buffer[self.start..], self.ended) {
                break end;
            }
            if scan.at > LONGEST {
                overlong = true;
                let passed = scan.at;
                self.pass(passed);
                scan.at = 0;
            }
            self.fill()?;
        };
        self.framed = scan.kind == Kind::Frame;
        let start = self.start;
        let end = if scan.kind == Kind::Json { torn(&self.buffer[start..start + end]) } else { end };
        self.pass(end);
        let kept = if overlong { start..start } else { start..start + end };
        Ok(Some((at, &self.buffer[kept])))
    }

    /// Goes to the next item, over white space and what stands between the items of an array.
    fn skip_between(&mut self) -> io::Result<bool> {
        loop {
            let rest = &self.buffer[self.start..];
            let between =
                |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'[' | b']' | b',' | 0x1e);
            let skipped = rest.iter().position(|byte| !between(byte)).unwrap_or(rest.len());
            let any = skipped < rest.len();
            self.pass(skipped);
            if any {
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    fn pass(&mut self, bytes: usize) {
        let passed = &self.buffer[self.start..self.start + bytes];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.offset += bytes as u64;
        self.start += bytes;
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let read = (&mut self.reader).take(CHUNK as u64).read_to_end(&mut self.buffer)?;
        self.ended = read == 0;
        Ok(())
    }
}

/// Where an item ends. Who is killed in a write leaves the start of a line, and the next one begins right behind it.
fn torn(item: &[u8]) -> usize {
    let next = find::raw_start(item.get(1..).unwrap_or_default()).map(|at| at + 1);
    let broken = |_: &usize| serde_json::from_slice::<IgnoredAny>(item).is_err();
    next.filter(broken).unwrap_or(item.len())
}

/// How far an item was looked at.
struct Scan {
    kind: Kind,
    framed: bool,
    at: usize,
    depth: usize,
    in_string: bool,
}

#[derive(PartialEq)]
enum Kind {
    Json,
    /// A frame, or text after all.
    Frame,
    Text,
}

impl Scan {
    fn of(first: u8, framed: bool) -> Scan {
        let kind = match first {
            b'{' | b'"' => Kind::Json,
            b'1'..=b'9' => Kind::Frame,
            _ if framed => Kind::Frame,
            _ => Kind::Text,
        };
        Scan { kind, framed, at: 0, depth: 0, in_string: false }
    }

    /// The item's length, once its end is there.
    fn go_on(&mut self, bytes: &[u8], ended: bool) -> Option<usize> {
        if self.kind == Kind::Frame {
            match frame::end(bytes, ended, LONGEST, self.framed) {
                frame::End::At(end) => return Some(end),
                frame::End::Unknown => return None,
                frame::End::None => self.kind = Kind::Text,
            }
        }
        if self.kind == Kind::Text {
            let rest = &bytes[self.at..];
            let end = memchr::memchr(b'\n', rest).map(|end| self.at + end);
            self.at = bytes.len();
            return end.or(ended.then_some(bytes.len()));
        }
        while let Some(byte) = bytes.get(self.at) {
            match (self.in_string, byte) {
                (true, b'\\') => {
                    // What is escaped may not be there yet.
                    if self.at + 1 >= bytes.len() && !ended {
                        return None;
                    }
                    self.at += usize::from(bytes.get(self.at + 1).is_some_and(|next| *next != b'\n'));
                }
                (true, b'"') => {
                    self.in_string = false;
                    if self.depth == 0 {
                        return Some(self.at + 1);
                    }
                }
                // No string goes on in the next line: the item is broken.
                (true, b'\n') => return Some(self.at),
                (true, _) => {
                    let plain = memchr::memchr3(b'"', b'\\', b'\n', &bytes[self.at..]);
                    self.at += plain.unwrap_or(bytes.len() - self.at);
                    continue;
                }
                (false, b'"') => self.in_string = true,
                (false, b'{' | b'[') => self.depth += 1,
                (false, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.at + 1);
                    }
                }
                (false, b'\n') => match bytes.get(self.at + 1) {
                    None if !ended => return None,
                    Some(b'{') => return Some(self.at),
                    _ => {}
                },
                (false, _) => {}
            }
            self.at += 1;
        }
        ended.then_some(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives a few bytes at a time.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = self.1.min(self.0.len()).min(buffer.len());
            buffer[..read].copy_from_slice(&self.0[..read]);
            self.0 = &self.0[read..];
            Ok(read)
        }
    }

    fn items(text: &str) -> Vec<(u64, String)> {
        let mut items = Items::new(0, text.as_bytes(), Vec::new());
        let mut all = Vec::new();
        while let Some((at, item)) = items.next().unwrap() {
            all.push((at.line, String::from_utf8(item.to_vec()).unwrap()));
        }
        all
    }

    #[test]
    fn values_come_one_by_one_however_they_are_laid_out() {
        let expected = |lines: [u64; 3]| {
            let items = ["{\"a\":\"}\\\"{\"}", "{\"b\":[{}]}", "\"c\\n\""];
            lines.into_iter().zip(items.map(str::to_owned)).collect::<Vec<_>>()
        };
        for (text, lines) in [
            ("{\"a\":\"}\\\"{\"}\n{\"b\":[{}]}\n\"c\\n\"\n", [1, 2, 3]),
            ("[{\"a\":\"}\\\"{\"},{\"b\":[{}]},\"c\\n\"]", [1, 1, 1]),
            ("[\n {\"a\":\"}\\\"{\"},\n {\"b\":[{}]},\n \"c\\n\"\n]\n", [2, 3, 4]),
            ("{\"a\":\"}\\\"{\"}{\"b\":[{}]}\"c\\n\"", [1, 1, 1]),
        ] {
            assert_eq!(items(text), expected(lines), "{text}");
        }
        assert_eq!(items("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n").len(), 2);
    }

    #[test]
    fn a_broken_value_takes_no_other_with_it() {
        for broken in ["{\"a\":{", "{\"a\":\"open", "{\"a\":\"\\", "\"open", "{{{", "}"] {
            let all = items(&format!("{broken}\n{{\"b\":1}}\nplain text\n"));
            let whole = all.iter().map(|(_, item)| item.as_str()).filter(|item| !broken.starts_with(item));
            assert_eq!(whole.collect::<Vec<_>>(), ["{\"b\":1}", "plain text"], "{broken}");
        }
    }

    #[test]
    fn text_is_taken_line_by_line() {
        let text = "<1>host {\"a\":1}\n\n[x] {\"b\n";
        assert_eq!(items(text), [(1, "<1>host {\"a\":1}".to_owned()), (3, "x] {\"b".to_owned())]);
    }

    #[test]
    fn frames_are_taken_by_their_length() {
        let expected =
            [(1, "11 <13>1 {\n} x".to_owned()), (2, "8 <13>1 {}".to_owned()), (2, "8 <1".to_owned())];
        assert_eq!(items("11 <13>1 {\n} x8 <13>1 {}8 <1"), expected);
    }

    #[test]
    fn an_endless_item_is_not_kept() {
        let text = format!("\"{}\"\n{{}}\n", "x".repeat(LONGEST + CHUNK * 2));
        let mut items = Items::new(0, text.as_bytes(), Vec::new());
        assert_eq!(items.next().unwrap().unwrap().1, b"");
        assert!(items.buffer.capacity() < 2 * LONGEST + 4 * CHUNK);
        let (at, item) = items.next().unwrap().unwrap();
        assert_eq!((at.line, item), (2, b"{}".as_slice()));
    }

    proptest! {
        #[test]
        fn items_are_the_same_however_they_are_read(text in "[{}\\[\\]\"\\\\a,\n 1<>]{0,60}", drip in 1..9usize) {
            let mut whole = Items::new(0, text.as_bytes(), Vec::new());
            let mut parts = Items::new(0, Drip(text.as_bytes(), drip), Vec::new());
            loop {
                let (a, b) = (whole.next().unwrap(), parts.next().unwrap());
                prop_assert_eq!(a, b);
                if a.is_none() { break }
            }
        }
    }
}
