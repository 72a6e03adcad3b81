//! RFC 8785 (JCS): JSON of which there is exactly one spelling.
//!
//! [`write`] spells values, [`value`] whole `serde` trees, [`scan`] refuses every other spelling.

pub(crate) mod plain;
pub(crate) mod scan;
pub(crate) mod value;
pub(crate) mod write;

use std::cmp::Ordering;

/// The largest integer that every JSON reader keeps exact: 2^53 − 1.
pub(crate) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Order of member names: by UTF-16 code units (RFC 8785, section 3.2.3).
///
/// It is the order of the UTF-8 bytes, but for one case: characters from U+E000 to U+FFFF (lead bytes `EE` and `EF`)
/// come behind those beyond U+FFFF (lead bytes from `F0`), which UTF-16 writes as surrogates.
pub(crate) fn member_order(a: &str, b: &str) -> Ordering {
    let differing = a.bytes().zip(b.bytes()).find(|(a, b)| a != b);
    match differing {
        None => a.len().cmp(&b.len()),
        Some((0xEE..=0xEF, 0xF0..)) => Ordering::Greater,
        Some((0xF0.., 0xEE..=0xEF)) => Ordering::Less,
        Some((a, b)) => a.cmp(&b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_are_in_the_order_of_utf_16(a in "[a\\u{E000}-\\u{10FFFF}é]{0,4}", b in "[a\\u{E000}-\\u{10FFFF}é]{0,4}") {
            let (units_a, units_b): (Vec<u16>, Vec<u16>) = (a.encode_utf16().collect(), b.encode_utf16().collect());
            prop_assert_eq!(member_order(&a, &b), units_a.cmp(&units_b));
        }
    }

    #[test]
    fn the_sorting_example_of_the_rfc() {
        // RFC 8785, section 3.2.3.
        let sorted = ["\r", "1", "\u{80}", "\u{f6}", "\u{20ac}", "\u{1f600}", "\u{fb33}"];
        let mut names = ["\u{20ac}", "\r", "\u{fb33}", "1", "\u{1f600}", "\u{80}", "\u{f6}"];
        names.sort_by(|a, b| member_order(a, b));
        assert_eq!(names, sorted);
    }
}
