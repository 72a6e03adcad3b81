//! What a line is worth by itself: who signed it, and whether that key may sign there.

use super::FindingKind;
use super::hand_offs::{KnownLine, misnamed};
use super::ledger::Ledger;
use super::proof::{Proof, Trust};
use super::walk::Fault;
use crate::trail::{Control, InvalidControl, KeyId, Line, PublicKey};

/// What [`Control::parse`] says of a line.
pub(super) type Parsed = Result<Option<Control>, InvalidControl>;

/// What a line is worth by itself.
#[allow(clippy::large_enum_variant)] // alive one at a time
pub(super) enum Standing {
    Unsigned,
    Signed(Key),
    /// Signed by a key that is not known: behind a break that may have swallowed the hand-off, nobody can say more.
    Unproved,
    Bad(Fault),
}

impl Standing {
    /// A line that the log's writer can't have written: whatever chains from it, the writer has not written either.
    fn bad(kind: FindingKind) -> Standing {
        Standing::Bad(Fault { kind, voids: true })
    }
}

/// The key in force.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) public: PublicKey,
    pub(super) id: KeyId,
    pub(super) epoch: u64,
    /// Hand-offs lead to it from the log's first key.
    pub(super) proved: bool,
    /// The hand-off to it, in epoch 0 line 0, where it is known.
    pub(super) since: Option<KnownLine>,
}

/// The key that a line names as its signer.
#[allow(clippy::large_enum_variant)]
enum Signer {
    Key(Key),
    /// It may not sign here.
    Wrong(FindingKind),
    Unknown,
}

impl Proof {
    /// `control` is what the line says.
    pub(super) fn standing(
        &self,
        trust: &Trust,
        line: &Line<'_>,
        control: &Parsed,
        ledger: &mut Ledger,
    ) -> Standing {
        if line.link.log != trust.log {
            return Standing::bad(FindingKind::AnotherLog { expected: trust.log, found: line.link.log });
        }
        let seq = line.link.seq;
        if self.proved_part().disputed.is_some_and(|from| from <= seq) || trust.hand_offs.are_disputed(seq) {
            return Standing::Unproved;
        }
        let standing = match &line.link.signature {
            None if line.kind.is_control() => {
                Standing::bad(FindingKind::Unsigned { kind: line.kind.as_str().to_owned() })
            }
            None => Standing::Unsigned,
            Some(signature) => match self.signer(trust, line, control, signature.key) {
                Signer::Key(key) => {
                    ledger.signatures_checked += 1;
                    match self.trusting || line.is_signed_by(&key.public) {
                        true => in_its_place(trust, line, control, &key),
                        false => Standing::bad(FindingKind::Signature { key: key.id }),
                    }
                }
                Signer::Wrong(kind) => Standing::bad(kind),
                Signer::Unknown => match self.key.filter(|_| self.walk.leads_to(line)) {
                    Some(key) => {
                        Standing::bad(FindingKind::WrongKey { expected: key.id, found: signature.key })
                    }
                    None => Standing::Unproved,
                },
            },
        };
        let contradicted = || {
            let by_copies = trust.hand_offs.contradict(line.link.seq, line.link.prev, || line.hash());
            by_copies.or_else(|| self.contradict(line))
        };
        match standing {
            Standing::Bad(fault) => Standing::Bad(fault),
            standing => match contradicted() {
                Some(kind) => Standing::bad(kind),
                None => standing,
            },
        }
    }

    /// Whether a line is validly signed, by a key that may sign it.
    pub(super) fn is_signed(&self, trust: &Trust, line: &Line<'_>) -> bool {
        let control = Control::parse(line);
        matches!(self.standing(trust, line, &control, &mut Ledger::new()), Standing::Signed(_))
    }

    /// What speaks against a line beside the hand-off to the key in force, which may be known from the files alone.
    fn contradict(&self, line: &Line<'_>) -> Option<FindingKind> {
        let key = self.proved_part().key.filter(|key| key.proved)?;
        let known = key.since?;
        if line.link.seq == known.seq && line.hash() != known.hash {
            let (epoch, expected, found) = (key.epoch, known.hash, line.hash());
            return Some(FindingKind::NotTheHandOff { epoch, expected, found });
        }
        let follows = known.seq.checked_add(1) == Some(line.link.seq);
        let (expected, found) = (known.hash, line.link.prev);
        (follows && expected != found).then_some(FindingKind::Link { expected, found })
    }

    /// Whether a key is the one in force, or one that copies lead to, or the log's first.
    pub(super) fn knows(&self, trust: &Trust, id: KeyId) -> bool {
        let in_force = self.proved_part().key.is_some_and(|key| key.proved && key.id == id);
        in_force || trust.hand_offs.find(id).is_some() || id == trust.log
    }

    /// The key that `id` names, if it may sign a line of this number: the one in force, up to the hand-off from it that
    /// copies know; behind a hole, one that copies of hand-offs lead to; where a file begins behind a hole, at worst the one
    /// that its genesis names.
    fn signer(&self, trust: &Trust, line: &Line<'_>, control: &Parsed, id: KeyId) -> Signer {
        let (proved, seq) = (self.proved_part(), line.link.seq);
        if let Some(key) = proved.key.filter(|key| key.proved && key.id == id) {
            let since = key.since.or_else(|| trust.hand_offs.line_to(key.epoch, id));
            let key = Key { since, ..key };
            return match trust.hand_offs.end_of(key.epoch).filter(|end| *end < seq) {
                Some(handed_over) => {
                    Signer::Wrong(FindingKind::AfterHandOff { key: id, epoch: key.epoch, handed_over })
                }
                None => Signer::Key(key),
            };
        }
        if proved.next().is_taken_by(line) && proved.key.is_some() {
            return Signer::Unknown;
        }
        if let Some(reign) = trust.hand_offs.find(id) {
            let (epoch, public, since) = (reign.epoch, reign.public, reign.since);
            let in_force = proved.key.filter(|key| key.proved && proved.head.is_some());
            let over = in_force.filter(|key| key.epoch > epoch).and_then(|key| key.since);
            let over = reign.until.filter(|end| *end < seq).or(over.map(|line| line.seq));
            let not_yet = since.map(|line| line.seq).filter(|began| epoch > 0 && seq <= *began);
            return match (over, not_yet) {
                (Some(handed_over), _) => {
                    Signer::Wrong(FindingKind::AfterHandOff { key: id, epoch, handed_over })
                }
                (None, Some(handed_over)) => {
                    Signer::Wrong(FindingKind::BeforeHandOff { key: id, epoch, handed_over })
                }
                (None, None) => Signer::Key(Key { public, id, epoch, proved: true, since }),
            };
        }
        if id == trust.log
            && let Some(key) = proved.key.filter(|key| key.proved && key.epoch > 0)
        {
            let handed_over = key.since.map_or(0, |line| line.seq);
            return Signer::Wrong(FindingKind::AfterHandOff { key: id, epoch: 0, handed_over });
        }
        if let Some(stray) = self.key.filter(|key| key.id == id) {
            return Signer::Key(stray);
        }
        if self.next().is_taken_by(line) && self.key.is_some() {
            return Signer::Unknown;
        }
        let (public, epoch) = match control {
            Ok(Some(Control::Genesis(genesis))) => (genesis.public_key, genesis.epoch),
            // The log's id is the hash of its first key, which proves that one, whoever signed.
            Err(InvalidControl::Format(_)) if id == trust.log => match public_key_of(line) {
                Some(public) => (public, 0),
                None => return Signer::Unknown,
            },
            _ => return Signer::Unknown,
        };
        if public.id() != id {
            return Signer::Unknown;
        }
        Signer::Key(Key { public, id, epoch, proved: id == trust.log, since: None })
    }
}

/// A validly signed line, if what it says of its place fits its key: a genesis stands in a file after the one in which
/// its key was handed the log, and names that hand-off, as each hand-off does. Where it doesn't fit, what chains from it
/// is another history's.
fn in_its_place(trust: &Trust, line: &Line<'_>, control: &Parsed, key: &Key) -> Standing {
    if !key.proved {
        return Standing::Signed(*key);
    }
    let (named, file) = match control {
        Ok(Some(Control::Genesis(genesis))) => (genesis.handoff, Some(genesis.file)),
        Ok(Some(Control::Handoff(handoff))) => {
            let (expected_epoch, found) = (key.epoch.saturating_add(1), handoff.public_key.id());
            if handoff.epoch != expected_epoch {
                let found_epoch = handoff.epoch;
                let kind = FindingKind::KeyDiffers { expected_epoch, expected: None, found_epoch, found };
                return Standing::bad(kind);
            }
            if trust.hand_offs.know_another(expected_epoch, line.hash()) {
                return Standing::bad(FindingKind::TwoHandOffs { epoch: expected_epoch });
            }
            (handoff.handoff, None)
        }
        _ => return Standing::Signed(*key),
    };
    let handed_over = key.since.filter(|_| key.epoch > 0).and_then(|since| since.file);
    if let (Some(file), Some(handed_over)) = (file, handed_over)
        && file <= handed_over
    {
        return Standing::bad(FindingKind::FileBeforeHandOff { file, handed_over });
    }
    let Some(named) = named else { return Standing::Signed(*key) };
    match misnamed(line.link.seq, named, key.since.map(|since| since.position())) {
        Some(kind) => Standing::bad(kind),
        None => Standing::Signed(*key),
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
