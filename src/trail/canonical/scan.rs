//! Reading canonical JSON, and refusing every spelling but the canonical one.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::member_order;
use super::plain::plain_run;
use super::write::SHORT_ESCAPES;

/// Containers within containers that a line may have; the writer stays well below.
const MAX_DEPTH: usize = 128;

/// Where and why bytes are not canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotCanonical {
    /// Offset of the first byte that is wrong.
    pub(crate) at: usize,
    /// What is wrong with it.
    pub(crate) why: &'static str,
}

impl fmt::Display for NotCanonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.why, self.at)
    }
}

type Result<T> = std::result::Result<T, NotCanonical>;

/// A cursor over text that must be canonical. Each method moves behind what it read.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0, depth: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The text from `start` to here.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    pub(crate) fn error<T>(&self, why: &'static str) -> Result<T> {
        Err(NotCanonical { at: self.at, why })
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<()> {
        if self.at == self.text.len() { Ok(()) } else { self.error("bytes behind the end of the object") }
    }

    /// Any value; the slice is its text.
    pub(crate) fn value(&mut self) -> Result<&'a str> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => drop(self.string()?),
            Some(b'{') => self.object(|scanner, _| scanner.value().map(drop))?,
            Some(b'[') => self.array(|scanner| scanner.value().map(drop))?,
            Some(b'-' | b'0'..=b'9') => drop(self.number()?),
            Some(b't') => self.literal("true")?,
            Some(b'f') => self.literal("false")?,
            Some(b'n') => self.literal("null")?,
            Some(_) => return self.error("no value begins like this"),
            None => return self.error("cut off where a value should be"),
        }
        Ok(self.since(start))
    }

    /// An object; `member` is called behind each name and its colon, and must read the value.
    /// Names must be in canonical order, each once.
    pub(crate) fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<()> {
        let mut before: Option<Cow<'a, str>> = None;
        self.container(b'{', b'}', |scanner| {
            let start = scanner.at;
            let name = scanner.string()?;
            if let Some(before) = &before {
                match member_order(before, &name) {
                    Ordering::Less => {}
                    Ordering::Equal => return Err(NotCanonical { at: start, why: "a member's second time" }),
                    Ordering::Greater => {
                        return Err(NotCanonical { at: start, why: "a member out of order" });
                    }
                }
            }
            scanner.byte(b':', "no colon behind a member's name")?;
            member(scanner, &name)?;
            before = Some(name);
            Ok(())
        })
    }

    /// An array; `element` must read one.
    pub(crate) fn array(&mut self, element: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.container(b'[', b']', element)
    }

    /// A string; what it says, unescaped.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>> {
        self.byte(b'"', "no string begins here")?;
        let start = self.at;
        let mut unescaped: Option<String> = None;
        let mut plain = start;
        loop {
            self.at += plain_run(&self.text.as_bytes()[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let text = unescaped.get_or_insert_default();
                    text.push_str(&self.text[plain..self.at]);
                    text.push(self.escape()?);
                    plain = self.at;
                }
                Some(_) => return self.error("a raw control character in a string"),
                None => return self.error("cut off within a string"),
            }
        }
        let rest = &self.text[plain..self.at];
        self.at += 1;
        Ok(match unescaped {
            None => Cow::Borrowed(rest),
            Some(text) => Cow::Owned(text + rest),
        })
    }

    /// An integer from 0 to 2^53 − 1.
    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        let start = self.at;
        let text = self.number()?;
        match text.parse() {
            Ok(value) if value <= super::MAX_SAFE_INTEGER => Ok(value),
            _ => Err(NotCanonical { at: start, why: "not an integer from 0 to 2^53-1" }),
        }
    }

    /// Exactly this byte.
    pub(crate) fn byte(&mut self, byte: u8, why: &'static str) -> Result<()> {
        if self.peek() != Some(byte) {
            return self.error(why);
        }
        self.at += 1;
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn literal(&mut self, literal: &str) -> Result<()> {
        if !self.text.as_bytes()[self.at..].starts_with(literal.as_bytes()) {
            return self.error("no value begins like this");
        }
        self.at += literal.len();
        Ok(())
    }

    fn container(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.byte(open, if open == b'{' { "no object begins here" } else { "no array begins here" })?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.error("nested deeper than 128");
        }
        if self.peek() != Some(close) {
            item(self)?;
            while self.peek() == Some(b',') {
                self.at += 1;
                item(self)?;
            }
        }
        self.depth -= 1;
        self.byte(close, "neither a comma nor the end of its container")
    }

    fn escape(&mut self) -> Result<char> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let Some(&letter) = rest.first() else { return self.error("cut off within a string") };
        if let Some(&(plain, _)) = SHORT_ESCAPES.iter().find(|(_, short)| *short == letter) {
            self.at += 2;
            return Ok(char::from(plain));
        }
        // Only control characters that have no short escape are written in hex, in lower case.
        let digits = rest.get(..5).and_then(|rest| rest.strip_prefix(b"u00"));
        let value = digits
            .filter(|digits| !digits.iter().any(u8::is_ascii_uppercase))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match value {
            Some(value @ 0..0x20) if !SHORT_ESCAPES.iter().any(|(plain, _)| *plain == value) => {
                self.at += 6;
                Ok(char::from(value))
            }
            _ => self.error("an escape that canonical JSON does not use"),
        }
    }

    fn number(&mut self) -> Result<&'a str> {
        let start = self.at;
        let length = number_run(&self.text.as_bytes()[start..]);
        let text = &self.text[start..start + length];
        if !is_canonical_number(text.as_bytes()) {
            return self.error("a number that canonical JSON writes otherwise");
        }
        self.at += length;
        Ok(text)
    }
}

/// How many bytes from the start on a number may be made of.
pub(crate) fn number_run(bytes: &[u8]) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    bytes.iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len())
}

pub(crate) fn is_canonical_number(text: &[u8]) -> bool {
    // Every integer of up to 15 digits is exact in a double, and its digits are its spelling.
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.len() <= 15 && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        return digits[0] != b'0' || text == b"0";
    }
    let text = std::str::from_utf8(text).unwrap_or_default();
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => ryu_js::Buffer::new().format_finite(value) == text,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(text: &str) -> Result<()> {
        let mut scanner = Scanner::new(text);
        scanner.value()?;
        scanner.end()
    }

    #[test]
    fn each_other_spelling_is_refused_where_it_stands() {
        for (text, at) in [
            ("", 0),
            (" 1", 0),
            ("1 ", 1),
            ("01", 0),
            ("-0", 0),
            ("1.0", 0),
            ("1e3", 0),
            ("1E+30", 0),
            ("+1", 0),
            (".5", 0),
            ("1e+999", 0),
            ("9007199254740993", 0),
            ("tru", 0),
            ("NaN", 0),
            ("\"\\/\"", 1),
            ("\"\\u0041\"", 1),
            ("\"\\u001F\"", 1),
            ("\"\\u0009\"", 1),
            ("\"\\u+01f\"", 1),
            ("\"\\u00é\"", 1),
            ("\"\t\"", 1),
            ("\"open", 5),
            ("\"\\", 1),
            ("{\"b\":1,\"a\":1}", 7),
            ("{\"a\":1,\"a\":1}", 7),
            ("{\"a\":1,}", 7),
            ("{\"a\" :1}", 4),
            ("{\"a\":1", 6),
            ("[1,]", 3),
            ("[1 ,2]", 2),
            ("[", 1),
        ] {
            assert_eq!(scan(text).map_err(|error| error.at), Err(at), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let object = Scanner::new("[]").object(|_, _| Ok(())).unwrap_err();
        assert_eq!(object.to_string(), "no object begins here at byte 0");
        let array = Scanner::new("{}").array(|_| Ok(())).unwrap_err();
        assert_eq!(array.to_string(), "no array begins here at byte 0");
    }

    #[test]
    fn depth_is_what_is_open_at_once() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(scan(&nested(MAX_DEPTH)), Ok(()));
        let deeper = scan(&nested(MAX_DEPTH + 1)).unwrap_err();
        assert_eq!(deeper.why, "nested deeper than 128");
        assert_eq!(scan(&"[".repeat(1_000_000)), Err(deeper));
        let beside = vec![nested(MAX_DEPTH - 1); 300].join(",");
        assert_eq!(scan(&format!("[{beside}]")), Ok(()));
    }

    #[test]
    fn a_number_is_one_of_this_world() {
        for number in ["0", "-1", "123456789012345", "1e+21", "1.7976931348623157e+308"] {
            assert!(is_canonical_number(number.as_bytes()), "{number}");
        }
        for number in ["1e+309", "-1e+999", "", "-", "-0", "00", "1.0", "1E+21", "inf", "NaN"] {
            assert!(!is_canonical_number(number.as_bytes()), "{number}");
        }
    }

    #[test]
    fn what_is_canonical_passes() {
        for text in [
            "{}",
            "[]",
            "null",
            "-1",
            "0",
            "1e+21",
            "100000000000000000000",
            "0.000001",
            "{\"\":[true,false,{\"a\":\"\\u001f\\\"\\\\\\b\\f\\n\\r\\t\u{7f}é\"}],\"\u{1f600}\":1,\"\u{fb33}\":2}",
        ] {
            assert_eq!(scan(text), Ok(()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_string_says_what_was_written(chars in prop::collection::vec(prop_oneof![any::<char>(), (0..0x80_u8).prop_map(char::from)], 0..40)) {
            let text = chars.into_iter().collect::<String>();
            let mut out = Vec::new();
            super::super::write::string(&text, &mut out);
            let out = String::from_utf8(out).unwrap();
            prop_assert_eq!(Scanner::new(&out).string(), Ok(Cow::from(text)));
        }

        #[test]
        fn text_is_canonical_exactly_if_another_implementation_writes_it_so(text in "[\\[\\]{}\",:0-9eE+.\\-tfn \\\\ua]{1,8}|-?[0-9]{1,17}(\\.[0-9]{1,4})?(e[+-][0-9]{1,2})?") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).ok().map(|value| serde_json_canonicalizer::to_string(&value).unwrap());
            prop_assert_eq!(scan(&text).is_ok(), theirs.as_deref() == Some(text.as_str()), "{:?}", theirs);
        }
    }
}
