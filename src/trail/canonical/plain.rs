//! Runs of characters that a canonical string has as they are.

/// How many bytes from the start on need no escape: all but quotes, backslashes and control characters.
///
/// Eight bytes at a time. A byte is below `n` (at most 128) where `byte - n` borrows and the byte has no high bit, and it is `c`
/// where `byte ^ c` is below 1; a borrow can only make a byte *behind* the first such one look like another. (Hacker's
/// Delight, section 6-1.)
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let special = special(*word);
        if special != 0 {
            return at * 8 + first(special);
        }
    }
    let done = bytes.len() - rest.len();
    // The last eight bytes, those again that were looked at already; or all there are, behind plain ones.
    let (word, skipped) = match bytes.last_chunk::<8>() {
        Some(last) => (*last, 8 - rest.len()),
        None => (padded(rest), 0),
    };
    let special = special(word);
    if special == 0 { bytes.len() } else { done + first(special) - skipped }
}

/// The highest bit of each byte that needs an escape; of those behind the first, perhaps of others as well.
fn special(word: [u8; 8]) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    let below = |word: u64, n: u64| word.wrapping_sub(EACH * n) & !word & (EACH << 7);
    let word = u64::from_le_bytes(word);
    let quote = word ^ (EACH * u64::from(b'"'));
    let backslash = word ^ (EACH * u64::from(b'\\'));
    below(word, 0x20) | below(quote, 1) | below(backslash, 1)
}

fn first(special: u64) -> usize {
    special.trailing_zeros() as usize / 8
}

/// Fewer than eight bytes, and spaces.
fn padded(bytes: &[u8]) -> [u8; 8] {
    let mut word = [b' '; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    word
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
