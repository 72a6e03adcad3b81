//! Text that somebody else chose, in a sentence of ours.
//!
//! Threat: a file, or an origin, named `payments: INTACT` must not read as a part of the sentence.

use std::fmt;

/// A name as it stands where it can't be taken for more than one word; else as a JSON string.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quoted(text) = *self;
        let is_plain = |char: char| char.is_ascii_alphanumeric() || "._-+@~/\\".contains(char);
        if !text.is_empty() && text.chars().all(is_plain) {
            return f.write_str(text);
        }
        f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
    }
}

/// The name of a file. A file of the name `-` in a folder has the folder's name before it.
pub(super) struct FileName<'a>(pub(super) &'a str);

impl fmt::Display for FileName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(if self.0 == "-" { "standard input" } else { self.0 }).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_plain_word_stands_as_it_is_and_nothing_else_does() {
        for plain in ["audit.2026-11-21.jsonl", "/var/log/app_1/audit.jsonl.gz", "C\\log"] {
            assert_eq!(Quoted(plain).to_string(), plain);
        }
        for (odd, shown) in [
            ("", r#""""#),
            ("audit.jsonl: INTACT", r#""audit.jsonl: INTACT""#),
            ("a\nb", r#""a\nb""#),
            ("a,", r#""a,""#),
            ("n\u{e9}", "\"n\u{e9}\""),
        ] {
            assert_eq!(Quoted(odd).to_string(), shown);
        }
    }

    #[test]
    fn the_standard_input_has_a_name() {
        assert_eq!(FileName("-").to_string(), r#""standard input""#);
        assert_eq!(FileName("./-").to_string(), "./-");
        assert_eq!(FileName("a b").to_string(), r#""a b""#);
    }
}
