//! The quick way: lines are taken for proved as they chain, their signatures unchecked.

use std::ops::Range;
use std::sync::Arc;

use super::Verifier;
use super::chunk::Run;
use super::proof::Proof;
use crate::trail::Line;

/// How many bytes may pass before a signature is checked again; so many are kept, to look at them more closely.
const WINDOW: usize = 1 << 20;

/// What was taken since a signature was checked. Where anything is not as it should be, the proof goes back to
/// `checkpoint` and takes the lines of the window again, checking each signature.
pub(super) struct Quick {
    checkpoint: Box<Proof>,
    window: Vec<Lines>,
    length: usize,
    /// The last signed line of the window; none where the checkpoint is it.
    signed: Option<Lines>,
    /// The last line is a signed one.
    pub(super) at_signed: bool,
}

/// Lines, within bytes that are shared: nothing is copied.
type Lines = (Arc<Vec<u8>>, Range<usize>);

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

    /// Whether the key in force signed this line.
    pub(super) fn is_signed(&self, line: &[u8]) -> bool {
        let line = Line::parse(line);
        line.is_ok_and(|line| self.proof.key.is_some_and(|key| line.is_signed_by(&key.public)))
    }

    /// Goes back to the checkpoint and takes the lines of the window again, each signature checked.
    pub(super) fn look_closely(&mut self) {
        let Some(quick) = self.quick.take() else { return };
        self.proof = *quick.checkpoint;
        for (bytes, lines) in quick.window {
            self.each_line(&bytes[lines], Self::step);
        }
    }

    /// Goes on quickly from here, if nothing stands behind the last proved line, nothing before a hole, and nothing in dispute.
    pub(super) fn be_quick(&mut self) {
        self.hand_on();
        let is_sure = self.proof.before_hole.is_none() && self.proof.proved_part().disputed.is_none();
        let quick_will_do = self.is_clean() && is_sure;
        self.quick = quick_will_do.then(|| Quick::from(&self.proof));
    }
}

impl Quick {
    fn from(proof: &Proof) -> Quick {
        Quick {
            checkpoint: Box::new(proof.clone()),
            window: Vec::new(),
            length: 0,
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
        self.window.push((Arc::clone(bytes), run.bytes.clone()));
        self.length += run.bytes.len();
        if let Some(signed) = run.signed.last() {
            self.signed = Some((Arc::clone(bytes), signed.bytes.clone()));
        }
        self.at_signed = run.signed.last().is_some_and(|signed| signed.bytes.end + 1 == run.bytes.end);
    }

    /// The last signed line, unless its signature was checked.
    pub(super) fn last_signed(&self) -> Option<&[u8]> {
        self.signed.as_ref().map(|(bytes, line)| &bytes[line.clone()])
    }
}
