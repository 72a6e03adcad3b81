//! What a line is worth by itself: who signed it.

use super::FindingKind;
use super::ledger::Ledger;
use super::proof::{Proof, Trust};
use crate::trail::{Control, InvalidControl, KeyId, Line, PublicKey};

/// What a line is worth by itself.
pub(super) enum Standing {
    Unsigned,
    Signed(Key),
    /// Signed by a key that is not known: behind a break that may have swallowed the hand-off, nobody can say more.
    Unproved,
    Bad(FindingKind),
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

impl Proof {
    pub(super) fn standing(&self, trust: &Trust, line: &Line<'_>, ledger: &mut Ledger) -> Standing {
        if line.link.log != trust.log {
            return Standing::Bad(FindingKind::AnotherLog { expected: trust.log, found: line.link.log });
        }
        let Some(signature) = &line.link.signature else {
            return if line.kind.is_control() {
                Standing::Bad(FindingKind::Unsigned { kind: line.kind.as_str().to_owned() })
            } else {
                Standing::Unsigned
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
}

/// The key that a genesis of another format names.
fn public_key_of(line: &Line<'_>) -> Option<PublicKey> {
    #[derive(serde::Deserialize)]
    struct Named {
        public_key: PublicKey,
    }
    serde_json::from_str(line.fields).ok().map(|Named { public_key }| public_key)
}
