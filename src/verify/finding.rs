//! What does not hold.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::Verdict;
use crate::trail::{Ended, Hash, KeyId, MalformedLine, Timestamp, Torn};

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as it was named to the verifier.
    pub file: String,
    /// Number of the line in its file, from 1.
    pub line: u64,
    /// Bytes of the file before the line.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.file, self.line)
    }
}

/// What is said of a place, behind its name.
pub(super) fn placed(
    f: &mut fmt::Formatter<'_>,
    at: Option<&Place>,
    seq: Option<u64>,
    said: &impl fmt::Display,
) -> fmt::Result {
    match (at, seq) {
        (Some(at), Some(seq)) => write!(f, "{at} (seq {seq}): {said}"),
        (Some(at), None) => write!(f, "{at}: {said}"),
        (None, _) => said.fmt(f),
    }
}

/// One thing that does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The blamed line; none where no line is to blame.
    pub at: Option<Place>,
    /// The line's number in its log, as it says or as its place says; none where neither is known.
    pub seq: Option<u64>,
    /// What does not hold.
    #[serde(flatten)]
    pub kind: FindingKind,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        placed(f, self.at.as_ref(), self.seq, &self.kind)
    }
}

/// What does not hold: what was expected and what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
#[non_exhaustive]
#[allow(missing_docs)] // each variant says what its members are
pub enum FindingKind {
    /// Not a line of the format; what follows it up to a line that is one may be pieces of it.
    Malformed(MalformedLine),
    /// A line of another log.
    AnotherLog { expected: KeyId, found: KeyId },
    /// From here on lines are signed by a key that was not in force.
    WrongKey { expected: KeyId, found: KeyId },
    /// The signature is not the key's for this line.
    Signature { key: KeyId },
    /// A control line that nobody signed.
    Unsigned { kind: String },
    /// A control line, validly signed, that does not say what its kind must.
    Fields { why: String },
    /// `prev` is not the hash of the line before.
    Link { expected: Hash, found: Hash },
    /// The line after, which is confirmed, followed a line of another hash.
    Altered { expected: Hash, found: Hash },
    /// The line's number is not the next one.
    Sequence { expected: u64, found: u64 },
    /// Lines are missing right before this one.
    Missing { from: u64, to: u64 },
    /// Bytes that no signed line follows or attests.
    Unattested { bytes: u64 },
    /// The torn bytes are not those that the next start attested.
    TornDiffers { expected: Option<Torn>, found: Torn },
    /// A line where the file was closed: nothing follows `rotated`, only a resume follows `shutdown`.
    AfterClose { reason: Ended },
    /// A file that does not begin with a genesis.
    NoGenesis,
    /// A genesis where the file had begun already.
    GenesisWithin,
    /// The file's number is not the next one.
    FileNumber { expected: u64, found: u64 },
    /// Files are missing between the one before and this one.
    FilesMissing { from: u64, to: u64 },
    /// Another file of the same number.
    FileTwice { file: String, number: u64, other: String },
    /// The file before has not the length that this genesis says.
    PreviousBytes { expected: u64, found: u64 },
    /// The line says of what came before that it ended otherwise than it did.
    EndedDiffers { expected: Option<Ended>, found: Ended },
    /// The key that a genesis or a hand-off names is not the one that its place in the log asks for.
    KeyDiffers { expected_epoch: u64, expected: Option<KeyId>, found_epoch: u64, found: KeyId },
    /// Lines were gone when the writer started.
    Lost { from: u64, to: u64 },
    /// The log is of none of the pinned keys.
    NotPinned { log: KeyId, pinned: Vec<KeyId> },
    /// No trusted fleet's key endorsed the log's first key, under the name that it has. `found`: the one that claims to.
    NotEndorsed { log: KeyId, found: Option<KeyId> },
    /// The line of the expected number has another hash.
    HeadDiffers { expected: Hash, found: Hash },
    /// A file that looks like one of a log, and not one line of it can be read.
    Unreadable { file: String },
    /// A compressed file that can't be decompressed to its end; what came before it was verified.
    Undecodable { file: String, why: String },

    /// The log that replaced this one went on from another line than its last.
    SuccessionDiffers { successor: KeyId, expected: u64, hash: Hash, last: Option<u64> },

    /// Lines without a signature, or a piece of one, stand at the end.
    UnsignedEnd { lines: u64, bytes: u64 },
    /// The last file was closed because another one follows; it is not there.
    NextFileMissing { file: u64 },
    /// The log begins behind the oldest file that its retention keeps.
    StartMissing { file: u64, oldest: u64 },
    /// No hand-off leads from the pinned key to this one.
    KeyNotProved { epoch: u64, key: KeyId },
    /// The writer saw that somebody meddled with its file, and these lines are not there.
    Gone { from: u64, to: u64, ended: Ended },
    /// The last line is older than it may be.
    Silent { last: Timestamp, silence: Duration, limit: Duration },
    /// The log ends before the expected head.
    HeadBehind { expected: u64, last: Option<u64> },
    /// No line has the expected hash.
    HeadNotFound { expected: Hash },
    /// The copies of the hand-offs know of a later line than the last.
    EndMissing { known: u64 },
    /// A log whose key is pinned is not there.
    LogMissing { log: KeyId },
    /// No line was proved.
    Nothing,
    /// The log calls itself otherwise than whoever verifies knows it. Its key signs that, so that no line is false.
    OriginDiffers { expected: String, found: String },
    /// The log's first line, which would say whether a fleet's key endorsed it, is not there.
    EndorsementMissing { log: KeyId },
    /// Nobody said which key to trust: a forger may have made all of it.
    NoPinnedKey { log: KeyId },

    /// Re-emitted JSON that says which line it is, and can't be brought back to it.
    NotRestored { expected: Option<Hash>, member: Option<String>, why: String },
    /// Different lines have this number, and none of them is proved.
    Conflict { lines: u64 },
    /// Different lines of this number are proved: two writers had the keys. `crash`: one of them began after a crash,
    /// as it does who starts from a copy.
    Forked { branches: u64, crash: bool },
    /// Lines are not among those that were given.
    NotGiven { from: u64, to: u64 },
    /// The lines at the end, which no signature that is known to be good follows.
    Unproved { from: u64, to: u64 },
    /// From here on lines are signed by a key to which no hand-off leads: that of the last known key is not there.
    HandOffMissing { epoch: u64, key: KeyId, found: KeyId },

    /// A format that this version does not read, validly signed.
    NeedsVersion { format: String },
}

impl FindingKind {
    /// What it makes of the log.
    pub fn verdict(&self) -> Verdict {
        match self {
            FindingKind::NeedsVersion { .. } => Verdict::Error,
            FindingKind::UnsignedEnd { .. }
            | FindingKind::NextFileMissing { .. }
            | FindingKind::StartMissing { .. }
            | FindingKind::KeyNotProved { .. }
            | FindingKind::Gone { .. }
            | FindingKind::Silent { .. }
            | FindingKind::HeadBehind { .. }
            | FindingKind::HeadNotFound { .. }
            | FindingKind::EndMissing { .. }
            | FindingKind::LogMissing { .. }
            | FindingKind::Nothing
            | FindingKind::NotGiven { .. }
            | FindingKind::Unproved { .. }
            | FindingKind::HandOffMissing { .. }
            | FindingKind::OriginDiffers { .. }
            | FindingKind::EndorsementMissing { .. }
            | FindingKind::NoPinnedKey { .. } => Verdict::Incomplete,
            FindingKind::Forked { crash: true, .. } => Verdict::Forked,
            // Its end was cut since; lines that nobody should have written are more.
            FindingKind::SuccessionDiffers { expected, last, .. }
                if last.is_none_or(|last| last < *expected) =>
            {
                Verdict::Incomplete
            }
            _ => Verdict::Tampered,
        }
    }
}

impl fmt::Display for FindingKind {
    #[allow(clippy::too_many_lines)] // one sentence each
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FindingKind::Malformed(why) => write!(f, "not a line of the format: {why}"),
            FindingKind::AnotherLog { expected, found } => {
                write!(f, "a line of log {found} stands in log {expected}")
            }
            FindingKind::WrongKey { expected, found } => {
                write!(f, "signed by key {found}, where key {expected} was in force")
            }
            FindingKind::Signature { key } => {
                write!(f, "the signature is not that of key {key} for this line")
            }
            FindingKind::Unsigned { kind } => write!(f, "a {kind:?} line without a signature"),
            FindingKind::Fields { why } => f.write_str(why),
            FindingKind::Link { expected, found } => {
                write!(f, "it follows a line of hash {found}; the line before it has {expected}")
            }
            FindingKind::Altered { expected, found } => {
                write!(
                    f,
                    "altered: the line after it followed a line of hash {expected}; this one has {found}"
                )
            }
            FindingKind::Sequence { expected, found } => {
                write!(f, "out of place: line {found} stands where line {expected} belongs")
            }
            FindingKind::Missing { from, to } => write!(f, "{} missing before it", Lines(*from, *to)),
            FindingKind::Unattested { bytes } => {
                write!(f, "{bytes} bytes from here on that no signed line follows or attests")
            }
            FindingKind::TornDiffers { expected: Some(expected), found } => write!(
                f,
                "the torn bytes differ from what the next start attested: expected {} bytes with SHA-256 {}, found {} with {}",
                expected.bytes, expected.sha256, found.bytes, found.sha256
            ),
            FindingKind::TornDiffers { expected: None, found } => {
                write!(f, "{} bytes from here on that the next start did not attest as torn", found.bytes)
            }
            FindingKind::AfterClose { reason } => write!(f, "a line behind the close ({reason}) of its file"),
            FindingKind::NoGenesis => f.write_str("the file does not begin with a genesis"),
            FindingKind::GenesisWithin => f.write_str("a genesis within a file"),
            FindingKind::FileNumber { expected, found } => {
                write!(f, "the file says that it is number {found}; number {expected} belongs here")
            }
            FindingKind::FilesMissing { from, to } if from == to => {
                write!(f, "file {from} of the log is missing before it")
            }
            FindingKind::FilesMissing { from, to } => {
                write!(f, "files {from} to {to} of the log are missing before it")
            }
            FindingKind::FileTwice { file, number, other } => {
                write!(f, "{file} and {other} both say that they are file {number} of the log")
            }
            FindingKind::PreviousBytes { expected, found } => {
                write!(f, "the file before had {expected} bytes; {found} are there")
            }
            FindingKind::EndedDiffers { expected: Some(expected), found } => {
                write!(f, "it says that what came before ended by {found}; it ended by {expected}")
            }
            FindingKind::EndedDiffers { expected: None, found } => {
                write!(f, "it says that what came before ended by {found}; no such close stands there")
            }
            FindingKind::KeyDiffers { expected_epoch, expected, found_epoch, found } => {
                write!(f, "it names key {found} of epoch {found_epoch}; expected ")?;
                match expected {
                    Some(expected) => write!(f, "key {expected} of epoch {expected_epoch}"),
                    None => write!(f, "a key of epoch {expected_epoch}"),
                }
            }
            FindingKind::Lost { from, to } => {
                write!(f, "{} gone when the writer started", Lines(*from, *to))
            }
            FindingKind::NotPinned { log, .. } => write!(f, "log {log} is of none of the pinned keys"),
            FindingKind::NotEndorsed { log, found: None } => {
                write!(f, "log {log} is of no pinned key, and has no endorsement")
            }
            FindingKind::NotEndorsed { log, found: Some(found) } => {
                write!(
                    f,
                    "log {log} is of no pinned key, and its endorsement, in the name of fleet key {found}, is by no trusted one or not for it"
                )
            }
            FindingKind::EndorsementMissing { log } => {
                write!(
                    f,
                    "log {log} is of no pinned key, and its first line, which has the endorsement, is not there"
                )
            }
            FindingKind::HeadDiffers { expected, found } => {
                write!(f, "the expected head has hash {expected}; this line of its number has {found}")
            }
            FindingKind::Unreadable { file } => {
                write!(f, "{file}: looks like a file of a log, but not one line can be read")
            }
            FindingKind::Undecodable { file, why } => {
                write!(f, "{file}: can't be decompressed to its end: {why}")
            }
            FindingKind::SuccessionDiffers { successor, expected, hash, last: Some(last) } => write!(
                f,
                "log {successor}, which replaced it, goes on from line {expected} of hash {hash}; its last line here is {last}"
            ),
            FindingKind::SuccessionDiffers { successor, expected, hash, last: None } => write!(
                f,
                "log {successor}, which replaced it, goes on from line {expected} of hash {hash}; no line is proved"
            ),
            FindingKind::UnsignedEnd { lines, bytes } => {
                write!(f, "{bytes} bytes ({lines} whole lines) at the end that no signature covers")
            }
            FindingKind::NextFileMissing { file } => {
                write!(f, "the last file was closed for the next one; file {file} is missing")
            }
            FindingKind::StartMissing { file, oldest } => {
                write!(f, "the log begins with file {file}; its retention keeps all from file {oldest} on")
            }
            FindingKind::KeyNotProved { epoch, key } => {
                write!(f, "no hand-off leads to key {key} of epoch {epoch}")
            }
            FindingKind::Gone { from, to, ended } => {
                write!(
                    f,
                    "{} missing before it: the file before was {ended} under the writer",
                    Lines(*from, *to)
                )
            }
            FindingKind::Silent { last, silence, limit } => write!(
                f,
                "the last line is of {last}, {} s ago; at most {} s are allowed",
                silence.as_secs(),
                limit.as_secs()
            ),
            FindingKind::HeadBehind { expected, last: Some(last) } => {
                write!(f, "the log ends with line {last}; line {expected} was expected")
            }
            FindingKind::HeadBehind { expected, last: None } => {
                write!(f, "no line is proved; line {expected} was expected")
            }
            FindingKind::HeadNotFound { expected } => {
                write!(f, "no proved line has the expected hash {expected}")
            }
            FindingKind::EndMissing { known } => {
                write!(f, "the end is missing: the copies of the hand-offs have line {known}")
            }
            FindingKind::LogMissing { log } => write!(f, "log {log}, whose key is pinned, is not there"),
            FindingKind::Nothing => f.write_str("nothing to verify: no line is proved"),
            FindingKind::NoPinnedKey { log } => {
                write!(f, "no pinned key for log {log}: it is only known to agree with itself")
            }
            FindingKind::OriginDiffers { expected, found } => {
                write!(f, "the log says that it is of {found:?}; it is known as {expected:?}")
            }
            FindingKind::NotRestored { expected, member, why } => {
                f.write_str("JSON written anew, from which the line can't be restored: ")?;
                if let Some(member) = member {
                    write!(f, "member `{member}`: ")?;
                }
                f.write_str(why)?;
                expected.map_or(Ok(()), |expected| write!(f, "; the line had hash {expected}"))
            }
            FindingKind::Conflict { lines } => {
                write!(f, "{lines} different lines have this number, and none of them is proved")
            }
            FindingKind::Forked { branches, crash: true } => {
                write!(f, "forked: {branches} branches are signed from here on, and one begins after a crash")
            }
            FindingKind::Forked { branches, crash: false } => {
                write!(f, "{branches} branches are signed from here on, and none begins after a crash")
            }
            FindingKind::NotGiven { from, to } => {
                write!(f, "{} not among those given", Lines(*from, *to))
            }
            FindingKind::Unproved { from, to } => {
                write!(f, "{} there, and no good signature follows", Lines(*from, *to))
            }
            FindingKind::HandOffMissing { epoch, key, found } => {
                write!(
                    f,
                    "from here on lines are signed by key {found}, to which no hand-off leads: that of key {key} \
                     (epoch {epoch}) is missing, and perhaps more"
                )
            }
            FindingKind::NeedsVersion { format } => {
                write!(f, "written in the format {format:?}, which this version does not read")
            }
        }
    }
}

/// `line 7 is`, `lines 7 to 9 are`.
struct Lines(u64, u64);

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lines(from, to) = self;
        if from == to { write!(f, "line {from} is") } else { write!(f, "lines {from} to {to} are") }
    }
}
