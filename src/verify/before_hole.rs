//! The proof up to a hole, kept while the lines behind the hole are taken for the log's.
//!
//! A power cut loses pages in any order: validly signed lines may be left behind some that are gone. Whether they are
//! the log's, and what stood before them was altered, or all of it is torn, only the line shows with which the next start
//! went on: it follows the last line before the hole and attests what lies between. It stands in the same file, or
//! opens the next one.

use super::debris::Met;
use super::ledger::Ledger;
use super::piece::Piece;
use super::proof::{Proof, Trust};
use crate::trail::{Control, Line};

/// The proof as it was, its bytes behind the last proved line counted on.
#[derive(Clone)]
pub(super) struct BeforeHole {
    proof: Proof,
    ledger: Ledger,
    /// A signed line goes on from before the hole, and does not attest what stands in between.
    contradicted: bool,
    /// Where the line behind the hole begins, counted through all files.
    pub(super) at: u64,
}

impl BeforeHole {
    /// Counts a piece that was met since.
    pub(super) fn set_aside(&mut self, piece: Piece<'_>, line: Option<(&Line<'_>, Met)>) {
        let place = self.proof.place();
        if let Some((line, _)) = line {
            let next = self.proof.proved_part().next().seq;
            self.proof.coverage.meet_unproved(line.link.seq, next);
        }
        self.proof.set_aside(piece.begins.then_some(&place), piece, line);
        self.proof.pass(piece);
    }
}

impl Proof {
    /// Keeps the proof as it is before a validly signed line that nothing leads to.
    pub(super) fn keep(&mut self, ledger: &Ledger, line: &Line<'_>) {
        // What retention deleted is no hole; the first file that it left may begin with a torn genesis.
        let is_start = self.head.is_none() && (self.behind.is_empty() || self.is_attested_by(line));
        if is_start || self.before_hole.is_some() || self.next().is_taken_by(line) || self.walk.leads_to(line)
        {
            return;
        }
        let (proof, ledger, at) = (self.clone(), ledger.clone(), self.position());
        self.before_hole = Some(Box::new(BeforeHole { proof, ledger, contradicted: false, at }));
    }

    /// Whether the line is a genesis that attests what stands before it in its file.
    fn is_attested_by(&self, line: &Line<'_>) -> bool {
        matches!(Control::parse(line), Ok(Some(Control::Genesis(genesis))) if self.behind.is(genesis.torn))
    }

    /// Goes back to the kept proof where this line goes on from it.
    pub(super) fn go_back(&mut self, trust: &Trust, ledger: &mut Ledger, line: Option<&Line<'_>>) {
        let goes_on =
            |kept: &mut Box<BeforeHole>| line.is_some_and(|line| kept.proof.attests_all(trust, line));
        if let Some(kept) = self.before_hole.take_if(goes_on) {
            self.go_back_to(*kept, ledger);
        } else if let Some((kept, line)) = self.before_hole.as_mut().zip(line) {
            kept.contradicted |= kept.proof.is_followed_by(trust, line);
        }
    }

    /// At the end of the log: goes back where a power cut explains the hole, so that a start may still attest what stands
    /// behind it. The answer is how many signed lines are given up then.
    pub(super) fn go_back_at_end(&mut self, ledger: &mut Ledger) -> Option<u64> {
        let kept = self.before_hole.take_if(|kept| {
            kept.proof.debris.of_a_hand().is_none()
                && kept.proof.debris.signed() > 0
                && kept.proof.before.is_none()
                && !kept.contradicted
        })?;
        self.go_back_to(*kept, ledger);
        Some(self.debris.signed())
    }

    fn go_back_to(&mut self, kept: BeforeHole, ledger: &mut Ledger) {
        let checked = ledger.signatures_checked;
        let strays = self.strays;
        let mut given_up = std::mem::take(&mut self.given_up);
        given_up.push(kept.at);
        (*self, *ledger) = (kept.proof, kept.ledger);
        ledger.signatures_checked = checked;
        self.given_up = given_up;
        self.strays.add(strays);
    }

    /// A file begins: it may open with the line that goes on; no later one may.
    pub(super) fn keep_through(&mut self, name: &str) {
        self.before_hole.take_if(|kept| kept.proof.before.is_some());
        if let Some(kept) = &mut self.before_hole {
            kept.proof.begin_file(name, &kept.ledger);
        }
    }

    /// Whether the line follows the last proved one and says that all in between is torn.
    fn attests_all(&self, trust: &Trust, line: &Line<'_>) -> bool {
        self.is_followed_by(trust, line)
            && match (Control::parse(line), &self.before) {
                (Ok(Some(Control::Resume(resume))), None) => self.behind.is(resume.torn),
                (Ok(Some(Control::Genesis(genesis))), before) => {
                    let torn = genesis.previous.and_then(|previous| previous.torn);
                    self.behind.is(genesis.torn)
                        && before.as_ref().is_none_or(|before| before.behind.is(torn))
                }
                _ => false,
            }
    }

    /// Whether the line, validly signed, follows the last proved one.
    fn is_followed_by(&self, trust: &Trust, line: &Line<'_>) -> bool {
        self.next().is_taken_by(line) && self.is_signed(trust, line)
    }
}
