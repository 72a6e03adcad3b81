//! Strings of a line, as they are spelled there, and as they are shown.

use std::borrow::Cow;

use crate::terminal::write_harmless;

/// A string as a line spells it, without its quotes, and what its bytes have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) raw: &'a str,
    common: u8,
}

/// Goes on within a string: no quote, no backslash, no control character.
const WITHIN: u8 = 1;
/// Printable ASCII, which is harmless.
const PRINTABLE: u8 = 2;
/// ASCII that can stand in a word.
const IN_WORD: u8 = 4;

const CLASSES: [u8; 256] = {
    let mut classes = [WITHIN; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        classes[byte as usize] = match byte {
            b'"' | b'\\' => PRINTABLE,
            b'0'..=b'9'
            | b'A'..=b'Z'
            | b'a'..=b'z'
            | b'-'
            | b'_'
            | b'.'
            | b':'
            | b'/'
            | b'@'
            | b'#'
            | b'+'
            | b'*'
            | b'%'
            | b'&'
            | b';'
            | b'~' => WITHIN | PRINTABLE | IN_WORD,
            b' '..=b'~' => WITHIN | PRINTABLE,
            0..0x20 => 0,
            0x7F.. => WITHIN,
        };
        byte += 1;
    }
    classes
};

impl<'a> Text<'a> {
    /// The string whose opening quote stands right before `start`. None where none ends after it.
    pub(super) fn read(line: &'a str, start: usize) -> Option<Text<'a>> {
        let bytes = line.as_bytes();
        let (mut at, mut common) = (start, !0);
        loop {
            let class = CLASSES[usize::from(*bytes.get(at)?)];
            if class & WITHIN == 0 {
                match bytes[at] {
                    b'"' => return Some(Text { raw: &line[start..at], common }),
                    b'\\' => at += 1,
                    _ => return None,
                }
                common &= !(WITHIN | IN_WORD);
            } else {
                common &= class;
            }
            at += 1;
        }
    }

    /// Whether it is spelled without an escape.
    pub(super) fn is_unescaped(&self) -> bool {
        self.common & WITHIN != 0
    }

    /// Whether all of it is printable ASCII, or an escape.
    pub(super) fn is_printable(&self) -> bool {
        self.common & PRINTABLE != 0
    }

    /// What it means.
    pub(super) fn decoded(&self) -> Cow<'a, str> {
        if self.is_unescaped() {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(serde_json::from_str(&format!("\"{}\"", self.raw)).unwrap_or_default())
    }

    /// Writes it so that it can't be taken for more than one word, nor for what is no string: as it is, or in quotes
    /// as JSON has it. A value must not pass for its neighbours.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let quote: &[u8] = if self.is_one_word() { b"" } else { b"\"" };
        out.extend_from_slice(quote);
        if self.is_printable() {
            out.extend_from_slice(self.raw.as_bytes());
        } else {
            write_harmless(self.raw, out);
        }
        out.extend_from_slice(quote);
    }

    /// How many characters [`Text::write`] writes, each as one where it is written as an escape.
    pub(super) fn width(&self) -> usize {
        let quotes = if self.is_one_word() { 0 } else { 2 };
        quotes + if self.is_printable() { self.raw.len() } else { self.raw.chars().count() }
    }

    fn is_one_word(&self) -> bool {
        if self.common & IN_WORD != 0 {
            !self.raw.is_empty() && !looks_typed(self.raw)
        } else {
            !self.is_printable() && is_one_word(self.raw)
        }
    }
}

/// Writes what was decoded as [`Text::write`] writes its spelling.
pub(super) fn write(decoded: &str, out: &mut Vec<u8>) {
    let common = decoded.bytes().fold(!0, |common, byte| common & CLASSES[usize::from(byte)]);
    if common & WITHIN != 0 {
        Text { raw: decoded, common }.write(out);
    } else {
        write_harmless(&serde_json::Value::from(decoded).to_string(), out);
    }
}

/// Whether text can't be taken for more than one word, nor for what is no string.
pub(super) fn is_one_word(text: &str) -> bool {
    let is_part = |char: char| match u8::try_from(char) {
        Ok(byte) if byte.is_ascii() => CLASSES[usize::from(byte)] & IN_WORD != 0,
        _ => char.is_alphanumeric(),
    };
    !text.is_empty() && text.chars().all(is_part) && !looks_typed(text)
}

/// Whether a word could be a number, or another value that is no string.
fn looks_typed(word: &str) -> bool {
    match word.as_bytes()[0] {
        b'0'..=b'9' | b'+' | b'-' | b'.' | b'i' | b'I' | b'N' => word == "-" || word.parse::<f64>().is_ok(),
        b'n' => word == "null" || word.parse::<f64>().is_ok(),
        b't' => word == "true",
        b'f' => word == "false",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_letters_digits_and_a_few_marks() {
        for char in (0..0x3000).filter_map(char::from_u32) {
            let expected = char.is_alphabetic() || "_.:/@#+*%&;~-".contains(char) || char.is_numeric();
            let word = format!("x{char}");
            assert_eq!(is_one_word(&word), expected, "{word:?}");
            let json = serde_json::to_string(&word).unwrap();
            let text = Text::read(&json, 1).unwrap();
            assert_eq!((text.is_one_word(), text.decoded()), (expected, word.into()));
        }
    }

    #[test]
    fn what_could_be_no_string_is_no_word() {
        for typed in [
            "", "-", "true", "false", "null", "0", "-1", "+1", ".5", "5.", "1e5", "inf", "+inf", "Infinity",
            "NaN", "nan",
        ] {
            assert!(!is_one_word(typed), "{typed}");
            let mut out = Vec::new();
            write(typed, &mut out);
            assert_eq!(out, format!("\"{typed}\"").as_bytes());
        }
        for word in ["--", "True", "nul", "0x1", "1e", "203.0.113.7", "i", "in", "nano", "N", "+", "t", "f"] {
            assert!(is_one_word(word), "{word}");
        }
    }

    #[test]
    fn a_string_ends_at_its_quote_and_nowhere_else() {
        let read = |line: &'static str| Text::read(line, 1).map(|text| text.raw);
        assert_eq!(read(r#""a","b""#), Some("a"));
        assert_eq!(read(r#""a\\","b""#), Some(r"a\\"));
        assert_eq!(read(r#""a\"b""#), Some(r#"a\"b"#));
        assert_eq!(read("\"é\u{7f}\""), Some("é\u{7f}"));
        for broken in ["\"", "\"a", "\"a\\\"", "\"a\\", "\"a\nb\"", "\"\u{1f}\""] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }
}
