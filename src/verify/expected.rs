//! The line that is known from elsewhere.

use super::Place;
use super::proof::Trust;
use crate::trail::Hash;

/// Whether the expected head was met.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    NotMet,
    Met,
    Differs(Place, Hash),
}

pub(super) fn meets(trust: &Trust, seq: u64, hash: Hash, place: impl FnOnce() -> Place) -> Expected {
    match trust.expect {
        Some(expect) if expect.hash == hash && expect.seq.is_none_or(|expected| expected == seq) => {
            Expected::Met
        }
        Some(expect) if expect.seq == Some(seq) => Expected::Differs(place(), hash),
        _ => Expected::NotMet,
    }
}

impl Expected {
    /// Takes what was met later, unless it was nothing.
    pub(super) fn note(&mut self, later: Expected) {
        if !matches!(later, Expected::NotMet) {
            *self = later;
        }
    }
}
