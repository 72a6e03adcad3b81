//! What is said of a finding, in one sentence.

use std::fmt;
use std::time::Duration;

use super::{Finding, FindingKind};
use crate::trail::Position;
use crate::verify::count::{self, Count};
use crate::verify::quoted::{FileName, Quoted};
use crate::verify::{NotTorn, Rewrite};

/// What is said of a finding, its place aside: what became of the line first, what stands there now, and the evidence.
pub(super) struct Sentence<'a>(pub(super) &'a Finding);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { changed, stands, unproved, kind, .. } = self.0;
        match (changed, stands) {
            (Some(changed), Some(stands)) => write!(f, "{changed}; there stands {stands}; {kind}"),
            (Some(changed), None) => write!(f, "{changed}; {kind}"),
            (None, Some(stands)) => write!(f, "{kind}; there stands {stands}"),
            (None, None) => kind.fmt(f),
        }?;
        match unproved {
            Some(range) => write!(f, "; {} not proved", Lines(range.from, range.to)),
            None => Ok(()),
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
                write!(f, "signed in the name of key {found}, where key {expected} was in force")
            }
            FindingKind::Signature { key } => {
                write!(f, "the signature is not that of key {key} for this line")
            }
            FindingKind::Unsigned { kind } => write!(f, "a {kind:?} line without a signature"),
            FindingKind::Fields { why } => write!(f, "a control line that can't be read: {}", Quoted(why)),
            FindingKind::Link { expected, found } => {
                write!(f, "it follows a line of hash {found}; the line before it has {expected}")
            }
            FindingKind::Altered { expected, found } => {
                write!(f, "the line after it followed a line of hash {expected}; this one has {found}")
            }
            FindingKind::Sequence { expected, found } => {
                write!(f, "out of place: line {found} stands where line {expected} belongs")
            }
            FindingKind::Missing { from, to } => write!(f, "{} missing before it", Lines(*from, *to)),
            FindingKind::Unattested { bytes } => {
                write!(f, "{} from here on that no signed line follows or attests", Bytes(*bytes))
            }
            FindingKind::TornDiffers { expected: Some(expected), found } => write!(
                f,
                "the torn bytes differ from what the next start attested: expected {} with SHA-256 {}, found {} with {}",
                Bytes(expected.bytes),
                expected.sha256,
                found.bytes,
                found.sha256
            ),
            FindingKind::TornDiffers { expected: None, found } => {
                write!(f, "{} from here on that the next start did not attest as torn", Bytes(found.bytes))
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
                write!(
                    f,
                    "{} and {} both say that they are file {number} of the log",
                    FileName(file),
                    FileName(other)
                )
            }
            FindingKind::PreviousBytes { expected, found } => {
                let are = count::of(*found, "is", "are");
                write!(f, "it says that the file before had {}; {found} {are} there", Bytes(*expected))
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
            FindingKind::NotTheHandOff { epoch: 0, expected, found } => {
                write!(f, "another line 0 than the known one: that has hash {expected}, this one {found}")
            }
            FindingKind::NotTheHandOff { epoch, expected, found } => write!(
                f,
                "the known hand-off to epoch {epoch} has this number and hash {expected}; this line has hash {found}"
            ),
            FindingKind::BeforeHandOff { key, epoch, handed_over } => write!(
                f,
                "signed in the name of key {key} of epoch {epoch}, which signs from line {} on: the hand-off to it is line {handed_over}",
                handed_over.saturating_add(1)
            ),
            FindingKind::AfterHandOff { key, epoch, handed_over } => write!(
                f,
                "signed in the name of key {key} of epoch {epoch}, which was over: it handed over with line {handed_over}"
            ),
            FindingKind::TwoHandOffs { epoch: 0 } => {
                f.write_str("another line 0 than the one before, signed by the same key")
            }
            FindingKind::TwoHandOffs { epoch } => {
                write!(f, "another hand-off to epoch {epoch} than the one before, signed by the same key")
            }
            FindingKind::HandOffDiffers { expected, found } => write!(
                f,
                "it names {} as the hand-off before it; that is {}",
                Named(*found),
                Named(*expected)
            ),
            FindingKind::HandOffNotNamed => {
                f.write_str("it does not name the hand-off before it, as lines before it do")
            }
            FindingKind::FileBeforeHandOff { file, handed_over } => write!(
                f,
                "the file says that it is number {file}; the hand-off to its key stands in file {handed_over}"
            ),
            FindingKind::NotTorn { lines, why } => {
                let (lines, were) = (Count(*lines, "signed line"), count::of(*lines, "was", "were"));
                write!(
                    f,
                    "{lines} before it {were} attested as torn, and no power cut explains that: {}",
                    Why(*why)
                )
            }
            FindingKind::Lost { from, to } => {
                write!(f, "{} not there: gone already when the writer started, as it says", Lines(*from, *to))
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
                write!(f, "{}: looks like a file of a log, but not one line can be read", FileName(file))
            }
            FindingKind::Undecodable { file, why } => {
                write!(f, "{}: can't be decompressed to its end: {}", FileName(file), Quoted(why))
            }
            FindingKind::Rewritten { how, file, files, besides } => {
                write!(f, "{}", FileName(file))?;
                match files {
                    0 | 1 => f.write_str(" looks")?,
                    files => write!(f, " and {} look", Count(files - 1, "more file"))?,
                }
                f.write_str(" as if a tool had changed all of it: ")?;
                for (at, how) in how.iter().enumerate() {
                    write!(f, "{}{}", if at > 0 { ", " } else { "" }, Did(*how))?;
                }
                f.write_str(match (besides, how.as_slice()) {
                    (false, _) => "; with that undone, no tampering is found",
                    // These were not undone.
                    (true, [Rewrite::Reordered | Rewrite::Reformatted]) => {
                        "; what else is found may come from that, or may not: see below"
                    }
                    (true, _) => "; that does not explain all that is found: see below",
                })
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
                let lines = Count(*lines, "whole line");
                write!(f, "{} ({lines}) at the end that no signature covers", Bytes(*bytes))
            }
            FindingKind::NextFileMissing { file } => {
                write!(f, "the last file was closed for the next one; file {file} is missing")
            }
            FindingKind::StartMissing { file, oldest } => {
                write!(
                    f,
                    "the log begins with file {file}; it says that its retention keeps all from file {oldest} on"
                )
            }
            FindingKind::KeyNotProved { epoch, key } => {
                write!(f, "no hand-off leads to key {key} of epoch {epoch}")
            }
            FindingKind::PowerCut { lines, bytes } => write!(
                f,
                "zeros, as a power cut leaves them, and {} after them: {} that the next start must attest as torn",
                Count(*lines, "signed line"),
                Bytes(*bytes)
            ),
            FindingKind::Losses { lost, crashes } => {
                write!(f, "{} declared lost; {}", Count(*lost, "record"), Crashes(*crashes))
            }
            FindingKind::FromTheFuture { last, now } => write!(
                f,
                "the last line is of {last}, and it is {now} now: how long the log has been silent can't be known"
            ),
            FindingKind::NotFromStart { first } => {
                write!(f, "the log begins with line {first}; it was expected from line 0 on")
            }
            FindingKind::NotSucceeded { successor } => {
                write!(f, "log {successor} was to replace it, and does not say so")
            }
            FindingKind::Gone { from, to, ended } => {
                write!(
                    f,
                    "{} missing before it: the writer says that the file before was {ended} under it",
                    Lines(*from, *to)
                )
            }
            FindingKind::Silent { last, silence, limit, closed } => {
                let (silence, limit) = (Lasting::about(*silence), Lasting::exactly(*limit));
                match closed {
                    true => write!(f, "closed by shutdown, with a last line of {last}, {silence} ago")?,
                    false => write!(f, "the last line is of {last}, {silence} ago")?,
                }
                write!(f, "; it may be {limit} old at most")
            }
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
                write!(f, "no pinned key for log {log}: nothing is proved, and at best it agrees with itself")
            }
            FindingKind::OriginDiffers { expected, found } => {
                write!(f, "the log says that it is of {found:?}; it is known as {expected:?}")
            }
            FindingKind::NotRestored { expected, member, why } => {
                f.write_str("JSON written anew, from which the line can't be restored: ")?;
                if let Some(member) = member {
                    write!(f, "member {member:?}: ")?;
                }
                write!(f, "{}", Quoted(why))?;
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
                    "from here on lines are signed in the name of key {found}, to which no hand-off leads: that of key {key} \
                     (epoch {epoch}) is missing, and perhaps more"
                )
            }
            FindingKind::Packed { file, what, unpack } => {
                write!(f, "{}: packed ({what}), and not read here: unpack it by `{unpack}`", FileName(file))
            }
            FindingKind::MaybePacked { files } => {
                let files = Count(*files, "packed file");
                write!(f, "something of the log was not seen, and may be in {files}")
            }
            FindingKind::NeedsVersion { format } => {
                write!(f, "written in the format {format:?}, which this version does not read")
            }
            FindingKind::Disputed { epoch, from, .. } => write!(
                f,
                "disputed: hand-offs to epoch {epoch} lead to different keys; from line {from} on nobody can say which lines \
                 are the log's"
            ),
            FindingKind::MemberDiffers { member, line, found } => write!(
                f,
                "beside the line stands member {member:?} with {}; the line says {}",
                Json(found),
                Json(line)
            ),
            FindingKind::OtherHandOff { expected, found } => write!(
                f,
                "forked: a hand-off of hash {found}; the log goes on from the one of hash {expected}, to the same key"
            ),
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

/// `1 byte`, `7 bytes`.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Count(self.0, "byte").fmt(f)
    }
}

/// `6 days 1 h`, `1 min 30 s`.
struct Lasting {
    nanos: u128,
    /// So many units are told; the rest is left out.
    units: usize,
}

impl Lasting {
    fn about(duration: Duration) -> Lasting {
        Lasting { nanos: duration.as_nanos(), units: 2 }
    }

    fn exactly(duration: Duration) -> Lasting {
        Lasting { nanos: duration.as_nanos(), units: usize::MAX }
    }
}

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u128); 6] = [
            ("days", 86_400_000_000_000),
            ("h", 3_600_000_000_000),
            ("min", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("ns", 1),
        ];
        let mut left = self.nanos;
        let parts = UNITS.iter().map(|(unit, length)| {
            let number = left / length;
            left %= length;
            let unit = if (*unit, number) == ("days", 1) { "day" } else { unit };
            (number, unit)
        });
        // Two that follow each other, of which the second may be none.
        let told = parts.skip_while(|(number, _)| *number == 0).take(self.units);
        let told = told.filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number} {unit}"));
        match told.collect::<Vec<_>>() {
            none if none.is_empty() => f.write_str("0 s"),
            told => f.write_str(&told.join(" ")),
        }
    }
}

/// What may have been lost in crashes.
pub(in crate::verify) struct Crashes(pub(in crate::verify) u64);

impl fmt::Display for Crashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("no crash"),
            1 => f.write_str("1 crash, which may have taken what was queued"),
            crashes => write!(f, "{crashes} crashes, each of which may have taken what was queued"),
        }
    }
}

/// `line 7 of hash …`, `none`.
struct Named(Option<Position>);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Position { seq, hash }) => write!(f, "line {seq} of hash {hash}"),
            None => f.write_str("none"),
        }
    }
}

/// A value of somebody's, as JSON; one that was cut, so that a quote of it may be open, as a string.
struct Json<'a>(&'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::from_str::<serde::de::IgnoredAny>(self.0) {
            Ok(_) => f.write_str(self.0),
            Err(_) => Quoted(self.0).fmt(f),
        }
    }
}

/// What a tool did.
struct Did(Rewrite);

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Rewrite::LineEnds => "a carriage return stands before each newline",
            Rewrite::ByteOrderMark => "a byte order mark stands before the first line",
            Rewrite::Joined => "several files of the log stand in it",
            Rewrite::Reordered => "its lines are in another order, or stand there more than once",
            Rewrite::Reformatted => "its lines are JSON that is spelled otherwise",
        })
    }
}

/// What a hand left and a power cut does not.
struct Why(NotTorn);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            NotTorn::Altered => "a whole line before them is not what was written",
            NotTorn::NoZeros => "what is broken or missing before them left no zeros",
            NotTorn::WithinSector => "zeros before them end within a sector of the disk",
            NotTorn::SameBoot => "the machine had not been started again",
            NotTorn::HandOff => "the copies have a hand-off that is among them",
        })
    }
}
