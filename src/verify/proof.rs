//! What of a log is proved, line after line.

use std::sync::Arc;
use std::time::Duration;

use super::finding::FindingKind;
use super::hand_offs::HandOffs;
use super::ledger::Ledger;
use super::measure::Measure;
use super::walk::{Next, Walk};
use super::{ExpectedHead, Finding, NoticeKind, Place};
use crate::trail::{
    Control, Ended, Hash, InvalidControl, KeyId, Kind, Line, MAX_LINE, MalformedLine, PublicKey, Timestamp,
    Torn,
};

/// What the proof rests on; it doesn't change.
pub(super) struct Trust {
    pub(super) log: KeyId,
    pub(super) hand_offs: HandOffs,
    pub(super) expect: Option<ExpectedHead>,
}

/// The key in force.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) public: PublicKey,
    pub(super) id: KeyId,
    pub(super) epoch: u64,
    /// Hand-offs lead to it from the log's first key.
    pub(super) proved: bool,
}

/// A line, or a part of an overlong one, as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether a line begins with it.
    pub(super) begins: bool,
    pub(super) end: PieceEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceEnd {
    Newline,
    /// The file ends without a newline.
    File,
    /// The line is too long to be one, and goes on.
    TooLong,
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
    /// Where a line of a format stands that this version doesn't read.
    pub(super) stopped: bool,

    pub(super) files: u64,
    pub(super) number: Number,
    /// Whether a proved line of this file was met.
    pub(super) begun: bool,
    pub(super) closed: Option<Ended>,
    pub(super) first_file: Option<u64>,
    pub(super) oldest: u64,
    pub(super) origin: Option<Arc<str>>,

    pub(super) first_seq: Option<u64>,
    pub(super) lines: u64,
    pub(super) signatures: u64,
    pub(super) keys: u64,
    pub(super) torn_bytes: u64,
    pub(super) lost: u64,
    pub(super) no_newline: bool,
    latest: Timestamp,
    signer: Option<KeyId>,
    pub(super) expected: Expected,
    /// What unproved lines say of the expected head.
    maybe_expected: Expected,
}

/// Which file of the log this is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Number {
    /// What the last genesis said.
    pub(super) sure: Option<u64>,
    /// Files since whose genesis was damaged, or that had none because they were cut under the writer.
    pub(super) unsure: u64,
    /// Whether this file has said its number.
    pub(super) numbered: bool,
}

impl Number {
    /// The highest number that the next file may have; none where no file has said any.
    pub(super) fn last(self) -> Option<u64> {
        self.sure.map(|sure| sure.saturating_add(1 + self.unsure))
    }

    /// The number of the file that should follow.
    pub(super) fn next(self) -> u64 {
        self.sure.map_or(0, |sure| sure.saturating_add(1 + self.unsure + u64::from(!self.numbered)))
    }

    pub(super) fn may_be(self, number: u64) -> bool {
        self.sure.is_none_or(|sure| number > sure) && self.last().is_none_or(|last| number <= last)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ProvedLine {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) time: Timestamp,
}

/// How the file before ended.
#[derive(Clone)]
pub(super) struct FileEnd {
    pub(super) bytes: u64,
    pub(super) behind: Measure,
    pub(super) walk: Walk,
    pub(super) closed: Option<Ended>,
    /// How many findings there were before it.
    pub(super) found: u64,
}

/// Lines that are missing or damaged right before proved ones.
#[derive(Clone)]
pub(super) struct Hole {
    pub(super) from: u64,
    /// The first proved line behind it.
    pub(super) until: u64,
    pub(super) findings: Vec<Finding>,
    pub(super) more: u64,
}

/// Whether the expected head was met.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    NotMet,
    Met,
    Differs(Place, Hash),
}

/// What a line is worth by itself.
pub(super) enum Standing {
    Unsigned,
    Signed(Key),
    /// Signed by a key that is not known: behind a break that may have swallowed the hand-off, nobody can say more.
    Unproved,
    Bad(FindingKind),
}

impl Proof {
    pub(super) fn new(log: KeyId, first: Option<PublicKey>) -> Proof {
        Proof {
            file: Arc::from(""),
            line: 0,
            offset: 0,
            found: 0,
            head: None,
            key: first.map(|public| Key { public, id: log, epoch: 0, proved: true }),
            walk: Walk::from(Next::FIRST),
            behind: Measure::default(),
            before: None,
            hole: None,
            stopped: false,
            files: 0,
            number: Number::default(),
            begun: false,
            closed: None,
            first_file: None,
            oldest: 0,
            origin: None,
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
        if self.files > 0 {
            self.number.unsure += u64::from(!self.number.numbered);
            self.number.numbered = false;
            self.walk.next_file();
            self.before = Some(FileEnd {
                bytes: self.offset,
                behind: std::mem::take(&mut self.behind),
                walk: self.walk.clone(),
                closed: self.closed.take(),
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
        if !piece.begins {
            self.set_aside(None, piece);
        } else {
            match parse(piece) {
                Ok(line) => self.take(trust, ledger, &place, &line, piece),
                Err(why) => self.take_malformed(trust, &place, why, piece),
            }
        }
        self.pass(piece);
    }

    /// Goes behind a piece.
    pub(super) fn pass(&mut self, piece: Piece<'_>) {
        let newline = piece.end == PieceEnd::Newline;
        self.offset += piece.bytes.len() as u64 + u64::from(newline);
        self.line += u64::from(newline);
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
                self.no_newline = piece.end == PieceEnd::File;
                self.accept_signed(trust, ledger, place, line, key);
            }
            Standing::Unsigned | Standing::Unproved => {
                let leads = self.walk.leads_to(line);
                self.walk.line(place, line, false, None);
                if leads {
                    let expected = meets(trust, line.link.seq, line.hash(), || place.clone());
                    note(&mut self.maybe_expected, expected);
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
    fn set_aside(&mut self, place: Option<&Place>, piece: Piece<'_>) {
        let newline = piece.end == PieceEnd::Newline;
        self.behind.add(place, piece.bytes, newline);
        self.walk.measure(piece.bytes, newline);
    }

    fn standing(&self, trust: &Trust, line: &Line<'_>, ledger: &mut Ledger) -> Standing {
        if line.link.log != trust.log {
            return Standing::Bad(FindingKind::AnotherLog { expected: trust.log, found: line.link.log });
        }
        let Some(signature) = &line.link.signature else {
            return match line.kind.is_control() {
                true => Standing::Bad(FindingKind::Unsigned { kind: line.kind.as_str().to_owned() }),
                false => Standing::Unsigned,
            };
        };
        let Some(key) = self.key_of(trust, line, signature.key) else {
            return match self.key.filter(|_| self.walk.leads_to(line)) {
                Some(key) => Standing::Bad(FindingKind::WrongKey { expected: key.id, found: signature.key }),
                None => Standing::Unproved,
            };
        };
        ledger.signatures_checked += 1;
        if line.is_signed_by(&key.public) {
            Standing::Signed(key)
        } else {
            Standing::Bad(FindingKind::Signature { key: key.id })
        }
    }

    /// The key that `line` should be signed by: the one in force; behind a hole, one that copies of hand-offs lead to;
    /// where a file begins behind a hole, at worst the one that its genesis names.
    fn key_of(&self, trust: &Trust, line: &Line<'_>, id: KeyId) -> Option<Key> {
        if let Some(key) = self.key.filter(|key| key.id == id) {
            return Some(key);
        }
        if self.next().is_taken_by(line) && self.key.is_some() {
            return None;
        }
        if let Some((epoch, public)) = trust.hand_offs.find(id) {
            let goes_on = self.head.is_none() || self.key.is_none_or(|key| key.epoch < epoch);
            return goes_on.then_some(Key { public, id, epoch, proved: true });
        }
        let (public, epoch) = match Control::parse(line) {
            Ok(Some(Control::Genesis(genesis))) => (genesis.public_key, genesis.epoch),
            // The log's id is the hash of its first key, which proves that one, whoever signed.
            Err(InvalidControl::Format(_)) => (public_key_of(line)?, 0),
            _ => return None,
        };
        let proved = id == trust.log;
        (public.id() == id).then_some(Key { public, id, epoch, proved })
    }

    /// Takes a validly signed line whose number is not below the next one: from here on it is the proved one.
    fn accept_signed(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        key: Key,
    ) {
        let control = match Control::parse(line) {
            Ok(control) => control,
            Err(InvalidControl::Format(format)) => {
                ledger.find(Some(place.clone()), Some(line.link.seq), FindingKind::NeedsVersion { format });
                self.stopped = true;
                return;
            }
            Err(error @ InvalidControl::Fields(_)) => {
                let why = error.to_string();
                ledger.find(Some(place.clone()), Some(line.link.seq), FindingKind::Fields { why });
                None
            }
        };
        let run_from = match &control {
            Some(Control::Genesis(genesis)) if !self.begun => self.begin(ledger, place, line, genesis, key),
            control => self.join(ledger, place, line, control.as_ref()),
        };
        if !key.proved && self.key.is_none_or(|before| before.id != key.id) {
            let kind = match trust.hand_offs.key_of(key.epoch) {
                None => FindingKind::KeyNotProved { epoch: key.epoch, key: key.id },
                Some(expected) => FindingKind::KeyDiffers {
                    expected_epoch: key.epoch,
                    expected: Some(expected),
                    found_epoch: key.epoch,
                    found: key.id,
                },
            };
            ledger.find(None, None, kind);
        }
        self.advance(trust, ledger, place, line, key, run_from);
        self.heed(trust, ledger, place, line, control);
    }

    /// Joins a line within a file to the proved one. The answer is the first line that it proves.
    fn join(
        &mut self,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        control: Option<&Control>,
    ) -> u64 {
        let next = self.next();
        let follows = next.is_taken_by(line);
        let torn = match control {
            Some(Control::Resume(resume)) => resume.torn,
            _ => None,
        };
        let (mut run_from, mut hole) = (line.link.seq, None);
        if follows && self.behind.is(torn) {
            self.attested(ledger, place, line, torn);
        } else if follows {
            self.let_stand(ledger);
            let walk = std::mem::replace(&mut self.walk, Walk::from(next));
            not_attested(ledger, walk, &self.behind, torn, (place, line.link.seq));
        } else if self.walk.leads_to(line) && line.kind != Kind::Resume {
            run_from = next.seq;
            note(&mut self.expected, std::mem::replace(&mut self.maybe_expected, Expected::NotMet));
        } else {
            let broken = self.broken_at(place, line, torn);
            run_from = broken.until;
            hole = Some(broken);
        }
        if let Some(before) = self.before.take().filter(|before| !before.behind.is_empty() && hole.is_none())
        {
            not_attested(ledger, before.walk, &before.behind, None, (place, line.link.seq));
        }
        if !self.begun && hole.is_none() {
            let at = Some(place.clone());
            let no_genesis = Finding { at, seq: Some(line.link.seq), kind: FindingKind::NoGenesis };
            hole = Some(Hole { from: run_from, until: run_from, findings: vec![no_genesis], more: 0 });
        }
        if hole.is_some() {
            self.let_stand(ledger);
            self.hole = hole;
        }
        run_from
    }

    /// Blames for a chain that doesn't lead to this validly signed line.
    pub(super) fn broken_at(&mut self, place: &Place, line: &Line<'_>, torn: Option<Torn>) -> Hole {
        let next = self.next();
        self.walk.line(place, line, true, None);
        let walk = std::mem::replace(&mut self.walk, Walk::from(next));
        let (from, until) = (next.seq, walk.run_from());
        let (mut findings, more) = walk.blame_at(next, torn);
        if findings.is_empty() {
            let kind = FindingKind::Link { expected: next.prev, found: line.link.prev };
            findings.push(Finding { at: Some(place.clone()), seq: Some(line.link.seq), kind });
        }
        Hole { from, until, findings, more }
    }

    /// No genesis declared the last hole.
    pub(super) fn let_stand(&mut self, ledger: &mut Ledger) {
        if let Some(hole) = self.hole.take() {
            ledger.enter_all(hole.findings, hole.more);
        }
    }

    /// The bytes behind the proved line are torn, and `line` says so.
    pub(super) fn attested(
        &mut self,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        torn: Option<Torn>,
    ) {
        if let Some(torn) = torn {
            self.torn_bytes += torn.bytes;
            ledger.notice(Some(place.clone()), Some(line.link.seq), NoticeKind::Torn(torn));
        }
    }

    /// `line` is the proved one now.
    fn advance(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        key: Key,
        run_from: u64,
    ) {
        self.lines += line.link.seq + 1 - run_from;
        self.first_seq = self.first_seq.or(Some(run_from));
        self.key = Some(key);
        let time = Timestamp::parse(line.timestamp).unwrap_or_default();
        if let Some(from) = self.went_back(time) {
            ledger.notice(Some(place.clone()), Some(line.link.seq), NoticeKind::ClockBack { from, to: time });
        }
        self.prove(trust, line, time);
        self.maybe_expected = Expected::NotMet;
        self.behind = Measure::default();
        self.before = None;
    }

    /// Counts a signed line and goes on from it.
    pub(super) fn prove(&mut self, trust: &Trust, line: &Line<'_>, time: Timestamp) {
        let (seq, hash) = (line.link.seq, line.hash());
        if let Some(signature) = &line.link.signature {
            self.signatures += 1;
            self.keys += u64::from(self.signer != Some(signature.key));
            self.signer = Some(signature.key);
            self.latest = time;
        }
        let met = meets(trust, seq, hash, || self.place());
        note(&mut self.expected, met);
        self.head = Some(ProvedLine { seq, hash, time });
        self.walk = Walk::from(Next::after(seq, hash));
    }

    /// Whether this time is before the latest by more than records overtake each other: then, the latest.
    pub(super) fn went_back(&self, time: Timestamp) -> Option<Timestamp> {
        (self.latest.since(time) > CLOCK_TOLERANCE).then_some(self.latest)
    }
}

/// Records wait for the writer, each with the time of its thread, for 5 s by default.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(10);

/// What follows the proved line does not attest these bytes.
pub(super) fn not_attested(
    ledger: &mut Ledger,
    walk: Walk,
    behind: &Measure,
    torn: Option<Torn>,
    (place, seq): (&Place, u64),
) {
    if torn.is_none() {
        let (findings, more) = walk.blame_at_end();
        if !findings.is_empty() {
            ledger.enter_all(findings, more);
            return;
        }
    }
    let (at, seq) = match behind.first() {
        Some(first) => (first.clone(), None),
        None => (place.clone(), Some(seq)),
    };
    let kind = match torn {
        Some(torn) => FindingKind::TornDiffers { expected: Some(torn), found: behind.torn() },
        None => FindingKind::Unattested { bytes: behind.bytes() },
    };
    ledger.find(Some(at), seq, kind);
}

fn parse(piece: Piece<'_>) -> Result<Line<'_>, MalformedLine> {
    if piece.end == PieceEnd::TooLong {
        return Err(MalformedLine { at: MAX_LINE, why: "longer than 65535 bytes" });
    }
    let line = Line::parse(piece.bytes)?;
    match Timestamp::parse(line.timestamp) {
        Some(_) => Ok(line),
        None => Err(MalformedLine { at: 0, why: "a timestamp of a day or time that there is not" }),
    }
}

/// Whether bytes begin as every line does, but for a byte or two.
fn begins_like_a_line(bytes: &[u8]) -> bool {
    [b"{\"fields\":", b"{\"duration"].iter().any(|start| {
        bytes.len() >= start.len()
            && bytes.iter().zip(*start).filter(|(byte, start)| byte == start).count() >= 8
    })
}

fn meets(trust: &Trust, seq: u64, hash: Hash, place: impl FnOnce() -> Place) -> Expected {
    match trust.expect {
        Some(expect) if expect.hash == hash && expect.seq.is_none_or(|expected| expected == seq) => {
            Expected::Met
        }
        Some(expect) if expect.seq == Some(seq) => Expected::Differs(place(), hash),
        _ => Expected::NotMet,
    }
}

fn note(expected: &mut Expected, met: Expected) {
    if !matches!(met, Expected::NotMet) {
        *expected = met;
    }
}

/// The key that a genesis of another format names.
fn public_key_of(line: &Line<'_>) -> Option<PublicKey> {
    #[derive(serde::Deserialize)]
    struct Named {
        public_key: PublicKey,
    }
    serde_json::from_str(line.fields).ok().map(|Named { public_key }| public_key)
}
