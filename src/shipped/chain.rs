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
    /// The key that its lines name, which is the one in force.
    pub(super) key: Option<KeyId>,
    /// A key that signed here, and should not have.
    pub(super) wrong: Option<KeyId>,
    /// A key whose signature on one of its lines is good, in force there or not.
    pub(super) signer: Option<KeyId>,
    /// One of these signatures stands behind where it last branched off.
    pub(super) signed: bool,
    /// Its first line behind where it last branched off, or its first.
    pub(super) branch: Option<(u64, Hash)>,
    /// Bytes of the lines behind there, with their newlines.
    pub(super) bytes: u64,
    /// None of these lines has a signature, good or not.
    pub(super) bare: bool,
    /// A known line speaks against one of its lines: from there on nothing is proved.
    pub(super) barred: bool,
    /// The chains that it branched off from, each with the last line that both have, and itself; none where they are too
    /// many. Kept only where hand-offs part.
    pub(super) lineage: Option<Vec<(u32, u64)>>,
}

/// So many branchings are remembered.
const LINEAGE: usize = 32;

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
        Chain {
            id,
            unproved: first.seq,
            bytes: u64::from(first.length) + 1,
            bare: first.signature.is_none(),
            waiting: Vec::new(),
            key: None,
            wrong: None,
            signer: None,
            signed: false,
            branch: Some((first.seq, first.hash)),
            barred: false,
            lineage: None,
            tip: first,
        }
    }

    /// The chain with one more line, as another one where others go on from it as well.
    pub(super) fn with(mut self, id: u32, line: Fact) -> Chain {
        if id != self.id {
            let (from, last) = (self.id, self.tip.seq);
            self.lineage = self.lineage.filter(|lineage| lineage.len() < LINEAGE).map(|mut lineage| {
                lineage.push((from, last));
                lineage
            });
        }
        self.bytes += u64::from(line.length) + 1;
        self.bare &= line.signature.is_none();
        (self.id, self.tip) = (id, line);
        self
    }

    /// As the last line of the chain, which others follow as well: a branch begins here.
    pub(super) fn branch_off(mut self, id: u32, line: Fact) -> Chain {
        (self.bytes, self.bare) = (0, true);
        self.branch = Some((line.seq, line.hash));
        self.with(id, line)
    }

    /// The chains whose lines it has, each with the last of them.
    pub(super) fn ancestors(&self) -> Option<Vec<(u32, u64)>> {
        let mut lineage = self.lineage.clone()?;
        lineage.push((self.id, self.tip.seq));
        Some(lineage)
    }

    pub(super) fn leads_to(&self, line: &Fact) -> bool {
        let whole = self.tip.shape != Shape::Broken && line.shape != Shape::Broken;
        whole && self.tip.hash == line.prev && self.tip.seq + 1 == line.seq
    }

    /// Whether a crash may have left the lines behind where it last branched off: nobody signed them.
    pub(super) fn may_be_torn(&self) -> bool {
        self.bare && !self.is_proved() && self.tip.shape != Shape::Broken
    }

    /// Its last line has a good signature by this key, if by any.
    pub(super) fn signed_by(&mut self, key: Option<KeyId>) {
        self.signer = self.signer.or(key);
        self.signed |= key.is_some();
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
