//! A value that comes as text, from its `Debug` or `Display`: escaped as it comes, and only counted beyond its limit.

use std::fmt;

use crate::json::{self, Form};
use crate::trail::canonical::write;

/// Bytes that the reason beside a value takes at most.
const REASON_LIMIT: usize = 200;

const QUOTES: usize = 2;

/// Writes a value at the end of `out`.
pub(super) struct Text<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    limit: usize,
    state: State,
    /// Encoded bytes of all that was written, those that were not kept too.
    whole: usize,
    error: Option<String>,
}

#[derive(PartialEq, Eq)]
enum State {
    Empty,
    /// One whole JSON value was written, and nothing else so far.
    Nested,
    Text,
    /// Text of which the end was not kept.
    Cut,
}

/// What is to stand beside a value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Remarks {
    /// Bytes of the whole encoded value, where it was cut.
    pub(super) cut: Option<usize>,
    pub(super) error: Option<String>,
}

impl<'a> Text<'a> {
    /// `limit`: bytes that the encoded value takes at most, its quotes included.
    pub(super) fn new(out: &'a mut Vec<u8>, limit: usize) -> Text<'a> {
        let start = out.len();
        Text { out, start, limit, state: State::Empty, whole: 0, error: None }
    }

    pub(super) fn push(&mut self, text: &str) {
        match self.state {
            State::Nested => self.nested_was_text(),
            State::Empty => {
                self.out.push(b'"');
                self.state = State::Text;
            }
            State::Text | State::Cut => {}
        }
        if self.state == State::Cut {
            self.whole += write::escaped_length(text);
            return;
        }
        let room = self.limit.saturating_sub(QUOTES + self.whole);
        let before = self.out.len();
        let fits = write::longest_string(text) <= room || write::escaped_length(text) <= room;
        if fits {
            write::escaped(text, self.out);
            self.whole += self.out.len() - before;
        } else {
            write::escaped(write::fitting(text, room), self.out);
            self.whole += write::escaped_length(text);
            self.state = State::Cut;
        }
    }

    /// The reason for which the value is not all that it should be.
    pub(super) fn failed(&mut self, error: &dyn fmt::Display) {
        let reason = error.to_string();
        self.error.get_or_insert_with(|| write::fitting(&reason, REASON_LIMIT).to_owned());
    }

    pub(super) fn finish(mut self) -> Remarks {
        if self.state == State::Nested && self.out.len() - self.start > self.limit {
            let whole = self.out.len() - self.start;
            self.nested_was_text();
            self.out.push(b'"');
            return Remarks { cut: Some(whole), error: self.error };
        }
        match self.state {
            State::Nested => {}
            State::Empty => self.out.extend_from_slice(b"\"\""),
            State::Text | State::Cut => self.out.push(b'"'),
        }
        let cut = (self.state == State::Cut).then_some(self.whole + QUOTES);
        Remarks { cut, error: self.error }
    }

    fn nested_was_text(&mut self) {
        let nested = self.out.split_off(self.start);
        self.state = State::Empty;
        // It was a `str` when it came.
        if let Ok(nested) = std::str::from_utf8(&nested) {
            self.push(nested);
        }
    }
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.state == State::Empty
            && let Some(handed) = json::handed(text)
        {
            if let Some(error) = handed.error {
                self.failed(&error);
            }
            if handed.form == Form::Nested {
                self.out.extend_from_slice(text.as_bytes());
                self.state = State::Nested;
                return Ok(());
            }
        }
        self.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;
    use serde::ser::{Error as _, SerializeMap as _};
    use serde::{Serialize, Serializer};

    use super::*;
    use crate::json;

    fn written(limit: usize, write: impl FnOnce(&mut Text<'_>)) -> (String, Remarks) {
        let mut out = b"before".to_vec();
        let mut text = Text::new(&mut out, limit);
        write(&mut text);
        let remarks = text.finish();
        (String::from_utf8(out.split_off(6)).unwrap(), remarks)
    }

    fn debug(value: &dyn fmt::Debug) -> (String, Remarks) {
        written(100, |text| write!(text, "{value:?}").unwrap())
    }

    #[test]
    fn json_alone_is_nested_and_json_within_something_is_text() {
        let value = serde_json::json!({"b": 1, "a": ["x"]});
        let nested = json(&value);
        let (plain, copied) = (Remarks::default, json(&1).to_string());
        assert_eq!(debug(&nested), (r#"{"a":["x"],"b":1}"#.into(), plain()));
        assert_eq!(debug(&format_args!("{nested}")), (r#"{"a":["x"],"b":1}"#.into(), plain()));
        assert_eq!(debug(&Some(json(&1))), (r#""Some(1)""#.into(), plain()));
        assert_eq!(debug(&format_args!("{} ", json(&"q"))), (r#""\"q\" ""#.into(), plain()));
        assert_eq!(debug(&format_args!("{copied}")), (r#""1""#.into(), plain()));
        assert_eq!(debug(&format_args!("{:#?}", [json(&1)])), (r#""[\n    1,\n]""#.into(), plain()));
        assert_eq!(debug(&format_args!("{}{}", json(&1), json(&2))), (r#""12""#.into(), plain()));
    }

    #[test]
    fn json_beyond_its_limit_becomes_the_start_of_its_text() {
        let written = written(12, |text| write!(text, "{:?}", json(&["abcdefghij"])).unwrap());
        let cut = Remarks { cut: Some(14), error: None };
        assert_eq!(written, (r#""[\"abcdefg""#.into(), cut));
    }

    #[test]
    fn a_value_without_json_is_told_as_text_with_the_reason() {
        struct Twice;
        impl Serialize for Twice {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("a", &1)?;
                map.serialize_entry("a", &2)?;
                map.end()
            }
        }
        struct Never;
        impl Serialize for Never {
            fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(S::Error::custom("the \"why\""))
            }
        }
        #[derive(Serialize)]
        struct Nested(Vec<Nested>);
        let deep = (1..65).fold(Nested(Vec::new()), |inner, _| Nested(vec![inner]));
        let failed = |error: &str| Remarks { cut: None, error: Some(error.into()) };

        assert_eq!(
            debug(&json(&Twice)),
            (r#""{\"a\":1,\"a\":2}""#.into(), failed(r#"two members named "a""#))
        );
        assert_eq!(debug(&json(&Never)), ("null".into(), failed(r#"the "why""#)));
        let (text, remarks) = written(1000, |text| write!(text, "{:?}", json(&deep)).unwrap());
        assert_eq!(text, format!("\"{}{}\"", "[".repeat(65), "]".repeat(65)));
        assert_eq!(remarks, failed("nested deeper than 64"));
    }

    #[test]
    fn a_debug_of_endless_length_is_counted_not_kept() {
        let mut out = Vec::new();
        let mut text = Text::new(&mut out, 100);
        for _ in 0..1_000_000 {
            text.push("0123456789");
        }
        assert_eq!(text.finish(), Remarks { cut: Some(10_000_002), error: None });
        assert!(out.len() == 100 && out.capacity() < 1000);
    }

    proptest! {
        #[test]
        fn pieces_are_as_their_whole(pieces in prop::collection::vec("[a\"\\n\\x01é🔒]{0,9}", 0..8), limit in 2..60usize) {
            let (text, remarks) = written(limit, |text| pieces.iter().for_each(|piece| text.push(piece)));
            let whole = serde_json_canonicalizer::to_string(&pieces.concat()).unwrap();
            prop_assert!(text.len() <= limit);
            if whole.len() <= limit {
                prop_assert_eq!(&text, &whole);
                prop_assert_eq!(remarks, Remarks::default());
            } else {
                prop_assert_eq!(remarks.cut, Some(whole.len()));
                let start: String = serde_json::from_str(&text).unwrap();
                prop_assert!(pieces.concat().starts_with(&start));
                prop_assert!(text.len() + 6 > limit);
            }
        }
    }
}
