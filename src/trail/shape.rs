//! Lines that are alike.

use super::canonical::plain::plain_run;
use super::canonical::scan::{Scanner, is_canonical_number, number_run};

/// A line's text up to its timestamp, and the values that are free in it. A line that differs from a whole one only
/// in such values, and has canonical ones of the same types there, is as whole: names, their order, and what stands
/// between values are the same bytes.
pub(super) struct Shape {
    text: Box<[u8]>,
    /// In their order; none begins where another ends.
    holes: Vec<Hole>,
}

/// A value: from `start` up to `end`, of a string without its quotes.
struct Hole {
    start: usize,
    end: usize,
    what: Holds,
}

#[derive(Clone, Copy)]
enum Holds {
    Text,
    Number,
    /// `duration_ns` is no other number.
    Integer,
    Bool,
}

impl Shape {
    /// The shape of a line that was read whole, from its text up to its timestamp.
    pub(super) fn of(body: &[u8]) -> Shape {
        let mut holes = Vec::new();
        let (mut at, mut name) = (0, &body[..0]);
        while let Some(byte) = body.get(at) {
            let start = at + usize::from(*byte == b'"');
            let (end, what) = match byte {
                b'"' => (start + quoted(&body[start..]), Holds::Text),
                b'-' | b'0'..=b'9' if name == b"duration_ns" => {
                    (at + number_run(&body[at..]), Holds::Integer)
                }
                b'-' | b'0'..=b'9' => (at + number_run(&body[at..]), Holds::Number),
                b't' => (at + 4, Holds::Bool),
                b'f' => (at + 5, Holds::Bool),
                _ => {
                    at += 1;
                    continue;
                }
            };
            at = end + (start - at);
            if body.get(at) == Some(&b':') {
                name = &body[start..end];
            } else if name != b"kind" && name != b"level" {
                holes.push(Hole { start, end, what });
            }
        }
        Shape { text: body.into(), holes }
    }

    /// Whether another line, up to its timestamp, has this shape.
    pub(super) fn fits(&self, body: &[u8]) -> bool {
        let mut holes = self.holes.iter();
        let (mut at, mut own) = (0, 0);
        loop {
            let same = common(&body[at..], &self.text[own..]);
            (at, own) = (at + same, own + same);
            if own == self.text.len() {
                return at == body.len();
            }
            // The first difference is in a value, or right behind it, or else of another shape.
            let Some(hole) = holes.find(|hole| own <= hole.end).filter(|hole| hole.start <= own) else {
                return false;
            };
            at -= own - hole.start;
            let Some(length) = hole.what.length(body, at) else { return false };
            (at, own) = (at + length, hole.end);
        }
    }
}

impl Holds {
    /// The length of the canonical value of this type that begins here, if one does.
    fn length(self, body: &[u8], at: usize) -> Option<usize> {
        let rest = &body[at..];
        match self {
            Holds::Text => {
                let plain = plain_run(rest);
                if rest.get(plain) == Some(&b'"') {
                    let text = &rest[..plain];
                    return (text.is_ascii() || std::str::from_utf8(text).is_ok()).then_some(plain);
                }
                let mut scanner = Scanner::new(std::str::from_utf8(&body[at - 1..]).ok()?);
                scanner.string().ok()?;
                Some(scanner.at() - 2)
            }
            Holds::Number => {
                let number = &rest[..number_run(rest)];
                is_canonical_number(number).then_some(number.len())
            }
            Holds::Integer => {
                let digits = &rest[..number_run(rest)];
                super::record::number(digits).map(|_| digits.len())
            }
            Holds::Bool => {
                [&b"true"[..], b"false"].iter().find(|word| rest.starts_with(word)).map(|word| word.len())
            }
        }
    }
}

/// The length of a string that was read before, up to its closing quote.
fn quoted(rest: &[u8]) -> usize {
    let mut at = plain_run(rest);
    while rest.get(at) == Some(&b'\\') {
        at += 2;
        at += plain_run(rest.get(at..).unwrap_or_default());
    }
    at.min(rest.len())
}

/// How many bytes both begin with.
fn common(a: &[u8], b: &[u8]) -> usize {
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    let ((words, a), (others, b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (at, (word, other)) in words.iter().zip(others).enumerate() {
        let differing = u64::from_le_bytes(*word) ^ u64::from_le_bytes(*other);
        if differing != 0 {
            return at * 8 + differing.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"duration_ns":42,"fields":{"a":"x","b":1.5,"c":true,"d":false,"e":"q\"uo"},"kind":"span","level":"INFO","name":"n","target":"audit""#;

    /// Whether the line fits that has this in place of that.
    fn fits(that: &str, this: &str) -> bool {
        assert_eq!(BODY.matches(that).count(), 1, "{that}");
        Shape::of(BODY.as_bytes()).fits(BODY.replace(that, this).as_bytes())
    }

    #[test]
    fn values_of_the_same_type_fit() {
        assert!(fits("audit", "audit"));
        for value in ["", "y", "a longer one, é", r"esc\n\u001f", "12345678"] {
            assert!(fits(r#""x""#, &format!("\"{value}\"")), "{value}");
            assert!(fits(r#""q\"uo""#, &format!("\"{value}\"")), "{value}");
            assert!(fits(r#""n""#, &format!("\"{value}\"")) && fits("audit", value), "{value}");
        }
        for value in ["0", "-7", "15", "1e+21", "-1.25e-7"] {
            assert!(fits("1.5", value), "{value}");
        }
        for value in ["0", "4", "421", "9007199254740991"] {
            assert!(fits("42", value), "{value}");
        }
        assert!(fits("true", "false") && fits("false", "true"));
    }

    #[test]
    fn nothing_else_does() {
        for value in ["4.2", "-1", "042", "9007199254740992", "4e+21", "\"42\"", "true", ""] {
            assert!(!fits("42", value), "{value}");
        }
        for value in ["1.50", "01", "+1", "\"1\"", "true", "1e21", "", "-"] {
            assert!(!fits("1.5", value), "{value}");
        }
        for value in ["tru", "1", "\"true\"", "null", "True", "truefalse", ""] {
            assert!(!fits("true", value) && !fits("false", value), "{value}");
        }
        for value in ["\"\t\"", "\"\\t", "x", "1", "\"\\u0009\"", "\"\u{1}\"", "{}"] {
            assert!(!fits(r#""x""#, value), "{value}");
        }
        assert!(!fits("\"span\"", "\"event\"") && !fits("INFO", "WARN") && !fits("\"span\"", "\"spa\""));
        assert!(!fits("\"a\"", "\"aa\"") && !fits("\"c\"", "\"cc\"") && !fits(",\"c\"", ", \"c\""));
        let whole = Shape::of(BODY.as_bytes());
        for end in 0..BODY.len() {
            assert!(!whole.fits(&BODY.as_bytes()[..end]), "{end}");
        }
        assert!(!whole.fits(format!("{BODY},").as_bytes()) && !whole.fits(&BODY.as_bytes()[1..]));
    }

    #[test]
    fn both_begin_with_as_many_bytes_as_are_equal() {
        let text: Vec<u8> = (0..40).collect();
        for at in 0..40 {
            let mut other = text.clone();
            other[at] ^= 1;
            assert_eq!(common(&text, &other), at);
            assert_eq!(common(&text[..at], &text), at);
        }
    }
}
