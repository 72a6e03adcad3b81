//! What a log's control lines say, once they are proved; and what is said of keys.

use super::chain::Chain;
use super::dispute::Blame;
use super::fact::Fact;
use super::history::Key;
use super::walk::Walk;
use crate::trail::{Control, Genesis, Handoff, InvalidControl, KeyId, Kind, Line};
use crate::verify::{FindingKind, noticed};

impl Walk<'_> {
    /// Heeds the control line at the end of a chain: a good signature of `key` is on it.
    pub(super) fn heed(&mut self, chain: &mut Chain, key: Key) {
        let Fact { seq, hash, at, .. } = chain.tip;
        let Ok(line) = Line::parse(&chain.tip.text) else { return };
        let place = self.sources.place(at);
        let control = match Control::parse(&line) {
            Ok(control) => control,
            Err(InvalidControl::Format(format)) => {
                return self.ledger.find(Some(place), Some(seq), FindingKind::NeedsVersion { format });
            }
            Err(error @ InvalidControl::Fields(_)) => {
                let why = error.to_string();
                return self.ledger.find(Some(place), Some(seq), FindingKind::Fields { why });
            }
        };
        let wrong = match &control {
            Some(Control::Genesis(genesis)) => {
                if let Some(kind) = self.identity.heed(&line, genesis) {
                    self.ledger.find(Some(place.clone()), Some(seq), kind);
                }
                self.file_begins(genesis, key)
            }
            Some(Control::Handoff(handoff)) => {
                let next =
                    Key { public: handoff.public_key, id: handoff.public_key.id(), epoch: key.epoch + 1 };
                chain.key = Some(next);
                self.history.hand_over(key.id, next);
                wrong_successor(handoff, key)
            }
            Some(Control::Gap(gap)) => {
                self.lost = self.lost.saturating_add(gap.lost);
                None
            }
            _ => None,
        };
        if let Some(kind) = wrong {
            self.blame(Blame { seq, hash, at, kind });
        }
        if let Some(kind) = noticed(&line, control) {
            self.ledger.notice(Some(place), Some(seq), kind);
        }
    }

    fn file_begins(&mut self, genesis: &Genesis, key: Key) -> Option<FindingKind> {
        self.origin = Some(genesis.origin.clone());
        let (found_epoch, found) = (genesis.epoch, genesis.public_key.id());
        let differs = found != key.id || found_epoch != key.epoch;
        differs.then_some(FindingKind::KeyDiffers {
            expected_epoch: key.epoch,
            expected: Some(key.id),
            found_epoch,
            found,
        })
    }

    /// Where no key is pinned, the first genesis says one: the log's id is its hash.
    pub(super) fn begin_history(&mut self, line: &Fact) {
        if !self.history.is_empty() || !line.control || line.seq > 0 {
            return;
        }
        let parsed = Line::parse(&line.text).ok().filter(|line| line.kind == Kind::Genesis);
        if let Some(Ok(Some(Control::Genesis(genesis)))) = parsed.as_ref().map(Control::parse)
            && genesis.public_key.id() == self.log
        {
            self.history.begin(genesis.public_key);
        }
    }

    /// A control line that nobody signed.
    pub(super) fn unsigned(&mut self, line: &Fact) {
        let kind = Line::parse(&line.text).map(|line| line.kind.as_str().to_owned()).unwrap_or_default();
        let Fact { seq, hash, at, .. } = *line;
        self.fault(Blame { seq, hash, at, kind: FindingKind::Unsigned { kind } });
    }

    /// A line signed by a key that is not known, behind a hole: the hand-off to it may be what is missing.
    pub(super) fn unknown(&mut self, line: &Fact, found: KeyId) {
        let Some(last) = self.history.latest().filter(|_| !self.unknown_key) else { return };
        self.unknown_key = true;
        let kind = FindingKind::HandOffMissing { epoch: last.epoch, key: last.id, found };
        self.ledger.find(Some(self.sources.place(line.at)), Some(line.seq), kind);
    }
}

fn wrong_successor(handoff: &Handoff, before: Key) -> Option<FindingKind> {
    let (expected_epoch, found) = (before.epoch + 1, handoff.public_key.id());
    let differs = handoff.epoch != expected_epoch || found == before.id;
    differs.then_some(FindingKind::KeyDiffers {
        expected_epoch,
        expected: None,
        found_epoch: handoff.epoch,
        found,
    })
}
