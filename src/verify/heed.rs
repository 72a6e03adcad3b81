//! What a proved control line says, and what it makes of the proof.

use std::sync::Arc;

use super::hand_offs::{HandOffs, KnownLine};
use super::ledger::Ledger;
use super::proof::{NotCopied, Proof, Trust};
use super::standing::Key;
use super::{FindingKind, NoticeKind, Place};
use crate::trail::{
    Accepted, Control, Ended, Genesis, Handoff, HandoffBefore, Keeps, Kind, Line, Resume, WriterIdentity,
};

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
                self.crashes += u64::from(resume.ended == Ended::Crash);
                self.writer_begins(&resume.writer);
            }
            Some(Control::Handoff(handoff)) => {
                if let Some(kind) = self.hand_over(&trust.hand_offs, place, line, handoff) {
                    find(kind);
                }
                if self.apart.is_none() {
                    self.commit(trust, ledger, (place, line), handoff.handoff);
                    self.retain(ledger, (place, line), handoff.keeps, handoff.oldest, handoff.file);
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
            Some(Control::Genesis(genesis)) => self.file_begins(trust, ledger, (place, line), genesis),
            None => {}
        }
        if self.apart.is_some() {
            return;
        }
        let (at, seq) = (Some(place), Some(line.link.seq));
        if let Some(accepted) = control.as_ref().and_then(accepted) {
            ledger.notice(at.cloned(), seq, NoticeKind::Accepted(accepted.clone()));
        }
        if let Some(kind) = noticed(line, control) {
            ledger.notice(at.cloned(), seq, kind);
        }
    }

    fn file_begins(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        at: (&Place, &Line<'_>),
        genesis: &Genesis,
    ) {
        let (place, line) = at;
        if line.link.seq == 0 {
            self.succeeds = genesis.succeeds;
            self.key = self.key.map(|key| Key { since: Some(KnownLine::of_genesis(line, genesis)), ..key });
        }
        if self.apart.is_some() {
            let origin = Some(genesis.origin.clone());
            self.agrees.iter_mut().for_each(|agrees| agrees.origin.clone_from(&origin));
            return;
        }
        if let Some(kind) = self.identity.heed(line, genesis) {
            ledger.find(Some(place.clone()), Some(line.link.seq), kind);
        }
        let ended = genesis.previous.as_ref().map(|previous| previous.ended);
        self.crashes += u64::from(ended == Some(Ended::Crash));
        self.writer_begins(&genesis.writer);
        self.commit(trust, ledger, at, genesis.handoff);
        self.retain(ledger, at, genesis.keeps, Some(genesis.oldest), Some(genesis.file));
    }

    fn writer_begins(&mut self, writer: &WriterIdentity) {
        self.boot = writer.boot.as_deref().map(Arc::from);
    }

    fn hand_over(
        &mut self,
        copies: &HandOffs,
        place: &Place,
        line: &Line<'_>,
        handoff: &Handoff,
    ) -> Option<FindingKind> {
        let before = self.key?;
        let (epoch, id) = (before.epoch.saturating_add(1), handoff.public_key.id());
        let since = KnownLine::of_hand_off(line, handoff);
        self.key =
            Some(Key { public: handoff.public_key, id, epoch, proved: before.proved, since: Some(since) });
        if before.proved && !copies.has(since.seq, since.hash) {
            let first = || NotCopied { hand_offs: 0, first: (place.clone(), since.seq), last: since.seq };
            let not_copied = self.not_copied.get_or_insert_with(first);
            (not_copied.hand_offs, not_copied.last) = (not_copied.hand_offs + 1, since.seq);
        }
        if handoff.epoch != epoch || id == before.id {
            return Some(FindingKind::KeyDiffers {
                expected_epoch: epoch,
                expected: None,
                found_epoch: handoff.epoch,
                found: id,
            });
        }
        let number = self.number.sure.filter(|_| self.number.numbered);
        let (expected, found) = number.zip(handoff.file).filter(|(expected, found)| expected != found)?;
        Some(FindingKind::FileNumber { expected, found })
    }

    /// From the first line on that names the hand-off before it, each genesis and hand-off does.
    fn commit(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        (place, line): (&Place, &Line<'_>),
        named: Option<HandoffBefore>,
    ) {
        let seq = line.link.seq;
        if named.is_none() && (self.committed.is_some() || trust.hand_offs.is_committed(seq)) {
            ledger.find(Some(place.clone()), Some(seq), FindingKind::HandOffNotNamed);
        }
        self.committed = self.committed.or(named.map(|_| seq));
        // In epoch 0 all name line 0, whether that is there or not.
        if let (Some(HandoffBefore::Line(first)), Some(key)) = (named, &mut self.key)
            && key.since.is_none()
        {
            key.since = Some(KnownLine::at(first));
        }
    }

    /// Takes note of the retention in force, and of what goes by it. What the last line says counts: an older key, whose
    /// word that would be, gives no file up for those that came after it.
    fn retain(
        &mut self,
        ledger: &mut Ledger,
        (place, line): (&Place, &Line<'_>),
        keeps: Option<Keeps>,
        oldest: Option<u64>,
        file: Option<u64>,
    ) {
        let (before, oldest) = (self.oldest, oldest.unwrap_or(self.oldest));
        let mut notice = |kind| ledger.notice(Some(place.clone()), Some(line.link.seq), kind);
        match (self.keeps, keeps) {
            (Some(from), Some(to)) if from != to => {
                notice(NoticeKind::RetentionChanged { from, to, oldest_before: before, oldest });
            }
            (Some(_), Some(keeps)) => {
                let explained = match keeps {
                    Keeps::All => before,
                    Keeps::Newest(files) => file.map_or(oldest, |file| (file + 1).saturating_sub(files)),
                };
                if oldest > before.max(explained) {
                    notice(NoticeKind::OldestRaised { from: before, to: oldest, keeps });
                }
            }
            _ => {}
        }
        self.oldest = oldest;
        self.keeps = keeps.or(self.keeps);
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

fn accepted(control: &Control) -> Option<&Accepted> {
    match control {
        Control::Genesis(genesis) => genesis.accepted.as_ref(),
        Control::Resume(resume) => resume.accepted.as_ref(),
        _ => None,
    }
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
        (_, Some(Control::Genesis(genesis))) if line.link.seq == 0 => {
            genesis.succeeds.map(NoticeKind::Succeeds)
        }
        _ => None,
    }
}
