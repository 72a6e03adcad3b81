//! `<prefix>.keys`: copies of the first genesis and of every hand-off. They prove a key where the files that handed
//! over to it are gone.

mod lines;

use std::io::{self, Read};

pub(super) use self::lines::CopyLines;
use super::identity::Identity;
use super::ledger::Ledger;
use super::{FindingKind, NoticeKind, Place};
use crate::trail::{Control, Hash, KeyId, Kind, Line, MAX_LINE, MalformedLine, PublicKey};

/// The keys that hand-offs lead to, one after the other from the log's first.
#[derive(Default)]
pub(super) struct HandOffs {
    /// Ordered by epoch, without holes, from 0.
    keys: Vec<Successor>,
    /// The number of the last line of which there is a copy.
    last_seq: Option<u64>,
}

struct Successor {
    key: [u8; 32],
    id: KeyId,
    /// The line that handed over to it.
    line: Hash,
}

impl HandOffs {
    /// Reads such a file to its end. Where the log's first key is not known, the genesis in the copies says it, and the
    /// log's id, which is its hash, proves it; and who endorsed it.
    pub(super) fn read(
        log: KeyId,
        identity: &mut Identity,
        file: &str,
        mut lines: CopyLines<impl Read>,
        ledger: &mut Ledger,
    ) -> io::Result<HandOffs> {
        let mut copies = HandOffs::default();
        let mut in_force = identity.pinned();
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
            if let Err((seq, kind)) = copies.copy(log, identity, &mut in_force, whole, ledger) {
                ledger.find(Some(place), seq, kind);
            }
        }
        Ok(copies)
    }

    fn copy(
        &mut self,
        log: KeyId,
        identity: &mut Identity,
        in_force: &mut Option<PublicKey>,
        bytes: &[u8],
        ledger: &mut Ledger,
    ) -> Result<(), (Option<u64>, FindingKind)> {
        let line = Line::parse(bytes).map_err(|why| (None, FindingKind::Malformed(why)))?;
        let seq = Some(line.link.seq);
        let fail = |kind| Err((seq, kind));
        // The file of a log that was replaced goes on as that of its successor.
        if line.link.log != log {
            return Ok(());
        }
        let hash = line.hash();
        let control =
            Control::parse(&line).map_err(|error| (seq, FindingKind::Fields { why: error.to_string() }))?;
        let (epoch, key) = match &control {
            Some(Control::Genesis(genesis)) if line.link.seq == 0 => {
                if genesis.public_key.id() != log {
                    let (expected, found) = (Some(log), genesis.public_key.id());
                    return fail(FindingKind::KeyDiffers {
                        expected_epoch: 0,
                        expected,
                        found_epoch: genesis.epoch,
                        found,
                    });
                }
                // A double behind hand-offs puts no key back in force.
                in_force.get_or_insert(genesis.public_key);
                (genesis.epoch, genesis.public_key)
            }
            Some(Control::Handoff(handoff)) => (handoff.epoch, handoff.public_key),
            _ => {
                let why = "neither the first genesis nor a hand-off";
                return fail(FindingKind::Malformed(MalformedLine { at: 0, why }));
            }
        };
        if self.at(epoch).is_some_and(|known| known.line == hash) {
            return Ok(()); // an equal double
        }
        let Some(signer) = *in_force else {
            return fail(FindingKind::KeyNotProved { epoch, key: key.id() });
        };
        match &line.link.signature {
            None => return fail(FindingKind::Unsigned { kind: line.kind.as_str().to_owned() }),
            Some(signature) if signature.key != signer.id() => {
                return fail(FindingKind::WrongKey { expected: signer.id(), found: signature.key });
            }
            Some(_) => {}
        }
        ledger.signatures_checked += 1;
        if !line.is_signed_by(&signer) {
            return fail(FindingKind::Signature { key: signer.id() });
        }
        if let Some(Control::Genesis(genesis)) = &control {
            identity.see(&line, genesis);
        }
        if self.keys.is_empty() && line.kind == Kind::Handoff {
            self.keys.push(Successor { key: *signer.as_bytes(), id: log, line: Hash::ZERO });
        }
        if epoch != self.keys.len() as u64 {
            let (expected_epoch, found) = (self.keys.len() as u64, key.id());
            return fail(FindingKind::KeyDiffers {
                expected_epoch,
                expected: None,
                found_epoch: epoch,
                found,
            });
        }
        self.keys.push(Successor { key: *key.as_bytes(), id: key.id(), line: hash });
        self.last_seq = self.last_seq.max(seq);
        *in_force = Some(key);
        Ok(())
    }

    /// The key of this name, and its epoch.
    pub(super) fn find(&self, id: KeyId) -> Option<(u64, PublicKey)> {
        let epoch = self.keys.iter().position(|known| known.id == id)?;
        Some((epoch as u64, PublicKey::from_bytes(&self.keys[epoch].key)?))
    }

    /// Whether the line that hands over to `epoch` may have this hash: no copy says otherwise.
    pub(super) fn allow(&self, epoch: u64, line: Hash) -> bool {
        self.at(epoch).is_none_or(|known| known.line == line)
    }

    /// The key of an epoch.
    pub(super) fn key_of(&self, epoch: u64) -> Option<KeyId> {
        self.at(epoch).map(|known| known.id)
    }

    fn at(&self, epoch: u64) -> Option<&Successor> {
        self.keys.get(usize::try_from(epoch).ok()?)
    }

    /// The number of the last line of which there is a copy.
    pub(super) fn last_seq(&self) -> Option<u64> {
        self.last_seq
    }
}
