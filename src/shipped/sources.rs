//! The streams that lines came from.

use super::fact::At;
use crate::verify::Place;

#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Source>);

#[derive(Debug)]
struct Source {
    name: String,
    /// A line came from it that `<prefix>.keys` would not have.
    shipped: bool,
}

impl Sources {
    pub(super) fn add(&mut self, name: &str) -> u32 {
        self.0.push(Source { name: name.to_owned(), shipped: false });
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }

    /// A line came from a source.
    pub(super) fn met(&mut self, source: u32, names_a_key: bool) {
        if let Some(source) = self.0.get_mut(source as usize) {
            source.shipped |= !names_a_key;
        }
    }

    /// Whether more than copies of the lines that name keys came from it.
    pub(super) fn is_shipped(&self, source: u32) -> bool {
        self.0.get(source as usize).is_none_or(|source| source.shipped)
    }

    pub(super) fn place(&self, at: At) -> Place {
        let file = self.0.get(at.source as usize).map(|source| source.name.clone()).unwrap_or_default();
        Place { file, line: at.line, offset: at.offset }
    }
}
