//! Any JSON, as it was met, and its canonical form.

use super::json;
use crate::trail::canonical::{member_order, write};

/// A value. Members stand in the order in which they came, doubles too.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    /// Canonical JSON knows doubles only; larger integers stand in strings.
    Number(f64),
    Text(String),
    Array(Vec<Tree>),
    Object(Members),
    /// What stands there is no value that a line can have, and why.
    Odd {
        text: String,
        why: &'static str,
    },
}

pub(super) type Members = Vec<(String, Tree)>;

impl Tree {
    pub(super) fn parse(bytes: &[u8]) -> Option<Tree> {
        let (value, length) = json::value(bytes)?;
        bytes[length..].trim_ascii().is_empty().then_some(value)
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_object(&self) -> Option<&Members> {
        match self {
            Tree::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Appends the canonical form (RFC 8785). The error is the name that two members of one object have.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Tree::Null => out.extend_from_slice(b"null"),
            Tree::Bool(value) => write::boolean(*value, out),
            Tree::Number(value) => write::float(*value, out),
            Tree::Text(text) => write::string(text, out),
            Tree::Odd { text, .. } => out.extend_from_slice(text.as_bytes()),
            Tree::Array(items) => {
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    item.write(out)?;
                }
                out.push(b']');
            }
            Tree::Object(members) => {
                let mut members = members.iter().collect::<Vec<_>>();
                members.sort_by(|(a, _), (b, _)| member_order(a, b));
                if let Some(pair) = members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                    return Err(pair[0].0.clone());
                }
                out.push(b'{');
                for (at, (name, value)) in members.into_iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    write::string(name, out);
                    out.push(b':');
                    value.write(out)?;
                }
                out.push(b'}');
            }
        }
        Ok(())
    }
}

/// The first member of this name.
pub(super) fn member<'a>(members: &'a Members, name: &str) -> Option<&'a Tree> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Result<String, String> {
        let mut out = Vec::new();
        Tree::parse(text.as_bytes()).unwrap().write(&mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn each_spelling_of_a_value_has_one_canonical_form() {
        for (text, form) in [
            ("1.0e+21", "1e+21"),
            ("1.50", "1.5"),
            ("1.0", "1"),
            ("-0.0", "0"),
            ("9007199254740994", "9007199254740994"),
            ("100000000000000000000", "100000000000000000000"),
            ("9.6713870455423e+16", "96713870455423000"),
            (r#""\/\u00e9\u001F\ud83d\udd12""#, "\"/é\\u001f🔒\""),
            (r#"{ "b" : [ ] , "a" : { } }"#, r#"{"a":{},"b":[]}"#),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(form), "{text}");
        }
        assert_eq!(canonical(r#"{"a":{"b":1,"b":2}}"#), Err("b".to_owned()));
    }

    proptest! {
        #[test]
        fn a_canonical_number_comes_back_as_it_was(value in proptest::num::f64::NORMAL) {
            let text = serde_json_canonicalizer::to_string(&value).unwrap();
            prop_assert_eq!(canonical(&text), Ok(text));
        }
    }
}
