//! What can be said only when a log was read to its end.

use std::time::Duration;

use super::expected::Expected;
use super::ledger::Ledger;
use super::proof::{Proof, Trust};
use super::walk::Walk;
use super::{Finding, FindingKind, NoticeKind, Options};
use crate::trail::{Ended, Timestamp};

/// How far two machines' clocks may be apart.
pub(crate) const AHEAD: Duration = Duration::from_secs(60);

impl Proof {
    /// All files were read.
    pub(super) fn end(&mut self, trust: &Trust, options: &Options, now: Timestamp, ledger: &mut Ledger) {
        let mut given_up = self.go_back_at_end(ledger);
        self.let_stand(ledger);
        let is_cut = given_up.is_some() || self.debris.is_of_a_power_cut() || self.walk.is_cut_short();
        if self.apart.is_some() && is_cut {
            // Lines that nothing proves end as a power cut leaves them, or a process that died.
            self.judge_rest(given_up.take(), ledger);
        }
        self.rejoin(ledger);
        self.judge_retention(ledger);
        if !self.stopped {
            self.judge_start(options, ledger);
            self.judge_end(trust, options, given_up, ledger);
        }
        if options.part {
            self.name_part(trust, ledger);
        }
        self.judge_copies(ledger);
        self.judge_losses(options, ledger);
        self.judge_expectations(options, now, ledger);
    }

    /// How the last file with proved lines was closed, and the number of the one that should follow it.
    pub(super) fn last_closed(&self) -> (Option<Ended>, u64) {
        self.before.as_ref().map_or((self.closed, self.number.next()), |before| before.last_closed)
    }

    /// Files below the oldest that retention keeps, as the last proved genesis says, may be there or not.
    fn judge_retention(&self, ledger: &mut Ledger) {
        let oldest = self.oldest;
        let last = |kind: &FindingKind, cut: Option<u64>| match kind {
            FindingKind::FilesMissing { to, .. } => Some(*to),
            _ => cut,
        };
        let mut said = None;
        for (Finding { at, seq, kind, .. }, cut) in
            ledger.take_back(|kind, cut| last(kind, cut).is_some_and(|last| last < oldest))
        {
            let given_up = last(&kind, cut);
            if let Some(file) = given_up.filter(|_| given_up != said) {
                ledger.notice(at, seq, NoticeKind::Pruned { file: file + 1, oldest });
            }
            said = given_up;
        }
    }

    /// Whether what is proved begins after a time that it had to cover.
    fn begins_after(&self, since: Option<Timestamp>) -> bool {
        since.zip(self.began).is_some_and(|(since, began)| since < began)
    }

    fn judge_start(&self, options: &Options, ledger: &mut Ledger) {
        let first = self.coverage.first_proved().filter(|first| *first > 0);
        let is_from_start = options.from_start || self.identity.is_from_start() && !options.part;
        if let Some(first) = first.filter(|_| is_from_start) {
            ledger.find(None, None, FindingKind::NotFromStart { first });
        }
        let Some(file) = self.first_file.filter(|file| *file > 0) else { return };
        let oldest = self.oldest;
        if file <= oldest {
            ledger.notice(None, None, NoticeKind::Pruned { file, oldest });
        } else if options.part && !self.begins_after(options.since) {
            // What came before is not asked.
        } else if let Some((place, seq, ended)) = self.start_gone.clone() {
            let kind = FindingKind::Gone { from: 0, to: seq - 1, ended };
            ledger.find(Some(place), Some(seq), kind);
        } else {
            ledger.find(None, None, FindingKind::StartMissing { file, oldest });
        }
    }

    /// What stands after the last signed line.
    fn judge_rest(&mut self, given_up: Option<u64>, ledger: &mut Ledger) {
        let next = self.next();
        let walk = std::mem::replace(&mut self.walk, Walk::from(next));
        let is_cut_short = walk.is_cut_short();
        let (findings, more) = walk.blame_at_end();
        let behind = match &self.before {
            Some(before) if self.behind.is_empty() => &before.behind,
            _ => &self.behind,
        };
        let (at, lines, bytes) = (behind.first().cloned(), behind.lines(), behind.bytes());
        if let Some(lines) = given_up {
            ledger.find(at, None, FindingKind::PowerCut { lines, bytes });
        } else if !findings.is_empty() && !is_cut_short && !self.debris.is_of_a_power_cut() {
            ledger.enter_all(findings, more);
        } else if !behind.is_empty() {
            ledger.find(at, None, FindingKind::UnsignedEnd { lines, bytes });
        }
    }

    fn judge_end(&mut self, trust: &Trust, options: &Options, given_up: Option<u64>, ledger: &mut Ledger) {
        self.judge_rest(given_up, ledger);
        let Some(head) = self.head else { return ledger.find(None, None, FindingKind::Nothing) };
        let (closed, next) = self.last_closed();
        // A part may end with a file that was closed for the next one. Any other file, of a log that is known to go on, may
        // have been cut: its own end is not shown. So may one in which nothing is proved.
        let is_covered = options.until.is_none_or(|until| until <= head.time);
        let ends_whole =
            options.part && is_covered && closed == Some(Ended::Rotated) && self.before.is_none();
        match (closed, next) {
            (Some(Ended::Rotated), _) if ends_whole => {}
            (Some(Ended::Rotated), file) => {
                ledger.find(None, None, FindingKind::NextFileMissing { file });
            }
            (Some(_), _) => {}
            (None, _) => ledger.notice(None, None, NoticeKind::Open),
        }
        if self.no_newline {
            ledger.notice(None, Some(head.seq), NoticeKind::NoNewline);
        }
        let hand_offs = &trust.hand_offs;
        let known = if ends_whole { hand_offs.last_seq_before_file(next) } else { hand_offs.last_seq() };
        if let Some(known) = known.filter(|known| *known > head.seq) {
            ledger.find(None, None, FindingKind::EndMissing { known });
        }
    }

    /// Which part of the log was read. Its first and last proved lines bound it.
    fn name_part(&self, trust: &Trust, ledger: &mut Ledger) {
        let known = self.head.filter(|_| self.identity.is_known()).zip(self.coverage.first_proved());
        let Some((head, first)) = known else { return };
        let (from, to) = (self.began.unwrap_or(head.time), head.time);
        let (first_file, last_file) = (self.first_file, self.number.sure);
        // A key may sign up to its hand-off; what of that it did sign, only the hand-off tells.
        let is_over = trust.hand_offs.last_seq().is_some_and(|known| known > head.seq);
        let since = self.key.and_then(|key| key.since).map_or(first, |since| first.max(since.seq + 1));
        let one_key_from = Some(since).filter(|since| is_over && *since <= head.seq);
        let last = head.seq;
        let kind = NoticeKind::Part { first, last, from, to, first_file, last_file, one_key_from };
        ledger.notice(None, None, kind);
    }

    /// Hand-offs are copied as soon as they are durable: only the last may still wait.
    fn judge_copies(&self, ledger: &mut Ledger) {
        let Some(not_copied) = self.not_copied.clone() else { return };
        let is_last = self.head.is_some_and(|head| head.seq == not_copied.last);
        let hand_offs = not_copied.hand_offs - u64::from(is_last);
        if hand_offs > 0 {
            let (place, seq) = not_copied.first;
            ledger.notice(Some(place), Some(seq), NoticeKind::NotCopied { hand_offs });
        }
    }

    fn judge_losses(&self, options: &Options, ledger: &mut Ledger) {
        let (lost, crashes) = (self.lost, self.crashes);
        if options.no_losses && (lost > 0 || crashes > 0) {
            ledger.find(None, None, FindingKind::Losses { lost, crashes });
        }
    }

    fn judge_expectations(&self, options: &Options, now: Timestamp, ledger: &mut Ledger) {
        if let Some(expect) = options.expect_head {
            match (&self.expected, expect.seq) {
                (Expected::Met, _) => {}
                (Expected::Differs(place, found), seq) => {
                    let kind = FindingKind::HeadDiffers { expected: expect.hash, found: *found };
                    ledger.find(Some(place.clone()), seq, kind);
                }
                (Expected::NotMet, Some(expected)) if self.head.is_none_or(|head| head.seq < expected) => {
                    let last = self.head.map(|head| head.seq);
                    ledger.find(None, None, FindingKind::HeadBehind { expected, last });
                }
                (Expected::NotMet, _) => {
                    ledger.find(None, None, FindingKind::HeadNotFound { expected: expect.hash });
                }
            }
        }
        if let (Some(limit), Some(head)) = (options.max_silence, self.head) {
            let silence = now.since(head.time);
            if head.time.since(now) > AHEAD {
                ledger.find(None, None, FindingKind::FromTheFuture { last: head.time, now });
            } else if silence > limit {
                let closed = self.last_closed().0 == Some(Ended::Shutdown);
                ledger.find(None, None, FindingKind::Silent { last: head.time, silence, limit, closed });
            }
        }
    }
}
