//! Members beside a raw line: what a parser made of it, which is what people query, compared with the line.
//!
//! Nothing signs such members. One that says the same as the line is as true as the line; one that says something else was
//! altered, where it is known to be the line's: many shippers have members of their own under the same names.

use super::restore;
use super::tree::{Members, Tree, member};
use crate::trail::{Line, Timestamp};

/// A member's name, or a value, is shown up to so many bytes.
const SHOWN: usize = 128;

/// Members of one document that are looked at.
const MEMBERS: usize = 512;

/// A member beside a line.
#[derive(Debug, PartialEq)]
pub(super) struct Beside {
    /// Its name, from the document down.
    pub(super) member: String,
    pub(super) says: Says,
}

#[derive(Debug, PartialEq)]
pub(super) enum Says {
    Same,
    /// `sure`: the document is known to have been made of the line.
    Differs {
        line: String,
        found: String,
        sure: bool,
    },
    /// The line has nothing of that name.
    Other,
}

/// Compares all members of a document with the raw line in it.
pub(super) fn beside(document: &Tree, text: &str, line: &Line<'_>) -> Vec<Beside> {
    let (Some(Tree::Object(ours)), Tree::Object(members)) = (Tree::parse(text.as_bytes()), document) else {
        return Vec::new();
    };
    let mut comparison = Comparison { text, line, ours, found: Vec::new(), is_made_of_it: false };
    comparison.object(members, "");
    let Comparison { mut found, is_made_of_it, .. } = comparison;
    for beside in &mut found {
        if let Says::Differs { sure, .. } = &mut beside.says {
            *sure |= is_made_of_it && !is_often_the_shippers(&beside.member);
        }
    }
    found
}

/// Names under which shippers have something of their own, whatever else they made of the line.
fn is_often_the_shippers(member: &str) -> bool {
    let last = member.rsplit('.').next().unwrap_or(member);
    matches!(
        last,
        "@timestamp" | "name" | "message" | "msg" | "log" | "host" | "source" | "type" | "id" | "_id"
    )
}

struct Comparison<'a> {
    text: &'a str,
    line: &'a Line<'a>,
    ours: Members,
    found: Vec<Beside>,
    /// A member that only the line can have given it says the same as the line.
    is_made_of_it: bool,
}

impl Comparison<'_> {
    /// An object of the document; the line itself, taken apart, or some members of it among others.
    fn object(&mut self, members: &Members, within: &str) {
        // Others have a member `trail`, too; of this log it is ours, whatever stands beside it now.
        self.is_made_of_it |= restore::is_line(members);
        for (name, value) in members {
            if self.found.len() >= MEMBERS {
                return;
            }
            if value.as_text().is_some_and(|value| value.trim_end() == self.text) {
                continue;
            }
            let path = if within.is_empty() { name.clone() } else { format!("{within}.{name}") };
            match (value, self.of(name)) {
                (Tree::Object(inner), Some(Tree::Object(ours))) => self.inner(inner, &ours, name, &path),
                (Tree::Object(inner), _) => self.object(inner, &path),
                (Tree::Array(items), None) => self.array(items, &path),
                (Tree::Null, _) => {}
                (value, Some(ours)) => self.value(value, &ours, name, path),
                (_, None) => self.note(path, Says::Other),
            }
        }
    }

    fn array(&mut self, items: &[Tree], path: &str) {
        let path = format!("{path}[]");
        for item in items.iter().take(MEMBERS) {
            match item {
                Tree::Object(inner) => self.object(inner, &path),
                Tree::Array(items) => self.array(items, &path),
                Tree::Text(text) if text.trim_end() == self.text => {}
                _ => self.note(path.clone(), Says::Other),
            }
        }
    }

    /// What the line has under this name: of its own, within `fields`, or from its root on, with dots.
    fn of(&self, name: &str) -> Option<Tree> {
        if name == "@timestamp" {
            return member(&self.ours, "timestamp").cloned();
        }
        let path = |path: &str| {
            let mut at = &self.ours;
            let mut parts = path.split('.').peekable();
            loop {
                let value = member(at, parts.next()?)?;
                match parts.peek() {
                    None => return Some(value.clone()),
                    Some(_) => at = value.as_object()?,
                }
            }
        };
        let field = || member(member(&self.ours, "fields")?.as_object()?, name).cloned();
        member(&self.ours, name)
            .cloned()
            .or_else(field)
            .or_else(|| path(name))
            .or_else(|| path(&format!("fields.{name}")))
    }

    /// An object that the line has, too.
    fn inner(&mut self, members: &Members, ours: &Members, name: &str, path: &str) {
        for (inner, value) in members {
            if self.found.len() >= MEMBERS {
                return;
            }
            let path = format!("{path}.{inner}");
            match (value, member(ours, inner)) {
                (Tree::Object(value), Some(Tree::Object(ours))) => self.inner(value, ours, inner, &path),
                (Tree::Null, _) => {}
                (value, Some(ours)) => {
                    let name = format!("{name}.{inner}");
                    self.value(value, ours, &name, path);
                }
                (_, None) => self.note(path, Says::Other),
            }
        }
    }

    fn value(&mut self, found: &Tree, ours: &Tree, name: &str, path: String) {
        let is_time = matches!(name, "timestamp" | "@timestamp");
        let same = match is_time {
            true => is_time_of(found, self.line.timestamp),
            false => is_same(found, ours) || name == "level" && is_same_word(found, ours),
        };
        if same {
            let whole_time =
                name == "timestamp" && found.as_text().is_some_and(|text| text.len() == Timestamp::TEXT);
            self.is_made_of_it |= whole_time || name.starts_with("trail.");
            return self.note(path, Says::Same);
        }
        let says = Says::Differs { line: shown(ours), found: shown(found), sure: name.starts_with("trail.") };
        self.note(path, says);
    }

    fn note(&mut self, member: String, says: Says) {
        self.found.push(Beside { member: cut(member), says });
    }
}

/// Whether a value says the same, numbers and booleans also as strings.
fn is_same(found: &Tree, ours: &Tree) -> bool {
    match (found, ours) {
        (Tree::Text(text), Tree::Number(_) | Tree::Bool(_)) => {
            Tree::parse(text.as_bytes()).is_some_and(|value| value == *ours)
        }
        (Tree::Number(_) | Tree::Bool(_), Tree::Text(text)) => {
            Tree::parse(text.as_bytes()).is_some_and(|value| value == *found)
        }
        (Tree::Array(found), Tree::Array(ours)) => {
            found.len() == ours.len() && found.iter().zip(ours).all(|(found, ours)| is_same(found, ours))
        }
        (Tree::Object(found), Tree::Object(ours)) => {
            found.iter().all(|(name, value)| member(ours, name).is_some_and(|ours| is_same(value, ours)))
        }
        (found, ours) => found == ours,
    }
}

fn is_same_word(found: &Tree, ours: &Tree) -> bool {
    found.as_text().zip(ours.as_text()).is_some_and(|(found, ours)| found.eq_ignore_ascii_case(ours))
}

/// Whether it is the time of the line, as exact as it is written: to the second at least, or in seconds, milliseconds or
/// nanoseconds since 1970.
fn is_time_of(found: &Tree, time: &str) -> bool {
    match found {
        Tree::Text(text) => {
            let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")).unwrap_or(text);
            let text = text.replacen(' ', "T", 1);
            let (whole, digits) = text.split_once('.').unwrap_or((&text, ""));
            let exact = time.get(20..29).unwrap_or_default();
            let digits = digits.trim_end_matches('0');
            Some(whole) == time.get(..19) && exact.starts_with(digits) && !digits.is_empty()
                || Some(whole) == time.get(..19)
                    && (digits.is_empty() && (!text.contains('.') || exact.starts_with("000")))
        }
        #[allow(clippy::cast_precision_loss)] // as exact as a double is
        Tree::Number(number) => Timestamp::parse(time).is_some_and(|time| {
            let nanos = time.as_nanos();
            let units = [
                nanos as f64,
                (nanos / 1_000) as f64,
                (nanos / 1_000_000) as f64,
                (nanos / 1_000_000_000) as f64,
            ];
            units.contains(number) || (number - nanos as f64 / 1e9).abs() < 1e-3
        }),
        _ => false,
    }
}

fn shown(value: &Tree) -> String {
    let mut text = Vec::new();
    if value.write(&mut text).is_err() {
        return "?".to_owned();
    }
    cut(String::from_utf8_lossy(&text).into_owned())
}

pub(super) fn cut(mut text: String) -> String {
    if text.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = include_str!("../../tests/example-log/audit.2026-11-21.jsonl");

    fn compared(members: &str) -> Vec<(String, Says)> {
        let text = LOG.lines().nth(1).unwrap();
        let line = Line::parse(text.as_bytes()).unwrap();
        let document = format!("{{\"message\":{},{members}}}", serde_json::to_string(text).unwrap());
        let document = Tree::parse(document.as_bytes()).unwrap();
        beside(&document, text, &line).into_iter().map(|beside| (beside.member, beside.says)).collect()
    }

    #[test]
    fn members_that_say_the_same_are_the_same_however_they_are_written() {
        let text = LOG.lines().nth(1).unwrap();
        let line = Line::parse(text.as_bytes()).unwrap();
        let time = line.timestamp;
        let (second, milli) = (&time[..19], &time[..23]);
        for members in [
            "\"level\":\"info\"".to_owned(),
            "\"audit\":{\"target\":\"audit\",\"trail\":{\"seq\":1}}".to_owned(),
            "\"trail.seq\":\"1\"".to_owned(),
            format!("\"timestamp\":\"{time}\",\"@timestamp\":\"{milli}Z\""),
            format!("\"@timestamp\":\"{}+00:00\"", milli.replace('T', " ")),
            format!(
                "\"a\":{{\"b\":{{\"timestamp\":{}}}}}",
                Timestamp::parse(time).unwrap().as_nanos() / 1_000_000
            ),
        ] {
            let all = compared(&members);
            assert!(!all.is_empty() && all.iter().all(|(_, says)| *says == Says::Same), "{members}: {all:?}");
        }
        assert!(
            compared(&format!("\"@timestamp\":\"{second}.001Z\""))
                .iter()
                .all(|(_, says)| *says != Says::Same)
        );
    }

    #[test]
    fn a_member_that_differs_is_sure_where_the_document_was_made_of_the_line() {
        let differs = |members: &str| -> Vec<(String, bool)> {
            let all = compared(members).into_iter();
            all.filter_map(|(member, says)| match says {
                Says::Differs { sure, .. } => Some((member, sure)),
                _ => None,
            })
            .collect()
        };
        assert_eq!(differs("\"level\":\"WARN\""), [("level".to_owned(), false)]);
        assert_eq!(differs("\"level\":\"WARN\",\"trail.seq\":1"), [("level".to_owned(), true)]);
        assert_eq!(differs("\"trail\":{\"seq\":2}"), [("trail.seq".to_owned(), true)]);
        let made = "\"trail\":{\"seq\":1}";
        assert_eq!(
            differs(&format!("\"@timestamp\":\"2026-11-23T00:00:00Z\",{made}")),
            [("@timestamp".to_owned(), false)]
        );
        assert_eq!(differs("\"host\":{\"name\":\"a\"},\"agent\":7"), []);
    }
}
