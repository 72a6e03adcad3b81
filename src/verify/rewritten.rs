//! Files that somebody's tool changed as a whole: other line ends, a byte order mark, files joined into one.
//!
//! What it did is undone in memory, and what comes of it is verified beside the files as they stand. So one finding has what
//! happened to all lines, and a line that was changed besides is found still. No line is proved by what was undone: only the
//! bytes that stand there count.

use std::mem;

use memchr::memmem;
use serde::Serialize;

use super::piece::{Piece, PieceEnd};
use super::proof::Trust;
use super::verifier::Verifier;
use super::{Finding, FindingKind, LISTED, LogReport, Verdict};
use crate::trail::{Kind, Line, Timestamp};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// How much is undone before it is verified.
const AT_ONCE: usize = 64 << 10;

/// So many findings of one sort look like a tool's work; and so many of them are listed then.
const MANY: usize = 16;

/// What a tool seems to have done to a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rewrite {
    /// Each line ends with a carriage return and a newline: `unix2dos`, an editor, a transfer as text.
    LineEnds,
    /// It begins with a byte order mark: an editor.
    ByteOrderMark,
    /// Several files of the log stand in it: `cat`.
    Joined,
    /// Its lines are in another order, or stand there several times: `sort`, a query.
    Reordered,
    /// Its lines are JSON, spelled otherwise: `jq`, a script that loads and dumps.
    Reformatted,
}

/// What was done to files, and the verifier of what they were before.
#[allow(clippy::struct_excessive_bools)] // of the file that is read
pub(super) struct Undone {
    verifier: Box<Verifier>,
    how: Vec<Rewrite>,
    /// The first file that was changed, and how many were.
    file: String,
    files: u64,
    /// The file that is read, and whether it was counted.
    name: String,
    counted: bool,
    at_start: bool,
    /// Whether a genesis was met in it.
    has_begun: bool,
    /// Whether its first line ended with a carriage return.
    has_returns: bool,
    /// Undone, not verified yet.
    waiting: Vec<u8>,
}

impl Undone {
    /// Whether a piece that a file begins with, or that stands within it, shows that a tool changed the file.
    pub(super) fn begins_with(piece: Piece<'_>, at_start: bool) -> bool {
        piece.begins
            && match at_start {
                true => without_mark(piece.bytes).is_some() || has_return(piece),
                false => is_genesis(piece.bytes),
            }
    }

    /// `verifier` stands right before the first piece that shows it.
    pub(super) fn of(verifier: Verifier, name: &str, at_start: bool) -> Undone {
        Undone {
            verifier: Box::new(verifier),
            how: Vec::new(),
            file: name.to_owned(),
            files: 0,
            name: name.to_owned(),
            counted: false,
            at_start,
            has_begun: !at_start,
            has_returns: false,
            waiting: Vec::new(),
        }
    }

    pub(super) fn begin_file(&mut self, name: &str) {
        self.end_file();
        self.verifier.begin_file(name);
        name.clone_into(&mut self.name);
        (self.counted, self.at_start, self.has_begun, self.has_returns) = (false, true, false, false);
    }

    pub(super) fn end_file(&mut self) {
        self.verify_waiting();
        self.verifier.end_file();
    }

    /// Takes the next piece of the file.
    pub(super) fn piece(&mut self, piece: Piece<'_>) {
        let mut bytes = piece.bytes;
        let at_start = mem::replace(&mut self.at_start, false);
        if at_start && piece.begins {
            if let Some(rest) = without_mark(bytes) {
                self.note(Rewrite::ByteOrderMark);
                bytes = rest;
            }
            self.has_returns = has_return(piece);
            if self.has_returns {
                self.note(Rewrite::LineEnds);
            }
        }
        if self.has_returns && piece.end == PieceEnd::Newline {
            bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        }
        if piece.begins && is_genesis(bytes) && mem::replace(&mut self.has_begun, true) {
            self.note(Rewrite::Joined);
            self.verify_waiting();
            self.verifier.begin_file(&self.name);
        }
        self.waiting.extend_from_slice(bytes);
        if piece.end == PieceEnd::Newline {
            self.waiting.push(b'\n');
        }
        if self.waiting.len() >= AT_ONCE {
            self.verify_waiting();
        }
    }

    /// Takes whole lines that are records as they stand.
    pub(super) fn records(&mut self, lines: &[u8]) {
        self.at_start = false;
        self.waiting.extend_from_slice(lines);
        if self.waiting.len() >= AT_ONCE {
            self.verify_waiting();
        }
    }

    /// Enters what only the reader of the files can see.
    pub(super) fn find(&mut self, kind: FindingKind) {
        self.verifier.find(kind);
    }

    /// What is said of the log: of what was done to the files first, then what is found with that undone. Where nothing was, the
    /// answer is no.
    pub(super) fn finish(mut self, now: Timestamp, report: &mut LogReport) -> bool {
        self.end_file();
        let Undone { verifier, mut how, file, files, .. } = self;
        let before = verifier.finish(now);
        let besides = before.verdict == Verdict::Tampered;
        if how.is_empty() {
            return false;
        }
        if how == [Rewrite::Joined] && besides {
            return joined(report, &before, file, files);
        }
        how.sort_unstable();
        (report.findings, report.more_findings) = (before.findings, before.more_findings);
        report.put_first(FindingKind::Rewritten { how, file, files, besides }, LISTED);
        true
    }

    fn note(&mut self, how: Rewrite) {
        if !mem::replace(&mut self.counted, true) {
            self.files += 1;
        }
        if !self.how.contains(&how) {
            self.how.push(how);
        }
    }

    fn verify_waiting(&mut self) {
        self.verifier.bytes(&self.waiting);
        self.waiting.clear();
    }
}

/// Files that were joined, and of which more is found: in its place, as the file stands. Each genesis within the file that begins
/// one as it should, with the file split there, needs no finding of its own.
fn joined(report: &mut LogReport, split: &LogReport, file: String, files: u64) -> bool {
    let is_whole = report.more_findings == 0 && split.more_findings == 0;
    let is_bad = |seq| split.findings.iter().any(|finding| finding.seq == seq && finding.is_tampering());
    let found = report.findings.len();
    report.findings.retain(|finding| {
        let begins_a_file = finding.kind == FindingKind::GenesisWithin && !is_bad(finding.seq);
        !(is_whole && begins_a_file)
    });
    let is_joined = report.findings.len() < found;
    if is_joined {
        let how = vec![Rewrite::Joined];
        report.put_first(FindingKind::Rewritten { how, file, files, besides: true }, LISTED);
    }
    is_joined
}

/// Findings of which there are many, and most of one sort that a tool explains: that first, and the first of them.
pub(super) fn sum_up(report: &mut LogReport) {
    use FindingKind::{Malformed, Missing, Sequence};
    let is_json = |finding: &&Finding| {
        let starts = finding.stands.as_ref().is_some_and(|stands| stands.starts_with("\"{"));
        starts && matches!(finding.kind, Malformed(_))
    };
    // Lines that are gone leave no others out of their places.
    let is_moved = |finding: &&Finding| matches!(finding.kind, Sequence { .. });
    let is_explained = |how: Rewrite, finding: &&Finding| match how {
        Rewrite::Reformatted => is_json(finding),
        _ => is_moved(finding) || matches!(finding.kind, Missing { .. }),
    };
    let all = &report.findings;
    let sorts = [
        (Rewrite::Reformatted, all.iter().filter(is_json).count()),
        (Rewrite::Reordered, all.iter().filter(is_moved).count()),
    ];
    let explains_most =
        |how| all.iter().filter(|finding| is_explained(how, finding)).count() >= all.len() / 4 * 3;
    let how = sorts.into_iter().find(|(how, many)| *many >= MANY && explains_most(*how));
    let Some((how, _)) = how else { return };
    let mut named = all.iter().filter_map(|finding| Some(&finding.at.as_ref()?.file)).collect::<Vec<_>>();
    named.dedup();
    let (file, files) = (named.first().map(|file| (*file).clone()).unwrap_or_default(), named.len() as u64);
    // What it doesn't explain is listed in any case.
    report.findings.sort_by_key(|finding| is_explained(how, &finding));
    let others = report.findings.iter().filter(|finding| !is_explained(how, finding)).count();
    let kind = FindingKind::Rewritten { how: vec![how], file, files, besides: true };
    report.put_first(kind, others.max(MANY));
}

impl LogReport {
    /// Lines of so many files seem to stand in another order: that first. Nothing was undone, and all else stays.
    pub(super) fn put_reordered_first(&mut self, file: String, files: u64) {
        let how = vec![Rewrite::Reordered];
        self.put_first(FindingKind::Rewritten { how, file, files, besides: true }, LISTED);
    }

    /// Lists a finding first, and after it at most so many of the others.
    fn put_first(&mut self, kind: FindingKind, others: usize) {
        self.verdict = self.verdict.max(kind.verdict());
        let others = others.min(LISTED - 1);
        self.more_findings += self.findings.len().saturating_sub(others) as u64;
        self.findings.truncate(others);
        self.findings.insert(0, Finding::new(None, None, kind));
    }
}

impl Verifier {
    /// Takes a piece beside the file as it stands, where a tool seems to have changed that as a whole.
    pub(super) fn undo(&mut self, piece: Piece<'_>) {
        let at_start = self.proof.is_at_file_start();
        if self.undone.is_none() && self.may_undo && Undone::begins_with(piece, at_start) {
            // Whether the file has begun is known once nothing is taken on trust.
            self.look_closely();
            if at_start || self.proof.begun {
                let before = self.as_it_stands();
                self.undone = Some(Undone::of(before, &self.proof.file, at_start));
            }
        }
        if let Some(undone) = &mut self.undone {
            undone.piece(piece);
        }
    }

    /// Another verifier that has taken the same.
    fn as_it_stands(&self) -> Verifier {
        let Trust { log, hand_offs, expect } = &self.trust;
        let mut same = Verifier::new(*log, &self.options);
        same.trust = Trust { log: *log, hand_offs: hand_offs.clone(), expect: *expect };
        (same.ledger, same.proof) = (self.ledger.clone(), self.proof.clone());
        same.proof.proved = None;
        same.may_undo = false;
        same
    }
}

fn without_mark(bytes: &[u8]) -> Option<&[u8]> {
    bytes.strip_prefix(MARK).filter(|rest| rest.starts_with(b"{"))
}

fn has_return(piece: Piece<'_>) -> bool {
    piece.end == PieceEnd::Newline && piece.bytes.ends_with(b"}\r")
}

fn is_genesis(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"\"kind\":\"genesis\"").is_some()
        && Line::parse(bytes).is_ok_and(|line| line.kind == Kind::Genesis)
}
