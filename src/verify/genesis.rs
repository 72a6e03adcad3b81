//! Where a file begins: its genesis, and what it says of the file before.

use std::sync::Arc;

use super::join::{Hole, not_attested};
use super::ledger::Ledger;
use super::measure::Measure;
use super::proof::Proof;
use super::standing::Key;
use super::walk::Walk;
use super::{FindingKind, NoticeKind, Place};
use crate::trail::{Ended, Genesis, Line, Previous};

impl Proof {
    /// Begins a file with its genesis, which is validly signed. The answer is the first line that it proves.
    pub(super) fn begin(
        &mut self,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        genesis: &Genesis,
        key: &Key,
    ) -> u64 {
        let (seq, log) = (line.link.seq, line.link.log);
        let at = (place, seq);
        let before = self.before.take();
        let first = before.is_none() && self.head.is_none();
        // Findings of the file before explain that it isn't what its successor says.
        let found = before.as_ref().map_or(ledger.found(), |before| before.found);

        let is_attested = self.behind.is(genesis.torn);
        // What is wrong further up in that file is no matter of its end, nor is what stands before the genesis in this one.
        let is_cut =
            self.hole.is_none() && is_attested && before.as_ref().is_some_and(|before| before.is_cut);
        ledger.blame_cut(self.number.sure.filter(|_| is_cut));
        let mut is_said = true;
        if is_attested {
            self.attested(ledger, place, line, genesis.torn);
            // What stood before the genesis of this file was no line.
            self.walk = before.as_ref().map_or_else(|| Walk::from(self.next()), |before| before.walk.clone());
        } else if self.next().is_taken_by(line) || first {
            not_attested(ledger, self.walk.clone(), &self.behind, genesis.torn, at);
            self.walk = Walk::from(self.next());
        } else {
            is_said = false;
        }
        if !(first && genesis.file > 0) {
            is_said |= self.follow(ledger, at, line, genesis, before.as_ref(), key);
        } else if let Some(previous) =
            genesis.previous.as_ref().filter(|_| genesis.file == 1 && seq > 0 && key.proved)
            && declares_loss(previous, 0, key.epoch)
        {
            self.start_gone = Some((place.clone(), seq, previous.ended));
        }
        if !is_said {
            not_attested(ledger, Walk::from(self.next()), &self.behind, genesis.torn, at);
        }
        if ledger.found() == found {
            self.compare(ledger, at, genesis, before.as_ref());
        }
        ledger.blame_cut(None);

        let mut find = |kind| ledger.find(Some(place.clone()), Some(seq), kind);
        if genesis.public_key.id() != key.id || genesis.epoch != key.epoch {
            let (expected_epoch, expected) = (key.epoch, Some(key.id));
            let (found_epoch, found) = (genesis.epoch, genesis.public_key.id());
            find(FindingKind::KeyDiffers { expected_epoch, expected, found_epoch, found });
        }
        if genesis.file == 0 && key.id != log {
            let (expected, found) = (Some(log), key.id);
            find(FindingKind::KeyDiffers { expected_epoch: 0, expected, found_epoch: genesis.epoch, found });
        }
        if genesis.previous.is_none() != (genesis.file == 0) {
            let why = "`previous` is null in file 0, and only there".to_owned();
            find(FindingKind::Fields { why });
        }
        // A genesis proves itself alone.
        self.prove_from(self.position());
        self.number = Number { sure: Some(genesis.file), unsure: 0, numbered: true };
        if self.head.is_none() {
            self.first_file = Some(genesis.file);
        }
        self.origin = Some(Arc::from(genesis.origin.as_str()));
        seq
    }

    /// Joins the genesis to the file before, and says what is missing between them. The answer is whether that says too what
    /// is wrong with the bytes that were met since the last proved line.
    fn follow(
        &mut self,
        ledger: &mut Ledger,
        at: (&Place, u64),
        line: &Line<'_>,
        genesis: &Genesis,
        before: Option<&FileEnd>,
        key: &Key,
    ) -> bool {
        let (place, seq) = at;
        let next = self.next();
        // Whoever signs with a key that nothing proves declares nothing.
        let previous = genesis.previous.as_ref().filter(|_| key.proved);
        let torn = genesis.previous.as_ref().and_then(|previous| previous.torn);
        let hand_offs = key.epoch.saturating_sub(self.epoch());
        let declared = previous.filter(|previous| declares_loss(previous, next.seq, hand_offs));
        let declared = declared.map(|previous| previous.ended);
        let last = self.number.last();
        let mut find = |kind| ledger.find(Some(place.clone()), Some(seq), kind);

        let mut is_said = false;
        if next.is_taken_by(line) {
            match before {
                Some(before) if !before.behind.is(torn) => {
                    not_attested(ledger, self.walk.clone(), &before.behind, torn, at);
                }
                Some(_) => self.attested(ledger, place, line, torn),
                None => {}
            }
        } else if seq > next.seq
            && declared.is_some()
            && last.is_none_or(|last| genesis.file <= last.saturating_add(1))
        {
            let ended = declared.unwrap_or(Ended::Removed);
            find(FindingKind::Gone { from: next.seq, to: seq - 1, ended });
            // Its lines are given up for good: no later line says otherwise.
            self.before_hole = None;
        } else if seq > next.seq && previous.is_some_and(|previous| previous.ended == Ended::Lost) {
            find(FindingKind::Lost { from: next.seq, to: seq - 1 });
        } else if let Some(last) = last.filter(|last| genesis.file > *last && seq > next.seq) {
            find(FindingKind::FilesMissing { from: last, to: genesis.file - 1 });
        } else {
            let hole = self.broken_at(place, line, torn);
            ledger.enter_all(hole.findings, hole.more);
            is_said = true;
        }
        self.walk = Walk::from(next);
        self.close_hole(ledger, at, previous, key);
        is_said
    }

    /// A hole in the file before is what this genesis declares, or it stands.
    fn close_hole(
        &mut self,
        ledger: &mut Ledger,
        (place, seq): (&Place, u64),
        previous: Option<&Previous>,
        key: &Key,
    ) {
        let one_write = |hole: &Hole| self.signatures - hole.signatures <= SIGNED_BY_ONE_WRITE;
        let may_be = |hole: &Hole, previous: &Previous| {
            one_write(hole) || previous.ended == Ended::Unsynced && hole.is_of_lost_pages()
        };
        let hand_offs = |hole: &Hole| key.epoch.saturating_sub(hole.epoch);
        let declared = self.hole.as_ref().zip(previous).filter(|(hole, previous)| {
            may_be(hole, previous) && declares_loss(previous, hole.from, hand_offs(hole))
        });
        let Some((hole, previous)) = declared else { return self.let_stand(ledger) };
        if hole.until > hole.from {
            let (from, to, ended) = (hole.from, hole.until - 1, previous.ended);
            ledger.find(Some(place.clone()), Some(seq), FindingKind::Gone { from, to, ended });
        } else if hole.findings.iter().any(|finding| finding.kind != FindingKind::NoGenesis) {
            // Bytes too many are not what it declares.
            return self.let_stand(ledger);
        }
        self.hole = None;
        self.before_hole = None;
    }

    /// Compares what the genesis says of the file before with what was read, where nothing is missing.
    fn compare(
        &self,
        ledger: &mut Ledger,
        (place, seq): (&Place, u64),
        genesis: &Genesis,
        before: Option<&FileEnd>,
    ) {
        let mut find = |kind| ledger.find(Some(place.clone()), Some(seq), kind);
        let (Some(before), Some(previous)) = (before, &genesis.previous) else { return };
        if let Some(expected) = self.number.last().filter(|_| !self.number.may_be(genesis.file)) {
            find(FindingKind::FileNumber { expected, found: genesis.file });
            return;
        }
        match previous.ended {
            Ended::Rotated | Ended::Shutdown if before.closed != Some(previous.ended) => {
                find(FindingKind::EndedDiffers { expected: before.closed, found: previous.ended });
            }
            Ended::Rotated | Ended::Shutdown | Ended::Crash => {
                if before.bytes != previous.bytes {
                    let (expected, found) = (previous.bytes, before.bytes);
                    find(FindingKind::PreviousBytes { expected, found });
                }
            }
            ended => ledger.notice(Some(place.clone()), Some(seq), NoticeKind::Meddled { ended }),
        }
    }
}

/// A write ends with a signed line, and may have a gap and a hand-off before it: so much the writer can have written
/// before it saw that its file was cut.
const SIGNED_BY_ONE_WRITE: u64 = 3;

/// Whether the writer saw its file damaged under it, so that lines from `from` on may be missing, so many hand-offs among
/// them. No key hands over before the hand-off to it is on the disk, so that of those no sync can lose two.
fn declares_loss(previous: &Previous, from: u64, hand_offs: u64) -> bool {
    match previous.ended {
        Ended::Truncated | Ended::Removed | Ended::Replaced => true,
        Ended::Unsynced => hand_offs <= 1 && previous.unsynced_from.is_some_and(|unsynced| unsynced <= from),
        _ => false,
    }
}

/// How the file before ended.
#[derive(Clone)]
pub(super) struct FileEnd {
    pub(super) bytes: u64,
    pub(super) behind: Measure,
    pub(super) walk: Walk,
    pub(super) closed: Option<Ended>,
    /// [`Proof::last_closed`] at its end.
    pub(super) last_closed: (Option<Ended>, u64),
    /// How many findings there were before it.
    pub(super) found: u64,
    /// Whether it may be the beginning of one.
    pub(super) is_cut: bool,
}

/// Which file of the log this is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Number {
    /// What the last genesis said.
    pub(super) sure: Option<u64>,
    /// Files since whose genesis was damaged, or that had none because they were cut under the writer.
    pub(super) unsure: u64,
    /// Whether this file has said its number.
    pub(super) numbered: bool,
}

impl Number {
    /// The highest number that the next file may have; none where no file has said any.
    pub(super) fn last(self) -> Option<u64> {
        self.sure.map(|sure| sure.saturating_add(1 + self.unsure))
    }

    /// The number of the file that should follow.
    pub(super) fn next(self) -> u64 {
        self.sure.map_or(0, |sure| sure.saturating_add(1 + self.unsure + u64::from(!self.numbered)))
    }

    pub(super) fn may_be(self, number: u64) -> bool {
        self.sure.is_none_or(|sure| number > sure) && self.last().is_none_or(|last| number <= last)
    }
}
