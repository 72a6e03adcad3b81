//! What signatures prove.

use super::chain::{Chain, WAITING, Waiting};
use super::dispute::{Blame, not_restored};
use super::fact::{Fact, Shape};
use super::history::{Key, Known};
use super::walk::Walk;
use crate::trail::{KeyId, Line};
use crate::verify::{FindingKind, Head};

impl Walk<'_> {
    /// Whether a line has a good signature of a key that is in force.
    pub(super) fn is_signed(&self, line: &Line<'_>) -> bool {
        match line.link.signature.map(|signature| self.history.known(signature.key)) {
            Some(Known::InForce(key)) => line.is_signed_by(&key.public),
            _ => false,
        }
    }

    /// Looks at the line that a chain has now at its end.
    pub(super) fn extend(&mut self, mut chain: Chain) -> Chain {
        let line = &chain.tip;
        if line.shape == Shape::Broken {
            let kind = not_restored(&line.text, None);
            self.fault(Blame { seq: line.seq, hash: line.hash, at: line.at, kind });
            return chain;
        }
        let Some(signature) = line.signature else {
            if line.control {
                self.unsigned(&chain.tip);
            }
            return chain;
        };
        self.begin_history(&chain.tip);
        let Some(key) = self.key_for(&mut chain, signature.key) else { return chain };
        let control = chain.tip.control;
        chain.waiting.push(Waiting::of(&chain.tip, key, signature));
        if control || self.options.every_signature || chain.waiting.len() > WAITING {
            self.settle(&mut chain);
            if control && chain.is_proved() {
                self.heed(&mut chain, key);
            }
        }
        chain
    }

    /// The key that the chain's last line is signed by, where it is one that may sign here.
    fn key_for(&mut self, chain: &mut Chain, id: KeyId) -> Option<Key> {
        if let Some(key) = chain.key.filter(|key| key.id == id) {
            return Some(key);
        }
        let expected = match (chain.key, self.history.known(id)) {
            (None, Known::InForce(key)) => {
                chain.key = Some(key);
                return Some(key);
            }
            (None, Known::Unknown) => {
                self.unknown(&chain.tip, id);
                return None;
            }
            (None, Known::Old) => self.history.latest(),
            (key, _) => key,
        };
        if chain.wrong != Some(id) {
            chain.wrong = Some(id);
            if let Some(expected) = expected {
                let kind = FindingKind::WrongKey { expected: expected.id, found: id };
                let Fact { seq, hash, at, .. } = chain.tip;
                self.fault(Blame { seq, hash, at, kind });
            }
        }
        None
    }

    /// Checks the signatures that wait, the newest first: one that is good proves all lines before it.
    pub(super) fn settle(&mut self, chain: &mut Chain) {
        while let Some(newest) = chain.waiting.pop() {
            self.ledger.signatures_checked += 1;
            let Waiting { seq, hash, time, at, key, .. } = newest;
            if newest.is_good() {
                chain.waiting.clear();
                if self.head.is_none_or(|head| head.seq < seq) {
                    self.head = Some(Head { seq, hash, time });
                }
                self.expected.proved |=
                    self.expected.met.is_some_and(|met| (chain.unproved..=seq).contains(&met));
                self.coverage.prove(chain.unproved, seq);
                chain.unproved = seq + 1;
                self.disputes.iter_mut().for_each(|dispute| dispute.proved(chain.id, seq));
                return;
            }
            let kind = match chain.tip.shape {
                Shape::Restored if hash == chain.tip.hash => not_restored(&chain.tip.text, None),
                _ => FindingKind::Signature { key: key.id },
            };
            self.fault(Blame { seq, hash, at, kind });
        }
    }
}
