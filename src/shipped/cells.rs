//! Cells of a table, as CSV has them: between quotes, each quote within doubled.
//!
//! A stream is no table because its first line looks like a header, which anybody can write: a cell is taken for one where
//! a line of ours stands in it.

/// The cell that `bytes` begin with, and how long it is, both quotes counted.
pub(super) fn cell(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let within = bytes.strip_prefix(b"\"")?;
    let end = end(within)?;
    Some((single(&within[..end]), end + 2))
}

/// Up to the first quote that is not doubled.
pub(super) fn end(within: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr(b'"', &within[at..])?;
        if within.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// With each pair of quotes as one.
pub(super) fn single(within: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(within.len());
    let mut rest = within;
    while let Some(quote) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=quote]);
        let pair = rest.get(quote + 1) == Some(&b'"');
        rest = &rest[quote + 1 + usize::from(pair)..];
    }
    out.extend_from_slice(rest);
    out
}

/// Whether a cell ends here: another follows, or another record, or nothing.
pub(super) fn is_end(after: Option<&u8>) -> bool {
    matches!(after, None | Some(b',' | b';' | b'\t' | b'|' | b'\r' | b'\n'))
}

/// Whether a cell with JSON spread over lines begins at the end of this line.
pub(super) fn opens(line: &[u8]) -> Option<usize> {
    let line = line.trim_ascii_end();
    let quote = line.strip_suffix(b"{").or_else(|| line.strip_suffix(b"["))?.strip_suffix(b"\"")?.len();
    let before = quote.checked_sub(1).map(|at| &line[at]);
    is_end(before).then_some(quote)
}

/// Whether the next line of such a cell follows a newline: a name between doubled quotes, behind spaces. `None` where more
/// has to be read to tell.
pub(super) fn goes_on(behind: &[u8]) -> Option<bool> {
    let spaces = behind.iter().take(256).take_while(|byte| byte.is_ascii_whitespace()).count();
    let rest = &behind[spaces..];
    match rest {
        [b'"', b'"', ..] => Some(true),
        [] | [b'"'] if spaces < 256 => None,
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_ends_at_the_first_quote_that_is_not_doubled() {
        for (text, content, length) in [
            ("\"\"", "", 2),
            ("\"a\",\"b\"", "a", 3),
            ("\"{\"\"a\"\":1}\"\n", "{\"a\":1}", 11),
            ("\"\"\"\"", "\"", 4),
        ] {
            let (found, long) = cell(text.as_bytes()).unwrap();
            assert_eq!((String::from_utf8(found).unwrap().as_str(), long), (content, length), "{text}");
        }
        assert_eq!((cell(b"\"a\"\""), cell(b"a"), cell(b"\"")), (None, None, None));
    }

    #[test]
    fn json_over_lines_in_a_cell_is_known_by_its_doubled_names() {
        assert_eq!(
            (opens(b"7,\"{\r"), opens(b"\"{"), opens(b"7,{"), opens(b"x\"{")),
            (Some(2), Some(0), None, None)
        );
        let asked = [b"\n  \"\"a".as_slice(), b"\n  \"a", b"\n {", b"\n ", b"\n \""].map(goes_on);
        assert_eq!(asked, [Some(true), Some(false), Some(false), None, None]);
    }
}
