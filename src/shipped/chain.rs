//! Lines that follow each other, each by the hash of the one before.

use super::fact::{At, Fact, Shape, Signature};
use super::history::Key;
use crate::trail::{Hash, KeyId, Timestamp};

/// So many signatures may wait: the newest that is good proves all lines before it.
pub(super) const WAITING: usize = 256;

/// A run of lines that chain, up to the one met last.
#[derive(Clone)]
pub(super) struct Chain {
    pub(super) id: u32,
    pub(super) tip: Fact,
    /// The first line that is not proved.
    pub(super) unproved: u64,
    /// Signatures since, not checked yet.
    pub(super) waiting: Vec<Waiting>,
    /// The key in force at its end, once a line has named it.
    pub(super) key: Option<Key>,
    /// A key that signed here, and should not have.
    pub(super) wrong: Option<KeyId>,
}

/// A signature that may be checked yet.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) time: Timestamp,
    pub(super) at: At,
    pub(super) key: Key,
    pub(super) signature: Signature,
}

impl Chain {
    pub(super) fn begin(id: u32, first: Fact) -> Chain {
        Chain { id, unproved: first.seq, tip: first, waiting: Vec::new(), key: None, wrong: None }
    }

    /// The chain with one more line, as another one where others go on from it as well.
    pub(super) fn with(mut self, id: u32, line: Fact) -> Chain {
        (self.id, self.tip) = (id, line);
        self
    }

    pub(super) fn leads_to(&self, line: &Fact) -> bool {
        self.tip.hash == line.prev && self.tip.seq + 1 == line.seq && self.tip.shape != Shape::Broken
    }

    /// Whether its last line is proved.
    pub(super) fn is_proved(&self) -> bool {
        self.unproved > self.tip.seq
    }
}

impl Waiting {
    pub(super) fn of(fact: &Fact, key: Key, signature: Signature) -> Waiting {
        let Fact { seq, hash, time, at, .. } = *fact;
        Waiting { seq, hash, time, at, key, signature }
    }

    pub(super) fn is_good(&self) -> bool {
        self.key.public.verifies_hash(self.signature.unsigned, &self.signature.bytes)
    }
}
