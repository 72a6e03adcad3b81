//! The proof up to a hole, kept while the lines behind the hole are taken for the log's.
//!
//! A power cut loses pages in any order: validly signed lines may be left behind some that are gone. Whether they are
//! the log's, and what stood before them was altered, or all of it is torn, only the line shows with which the next start
//! went on: it follows the last line before the hole and attests what lies between. It stands in the same file, or
//! opens the next one.

use super::ledger::Ledger;
use super::piece::Piece;
use super::proof::{Proof, Trust};
use super::standing::Standing;
use crate::trail::{Control, Line};

/// The proof as it was, its bytes behind the last proved line counted on.
#[derive(Clone)]
pub(super) struct BeforeHole {
    proof: Proof,
    ledger: Ledger,
}

impl Proof {
    /// Keeps the proof as it is before a validly signed line that nothing leads to.
    pub(super) fn keep(&mut self, ledger: &Ledger, line: &Line<'_>, piece: Piece<'_>) {
        let is_start = self.head.is_none() && self.behind.is_empty();
        if is_start || self.before_hole.is_some() || self.next().is_taken_by(line) || self.walk.leads_to(line)
        {
            return;
        }
        let mut proof = self.clone();
        proof.set_aside(Some(&self.place()), piece);
        proof.pass(piece);
        self.before_hole = Some(Box::new(BeforeHole { proof, ledger: ledger.clone() }));
    }

    /// Goes back to the kept proof where this line goes on from it.
    pub(super) fn go_back(
        &mut self,
        trust: &Trust,
        ledger: &mut Ledger,
        line: Option<&Line<'_>>,
        piece: Piece<'_>,
    ) {
        let place = self.place();
        let goes_on =
            |kept: &mut Box<BeforeHole>| line.is_some_and(|line| kept.proof.attests_all(trust, line));
        if let Some(kept) = self.before_hole.take_if(goes_on) {
            let checked = ledger.signatures_checked;
            (*self, *ledger) = (kept.proof, kept.ledger);
            ledger.signatures_checked = checked;
        } else if let Some(kept) = &mut self.before_hole {
            kept.proof.set_aside(Some(&place), piece);
            kept.proof.pass(piece);
        }
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
        let attested = self.next().is_taken_by(line)
            && match (Control::parse(line), &self.before) {
                (Ok(Some(Control::Resume(resume))), None) => self.behind.is(resume.torn),
                (Ok(Some(Control::Genesis(genesis))), before) => {
                    let torn = genesis.previous.and_then(|previous| previous.torn);
                    self.behind.is(genesis.torn)
                        && before.as_ref().is_none_or(|before| before.behind.is(torn))
                }
                _ => false,
            };
        attested && matches!(self.standing(trust, line, &mut Ledger::new()), Standing::Signed(_))
    }
}
