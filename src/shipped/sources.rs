//! The streams that lines came from.

use super::fact::At;
use crate::verify::Place;

#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Source>);

#[derive(Debug)]
struct Source {
    name: String,
    /// Whoever verifies calls its lines copies: they prove keys, and nothing is missing between them.
    copies: bool,
}

impl Sources {
    pub(super) fn add(&mut self, name: &str, copies: bool) -> u32 {
        self.0.push(Source { name: name.to_owned(), copies });
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }

    /// Whether its lines are among those that were given, and no copies.
    pub(super) fn is_given(&self, source: u32) -> bool {
        self.0.get(source as usize).is_none_or(|source| !source.copies)
    }

    pub(super) fn place(&self, at: At) -> Place {
        let file = self.0.get(at.source as usize).map(|source| source.name.clone()).unwrap_or_default();
        Place { file, line: at.line, offset: at.offset }
    }
}
