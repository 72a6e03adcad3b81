//! Bytes that may turn out torn: how many, and their hash, without keeping them.

use super::Place;
use crate::trail::{Hasher, Torn};

/// The bytes behind the last signed line of a file. Their last newline is not counted: it is the one that stands
/// before the line that attests them.
#[derive(Clone, Default)]
pub(super) struct Measure {
    first: Option<Place>,
    bytes: u64,
    lines: u64,
    newline: bool,
    hasher: Hasher,
}

impl Measure {
    /// Adds bytes that begin a line at `place`, or go on with one.
    pub(super) fn add(&mut self, place: Option<&Place>, bytes: &[u8], newline: bool) {
        if self.newline {
            self.hasher.update(b"\n");
            self.bytes += 1;
        }
        if self.first.is_none() {
            self.first = place.cloned();
        }
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.newline = newline;
        self.lines += u64::from(newline);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0 && !self.newline
    }

    /// What an attestation of exactly these bytes says.
    pub(super) fn torn(&self) -> Torn {
        Torn { bytes: self.bytes, sha256: self.hasher.clone().finish() }
    }

    /// Whether `attested` is what stands here, nothing for nothing.
    pub(super) fn is(&self, attested: Option<Torn>) -> bool {
        match attested {
            None => self.is_empty(),
            Some(torn) => self.bytes == torn.bytes && self.torn() == torn,
        }
    }

    /// Where the bytes begin.
    pub(super) fn first(&self) -> Option<&Place> {
        self.first.as_ref()
    }

    /// All bytes, the last newline too.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes + u64::from(self.newline)
    }

    /// Whole lines.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::Hash;

    #[test]
    fn the_newline_before_the_attesting_line_is_not_torn_and_every_other_one_is() {
        let mut measure = Measure::default();
        assert!(measure.is(None) && measure.is_empty());
        measure.add(None, b"whole", true);
        measure.add(None, b"pi", false);
        measure.add(None, b"ece", true);
        let torn = Torn { bytes: 11, sha256: Hash::of_bytes(b"whole\npiece") };
        assert!(measure.is(Some(torn)) && !measure.is(None));
        assert!(!measure.is(Some(Torn { bytes: 12, ..torn })));
        assert_eq!((measure.bytes(), measure.lines()), (12, 2));
    }

    #[test]
    fn a_blank_line_is_something() {
        let mut measure = Measure::default();
        measure.add(None, b"", true);
        assert!(!measure.is_empty() && !measure.is(None));
    }
}
