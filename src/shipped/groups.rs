//! The sorted lines, by log and number; those of one log as often as they are asked for.

use std::cell::Cell;
use std::io;

use super::Sources;
use super::fact::Fact;
use super::group::Group;
use super::sort::{Mark, Sorted};
use crate::trail::{KeyId, Line};

/// Signatures that are checked to find out which lines re-emitted ones were. Whoever sends lines that can't be brought back
/// gets no more time than that.
const TRIES: u32 = 1 << 16;

pub(super) struct Groups<'a> {
    sorted: Sorted,
    record: Vec<u8>,
    sources: &'a Sources,
    /// The line that comes next.
    next: Option<Fact>,
    /// The first line of the log, and what comes after it.
    first: Option<(Fact, Mark)>,
    tries: u32,
}

impl<'a> Groups<'a> {
    pub(super) fn new(sorted: Sorted, sources: &'a Sources) -> io::Result<Groups<'a>> {
        let mut groups =
            Groups { sorted, record: Vec::new(), sources, next: None, first: None, tries: TRIES };
        groups.next = groups.fact()?;
        Ok(groups)
    }

    /// Begins the next log, where there is one; the one before was taken to its end.
    pub(super) fn begin(&mut self) -> Option<KeyId> {
        let first = self.next.clone()?;
        let log = first.log;
        self.first = Some((first, self.sorted.mark()));
        Some(log)
    }

    /// Takes the log's lines again, from its first on.
    pub(super) fn again(&mut self) -> io::Result<()> {
        if let Some((first, mark)) = &self.first {
            self.sorted.go_back(mark)?;
            self.next = Some(first.clone());
        }
        Ok(())
    }

    /// Takes all lines of the log, number by number. `take` is given those of a number, restored as far as `is_good`
    /// knows their signatures, and the members that had to be changed for that.
    pub(super) fn each<T>(
        &mut self,
        state: &mut T,
        is_good: impl Fn(&T, &Line<'_>) -> bool,
        mut take: impl FnMut(&mut T, Group, Vec<String>),
    ) -> io::Result<()> {
        let Some(log) = self.first.as_ref().map(|(first, _)| first.log) else { return Ok(()) };
        let mut next = self.group(log)?;
        while let Some(mut group) = next {
            next = self.group(log)?;
            let tries = Cell::new(self.tries);
            let changed = group.repair(next.as_ref(), |line| {
                let left = tries.get().checked_sub(u32::from(line.link.signature.is_some()));
                tries.set(left.unwrap_or(0));
                left.is_some() && is_good(state, line)
            });
            self.tries = tries.get();
            take(state, group, changed);
        }
        Ok(())
    }

    /// The lines of the log's next number.
    fn group(&mut self, log: KeyId) -> io::Result<Option<Group>> {
        let Some(first) = self.next.take_if(|first| first.log == log) else { return Ok(None) };
        let seq = first.seq;
        let given = self.sources.is_given(first.at.source);
        let mut group = Group::of(first, given);
        loop {
            match self.fact()? {
                Some(fact) if (fact.log, fact.seq) == (log, seq) => {
                    let given = self.sources.is_given(fact.at.source);
                    group.add(fact, given);
                }
                other => {
                    self.next = other;
                    return Ok(Some(group));
                }
            }
        }
    }

    fn fact(&mut self) -> io::Result<Option<Fact>> {
        let any = self.sorted.next(&mut self.record)?;
        let fact = any.then(|| Fact::decode(&self.record));
        match fact {
            Some(None) => Err(io::Error::new(io::ErrorKind::InvalidData, "a temporary file was changed")),
            fact => Ok(fact.flatten()),
        }
    }
}
