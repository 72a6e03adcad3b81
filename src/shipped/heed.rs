//! What a log's control lines say, once they are proved; and what is said of keys.

use super::chain::Chain;
use super::compare::cut;
use super::dispute::Blame;
use super::fact::Fact;
use super::history::{FOLLOWED, Key};
use super::walk::Walk;
use crate::trail::{
    Close, Control, Ended, Genesis, Handoff, HandoffBefore, Hash, InvalidControl, KeyId, Line, Position,
};
use crate::verify::{FindingKind, noticed};

/// What proved lines name as the hand-off before them.
#[derive(Default)]
pub(super) struct Names {
    /// One names any: each later one must.
    any: bool,
    /// Line 0, as lines of the first epoch name it.
    start: Option<Position>,
}

impl Walk<'_> {
    /// Heeds the control line at the end of a chain: a good signature of `key`, in force there, is on it.
    pub(super) fn heed(&mut self, chain: &Chain, key: Key) {
        let Fact { seq, hash, at, .. } = chain.tip;
        let Ok(line) = Line::parse(&chain.tip.text) else { return };
        let place = self.sources.place(at);
        let control = match Control::parse(&line) {
            Ok(control) => control,
            Err(InvalidControl::Format(_)) if !self.trusted => return,
            Err(InvalidControl::Format(format)) => {
                return self.ledger.find(Some(place), Some(seq), FindingKind::NeedsVersion { format });
            }
            Err(error @ InvalidControl::Fields(_)) => {
                let why = error.to_string();
                return self.ledger.find(Some(place), Some(seq), FindingKind::Fields { why });
            }
        };
        self.attested.heed(seq, control.as_ref());
        let wrong = match &control {
            Some(Control::Genesis(genesis)) => {
                if let Some(kind) = self.identity.heed(&line, genesis).filter(|_| self.trusted) {
                    self.ledger.find(Some(place.clone()), Some(seq), kind);
                }
                self.origin = Some(genesis.origin.clone());
                let ended = genesis.previous.as_ref().map(|previous| previous.ended);
                self.crashes += u64::from(ended == Some(Ended::Crash));
                self.names(seq, key, genesis.handoff)
                    .or_else(|| wrong_key(genesis, key))
                    .or_else(|| (seq > 0).then(|| self.in_file(key, genesis.file, genesis.file)).flatten())
            }
            Some(Control::Handoff(handoff)) => {
                if let Some(own) = self.history.own(hash) {
                    self.beside(chain, own.hash);
                }
                self.names(seq, key, handoff.handoff)
                    .or_else(|| self.wrong_successor(handoff, key, hash))
                    .or_else(|| self.in_file(key, handoff.file?, handoff.file? + 1))
            }
            Some(Control::Gap(gap)) => {
                self.lost = self.lost.saturating_add(gap.lost);
                None
            }
            Some(Control::Resume(resume)) => {
                self.crashes += u64::from(resume.ended == Ended::Crash);
                None
            }
            Some(Control::Close(Close { reason: Ended::Shutdown })) => {
                self.closed = self.closed.max(Some(seq));
                None
            }
            _ => None,
        };
        if let Some(kind) = wrong {
            self.blame(Blame { seq, hash, at, kind, excuse: None });
        }
        if let Some(kind) = noticed(&line, control).filter(|_| self.trusted) {
            self.ledger.notice(Some(place), Some(seq), kind);
        }
    }

    /// Whether a genesis or a hand-off names the hand-off before it, or in the first epoch line 0. Once one does, each does.
    fn names(&mut self, seq: u64, key: Key, named: Option<HandoffBefore>) -> Option<FindingKind> {
        let Some(named) = named else { return self.names.any.then_some(FindingKind::HandOffNotNamed) };
        self.names.any = true;
        let found = named.line();
        let known = self.history.hand_off(key.epoch).map(|line| Position { hash: line.hash, seq: line.seq });
        let expected = match key.epoch {
            0 if seq == 0 => None,
            0 => known.or(self.names.start).or(found),
            _ => known,
        };
        if key.epoch == 0 && seq > 0 {
            self.names.start = expected;
        }
        let is_start = key.epoch > 0 || found.is_none_or(|found| found.seq == 0);
        let right = found == expected && (found.is_some() || seq == 0) && is_start;
        (!right).then_some(FindingKind::HandOffDiffers { expected, found })
    }

    /// Whether a line may stand in a file: after that of the hand-off to its key. `below` is more than any before it.
    fn in_file(&self, key: Key, file: u64, below: u64) -> Option<FindingKind> {
        let handed_over = self.history.hand_off(key.epoch)?.file?;
        (handed_over >= below).then_some(FindingKind::FileBeforeHandOff { file, handed_over })
    }

    /// A hand-off to the same key as the log's own, of a branch that the log did not go on with.
    pub(super) fn beside(&mut self, chain: &Chain, expected: Hash) {
        let kind = FindingKind::OtherHandOff { expected, found: chain.tip.hash };
        self.fault(Blame::of(&chain.tip, kind));
    }

    /// A control line that nobody signed.
    pub(super) fn unsigned(&mut self, line: &Fact) {
        let kind = Line::parse(&line.text).map(|line| cut(line.kind.as_str().to_owned())).unwrap_or_default();
        self.fault(Blame::of(line, FindingKind::Unsigned { kind }));
    }

    /// A line signed by a key that is not known, behind a hole: the hand-off to it may be what is missing.
    pub(super) fn unknown(&mut self, line: &Fact, found: KeyId) {
        let Some(last) = self.history.latest().filter(|_| !self.unknown_key) else { return };
        self.unknown_key = true;
        let kind = FindingKind::HandOffMissing { epoch: last.epoch, key: last.id, found };
        self.ledger.find(Some(self.sources.place(line.at)), Some(line.seq), kind);
    }

    fn wrong_successor(&self, handoff: &Handoff, before: Key, hash: Hash) -> Option<FindingKind> {
        let (expected_epoch, found) = (before.epoch + 1, handoff.public_key.id());
        let is_known = self.history.hand_off(expected_epoch).is_some_and(|line| line.hash == hash);
        let differs =
            handoff.epoch != expected_epoch || !is_known && self.history.epoch(found) != Some(expected_epoch);
        let room = self.history.ended() < FOLLOWED as u64;
        (differs && room).then_some(FindingKind::KeyDiffers {
            expected_epoch,
            expected: None,
            found_epoch: handoff.epoch,
            found,
        })
    }
}

fn wrong_key(genesis: &Genesis, key: Key) -> Option<FindingKind> {
    let (found_epoch, found) = (genesis.epoch, genesis.public_key.id());
    let differs = found != key.id || found_epoch != key.epoch;
    differs.then_some(FindingKind::KeyDiffers {
        expected_epoch: key.epoch,
        expected: Some(key.id),
        found_epoch,
        found,
    })
}
