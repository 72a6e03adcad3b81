//! The keys of a log, as hand-offs lead from one to the next, and the numbers that each signs.
//!
//! H(e) is the hand-off to epoch e, h(e) its number; line 0 stands where H(0) would, h(0) being -1. A signature by the key of
//! epoch e proves only numbers above h(e), up to h(e+1). At h(e), and at 0, no other line is proved; line h(e)+1 has the hash
//! of H(e) as `prev`, and H(e+1) has that of line h(e+1)-1.
//!
//! Threat: whoever holds the key of e can sign a second hand-off from e. Where that leads elsewhere, nobody can say which of
//! both is the log's, so that all behind the last line that both follow is proved by nothing.

use std::cell::Cell;
use std::collections::HashMap;

use crate::trail::{Hash, KeyId, Position, PublicKey};
use crate::verify::FindingKind;

/// So many hand-offs are followed, in memory: as many as 30 years have, one each quarter of an hour.
pub(super) const FOLLOWED: usize = 1 << 20;

/// A key that is proved.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) public: PublicKey,
    pub(super) id: KeyId,
    pub(super) epoch: u64,
}

/// A line that is known by its number: a hand-off, or line 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownLine {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) prev: Hash,
    /// The file in which it stands, where it says so.
    pub(super) file: Option<u64>,
}

/// Which key signs which numbers.
pub(super) struct History {
    first: Option<Key>,
    /// Line 0.
    start: Option<KnownLine>,
    /// Several lines of number 0 are signed, and no hand-off names one of them.
    starts: bool,
    /// H(1), H(2) …, and the key that each hands over to.
    hand_offs: Vec<(KnownLine, [u8; 32], KeyId)>,
    epochs: HashMap<KeyId, u64>,
    /// Other hand-offs to the key of an epoch, by their hashes: those of branches that the log did not go on with.
    others: Vec<(u64, Hash)>,
    /// From the last epoch hand-offs lead to different keys: these, of one number each.
    pub(super) parted: Option<Vec<Position>>,
    /// The key that was asked for last.
    asked: Cell<Option<Key>>,
}

impl History {
    pub(super) fn new(first: Option<PublicKey>) -> History {
        let first = first.map(|public| Key { public, id: public.id(), epoch: 0 });
        History {
            first,
            start: None,
            starts: false,
            hand_offs: Vec::new(),
            epochs: first.iter().map(|key| (key.id, 0)).collect(),
            others: Vec::new(),
            parted: None,
            asked: Cell::new(None),
        }
    }

    /// Takes line 0; none where several are signed, and nothing says which of them it is.
    pub(super) fn begin(&mut self, line: Option<KnownLine>) {
        (self.start, self.starts) = (line, line.is_none());
    }

    /// Takes the hand-off from the last epoch. False where it can't be one: the key served before, or there are too many.
    pub(super) fn hand_over(&mut self, line: KnownLine, to: PublicKey) -> bool {
        let (id, epoch) = (to.id(), self.hand_offs.len() as u64 + 1);
        let room = self.hand_offs.len() < FOLLOWED && !self.epochs.contains_key(&id);
        if room {
            self.hand_offs.push((line, *to.as_bytes(), id));
            self.epochs.insert(id, epoch);
        }
        room
    }

    /// Forgets the hand-off from an epoch, and all later ones.
    pub(super) fn cut(&mut self, epoch: u64) {
        let from = usize::try_from(epoch).unwrap_or(usize::MAX).min(self.hand_offs.len());
        for (.., id) in self.hand_offs.drain(from..) {
            self.epochs.remove(&id);
        }
        self.others.retain(|(of, _)| *of <= epoch);
        self.asked.set(None);
        self.parted = None;
    }

    /// A hand-off that leads to the key of this epoch, as the log's own does.
    pub(super) fn beside(&mut self, epoch: u64, other: KnownLine) {
        if !self.others.contains(&(epoch, other.hash)) {
            self.others.push((epoch, other.hash));
        }
    }

    /// How many epochs have ended.
    pub(super) fn ended(&self) -> u64 {
        self.hand_offs.len() as u64
    }

    /// The hand-off to an epoch; line 0 for the first.
    pub(super) fn hand_off(&self, epoch: u64) -> Option<KnownLine> {
        match epoch.checked_sub(1) {
            None => self.start,
            Some(at) => self.hand_offs.get(usize::try_from(at).ok()?).map(|(line, ..)| *line),
        }
    }

    /// The epoch to whose key hand-offs lead.
    pub(super) fn epoch(&self, id: KeyId) -> Option<u64> {
        self.epochs.get(&id).copied()
    }

    pub(super) fn key(&self, epoch: u64) -> Option<Key> {
        if let Some(key) = self.asked.get().filter(|key| key.epoch == epoch) {
            return Some(key);
        }
        let key = match epoch.checked_sub(1) {
            None => self.first?,
            Some(at) => {
                let (_, bytes, id) = self.hand_offs.get(usize::try_from(at).ok()?)?;
                Key { public: PublicKey::from_bytes(bytes)?, id: *id, epoch }
            }
        };
        self.asked.set(Some(key));
        Some(key)
    }

    /// The epoch that this number is of.
    pub(super) fn epoch_at(&self, seq: u64) -> u64 {
        self.hand_offs.partition_point(|(line, ..)| line.seq < seq) as u64
    }

    /// The key that signs this number.
    pub(super) fn in_force(&self, seq: u64) -> Option<Key> {
        self.key(self.epoch_at(seq))
    }

    /// The key that the last hand-off led to.
    pub(super) fn latest(&self) -> Option<Key> {
        self.key(self.ended())
    }

    /// How many keys are known.
    pub(super) fn keys(&self) -> u64 {
        self.first.map_or(0, |_| 1 + self.ended())
    }

    /// Whether a number lies where hand-offs lead to different keys, so that signatures alone prove nothing.
    pub(super) fn is_parted(&self, seq: u64) -> bool {
        self.parted.is_some() && self.epoch_at(seq) == self.ended()
    }

    /// The log's own hand-off, where this is another one to the same key.
    pub(super) fn own(&self, other: Hash) -> Option<KnownLine> {
        let (epoch, _) = self.others.iter().find(|(_, hash)| *hash == other)?;
        self.hand_off(*epoch)
    }

    /// What speaks against a line: beside a known one only one line is true.
    pub(super) fn contradict(&self, seq: u64, hash: Hash, prev: Hash) -> Option<FindingKind> {
        if seq == 0 && self.starts {
            return Some(FindingKind::TwoHandOffs { epoch: 0 });
        }
        let epoch = self.epoch_at(seq.saturating_sub(1));
        (epoch..epoch + 4).filter_map(|epoch| Some((epoch, self.hand_off(epoch)?))).find_map(
            |(epoch, known)| {
                if known.seq == seq && known.hash != hash {
                    return Some(FindingKind::NotTheHandOff { epoch, expected: known.hash, found: hash });
                }
                if known.seq + 1 == seq && known.hash != prev {
                    return Some(FindingKind::Link { expected: known.hash, found: prev });
                }
                let before = seq + 1 == known.seq && known.prev != hash;
                before.then_some(FindingKind::Altered { expected: known.prev, found: hash })
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::SecretKey;

    fn line(seq: u64) -> KnownLine {
        let hash = |of: u64| Hash::of_bytes(&of.to_be_bytes());
        KnownLine { seq, hash: hash(seq), prev: seq.checked_sub(1).map_or(Hash::ZERO, hash), file: None }
    }

    fn key(number: u8) -> PublicKey {
        SecretKey::from_seed(&[number; 32]).public()
    }

    fn history() -> History {
        let mut history = History::new(Some(key(0)));
        history.begin(Some(line(0)));
        for (number, seq) in [(1, 4), (2, 5), (3, 9)] {
            assert!(history.hand_over(line(seq), key(number)));
        }
        history
    }

    #[test]
    fn each_number_has_its_key_and_no_other() {
        let history = history();
        let epochs: Vec<_> = (0..12).map(|seq| history.in_force(seq).unwrap().epoch).collect();
        assert_eq!(epochs, [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 3, 3]);
        assert_eq!(history.in_force(7).unwrap().id, key(2).id());
        assert_eq!((history.epoch(key(3).id()), history.epoch(key(4).id())), (Some(3), None));
    }

    #[test]
    fn a_key_that_served_before_is_handed_over_to_no_more() {
        let mut history = history();
        assert!(!history.hand_over(line(12), key(0)) && !history.hand_over(line(12), key(3)));
        assert_eq!(history.keys(), 4);
    }

    #[test]
    fn beside_a_known_line_only_one_is_true() {
        let history = history();
        let other = Hash::of_bytes(b"other");
        for seq in 0..12 {
            let known = line(seq);
            assert_eq!(history.contradict(seq, known.hash, known.prev), None, "{seq}");
            let beside = [0, 4, 5, 9].contains(&seq);
            let as_other = history.contradict(seq, other, known.prev);
            assert_eq!(as_other.is_some(), beside || seq == 3 || seq == 8, "{seq}: {as_other:?}");
            assert_eq!(matches!(as_other, Some(FindingKind::NotTheHandOff { .. })), beside, "{seq}");
            let from_other = history.contradict(seq, known.hash, other);
            assert_eq!(from_other.is_some(), [1, 5, 6, 10].contains(&seq), "{seq}: {from_other:?}");
        }
    }
}
