//! JSON as shippers write it. What is wrong with one value hides no other: it is kept as [`Tree::Odd`], so that a line can be
//! told by its place, and what is wrong with it by its member.

use super::tree::{Members, Tree};

/// Values within values.
const DEPTH: usize = 128;

/// Reads the value that `bytes` begin with, and how long it is. `None` where none ends.
pub(super) fn value(bytes: &[u8]) -> Option<(Tree, usize)> {
    let mut reader = Reader { bytes, at: 0 };
    let value = reader.value(DEPTH)?;
    Some((value, reader.at))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Tree> {
        let depth = depth.checked_sub(1)?;
        match self.next()? {
            b'{' => self.object(depth).map(Tree::Object),
            b'[' => self.array(depth).map(Tree::Array),
            b'"' => self.string(),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Members> {
        self.at += 1;
        let mut members = Members::new();
        if self.takes(b'}') {
            return Some(members);
        }
        loop {
            let name = match self.next()? {
                b'"' => match self.string()? {
                    Tree::Text(name) => name,
                    Tree::Odd { text, .. } => text,
                    _ => return None,
                },
                _ => return None,
            };
            if !self.takes(b':') {
                return None;
            }
            members.push((name, self.value(depth)?));
            if !self.takes(b',') {
                return self.takes(b'}').then_some(members);
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Vec<Tree>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.takes(b']') {
            return Some(items);
        }
        loop {
            items.push(self.value(depth)?);
            if !self.takes(b',') {
                return self.takes(b']').then_some(items);
            }
        }
    }

    /// A string; a raw control character in it is as good as an escaped one.
    fn string(&mut self) -> Option<Tree> {
        let begin = self.at;
        self.at += 1;
        let mut text = Vec::new();
        let mut why = None;
        loop {
            let rest = &self.bytes[self.at..];
            let plain = memchr::memchr3(b'"', b'\\', b'\n', rest)?;
            text.extend_from_slice(&rest[..plain]);
            self.at += plain + 1;
            match rest[plain] {
                b'"' => break,
                b'\\' => {
                    if let Err(odd) = self.escape(&mut text)? {
                        why = Some(odd);
                    }
                }
                _ => return None,
            }
        }
        match (String::from_utf8(text), why) {
            (Ok(text), None) => Some(Tree::Text(text)),
            (_, why) => {
                let why = why.unwrap_or("a string that is not UTF-8");
                let raw = &self.bytes[begin..self.at];
                Some(Tree::Odd { text: String::from_utf8_lossy(raw).into_owned(), why })
            }
        }
    }

    /// What is escaped; the error is what is wrong with it.
    fn escape(&mut self, text: &mut Vec<u8>) -> Option<Result<(), &'static str>> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        let char = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return Some(self.unicode(text)),
            b'\n' => return None,
            _ => return Some(Err("an escape that JSON does not have")),
        };
        text.push(char);
        Some(Ok(()))
    }

    fn unicode(&mut self, text: &mut Vec<u8>) -> Result<(), &'static str> {
        const HALF: &str = "half of a character";
        let high = self.hex().ok_or("an escape that JSON does not have")?;
        let code = match high {
            0xd800..0xdc00 => {
                if !self.bytes[self.at..].starts_with(b"\\u") {
                    return Err(HALF);
                }
                let before = self.at;
                self.at += 2;
                match self.hex() {
                    Some(low @ 0xdc00..0xe000) => 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00),
                    _ => {
                        self.at = before;
                        return Err(HALF);
                    }
                }
            }
            code => code,
        };
        let char = char::from_u32(code).ok_or(HALF)?;
        text.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn hex(&mut self) -> Option<u32> {
        let digits =
            self.bytes.get(self.at..self.at + 4).filter(|all| all.iter().all(u8::is_ascii_hexdigit))?;
        let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        self.at += 4;
        Some(code)
    }

    /// A number, a boolean, null; or what others write where JSON has nothing.
    fn word(&mut self) -> Option<Tree> {
        let rest = &self.bytes[self.at..];
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = rest.iter().take_while(|byte| is_word(byte)).count();
        let word = std::str::from_utf8(&rest[..length]).ok().filter(|word| !word.is_empty())?;
        self.at += length;
        Some(match word {
            "null" => Tree::Null,
            "true" => Tree::Bool(true),
            "false" => Tree::Bool(false),
            _ => match word.parse::<f64>() {
                Ok(number) if number.is_finite() && is_number(word) => Tree::Number(number),
                Ok(number) if !number.is_finite() && is_number(word) => {
                    Tree::Odd { text: word.to_owned(), why: "a number that no line can have" }
                }
                _ => Tree::Odd { text: word.to_owned(), why: "no value of JSON" },
            },
        })
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.bytes.get(self.at).copied()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let takes = self.next() == Some(byte);
        self.at += usize::from(takes);
        takes
    }
}

/// Whether a word that Rust reads as a number is one of JSON.
fn is_number(word: &str) -> bool {
    let (mantissa, exponent) = word.split_once(['e', 'E']).unwrap_or((word, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    [whole, fraction, exponent].into_iter().all(is_digits) && (whole == "0" || !whole.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<Tree> {
        value(text.as_bytes()).filter(|(_, length)| *length == text.len()).map(|(value, _)| value)
    }

    /// The value as another reader of JSON has it.
    fn of(value: &serde_json::Value) -> Tree {
        match value {
            serde_json::Value::Null => Tree::Null,
            serde_json::Value::Bool(value) => Tree::Bool(*value),
            serde_json::Value::Number(value) => Tree::Number(value.as_f64().unwrap()),
            serde_json::Value::String(value) => Tree::Text(value.clone()),
            serde_json::Value::Array(items) => Tree::Array(items.iter().map(of).collect()),
            serde_json::Value::Object(members) => {
                Tree::Object(members.iter().map(|(name, value)| (name.clone(), of(value))).collect())
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_value_hides_no_other() {
        let wrong = [
            ("1e309", "a number that no line can have"),
            ("-1e999", "a number that no line can have"),
            ("NaN", "no value of JSON"),
            ("Infinity", "no value of JSON"),
            ("undefined", "no value of JSON"),
            ("01", "no value of JSON"),
            (".5", "no value of JSON"),
            ("\"\\ud800\"", "half of a character"),
            ("\"\\ud800\\u0041\"", "half of a character"),
            ("\"\\udc00x\"", "half of a character"),
            ("\"\\x41\"", "an escape that JSON does not have"),
            ("\"\\u12\"", "an escape that JSON does not have"),
        ];
        for (text, why) in wrong {
            let Some(Tree::Object(members)) = read(&format!("{{\"a\":{text} , \"b\":[{text},1]}}")) else {
                panic!("{text}")
            };
            let odd = Tree::Odd { text: text.to_owned(), why };
            assert_eq!(members[0].1, odd);
            assert_eq!(members[1].1, Tree::Array(vec![odd, Tree::Number(1.0)]));
        }
        let latin = value(b"{\"a\":\"caf\xe9\"}").unwrap().0;
        assert!(matches!(
            &latin.as_object().unwrap()[0].1,
            Tree::Odd { why: "a string that is not UTF-8", .. }
        ));
        assert_eq!(read("\"a\tb\u{1}\""), Some(Tree::Text("a\tb\u{1}".to_owned())));
    }

    #[test]
    fn what_does_not_end_or_is_no_value_is_none() {
        for text in
            ["", "{", "[1,", "\"a", "{\"a\"}", "{\"a\":1,}", "[1 2]", "{a:1}", "\"a\nb\"", "\"a\\", "}", ","]
        {
            assert_eq!(value(text.as_bytes()), None, "{text}");
        }
        assert_eq!(value(&b"[".repeat(1 << 20)), None);
        assert_eq!(value(b"{} {}").map(|(_, length)| length), Some(2));
    }

    proptest! {
        #[test]
        fn what_is_json_is_read_as_any_other_reader_does(text in "[{}\\[\\]\"\\\\a,:nul0-9eE.\\- ]{0,40}") {
            if let Ok(other) = serde_json::from_str::<serde_json::Value>(&text) {
                let own = value(text.as_bytes()).map(|(value, _)| value);
                let doubles = text.matches("\":").count() > 1;
                prop_assert!(own.is_some());
                if !doubles {
                    prop_assert_eq!(own, Some(of(&other)));
                }
            }
        }

        #[test]
        fn strings_are_read_as_any_other_reader_does(text in any::<String>()) {
            let quoted = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(read(&quoted), Some(Tree::Text(text)));
        }
    }
}
