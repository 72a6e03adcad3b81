//! The lines of a log within what a shipper, a store or a query made of them.

use memchr::memmem;

use super::compare::{self, Beside};
use super::restore::{self, Restored};
use super::tree::{Members, Tree, member};
use super::{cells, doubled, json, marks};
use crate::trail::{Line, Timestamp};

/// Where shippers put the line that they relay, the likeliest first.
pub(super) const MEMBERS: [&str; 6] = ["event.original", "message", "log", "_raw", "line", "msg"];

/// Values within values, and texts within them, that are looked into.
const DEPTH: usize = 12;

/// Places in a text at which other JSON may begin.
const STARTS: usize = 16;

/// How often each byte of an item may be looked at in vain, besides so many bytes: whoever nests strings in strings, or begins
/// what never ends, gets no more time than that. Lines that are found cost nothing of it.
const IN_VAIN: usize = 64;
const BESIDES: usize = 256 << 10;

/// What is found.
pub(super) enum Found<'a> {
    /// Byte for byte what was written.
    Line(&'a Line<'a>, Timestamp),
    /// Written anew.
    Restored(Restored),
    /// Members beside a line that came byte for byte.
    Beside(&'a Line<'a>, Vec<Beside>),
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Ours,
    /// Has lines; what stands beside one of them was not compared with it.
    NotCompared,
    /// Begins like a line, and is none.
    Cut,
    NotOurs,
}

/// Looks for lines in items.
pub(super) struct Finder<'f> {
    /// The member that has them, where it is known: none else is looked at.
    at: Option<&'f str>,
    found: &'f mut dyn FnMut(Found<'_>),
    /// Lines that came byte for byte, of the value that is looked into.
    raw: Vec<String>,
    /// A line was found in a string whose beginning is elsewhere, or beside other lines.
    is_uncompared: bool,
    /// Bytes that may still be looked at in vain.
    credit: usize,
    /// Something that begins like a line was not looked at.
    is_cut: bool,
}

impl<'f> Finder<'f> {
    pub(super) fn new(at: Option<&'f str>, found: &'f mut dyn FnMut(Found<'_>)) -> Finder<'f> {
        Finder { at, found, raw: Vec::new(), is_uncompared: false, credit: 0, is_cut: false }
    }

    /// Looks into an item: a line of text, a JSON value, a cell of a table.
    pub(super) fn item(&mut self, bytes: &[u8]) -> Outcome {
        (self.is_uncompared, self.is_cut, self.raw) = (false, false, Vec::new());
        self.credit = BESIDES.saturating_add(IN_VAIN.saturating_mul(bytes.len()));
        let ours = memmem::find(bytes, b"trail").is_some() && self.text(bytes, DEPTH);
        match ours {
            true if self.is_cut => Outcome::Cut,
            true if self.is_uncompared => Outcome::NotCompared,
            true => Outcome::Ours,
            false if marks::start(bytes).is_some() || marks::names_a_line(bytes) => Outcome::Cut,
            false => Outcome::NotOurs,
        }
    }

    /// Lines, JSON around them, or either within other text, as syslog has it; also in strings that were cut open.
    fn text(&mut self, bytes: &[u8], depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let bytes = trimmed(bytes);
        if let Some((line, time)) = restore::line(bytes) {
            (self.found)(Found::Line(&line, time));
            self.raw.push(line.text.to_owned());
            return true;
        }
        if bytes.first() == Some(&b'"') {
            if let Some(Tree::Text(text)) = Tree::parse(bytes) {
                return self.text(text.as_bytes(), depth);
            }
            if let Some((content, length)) = cells::cell(bytes)
                && length == bytes.len()
            {
                return self.text(&content, depth);
            }
        }
        let mut found = false;
        let mut behind = 0;
        let braces = memchr::memchr_iter(b'{', bytes).take(STARTS);
        let mut places: Vec<usize> = braces.chain(marks::starts(bytes)).collect();
        places.sort_unstable();
        places.dedup();
        for place in places {
            if place < behind {
                continue;
            }
            if self.credit == 0 {
                self.is_cut |= marks::start(&bytes[place..]).is_some();
                return found;
            }
            // JSON over lines, in a cell.
            let spread = bytes.get(place + 1).is_some_and(u8::is_ascii_whitespace);
            let quote = place.checked_sub(1).filter(|quote| spread && bytes[*quote] == b'"');
            let cell = quote.and_then(|quote| cells::cell(&bytes[quote..]));
            if let Some((content, length)) = cell
                && self.text(&content, depth)
            {
                (found, behind) = (true, place + length);
            } else if let Some((any, length)) =
                self.within(&bytes[place..], depth).or_else(|| self.escaped_again(&bytes[place..], depth))
            {
                (found, behind) = (found | any, place + length);
            } else {
                self.credit = self.credit.saturating_sub(bytes.len() - place);
            }
        }
        found
    }

    /// A line, or JSON around one, that begins here: how long it is, where it is ours.
    fn within(&mut self, bytes: &[u8], depth: usize) -> Option<(bool, usize)> {
        let slashes = bytes[1..].iter().take_while(|byte| **byte == b'\\').count();
        // A cell, or a string, of which the beginning is elsewhere.
        if bytes[1 + slashes..].starts_with(b"\"\"") {
            let end = cells::end(bytes).unwrap_or(bytes.len());
            return Some((self.text(&cells::single(&bytes[..end]), depth), end)).filter(|(found, _)| *found);
        }
        if slashes > 0 {
            let end = string_end(bytes);
            let text = Tree::parse(&[b"\"", &bytes[..end], b"\""].concat())?;
            let found = self.text(text.as_text()?.as_bytes(), depth);
            self.is_uncompared |= found;
            return found.then_some((true, end));
        }
        let (tree, length) = json::value(bytes)?;
        let found = self.json(&bytes[..length], &tree, depth);
        // Where one place is named, no other counts.
        (found || self.at.is_some()).then_some((found, length))
    }

    /// A line, or JSON around one, whose escapes were escaped once more.
    fn escaped_again(&mut self, bytes: &[u8], depth: usize) -> Option<(bool, usize)> {
        if !matches!(bytes, [_, b'"' | b'\\', ..]) {
            return None;
        }
        let plain = if bytes[1] == b'"' { doubled::copied(bytes) } else { Some(doubled::quoted(bytes)) };
        let (text, length) =
            plain.filter(|(text, _)| marks::start(text) == Some(0) || text.starts_with(b"{\""))?;
        let found = self.text(&text, depth);
        self.is_uncompared |= found;
        found.then_some((true, length))
    }

    fn json(&mut self, bytes: &[u8], tree: &Tree, depth: usize) -> bool {
        if let Some((line, time)) = restore::line(bytes) {
            (self.found)(Found::Line(&line, time));
            self.raw.push(line.text.to_owned());
            return true;
        }
        let before = self.raw.len();
        let found = self.tree(tree, depth);
        self.compare(tree, before);
        found
    }

    /// Compares what stands beside a line with it, where the value has but one.
    fn compare(&mut self, value: &Tree, before: usize) {
        let Some((text, others)) = self.raw.get(before..).and_then(<[String]>::split_first) else { return };
        if others.iter().any(|other| other != text) {
            // Nobody knows of which line the members beside are; whoever altered one may have put another line there.
            self.is_uncompared = true;
            return;
        }
        if let Some((line, _)) = restore::line(text.as_bytes()) {
            let beside = compare::beside(value, text, &line);
            if !beside.is_empty() {
                (self.found)(Found::Beside(&line, beside));
            }
        }
    }

    fn tree(&mut self, tree: &Tree, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match tree {
            Tree::Object(members) => self.object(members, depth),
            Tree::Array(items) => self.values(items.iter(), depth),
            // Where no place is named, any string may be a line.
            Tree::Text(text) if self.at.is_none() && marks::start(text.as_bytes()).is_some() => {
                self.text(text.as_bytes(), depth)
            }
            _ => false,
        }
    }

    /// Values in an array or an object. Where they have several lines, each value is a document by itself.
    fn values<'t>(&mut self, values: impl Iterator<Item = &'t Tree> + Clone, depth: usize) -> bool {
        let (before, mut found, mut begins) = (self.raw.len(), false, Vec::new());
        for value in values.clone() {
            begins.push(self.raw.len());
            found |= self.tree(value, depth);
        }
        let is_one = self.raw[before..].windows(2).all(|pair| pair[0] == pair[1]);
        if !is_one {
            begins.push(self.raw.len());
            let lines = std::mem::take(&mut self.raw);
            for (value, range) in values.zip(begins.windows(2)) {
                self.raw = lines[range[0]..range[1]].to_vec();
                self.compare(value, 0);
            }
            self.raw = lines;
            self.raw.truncate(before);
        }
        found
    }

    /// A line that came as text goes before one that was parsed, which goes before what stands deeper.
    fn object(&mut self, members: &Members, depth: usize) -> bool {
        let places = match self.at {
            Some(at) => vec![at],
            None => MEMBERS.to_vec(),
        };
        let mut texts: Vec<&str> = Vec::new();
        for text in places.into_iter().filter_map(|path| at_path(members, path)).filter_map(Tree::as_text) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if texts.iter().fold(false, |found, text| self.text(text.as_bytes(), depth) | found) {
            return true;
        }
        if restore::is_line(members) {
            return match restore::restore(members.clone()) {
                Some(restored) => {
                    (self.found)(Found::Restored(restored));
                    true
                }
                None => false,
            };
        }
        self.values(members.iter().map(|(_, value)| value), depth)
    }
}

/// Where a line stands in an item, or what begins like one: the member, from the item down.
pub(super) fn member_with_a_line(item: &[u8]) -> Option<String> {
    fn search(tree: &Tree, path: &mut Vec<String>) -> bool {
        match tree {
            Tree::Text(text) | Tree::Odd { text, .. } => marks::start(text.as_bytes()).is_some(),
            Tree::Object(members) if restore::is_line(members) => true,
            Tree::Object(members) => members.iter().any(|(name, value)| {
                path.push(compare::cut(name.clone()));
                let found = search(value, path);
                if !found {
                    path.pop();
                }
                found
            }),
            Tree::Array(items) => items.iter().any(|item| search(item, path)),
            _ => false,
        }
    }
    let begin = memchr::memchr(b'{', item)?;
    let (tree, _) = json::value(&item[begin..])?;
    let mut path = Vec::new();
    (search(&tree, &mut path) && !path.is_empty()).then(|| path.join("."))
}

/// `event.original`: a member of that name, or `original` within `event`.
fn at_path<'a>(members: &'a Members, path: &str) -> Option<&'a Tree> {
    if let Some(value) = member(members, path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let within = member(members, &path[..dot])?.as_object()?;
        at_path(within, &path[dot + 1..])
    })
}

/// Without what stands around a line in a stream: white space, and the zero byte that ends some syslog frames.
fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., 0] = bytes {
        bytes = rest;
    }
    bytes.trim_ascii()
}

/// Where a string ends whose beginning is elsewhere.
fn string_end(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += found;
        if bytes[at] == b'"' {
            return at;
        }
        at = bytes.len().min(at + 2);
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = include_str!("../../tests/example-log/audit.2026-11-22.jsonl");

    fn line() -> &'static str {
        LOG.lines().next().unwrap()
    }

    /// What is found, and whether it came byte for byte.
    fn found(item: &str, at: Option<&str>) -> Vec<(String, bool)> {
        let mut all = Vec::new();
        let mut found = |found: Found<'_>| match found {
            Found::Line(line, _) => all.push((line.text.to_owned(), true)),
            Found::Restored(restored) => all.push((String::from_utf8(restored.text).unwrap(), false)),
            Found::Beside(..) => {}
        };
        let outcome = Finder::new(at, &mut found).item(item.as_bytes());
        assert_eq!(
            matches!(outcome, Outcome::Ours | Outcome::NotCompared),
            !all.is_empty(),
            "{outcome:?} {item}"
        );
        all
    }

    #[test]
    fn a_relayed_line_is_found_wherever_shippers_put_it() {
        let text = serde_json::to_string(line()).unwrap();
        let with_newline = serde_json::to_string(&format!("{}\n", line())).unwrap();
        for item in [
            line().to_owned(),
            format!("  {}\r\n", line()),
            text.clone(),
            format!("<134>1 2026-11-22T00:00:00Z host app 7 - [a@1 b=\"c\"] {}", line()),
            format!("<134>Nov 22 00:00:00 host app[7]: {}\0", line()),
            format!("<134>Nov 22 00:00:00 host app[7]: @cee: {{\"msg\":{text}}}"),
            format!("{{\"log\":{with_newline},\"stream\":\"stdout\"}}"),
            format!("{{\"@timestamp\":\"x\",\"event\":{{\"original\":{text}}},\"message\":\"other\"}}"),
            format!("{{\"event.original\":{text}}}"),
            format!("{{\"_index\":\"i\",\"_source\":{{\"message\":{text}}}}}"),
            format!("{{\"hits\":{{\"hits\":[{{\"_source\":{{\"line\":{text}}}}}]}}}}"),
            format!("{{\"result\":{{\"_raw\":{text}}}}}"),
            format!("{{\"body\":{{\"stringValue\":{text}}}}}"),
            format!("{{\"values\":[[\"1\",{text}]]}}"),
            format!("7,\"{}\",x", line().replace('"', "\"\"")),
            format!("7;\"{}\"", text.replace('"', "\"\"")),
            format!("\"{}\"", format!("{{\"log\":{text}}}").replace('"', "\"\"")),
            format!("7,\"{}\"", format!("{{\n \"log\": {text}\n}}").replace('"', "\"\"")),
            format!("took {{3}} [{{\"a\":[ {} }} (1 ms)", line()),
            text[1..].to_owned(),
            serde_json::to_string(&text).unwrap()[3..].to_owned(),
        ] {
            assert_eq!(found(&item, None), [(line().to_owned(), true)], "{item}");
        }
    }

    #[test]
    fn each_of_many_lines_in_one_item_is_found() {
        let lines: Vec<_> = LOG.lines().cycle().take(1_000).collect();
        let all: Vec<_> = lines.iter().map(|line| ((*line).to_owned(), true)).collect();
        for item in [
            lines.join(" "),
            serde_json::to_string(&lines.join("\n")).unwrap(),
            format!("{{\"message\":{}}}", serde_json::to_string(&lines.join("\n")).unwrap()),
            format!("7,\"{}\"", lines.join("\n").replace('"', "\"\"")),
            format!("{{{{{{ [x] {}", lines.join("{")),
        ] {
            assert!(found(&item, None) == all, "{}", &item[..80]);
        }
    }

    #[test]
    fn what_nests_without_end_is_looked_at_in_proportion() {
        let mut count = 0;
        let mut found = |_: Found<'_>| count += 1;
        let mut finder = Finder::new(None, &mut found);
        for backslashes in [(1 << 12) - 1, (1 << 14) - 1, (1 << 15) - 1] {
            let nested = format!("{{{}\"", "\\".repeat(backslashes)).repeat(16);
            assert_eq!(finder.item(format!("x trail {nested}").as_bytes()), Outcome::NotOurs);
            // What may have been lost in it is said.
            let outcome = finder.item(format!("x trail {nested} {}", line()).as_bytes());
            assert!(matches!(outcome, Outcome::Ours | Outcome::Cut), "{outcome:?}");
        }
        let begun = "{\"fields\":{".repeat(20_000);
        assert_eq!(finder.item(format!("trail {begun}").as_bytes()), Outcome::Cut);
    }

    #[test]
    fn a_named_place_is_the_only_one() {
        let text = serde_json::to_string(line()).unwrap();
        let item = format!("{{\"a\":{{\"b\":{text}}},\"message\":\"trail\"}}");
        assert_eq!(found(&item, Some("a.b")).len(), 1);
        assert_eq!(found(&format!("{{\"message\":{text}}}"), Some("a.b")), []);
        assert_eq!(found(&format!("{{\"a\":{{\"c\":{text}}},\"body\":[{text}]}}"), Some("a.b")), []);
    }

    #[test]
    fn a_line_as_text_goes_before_its_own_members() {
        let parsed = line().strip_suffix('}').unwrap();
        let item = format!("{parsed},\"message\":{}}}", serde_json::to_string(line()).unwrap());
        assert_eq!(found(&item, None), [(line().to_owned(), true)]);
        assert_eq!(found(&format!("{parsed},\"date\":1.5}}"), None), [(line().to_owned(), false)]);
    }

    #[test]
    fn what_is_not_ours_is_told_from_what_was_cut() {
        let mut none = |_: Found<'_>| panic!("nothing is to be found");
        let mut finder = Finder::new(None, &mut none);
        assert_eq!(finder.item(b"{\"trail\":\"of another kind\"}"), Outcome::NotOurs);
        assert_eq!(finder.item(b"a trail {of} words"), Outcome::NotOurs);
        assert_eq!(finder.item(&line().as_bytes()[..line().len() - 9]), Outcome::Cut);
        assert_eq!(finder.item(&line().as_bytes()[..40]), Outcome::Cut);
        let deep = format!("{}\"trail\"{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(finder.item(deep.as_bytes()), Outcome::NotOurs);
    }
}
