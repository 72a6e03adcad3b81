//! What signatures prove.

use super::chain::{Chain, WAITING, Waiting};
use super::dispute::{Blame, differs, not_restored};
use super::fact::Shape;
use super::history::Key;
use super::walk::Walk;
use crate::trail::{KeyId, Line};
use crate::verify::{FindingKind, Head};

impl Walk<'_> {
    /// Whether a line has a good signature of the key that signs its number.
    pub(super) fn is_signed(&self, line: &Line<'_>) -> bool {
        self.history.in_force(line.link.seq).is_some_and(|key| line.is_signed_by(&key.public))
    }

    /// Looks at the line that a chain has now at its end.
    pub(super) fn extend(&mut self, mut chain: Chain) -> Chain {
        let line = &chain.tip;
        if line.shape == Shape::Broken {
            let kind = not_restored(&line.text, None);
            self.fault(Blame::of(line, kind));
            return chain;
        }
        self.bar(&mut chain);
        let Some(signature) = chain.tip.signature else {
            if chain.tip.control {
                self.unsigned(&chain.tip);
            }
            return chain;
        };
        let seq = chain.tip.seq;
        let Some(key) = self.history.in_force(seq) else { return chain };
        if chain.barred {
            self.see_signer(&mut chain);
            return chain;
        }
        if signature.key != key.id {
            self.misplaced(&mut chain, signature.key, key);
            return chain;
        }
        chain.key = Some(key.id);
        if self.history.is_parted(seq) {
            self.meet_parting(&chain);
            return chain;
        }
        let control = chain.tip.control;
        chain.waiting.push(Waiting::of(&chain.tip, key, signature));
        if control || self.options.every_signature || chain.waiting.len() > WAITING {
            self.settle(&mut chain);
            if control && chain.is_proved() {
                self.heed(&chain, key);
            }
        }
        chain
    }

    /// Where a known line speaks against the chain's last one, nothing more of it is proved.
    fn bar(&mut self, chain: &mut Chain) {
        if chain.barred {
            return;
        }
        let (seq, hash, prev) = (chain.tip.seq, chain.tip.hash, chain.tip.prev);
        let Some(kind) = self.history.contradict(seq, hash, prev) else { return };
        self.settle(chain);
        chain.barred = true;
        let kind = match kind {
            FindingKind::Altered { expected, .. } | FindingKind::NotTheHandOff { expected, .. } => {
                differs(chain.tip.shape, &chain.tip.text, expected, kind)
            }
            kind => kind,
        };
        self.see_signer(chain);
        let blame = Blame { excuse: chain.signer, ..Blame::of(&chain.tip, kind) };
        match self.history.own(hash) {
            Some(own) => self.beside(chain, own.hash),
            None => self.fault_unless_torn(chain, blame),
        }
    }

    /// Looks who signed the chain's last line, unless it is known that somebody signed the branch.
    fn see_signer(&self, chain: &mut Chain) {
        if !chain.signed {
            chain.signed_by(self.signer(chain));
        }
    }

    /// The key whose good signature the chain's last line has, whatever numbers are that key's.
    fn signer(&self, chain: &Chain) -> Option<KeyId> {
        let signature = chain.tip.signature.as_ref()?;
        let key = self.history.key(self.history.epoch(signature.key)?)?;
        key.public.verifies_hash(signature.unsigned, &signature.bytes).then_some(key.id)
    }

    /// The chain's last line is signed by another key than the one in force.
    fn misplaced(&mut self, chain: &mut Chain, found: KeyId, expected: Key) {
        if chain.wrong == Some(found) {
            return;
        }
        chain.wrong = Some(found);
        let seq = chain.tip.seq;
        let kind = match self.history.epoch(found) {
            Some(epoch) if epoch > expected.epoch => {
                let handed_over = self.history.hand_off(epoch).map_or(0, |line| line.seq);
                FindingKind::BeforeHandOff { key: found, epoch, handed_over }
            }
            Some(epoch) => {
                let handed_over = self.history.hand_off(epoch + 1).map_or(0, |line| line.seq);
                FindingKind::AfterHandOff { key: found, epoch, handed_over }
            }
            None if self.history.is_parted(seq) => return,
            // Between known hand-offs there is no room for another key, nor where no line is missing since the last.
            None if expected.epoch < self.history.ended() || chain.key == Some(expected.id) => {
                FindingKind::WrongKey { expected: expected.id, found }
            }
            None => return self.unknown(&chain.tip, found),
        };
        let signer = self.signer(chain);
        chain.signed_by(signer);
        match self.history.own(chain.tip.hash) {
            Some(own) => self.beside(chain, own.hash),
            None => self.fault(Blame { excuse: signer, ..Blame::of(&chain.tip, kind) }),
        }
    }

    /// Checks the signatures that wait, the newest first: one that is good proves all lines before it.
    pub(super) fn settle(&mut self, chain: &mut Chain) {
        while let Some(newest) = chain.waiting.pop() {
            self.ledger.signatures_checked += 1;
            let Waiting { seq, hash, at, key, .. } = newest;
            if newest.is_good() {
                // A copy proves what was given before it, and is no end of it: the end may be withheld.
                let mut signed = std::iter::once(newest).chain(chain.waiting.drain(..).rev());
                let given = signed.find(|line| self.sources.is_given(line.at.source));
                drop(signed);
                (chain.signer, chain.signed) = (Some(key.id), true);
                if let Some(Waiting { seq, hash, time, .. }) = given
                    && self.trusted
                    && self.head.is_none_or(|head| head.seq < seq)
                {
                    self.head = Some(Head { seq, hash, time });
                }
                self.prove(chain.unproved, seq);
                chain.unproved = seq + 1;
                self.disputes.iter_mut().for_each(|dispute| dispute.proved(chain.id, seq));
                return;
            }
            let kind = match chain.tip.shape {
                Shape::Restored if hash == chain.tip.hash => not_restored(&chain.tip.text, None),
                _ => FindingKind::Signature { key: key.id },
            };
            self.fault(Blame { seq, hash, at, kind, excuse: None });
        }
    }

    /// These lines are proved, if anything ties the log to a pinned key.
    pub(super) fn prove(&mut self, from: u64, to: u64) {
        if !self.trusted {
            return self.agreed.prove(from, to);
        }
        self.expected.proved |= self.expected.met.is_some_and(|met| (from..=to).contains(&met));
        self.newest = self.newest.max(Some(to));
        self.coverage.prove(from, to);
    }
}
