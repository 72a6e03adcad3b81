//! What a proved control line says, and what it makes of the proof.

use super::hand_offs::HandOffs;
use super::ledger::Ledger;
use super::proof::{Proof, Trust};
use super::standing::Key;
use super::{FindingKind, NoticeKind, Place};
use crate::trail::{Control, Ended, Handoff, Kind, Line, Resume};

impl Proof {
    /// Heeds a proved line, once it is the head. `control` is what its fields say, where they can be read.
    pub(super) fn heed(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        control: Option<Control>,
    ) {
        let mut find = |kind| ledger.find(Some(place.clone()), Some(line.link.seq), kind);
        let within = std::mem::replace(&mut self.begun, true);
        let closed = self.closed.take();
        match (closed, line.kind) {
            (None, Kind::Genesis) if within => find(FindingKind::GenesisWithin),
            (None, _) | (Some(Ended::Shutdown), Kind::Resume) => {}
            (Some(_), Kind::Genesis) => find(FindingKind::GenesisWithin),
            (Some(reason), _) => find(FindingKind::AfterClose { reason }),
        }
        match &control {
            Some(Control::Resume(resume)) => {
                if let Some(kind) = misremembered(resume, closed) {
                    find(kind);
                }
            }
            Some(Control::Handoff(handoff)) => {
                if let Some(kind) = self.hand_over(&trust.hand_offs, line, handoff) {
                    find(kind);
                }
            }
            Some(Control::Gap(gap)) => self.lost = self.lost.saturating_add(gap.lost),
            Some(Control::Close(close)) => {
                if !matches!(close.reason, Ended::Rotated | Ended::Shutdown) {
                    let why = format!("a close says `rotated` or `shutdown`, not `{}`", close.reason);
                    find(FindingKind::Fields { why });
                }
                self.closed = Some(close.reason);
            }
            Some(Control::Genesis(genesis)) => {
                self.succeeds = self.succeeds.or(genesis.succeeds);
                if let Some(kind) = self.identity.heed(line, genesis) {
                    find(kind);
                }
            }
            None => {}
        }
        if let Some(kind) = noticed(line, control) {
            ledger.notice(Some(place.clone()), Some(line.link.seq), kind);
        }
    }

    fn hand_over(&mut self, copies: &HandOffs, line: &Line<'_>, handoff: &Handoff) -> Option<FindingKind> {
        let before = self.key?;
        let (epoch, id) = (before.epoch.saturating_add(1), handoff.public_key.id());
        let differs = handoff.epoch != epoch || id == before.id || !copies.allow(epoch, line.hash());
        self.key = Some(Key { public: handoff.public_key, id, epoch, proved: before.proved });
        differs.then_some(FindingKind::KeyDiffers {
            expected_epoch: epoch,
            expected: None,
            found_epoch: handoff.epoch,
            found: id,
        })
    }
}

/// Whether a resume tells of another end than the one that stands there. Behind torn bytes nobody can say.
fn misremembered(resume: &Resume, closed: Option<Ended>) -> Option<FindingKind> {
    let wrong = match resume.ended {
        Ended::Shutdown => closed != Some(Ended::Shutdown),
        Ended::Crash => closed == Some(Ended::Shutdown) && resume.torn.is_none(),
        _ => true,
    };
    wrong.then_some(FindingKind::EndedDiffers { expected: closed, found: resume.ended })
}

/// What of a proved control line is worth knowing.
pub(crate) fn noticed(line: &Line<'_>, control: Option<Control>) -> Option<NoticeKind> {
    let kind = || line.kind.as_str().to_owned();
    match (line.kind, control) {
        (Kind::Other(_), _) => Some(NoticeKind::UnknownKind { kind: kind() }),
        (_, Some(control)) if !control.is_all_of(line) => Some(NoticeKind::UnknownMembers { kind: kind() }),
        (_, Some(Control::Gap(gap))) => {
            Some(NoticeKind::Gap { lost: gap.lost, reason: gap.reason, since: gap.since })
        }
        (_, Some(Control::Genesis(genesis))) => genesis.succeeds.map(NoticeKind::Succeeds),
        _ => None,
    }
}
