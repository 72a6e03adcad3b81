//! Control lines: what the writer itself has to say (section 2 of the format).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::endorsement::Endorsement;
use super::hash::Hash;
use super::key::{KeyId, PublicKey};
use super::line::{Kind, Line};
use super::timestamp::Timestamp;
use super::{FORMAT, canonical};

/// A control line's fields.
#[allow(clippy::large_enum_variant)] // few are alive at once
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Control {
    Genesis(Genesis),
    Resume(Resume),
    Handoff(Handoff),
    Gap(Gap),
    Close(Close),
}

/// Opens every file, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// Where an operator let the log go on after a loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// Number of the key in force.
    pub epoch: u64,
    /// Number of this file in its log.
    pub file: u64,
    /// In the log's first genesis, where a fleet's key endorsed the log's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<Endorsement>,
    /// [`FORMAT`].
    pub format: String,
    /// The last hand-off before this line; absent from lines of older writers.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub handoff: Option<HandoffBefore>,
    /// The retention in force; absent from lines of older writers.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub keeps: Option<Keeps>,
    /// Number of the oldest file that retention keeps.
    pub oldest: u64,
    /// Who writes: a name that the operator chose.
    pub origin: String,
    /// The file before; none before file 0.
    #[serde(deserialize_with = "Option::deserialize")] // may be null, but not missing
    pub previous: Option<Previous>,
    /// The key in force.
    pub public_key: PublicKey,
    /// The log that this one replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeds: Option<Succeeds>,
    /// Bytes that stood in this file before it had a signed line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn: Option<Torn>,
    /// The process that writes.
    pub writer: WriterIdentity,
}

/// The file before, as its successor's genesis has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Its length, torn bytes and all.
    pub bytes: u64,
    /// How it ended.
    pub ended: Ended,
    /// Its name then; files get renamed.
    pub name: String,
    /// The bytes behind its last signed line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn: Option<Torn>,
    /// Where its last sync failed: the first line that may be missing from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsynced_from: Option<u64>,
}

/// How a file, or the process that wrote it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// By a `close`; another file follows.
    Rotated,
    /// By a `close`; the process ended.
    Shutdown,
    /// Without a `close`.
    Crash,
    /// At start the head was not there.
    Lost,
    /// Cut while it was written.
    Truncated,
    /// Deleted while it was written.
    Removed,
    /// Another file was put at its path while it was written.
    Replaced,
    /// A sync failed; what it should have kept may be missing.
    Unsynced,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A line of the log, by its number and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The line's hash.
    pub hash: Hash,
    /// The line's number.
    pub seq: u64,
}

/// The last hand-off before a line: with it the line commits to all hand-offs before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HandoffBefore {
    /// The hand-off to the key in force; in epoch 0, line 0.
    Line(Position),
    /// `null`: this is line 0.
    None,
}

impl HandoffBefore {
    /// The line that is named.
    pub fn line(self) -> Option<Position> {
        match self {
            HandoffBefore::Line(line) => Some(line),
            HandoffBefore::None => None,
        }
    }
}

/// How many files retention keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Keeps {
    /// The newest so many, the one that is written among them.
    Newest(u64),
    /// `null`: all.
    All,
}

/// An operator looked into a loss and let the log go on after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// When.
    pub at: Timestamp,
    /// Who, as they called themselves.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

/// Bytes that never became records, attested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Torn {
    /// How many.
    pub bytes: u64,
    /// Their plain SHA-256.
    pub sha256: Hash,
}

/// The log whose key store was lost, as the new one saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succeeds {
    /// The hash of its last signed line.
    pub hash: Hash,
    /// Its id.
    pub log: KeyId,
    /// The number of its last signed line.
    pub seq: u64,
}

/// The process that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterIdentity {
    /// The machine's boot, where the system names it: on Linux a random number that each boot draws.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// The machine's name.
    pub host: String,
    /// The process id.
    pub pid: u32,
    /// The program's name, and its version where it has one.
    pub program: String,
}

/// A process goes on in a file that already has lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Where an operator let the log go on after a loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// How the process before ended: [`Ended::Crash`] or [`Ended::Shutdown`].
    pub ended: Ended,
    /// The bytes behind the last signed line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn: Option<Torn>,
    /// The process that goes on.
    pub writer: WriterIdentity,
}

/// The last line that a key signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// Number of the next key.
    pub epoch: u64,
    /// Number of the file in which this line stands; absent from lines of older writers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<u64>,
    /// The last hand-off before this line; absent from lines of older writers.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub handoff: Option<HandoffBefore>,
    /// The retention in force; absent from lines of older writers.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub keeps: Option<Keeps>,
    /// Number of the oldest file that retention keeps; absent from lines of older writers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<u64>,
    /// The next key.
    pub public_key: PublicKey,
    /// Why now: `interval`, `lines`, `requested`.
    pub reason: String,
}

/// Records were lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// How many.
    pub lost: u64,
    /// Why.
    pub reason: String,
    /// When the first was.
    pub since: Timestamp,
}

/// The writer is done with the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// [`Ended::Rotated`] or [`Ended::Shutdown`].
    pub reason: Ended,
}

impl Genesis {
    /// The genesis of a file: its number, its writer's name and process, the key in force and its number, the file before.
    /// It has none of the members that may be absent; its retention keeps all files.
    pub fn new(
        file: u64,
        origin: impl Into<String>,
        (epoch, public_key): (u64, PublicKey),
        previous: Option<Previous>,
        writer: WriterIdentity,
    ) -> Genesis {
        Genesis {
            accepted: None,
            epoch,
            file,
            fleet: None,
            format: FORMAT.to_owned(),
            handoff: None,
            keeps: None,
            oldest: 0,
            origin: origin.into(),
            previous,
            public_key,
            succeeds: None,
            torn: None,
            writer,
        }
    }
}

impl Handoff {
    /// The hand-off to the key of an epoch. It has none of the members that may be absent.
    pub fn new((epoch, public_key): (u64, PublicKey), reason: impl Into<String>) -> Handoff {
        let reason = reason.into();
        Handoff { epoch, file: None, handoff: None, keeps: None, oldest: None, public_key, reason }
    }
}

impl Resume {
    /// A process goes on after one that ended so, with nothing torn.
    pub fn new(ended: Ended, writer: WriterIdentity) -> Resume {
        Resume { accepted: None, ended, torn: None, writer }
    }
}

impl WriterIdentity {
    /// A process on a machine, at a boot that is not known.
    pub fn new(host: impl Into<String>, pid: u32, program: impl Into<String>) -> WriterIdentity {
        WriterIdentity { boot: None, host: host.into(), pid, program: program.into() }
    }
}

/// Takes a member that may be `null` and may be absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(member: D) -> Result<Option<T>, D::Error> {
    T::deserialize(member).map(Some)
}

impl Control {
    /// What the line's fields say. `None` for records and for kinds that this version does not know.
    pub fn parse(line: &Line<'_>) -> Result<Option<Control>, InvalidControl> {
        fn fields<'a, T: Deserialize<'a>>(line: &Line<'a>) -> Result<T, InvalidControl> {
            serde_json::from_str(line.fields).map_err(|error| InvalidControl::Fields(error.to_string()))
        }
        Ok(Some(match line.kind {
            Kind::Genesis => {
                let Format { format } = fields(line)?;
                if format != FORMAT {
                    return Err(InvalidControl::Format(format));
                }
                Control::Genesis(fields(line)?)
            }
            Kind::Resume => Control::Resume(fields(line)?),
            Kind::Handoff => Control::Handoff(fields(line)?),
            Kind::Gap => Control::Gap(fields(line)?),
            Kind::Close => Control::Close(fields(line)?),
            Kind::Event | Kind::Span | Kind::Other(_) => return Ok(None),
        }))
    }

    /// Whether the line's fields are exactly these: where not, a later version added members.
    pub fn is_all_of(&self, line: &Line<'_>) -> bool {
        self.fields() == line.fields.as_bytes()
    }

    /// The line up to its timestamp, as [`super::Chain::signed`] takes it.
    pub fn body(&self) -> Vec<u8> {
        let (kind, level) = match self {
            Control::Genesis(_) => ("genesis", "INFO"),
            Control::Resume(_) => ("resume", "INFO"),
            Control::Handoff(_) => ("handoff", "INFO"),
            Control::Gap(_) => ("gap", "ERROR"),
            Control::Close(_) => ("close", "INFO"),
        };
        let mut body = b"{\"fields\":".to_vec();
        body.extend_from_slice(&self.fields());
        body.extend_from_slice(format!(r#","kind":"{kind}","level":"{level}","target":"audit""#).as_bytes());
        body
    }

    fn fields(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Control::Genesis(fields) => canonical::value::value(fields, &mut out),
            Control::Resume(fields) => canonical::value::value(fields, &mut out),
            Control::Handoff(fields) => canonical::value::value(fields, &mut out),
            Control::Gap(fields) => canonical::value::value(fields, &mut out),
            Control::Close(fields) => canonical::value::value(fields, &mut out),
        }
        .expect("strings and numbers under names that differ");
        out
    }
}

#[derive(Deserialize)]
struct Format {
    format: String,
}

/// Why a control line says nothing that this version understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidControl {
    /// A genesis of this other format.
    Format(String),
    /// Fields missing, or of another type, as this says.
    Fields(String),
}

impl fmt::Display for InvalidControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidControl::Format(found) => {
                write!(f, "written in the format {found:?}; this version reads {FORMAT:?}")
            }
            InvalidControl::Fields(why) => write!(f, "fields that its kind does not have: {why}"),
        }
    }
}

impl std::error::Error for InvalidControl {}

#[cfg(test)]
mod tests;
