//! The hand-offs that are known: which key signs which numbers.
//!
//! H(e) is the hand-off to epoch e, h(e) its number; in place of H(0) stands line 0. A signature by the key of e proves only
//! numbers above h(e), up to h(e+1). At h(e) no other line is proved; the line after it has its hash as `prev`, and the line
//! before it the hash that it has as `prev`. What no hand-off leads to is not proved.
//!
//! Threat: a thief of one key writes the folder, the copies too. He can sign no hand-off of another key, so that the numbers
//! of other epochs stay out of his reach, whatever files he leaves.

mod lines;
mod read;

pub(super) use self::lines::CopyLines;
use std::collections::HashMap;

use super::FindingKind;
use crate::trail::{
    Genesis, Handoff, HandoffBefore, Hash, Keeps, KeyId, Line, Position, PublicKey, Timestamp,
};

/// The keys that copies of hand-offs lead to, one after the other from the log's first.
#[derive(Clone, Default)]
pub(super) struct HandOffs {
    /// Ordered by epoch, without holes, from 0.
    epochs: Vec<Epoch>,
    /// The last epoch of each key.
    by_id: HashMap<KeyId, u64>,
    /// From this number on each genesis and hand-off names the hand-off before it, as the first of the copies that does.
    committed: Option<u64>,
    disputed: Option<Disputed>,
    /// Several lines of number 0 are among the copies, and no hand-off names one of them: none is known.
    starts: bool,
}

/// Several hand-offs to one epoch are among the copies, and nothing tells which of them is the log's.
#[derive(Debug, Clone, Copy)]
struct Disputed {
    epoch: u64,
    /// The number after the last hand-off that all of them follow: from here on nothing is proved.
    from: u64,
}

/// An epoch to whose key the copies lead.
#[derive(Clone)]
struct Epoch {
    key: [u8; 32],
    id: KeyId,
    /// The line that handed over to it, in epoch 0 line 0; none where of line 0 there is no copy.
    line: Option<KnownLine>,
    /// The hand-off before that line, as it says.
    names: Option<Position>,
}

/// A hand-off, or line 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownLine {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) prev: Hash,
    pub(super) time: Timestamp,
    /// The file in which it stands, where it says so.
    pub(super) file: Option<u64>,
    /// The retention in force there, where it says so.
    pub(super) keeps: Option<Keeps>,
    pub(super) oldest: Option<u64>,
}

impl KnownLine {
    pub(super) fn of_genesis(line: &Line<'_>, genesis: &Genesis) -> KnownLine {
        let (file, oldest) = (Some(genesis.file), Some(genesis.oldest));
        KnownLine { file, keeps: genesis.keeps, oldest, ..KnownLine::of(line) }
    }

    pub(super) fn of_hand_off(line: &Line<'_>, handoff: &Handoff) -> KnownLine {
        KnownLine { file: handoff.file, keeps: handoff.keeps, oldest: handoff.oldest, ..KnownLine::of(line) }
    }

    /// A line of which only the place is known.
    pub(super) fn at(position: Position) -> KnownLine {
        let (prev, time) = (Hash::ZERO, Timestamp::default());
        let Position { seq, hash } = position;
        KnownLine { seq, hash, prev, time, file: None, keeps: None, oldest: None }
    }

    fn of(line: &Line<'_>) -> KnownLine {
        let time = Timestamp::parse(line.timestamp).unwrap_or_default();
        let (seq, hash, prev) = (line.link.seq, line.hash(), line.link.prev);
        KnownLine { seq, hash, prev, time, file: None, keeps: None, oldest: None }
    }

    pub(super) fn position(&self) -> Position {
        Position { hash: self.hash, seq: self.seq }
    }
}

/// What speaks against a genesis or a hand-off of this number that names the hand-off before it so. `known` is that hand-off,
/// in epoch 0 line 0; where nobody knows it, it is line 0.
pub(super) fn misnamed(seq: u64, named: HandoffBefore, known: Option<Position>) -> Option<FindingKind> {
    let (expected, found) = (known.filter(|_| seq > 0), named.line());
    let is_right = match expected {
        Some(_) => found == expected,
        None if seq == 0 => found.is_none(),
        None => found.is_some_and(|line| line.seq == 0),
    };
    (!is_right).then_some(FindingKind::HandOffDiffers { expected, found })
}

/// The numbers that a key may sign.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reign {
    pub(super) epoch: u64,
    pub(super) public: PublicKey,
    /// The hand-off to it, in epoch 0 line 0, where it is known.
    pub(super) since: Option<KnownLine>,
    /// The number of the hand-off from it, where that is known.
    pub(super) until: Option<u64>,
}

impl HandOffs {
    /// The epoch of a key, and the numbers that it may sign.
    pub(super) fn find(&self, id: KeyId) -> Option<Reign> {
        let epoch = *self.by_id.get(&id)?;
        let known = self.at(epoch)?;
        let public = PublicKey::from_bytes(&known.key)?;
        Some(Reign { epoch, public, since: known.line, until: self.end_of(epoch) })
    }

    /// The hand-off to an epoch, in epoch 0 line 0, where this is its key: a key may have had another epoch too.
    pub(super) fn line_to(&self, epoch: u64, key: KeyId) -> Option<KnownLine> {
        self.at(epoch).filter(|known| known.id == key)?.line
    }

    /// The number of the hand-off from an epoch.
    pub(super) fn end_of(&self, epoch: u64) -> Option<u64> {
        self.at(epoch.checked_add(1)?)?.line.map(|line| line.seq)
    }

    /// The key of an epoch.
    pub(super) fn key_of(&self, epoch: u64) -> Option<KeyId> {
        self.at(epoch).map(|known| known.id)
    }

    /// What speaks against a line of this number, hash and `prev`: beside a known hand-off only one line is true.
    pub(super) fn contradict(&self, seq: u64, prev: Hash, hash: impl Fn() -> Hash) -> Option<FindingKind> {
        let at = self.epochs.partition_point(|known| known.line.is_none_or(|line| line.seq + 1 < seq));
        for (epoch, known) in self.epochs.iter().enumerate().skip(at).take(3) {
            let Some(line) = known.line else { continue };
            if line.seq == seq && line.hash != hash() {
                let epoch = epoch as u64;
                return Some(FindingKind::NotTheHandOff { epoch, expected: line.hash, found: hash() });
            }
            if line.seq + 1 == seq && line.hash != prev {
                return Some(FindingKind::Link { expected: line.hash, found: prev });
            }
            if seq + 1 == line.seq && line.prev != hash() {
                return Some(FindingKind::Altered { expected: line.prev, found: hash() });
            }
        }
        None
    }

    /// Whether lines that follow the proved one of number `head`, up to one of this number and hash, leave each known
    /// hand-off in its place: none of them takes its number, and the one before it is the one that it follows.
    pub(super) fn allow_run(&self, head: u64, (last, hash): (u64, Hash)) -> bool {
        if self.are_disputed(last) {
            return false;
        }
        let at = self.epochs.partition_point(|known| known.line.is_none_or(|line| line.seq <= head));
        let next = self.epochs.get(at).and_then(|known| known.line);
        next.is_none_or(|line| last + 1 < line.seq || last + 1 == line.seq && hash == line.prev)
    }

    /// Whether another line than this one is known as the hand-off to an epoch.
    pub(super) fn know_another(&self, epoch: u64, hash: Hash) -> bool {
        self.at(epoch).and_then(|known| known.line).is_some_and(|line| line.hash != hash)
    }

    /// Whether copies dispute which line of this number is the log's.
    pub(super) fn are_disputed(&self, seq: u64) -> bool {
        self.disputed.is_some_and(|disputed| disputed.from <= seq)
    }

    /// The number of the last line of which there is a copy.
    pub(super) fn last_seq(&self) -> Option<u64> {
        self.epochs.last().and_then(|known| known.line).map(|line| line.seq)
    }

    /// The number of the last copied line that stands in a file before this one, as far as the lines say it.
    pub(super) fn last_seq_before_file(&self, file: u64) -> Option<u64> {
        let lines = self.epochs.iter().rev().filter_map(|known| known.line);
        lines.filter(|line| line.file.is_some_and(|stands_in| stands_in < file)).map(|line| line.seq).next()
    }

    /// Whether a hand-off of this hash is among the copies.
    pub(super) fn has(&self, seq: u64, hash: Hash) -> bool {
        self.epochs.iter().filter_map(|known| known.line).any(|line| line.seq == seq && line.hash == hash)
    }

    /// Whether each genesis and hand-off of this number and later must name the hand-off before it.
    pub(super) fn is_committed(&self, seq: u64) -> bool {
        self.committed.is_some_and(|from| from < seq)
    }

    fn push(&mut self, key: PublicKey, line: Option<KnownLine>, names: Option<Position>) {
        let id = key.id();
        self.by_id.insert(id, self.epochs.len() as u64);
        self.epochs.push(Epoch { key: *key.as_bytes(), id, line, names });
    }

    fn at(&self, epoch: u64) -> Option<&Epoch> {
        self.epochs.get(usize::try_from(epoch).ok()?)
    }
}
