//! Names of members, counted, in bounded space.

use std::collections::BTreeMap;

use super::report::Named;

/// So many different names are kept; the rest are counted as one.
const NAMES: usize = 64;

const OTHERS: &str = "…";

#[derive(Debug, Clone, Default)]
pub(super) struct Names(BTreeMap<String, u64>);

impl Names {
    pub(super) fn count(&mut self, name: String) {
        let is_kept = self.0.len() < NAMES || self.0.contains_key(&name);
        *self.0.entry(if is_kept { name } else { OTHERS.to_owned() }).or_default() += 1;
    }

    pub(super) fn list(self) -> Vec<Named> {
        self.0.into_iter().map(|(member, lines)| Named { member, lines }).collect()
    }
}
