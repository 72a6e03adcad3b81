//! One line, taken apart.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::canonical::scan::{NotCanonical, Scanner};
use super::hash::Hash;
#[cfg(feature = "shipped")]
use super::key::unsigned_hash;
use super::key::{KeyId, PublicKey, SIGNATURE_TEXT, parse_signature};
use super::{MAX_LINE, timestamp};

/// `,"sig":"` … `"}}`: what a signed line has more than U, less the two braces that U ends with.
const SIGNATURE_MEMBER: usize = 8 + SIGNATURE_TEXT + 1;

/// A line of a log, taken apart but not yet proved: it is canonical and has the members that its kind must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// The line's bytes, without the newline.
    pub text: &'a str,
    /// What the line is.
    pub kind: Kind<'a>,
    /// The event's, or the span's, level.
    pub level: Level,
    /// The event's, or the span's, target.
    pub target: Cow<'a, str>,
    /// The span's name; the event's where its macro gave it one.
    pub name: Option<Cow<'a, str>>,
    /// From the span's creation to its close, in nanoseconds.
    pub duration_ns: Option<u64>,
    /// The recorded fields: the text of a canonical JSON object.
    pub fields: &'a str,
    /// The spans around it, root first: the text of a canonical JSON array.
    pub spans: Option<&'a str>,
    /// When it was recorded; [`super::Timestamp::parse`] takes it, unless it names a day that there is not.
    pub timestamp: &'a str,
    /// Its place in the chain.
    pub link: Link,
}

/// What a line is. All but [`Kind::Event`] and [`Kind::Span`] are control lines, which are always signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // section 2 of the format says it
pub enum Kind<'a> {
    Event,
    Span,
    Genesis,
    Resume,
    Handoff,
    Gap,
    Close,
    /// A control line that this version does not know.
    Other(&'a str),
}

impl<'a> Kind<'a> {
    fn parse(text: &'a str) -> Kind<'a> {
        match text {
            "event" => Kind::Event,
            "span" => Kind::Span,
            "genesis" => Kind::Genesis,
            "resume" => Kind::Resume,
            "handoff" => Kind::Handoff,
            "gap" => Kind::Gap,
            "close" => Kind::Close,
            other => Kind::Other(other),
        }
    }

    /// The word that stands in the line.
    pub fn as_str(self) -> &'a str {
        match self {
            Kind::Event => "event",
            Kind::Span => "span",
            Kind::Genesis => "genesis",
            Kind::Resume => "resume",
            Kind::Handoff => "handoff",
            Kind::Gap => "gap",
            Kind::Close => "close",
            Kind::Other(other) => other,
        }
    }

    /// Whether the writer itself wrote the line, and so signed it.
    pub fn is_control(self) -> bool {
        !matches!(self, Kind::Event | Kind::Span)
    }
}

/// The level of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// The word that stands in the line.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        }
    }

    fn parse(text: &str) -> Option<Level> {
        [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error]
            .into_iter()
            .find(|level| level.as_str() == text)
    }
}

/// The member `trail`: a line's place in its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The log: the id of its first key.
    pub log: KeyId,
    /// The hash of the line before.
    pub prev: Hash,
    /// The line's number.
    pub seq: u64,
    /// Who signed it, where anybody did.
    pub signature: Option<LineSignature>,
}

/// The signature of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LineSignature {
    /// The key that signed.
    pub key: KeyId,
    /// The raw Ed25519 signature.
    pub bytes: [u8; 64],
}

impl fmt::Debug for LineSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineSignature").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<'a> Line<'a> {
    /// Takes a line apart, given without its newline.
    pub fn parse(bytes: &'a [u8]) -> Result<Line<'a>, MalformedLine> {
        if bytes.len() >= MAX_LINE {
            return Err(MalformedLine { at: MAX_LINE, why: "longer than 65535 bytes" });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| MalformedLine { at: error.valid_up_to(), why: "not UTF-8" })?;
        let mut scanner = Scanner::new(text);
        let mut members = Members::default();
        scanner.object(|scanner, name| members.take(scanner, name))?;
        scanner.end()?;
        members.into_line(text)
    }

    /// The line's hash: what the next line has as `prev`.
    pub fn hash(&self) -> Hash {
        Hash::of_line(self.text.as_bytes())
    }

    /// Whether the line has a signature, and it is this key's.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.link.signature.as_ref().is_some_and(|signature| signature.is_of(self.text.as_bytes(), key))
    }

    /// SHA-256(U) of a signed line: what its signature is for.
    #[cfg(feature = "shipped")]
    pub(crate) fn unsigned_hash(&self) -> Option<Hash> {
        self.link.signature.as_ref().map(|_| unsigned_hash(&unsigned(self.text.as_bytes())))
    }
}

impl LineSignature {
    /// Whether it is this key's for the line that it stands on.
    pub(crate) fn is_of(&self, line: &[u8], key: &PublicKey) -> bool {
        self.key == key.id() && key.verifies(&unsigned(line), &self.bytes)
    }
}

/// U of a signed line, in parts.
fn unsigned(line: &[u8]) -> [&[u8]; 2] {
    [&line[..line.len() - 2 - SIGNATURE_MEMBER], b"}}"]
}

/// The members of a line as they are met.
#[derive(Default)]
struct Members<'a> {
    duration_ns: Option<u64>,
    fields: Option<&'a str>,
    kind: Option<Kind<'a>>,
    level: Option<Level>,
    name: Option<Cow<'a, str>>,
    spans: Option<&'a str>,
    target: Option<Cow<'a, str>>,
    timestamp: Option<&'a str>,
    link: Option<Link>,
}

impl<'a> Members<'a> {
    fn take(&mut self, scanner: &mut Scanner<'a>, name: &str) -> Result<(), NotCanonical> {
        let start = scanner.at();
        let wrong = |why| Err(NotCanonical { at: start, why });
        match name {
            "duration_ns" => self.duration_ns = Some(scanner.unsigned()?),
            "fields" => {
                self.fields = Some(scanner.value()?);
                if !self.fields.is_some_and(|fields| fields.starts_with('{')) {
                    return wrong("`fields` is no object");
                }
            }
            "kind" => match scanner.string()? {
                Cow::Borrowed(kind) => self.kind = Some(Kind::parse(kind)),
                Cow::Owned(_) => return wrong("no kind of line has such a name"),
            },
            "level" => match Level::parse(&scanner.string()?) {
                Some(level) => self.level = Some(level),
                None => return wrong("no such level"),
            },
            "name" => self.name = Some(scanner.string()?),
            "spans" => self.spans = Some(spans(scanner)?),
            "target" => self.target = Some(scanner.string()?),
            "timestamp" => match scanner.string()? {
                Cow::Borrowed(text) if timestamp::has_shape(text.as_bytes()) => self.timestamp = Some(text),
                _ => return wrong("not a timestamp in UTC with nine digits"),
            },
            "trail" => self.link = Some(link(scanner)?),
            _ => return wrong("a member that no line has"),
        }
        Ok(())
    }

    fn into_line(self, text: &'a str) -> Result<Line<'a>, MalformedLine> {
        let missing = |why| MalformedLine { at: text.len(), why };
        let line = Line {
            text,
            kind: self.kind.ok_or_else(|| missing("`kind` is missing"))?,
            level: self.level.ok_or_else(|| missing("`level` is missing"))?,
            target: self.target.ok_or_else(|| missing("`target` is missing"))?,
            name: self.name,
            duration_ns: self.duration_ns,
            fields: self.fields.ok_or_else(|| missing("`fields` is missing"))?,
            spans: self.spans,
            timestamp: self.timestamp.ok_or_else(|| missing("`timestamp` is missing"))?,
            link: self.link.ok_or_else(|| missing("`trail` is missing"))?,
        };
        let is_span = line.kind == Kind::Span;
        if is_span && line.name.is_none() {
            return Err(missing("a span without `name`"));
        }
        if is_span != line.duration_ns.is_some() {
            return Err(missing("`duration_ns` belongs on spans, and on all of them"));
        }
        if line.kind.is_control() && (line.name.is_some() || line.spans.is_some()) {
            return Err(missing("a control line with `name` or `spans`"));
        }
        Ok(line)
    }
}

/// `[{"fields":{…},"name":"…"},…]`, at least one.
fn spans<'a>(scanner: &mut Scanner<'a>) -> Result<&'a str, NotCanonical> {
    let start = scanner.at();
    let wrong = |why| Err(NotCanonical { at: start, why });
    let mut any = false;
    scanner.array(|scanner| {
        let (mut fields, mut name) = (false, false);
        any = true;
        scanner.object(|scanner, member| match member {
            "fields" => {
                fields = true;
                scanner.object(|scanner, _| scanner.value().map(drop))
            }
            "name" => {
                name = true;
                scanner.string().map(drop)
            }
            _ => scanner.error("a member that no span has"),
        })?;
        if fields && name { Ok(()) } else { scanner.error("a span without `fields` or `name`") }
    })?;
    if any { Ok(scanner.since(start)) } else { wrong("`spans` is left out where there are none") }
}

fn link(scanner: &mut Scanner<'_>) -> Result<Link, NotCanonical> {
    let start = scanner.at();
    let (mut key, mut log, mut prev, mut seq, mut sig) = (None, None, None, None, None);
    scanner.object(|scanner, name| {
        let start = scanner.at();
        let wrong = |why| NotCanonical { at: start, why };
        match name {
            "key" => key = Some(KeyId::parse(scanner.string()?.as_bytes()).ok_or(wrong("no key id"))?),
            "log" => log = Some(KeyId::parse(scanner.string()?.as_bytes()).ok_or(wrong("no id of a log"))?),
            "prev" => prev = Some(Hash::parse(scanner.string()?.as_bytes()).ok_or(wrong("no hash"))?),
            "seq" => seq = Some(scanner.unsigned()?),
            "sig" => sig = Some(parse_signature(scanner.string()?.as_bytes()).ok_or(wrong("no signature"))?),
            _ => return Err(wrong("a member that no trail has")),
        }
        Ok(())
    })?;
    let wrong = |why| Err(NotCanonical { at: start, why });
    let signature = match (key, sig) {
        (Some(key), Some(bytes)) => Some(LineSignature { key, bytes }),
        (None, None) => None,
        (Some(_), None) => return wrong("`key` without `sig`"),
        (None, Some(_)) => return wrong("`sig` without `key`"),
    };
    match (log, prev, seq) {
        (Some(log), Some(prev), Some(seq)) => Ok(Link { log, prev, seq, signature }),
        _ => wrong("a trail without `log`, `prev` or `seq`"),
    }
}

/// Where and why bytes are no line of the format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MalformedLine {
    /// Offset in the line of the first byte that is wrong, from 0.
    pub at: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl From<NotCanonical> for MalformedLine {
    fn from(NotCanonical { at, why }: NotCanonical) -> MalformedLine {
        MalformedLine { at, why }
    }
}

impl fmt::Display for MalformedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {} of the line)", self.why, self.at + 1)
    }
}

impl std::error::Error for MalformedLine {}

#[cfg(test)]
mod tests;
