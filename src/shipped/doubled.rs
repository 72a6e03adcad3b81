//! Text whose backslashes or quotes somebody escaped again: the text format of `COPY`, and tables whose quotes
//! have a backslash before them.

/// As `COPY` wrote it: up to a tab or a newline, with each escape as what it stands for. `None` where nothing is escaped.
pub(super) fn copied(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let end = memchr::memchr2(b'\t', b'\n', bytes).unwrap_or(bytes.len());
    let column = &bytes[..end];
    memchr::memmem::find(column, b"\\\\")?;
    let mut out = Vec::with_capacity(end);
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &column[at..]).map(|found| at + found) {
        out.extend_from_slice(&column[at..found]);
        let escaped = column.get(found + 1)?;
        out.push(match escaped {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            other => *other,
        });
        at = found + 2;
    }
    out.extend_from_slice(&column[at..]);
    Some((out, end))
}

/// Each pair of backslashes as one; `None` where they are not all in pairs.
pub(super) fn halved(text: &str) -> Option<String> {
    text.contains('\\').then(|| {
        let halved = text.replace("\\\\", "\u{0}");
        (!halved.contains('\\')).then(|| halved.replace('\u{0}', "\\"))
    })?
}

/// As a table wrote it: up to the quote that has no backslash before it, with each `\"` as a quote, and all other backslashes as they are.
pub(super) fn quoted(bytes: &[u8]) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\n', &bytes[at..]).map(|found| at + found) {
        let Some(before) =
            found.checked_sub(1).filter(|before| bytes[found] == b'"' && bytes[*before] == b'\\')
        else {
            out.extend_from_slice(&bytes[at..found]);
            return (out, found);
        };
        out.extend_from_slice(&bytes[at..before]);
        out.push(b'"');
        at = found + 1;
    }
    out.extend_from_slice(&bytes[at..]);
    (out, bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_escaped_again_comes_back() {
        let text = r#"{"a":"x\"y\\z\n"}"#;
        let copy = text.replace('\\', "\\\\");
        assert_eq!(copied(format!("{copy}\t7").as_bytes()), Some((text.into(), copy.len())));
        assert_eq!(copied(text.replace(r"\\", "/").as_bytes()), None);
        let table = text.replace('"', "\\\"");
        assert_eq!(quoted(format!("{table}\",7").as_bytes()), (text.into(), table.len()));
        assert_eq!(halved(r#"{"a":"\\n\\\\"}"#).as_deref(), Some(r#"{"a":"\n\\"}"#));
        assert_eq!((halved("{}"), halved(r#"{"a":"\n\\"}"#)), (None, None));
    }
}
