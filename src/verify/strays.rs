//! Hand-offs that were met and not taken for the log's.
//!
//! One that a key of the log signed may show that lines before it were taken for the log's and are not: then the log is to be
//! read again, with it known.

use super::hand_offs::HandOffs;
use super::walk::Walk;
use crate::trail::{KeyId, Kind, Line};

/// What is known of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Strays {
    /// One, validly signed, stands after other lines of its number, and of later ones, which were taken for the log's.
    pub(super) is_late: bool,
    /// One does not follow from the log's lines: it may be another one from an epoch that is over.
    is_met: bool,
    /// One stands behind the last proved line: it may be torn.
    is_behind: bool,
}

impl Strays {
    /// Whether a line may be one, if it is not taken for the log's.
    pub(super) fn may_be(line: &Line<'_>, log: KeyId, walk: &Walk, known: &HandOffs) -> bool {
        line.kind == Kind::Handoff
            && line.link.log == log
            && line.link.signature.is_some()
            && !walk.leads_to(line)
            && !known.has(line.link.seq, line.hash())
    }

    /// Meets one behind the last proved line.
    pub(super) fn meet(&mut self) {
        self.is_behind = true;
    }

    /// What stands behind the last proved line is torn.
    pub(super) fn forget_torn(&mut self) {
        self.is_behind = false;
    }

    /// A line is proved: what stands before it was not torn, or that was said.
    pub(super) fn settle(&mut self) {
        self.is_met |= std::mem::take(&mut self.is_behind);
    }

    /// Those of a proof that was given up, or went apart.
    pub(super) fn add(&mut self, others: Strays) {
        self.is_late |= others.is_late;
        self.is_behind |= others.is_behind || others.is_met;
    }

    /// Whether there is one. `may_be_torn`: a power cut explains what stands at the end.
    pub(super) fn are_met(self, may_be_torn: bool) -> bool {
        self.is_met || self.is_behind && !may_be_torn
    }
}
