//! Spelling strings and numbers canonically.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::MAX_SAFE_INTEGER;
use super::plain::plain_run;

/// A whole string with its quotes.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escaped(text, out);
    out.push(b'"');
}

/// The inside of a string (RFC 8785, section 3.2.2.2): the two-character escapes where there are any, `\u00xx` for the
/// other control characters, all else as it is.
pub(crate) fn escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_run(rest));
        out.extend_from_slice(plain);
        let Some((byte, behind)) = special.split_first() else { return };
        escape(*byte, out);
        rest = behind;
    }
}

/// How many bytes [`escaped`] makes of this byte: 1, 2 or 6.
const ESCAPED_LENGTH: [u8; 256] = {
    let mut lengths = [1; 256];
    let mut control = 0;
    while control < 0x20 {
        lengths[control] = 6;
        control += 1;
    }
    let mut short = 0;
    while short < SHORT_ESCAPES.len() {
        lengths[SHORT_ESCAPES[short].0 as usize] = 2;
        short += 1;
    }
    lengths
};

/// Characters that have an escape of two characters, and its second one.
pub(super) const SHORT_ESCAPES: [(u8, u8); 7] =
    [(b'"', b'"'), (b'\\', b'\\'), (8, b'b'), (12, b'f'), (b'\n', b'n'), (b'\r', b'r'), (b'\t', b't')];

fn escape(byte: u8, out: &mut Vec<u8>) {
    match SHORT_ESCAPES.iter().find(|(plain, _)| *plain == byte) {
        Some(&(_, letter)) => out.extend_from_slice(&[b'\\', letter]),
        None => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
    }
}

fn hex_digit(nibble: u8) -> u8 {
    b"0123456789abcdef"[nibble as usize]
}

/// How many bytes [`escaped`] makes of `text`.
pub(crate) fn escaped_length(text: &str) -> usize {
    text.bytes().map(|byte| usize::from(ESCAPED_LENGTH[byte as usize])).sum()
}

/// How many bytes [`string`] makes of `text` at most: no byte takes more than six.
pub(crate) fn longest_string(text: &str) -> usize {
    text.len() * 6 + 2
}

/// The longest start of `text` that takes at most `room` bytes once [`escaped`]; never splits a character.
pub(crate) fn fitting(text: &str, room: usize) -> &str {
    let mut used = 0;
    for (at, char) in text.char_indices() {
        let length =
            if char.is_ascii() { usize::from(ESCAPED_LENGTH[char as usize]) } else { char.len_utf8() };
        used += length;
        if used > room {
            return &text[..at];
        }
    }
    text
}

pub(crate) fn unsigned(value: u64, out: &mut Vec<u8>) {
    integer(value <= MAX_SAFE_INTEGER, itoa::Buffer::new().format(value), out);
}

pub(crate) fn signed(value: i64, out: &mut Vec<u8>) {
    integer(value.unsigned_abs() <= MAX_SAFE_INTEGER, itoa::Buffer::new().format(value), out);
}

pub(crate) fn unsigned_wide(value: u128, out: &mut Vec<u8>) {
    integer(value <= u128::from(MAX_SAFE_INTEGER), itoa::Buffer::new().format(value), out);
}

pub(crate) fn signed_wide(value: i128, out: &mut Vec<u8>) {
    integer(value.unsigned_abs() <= u128::from(MAX_SAFE_INTEGER), itoa::Buffer::new().format(value), out);
}

/// An integer that readers would round is written as a string of its digits.
fn integer(exact: bool, digits: &str, out: &mut Vec<u8>) {
    if exact {
        out.extend_from_slice(digits.as_bytes());
    } else {
        string(digits, out);
    }
}

/// A float as ECMAScript writes it (RFC 8785, section 3.2.2.3); what JSON has no number for, as a string.
pub(crate) fn float(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        out.extend_from_slice(ryu_js::Buffer::new().format_finite(value).as_bytes());
    } else if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value.is_sign_negative() {
        out.extend_from_slice(b"\"-Infinity\"");
    } else {
        out.extend_from_slice(b"\"Infinity\"");
    }
}

pub(crate) fn boolean(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// `null`; takes a unit so that all scalars are written alike.
pub(super) fn null((): (), out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

/// Bytes as a string of base64 (standard, padded).
pub(crate) fn bytes(value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes_length(value.len()), b'"');
    STANDARD.encode_slice(value, &mut out[start + 1..]).expect("as long as base64 is");
}

/// How many bytes [`bytes`] makes of so many.
pub(crate) const fn bytes_length(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_number_examples_of_the_rfc() {
        // RFC 8785, appendix B: the IEEE 754 bits and their one spelling.
        for (bits, text) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x7fff_ffff_ffff_ffff, "\"NaN\""),
            (0x7ff0_0000_0000_0000, "\"Infinity\""),
            (0xfff0_0000_0000_0000, "\"-Infinity\""),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(written(|out| float(f64::from_bits(bits), out)), text, "{bits:016x}");
        }
    }

    #[test]
    fn integers_beyond_2_53_become_strings() {
        assert_eq!(written(|out| unsigned(9_007_199_254_740_991, out)), "9007199254740991");
        assert_eq!(written(|out| unsigned(9_007_199_254_740_992, out)), "\"9007199254740992\"");
        assert_eq!(written(|out| signed(-9_007_199_254_740_991, out)), "-9007199254740991");
        assert_eq!(written(|out| signed(i64::MIN, out)), "\"-9223372036854775808\"");
        assert_eq!(written(|out| unsigned_wide(7, out)), "7");
        assert_eq!(written(|out| unsigned_wide(u128::MAX, out)), format!("\"{}\"", u128::MAX));
        assert_eq!(written(|out| signed_wide(i128::MIN, out)), format!("\"{}\"", i128::MIN));
    }

    #[test]
    fn bytes_are_base64_with_its_padding() {
        // RFC 4648, section 10.
        for (plain, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            let written = written(|out| bytes(plain.as_bytes(), out));
            assert_eq!(written, format!("\"{text}\""));
            assert_eq!(written.len(), bytes_length(plain.len()));
        }
    }

    #[test]
    fn no_string_is_longer_than_the_longest() {
        for text in ["", "a", "\u{1}", "\u{1}\u{1f}", "\"\u{1}é"] {
            assert!(written(|out| string(text, out)).len() <= longest_string(text), "{text:?}");
        }
        assert_eq!((longest_string(""), longest_string("\u{1}\u{1}\u{1}")), (2, 20));
    }

    /// Control characters, which the strategy of `String` leaves out, among all others.
    fn any_text() -> impl Strategy<Value = String> {
        let char = prop_oneof![any::<char>(), (0..0x80_u8).prop_map(char::from)];
        prop::collection::vec(char, 0..40).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn strings_are_as_another_implementation_writes_them(text in any_text()) {
            let theirs = serde_json_canonicalizer::to_string(&text).unwrap();
            prop_assert_eq!(&written(|out| string(&text, out)), &theirs);
            prop_assert_eq!(escaped_length(&text) + 2, theirs.len());
        }

        #[test]
        fn floats_are_as_another_implementation_writes_them(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            prop_assert_eq!(written(|out| float(value, out)), serde_json_canonicalizer::to_string(&value).unwrap());
        }

        #[test]
        fn a_start_that_fits_is_the_longest(text in "[a\"\\n\\x01é🔒]{0,12}", room in 0..40usize) {
            let start = fitting(&text, room);
            prop_assert!(escaped_length(start) <= room);
            if let Some(next) = text[start.len()..].chars().next() {
                prop_assert!(escaped_length(&text[..start.len() + next.len_utf8()]) > room);
            }
        }
    }
}
