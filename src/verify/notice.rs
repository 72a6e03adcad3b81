//! What holds, and is worth knowing.

use std::fmt;

use serde::Serialize;

use super::Place;
use super::count::{self, Count};
use super::finding::placed;
use super::look::Look;
use super::quoted::FileName;
use crate::trail::{Accepted, Ended, Keeps, KeyId, Succeeds, Timestamp, Torn};

/// One thing worth knowing that takes nothing from the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The line that shows it; none where no single one does.
    pub at: Option<Place>,
    /// The line's number in its log.
    pub seq: Option<u64>,
    /// What it is.
    #[serde(flatten)]
    pub kind: NoticeKind,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        placed(f, self.at.as_ref(), self.seq, &self.kind)
    }
}

/// What is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "notice", content = "details", rename_all = "kebab-case")]
#[non_exhaustive]
#[allow(missing_docs)] // each variant says what its members are
pub enum NoticeKind {
    /// The log has no close yet: it is being written, or its writer died.
    Open,
    /// The last line, signed, lacks its newline.
    NoNewline,
    /// Bytes that never became records; the line that went on attests them.
    Torn(Torn),
    /// The writer lost records, and says so.
    Gap { lost: u64, reason: String, since: Timestamp },
    /// Validly signed lines among torn bytes: a power cut took lines before them, and the next start gave them up.
    GivenUp { lines: u64 },
    /// Shipped: an unsigned line that a crash left, in whose place one goes on that attests it as torn. It is no record.
    TornLine,
    /// An operator looked into a loss and let the log go on after it.
    Accepted(Accepted),
    /// As was asked, a part of the log: what comes before its first line, and after its last, it can't show. `one_key_from`: no
    /// hand-off that is known follows from the lines from there on; the key that signed them has handed over since, so that
    /// whoever kept it may have written them.
    Part {
        first: u64,
        last: u64,
        from: Timestamp,
        to: Timestamp,
        first_file: Option<u64>,
        last_file: Option<u64>,
        one_key_from: Option<u64>,
    },
    /// Retention removed the files before this one.
    Pruned { file: u64, oldest: u64 },
    /// From this line on another number of files is kept; the oldest of them before it, and from it on.
    RetentionChanged { from: Keeps, to: Keeps, oldest_before: u64, oldest: u64 },
    /// More files were given up than the retention in force explains.
    OldestRaised { from: u64, to: u64, keeps: Keeps },
    /// A hand-off of which no copy was given: once retention deletes its file, no later line can be proved.
    NotCopied { hand_offs: u64 },
    /// The clock went back.
    ClockBack { from: Timestamp, to: Timestamp },
    /// The writer saw that somebody meddled with its file; all lines are there.
    Meddled { ended: Ended },
    /// A control line of a kind that a later version added.
    UnknownKind { kind: String },
    /// A control line with members that a later version added.
    UnknownMembers { kind: String },
    /// The log replaces one whose keys were lost.
    Succeeds(Succeeds),
    /// Its keys were lost, and this log replaces it.
    SucceededBy { log: KeyId },
    /// This log claims to replace it from this line on, which is not its last one. The claim changes nothing.
    ClaimedBy { log: KeyId, seq: u64 },
    /// The torn end of a copied hand-off.
    TornCopy { bytes: u64 },
    /// The lines begin within the log: those before this one were not given.
    Window { first: u64 },
    /// A copy of a hand-off names a later line than the last one given.
    LaterKnown { line: u64 },
    /// Items that begin like a line, and are none: something cuts them. The first of them has it in this member.
    Cut { items: u64, member: Option<String> },
    /// Shipped: an input in which no line of a log was found, and what it seems to be; the member that has lines.
    LooksLike { file: String, look: Look, member: Option<String> },
    /// A file that is none of a log.
    NotALog { file: String },
    /// A link that leads to no file.
    Link { file: String },
    /// A file that is there twice: copied, or plain and compressed; the other one has all of it.
    Double { file: String, of: String },
    /// A pipe or a device in a folder: not opened.
    Special { file: String },
    /// Lines beside which members were not compared: the values that have them are too long, or broken, or too many.
    NotCompared { lines: u64 },
    /// Logs that are not listed: their keys are not pinned, and there are too many of them.
    MoreLogs { logs: u64 },
}

impl fmt::Display for NoticeKind {
    #[allow(clippy::too_many_lines)] // one sentence each
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoticeKind::Open => f.write_str("open: no close yet; what comes after its end can't be known"),
            NoticeKind::NoNewline => f.write_str("the last line lacks its newline; it is whole"),
            NoticeKind::Torn(torn) => {
                let proved = count::of(torn.bytes, "it is not proved", "nothing in them is proved");
                write!(f, "{} before it, which it attests: {proved}", Count(torn.bytes, "torn byte"))
            }
            NoticeKind::Gap { lost, reason, since } => {
                let (lost, were) = (Count(*lost, "record"), count::of(*lost, "was", "were"));
                write!(f, "{lost} {were} lost since {since}, declared by the writer: {reason:?}")
            }
            NoticeKind::GivenUp { lines } => {
                let (lines, were) = (Count(*lines, "signed line"), count::of(*lines, "was", "were"));
                write!(
                    f,
                    "{lines} among the torn bytes {were} given up: zeros before, as a power cut leaves them"
                )
            }
            NoticeKind::TornLine => f.write_str(
                "an unsigned line that a crash left: the line that went on attests torn bytes, and has its number",
            ),
            NoticeKind::Accepted(Accepted { at, by, reason }) => {
                write!(f, "{by:?} let the log go on after a loss, at {at}: {reason:?}")
            }
            NoticeKind::RetentionChanged { from, to, oldest_before, oldest } => {
                write!(
                    f,
                    "it says that the retention changed: {} before, {} from here on",
                    Kept(*from),
                    Kept(*to)
                )?;
                match oldest > oldest_before {
                    true => write!(f, "; the oldest file was {oldest_before} and is {oldest}"),
                    false => Ok(()),
                }
            }
            NoticeKind::OldestRaised { from, to, keeps } => write!(
                f,
                "it says that the oldest file was {from} and is {to} from here on, which the retention does not explain: {}",
                Kept(*keeps)
            ),
            NoticeKind::NotCopied { hand_offs: 1 } => f.write_str(
                "no copy of this hand-off was given: later lines can't be proved without it, or its file",
            ),
            NoticeKind::NotCopied { hand_offs } => write!(
                f,
                "no copies of {hand_offs} hand-offs were given, this one the first: later lines can't be proved without \
                 them, or their files"
            ),
            NoticeKind::Pruned { file, oldest } => {
                write!(
                    f,
                    "what was before file {file} is gone, or in part: its retention keeps all from file {oldest} on"
                )
            }
            NoticeKind::Part { first, last, from, to, first_file, last_file, one_key_from } => {
                write!(f, "a part of the log, as was asked: {}, of {from} to {to}", Span("line", *first, *last))?;
                if let Some((first, last)) = first_file.zip(*last_file) {
                    write!(f, ", in {}", Span("file", first, last))?;
                }
                let before = if *first > 0 { format!("before line {first}, nor ") } else { String::new() };
                write!(f, "; it can't show what came {before}after line {last}")?;
                one_key_from.map_or(Ok(()), |from| {
                    let rest = if from == *last { "rests" } else { "rest" };
                    write!(f, "; {} {rest}", Span("line", from, *last))?;
                    f.write_str(
                        " on the signature of one key, which has handed over since: up to the next hand-off, more files \
                         would tell",
                    )
                })
            }
            NoticeKind::ClockBack { from, to } => write!(f, "the clock went back from {from} to {to}"),
            NoticeKind::Meddled { ended } => {
                write!(f, "the writer says that the file before was {ended}; all its lines are there")
            }
            NoticeKind::UnknownKind { kind } => {
                write!(f, "a control line of the kind {kind:?}, which this version does not know")
            }
            NoticeKind::UnknownMembers { kind } => {
                write!(f, "a {kind:?} line with members that this version does not know")
            }
            NoticeKind::Succeeds(before) => {
                write!(
                    f,
                    "says that it replaces log {}, last seen at line {} of hash {}",
                    before.log, before.seq, before.hash
                )
            }
            NoticeKind::SucceededBy { log } => {
                write!(
                    f,
                    "log {log} says that the keys of this one were lost, and that it replaces it from the last line on"
                )
            }
            NoticeKind::ClaimedBy { log, seq } => {
                write!(
                    f,
                    "log {log} claims to replace it from line {seq} on, which is not its last one: that changes nothing"
                )
            }
            NoticeKind::TornCopy { bytes } => write!(f, "{}, passed over", Count(*bytes, "torn byte")),
            NoticeKind::Window { first } => {
                write!(f, "begins with line {first}: those before it were not given")
            }
            NoticeKind::LaterKnown { line } => {
                write!(f, "a copy of line {line} is known: the lines given end before it")
            }
            NoticeKind::Cut { items, member } => {
                let first = "the first of them here: something cuts them";
                match items {
                    1 => write!(f, "an item begins like a line and is none: something cuts it")?,
                    items => write!(f, "{items} items begin like a line and are none; {first}")?,
                }
                match member {
                    Some(member) => write!(f, "; it stands in member {member:?}"),
                    None => Ok(()),
                }
            }
            NoticeKind::LooksLike { file, look, member: Some(member) } => {
                write!(f, "{}: {look}: in {member:?}", FileName(file))
            }
            NoticeKind::LooksLike { file, look, member: None } => write!(f, "{}: {look}", FileName(file)),
            NoticeKind::NotALog { file } => write!(f, "{}: no file of a log, passed over", FileName(file)),
            NoticeKind::Link { file } => write!(f, "{}: a link that leads to no file", FileName(file)),
            NoticeKind::Double { file, of } => {
                write!(f, "{}: passed over: {} is the same file and has all of it", FileName(file), FileName(of))
            }
            NoticeKind::NotCompared { lines } => {
                let (lines, were) = (Count(*lines, "line"), count::of(*lines, "was", "were"));
                write!(
                    f,
                    "{lines} {were} found of which the members beside were not compared: they are too long, broken, or too many"
                )
            }
            NoticeKind::MoreLogs { logs: 1 } => {
                f.write_str("1 more log, of no pinned key: none of its lines is proved, and it is not listed")
            }
            NoticeKind::MoreLogs { logs } => {
                write!(
                    f,
                    "{logs} more logs, of no pinned key: none of their lines is proved, and none is listed"
                )
            }
            NoticeKind::Special { file } => {
                write!(f, "{}: neither a file nor a folder, not opened", FileName(file))
            }
        }
    }
}

/// `line 7`, `lines 7 to 9`.
struct Span(&'static str, u64, u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Span(what, first, last) = self;
        if first == last { write!(f, "{what} {first}") } else { write!(f, "{what}s {first} to {last}") }
    }
}

/// How many files are kept.
struct Kept(Keeps);

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Keeps::All => f.write_str("all files are kept"),
            Keeps::Newest(1) => f.write_str("the newest file is kept"),
            Keeps::Newest(files) => write!(f, "the newest {files} files are kept"),
        }
    }
}

#[cfg(test)]
mod tests;
