//! Making a record fit into a line: the longest values are cut first.
//!
//! ```json
//! {"fields":{"actor":"bob","query":"SELECT …"},"kind":"event",…
//! {"fields":{"actor":"bob","query":"SEL","query#cut":12044},"kind":"event",…
//! ```

use std::borrow::Cow;
use std::cmp::Reverse;
use std::ops::Range;

use super::canonical::scan::{NotCanonical, Scanner};
use super::canonical::{member_order, write};

/// What follows the name of a value in the name of the member that tells its length before it was cut.
pub(crate) const CUT: &str = "#cut";

/// What follows the name of a value in the name of the member that tells why it could not be written.
pub(crate) const ERROR: &str = "#error";

/// A cut value is a string: its quotes stay.
const QUOTES: usize = 2;

/// Cuts values in the record's fields and in those of its spans until `body` (see [`super::Chain::unsigned`]) has at
/// most `max` bytes. Each value that is cut has the bytes it had beside it, as `name#cut`; nested JSON that is cut
/// becomes a string, the start of its text. What is not cut stays as it is. False, and `body` untouched, where all
/// cutting does not help.
pub(crate) fn fit(body: &mut Vec<u8>, max: usize) -> bool {
    if body.len() <= max {
        return true;
    }
    let Some(fitted) = fitted(body, max) else { return false };
    *body = fitted;
    true
}

fn fitted(body: &[u8], max: usize) -> Option<Vec<u8>> {
    // The body lacks the brace that would end it.
    let text = format!("{}}}", std::str::from_utf8(body).ok()?);
    let mut record = Record::default();
    record.scan(&text).ok()?;
    let limit = record.limit(body.len(), max)?;
    let mut fitted = record.write(&text, limit);
    fitted.pop();
    Some(fitted)
}

/// A member of `fields`.
struct Member<'a> {
    name: String,
    value: &'a str,
    /// Length that its `name#cut` tells already.
    cut: Option<usize>,
}

impl Member<'_> {
    /// Numbers and literals are short; what stands beside a value is not cut itself.
    fn can_be_cut(&self) -> bool {
        matches!(self.value.as_bytes().first(), Some(b'"' | b'[' | b'{')) && !is_remark(&self.name)
    }

    /// Bytes that are added when the value is cut: its mark, `,"name#cut":12044`.
    fn mark(&self) -> usize {
        if self.cut.is_some() {
            return 0;
        }
        let digits = itoa::Buffer::new().format(self.value.len()).len();
        r#","":"#.len() + write::escaped_length(&self.name) + CUT.len() + digits
    }
}

/// Whether the name is one of ours. A `#` in an application's field name is doubled.
fn is_remark(name: &str) -> bool {
    [CUT, ERROR].iter().any(|remark| {
        name.strip_suffix(&remark[1..])
            .is_some_and(|start| start.bytes().rev().take_while(|byte| *byte == b'#').count() % 2 == 1)
    })
}

/// The objects `fields` of a record, in the order in which they stand.
#[derive(Default)]
struct Record<'a> {
    objects: Vec<(Range<usize>, Vec<Member<'a>>)>,
}

impl<'a> Record<'a> {
    fn scan(&mut self, text: &'a str) -> Result<(), NotCanonical> {
        Scanner::new(text).object(|scanner, name| match name {
            "fields" => self.fields(scanner),
            "spans" => scanner.array(|scanner| {
                scanner.object(|scanner, name| match name {
                    "fields" => self.fields(scanner),
                    _ => scanner.value().map(drop),
                })
            }),
            _ => scanner.value().map(drop),
        })
    }

    fn fields(&mut self, scanner: &mut Scanner<'a>) -> Result<(), NotCanonical> {
        let start = scanner.at();
        let mut members = Vec::<Member<'a>>::new();
        scanner.object(|scanner, name| {
            let value = scanner.value()?;
            members.push(Member { name: name.to_owned(), value, cut: None });
            Ok(())
        })?;
        for at in 0..members.len() {
            let mark = format!("{}{CUT}", members[at].name);
            members[at].cut =
                members.iter().find(|member| member.name == mark).and_then(|mark| mark.value.parse().ok());
        }
        self.objects.push((start..scanner.at(), members));
        Ok(())
    }

    /// The length to which all longer values are to be cut, so that `length` becomes `max`: the longest are levelled,
    /// as few as it takes. None where no level is low enough.
    fn limit(&self, length: usize, max: usize) -> Option<usize> {
        let mut longest: Vec<&Member<'_>> = self
            .objects
            .iter()
            .flat_map(|(_, members)| members)
            .filter(|member| member.can_be_cut())
            .collect();
        longest.sort_by_key(|member| Reverse(member.value.len()));
        let mut rest = length;
        for (at, member) in longest.iter().enumerate() {
            rest = rest - member.value.len() + member.mark();
            let limit = max.saturating_sub(rest) / (at + 1);
            let next = longest.get(at + 1).map_or(0, |next| next.value.len());
            // Only values longer than the limit are cut: all that were counted, and none but them.
            if (next.max(QUOTES)..member.value.len()).contains(&limit) {
                return Some(limit);
            }
        }
        None
    }

    fn write(&self, text: &str, limit: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut copied = 0;
        for (range, members) in &self.objects {
            out.extend_from_slice(&text.as_bytes()[copied..range.start]);
            copied = range.end;
            write_members(members, limit, &mut out);
        }
        out.extend_from_slice(&text.as_bytes()[copied..]);
        out
    }
}

fn write_members(members: &[Member<'_>], limit: usize, out: &mut Vec<u8>) {
    let mut written: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::with_capacity(members.len() * 2);
    for member in members {
        if member.can_be_cut() && member.value.len() > limit {
            written.push((Cow::Borrowed(&member.name), Cow::Owned(cut(member.value, limit))));
            if member.cut.is_none() {
                let mark = format!("{}{CUT}", member.name);
                written.push((Cow::Owned(mark), Cow::Owned(member.value.len().to_string())));
            }
        } else {
            written.push((Cow::Borrowed(&member.name), Cow::Borrowed(member.value)));
        }
    }
    written.sort_by(|(a, _), (b, _)| member_order(a, b));
    out.push(b'{');
    for (at, (name, value)) in written.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write::string(name, out);
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    out.push(b'}');
}

/// The start of what a string says, or of the text of nested JSON, as a string of at most `limit` bytes.
fn cut(value: &str, limit: usize) -> String {
    let says = if value.starts_with('"') { Scanner::new(value).string().ok() } else { None };
    let mut out = Vec::with_capacity(limit);
    write::string(write::fitting(says.as_deref().unwrap_or(value), limit - QUOTES), &mut out);
    String::from_utf8(out).expect("a string's start is a string")
}

#[cfg(test)]
mod tests;
