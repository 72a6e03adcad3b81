//! What of a log is proved, line after line.

use std::ops::Range;
use std::sync::Arc;

use super::before_hole::BeforeHole;
use super::debris::{Debris, Met};
use super::expected::{Expected, meets};
use super::genesis::{FileEnd, Number};
use super::hand_offs::HandOffs;
use super::identity::Identity;
use super::join::Hole;
use super::ledger::Ledger;
use super::measure::Measure;
use super::piece::{Piece, PieceEnd};
use super::ranges::Coverage;
use super::report::Agreement;
use super::standing::{Key, Standing};
use super::strays::Strays;
use super::walk::{Fault, Next, Walk};
use super::{ExpectedHead, FindingKind, Head, Place};
use crate::trail::{Control, Ended, Hash, Keeps, KeyId, Kind, Line, MalformedLine, Succeeds, Timestamp};

/// What the proof rests on; it doesn't change.
pub(super) struct Trust {
    pub(super) log: KeyId,
    pub(super) hand_offs: HandOffs,
    pub(super) expect: Option<ExpectedHead>,
}

/// The proof up to a line: the last one that is proved, and what was met since. Small, but for what doesn't hold.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools)] // each of another matter
pub(super) struct Proof {
    pub(super) file: Arc<str>,
    line: u64,
    offset: u64,
    /// Bytes of the files before this one.
    before_file: u64,
    /// How many findings there were before this file.
    found: u64,

    /// The last proved line.
    pub(super) head: Option<ProvedLine>,
    /// The time of the first one.
    pub(super) began: Option<Timestamp>,
    pub(super) key: Option<Key>,
    pub(super) walk: Walk,
    /// The bytes behind the last signed line of this file.
    pub(super) behind: Measure,
    /// What stands behind the last proved line, whether a power cut leaves it so.
    pub(super) debris: Debris,
    /// The file before, until this file's genesis has said what it says of it.
    pub(super) before: Option<FileEnd>,
    /// A hole that this file's successor may declare.
    pub(super) hole: Option<Hole>,
    /// The proof as it was before a hole, which the next start may attest as torn.
    pub(super) before_hole: Option<Box<BeforeHole>>,
    /// The proof as it was before lines of a key to which no hand-off leads. What these lines say changes nothing in it.
    pub(super) apart: Option<Box<Proof>>,
    /// Where a line of a format stands that this version doesn't read.
    pub(super) stopped: bool,
    /// While a line is taken whose signature is checked later, with one that stands behind it.
    pub(super) trusting: bool,

    pub(super) files: u64,
    pub(super) number: Number,
    /// Whether a proved line of this file was met.
    pub(super) begun: bool,
    pub(super) closed: Option<Ended>,
    pub(super) first_file: Option<u64>,
    /// Where the first file says that the one before it was damaged under the writer.
    pub(super) start_gone: Option<(Place, u64, Ended)>,
    pub(super) oldest: u64,
    /// The retention in force, where a line says it.
    pub(super) keeps: Option<Keeps>,
    /// The first proved line that names the hand-off before it: so must all that follow.
    pub(super) committed: Option<u64>,
    /// From this number on nobody can say which lines are the log's: the copies have another hand-off to the same epoch.
    pub(super) disputed: Option<u64>,
    /// Hand-offs that were met and of which there is no copy.
    pub(super) not_copied: Option<NotCopied>,
    pub(super) strays: Strays,
    /// Behind which holes lines were given up that had been taken for the log's: [`BeforeHole::at`].
    pub(super) given_up: Vec<u64>,
    /// The machine's boot, as the last proved writer says.
    pub(super) boot: Option<Arc<str>>,
    /// The log that this one replaces.
    pub(super) succeeds: Option<Succeeds>,
    pub(super) origin: Option<Arc<str>>,
    pub(super) identity: Identity,

    /// Which lines are proved.
    pub(super) coverage: Coverage,
    /// Where they stand, counted through all files, since it was last asked; none where nobody asks.
    pub(super) proved: Option<Vec<Range<u64>>>,
    /// Where the last proved line ends.
    pub(super) head_end: u64,
    /// Where the lines begin that the line being taken proves.
    proves_from: Option<u64>,
    /// Lines of keys to which no hand-off leads.
    pub(super) agrees: Option<Agreement>,
    pub(super) crashes: u64,
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

/// Hand-offs of which there is no copy.
#[derive(Debug, Clone)]
pub(super) struct NotCopied {
    pub(super) hand_offs: u64,
    pub(super) first: (Place, u64),
    pub(super) last: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ProvedLine {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) time: Timestamp,
}

impl From<ProvedLine> for Head {
    fn from(ProvedLine { seq, hash, time }: ProvedLine) -> Head {
        Head { seq, hash, time }
    }
}

impl Proof {
    pub(super) fn new(identity: Identity) -> Proof {
        let first = identity.pinned();
        Proof {
            file: Arc::from(""),
            line: 0,
            offset: 0,
            before_file: 0,
            found: 0,
            head: None,
            began: None,
            key: first.map(|public| Key { public, id: public.id(), epoch: 0, proved: true, since: None }),
            walk: Walk::from(Next::FIRST),
            behind: Measure::default(),
            debris: Debris::after(Next::FIRST),
            before: None,
            hole: None,
            before_hole: None,
            apart: None,
            stopped: false,
            trusting: false,
            files: 0,
            number: Number::default(),
            begun: false,
            closed: None,
            first_file: None,
            start_gone: None,
            oldest: 0,
            keeps: None,
            committed: None,
            disputed: None,
            not_copied: None,
            strays: Strays::default(),
            given_up: Vec::new(),
            boot: None,
            succeeds: None,
            origin: None,
            identity,
            coverage: Coverage::new(),
            proved: None,
            head_end: 0,
            proves_from: None,
            agrees: None,
            crashes: 0,
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
        self.debris.end_file();
        if self.files > 0 {
            let last_closed = self.last_closed();
            self.number.unsure += u64::from(!self.number.numbered);
            self.number.numbered = false;
            let is_cut = self.walk.is_cut();
            self.walk.next_file();
            let before = FileEnd {
                is_cut,
                bytes: self.offset,
                behind: std::mem::take(&mut self.behind),
                walk: self.walk.clone(),
                closed: self.closed.take(),
                last_closed,
                found: self.found,
            };
            // An empty file hides nothing of what stands at the end of the one before.
            let kept = self.before.take().filter(|kept| self.offset == 0 && !kept.behind.is_empty());
            self.before = Some(kept.unwrap_or(before));
        }
        self.found = ledger.found();
        self.files += 1;
        self.before_file += self.offset;
        (self.file, self.line, self.offset) = (Arc::from(name), 0, 0);
        (self.begun, self.no_newline) = (false, false);
    }

    /// Whether nothing of the file was taken.
    pub(super) fn is_at_file_start(&self) -> bool {
        self.offset == 0
    }

    /// The place that the line after the last proved one takes.
    pub(super) fn next(&self) -> Next {
        self.head.map_or(Next::FIRST, |head| Next::after(head.seq, head.hash))
    }

    pub(super) fn place(&self) -> Place {
        Place { file: self.file.to_string(), line: self.line + 1, offset: self.offset }
    }

    /// The proof that rests on the log's first key alone.
    pub(super) fn proved_part(&self) -> &Proof {
        self.apart.as_deref().unwrap_or(self)
    }

    /// Takes the next piece of the file. Each signature is checked.
    pub(super) fn step(&mut self, trust: &Trust, ledger: &mut Ledger, piece: Piece<'_>) {
        let line = piece.parse();
        self.step_to(trust, ledger, piece, line.as_ref());
    }

    /// [`Proof::step`], where it is known which line the piece is.
    pub(super) fn step_to(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        piece: Piece<'_>,
        line: Result<&Line<'_>, &MalformedLine>,
    ) {
        if self.stopped {
            return;
        }
        let place = self.place();
        self.go_back(trust, ledger, line.ok().filter(|_| piece.begins));
        let met = match line {
            _ if !piece.begins => {
                self.set_aside(None, piece, None);
                None
            }
            Ok(line) => Some((line, self.take(trust, ledger, &place, line, piece))),
            Err(why) => {
                self.take_malformed(trust, &place, why, piece);
                None
            }
        };
        self.pass(piece);
        if let Some(from) = self.proves_from.take() {
            self.end_proved(from);
        }
        if let Some(kept) = &mut self.before_hole {
            kept.set_aside(piece, met);
        }
    }

    /// Stands in a file where another proof does.
    pub(super) fn resume_at(&mut self, other: &Proof, ledger: &Ledger) {
        (self.line, self.offset, self.found) = (other.line, other.offset, ledger.found());
        (self.before_file, self.head_end) = (other.before_file, other.head_end);
    }

    /// Where it stands, counted through all files.
    pub(super) fn position(&self) -> u64 {
        self.before_file + self.offset
    }

    /// The line that is being taken proves all lines from this place on.
    pub(super) fn prove_from(&mut self, position: u64) {
        self.proves_from = Some(position);
    }

    /// The lines from there to here are taken for the log's; they are proved where their key is.
    pub(super) fn end_proved(&mut self, from: u64) {
        self.head_end = self.position();
        if self.apart.is_some() {
            return;
        }
        let to = self.head_end;
        let Some(proved) = &mut self.proved else { return };
        match proved.last_mut().filter(|last| last.end == from) {
            Some(last) => last.end = to,
            None => proved.push(from..to),
        }
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

    fn take(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        piece: Piece<'_>,
    ) -> Met {
        let may_be_stray = Strays::may_be(line, trust.log, &self.walk, &trust.hand_offs);
        if self.walk.is_void(line) {
            if may_be_stray {
                self.strays.meet();
            }
            self.walk.void(line);
            return self.leave(trust, place, line, piece, Met::Altered);
        }
        let control = Control::parse(line);
        let standing = match self.standing(trust, line, &control, ledger) {
            Standing::Signed(key) => {
                let standing = self.in_turn(line, &key);
                let is_bad = matches!(standing, Standing::Bad(_));
                self.strays.is_late |= is_bad && line.kind == Kind::Handoff && key.proved;
                standing
            }
            standing => standing,
        };
        if may_be_stray && !matches!(standing, Standing::Signed(_)) {
            self.strays.meet();
        }
        match standing {
            Standing::Signed(key) => {
                if key.proved {
                    self.rejoin(ledger);
                }
                self.keep(ledger, line);
                self.no_newline = piece.end == PieceEnd::File;
                self.accept_signed(trust, ledger, place, line, control, &key);
                let is_copied = trust.hand_offs.has(line.link.seq, line.hash());
                if is_copied { Met::HandOff } else { Met::Signed }
            }
            Standing::Unsigned | Standing::Unproved => {
                let leads = self.walk.leads_to(line);
                self.walk.line((place, self.position()), line, false, None);
                if leads {
                    let expected = meets(trust, line.link.seq, line.hash(), || place.clone());
                    self.maybe_expected.note(expected);
                }
                self.leave(trust, place, line, piece, Met::Whole)
            }
            Standing::Bad(fault) => {
                if matches!(fault.kind, FindingKind::TwoHandOffs { .. }) {
                    self.disputed.get_or_insert(line.link.seq);
                }
                self.walk.line((place, self.position()), line, false, Some(fault));
                self.leave(trust, place, line, piece, Met::Altered)
            }
        }
    }

    /// A validly signed line, unless one of its number is proved already: then it stands here once more.
    fn in_turn(&self, line: &Line<'_>, key: &Key) -> Standing {
        let next = if key.proved { self.proved_part().next() } else { self.next() };
        if line.link.seq >= next.seq {
            return Standing::Signed(*key);
        }
        let expected = self.walk.next().unwrap_or(next).seq;
        Standing::Bad(Fault::of(FindingKind::Sequence { expected, found: line.link.seq }))
    }

    /// A line that is not proved by itself.
    fn leave(&mut self, trust: &Trust, place: &Place, line: &Line<'_>, piece: Piece<'_>, met: Met) -> Met {
        let met = self.as_torn(trust, line, met);
        self.coverage.meet_unproved(line.link.seq, self.proved_part().next().seq);
        self.set_aside(Some(place), piece, Some((line, met)));
        met
    }

    /// What a line is worth among bytes that a start may attest as torn. There the key in force at the last proved line
    /// counts, and those that it hands over to among them, whatever copies know of hand-offs that came later.
    fn as_torn(&self, trust: &Trust, line: &Line<'_>, met: Met) -> Met {
        let proved = self.proved_part();
        if line.link.log != trust.log || line.link.seq < proved.next().seq {
            return met;
        }
        if line.link.signature.is_none() {
            return if line.kind.is_control() { Met::Altered } else { Met::Whole };
        }
        let in_force = proved.key.filter(|key| key.proved);
        let is_signed = in_force.is_some_and(|key| line.is_signed_by(&key.public));
        match is_signed || self.debris.leads_to_signer(line) {
            true if trust.hand_offs.has(line.link.seq, line.hash()) => Met::HandOff,
            true => Met::Signed,
            false => met,
        }
    }

    fn take_malformed(&mut self, trust: &Trust, place: &Place, why: &MalformedLine, piece: Piece<'_>) {
        let (whole, why) = (self.signed_start(trust, piece.bytes, why), why.clone());
        if whole.as_ref().is_some_and(|line| self.next().is_taken_by(line)) {
            self.walk.forget_pieces();
        }
        if piece.end == PieceEnd::File && whole.is_none() {
            self.walk.piece(place, piece.bytes, why);
        } else {
            self.walk.malformed(place, piece, why);
        }
        self.set_aside(Some(place), piece, None);
    }

    /// A whole signed line with other bytes than its newline behind it. No write tears like that; but a power cut may
    /// leave zeros.
    fn signed_start<'a>(&self, trust: &Trust, bytes: &'a [u8], why: &MalformedLine) -> Option<Line<'a>> {
        let (whole, junk) = bytes.split_at_checked(why.at)?;
        let line = Line::parse(whole).ok().filter(|_| junk.iter().any(|byte| *byte != 0))?;
        self.is_signed(trust, &line).then_some(line)
    }

    /// Counts bytes that no signed line covers yet; `line` is what they are, where they are one.
    pub(super) fn set_aside(
        &mut self,
        place: Option<&Place>,
        piece: Piece<'_>,
        line: Option<(&Line<'_>, Met)>,
    ) {
        let newline = piece.end == PieceEnd::Newline;
        self.behind.add(place, piece.bytes, newline);
        self.walk.measure(piece.bytes, newline);
        match line {
            Some((line, met)) => self.debris.line(line, met),
            None => self.debris.piece(piece, self.offset),
        }
    }
}
