//! Which numbers are there, and which are not.

use super::fact::{At, Shape};
use super::group::Group;
use super::walk::Walk;
use crate::trail::Hash;
use crate::verify::{ExpectedHead, FindingKind};

/// The lines that were given: all but copies.
#[derive(Default)]
pub(super) struct Given {
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    /// Copies of lines behind the last.
    copies: Vec<u64>,
}

/// The line that is known from elsewhere.
#[derive(Default)]
pub(super) struct Expected {
    pub(super) met: Option<u64>,
    pub(super) proved: bool,
    pub(super) differs: Option<(At, Hash)>,
}

impl Walk<'_> {
    pub(super) fn meet(&mut self, group: &Group) {
        let seq = group.seq;
        self.coverage.meet(seq, seq);
        self.agreed.meet(seq, seq);
        self.doubles += group.doubles;
        for line in &group.lines {
            if line.shape == Shape::Restored {
                self.restored.0 += 1;
                self.restored.1.get_or_insert_with(|| self.sources.place(line.at));
            }
            match self.options.expect_head {
                Some(ExpectedHead { seq: expected, hash })
                    if hash == line.hash
                        && expected.is_none_or(|expected| expected == seq)
                        && self.sources.is_given(line.at.source) =>
                {
                    self.expected.met = Some(seq);
                }
                Some(ExpectedHead { seq: Some(expected), hash }) if expected == seq && hash != line.hash => {
                    self.expected.differs = Some((line.at, line.hash));
                }
                _ => {}
            }
        }
        if !group.given {
            self.given.copies.push(seq);
            return;
        }
        let copies = std::mem::take(&mut self.given.copies);
        if let Some(last) = self.given.last.filter(|_| !self.options.sparse) {
            let mut from = last + 1;
            for there in copies.into_iter().chain([seq]) {
                if from < there {
                    self.coverage.missing.push(from, there - 1);
                    let kind = FindingKind::NotGiven { from, to: there - 1 };
                    self.ledger.find(None, None, kind);
                }
                from = there + 1;
            }
        }
        self.given.first = self.given.first.or(Some(seq));
        self.given.last = Some(seq);
    }

    /// The last of the copies behind the last line.
    pub(super) fn later_known(&self) -> Option<u64> {
        self.given.copies.last().copied().filter(|_| self.given.last.is_some())
    }
}
