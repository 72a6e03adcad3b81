//! What does not hold.

mod message;

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use self::message::Sentence;
use super::debris::NotTorn;
use super::quoted::FileName;
use super::{Changed, Range, Rewrite, Verdict};
use crate::trail::{Ended, Hash, KeyId, MalformedLine, Position, Timestamp, Torn};

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
        write!(f, "{}, line {}", FileName(&self.file), self.line)
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The blamed line; none where no line is to blame.
    pub at: Option<Place>,
    /// The line's number in its log, as it says or as its place says; none where neither is known.
    pub seq: Option<u64>,
    /// Whether the blamed line was changed, as far as that is known; none where it may be as it was written.
    pub changed: Option<Changed>,
    /// What stands there, each value of it quoted and short: nothing proves it. None where the line itself is not in doubt,
    /// and of shipped lines.
    pub stands: Option<String>,
    /// The lines that it leaves without a proof, where they are more than the blamed one. Of several findings before one
    /// proved line, the last has them.
    pub unproved: Option<Range>,
    /// What does not hold.
    pub kind: FindingKind,
}

impl Finding {
    /// One of which no more is known than its kind.
    pub(crate) fn new(at: Option<Place>, seq: Option<u64>, kind: FindingKind) -> Finding {
        let changed = match kind {
            FindingKind::Altered { .. } => Some(Changed::This),
            FindingKind::Signature { .. } => Some(Changed::ThisOrAdded),
            _ => None,
        };
        Finding { at, seq, changed, stands: None, unproved: None, kind }
    }

    pub(super) fn is_tampering(&self) -> bool {
        self.kind.verdict() == Verdict::Tampered
    }

    /// Whether it blames what stands in a line, so that it doesn't name all lines that can't be proved for it.
    pub(super) fn blames_content(&self) -> bool {
        use FindingKind::{Altered, Link, Malformed, Signature};
        matches!(self.kind, Altered { .. } | Link { .. } | Malformed(_) | Signature { .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.at, self.seq, &self.kind) {
            // It has no number of its own.
            (Some(at), Some(seq), FindingKind::Malformed(_)) => {
                write!(f, "{at} (where seq {seq} should stand): {}", Sentence(self))
            }
            (at, seq, _) => placed(f, at.as_ref(), seq, &Sentence(self)),
        }
    }
}

/// Who reads JSON gets the same sentence, as `message`.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Said<'a> {
            at: &'a Option<Place>,
            seq: Option<u64>,
            message: String,
            changed: Option<Changed>,
            stands: Option<&'a str>,
            unproved: Option<Range>,
            #[serde(flatten)]
            kind: &'a FindingKind,
        }
        let Finding { at, seq, changed, stands, unproved, kind } = self;
        let (seq, changed, unproved) = (*seq, *changed, *unproved);
        let (message, stands) = (self.to_string(), stands.as_deref());
        Said { at, seq, message, changed, stands, unproved, kind }.serialize(serializer)
    }
}

/// What does not hold: what was expected and what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", content = "details", rename_all = "kebab-case")]
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
    /// A line at the number of a known hand-off, or of line 0 (epoch 0), that is another one.
    NotTheHandOff { epoch: u64, expected: Hash, found: Hash },
    /// Signed by a key at a number that is not above the hand-off to it: another key signed there.
    BeforeHandOff { key: KeyId, epoch: u64, handed_over: u64 },
    /// Signed by a key at a number above the hand-off from it: the key was over.
    AfterHandOff { key: KeyId, epoch: u64, handed_over: u64 },
    /// Two hand-offs to one epoch, or two lines of number 0 (epoch 0), each signed as it should be.
    TwoHandOffs { epoch: u64 },
    /// The line names another hand-off than the one before it.
    HandOffDiffers { expected: Option<Position>, found: Option<Position> },
    /// The line does not name the hand-off before it, though lines before it do.
    HandOffNotNamed,
    /// A file whose number is not above that of the file in which its key was handed the log.
    FileBeforeHandOff { file: u64, handed_over: u64 },
    /// Validly signed lines are attested as torn bytes, and no power cut explains it.
    NotTorn { lines: u64, why: NotTorn },
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
    /// A tool seems to have changed this file as a whole, and of so many files the first. `besides`: with that undone, there
    /// is tampering still, as the findings after this one say, or that is not known (lines in another order, or spelled
    /// otherwise, are not undone); else it explains all of it.
    Rewritten { how: Vec<Rewrite>, file: String, files: u64, besides: bool },

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
    /// Zeros stand at the end, as a power cut leaves them, and validly signed lines after them. No start has said yet that
    /// they are torn.
    PowerCut { lines: u64, bytes: u64 },
    /// Records were declared lost, or may have been by a crash, and none was to be.
    Losses { lost: u64, crashes: u64 },
    /// The last line is later than it is now: how long the log has been silent can't be known.
    FromTheFuture { last: Timestamp, now: Timestamp },
    /// The log begins after line 0, and was expected from its start.
    NotFromStart { first: u64 },
    /// The log that was to replace this one does not say that it does.
    NotSucceeded { successor: KeyId },
    /// The writer saw that somebody meddled with its file, and these lines are not there.
    Gone { from: u64, to: u64, ended: Ended },
    /// The last line is older than it may be. `closed`: with it the writer shut the log down.
    Silent { last: Timestamp, silence: Duration, limit: Duration, closed: bool },
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

    /// A file is packed, or encrypted, or in other characters: what it holds is not read. `unpack`: the command that
    /// unpacks it.
    Packed { file: String, what: &'static str, unpack: &'static str },
    /// Of the log something was not seen, and may be in so many files that are packed.
    MaybePacked { files: u64 },
    /// A format that this version does not read, validly signed.
    NeedsVersion { format: String },

    /// Hand-offs to this epoch lead to different keys: which of them is the log's, and with it all lines from `from` on, no
    /// signature proves. `crash`: one branch began after a crash, or it is not known how they began.
    Disputed { epoch: u64, from: u64, crash: bool },
    /// Another hand-off to the same key: the log goes on from the expected one.
    OtherHandOff { expected: Hash, found: Hash },
    /// A member beside the line, in the same document, does not say what the line says.
    MemberDiffers { member: String, line: String, found: String },
}

impl FindingKind {
    /// What it makes of the log.
    pub fn verdict(&self) -> Verdict {
        match self {
            FindingKind::NeedsVersion { .. }
            | FindingKind::Packed { .. }
            | FindingKind::MaybePacked { .. } => Verdict::Error,
            FindingKind::UnsignedEnd { .. }
            | FindingKind::NextFileMissing { .. }
            | FindingKind::StartMissing { .. }
            | FindingKind::KeyNotProved { .. }
            | FindingKind::PowerCut { .. }
            | FindingKind::NotFromStart { .. }
            | FindingKind::Losses { .. }
            | FindingKind::FromTheFuture { .. }
            | FindingKind::NotSucceeded { .. }
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
            FindingKind::Forked { crash: true, .. }
            | FindingKind::Disputed { crash: true, .. }
            | FindingKind::OtherHandOff { .. } => Verdict::Forked,
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

#[cfg(test)]
mod tests;
