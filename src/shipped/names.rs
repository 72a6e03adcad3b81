//! Names of members, counted, in bounded space.

use std::collections::BTreeMap;

use super::compare::{Beside, Says, cut};
use super::fact::At;
use super::report::Named;

/// So many different names are kept; the rest are counted as one.
const NAMES: usize = 64;

const OTHERS: &str = "…";

/// Bytes that a name takes besides its own, at most about.
const ENTRY: usize = 200;

/// So many that differ are kept of each member.
const EXAMPLES: usize = 16;

#[derive(Debug, Clone, Default)]
pub(super) struct Names(BTreeMap<String, u64>);

impl Names {
    /// How many bytes more it takes.
    pub(super) fn count(&mut self, name: String) -> usize {
        self.add(name, 1)
    }

    pub(super) fn add(&mut self, name: String, lines: u64) -> usize {
        let name = cut(name);
        if let Some(known) = self.0.get_mut(&name) {
            *known += lines;
            return 0;
        }
        let name = if self.0.len() < NAMES { name } else { OTHERS.to_owned() };
        let bytes = if self.0.contains_key(&name) { 0 } else { ENTRY + name.len() };
        *self.0.entry(name).or_default() += lines;
        bytes
    }

    pub(super) fn list(self) -> Vec<Named> {
        self.0.into_iter().map(|(member, lines)| Named { member, lines }).collect()
    }
}

/// Members that stand beside lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Besides {
    members: BTreeMap<String, Tally>,
    /// Those that the lines have nothing of.
    others: Names,
    /// Members that were too many to be compared.
    more: u64,
}

#[derive(Debug, Clone, Default)]
struct Tally {
    same: u64,
    differ: u64,
    /// Of those that differ, so many surely do.
    sure: u64,
    examples: Vec<Differs>,
}

/// A member that differs from the line that it stands beside.
#[derive(Debug, Clone)]
pub(super) struct Differs {
    pub(super) at: At,
    pub(super) seq: u64,
    pub(super) member: String,
    pub(super) line: String,
    pub(super) found: String,
    sure: bool,
}

/// What is said of all of them.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) same: Names,
    pub(super) unproved: Names,
    pub(super) differ: Vec<Differs>,
    /// Those that differ and are not listed.
    pub(super) more: u64,
}

impl Besides {
    /// How many bytes more it takes.
    pub(super) fn take(&mut self, at: At, seq: u64, beside: Vec<Beside>) -> usize {
        let mut bytes = 0;
        for Beside { member, says } in beside {
            if says == Says::Other {
                bytes += self.others.count(member);
                continue;
            }
            if self.members.len() >= NAMES && !self.members.contains_key(&member) {
                self.more += 1;
                continue;
            }
            if !self.members.contains_key(&member) {
                bytes += ENTRY + member.len();
            }
            let tally = self.members.entry(member.clone()).or_default();
            match says {
                Says::Differs { line, found, sure } => {
                    tally.differ += 1;
                    tally.sure += u64::from(sure);
                    let known = tally.examples.iter().filter(|example| example.sure == sure).count();
                    if known < EXAMPLES {
                        bytes += size_of::<Differs>() + member.len() + line.len() + found.len();
                        tally.examples.push(Differs { at, seq, member, line, found, sure });
                    }
                }
                _ => tally.same += 1,
            }
        }
        bytes
    }

    /// A member is known to be the line's where it mostly says the same, or its document says so. Levels are few: that
    /// one says the same shows nothing.
    pub(super) fn compared(self) -> Compared {
        let mut compared = Compared { unproved: self.others, ..Compared::default() };
        if self.more > 0 {
            compared.unproved.add(OTHERS.to_owned(), self.more);
        }
        for (member, tally) in self.members {
            let is_level = member.rsplit('.').next() == Some("level");
            let is_ours = tally.same > 0 && tally.same >= tally.differ && !is_level;
            let differ = if is_ours { tally.differ } else { tally.sure };
            if tally.same > 0 {
                compared.same.add(member.clone(), tally.same);
            }
            if tally.differ > differ {
                compared.unproved.add(member, tally.differ - differ);
            }
            let examples = tally.examples.into_iter().filter(|example| example.sure || is_ours);
            let listed = compared.differ.len();
            compared.differ.extend(examples);
            compared.more += differ - (compared.differ.len() - listed) as u64;
        }
        compared
    }
}
