//! Reading the lines that most lines are.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tracing_audit::trail::{Hash, KeyId, Kind, Level, Line, LineSignature, Link, MAX_LINE, Timestamp};

use super::members::{Parts, Walk};

/// Length of a signature's text.
const SIGNATURE: usize = 88;

/// Takes a record apart as [`Line::parse`] does, where it is of an ordinary spelling, and its fields and spans too. None
/// where a closer look is needed. Of a line that is `known` to be one, less is asked.
pub(super) fn read<'a>(text: &'a str, known: bool, parts: &mut Parts<'a>) -> Option<Line<'a>> {
    if text.len() >= MAX_LINE {
        return None;
    }
    let mut walk = Walk::new(text);
    walk.literal(b"{")?;
    let duration_ns = match walk.literal(b"\"duration_ns\":") {
        Some(()) => {
            let duration = integer(walk.number().as_bytes())?;
            walk.literal(b",")?;
            Some(duration)
        }
        None => None,
    };
    walk.literal(b"\"fields\":")?;
    let start = walk.at;
    walk.fields(parts)?;
    let fields = &text[start..walk.at];
    walk.literal(b",\"kind\":")?;
    let kind = match duration_ns {
        None => walk.literal(b"\"event\"").map(|()| Kind::Event)?,
        Some(_) => walk.literal(b"\"span\"").map(|()| Kind::Span)?,
    };
    walk.literal(b",\"level\":")?;
    let level = level(walk.string()?.raw)?;
    let name = match walk.literal(b",\"name\":") {
        Some(()) => Some(unescaped(&mut walk)?),
        None if kind == Kind::Span => return None,
        None => None,
    };
    let spans = match walk.literal(b",\"spans\":") {
        Some(()) => {
            let start = walk.at;
            walk.spans(parts)?;
            Some(&text[start..walk.at])
        }
        None => None,
    };
    walk.literal(b",\"target\":")?;
    let target = unescaped(&mut walk)?;
    walk.literal(b",\"timestamp\":\"")?;
    let timestamp = timestamp(&text[walk.at..])?;
    walk.at += timestamp.len();
    walk.literal(b"\",\"trail\":")?;
    let link = link(&text[walk.at..])?;
    (known || walk.is_certain).then_some(Line {
        text,
        kind,
        level,
        target,
        name,
        duration_ns,
        fields,
        spans,
        timestamp,
        link,
    })
}

fn unescaped<'a>(walk: &mut Walk<'a>) -> Option<Cow<'a, str>> {
    let text = walk.string()?;
    text.is_unescaped().then_some(Cow::Borrowed(text.raw))
}

fn level(word: &str) -> Option<Level> {
    [Level::Info, Level::Warn, Level::Error, Level::Debug, Level::Trace]
        .into_iter()
        .find(|level| level.as_str() == word)
}

/// What this text begins with.
fn timestamp(text: &str) -> Option<&str> {
    const SHAPE: &[u8; Timestamp::TEXT] = b"0000-00-00T00:00:00.000000000Z";
    let bytes = text.as_bytes().first_chunk::<{ Timestamp::TEXT }>()?;
    let fits = |byte: u8, shape: u8| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    // All of them, without a branch.
    let all = bytes.iter().zip(SHAPE).fold(true, |all, (byte, shape)| all & fits(*byte, *shape));
    all.then(|| &text[..Timestamp::TEXT])
}

/// `{"key":"b1541897b6ad297c","log":"b1541897b6ad297c","prev":"e24cb344…","seq":2,"sig":"7zej61Wa…"}}`: the end of a
/// line, without `key` and `sig` where it is unsigned.
fn link(end: &str) -> Option<Link> {
    let rest = end.as_bytes().strip_prefix(b"{\"")?;
    let (key, rest) = match rest.strip_prefix(b"key\":\"") {
        Some(rest) => {
            let (key, rest) = rest.split_first_chunk::<16>()?;
            (Some(KeyId::parse(key)?), rest.strip_prefix(b"\",\"")?)
        }
        None => (None, rest),
    };
    let (log, rest) = rest.strip_prefix(b"log\":\"")?.split_first_chunk::<16>()?;
    let (prev, rest) = rest.strip_prefix(b"\",\"prev\":\"")?.split_first_chunk::<64>()?;
    let rest = rest.strip_prefix(b"\",\"seq\":")?.strip_suffix(b"}}")?;
    let (seq, signature) = match key {
        Some(key) => {
            let (rest, text) = rest.strip_suffix(b"\"")?.split_last_chunk::<SIGNATURE>()?;
            let mut bytes = [0; 64];
            let seq = rest.strip_suffix(b",\"sig\":\"")?;
            // So many digits are 64 bytes, or more than there is room for.
            STANDARD.decode_slice(text, &mut bytes).ok()?;
            (seq, Some(LineSignature { key, bytes }))
        }
        None => (rest, None),
    };
    Some(Link { log: KeyId::parse(log)?, prev: Hash::parse(prev)?, seq: integer(seq)?, signature })
}

/// Of up to 15 digits, so that it is exact everywhere.
fn integer(digits: &[u8]) -> Option<u64> {
    let is_canonical = matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.len() <= 15;
    let next = |value: u64, byte: &u8| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0'));
    if is_canonical { digits.iter().try_fold(0, next) } else { None }
}
