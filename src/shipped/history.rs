//! The keys of a log, as its proved hand-offs lead from one to the next.

use std::collections::HashSet;

use crate::trail::{KeyId, PublicKey};

/// A key that is proved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) public: PublicKey,
    pub(super) id: KeyId,
    pub(super) epoch: u64,
}

/// The keys that are in force at the line that is looked at: one, but where the log was continued from two copies.
pub(super) struct History {
    in_force: Vec<Key>,
    handed_over: HashSet<KeyId>,
}

/// What is known of the key that a line names.
#[allow(clippy::large_enum_variant)] // alive one at a time
pub(super) enum Known {
    InForce(Key),
    /// It handed over before.
    Old,
    Unknown,
}

impl History {
    pub(super) fn new(first: Option<PublicKey>) -> History {
        let mut history = History { in_force: Vec::new(), handed_over: HashSet::new() };
        if let Some(first) = first {
            history.begin(first);
        }
        history
    }

    /// Takes the log's first key.
    pub(super) fn begin(&mut self, first: PublicKey) {
        self.in_force.push(Key { public: first, id: first.id(), epoch: 0 });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.in_force.is_empty()
    }

    pub(super) fn known(&self, id: KeyId) -> Known {
        match self.in_force.iter().find(|key| key.id == id) {
            Some(key) => Known::InForce(*key),
            None if self.handed_over.contains(&id) => Known::Old,
            None => Known::Unknown,
        }
    }

    /// Heeds a proved hand-off.
    pub(super) fn hand_over(&mut self, from: KeyId, to: Key) {
        self.in_force.retain(|key| key.id != from && key.id != to.id);
        self.handed_over.insert(from);
        self.in_force.push(to);
    }

    /// The key that the last hand-off led to.
    pub(super) fn latest(&self) -> Option<Key> {
        self.in_force.last().copied()
    }

    /// How many keys are proved.
    pub(super) fn keys(&self) -> u64 {
        (self.handed_over.len() + self.in_force.len()) as u64
    }
}
