//! Joining a validly signed line to the last proved one.

use std::time::Duration;

use super::chunk::Run;
use super::debris::Debris;
use super::expected::{Expected, meets};
use super::ledger::Ledger;
use super::measure::Measure;
use super::proof::{Proof, ProvedLine, Trust};
use super::standing::{Key, Parsed};
use super::walk::{Next, Walk};
use super::{Finding, FindingKind, NotTorn, NoticeKind, Place, Range};
use crate::trail::{Control, InvalidControl, KeyId, Kind, Line, Timestamp, Torn};

/// Records wait for the writer, each with the time of its thread, for 5 s by default.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(10);

/// Lines that are missing or damaged right before proved ones.
#[derive(Clone)]
pub(super) struct Hole {
    pub(super) from: u64,
    /// The first proved line behind it.
    pub(super) until: u64,
    pub(super) findings: Vec<Finding>,
    pub(super) more: u64,
    /// Signatures on the proved lines before it.
    pub(super) signatures: u64,
    /// The epoch of the key in force there.
    pub(super) epoch: u64,
}

impl Hole {
    /// Whether a disk that loses what was not synced leaves it: lines that are gone or broken, none that is another.
    /// So many writes may stand after it as there were before the sync that failed.
    pub(super) fn is_of_lost_pages(&self) -> bool {
        let is_loss =
            |kind: &FindingKind| matches!(kind, FindingKind::Missing { .. } | FindingKind::Malformed(_));
        self.more == 0 && self.findings.iter().all(|finding| is_loss(&finding.kind))
    }
}

impl Proof {
    /// Takes a validly signed line whose number is not below the next one: from here on it is the proved one.
    pub(super) fn accept_signed(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        control: Parsed,
        key: &Key,
    ) {
        let control = match control {
            Ok(control) => control,
            Err(InvalidControl::Format(format)) => {
                ledger.find(Some(place.clone()), Some(line.link.seq), FindingKind::NeedsVersion { format });
                self.stopped = true;
                return;
            }
            Err(error @ InvalidControl::Fields(_)) => {
                let why = error.to_string();
                ledger.find(Some(place.clone()), Some(line.link.seq), FindingKind::Fields { why });
                None
            }
        };
        if !key.proved {
            self.part();
        }
        self.prove_from(self.position());
        let run_from = match &control {
            Some(Control::Genesis(genesis)) if !self.begun => self.begin(ledger, place, line, genesis, key),
            control => self.join(ledger, place, line, control.as_ref()),
        };
        if !key.proved && self.key.is_none_or(|before| before.id != key.id) {
            let kind = match trust.hand_offs.key_of(key.epoch) {
                None => FindingKind::KeyNotProved { epoch: key.epoch, key: key.id },
                Some(expected) => FindingKind::KeyDiffers {
                    expected_epoch: key.epoch,
                    expected: Some(expected),
                    found_epoch: key.epoch,
                    found: key.id,
                },
            };
            ledger.find(None, None, kind);
        }
        self.advance(trust, ledger, place, line, key, run_from);
        self.heed(trust, ledger, place, line, control);
    }

    /// Joins a line within a file to the proved one. The answer is the first line that it proves.
    fn join(
        &mut self,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        control: Option<&Control>,
    ) -> u64 {
        let next = self.next();
        let follows = next.is_taken_by(line);
        let torn = match control {
            Some(Control::Resume(resume)) => resume.torn,
            _ => None,
        };
        let (mut run_from, mut hole) = (line.link.seq, None);
        if follows && self.behind.is(torn) {
            self.attested(ledger, place, line, torn);
        } else if follows {
            self.let_stand(ledger);
            let walk = std::mem::replace(&mut self.walk, Walk::from(next));
            not_attested(ledger, walk, &self.behind, torn, (place, line.link.seq));
        } else if self.walk.leads_to(line) && line.kind != Kind::Resume {
            run_from = next.seq;
            self.prove_from(self.head_end);
            self.expected.note(std::mem::replace(&mut self.maybe_expected, Expected::NotMet));
        } else {
            let broken = self.broken_at(place, line, torn);
            run_from = broken.until;
            hole = Some(broken);
        }
        if let Some(before) = self.before.take().filter(|before| !before.behind.is_empty() && hole.is_none())
        {
            not_attested(ledger, before.walk, &before.behind, None, (place, line.link.seq));
        }
        if !self.begun && hole.is_none() {
            let at = Some(place.clone());
            let no_genesis = Finding::new(at, Some(line.link.seq), FindingKind::NoGenesis);
            hole = Some(Hole {
                from: run_from,
                until: run_from,
                findings: vec![no_genesis],
                more: 0,
                signatures: self.signatures,
                epoch: self.epoch(),
            });
        }
        if hole.is_some() {
            self.let_stand(ledger);
            self.hole = hole;
        }
        run_from
    }

    /// Blames for a chain that doesn't lead to this validly signed line.
    pub(super) fn broken_at(&mut self, place: &Place, line: &Line<'_>, torn: Option<Torn>) -> Hole {
        let next = self.next();
        self.walk.line((place, self.position()), line, true, None);
        let walk = std::mem::replace(&mut self.walk, Walk::from(next));
        let (from, until) = (next.seq, walk.run_from());
        self.prove_from(walk.run_at());
        let (mut findings, more) = walk.blame_at(next, torn);
        if findings.is_empty() {
            let kind = FindingKind::Link { expected: next.prev, found: line.link.prev };
            findings.push(Finding::new(Some(place.clone()), Some(line.link.seq), kind));
        }
        let last = findings.last_mut().filter(|last| last.blames_content());
        if let Some(last) = last.filter(|_| until > from.saturating_add(1)) {
            last.unproved = Some(Range { from, to: until - 1 });
        }
        Hole { from, until, findings, more, signatures: self.signatures, epoch: self.epoch() }
    }

    /// The epoch of the key in force.
    pub(super) fn epoch(&self) -> u64 {
        self.key.map_or(0, |key| key.epoch)
    }

    /// No genesis declared the last hole.
    pub(super) fn let_stand(&mut self, ledger: &mut Ledger) {
        if let Some(hole) = self.hole.take() {
            ledger.enter_all(hole.findings, hole.more);
        }
    }

    /// The bytes behind the proved line are torn, and `line` says so.
    pub(super) fn attested(
        &mut self,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        torn: Option<Torn>,
    ) {
        let Some(torn) = torn else { return };
        self.coverage.forget_torn();
        self.torn_bytes += torn.bytes;
        // A hand-off among them was given up.
        self.disputed = None;
        let (at, seq) = (Some(place.clone()), Some(line.link.seq));
        if self.apart.is_none() {
            ledger.notice(at.clone(), seq, NoticeKind::Torn(torn));
        }
        let next = self.next();
        let debris = std::mem::replace(&mut self.debris, Debris::after(next));
        if debris.of_a_hand().is_none() {
            self.strays.forget_torn();
        }
        let lines = debris.signed();
        if lines == 0 {
            return;
        }
        match debris.of_a_hand().or_else(|| self.is_same_boot(line).then_some(NotTorn::SameBoot)) {
            Some(why) => ledger.find(at, seq, FindingKind::NotTorn { lines, why }),
            None => ledger.notice(at, seq, NoticeKind::GivenUp { lines }),
        }
    }

    /// Whether the machine was not started again between the last proved writer and the one of this line.
    fn is_same_boot(&self, line: &Line<'_>) -> bool {
        let writer = match Control::parse(line) {
            Ok(Some(Control::Resume(resume))) => resume.writer,
            Ok(Some(Control::Genesis(genesis))) => genesis.writer,
            _ => return false,
        };
        self.boot.is_some() && self.boot.as_deref() == writer.boot.as_deref()
    }

    /// `line` is the proved one now.
    fn advance(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        place: &Place,
        line: &Line<'_>,
        key: &Key,
        run_from: u64,
    ) {
        let (seq, hash) = (line.link.seq, line.hash());
        let time = Timestamp::parse(line.timestamp).unwrap_or_default();
        self.cover(key, run_from, ProvedLine { seq, hash, time });
        self.take_over(key);
        self.key = Some(*key);
        if let Some(from) = self.went_back(time).filter(|_| key.proved) {
            ledger.notice(Some(place.clone()), Some(line.link.seq), NoticeKind::ClockBack { from, to: time });
        }
        self.prove(trust, line, time);
        self.maybe_expected = Expected::NotMet;
        self.strays.settle();
        self.behind = Measure::default();
        self.before = None;
    }

    /// Notes which lines a signature of this key proves.
    fn cover(&mut self, key: &Key, from: u64, last: ProvedLine) {
        self.coverage.keep_unproved();
        if !key.proved {
            return self.agree(from, last);
        }
        self.coverage.meet(from, last.seq);
        self.coverage.prove(from, last.seq);
        if self.coverage.is_full() {
            self.coverage.settle(from);
        }
    }

    /// What a copy of the hand-off to a key says holds from there on, where that stood behind the last proved line.
    fn take_over(&mut self, key: &Key) {
        let Some(since) = key.since.filter(|since| self.head.is_none_or(|head| head.seq < since.seq)) else {
            return;
        };
        self.latest = self.latest.max(since.time);
        self.keeps = since.keeps.or(self.keeps);
        self.oldest = since.oldest.unwrap_or(self.oldest);
    }

    /// Counts a signed line and goes on from it.
    fn prove(&mut self, trust: &Trust, line: &Line<'_>, time: Timestamp) {
        let (seq, hash) = (line.link.seq, line.hash());
        if let Some(signature) = &line.link.signature {
            self.count_signatures(1, signature.key, time);
        }
        if self.head.is_none() {
            self.began = Some(time);
        }
        let met = meets(trust, seq, hash, || self.place());
        self.expected.note(met);
        self.go_on_from(ProvedLine { seq, hash, time });
    }

    /// Counts records that follow the proved line and goes on from the last of them.
    pub(super) fn prove_run(&mut self, run: &Run) {
        if let Some((signer, last)) = run.signer.zip(run.signed.last()) {
            self.count_signatures(run.signed.len() as u64, signer, last.line.time);
        }
        if let Some(key) = self.key {
            self.cover(&key, run.first.seq, run.last);
        }
        let from = self.position();
        self.pass_lines(run.last.seq + 1 - run.first.seq, run.bytes.len() as u64);
        self.end_proved(from);
        self.go_on_from(run.last);
    }

    fn count_signatures(&mut self, signatures: u64, signer: KeyId, latest: Timestamp) {
        self.signatures += signatures;
        self.keys += u64::from(self.signer != Some(signer));
        self.signer = Some(signer);
        self.latest = latest;
    }

    fn go_on_from(&mut self, line: ProvedLine) {
        let next = Next::after(line.seq, line.hash);
        self.head = Some(line);
        self.walk = Walk::from(next);
        self.debris = Debris::after(next);
    }

    /// Whether this time is before the latest by more than records overtake each other: then, the latest.
    pub(super) fn went_back(&self, time: Timestamp) -> Option<Timestamp> {
        goes_back(self.latest, time).then_some(self.latest)
    }
}

/// Whether a time is before another by more than records overtake each other.
pub(super) fn goes_back(before: Timestamp, time: Timestamp) -> bool {
    before.since(time) > CLOCK_TOLERANCE
}

/// What follows the proved line does not attest these bytes.
pub(super) fn not_attested(
    ledger: &mut Ledger,
    walk: Walk,
    behind: &Measure,
    torn: Option<Torn>,
    (place, seq): (&Place, u64),
) {
    if torn.is_none() {
        let (findings, more) = walk.blame_at_end();
        if !findings.is_empty() {
            ledger.enter_all(findings, more);
            return;
        }
    }
    let (at, seq) = match behind.first() {
        Some(first) => (first.clone(), None),
        None => (place.clone(), Some(seq)),
    };
    let kind = match torn {
        Some(torn) => FindingKind::TornDiffers { expected: Some(torn), found: behind.torn() },
        None => FindingKind::Unattested { bytes: behind.bytes() },
    };
    ledger.find(Some(at), seq, kind);
}
