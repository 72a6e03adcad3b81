//! What a terminal gets to see. Text of a log is somebody else's: it must not move the cursor, hide or reorder what
//! stands beside it, nor pretend to be another line.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde::Serialize;

/// `text` with each character that could do so escaped as JSON does it: `\u001b`, `\u202e`.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if is_harmful(char) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(char);
        }
    }
    Cow::Owned(shown)
}

/// `text` between quotes, as JSON has it: what an outsider chose can't be taken for words of ours.
pub(crate) fn quoted(text: &str) -> String {
    let text = serde_json::Value::from(text).to_string();
    harmless(&text).into_owned()
}

/// A path as people read it.
pub(crate) fn named(path: &Path) -> Cow<'_, str> {
    if path == Path::new("-") { "standard input".into() } else { path.to_string_lossy() }
}

/// Writes `value` as JSON on lines of its own, each harmful character escaped: JSON has them only within strings, where
/// the escape says the same.
pub(crate) fn json(value: &impl Serialize, out: &mut impl io::Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    for line in text.lines() {
        writeln!(out, "{}", harmless(line))?;
    }
    Ok(())
}

/// Appends `text` as [`harmless`] has it.
pub(crate) fn write_harmless(text: &str, out: &mut Vec<u8>) {
    let is_printable = text.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    let shown = if is_printable { Cow::Borrowed(text) } else { harmless(text) };
    out.extend_from_slice(shown.as_bytes());
}

/// `1 line`, `7 lines`.
pub(crate) fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Characters that a terminal obeys, or that make text look other than it is.
fn is_harmful(char: char) -> bool {
    matches!(
        char,
        '\0'..='\x1f'                           // C0: newline, escape, backspace …
        | '\x7f'..='\u{9f}'                     // delete, and C1: CSI in one character
        | '\u{ad}'                              // soft hyphen
        | '\u{61c}' | '\u{200e}' | '\u{200f}'   // marks of direction
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // embeddings, overrides, isolates
        | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}' // of no width
        | '\u{2028}' | '\u{2029}'               // separators of lines and paragraphs
        | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' // obsolete formats, annotations
        | '\u{34f}' | '\u{180e}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // fillers
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' // selectors of variants, tags
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_in_any_script_stays_as_it_is() {
        for text in ["", "token issued", "né à Zürich", "日本語", "שלום", "🔒", "a\u{a0}b", "~"] {
            assert!(matches!(harmless(text), Cow::Borrowed(shown) if shown == text), "{text}");
        }
    }

    #[test]
    fn what_an_outsider_chose_stands_between_quotes() {
        assert_eq!(quoted("payments: INTACT"), "\"payments: INTACT\"");
        assert_eq!(quoted("a\"\n\u{9b}"), "\"a\\\"\\n\\u009b\"");
    }

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        for (text, shown) in [
            ("\x1b[2J", "\\u001b[2J"),
            ("\u{9b}2J", "\\u009b2J"),
            ("a\r\nb\t\x08\x7f", "a\\u000d\\u000ab\\u0009\\u0008\\u007f"),
            ("\u{202e}gnp.exe\u{202c}", "\\u202egnp.exe\\u202c"),
            ("\u{2066}x\u{2069}", "\\u2066x\\u2069"),
            ("\u{61c}\u{200e}\u{200f}", "\\u061c\\u200e\\u200f"),
            ("ro\u{200b}ot\u{feff}", "ro\\u200bot\\ufeff"),
            ("one\u{2028}two\u{2029}", "one\\u2028two\\u2029"),
            ("\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }

    /// Any characters: those of `String`'s own strategy are printable.
    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(any::<char>(), 0..16).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn no_control_character_is_left(text in text()) {
            let shown = harmless(&text);
            prop_assert!(!shown.contains(char::is_control), "{:?}", shown);
            prop_assert!(matches!(harmless(&shown), Cow::Borrowed(_)));
        }

        #[test]
        fn json_says_the_same_and_has_no_harmful_character(texts in proptest::collection::vec(text(), 0..4)) {
            let mut out = Vec::new();
            json(&texts, &mut out).unwrap();
            let out = String::from_utf8(out).unwrap();
            prop_assert!(out.lines().all(|line| !line.contains(is_harmful)), "{:?}", out);
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&out).unwrap(), texts);
        }

        #[test]
        fn canonical_json_made_harmless_says_the_same(text in text()) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(&harmless(&json)).unwrap(), text);
        }
    }
}
