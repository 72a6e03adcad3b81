//! A stream taken apart: one item after the other, each a line of text or a JSON value.

use std::io::{self, Read};

use super::fact::At;
use super::{cells, frame, json, marks};

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// A longer value is not taken as a whole: what stands in it is taken one by one.
const LONGEST: usize = 1 << 20;

/// Bytes that are looked at beyond an item, for a line that begins across its end.
const AHEAD: usize = 160;

/// A name of a member is looked at so far, and spaces after it.
const NAME: usize = 256;

/// Bytes that may be looked at in vain, to find an end where there is none: each byte that is passed earns some, so that
/// no stream is looked at more than so often.
const CREDIT: usize = 8 << 20;
const EARNED: usize = 8;

/// Takes a stream apart. JSON values may follow each other, stand in an array, be spread over lines, or be a cell of CSV;
/// frames of syslog may have their length before them; anything else is a line of text.
///
/// What is broken, or does not end, takes nothing else with it: the next item begins at the next line, or where a line of a
/// log may begin. A value that is too long is passed through: the next item is the next object within it.
#[allow(clippy::struct_excessive_bools)] // where in a stream it stands
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
    credit: usize,
    /// Within a value that was too long to be taken as a whole.
    inside: bool,
    /// A field of the journal's export format follows, its length before it.
    field: bool,
}

impl<R: Read> Items<R> {
    pub(super) fn new(source: u32, reader: R) -> Items<R> {
        Items {
            source,
            reader,
            buffer: Vec::new(),
            start: 0,
            line: 1,
            offset: 0,
            ended: false,
            framed: false,
            credit: CREDIT,
            inside: false,
            field: false,
        }
    }

    /// The next item, and where it began.
    pub(super) fn next(&mut self) -> io::Result<Option<(At, &[u8])>> {
        if let Some(length) = self.field()? {
            let at = At { source: self.source, line: self.line, offset: self.offset };
            let start = self.start;
            self.pass(length);
            return Ok(Some((at, &self.buffer[start..start + length])));
        }
        if !self.skip_between()? {
            return Ok(None);
        }
        let at = At { source: self.source, line: self.line, offset: self.offset };
        let mut scan = Scan::of(self.buffer[self.start], self.framed);
        let longest = match self.credit {
            credit if credit < LONGEST && scan.kind == Kind::Json => {
                scan.kind = Kind::Text;
                LONGEST
            }
            _ => LONGEST,
        };
        let end = loop {
            let rest = &self.buffer[self.start..];
            match scan.go_on(rest, self.ended) {
                // So that a line that begins across its end is seen.
                Some(end) if self.ended || rest.len() >= end + AHEAD || !scan.may_be_broken(rest, end) => {
                    break Some(end);
                }
                None if scan.at > longest => break None,
                _ => {}
            }
            self.fill()?;
        };
        let rest = &self.buffer[self.start..];
        let whole = end.filter(|end| *end <= longest && !scan.is_broken(rest, *end));
        let end = whole.unwrap_or_else(|| {
            let looked_at = end.unwrap_or(scan.at);
            if scan.kind == Kind::Json {
                self.credit = self.credit.saturating_sub(looked_at);
            }
            let descends = scan.kind == Kind::Json && looked_at > longest;
            self.inside |= descends;
            resume(rest, descends).min(looked_at).max(1)
        });
        self.framed = scan.kind == Kind::Frame;
        self.field = scan.kind == Kind::Text && is_name_of_field(&rest[..end]);
        let start = self.start;
        self.pass(end);
        Ok(Some((at, &self.buffer[start..start + end])))
    }

    /// The length of the field that begins here, where the item before is its name: the journal's export format has a newline
    /// then, 64 bits with the length, the field, and a newline. Whoever writes something like it into a stream of lines takes
    /// none of them with it.
    fn field(&mut self) -> io::Result<Option<usize>> {
        const BEFORE: usize = 9;
        if !std::mem::take(&mut self.field) || !self.has(BEFORE)? {
            return Ok(None);
        }
        let [b'\n', length @ ..] = &self.buffer[self.start..self.start + BEFORE] else { return Ok(None) };
        let length = length.iter().rev().try_fold(0_usize, |sum, byte| {
            sum.checked_mul(256).map(|sum| sum + usize::from(*byte)).filter(|sum| *sum <= LONGEST)
        });
        let Some(length) = length.filter(|length| *length > 0) else { return Ok(None) };
        if !self.has(BEFORE + length + 1)? {
            return Ok(None);
        }
        let (field, after) = self.buffer[self.start + BEFORE..].split_at(length);
        let is_field = after[0] == b'\n' && !spans_our_lines(field);
        if is_field {
            self.pass(BEFORE);
        }
        Ok(is_field.then_some(length))
    }

    /// Whether so many bytes follow.
    fn has(&mut self, bytes: usize) -> io::Result<bool> {
        while self.buffer.len() - self.start < bytes && !self.ended {
            self.fill()?;
        }
        Ok(self.buffer.len() - self.start >= bytes)
    }

    /// Goes to the next item, over white space and what stands between the items of an array, and cells.
    fn skip_between(&mut self) -> io::Result<bool> {
        loop {
            let rest = &self.buffer[self.start..];
            let between =
                |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'[' | b']' | b',' | 0x1e);
            let skipped = rest.iter().position(|byte| !between(byte)).unwrap_or(rest.len());
            let any = skipped < rest.len();
            self.pass(skipped);
            if any && self.inside && self.skip_name() {
                continue;
            }
            if any {
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    /// Goes over the name of a member whose value is an object or an array: within a long value these are what is taken.
    fn skip_name(&mut self) -> bool {
        let rest = &self.buffer[self.start..];
        let name =
            rest.strip_prefix(b"\"").and_then(|rest| memchr::memchr(b'"', &rest[..rest.len().min(NAME)]));
        let Some(colon) = name.map(|end| end + 2) else { return false };
        let Some(between) = rest[colon..].strip_prefix(b":") else { return false };
        let spaces = between.iter().take(NAME).take_while(|byte| byte.is_ascii_whitespace()).count();
        let opens = matches!(between.get(spaces), Some(b'{' | b'['));
        if opens {
            self.pass(colon + 1 + spaces);
        }
        opens
    }

    fn pass(&mut self, bytes: usize) {
        let passed = &self.buffer[self.start..self.start + bytes];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.offset += bytes as u64;
        self.start += bytes;
        self.credit = CREDIT.min(self.credit + EARNED * bytes);
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let read = (&mut self.reader).take(CHUNK as u64).read_to_end(&mut self.buffer)?;
        self.ended = read == 0;
        Ok(())
    }
}

/// Where the next item begins, where this one is broken: in the next line, or where a line of a log may begin. `descends`:
/// or where the next object begins.
fn resume(bytes: &[u8], descends: bool) -> usize {
    let behind = &bytes[1..];
    let start = marks::start(behind);
    // Up to there, nothing else has to be looked for.
    let before = &behind[..start.unwrap_or(behind.len())];
    let newline = memchr::memchr(b'\n', before);
    let object = memchr::memchr(b'{', before).filter(|_| descends);
    [start, newline, object].into_iter().flatten().min().map_or(bytes.len(), |at| at + 1)
}

/// Whether a line is the name of a field, and nothing else: `MESSAGE`.
fn is_name_of_field(line: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    (1..=64).contains(&line.len()) && line.iter().all(is_letter)
}

/// Whether a line of a log begins in the second line of an item, or later.
fn spans_our_lines(item: &[u8]) -> bool {
    let newline = memchr::memchr(b'\n', item).unwrap_or(item.len());
    marks::start(&item[newline..]).is_some()
}

/// How far an item was looked at.
struct Scan {
    kind: Kind,
    framed: bool,
    at: usize,
    depth: usize,
    in_string: bool,
    /// Where a line of text was looked at, and a cell in it did not end there.
    lines: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    /// A cell of CSV: its quotes are doubled.
    Cell,
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
        Scan { kind, framed, at: 0, depth: 0, in_string: false, lines: 0 }
    }

    /// Whether it can be that the item is no JSON: otherwise it is no use to look.
    fn may_be_broken(&self, bytes: &[u8], end: usize) -> bool {
        self.kind == Kind::Json
            && (memchr::memchr(b'\n', &bytes[..end]).is_some()
                || marks::start(&bytes[1..bytes.len().min(end + AHEAD)]).is_some_and(|at| at < end))
    }

    /// Whether the item is no JSON, and something else may begin in it.
    fn is_broken(&self, bytes: &[u8], end: usize) -> bool {
        // No value ends within what a line begins with.
        let ahead = &bytes[1..bytes.len().min(end + AHEAD)];
        let across = || marks::start(ahead).filter(|at| at + 1 < end) != marks::start(&bytes[1..end]);
        let broken = || json::value(&bytes[..end]).is_none_or(|(_, length)| length != end);
        self.may_be_broken(bytes, end) && (broken() || across())
    }

    /// The item's length, once its end is there.
    fn go_on(&mut self, bytes: &[u8], ended: bool) -> Option<usize> {
        if self.kind == Kind::Frame {
            match frame::end(bytes, ended, LONGEST, self.framed) {
                // A frame has one message, and that has no line of ours after a newline: whoever writes a count into a
                // stream of lines takes none of them with it.
                frame::End::At(end) if spans_our_lines(&bytes[..end]) => {
                    (self.kind, self.at) = (Kind::Text, 0);
                }
                frame::End::At(end) => return Some(end),
                frame::End::Unknown => {
                    self.at = bytes.len();
                    return None;
                }
                frame::End::None => (self.kind, self.at) = (Kind::Text, 0),
            }
        }
        match self.kind {
            Kind::Text => self.text(bytes, ended),
            Kind::Cell => self.cell(bytes, ended),
            _ => self.json(bytes, ended),
        }
    }

    /// A line of text, and more where a cell of it goes on.
    fn text(&mut self, bytes: &[u8], ended: bool) -> Option<usize> {
        loop {
            let Some(end) = memchr::memchr(b'\n', &bytes[self.at..]).map(|end| self.at + end) else {
                self.at = bytes.len();
                return ended.then_some(bytes.len());
            };
            let Some(quote) = cells::opens(&bytes[self.lines..end]).map(|quote| self.lines + quote) else {
                return Some(end);
            };
            match cells::goes_on(&bytes[end..]) {
                None if !ended => return None,
                Some(true) => {}
                _ => return Some(end),
            }
            match cells::end(&bytes[quote + 1..]).map(|end| quote + 1 + end) {
                Some(close) if close + 1 == bytes.len() && !ended => return None,
                Some(close) if cells::is_end(bytes.get(close + 1)) => {
                    (self.at, self.lines) = (close + 1, close + 1);
                }
                None if !ended && bytes.len() - quote < LONGEST => return None,
                _ => return Some(end),
            }
        }
    }

    /// From the quote on that begins it.
    fn cell(&mut self, bytes: &[u8], ended: bool) -> Option<usize> {
        match cells::end(&bytes[1..]).map(|end| end + 1) {
            Some(close) if close + 1 == bytes.len() && !ended => None,
            Some(close) if cells::is_end(bytes.get(close + 1)) => Some(close + 1),
            None if !ended => {
                self.at = bytes.len();
                None
            }
            _ => {
                // It is none: what begins so is text.
                (self.kind, self.at) = (Kind::Text, 0);
                self.text(bytes, ended)
            }
        }
    }

    fn json(&mut self, bytes: &[u8], ended: bool) -> Option<usize> {
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
                    if self.depth == 0 {
                        return match bytes.get(self.at + 1) {
                            None if !ended => None,
                            Some(b'"') if !bytes[..self.at].contains(&b'\\') => self.as_cell(bytes, ended),
                            _ => Some(self.at + 1),
                        };
                    }
                    self.in_string = false;
                }
                // No string goes on in the next line: the item is broken.
                (true, b'\n') => {
                    return match cells::goes_on(&bytes[self.at..]).filter(|_| self.depth == 0) {
                        Some(true) => self.as_cell(bytes, ended),
                        None if self.depth == 0 && !ended => None,
                        _ => Some(self.at),
                    };
                }
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

    fn as_cell(&mut self, bytes: &[u8], ended: bool) -> Option<usize> {
        self.kind = Kind::Cell;
        self.cell(bytes, ended)
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
        let mut items = Items::new(0, text.as_bytes());
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
    fn a_frame_takes_no_line_of_ours_behind_a_newline() {
        let ours = "{\"fields\":{},\"kind\":\"event\"}";
        for count in 30..=ours.len() * 2 {
            let text = format!("{ours}\n{count} <13>x\n{ours}\n{ours}\n77777777777\n");
            let all = items(&text);
            assert_eq!(all.iter().filter(|(_, item)| item == ours).count(), 3, "{count}: {all:?}");
        }
        // A frame of one message is one, its line feeds apart.
        let message = format!("<13>host app: {ours}\n");
        let framed = format!("{} {message}", message.len()).repeat(2);
        assert_eq!(items(&framed).len(), 2);
    }

    #[test]
    fn fields_of_the_journal_are_taken_by_their_length() {
        for length in [0x22, 0x7b, 0x5b, 0x0a, 0x31, 0x5c, 0x2222, 0x7b22] {
            let mut field = format!("{{ \"a\": \"{}\" }}", "x".repeat(length));
            field.truncate(length - 1);
            field.push('}');
            let mut stream = b"__CURSOR=s\nMESSAGE\n".to_vec();
            stream.extend_from_slice(&(length as u64).to_le_bytes());
            stream.extend_from_slice(format!("{field}\n_PID=1\n\n{{}}\n").as_bytes());
            let mut items = Items::new(0, Drip(&stream, 7));
            let mut all = Vec::new();
            while let Some((_, item)) = items.next().unwrap() {
                all.push(String::from_utf8_lossy(item).into_owned());
            }
            assert_eq!(all, ["__CURSOR=s", "MESSAGE", &field, "_PID=1", "{}"], "{length}");
        }
        // A length that is none, or takes more than its field, is text.
        let ours = "{\"fields\":{},\"kind\":\"event\"}";
        let mut stream = b"MESSAGE\n".to_vec();
        stream.extend_from_slice(&100_u64.to_le_bytes());
        stream.extend_from_slice(format!("x\n{ours}\n{ours}\n{ours}\n{ours}\n").as_bytes());
        let mut items = Items::new(0, stream.as_slice());
        let mut found = 0;
        while let Some((_, item)) = items.next().unwrap() {
            found += usize::from(item == ours.as_bytes());
        }
        assert_eq!(found, 4);
    }

    #[test]
    fn a_value_that_does_not_end_takes_no_line_with_it() {
        let ours = "{\"fields\":{},\"kind\":\"event\"}";
        let string = serde_json::to_string(ours).unwrap();
        for open in ["{\"a\":[", "{", "{\"a\":{\"b\":[[", "\"open", "7,\"{", "\"{", "x,\"{\"\"a"] {
            for between in ["\n", "\n<13> host: ", "", " ", "\n{\"message\":", "\n  ", "]]\n"] {
                let line = if between.ends_with(':') && between.starts_with("\n{") {
                    format!("{string}}}")
                } else {
                    ours.to_owned()
                };
                let all = items(&format!("{open}{between}{line}\nplain\n{ours}\n"));
                let found = all.iter().filter(|(_, item)| item.contains("fields")).count();
                assert!(found >= 2, "{open}{between}: {all:?}");
                assert!(all.iter().any(|(_, item)| item == ours), "{open}{between}: {all:?}");
            }
        }
    }

    #[test]
    fn a_value_that_is_too_long_is_taken_apart() {
        let document = format!("{{\"_source\":{{\"a\":\"{}\"}}}}", "x".repeat(1_000));
        let count = 5 * LONGEST / document.len();
        for comma in [",", ",\n"] {
            let documents = vec![document.as_str(); count].join(comma);
            let answer = format!("{{\"took\":3,\"hits\":{{\"total\":1,\"hits\":[{documents}]}}}}\n{{}}\n");
            let mut items = Items::new(0, answer.as_bytes());
            let (mut found, mut last) = (0, Vec::new());
            while let Some((_, item)) = items.next().unwrap() {
                found += memchr::memmem::find_iter(item, document.as_bytes()).count();
                last = item.to_vec();
                assert!(items.buffer.capacity() < 4 * LONGEST);
            }
            assert_eq!((found, last.as_slice()), (count, b"{}".as_slice()));
        }
    }

    #[test]
    fn cells_are_taken_whole() {
        let cell = "\"{\"\"fields\"\":{},\"\"b\"\":\"\"x\\\"\"y\"\"}\"";
        for (before, after) in [("", ",7"), ("\"h\",", ""), ("", "")] {
            let all = items(&format!("a,b\n{before}{cell}{after}\n{{\"b\":1}}\n"));
            assert!(all.iter().any(|(line, item)| *line == 2 && item == cell), "{before}: {all:?}");
            assert_eq!(all.last().unwrap(), &(3, "{\"b\":1}".to_owned()));
        }
        let pretty = "\"{\n  \"\"fields\"\": {}\n}\"";
        for before in ["", "7,", "\"h\","] {
            let all = items(&format!("{before}{pretty},9\n{{}}\n"));
            assert!(all.iter().any(|(_, item)| item.contains(pretty)), "{before}: {all:?}");
            assert_eq!(all.last().unwrap(), &(4, "{}".to_owned()));
        }
    }

    #[test]
    fn brackets_without_an_end_are_looked_at_in_proportion() {
        for text in ["{\"a\":", "{[", " {[\n", "\"{\n\"\"", "x,\"{\n \"\""] {
            let all = text.repeat((4 << 20) / text.len());
            let begun = std::time::Instant::now();
            let mut items = Items::new(0, all.as_bytes());
            while items.next().unwrap().is_some() {}
            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{text}: {:?}", begun.elapsed());
        }
    }

    proptest! {
        #[test]
        fn items_are_the_same_however_they_are_read(text in "[{}\\[\\]\"\\\\a,\n 1<>]{0,60}", drip in 1..9usize) {
            let mut whole = Items::new(0, text.as_bytes());
            let mut parts = Items::new(0, Drip(text.as_bytes(), drip));
            loop {
                let (a, b) = (whole.next().unwrap(), parts.next().unwrap());
                prop_assert_eq!(a, b);
                if a.is_none() { break }
            }
        }
    }
}
