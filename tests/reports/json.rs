//! A strict look at the text of JSON. A parser that builds a tree forgets what stands in it twice.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// What no reader should have to expect in a text of JSON.
pub(crate) fn fault(text: &str) -> Option<String> {
    if let Some(char) = text.chars().find(|char| *char != '\n' && is_unseen(*char)) {
        return Some(format!("a raw {char:?}"));
    }
    let mut scan = Scan { chars: text.chars().peekable() };
    scan.value("").and_then(|()| scan.end()).err()
}

/// Control characters, C1 too, and those that turn or hide what stands beside them.
pub(crate) fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

struct Scan<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Scan<'_> {
    fn value(&mut self, path: &str) -> Result<(), String> {
        match self.peek() {
            Some('{') => {
                let mut names = BTreeSet::new();
                self.items('{', '}', |scan| {
                    let name = scan.string()?;
                    scan.expect(':')?;
                    scan.value(&format!("{path}.{name}"))?;
                    match names.insert(name.clone()) {
                        true => Ok(()),
                        false => Err(format!("{path}.{name} stands there twice")),
                    }
                })
            }
            Some('[') => self.items('[', ']', |scan| scan.value(path)),
            Some('"') => self.string().map(drop),
            _ => {
                let mut word = String::new();
                while let Some(char) =
                    self.chars.next_if(|char| char.is_ascii_alphanumeric() || "+-.".contains(*char))
                {
                    word.push(char);
                }
                let is_number = word.parse::<f64>().is_ok_and(f64::is_finite) && !word.starts_with('+');
                match is_number || ["true", "false", "null"].contains(&word.as_str()) {
                    true => Ok(()),
                    false => Err(format!("{path}: {word:?} is no value")),
                }
            }
        }
    }

    fn items(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.expect(open)?;
        if self.peek() == Some(close) {
            return self.expect(close);
        }
        loop {
            self.peek();
            item(self)?;
            if self.peek() != Some(',') {
                return self.expect(close);
            }
            self.expect(',')?;
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect('"')?;
        let mut text = String::from('"');
        loop {
            let char = self.chars.next().ok_or("a string without its end")?;
            text.push(char);
            match char {
                '"' => return serde_json::from_str(&text).map_err(|error| format!("{text}: {error}")),
                '\\' => text.extend(self.chars.next()),
                _ => {}
            }
        }
    }

    fn expect(&mut self, expected: char) -> Result<(), String> {
        let found = self.peek();
        self.chars.next();
        if found == Some(expected) { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
    }

    fn end(&mut self) -> Result<(), String> {
        self.peek().map_or(Ok(()), |found| Err(format!("{found:?} after the end")))
    }

    fn peek(&mut self) -> Option<char> {
        while self.chars.next_if(|char| " \n".contains(*char)).is_some() {}
        self.chars.peek().copied()
    }
}

#[test]
fn a_double_member_and_a_raw_character_are_seen() {
    for sound in [r#"{"a": [1, -2.5e3, "x\"\\\u0085"], "b": {"a": null}}"#, "[]", "{}", "true"] {
        assert_eq!(fault(sound), None, "{sound}");
    }
    for (text, what) in [
        (r#"{"at": 1, "at": 1}"#, "twice"),
        (r#"{"a": {"x": 1, "\u0078": 2}}"#, "twice"),
        (r#"[{"a": 1}, {"b": [{"c": 1, "c": 2}]}]"#, "twice"),
        ("{\"a\": \"\u{85}\"}", "raw"),
        ("{\"a\": \"\u{202e}\"}", "raw"),
        ("{\"a\":\t1}", "raw"),
        ("{} {}", "after"),
        ("{\"a\": 1,}", "expected"),
        ("[1 2]", "expected"),
        ("[nul]", "no value"),
    ] {
        assert!(fault(text).is_some_and(|fault| fault.contains(what)), "{text}: {:?}", fault(text));
    }
}
