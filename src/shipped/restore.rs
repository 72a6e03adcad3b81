//! A line that was parsed and written anew, back in its canonical form.
//!
//! Order, spaces, escapes and the spelling of numbers come back by RFC 8785. What can't come back is what a shipper
//! took for something else: a number that it made a string. There the hash tells which of the few possible lines it was.

use super::doubled;
use super::tree::{Members, Tree, member};
use crate::trail::canonical::MAX_SAFE_INTEGER;
use crate::trail::{Hash, KeyId, Line, MAX_LINE, Timestamp};

/// The members of a line; all others are not ours.
const OURS: [&str; 9] =
    ["duration_ns", "fields", "kind", "level", "name", "spans", "target", "timestamp", "trail"];
/// Members that some lines have and others have not.
const MAY_LACK: [&str; 4] = ["duration_ns", "fields", "name", "spans"];
const MAY_LACK_OF_TRAIL: [&str; 2] = ["key", "sig"];
const OURS_OF_TRAIL: [&str; 5] = ["key", "log", "prev", "seq", "sig"];

/// 2^53: from here on a double can't hold every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// So many changes are tried, alone and together.
const EDITS: usize = 8;

/// What a re-emitted line says.
#[derive(Debug, PartialEq)]
pub(super) struct Restored {
    pub(super) log: KeyId,
    pub(super) seq: u64,
    /// The canonical form, whether it is a line or not.
    pub(super) text: Vec<u8>,
    /// Members that are not ours.
    pub(super) foreign: Vec<String>,
}

/// Whether members are those of a line: they say where in which log it belongs.
pub(super) fn is_line(members: &Members) -> bool {
    place(members).is_some()
}

fn place(members: &Members) -> Option<(KeyId, u64)> {
    let trail = member(members, "trail")?.as_object()?;
    let log = KeyId::parse(member(trail, "log")?.as_text()?.as_bytes())?;
    Some((log, integer(member(trail, "seq")?)?))
}

/// Brings a line back from its members.
pub(super) fn restore(members: Members) -> Option<Restored> {
    let (log, seq) = place(&members)?;
    let mut foreign = Vec::new();
    let mut ours = keep(members, &OURS, "", &mut foreign);
    without_null(&mut ours, &MAY_LACK, "", &mut foreign);
    for (name, value) in &mut ours {
        match (name.as_str(), value) {
            ("trail", Tree::Object(trail)) => {
                *trail = keep(std::mem::take(trail), &OURS_OF_TRAIL, "trail.", &mut foreign);
                without_null(trail, &MAY_LACK_OF_TRAIL, "trail.", &mut foreign);
                for (_, value) in trail.iter_mut().filter(|(name, _)| name == "seq") {
                    number_again(value);
                }
            }
            ("duration_ns", value) => number_again(value),
            ("timestamp", Tree::Text(text)) => nine_digits(text),
            _ => {}
        }
    }
    // Every line has fields; some shippers drop an empty object.
    if member(&ours, "fields").is_none() {
        ours.push(("fields".to_owned(), Tree::Object(Vec::new())));
    }
    let mut text = Vec::new();
    if Tree::Object(ours).write(&mut text).is_err() {
        text.clear(); // two members of one name: nobody can say which one was written
    }
    Some(Restored { log, seq, text, foreign })
}

/// Where others have `null`, a line has nothing.
fn without_null(members: &mut Members, may_lack: &[&str], within: &str, foreign: &mut Vec<String>) {
    members.retain(|(name, value)| {
        let added = *value == Tree::Null && may_lack.contains(&name.as_str());
        if added {
            foreign.push(format!("{within}{name}"));
        }
        !added
    });
}

fn keep(members: Members, ours: &[&str], within: &str, foreign: &mut Vec<String>) -> Members {
    let (kept, others): (Members, Members) =
        members.into_iter().partition(|(name, _)| ours.contains(&name.as_str()));
    foreign.extend(others.into_iter().map(|(name, _)| format!("{within}{name}")));
    kept
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // whole, and exact
fn integer(value: &Tree) -> Option<u64> {
    match value {
        Tree::Number(number) if number.fract() == 0.0 && (0.0..EXACT).contains(number) => {
            Some(*number as u64)
        }
        Tree::Text(text) => text.parse().ok().filter(|value| *value <= MAX_SAFE_INTEGER),
        _ => None,
    }
}

/// A member that is a number on every line.
fn number_again(value: &mut Tree) {
    if let Tree::Text(text) = value
        && let Ok(number) = text.parse::<f64>()
    {
        *value = Tree::Number(number);
    }
}

/// A time to the millisecond, as many a store has it, may have been one whose other digits were zeros.
fn nine_digits(text: &mut String) {
    let Some(digits) = text.get(19..).and_then(|rest| rest.strip_prefix('.')?.strip_suffix('Z')) else {
        return;
    };
    if digits.len() < 9 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = format!("{digits:0<9}");
        *text = format!("{}.{digits}Z", &text[..19]);
    }
}

/// The line, where bytes are one.
pub(super) fn line(bytes: &[u8]) -> Option<(Line<'_>, Timestamp)> {
    let line = Line::parse(bytes).ok()?;
    let time = Timestamp::parse(line.timestamp)?;
    Some((line, time))
}

/// What a line that can't be brought back says of the one before it.
pub(super) fn prev(text: &[u8]) -> Option<Hash> {
    let tree = Tree::parse(text)?;
    let trail = member(tree.as_object()?, "trail")?.as_object()?;
    Hash::parse(member(trail, "prev")?.as_text()?.as_bytes())
}

/// Whether a line may have been another one: a string in it reads as a number or a boolean, what it has is nothing, or each
/// backslash stands there twice. Others have no line that they are tried as.
pub(super) fn may_be_retyped(line: &Line<'_>) -> bool {
    let values = [line.fields, line.spans.unwrap_or_default()];
    line.name.as_deref() == Some("")
        || doubled::halved(line.text).is_some()
        || line.duration_ns == Some(0)
        || line.spans == Some("[]")
        || values.into_iter().any(|values| {
            let values = values.as_bytes();
            memchr::memmem::find_iter(values, b":").any(|colon| match &values[colon + 1..] {
                [b'"', text @ ..] => {
                    let text = &text[..memchr::memchr(b'"', text).unwrap_or(text.len())];
                    matches!(text, [b'-' | b'0'..=b'9' | b't' | b'f' | b'n', ..]) && reads_as(text).is_some()
                }
                text => text.starts_with(b"null"),
            })
        })
}

/// What a string reads as, where that is no string.
fn reads_as(text: &[u8]) -> Option<Tree> {
    Tree::parse(text).filter(|value| match value {
        // A larger one stands in a string anyway.
        Tree::Number(number) => number.abs() < EXACT,
        Tree::Bool(_) | Tree::Null => true,
        _ => false,
    })
}

/// Finds the line that `text` was where a shipper made strings of its values, or has a member of its own under a name of
/// ours, or nulls for what a line has not; by its hash, or its signature. Also says which members had to be changed.
pub(super) fn repair(text: &[u8], is_it: impl Fn(&Line<'_>) -> bool) -> Option<(Vec<u8>, Vec<String>)> {
    if text.len() > 2 * MAX_LINE {
        return None; // no line was that long, whatever a shipper added
    }
    let tree = Tree::parse(text)?;
    let halved = std::str::from_utf8(text).ok().and_then(doubled::halved).map(String::into_bytes);
    if let Some(halved) = halved.filter(|text| line(text).is_some_and(|(line, _)| is_it(&line))) {
        return Some((halved, Vec::new()));
    }
    if let Some(found) = changed(&tree, &is_it) {
        return Some(found);
    }
    // Control lines have nulls of their own.
    [&[][..], &NULLS].into_iter().find_map(|kept| {
        let mut nulls = Vec::new();
        let bare = without_nulls(&tree, kept, &mut Vec::new(), &mut nulls);
        let (text, edits) = changed(&bare, &is_it).filter(|_| !nulls.is_empty())?;
        Some((text, [nulls, edits].concat()))
    })
}

/// The line that a value was before some of its members were changed, and which.
fn changed(tree: &Tree, is_it: impl Fn(&Line<'_>) -> bool) -> Option<(Vec<u8>, Vec<String>)> {
    let edits = edits(tree);
    let tried = edits.len().min(EDITS);
    let some = (0..1_u32 << tried).map(|set| (0..tried).filter(|edit| set >> edit & 1 == 1).collect());
    let all = (tried < edits.len()).then(|| (0..edits.len()).collect::<Vec<_>>());
    some.chain(all).find_map(|set: Vec<usize>| {
        let mut tree = tree.clone();
        for edit in &set {
            edits[*edit].make(&mut tree);
        }
        let mut text = Vec::new();
        tree.write(&mut text).ok()?;
        let found = line(&text).is_some_and(|(line, _)| is_it(&line));
        found.then(|| (text, set.iter().map(|edit| edits[*edit].member()).collect()))
    })
}

/// Members that are null in control lines.
const NULLS: [&str; 3] = ["fields.handoff", "fields.keeps", "fields.previous"];

/// A value without the members that are null: a store with columns has each of them on each line.
fn without_nulls(tree: &Tree, kept: &[&str], path: &mut Vec<Step>, dropped: &mut Vec<String>) -> Tree {
    match tree {
        Tree::Object(members) => {
            let mut left = Members::new();
            for (name, value) in members {
                path.push(Step::Member(name.clone()));
                match value {
                    Tree::Null if !kept.contains(&member_at(path).as_str()) => dropped.push(member_at(path)),
                    value => left.push((name.clone(), without_nulls(value, kept, path, dropped))),
                }
                path.pop();
            }
            Tree::Object(left)
        }
        Tree::Array(items) => {
            let mut left = Vec::new();
            for (at, value) in items.iter().enumerate() {
                path.push(Step::Item(at));
                left.push(without_nulls(value, kept, path, dropped));
                path.pop();
            }
            Tree::Array(left)
        }
        other => other.clone(),
    }
}

/// Why `text`, re-emitted, is not the line that was written: the member, where one can be named, and what is with it.
pub(super) fn doubt(text: &[u8]) -> (Option<String>, String) {
    if text.is_empty() {
        return (None, "two of its members have one name".to_owned());
    }
    let Some(tree) = Tree::parse(text) else { return (None, "nested too deep".to_owned()) };
    let mut odd = None;
    leaves(&tree, &mut Vec::new(), &mut |path, leaf| {
        if let (Tree::Odd { why, .. }, None) = (leaf, &odd) {
            odd = Some((Some(member_at(path)), (*why).to_owned()));
        }
    });
    if let Some(odd) = odd {
        return odd;
    }
    if let Err(why) = Line::parse(text) {
        let names = tree.as_object().into_iter().flatten().map(|(name, _)| name);
        // The member that begins last before the place.
        let begins = |name: &String| memchr::memmem::find(text, format!("\"{name}\":").as_bytes());
        let at =
            names.filter(|name| begins(name).is_some_and(|begin| begin <= why.at && why.at < text.len()));
        let member = at.max_by_key(|name| begins(name)).cloned().or_else(|| missing(&tree));
        return (member, why.why.to_owned());
    }
    if let Some(edit) = edits(&tree).iter().find(|edit| edit.value.is_some()) {
        return (Some(edit.member()), "a string that may have been a number, among others".to_owned());
    }
    let mut rounded = None;
    leaves(&tree, &mut Vec::new(), &mut |path, leaf| {
        let is_rounded = matches!(leaf, Tree::Number(number) if (EXACT..1e21).contains(&number.abs()));
        if is_rounded && rounded.is_none() {
            rounded = Some(member_at(path));
        }
    });
    match rounded {
        Some(member) => {
            (Some(member), "an integer that a line has as a string, so that nobody rounds it".to_owned())
        }
        None => (None, "its values are not those that were written".to_owned()),
    }
}

fn missing(tree: &Tree) -> Option<String> {
    let members = tree.as_object()?;
    let asked =
        ["kind", "level", "target", "timestamp"].into_iter().find(|name| member(members, name).is_none());
    asked.map(str::to_owned)
}

/// One thing that a shipper may have changed.
struct Edit {
    path: Vec<Step>,
    /// What stood there; `None`: nothing did.
    value: Option<Tree>,
}

#[derive(Clone)]
enum Step {
    Member(String),
    Item(usize),
}

fn edits(tree: &Tree) -> Vec<Edit> {
    let mut edits = Vec::new();
    let Tree::Object(members) = tree else { return edits };
    for (name, value) in members.iter().filter(|(name, _)| name == "fields" || name == "spans") {
        leaves(value, &mut vec![Step::Member(name.clone())], &mut |path, leaf| {
            if let Some(value) = leaf.as_text().and_then(|text| reads_as(text.as_bytes())) {
                edits.push(Edit { path: path.to_vec(), value: Some(value) });
            }
        });
    }
    for name in ["name", "spans", "duration_ns"] {
        if member(members, name).is_some() {
            edits.push(Edit { path: vec![Step::Member(name.to_owned())], value: None });
        }
    }
    edits
}

/// Visits each value that holds no others.
fn leaves(value: &Tree, path: &mut Vec<Step>, visit: &mut impl FnMut(&[Step], &Tree)) {
    match value {
        Tree::Object(members) => {
            for (name, value) in members {
                path.push(Step::Member(name.clone()));
                leaves(value, path, visit);
                path.pop();
            }
        }
        Tree::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(Step::Item(at));
                leaves(item, path, visit);
                path.pop();
            }
        }
        leaf => visit(path, leaf),
    }
}

impl Edit {
    fn make(&self, tree: &mut Tree) {
        let Some((last, above)) = self.path.split_last() else { return };
        let mut at = tree;
        for step in above {
            let Some(next) = step.of(at) else { return };
            at = next;
        }
        match (&self.value, last) {
            (Some(value), last) => {
                if let Some(place) = last.of(at) {
                    *place = value.clone();
                }
            }
            (None, Step::Member(name)) => {
                if let Tree::Object(members) = at {
                    members.retain(|(known, _)| known != name);
                }
            }
            (None, Step::Item(_)) => {}
        }
    }

    fn member(&self) -> String {
        member_at(&self.path)
    }
}

/// `fields.count`, `spans[0].fields.id`.
fn member_at(path: &[Step]) -> String {
    let mut name = String::new();
    for step in path {
        match step {
            Step::Member(member) if name.is_empty() => name.push_str(member),
            Step::Member(member) => name.extend([".", member]),
            Step::Item(at) => name.extend(["[", &at.to_string(), "]"]),
        }
    }
    name
}

impl Step {
    fn of<'a>(&self, tree: &'a mut Tree) -> Option<&'a mut Tree> {
        match (self, tree) {
            (Step::Member(name), Tree::Object(members)) => {
                members.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
            }
            (Step::Item(at), Tree::Array(items)) => items.get_mut(*at),
            _ => None,
        }
    }
}
