//! What of a log is proved, line after line.

use std::sync::Arc;

use super::before_hole::BeforeHole;
use super::expected::{Expected, meets};
use super::genesis::{FileEnd, Number};
use super::hand_offs::HandOffs;
use super::identity::Identity;
use super::join::Hole;
use super::ledger::Ledger;
use super::measure::Measure;
use super::piece::{Piece, PieceEnd, begins_like_a_line};
use super::standing::{Key, Standing};
use super::walk::{Next, Walk};
use super::{ExpectedHead, FindingKind, Place};
use crate::trail::{Ended, Hash, KeyId, Line, MalformedLine, Succeeds, Timestamp};

/// What the proof rests on; it doesn't change.
pub(super) struct Trust {
    pub(super) log: KeyId,
    pub(super) hand_offs: HandOffs,
    pub(super) expect: Option<ExpectedHead>,
}

/// The proof up to a line: the last one that is proved, and what was met since. Small, but for what doesn't hold.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) file: Arc<str>,
    line: u64,
    offset: u64,
    /// How many findings there were before this file.
    found: u64,

    /// The last proved line.
    pub(super) head: Option<ProvedLine>,
    pub(super) key: Option<Key>,
    pub(super) walk: Walk,
    /// The bytes behind the last signed line of this file.
    pub(super) behind: Measure,
    /// The file before, until this file's genesis has said what it says of it.
    pub(super) before: Option<FileEnd>,
    /// A hole that this file's successor may declare.
    pub(super) hole: Option<Hole>,
    /// The proof as it was before a hole, which the next start may attest as torn.
    pub(super) before_hole: Option<Box<BeforeHole>>,
    /// Where a line of a format stands that this version doesn't read.
    pub(super) stopped: bool,

    pub(super) files: u64,
    pub(super) number: Number,
    /// Whether a proved line of this file was met.
    pub(super) begun: bool,
    pub(super) closed: Option<Ended>,
    pub(super) first_file: Option<u64>,
    /// Where the first file says that the one before it was damaged under the writer.
    pub(super) start_gone: Option<(Place, u64, Ended)>,
    pub(super) oldest: u64,
    /// The log that this one replaces.
    pub(super) succeeds: Option<Succeeds>,
    pub(super) origin: Option<Arc<str>>,
    pub(super) identity: Identity,

    pub(super) first_seq: Option<u64>,
    pub(super) lines: u64,
    pub(super) signatures: u64,
    pub(super) keys: u64,
    pub(super) torn_bytes: u64,
    pub(super) lost: u64,
    pub(super) no_newline: bool,
    /// The latest time of a signed line.
    pub(super) latest: Timestamp,
    /// Whose signature the last signed line has.
    pub(super) signer: Option<KeyId>,
    pub(super) expected: Expected,
    /// What unproved lines say of the expected head.
    pub(super) maybe_expected: Expected,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ProvedLine {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) time: Timestamp,
}

impl Proof {
    pub(super) fn new(identity: Identity) -> Proof {
        let first = identity.pinned();
        Proof {
            file: Arc::from(""),
            line: 0,
            offset: 0,
            found: 0,
            head: None,
            key: first.map(|public| Key { public, id: public.id(), epoch: 0, proved: true }),
            walk: Walk::from(Next::FIRST),
            behind: Measure::default(),
            before: None,
            hole: None,
            before_hole: None,
            stopped: false,
            files: 0,
            number: Number::default(),
            begun: false,
            closed: None,
            first_file: None,
            start_gone: None,
            oldest: 0,
            succeeds: None,
            origin: None,
            identity,
            first_seq: None,
            lines: 0,
            signatures: 0,
            keys: 0,
            torn_bytes: 0,
            lost: 0,
            no_newline: false,
            latest: Timestamp::default(),
            signer: None,
            expected: Expected::NotMet,
            maybe_expected: Expected::NotMet,
        }
    }

    pub(super) fn begin_file(&mut self, name: &str, ledger: &Ledger) {
        self.keep_through(name);
        if self.files > 0 {
            let last_closed = self.last_closed();
            self.number.unsure += u64::from(!self.number.numbered);
            self.number.numbered = false;
            self.walk.next_file();
            self.before = Some(FileEnd {
                bytes: self.offset,
                behind: std::mem::take(&mut self.behind),
                walk: self.walk.clone(),
                closed: self.closed.take(),
                last_closed,
                found: self.found,
            });
        }
        self.found = ledger.found();
        self.files += 1;
        (self.file, self.line, self.offset) = (Arc::from(name), 0, 0);
        (self.begun, self.no_newline) = (false, false);
    }

    /// The place that the line after the last proved one takes.
    pub(super) fn next(&self) -> Next {
        self.head.map_or(Next::FIRST, |head| Next::after(head.seq, head.hash))
    }

    pub(super) fn place(&self) -> Place {
        Place { file: self.file.to_string(), line: self.line + 1, offset: self.offset }
    }

    /// Takes the next piece of the file. Each signature is checked.
    pub(super) fn step(&mut self, trust: &Trust, ledger: &mut Ledger, piece: Piece<'_>) {
        if self.stopped {
            return;
        }
        let place = self.place();
        let parsed = piece.parse();
        self.go_back(trust, ledger, parsed.as_ref().ok().filter(|_| piece.begins), piece);
        match parsed {
            _ if !piece.begins => self.set_aside(None, piece),
            Ok(line) => self.take(trust, ledger, &place, &line, piece),
            Err(why) => self.take_malformed(trust, &place, why, piece),
        }
        self.pass(piece);
    }

    /// Goes behind a piece.
    pub(super) fn pass(&mut self, piece: Piece<'_>) {
        let newline = u64::from(piece.end == PieceEnd::Newline);
        self.pass_lines(newline, piece.bytes.len() as u64 + newline);
    }

    /// Goes behind so many lines, of so many bytes with their newlines.
    pub(super) fn pass_lines(&mut self, lines: u64, bytes: u64) {
        self.offset += bytes;
        self.line += lines;
    }

    fn take(&mut self, trust: &Trust, ledger: &mut Ledger, place: &Place, line: &Line<'_>, piece: Piece<'_>) {
        let standing = match self.standing(trust, line, ledger) {
            // A line that was proved already stands here once more.
            Standing::Signed(_) if line.link.seq < self.next().seq => {
                let expected = self.walk.next().unwrap_or_else(|| self.next()).seq;
                Standing::Bad(FindingKind::Sequence { expected, found: line.link.seq })
            }
            standing => standing,
        };
        match standing {
            Standing::Signed(key) => {
                self.keep(ledger, line, piece);
                self.no_newline = piece.end == PieceEnd::File;
                self.accept_signed(trust, ledger, place, line, key);
            }
            Standing::Unsigned | Standing::Unproved => {
                let leads = self.walk.leads_to(line);
                self.walk.line(place, line, false, None);
                if leads {
                    let expected = meets(trust, line.link.seq, line.hash(), || place.clone());
                    self.maybe_expected.note(expected);
                }
                self.set_aside(Some(place), piece);
            }
            Standing::Bad(fault) => {
                self.walk.line(place, line, false, Some(fault));
                self.set_aside(Some(place), piece);
            }
        }
    }

    fn take_malformed(&mut self, trust: &Trust, place: &Place, why: MalformedLine, piece: Piece<'_>) {
        let whole = self.signed_start(trust, piece.bytes, &why);
        if whole.as_ref().is_some_and(|line| self.next().is_taken_by(line)) {
            self.walk.forget_pieces();
        }
        if piece.end == PieceEnd::File && whole.is_none() {
            self.walk.piece(place, why);
        } else {
            self.walk.malformed(place, begins_like_a_line(piece.bytes), why);
        }
        self.set_aside(Some(place), piece);
    }

    /// A whole signed line with other bytes than its newline behind it. No write tears like that; but a power cut may
    /// leave zeros.
    fn signed_start<'a>(&self, trust: &Trust, bytes: &'a [u8], why: &MalformedLine) -> Option<Line<'a>> {
        let (whole, junk) = bytes.split_at_checked(why.at)?;
        let line = Line::parse(whole).ok().filter(|_| junk.iter().any(|byte| *byte != 0))?;
        let mut unread = Ledger::new();
        matches!(self.standing(trust, &line, &mut unread), Standing::Signed(_)).then_some(line)
    }

    /// Counts bytes that no signed line covers yet.
    pub(super) fn set_aside(&mut self, place: Option<&Place>, piece: Piece<'_>) {
        let newline = piece.end == PieceEnd::Newline;
        self.behind.add(place, piece.bytes, newline);
        self.walk.measure(piece.bytes, newline);
    }
}
