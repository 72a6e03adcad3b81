//! The lines of one log that say the same number.

use super::fact::{Fact, Shape};
use super::restore;
use crate::trail::{Hash, Line};

/// So many different lines of one number are looked at; who floods a store with forged ones is found out all the same.
const DIFFERENT: usize = 256;

#[derive(Debug)]
pub(super) struct Group {
    pub(super) seq: u64,
    /// Each differs from the others.
    pub(super) lines: Vec<Fact>,
    /// Lines that came once more, the same.
    pub(super) doubles: u64,
    /// Different lines that were too many to be looked at.
    pub(super) more: u64,
    /// Some are no copies.
    pub(super) given: bool,
    last_was_given: bool,
}

impl Group {
    /// `given`: it is no copy.
    pub(super) fn of(fact: Fact, given: bool) -> Group {
        let seq = fact.seq;
        Group { seq, lines: vec![fact], doubles: 0, more: 0, given, last_was_given: given }
    }

    /// Takes a line of the same number; equal ones come one after the other.
    pub(super) fn add(&mut self, fact: Fact, given: bool) {
        self.given |= given;
        if let Some(last) = self.lines.last_mut().filter(|last| last.hash == fact.hash) {
            self.doubles += u64::from(given && self.last_was_given);
            if given && !self.last_was_given {
                last.at = fact.at; // what came as a copy too was given
            }
            self.last_was_given |= given;
        } else if self.lines.len() < DIFFERENT {
            self.lines.push(fact);
            self.last_was_given = given;
        } else {
            self.more += 1;
        }
    }

    /// Finds the lines that re-emitted ones were: by what the next line follows, or by their own signatures, which
    /// `is_good` checks, whatever became of the next line. The answer names the members that had to be changed.
    pub(super) fn repair(
        &mut self,
        next: Option<&Group>,
        is_good: impl Fn(&Line<'_>) -> bool,
    ) -> Vec<String> {
        let mut members = Vec::new();
        if self.lines.iter().all(|line| line.text.is_empty()) {
            return members;
        }
        let follow = next.filter(|next| next.seq == self.seq + 1);
        let wanted: Vec<Hash> =
            follow.into_iter().flat_map(|next| &next.lines).map(|line| line.prev).collect();
        if self.lines.iter().any(|line| wanted.contains(&line.hash)) {
            return members;
        }
        let is_next = |line: &Line<'_>| wanted.contains(&line.hash());
        for fact in self.lines.iter_mut().filter(|line| !line.text.is_empty()) {
            if restore::line(&fact.text).is_some_and(|(line, _)| is_good(&line)) {
                continue;
            }
            // What the next line follows is known at once; signatures take their time.
            let repaired = if wanted.is_empty() { None } else { restore::repair(&fact.text, is_next) };
            let Some((text, changed)) = repaired.or_else(|| restore::repair(&fact.text, &is_good)) else {
                continue;
            };
            if let Some((line, time)) = restore::line(&text) {
                *fact = Fact::of(&line, time, Shape::Restored, fact.at);
                members.extend(changed);
            }
        }
        members
    }
}
