//! What a power cut leaves is told from what a hand leaves.

use super::*;
use crate::trail::{Chain, SecretKey, Timestamp};

const BODY: &[u8] = br#"{"fields":{},"kind":"event","level":"INFO","target":"audit""#;

/// Lines from number 7 on, with their newlines.
fn lines(count: usize) -> (Next, Vec<Vec<u8>>) {
    let key = SecretKey::from_seed(&[7; 32]);
    let prev = crate::trail::Hash::of_line(b"before");
    let mut chain = Chain::after(key.id(), 7, prev);
    let line = |_| {
        let mut line = Vec::new();
        chain.signed(BODY, Timestamp::default(), &key, &mut line);
        line
    };
    (Next { seq: 7, prev }, (0..count).map(line).collect())
}

/// Meets bytes that stand at this offset of a file, to its end; each line that parses is a signed one.
fn met(next: Next, offset: u64, bytes: &[u8]) -> (u64, Option<NotTorn>) {
    let mut debris = Debris::after(next);
    let mut at = offset;
    for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
        let (text, end) = match piece.strip_suffix(b"\n") {
            Some(text) => (text, PieceEnd::Newline),
            None => (piece, PieceEnd::File),
        };
        match Line::parse(text) {
            Ok(line) => debris.line(&line, Met::Signed),
            Err(_) => debris.piece(Piece { bytes: text, begins: true, end }, at),
        }
        at += piece.len() as u64;
    }
    (debris.signed(), debris.of_a_hand())
}

#[test]
fn zeros_up_to_the_end_of_a_sector_are_of_a_power_cut() {
    let (next, lines) = lines(6);
    let whole = lines.concat();
    for lost in [0..512, 512..1024, 512..1536, 100..512, 1000..1024] {
        let mut left = whole.clone();
        left[lost.clone()].fill(0);
        let (signed, trace) = met(next, 0, &left);
        assert_eq!(trace, None, "{lost:?}");
        assert!((1..6).contains(&signed), "{lost:?}");
        // In a file the same bytes stand elsewhere.
        assert_eq!(met(next, 1, &left).1, Some(NotTorn::WithinSector), "{lost:?}");
        assert_eq!(met(next, 1024, &left).1, None, "{lost:?}");
    }
}

#[test]
fn zeros_that_end_elsewhere_are_of_a_hand() {
    let (next, lines) = lines(6);
    for end in [511, 513, 800, 1023] {
        let mut left = lines.concat();
        left[500..end].fill(0);
        assert_eq!(met(next, 0, &left).1, Some(NotTorn::WithinSector), "{end}");
    }
}

#[test]
fn a_line_that_is_gone_or_broken_without_zeros_is_of_a_hand() {
    let (next, lines) = lines(6);
    for gone in 0..5 {
        let mut left = lines.clone();
        left.remove(gone);
        assert_eq!(met(next, 0, &left.concat()), (5, Some(NotTorn::NoZeros)), "{gone}");
        let mut left = lines.clone();
        left[gone][3] = b'x';
        assert_eq!(met(next, 0, &left.concat()), (5, Some(NotTorn::NoZeros)), "{gone}");
    }
    // Nothing stands behind what is broken last.
    let mut left = lines.clone();
    left[5][3] = b'x';
    assert_eq!(met(next, 0, &left.concat()), (5, None));
}

#[test]
fn zeros_elsewhere_explain_no_line_that_is_gone() {
    let (next, lines) = lines(12);
    let mut left = lines.concat();
    left[512..1024].fill(0);
    let rest = left.split_off(lines[..8].concat().len() + lines[8].len());
    let gone = left.len() - lines[8].len();
    left.truncate(gone);
    assert_eq!(met(next, 0, &[left, rest].concat()).1, Some(NotTorn::NoZeros));
}

#[test]
fn an_altered_line_and_a_copied_hand_off_are_never_torn() {
    let (next, lines) = lines(3);
    let parsed: Vec<_> = lines.iter().map(|line| Line::parse(line.trim_ascii_end()).unwrap()).collect();
    let met = |first, second| {
        let mut debris = Debris::after(next);
        debris.line(&parsed[0], first);
        debris.piece(Piece { bytes: &[0], begins: true, end: PieceEnd::Newline }, 511);
        debris.line(&parsed[2], second);
        (debris.signed(), debris.of_a_hand())
    };
    assert_eq!(met(Met::Signed, Met::Signed), (2, None));
    assert_eq!(met(Met::Whole, Met::Signed), (1, None));
    assert_eq!(met(Met::Altered, Met::Signed), (1, Some(NotTorn::Altered)));
    assert_eq!(met(Met::Signed, Met::HandOff), (2, Some(NotTorn::HandOff)));
    assert_eq!(met(Met::HandOff, Met::Whole), (1, Some(NotTorn::HandOff)));
}

#[test]
fn a_piece_longer_than_any_line_is_one_piece() {
    use PieceEnd::{Newline, TooLong};
    let (next, lines) = lines(1);
    let line = Line::parse(lines[0].trim_ascii_end()).unwrap();
    let met = |parts: &[(&[u8], PieceEnd)]| {
        let (mut debris, mut at) = (Debris::after(next), 0);
        for (number, (bytes, end)) in parts.iter().enumerate() {
            debris.piece(Piece { bytes, begins: number == 0, end: *end }, at);
            at += bytes.len() as u64;
        }
        debris.line(&line, Met::Signed);
        debris.of_a_hand()
    };
    assert_eq!(met(&[(&[0; 500], TooLong), (&[0; 12], TooLong), (b"x", Newline)]), None);
    assert_eq!(met(&[(&[0; 512], TooLong), (b"x", TooLong), (b"", Newline)]), None);
    assert_eq!(met(&[(&[0; 512], TooLong), (b"", Newline)]), None);
    assert_eq!(met(&[(&[0; 500], TooLong), (b"x", Newline)]), Some(NotTorn::WithinSector));
    assert_eq!(met(&[(&[0; 500], TooLong), (b"", Newline)]), Some(NotTorn::WithinSector));
    assert_eq!(met(&[(b"x", TooLong), (b"x", Newline)]), Some(NotTorn::NoZeros));
}
