//! A line as it stands in a file, before it is known to be one.

use serde::de::IgnoredAny;

use crate::trail::{Line, MAX_LINE, MalformedLine, Timestamp};

/// A line, or a part of an overlong one, as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether a line begins with it.
    pub(super) begins: bool,
    pub(super) end: PieceEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceEnd {
    Newline,
    /// The file ends without a newline.
    File,
    /// The line is too long to be one, and goes on.
    TooLong,
}

impl<'a> Piece<'a> {
    /// The line that it is.
    pub(super) fn parse(self) -> Result<Line<'a>, MalformedLine> {
        if self.end == PieceEnd::TooLong {
            return Err(MalformedLine { at: MAX_LINE, why: "longer than 65535 bytes" });
        }
        let line = Line::parse(self.bytes)?;
        match Timestamp::parse(line.timestamp) {
            Some(_) => Ok(line),
            None => Err(MalformedLine { at: 0, why: "a timestamp of a day or time that there is not" }),
        }
    }
}

/// Whether bytes begin as every line does, but for a byte or two.
pub(super) fn begins_like_a_line(bytes: &[u8]) -> bool {
    [b"{\"fields\":", b"{\"duration"].iter().any(|start| {
        bytes.len() >= start.len()
            && bytes.iter().zip(*start).filter(|(byte, start)| byte == start).count() >= 8
    })
}

/// Whether bytes are a line as far as they go: so a write leaves them that was cut short.
pub(super) fn is_start_of_a_line(bytes: &[u8]) -> bool {
    let begins = |start: &[u8]| bytes.iter().zip(start).all(|(byte, start)| byte == start);
    let ends = |bytes: &[u8]| serde_json::from_slice::<IgnoredAny>(bytes).is_err_and(|error| error.is_eof());
    // Its last quote may have been altered.
    let is_to_the_end = bytes.ends_with(b"}}") && memchr::memmem::find(bytes, b",\"trail\":{\"").is_some();
    (begins(b"{\"fields\":{") || begins(b"{\"duration_ns\":"))
        && !is_to_the_end
        // A number may lack its first digit, and those of its fraction.
        && (ends(bytes) || ends(&[bytes, b"0"].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_of_a_line_is_one_and_nothing_else_is() {
        let (before, behind) = (
            r#"{"fields":{"a":-1.5e+21,"b":"\u0007\\é😀","c":[true,null],"d":{"e":{}}},"#,
            r#""kind":"event","trail":{"seq":7,"sig":"AA=="}}"#,
        );
        for line in [format!("{before}{behind}"), format!("{{\"duration_ns\":12,{}{behind}", &before[1..])] {
            for end in 0..line.len() {
                let start = &line.as_bytes()[..end];
                assert!(is_start_of_a_line(start), "{}", String::from_utf8_lossy(start));
                // What was altered does not go on as a line does.
                for byte in [b'\r', b'}', b' '].into_iter().filter(|_| end > 0 && end < 11) {
                    assert!(!is_start_of_a_line(&[&start[..end - 1], &[byte], b"\""].concat()), "{end}");
                }
            }
            assert!(!is_start_of_a_line(line.as_bytes()));
            assert!(!is_start_of_a_line(&[line.as_bytes(), b"\r"].concat()));
            assert!(!is_start_of_a_line(line.replace("==\"", "==#").as_bytes()));
        }
    }

    #[test]
    fn a_line_is_known_by_its_start_though_two_bytes_of_it_are_damaged() {
        for start in ["{\"fields\":", "{\"duration"] {
            assert!(begins_like_a_line(start.as_bytes()));
            for (damaged, begins) in [(1, true), (2, true), (3, false), (9, false)] {
                let bytes: Vec<_> =
                    start.bytes().enumerate().map(|(at, byte)| byte ^ u8::from(at < damaged)).collect();
                for behind in [&b""[..], b"{}}"] {
                    assert_eq!(begins_like_a_line(&[&bytes[..], behind].concat()), begins, "{damaged}");
                }
            }
            assert!(!begins_like_a_line(&start.as_bytes()[..9]), "too short to say");
        }
        assert!(!begins_like_a_line(b""));
    }
}
