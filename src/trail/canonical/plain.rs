//! Runs of characters that a canonical string has as they are.

/// How many bytes from the start on need no escape: all but quotes, backslashes and control characters.
///
/// Eight bytes at a time. A byte is below `n` (at most 128) where `byte - n` borrows and the byte has no high bit, and it is `c`
/// where `byte ^ c` is below 1; a borrow can only make a byte *behind* the first such one look like another. (Hacker's
/// Delight, section 6-1.)
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::MAX / 255;
    let below = |word: u64, n: u64| word.wrapping_sub(EACH * n) & !word & (EACH << 7);
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (EACH * u64::from(b'"'));
        let backslash = word ^ (EACH * u64::from(b'\\'));
        let special = below(word, 0x20) | below(quote, 1) | below(backslash, 1);
        if special != 0 {
            return at * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let special = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    bytes.len() - rest.len() + special.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_run_ends_at_the_first_byte_that_needs_an_escape(bytes in prop::collection::vec(prop_oneof![20 => Just(b'a'), 1 => any::<u8>()], 0..40)) {
            let first = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(plain_run(&bytes), first.unwrap_or(bytes.len()));
        }
    }

    #[test]
    fn every_byte_is_told_in_every_place() {
        for byte in 0..=255 {
            for (at, before) in (0..8).flat_map(|at| [(at, b'a'), (at, 0xFF), (at, 0x20), (at, b'#')]) {
                let mut bytes = [before; 8];
                bytes[at] = byte;
                let expected = if matches!(byte, b'"' | b'\\' | 0..0x20) { at } else { 8 };
                assert_eq!(plain_run(&bytes), expected, "{byte} at {at} behind {before}");
            }
        }
    }
}
