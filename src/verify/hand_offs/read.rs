//! Reading `<prefix>.keys`: copies of the first genesis and of every hand-off. They prove a key where the files that handed
//! over to it are gone.
//!
//! Anybody who may write the folder may write these files. A copy counts only where the key before it signed it.

use std::io::{self, Read};

use super::{CopyLines, Disputed, HandOffs, KnownLine, misnamed};
use crate::trail::{
    Control, Genesis, HandoffBefore, KeyId, Kind, Line, MAX_LINE, MalformedLine, Position, PublicKey,
};
use crate::verify::identity::Identity;
use crate::verify::ledger::Ledger;
use crate::verify::{FindingKind, NoticeKind, Place};

/// What is wrong with a copy.
type Wrong = (Option<u64>, FindingKind);

/// A copy that says what it must.
struct Copy {
    epoch: u64,
    key: PublicKey,
    line: KnownLine,
    before: Option<HandoffBefore>,
    genesis: Option<Genesis>,
}

impl HandOffs {
    /// Reads such a file to its end, after others or alone. Where the log's first key is not known, the genesis in the copies
    /// says it, and the log's id, which is its hash, proves it; and who endorsed it.
    pub(in crate::verify) fn read(
        &mut self,
        log: KeyId,
        identity: &mut Identity,
        file: &str,
        mut lines: CopyLines<impl Read>,
        ledger: &mut Ledger,
    ) -> io::Result<()> {
        let (mut offset, mut number) = (0, 0);
        let mut next = lines.next()?;
        while let Some(line) = next {
            next = lines.next()?;
            number += 1;
            let place = Place { file: file.to_owned(), line: number, offset };
            offset += line.length;
            if !line.is_ended {
                ledger.notice(Some(place), None, NoticeKind::TornCopy { bytes: line.length });
                break;
            }
            let whole = line.text();
            // A copy that was torn and then written again is a start of the line behind it.
            let can_be_a_start = !whole.is_empty() && whole.len() < MAX_LINE;
            if can_be_a_start
                && next
                    .as_ref()
                    .is_some_and(|next| next.length > line.length && next.text().starts_with(whole))
            {
                ledger.notice(Some(place), None, NoticeKind::TornCopy { bytes: line.length - 1 });
                continue;
            }
            if let Err((seq, kind)) = self.copy(log, identity, whole, ledger) {
                ledger.find(Some(place), seq, kind);
            }
        }
        Ok(())
    }

    pub(in crate::verify) fn copy(
        &mut self,
        log: KeyId,
        identity: &mut Identity,
        bytes: &[u8],
        ledger: &mut Ledger,
    ) -> Result<(), Wrong> {
        let line = Line::parse(bytes).map_err(|why| (None, FindingKind::Malformed(why)))?;
        // The file of a log that was replaced goes on as that of its successor.
        if line.link.log != log {
            return Ok(());
        }
        let copy = Copy::of(&line, log).map_err(|kind| (Some(line.link.seq), kind))?;
        if self.at(copy.epoch).and_then(|known| known.line).is_some_and(|known| known.hash == copy.line.hash)
        {
            return Ok(()); // an equal double
        }
        self.take(identity, &line, &copy, ledger).map_err(|kind| (Some(line.link.seq), kind))
    }

    /// Takes a copy that differs from all before it.
    fn take(
        &mut self,
        identity: &mut Identity,
        line: &Line<'_>,
        copy: &Copy,
        ledger: &mut Ledger,
    ) -> Result<(), FindingKind> {
        if self.epochs.is_empty() {
            // The pinned key, or the one that the first genesis names: its id is the log's.
            let named = copy.genesis.as_ref().map(|genesis| genesis.public_key);
            let Some(first) = identity.pinned().or(named) else {
                return Err(FindingKind::KeyNotProved { epoch: copy.epoch, key: copy.key.id() });
            };
            self.push(first, None, None);
        }
        let disputed = self.disputed.map(|disputed| disputed.epoch);
        if disputed.is_some_and(|disputed| disputed < copy.epoch) {
            return Ok(()); // of several histories it goes on with one, which nobody knows for the log's
        }
        let latest = self.epochs.len() as u64 - 1;
        // Line 0 is signed by its own key, a hand-off by that of the epoch before.
        let signer_epoch = copy.epoch.saturating_sub(1).min(latest);
        let signer = self.signer(signer_epoch).ok_or(FindingKind::Nothing)?;
        check_signature(line, &signer, copy.epoch > latest + 1, ledger)?;
        if let Some(genesis) = &copy.genesis {
            identity.see(line, genesis);
        }
        let epoch = copy.epoch;
        if disputed == Some(epoch) || self.starts && epoch == 0 {
            return Err(FindingKind::TwoHandOffs { epoch });
        }
        if epoch <= latest && self.at(epoch).is_some_and(|known| known.line.is_some()) {
            // Both are signed as they should be. Where both lead to one key, a hand-off that this key signed may name one of
            // them; else nobody can say which it was, however often one is repeated, and whatever goes on from it.
            let to_one_key = self.signer(epoch) == Some(copy.key);
            match to_one_key && self.is_named(epoch) {
                true => {}
                // Either way the key of epoch 0 is the log's first.
                false if epoch == 0 => (self.epochs[0].line, self.starts) = (None, true),
                false => self.dispute(epoch),
            }
            return Err(FindingKind::TwoHandOffs { epoch });
        }
        if epoch == 0 {
            self.commit(copy, None)?;
            let named = self.at(1).and_then(|next| next.names);
            if let Some(expected) = named.filter(|named| *named != copy.line.position()) {
                let found = Some(copy.line.position());
                return Err(FindingKind::HandOffDiffers { expected: Some(expected), found });
            }
            self.epochs[0].line = Some(copy.line);
            return Ok(());
        }
        if copy.epoch != latest + 1 {
            let (expected_epoch, found_epoch, found) = (latest + 1, copy.epoch, copy.key.id());
            return Err(FindingKind::KeyDiffers { expected_epoch, expected: None, found_epoch, found });
        }
        if copy.key.id() == signer.id() {
            // No writer hands over to the key in force: a stolen one would stay good under a new epoch.
            let (expected_epoch, found_epoch, found) = (epoch, epoch, signer.id());
            return Err(FindingKind::KeyDiffers { expected_epoch, expected: None, found_epoch, found });
        }
        let before = self.at(latest).and_then(|known| known.line);
        if let Some(before) = before {
            if copy.line.seq <= before.seq {
                let (key, handed_over) = (signer.id(), before.seq);
                return Err(FindingKind::BeforeHandOff { key, epoch: latest, handed_over });
            }
            if copy.line.seq == before.seq + 1 && copy.line.prev != before.hash {
                return Err(FindingKind::Link { expected: before.hash, found: copy.line.prev });
            }
        }
        self.commit(copy, before.map(|line| line.position()))?;
        let names = copy.before.and_then(HandoffBefore::line);
        self.push(copy.key, Some(copy.line), names);
        Ok(())
    }

    /// Whether the hand-off after that to `epoch` names it.
    fn is_named(&self, epoch: u64) -> bool {
        let line = self.at(epoch).and_then(|known| known.line).map(|line| line.position());
        line.is_some() && self.at(epoch + 1).and_then(|next| next.names) == line
    }

    fn signer(&self, epoch: u64) -> Option<PublicKey> {
        PublicKey::from_bytes(&self.at(epoch)?.key)
    }

    /// Compares the hand-off that a copy names with the one that is known before it.
    fn commit(&mut self, copy: &Copy, known: Option<Position>) -> Result<(), FindingKind> {
        let seq = copy.line.seq;
        match copy.before {
            None if self.is_committed(seq) => return Err(FindingKind::HandOffNotNamed),
            None => {}
            Some(named) => {
                if let Some(kind) = misnamed(seq, named, known) {
                    return Err(kind);
                }
                self.committed = Some(self.committed.map_or(seq, |from| from.min(seq)));
            }
        }
        Ok(())
    }

    /// Knows no epoch from this one on, for good: who signed two hand-offs to it can repeat either.
    fn dispute(&mut self, epoch: u64) {
        let before = self.at(epoch.saturating_sub(1)).and_then(|known| known.line);
        self.disputed = Some(Disputed { epoch, from: before.map_or(0, |line| line.seq + 1) });
        let epoch = usize::try_from(epoch).unwrap_or(usize::MAX).max(1);
        for gone in self.epochs.drain(epoch.min(self.epochs.len())..) {
            self.by_id.remove(&gone.id);
        }
    }
}

impl Copy {
    fn of(line: &Line<'_>, log: KeyId) -> Result<Copy, FindingKind> {
        let control = Control::parse(line).map_err(|error| FindingKind::Fields { why: error.to_string() })?;
        match control {
            Some(Control::Genesis(genesis)) if line.link.seq == 0 => {
                let (found_epoch, found) = (genesis.epoch, genesis.public_key.id());
                if found != log || found_epoch != 0 {
                    return Err(FindingKind::KeyDiffers {
                        expected_epoch: 0,
                        expected: Some(log),
                        found_epoch,
                        found,
                    });
                }
                Ok(Copy {
                    epoch: 0,
                    key: genesis.public_key,
                    line: KnownLine::of_genesis(line, &genesis),
                    before: genesis.handoff,
                    genesis: Some(genesis),
                })
            }
            Some(Control::Handoff(handoff)) if handoff.epoch > 0 => Ok(Copy {
                epoch: handoff.epoch,
                key: handoff.public_key,
                line: KnownLine::of_hand_off(line, &handoff),
                before: handoff.handoff,
                genesis: None,
            }),
            _ => {
                let why = "neither the first genesis nor a hand-off";
                Err(FindingKind::Malformed(MalformedLine { at: 0, why }))
            }
        }
    }
}

/// `after_gap`: hand-offs before it are not among the copies, so that its key can't be known.
fn check_signature(
    line: &Line<'_>,
    signer: &PublicKey,
    after_gap: bool,
    ledger: &mut Ledger,
) -> Result<(), FindingKind> {
    match &line.link.signature {
        None => return Err(FindingKind::Unsigned { kind: line.kind.as_str().to_owned() }),
        Some(signature) if signature.key != signer.id() && after_gap => {
            return Err(FindingKind::KeyNotProved { epoch: epoch_of(line), key: signature.key });
        }
        Some(signature) if signature.key != signer.id() => {
            return Err(FindingKind::WrongKey { expected: signer.id(), found: signature.key });
        }
        Some(_) => {}
    }
    ledger.signatures_checked += 1;
    if line.is_signed_by(signer) { Ok(()) } else { Err(FindingKind::Signature { key: signer.id() }) }
}

/// The epoch whose key signed a hand-off, as it says.
fn epoch_of(line: &Line<'_>) -> u64 {
    match Control::parse(line) {
        Ok(Some(Control::Handoff(handoff))) if line.kind == Kind::Handoff => handoff.epoch.saturating_sub(1),
        _ => 0,
    }
}
