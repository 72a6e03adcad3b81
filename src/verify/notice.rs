//! What holds, and is worth knowing.

use std::fmt;

use serde::Serialize;

use super::Place;
use super::finding::placed;
use crate::trail::{Ended, KeyId, Succeeds, Timestamp, Torn};

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
#[serde(tag = "notice", rename_all = "kebab-case")]
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
    /// Retention removed the files before this one.
    Pruned { file: u64, oldest: u64 },
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
    /// The torn end of a copied hand-off.
    TornCopy { bytes: u64 },
    /// The lines begin within the log: those before this one were not given.
    Window { first: u64 },
    /// A copy of a hand-off names a later line than the last one given.
    LaterKnown { line: u64 },
    /// Items that begin like a line, and are none: something cuts them.
    Cut { items: u64 },
    /// A file that is none of a log.
    NotALog { file: String },
    /// A link, which is not followed.
    Link { file: String },
    /// A file that is there twice, plain and compressed; the other one has all of it.
    Double { file: String, of: String },
    /// Neither a file nor a link: not opened.
    Special { file: String },
    /// Lines beside which members were not compared: the values that have them are too long, or broken, or too many.
    NotCompared { lines: u64 },
    /// Logs that are not listed: their keys are not pinned, and there are too many of them.
    MoreLogs { logs: u64 },
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoticeKind::Open => f.write_str("open: no close yet; what comes behind its end can't be known"),
            NoticeKind::NoNewline => f.write_str("the last line lacks its newline; it is whole"),
            NoticeKind::Torn(torn) => {
                write!(f, "{} torn bytes before it, attested: no records", torn.bytes)
            }
            NoticeKind::Gap { lost, reason, since } => {
                write!(f, "{lost} records were lost since {since}, declared by the writer: {reason}")
            }
            NoticeKind::Pruned { file, oldest } => {
                write!(f, "begins with file {file}: retention keeps all from file {oldest} on")
            }
            NoticeKind::ClockBack { from, to } => write!(f, "the clock went back from {from} to {to}"),
            NoticeKind::Meddled { ended } => {
                write!(f, "the writer says that the file before was {ended}; all its lines are there")
            }
            NoticeKind::UnknownKind { kind } => {
                write!(f, "a control line of the unknown kind {kind:?}, proved")
            }
            NoticeKind::UnknownMembers { kind } => {
                write!(f, "a {kind:?} line with members that this version does not know, proved")
            }
            NoticeKind::Succeeds(before) => {
                write!(
                    f,
                    "replaces log {}, last seen at line {} of hash {}",
                    before.log, before.seq, before.hash
                )
            }
            NoticeKind::SucceededBy { log } => {
                write!(f, "its keys were lost: log {log} replaces it from the last line on")
            }
            NoticeKind::TornCopy { bytes } => write!(f, "{bytes} torn bytes, passed over"),
            NoticeKind::Window { first } => {
                write!(f, "begins with line {first}: those before it were not given")
            }
            NoticeKind::LaterKnown { line } => {
                write!(f, "a copy of line {line} is known: the lines given end before it")
            }
            NoticeKind::Cut { items } => {
                write!(
                    f,
                    "{items} items begin like a line and are none; the first of them here: something cuts them"
                )
            }
            NoticeKind::NotALog { file } => write!(f, "{file}: no file of a log, passed over"),
            NoticeKind::Link { file } => write!(f, "{file}: a link, not followed"),
            NoticeKind::Double { file, of } => {
                write!(f, "{file}: passed over: {of} is the same file and has all of it")
            }
            NoticeKind::NotCompared { lines } => {
                let were = if *lines == 1 { "1 line was" } else { &format!("{lines} lines were") };
                write!(
                    f,
                    "{were} found of which the members beside were not compared: they are too long, broken, or too many"
                )
            }
            NoticeKind::MoreLogs { logs } => {
                write!(
                    f,
                    "{logs} more logs, of no pinned key: none of their lines is proved, and none is listed"
                )
            }
            NoticeKind::Special { file } => write!(f, "{file}: neither a file nor a folder, not opened"),
        }
    }
}

#[cfg(test)]
mod tests;
