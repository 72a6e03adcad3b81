//! The members of a canonical object, found without building a tree of them.

use std::ops::Range;

use serde_json::Value as Tree;

use super::text::Text;
use crate::terminal::write_harmless;

#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) name: Text<'a>,
    pub(super) value: Value<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Text(Text<'a>),
    /// Shown as it stands: a short number, `true`, `false`, `null`.
    Plain(&'a str),
    /// Anything else, as it stands in the line.
    Other(&'a str),
}

impl Value<'_> {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::Text(text) => text.write(out),
            Value::Plain(text) => out.extend_from_slice(text.as_bytes()),
            Value::Other(text) => write_harmless(&tree(text).to_string(), out),
        }
    }

    /// How many characters it has where none is escaped for a terminal.
    pub(super) fn width(&self) -> usize {
        match self {
            Value::Text(text) => text.width(),
            Value::Plain(text) => text.len(),
            Value::Other(text) => tree(text).to_string().chars().count(),
        }
    }
}

/// What no short way leads to.
pub(super) fn tree(json: &str) -> Tree {
    serde_json::from_str(json).unwrap_or_default()
}

/// What a record is made of besides its [`Line`](tracing_audit::trail::Line).
#[derive(Default)]
pub(super) struct Parts<'a> {
    /// Those of `fields`, then those of each span.
    members: Vec<Member<'a>>,
    fields: usize,
    spans: Vec<(Text<'a>, Range<usize>)>,
}

impl<'a> Parts<'a> {
    /// Those of a line that was parsed.
    pub(super) fn fill(&mut self, fields: &'a str, spans: Option<&'a str>) {
        Walk::new(fields).fields(self);
        if let Some(spans) = spans {
            Walk::new(spans).spans(self);
        }
    }

    pub(super) fn fields(&self) -> &[Member<'a>] {
        &self.members[..self.fields]
    }

    /// Names and fields of the spans, root first.
    pub(super) fn spans(&self) -> impl Iterator<Item = (&Text<'a>, &[Member<'a>])> {
        self.spans.iter().map(|(name, members)| (name, &self.members[members.clone()]))
    }
}

/// A cursor over text that should be canonical. Each method moves to what follows, or finds that something else stands
/// there. Of canonical text it finds what is there; `is_certain` remains set only where the text that was passed
/// can't be anything but canonical, and holds no container in a field.
pub(super) struct Walk<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) is_certain: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a str) -> Walk<'a> {
        Walk { text, at: 0, is_certain: true }
    }

    /// `{"actor":"alice",…}`
    pub(super) fn fields(&mut self, parts: &mut Parts<'a>) -> Option<()> {
        parts.members.clear();
        parts.spans.clear();
        parts.fields = 0;
        self.members(&mut parts.members)?;
        parts.fields = parts.members.len();
        Some(())
    }

    /// `[{"fields":{…},"name":"…"},…]`
    pub(super) fn spans(&mut self, parts: &mut Parts<'a>) -> Option<()> {
        self.literal(b"[")?;
        loop {
            self.literal(b"{\"fields\":")?;
            let start = parts.members.len();
            self.members(&mut parts.members)?;
            self.literal(b",\"name\":")?;
            let name = self.string()?;
            self.literal(b"}")?;
            parts.spans.push((name, start..parts.members.len()));
            if self.literal(b",").is_none() {
                return self.literal(b"]");
            }
        }
    }

    fn members(&mut self, members: &mut Vec<Member<'a>>) -> Option<()> {
        self.literal(b"{")?;
        if self.literal(b"}").is_some() {
            return Some(());
        }
        let start = members.len();
        let (mut before, mut any_order) = (None, true);
        loop {
            let name = self.string()?;
            self.literal(b":")?;
            let value = self.value()?;
            // The order of such names is that of their bytes.
            let is_simple = name.is_printable() && name.is_unescaped();
            self.is_certain &= is_simple && before.is_none_or(|before| before < name.raw);
            any_order &= is_simple;
            before = Some(name.raw);
            members.push(Member { name, value });
            match self.next()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        // They are shown in the order of their characters; a line has them in that of their UTF-16 code units.
        if !any_order {
            members[start..].sort_by(|one, other| one.name.decoded().cmp(&other.name.decoded()));
        }
        Some(())
    }

    fn value(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        match self.peek()? {
            b'"' => return self.string().map(Value::Text),
            b't' => self.literal(b"true")?,
            b'f' => self.literal(b"false")?,
            b'n' => self.literal(b"null")?,
            b'-' | b'0'..=b'9' => {
                let number = self.number();
                if !is_short(number.as_bytes()) {
                    self.is_certain = false;
                    return Some(Value::Other(number));
                }
            }
            b'{' | b'[' => {
                self.is_certain = false;
                self.container()?;
                return Some(Value::Other(&self.text[start..self.at]));
            }
            _ => return None,
        }
        Some(Value::Plain(&self.text[start..self.at]))
    }

    pub(super) fn string(&mut self) -> Option<Text<'a>> {
        self.literal(b"\"")?;
        let text = Text::read(self.text, self.at)?;
        self.at += text.raw.len() + 1;
        self.is_certain &= text.is_unescaped() || has_short_escapes(text.raw);
        Some(text)
    }

    /// What a number may be made of.
    pub(super) fn number(&mut self) -> &'a str {
        let start = self.at;
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        self.at += self.text.as_bytes()[start..].iter().take_while(|byte| is_part(byte)).count();
        &self.text[start..self.at]
    }

    /// Passes over an object or an array.
    fn container(&mut self) -> Option<()> {
        let mut open = 0;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return Some(());
            }
        }
    }

    /// Exactly these bytes, of ASCII.
    #[inline]
    pub(super) fn literal<const LENGTH: usize>(&mut self, literal: &[u8; LENGTH]) -> Option<()> {
        let is_next = self.text.as_bytes()[self.at..].first_chunk() == Some(literal);
        is_next.then(|| self.at += LENGTH)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }
}

/// Whether each escape is a backslash and one character, as canonical JSON has most of them.
fn has_short_escapes(raw: &str) -> bool {
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' && !matches!(bytes.next(), Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't')) {
            return false;
        }
    }
    true
}

/// Whether a number has at most 15 digits and no exponent, and is of a size that nobody writes with one: each such
/// spelling is a double's shortest one, for canonical JSON as for everybody.
fn is_short(number: &[u8]) -> bool {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let (whole, fraction) = digits.split_at(point);
    let is_whole = matches!(whole, [b'0'] | [b'1'..=b'9', ..]) && whole.iter().all(u8::is_ascii_digit);
    let is_fraction = match fraction {
        [] => number != b"-0",
        [_, digits @ ..] => {
            digits.iter().all(u8::is_ascii_digit)
                && matches!(digits, [.., b'1'..=b'9'])
                && (whole != b"0" || digits[0] != b'0')
        }
    };
    digits.len() <= 15 && is_whole && is_fraction
}
