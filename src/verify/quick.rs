//! The quick way: lines are taken for proved as they chain, their signatures unchecked.

use std::ops::Range;
use std::sync::Arc;

use super::Verifier;
use super::chunk::Run;
use super::ledger::Ledger;
use super::piece::{Piece, PieceEnd};
use super::proof::Proof;
use super::walk::Next;
use crate::trail::{Ended, Kind, Line};

/// How many bytes may pass before a signature is checked again; so many are kept, to look at them more closely.
const WINDOW: usize = 1 << 20;

/// How many files may begin meanwhile: each keeps a buffer, however short it is.
const FILES: usize = 16;

/// What was taken since a signature was checked. Where anything is not as it should be, the proof goes back to
/// `checkpoint` and takes the lines of the window again, checking each signature.
pub(super) struct Quick {
    checkpoint: Box<Proof>,
    window: Vec<Taken>,
    length: usize,
    files: usize,
    /// The last signed line of the window; none where the checkpoint is it.
    signed: Option<Lines>,
    /// The last line is a signed one.
    pub(super) at_signed: bool,
}

/// Lines, within bytes that are shared: nothing is copied.
type Lines = (Arc<Vec<u8>>, Range<usize>);

/// What was taken.
enum Taken {
    Lines(Lines),
    /// A file of this name began.
    File(Arc<str>),
}

impl Verifier {
    /// Takes records that follow each other.
    pub(super) fn run(&mut self, bytes: &Arc<Vec<u8>>, run: Run) {
        let mut rest = Some(run);
        while let Some(run) = rest {
            rest = if self.follows(&run) {
                self.take_quickly(bytes, run)
            } else {
                self.look_closely();
                let (first, rest) = if run.signed.is_empty() { (run, None) } else { run.split_behind(0) };
                self.each_line(&bytes[first.bytes], Self::step);
                self.be_quick();
                rest
            };
        }
    }

    /// Whether records are as they should be, but for signatures that were not checked.
    fn follows(&self, run: &Run) -> bool {
        let (Some(_), Some(key)) = (&self.quick, self.proof.key) else { return false };
        let well_signed = run.signed.first().is_none_or(|first| {
            run.signer == Some(key.id)
                // What a known key signed is looked at by itself, not as what follows lines that nothing proves.
                && (self.proof.apart.is_none() || !self.proof.knows(&self.trust, key.id))
                && (!self.options.every_signature || run.checked == Some(key.public))
                && self.proof.went_back(first.line.time).is_none()
        });
        let copies = &self.trust.hand_offs;
        self.proof.closed.is_none()
            // A file begins with its genesis.
            && self.proof.before.is_none()
            && self.proof.next() == run.first
            && well_signed
            && self.proof.head.is_some_and(|head| copies.allow_run(head.seq, (run.last.seq, run.last.hash)))
    }

    /// Takes records that follow for proved, up to one whose signature proves it; the answer is the rest.
    fn take_quickly(&mut self, bytes: &Arc<Vec<u8>>, run: Run) -> Option<Run> {
        let quick = self.quick.as_mut()?;
        let every = self.options.every_signature;
        let check = if every { run.signed.len().checked_sub(1) } else { quick.to_check(&run) };
        let unsigned = quick.length_until(&run, check);
        let (run, rest) = match check {
            Some(check) => run.split_behind(check),
            None => (run, None),
        };
        quick.keep(bytes, &run);
        let sound = match check {
            _ if unsigned > 2 * WINDOW => false,
            Some(check) if !every => self.is_signed(&bytes[run.signed[check].bytes.clone()]),
            _ => true,
        };
        if !sound {
            self.look_closely();
            self.be_quick();
            return rest;
        }
        self.proof.prove_run(&run);
        if check.is_some() {
            self.ledger.signatures_checked += if every { run.signed.len() as u64 } else { 1 };
            self.be_quick();
        }
        rest
    }

    /// Takes the end of a file, or the genesis of the next one, as records are taken: its signature is checked with a later one.
    /// Where that won't do, it answers no.
    pub(super) fn take_on_trust(&mut self, piece: Piece<'_>) -> bool {
        let may_be = piece.begins && piece.end == PieceEnd::Newline && !self.options.every_signature;
        let Some(quick) = self.quick.as_ref().filter(|_| may_be) else { return false };
        if quick.length + piece.bytes.len() >= WINDOW || self.proof.closed.is_some() {
            return false;
        }
        let Some(line) = piece.parse().ok().filter(|line| self.leads(line)) else { return false };
        // What does not hold, or is worth a word, is looked at closely.
        let mut silent = Ledger::after(&self.ledger);
        self.proof.trusting = true;
        self.proof.step_to(&self.trust, &mut silent, piece, Ok(&line));
        self.proof.trusting = false;
        let is_head = self.proof.next() == Next::after(line.link.seq, line.hash());
        if !is_head || !silent.is_as(&self.ledger) {
            self.look_closely();
            return false;
        }
        if let Some(quick) = &mut self.quick {
            quick.keep_line(piece.bytes);
        }
        true
    }

    /// Whether a line is the end of a file or the genesis of the next one, in its place and in the name of the key in force.
    fn leads(&self, line: &Line<'_>) -> bool {
        let in_force = self.proof.key.filter(|key| key.proved).map(|key| key.id);
        matches!(line.kind, Kind::Close | Kind::Genesis)
            && self.proof.apart.is_none()
            && self.proof.next().is_taken_by(line)
            && line.link.signature.is_some_and(|signature| Some(signature.key) == in_force)
    }

    /// Begins a file behind one whose end was taken on trust, where that was left for it; else it answers no.
    pub(super) fn begin_on_trust(&mut self, name: &str) -> bool {
        let alone = self.outlet.is_none() && self.undone.is_none();
        let is_over = alone && self.proof.closed == Some(Ended::Rotated) && !self.options.every_signature;
        let Some(quick) = self.quick.as_mut().filter(|quick| is_over && quick.at_signed) else {
            return false;
        };
        if quick.files == FILES {
            return false;
        }
        quick.files += 1;
        quick.window.push(Taken::File(Arc::from(name)));
        self.proof.begin_file(name, &self.ledger);
        true
    }

    /// Checks the signature of the last line that was taken, or looks closely at what was.
    pub(super) fn settle(&mut self) {
        let Some(quick) = &self.quick else { return };
        let proved = match (quick.at_signed, quick.last_signed()) {
            (true, None) => true,
            (true, Some(line)) => {
                self.ledger.signatures_checked += 1;
                self.is_signed(line)
            }
            (false, _) => false,
        };
        if !proved {
            self.look_closely();
        }
        self.quick = None;
    }

    /// Whether the key in force signed this line.
    pub(super) fn is_signed(&self, line: &[u8]) -> bool {
        let line = Line::parse(line);
        line.is_ok_and(|line| self.proof.key.is_some_and(|key| line.is_signed_by(&key.public)))
    }

    /// Goes back to the checkpoint and takes the lines of the window again, each signature checked.
    pub(super) fn look_closely(&mut self) {
        let Some(quick) = self.quick.take() else { return };
        self.proof = *quick.checkpoint;
        for taken in quick.window {
            match taken {
                Taken::Lines((bytes, lines)) => self.each_line(&bytes[lines], Self::step),
                Taken::File(name) => self.proof.begin_file(&name, &self.ledger),
            }
        }
    }

    /// Goes on quickly from here, if nothing stands behind the last proved line, nothing before a hole, nothing in dispute, and
    /// all so far is of a format that this version reads.
    pub(super) fn be_quick(&mut self) {
        self.hand_on();
        let is_sure = self.proof.before_hole.is_none() && self.proof.proved_part().disputed.is_none();
        let quick_will_do = self.is_clean() && is_sure && !self.proof.stopped;
        self.quick = quick_will_do.then(|| Quick::from(&self.proof));
    }
}

impl Quick {
    fn from(proof: &Proof) -> Quick {
        Quick {
            checkpoint: Box::new(proof.clone()),
            window: Vec::new(),
            length: 0,
            files: 0,
            signed: None,
            at_signed: true,
        }
    }

    /// Which of the signatures of a run that follows is due to be checked.
    fn to_check(&self, run: &Run) -> Option<usize> {
        let at =
            run.signed.partition_point(|signed| self.length + signed.bytes.start - run.bytes.start <= WINDOW);
        (at < run.signed.len()).then_some(at)
    }

    /// How many bytes there are up to that line of the run, or to its end.
    fn length_until(&self, run: &Run, signed: Option<usize>) -> usize {
        let end = signed.map_or(run.bytes.end, |at| run.signed[at].bytes.start);
        self.length + end - run.bytes.start
    }

    fn keep(&mut self, bytes: &Arc<Vec<u8>>, run: &Run) {
        self.window.push(Taken::Lines((Arc::clone(bytes), run.bytes.clone())));
        self.length += run.bytes.len();
        if let Some(signed) = run.signed.last() {
            self.signed = Some((Arc::clone(bytes), signed.bytes.clone()));
        }
        self.at_signed = run.signed.last().is_some_and(|signed| signed.bytes.end + 1 == run.bytes.end);
    }

    /// A signed line that is no record.
    fn keep_line(&mut self, line: &[u8]) {
        let bytes = Arc::new([line, b"\n"].concat());
        self.length += bytes.len();
        self.signed = Some((Arc::clone(&bytes), 0..line.len()));
        self.at_signed = true;
        let all = 0..bytes.len();
        self.window.push(Taken::Lines((bytes, all)));
    }

    /// The last signed line, unless its signature was checked.
    pub(super) fn last_signed(&self) -> Option<&[u8]> {
        self.signed.as_ref().map(|(bytes, line)| &bytes[line.clone()])
    }
}
