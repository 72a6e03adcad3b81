//! What stands at a blamed line, in a few words, and what is known of how it came there.
//!
//! Threat: somebody else may have chosen every byte of it. All of it is quoted, and short.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How much of a value, or of a line, is shown.
const SHOWN: usize = 80;

/// How far it is known that a line is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed {
    /// The content of this line was changed after it was written: a signature covers what stood in its place.
    This,
    /// That of this line, or of the one after it: no signature covers either.
    ThisOrNext,
    /// That of this line, or of the one before it: no signature covers either.
    ThisOrPrevious,
    /// That of this line; or somebody who has no key wrote all of it.
    ThisOrAdded,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Changed::This => "its content was changed after it was written",
            Changed::ThisOrNext => {
                "its content was changed after it was written, or that of the line after it"
            }
            Changed::ThisOrPrevious => {
                "its content was changed after it was written, or that of the line before it"
            }
            Changed::ThisOrAdded => {
                "its content was changed after it was written, or it was added by somebody without the key"
            }
        })
    }
}

#[derive(Default, Deserialize)]
struct Named {
    action: Option<Value>,
    actor: Option<Value>,
}

/// What a line's fields have: the actor and the action; where they have neither, how they begin.
pub(super) fn in_fields(fields: &str) -> String {
    let named = serde_json::from_str::<Named>(fields).unwrap_or_default();
    let values = [("actor", named.actor), ("action", named.action)];
    let values = values.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", shown(&value?))));
    match values.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => format!("fields {}", quoted(fields)),
        named => named,
    }
}

/// How bytes that are no line begin.
pub(super) fn in_bytes(bytes: &[u8]) -> String {
    // A character has at most four bytes, and what is none of UTF-8 is one character a byte.
    let start = &bytes[..bytes.len().min(4 * (SHOWN + 1))];
    quoted(&String::from_utf8_lossy(start))
}

/// A string as it is, any other value as its text.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| quoted(&value.to_string()), quoted)
}

/// The beginning of a text, as a JSON string, so that none of it can be taken for words of ours.
fn quoted(text: &str) -> String {
    let end = text.char_indices().nth(SHOWN).map(|(end, _)| end);
    let shown = Value::from(&text[..end.unwrap_or(text.len())]).to_string();
    if end.is_some() { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actor_and_action_are_shown_or_the_start_of_the_fields() {
        for (fields, stands) in [
            (r#"{"action":"token.issued","actor":"eve"}"#, r#"actor "eve", action "token.issued""#),
            (r#"{"action":"a","ip":"::1"}"#, r#"action "a""#),
            (r#"{"actor":{"id":7}}"#, r#"actor "{\"id\":7}""#),
            (r#"{"actor":null}"#, r#"fields "{\"actor\":null}""#),
            (r#"{"message":"x"}"#, r#"fields "{\"message\":\"x\"}""#),
            ("{}", r#"fields "{}""#),
        ] {
            assert_eq!(in_fields(fields), stands);
        }
    }

    #[test]
    fn what_stands_there_is_short_and_can_not_be_taken_for_words_of_the_report() {
        let long = format!(r#"{{"actor":"{}"}}"#, "é\\n\\\" INTACT".repeat(5_000));
        let stands = in_fields(&long);
        assert!(stands.len() < 400 && stands.ends_with("\"…"), "{stands}");
        assert!(stands.starts_with(r#"actor "é\n\" INTACT"#), "{stands}");
        let bytes = in_bytes(&[0xff; 1000]);
        assert_eq!(bytes, format!("\"{}\"…", "\u{fffd}".repeat(SHOWN)));
        assert_eq!(in_bytes(b"a\"\n"), r#""a\"\n""#);
        assert_eq!(in_bytes(b""), r#""""#);
        // A text of exactly as many characters is whole.
        assert_eq!(in_bytes("x".repeat(SHOWN).as_bytes()), format!("\"{}\"", "x".repeat(SHOWN)));
    }
}
