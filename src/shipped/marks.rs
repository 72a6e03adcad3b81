//! What a line of a log looks like from afar: where one may begin, however often it was put into a string.

use memchr::memmem;

/// Quotes and backslashes around a name, as JSON in JSON in CSV has them.
const QUOTES: usize = 64;

/// Where in `bytes` something begins like a line: `{"fields":{` or `{"duration_ns":`, its quotes escaped or doubled too.
pub(super) fn start(bytes: &[u8]) -> Option<usize> {
    starts(bytes).next()
}

/// Each such place.
pub(super) fn starts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let fields = memmem::find_iter(bytes, b"fields").map(|at| (at, 6, true));
    let durations = memmem::find_iter(bytes, b"duration_ns").map(|at| (at, 11, false));
    let mut fields = fields.filter_map(|found| begin(bytes, found)).peekable();
    let mut durations = durations.filter_map(|found| begin(bytes, found)).peekable();
    std::iter::from_fn(move || match (fields.peek(), durations.peek()) {
        (Some(a), Some(b)) if b < a => durations.next(),
        (None, Some(_)) => durations.next(),
        _ => fields.next(),
    })
}

fn begin(bytes: &[u8], (at, length, braces): (usize, usize, bool)) -> Option<usize> {
    let before = bytes[..at].iter().rev().take(QUOTES).take_while(|byte| is_quote(**byte)).count();
    let brace = at.checked_sub(before + 1).filter(|brace| before > 0 && bytes[*brace] == b'{')?;
    let behind = &bytes[at + length..];
    let quotes = behind.iter().take(QUOTES).take_while(|byte| is_quote(**byte)).count();
    let value = behind[quotes..].strip_prefix(b":")?;
    (quotes > 0 && (!braces || value.first() == Some(&b'{'))).then_some(brace)
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\')
}

/// Whether somewhere stands what a line ends with, its members in any order: a `prev` of 64 hex digits.
pub(super) fn names_a_line(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b"prev").any(|at| {
        let behind = &bytes[at + 4..];
        let between = |byte: &&u8| is_quote(**byte) || matches!(**byte, b':' | b' ');
        let hash = behind.iter().take(2 * QUOTES).take_while(between).count();
        let hex = behind[hash..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        hash > 0 && hex == 64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_so_however_often_it_was_put_into_a_string() {
        for begins in [
            "{\"fields\":{",
            "{\"duration_ns\":7",
            "{\\\"fields\\\":{",
            "{\\\\\\\"fields\\\\\\\":{",
            "{\"\"fields\"\":{",
            "{\\\"\"duration_ns\\\"\":",
        ] {
            assert_eq!(start(format!("<1> {{}} {begins}").as_bytes()), Some(7), "{begins}");
            let both: Vec<_> = starts(format!("{begins}{begins}").as_bytes()).collect();
            assert_eq!(both, [0, begins.len()]);
        }
        for other in ["{fields:{", "\"fields\":{", "{\"fields\":[", "{\"fields\" {", "{\"duration_ns\"", ""] {
            assert_eq!(start(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_line_is_known_by_its_prev_too() {
        let hash = "0".repeat(64);
        for text in [format!("\"prev\": \"{hash}\""), format!("\\\"prev\\\":\\\"{hash}\\\"")] {
            assert!(names_a_line(text.as_bytes()), "{text}");
        }
        for text in [format!("prev{hash}"), format!("\"prev\":\"{hash}0\""), "\"prev\":\"0\"".to_owned()] {
            assert!(!names_a_line(text.as_bytes()), "{text}");
        }
    }
}
