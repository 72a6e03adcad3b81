//! SHA-256 of a line, the link of the chain.

use std::fmt;
use std::slice::from_ref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

/// What SHA-256 takes at once, in bytes.
const BLOCK: usize = 64;

/// The state that SHA-256 begins with (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A SHA-256 hash. Written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// `prev` of the first line of a log.
    pub const ZERO: Hash = Hash([0; 32]);

    /// The hash of a line, given without its newline: SHA-256(`0x00` ‖ line), the leaf hash of RFC 6962, section 2.1.
    pub fn of_line(line: &[u8]) -> Hash {
        let (mut state, mut ends) = (INITIAL, Ends::NONE);
        for blocks in ends.of(line) {
            compress256(&mut state, blocks);
        }
        Hash::of_state(state)
    }

    /// The hashes of two lines. Block by block in turns, since a processor begins with the one while it still waits for
    /// the other: that takes a fifth less than one after the other.
    pub(crate) fn of_both([one, other]: [&[u8]; 2]) -> [Hash; 2] {
        let (mut states, mut ends) = ([INITIAL; 2], [Ends::NONE; 2]);
        let ([mine, theirs], [ends, other_ends]) = (&mut states, &mut ends);
        for (blocks, others) in ends.of(one).into_iter().zip(other_ends.of(other)) {
            for (block, other) in blocks.iter().zip(others) {
                compress256(mine, from_ref(block));
                compress256(theirs, from_ref(other));
            }
            let both = blocks.len().min(others.len());
            compress256(mine, &blocks[both..]);
            compress256(theirs, &others[both..]);
        }
        states.map(Hash::of_state)
    }

    fn of_state(state: [u32; 8]) -> Hash {
        let mut hash = [0; 32];
        for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
            *bytes = word.to_be_bytes();
        }
        Hash(hash)
    }

    /// The plain SHA-256 of bytes, as `torn.sha256` has it.
    pub fn of_bytes(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// From 64 lower-case hex digits; nothing else is taken.
    pub fn parse(hex: &[u8]) -> Option<Hash> {
        let mut bytes = [0; 32];
        parse_lower_hex(hex, &mut bytes).then_some(Hash(bytes))
    }

    /// The raw 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn write_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text());
    }

    pub(crate) fn text(self) -> [u8; 64] {
        let mut text = [0; 64];
        const_hex::encode_to_slice(self.0, &mut text).expect("64 digits for 32 bytes");
        text
    }
}

/// The blocks of `0x00` ‖ line that can't be hashed where they stand: all in pieces that `Sha256` copies would take a
/// tenth more.
struct Ends {
    first: [u8; BLOCK],
    last: [[u8; BLOCK]; 2],
}

impl Ends {
    const NONE: Ends = Ends { first: [0; BLOCK], last: [[0; BLOCK]; 2] };

    /// The blocks of a line: the first, those that stand in it, the last. Of a short line there are only last ones.
    fn of<'a>(&'a mut self, line: &'a [u8]) -> [&'a [[u8; BLOCK]]; 3] {
        let (from, first, whole, rest) = match line.split_at_checked(BLOCK - 1) {
            Some((start, rest)) => {
                self.first[1..].copy_from_slice(start);
                let (whole, rest) = rest.as_chunks();
                (0, from_ref(&self.first), whole, rest)
            }
            None => (1, &[][..], &[][..], line),
        };
        // The padding of FIPS 180-4, section 5.1.1: a bit, zeros, the length in bits.
        let to = from + rest.len();
        self.last.as_flattened_mut()[from..to].copy_from_slice(rest);
        self.last.as_flattened_mut()[to] = 0x80;
        let last = &mut self.last[..(to + 9).div_ceil(BLOCK)];
        if let Some(end) = last.as_flattened_mut().last_chunk_mut() {
            *end = ((line.len() as u64 + 1) * 8).to_be_bytes();
        }
        [first, whole, last]
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Hash {
        Hash(bytes)
    }
}

/// The plain SHA-256 of bytes that come piece by piece.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// Canonical hex only: the right length, no upper case.
pub(super) fn parse_lower_hex(hex: &[u8], out: &mut [u8]) -> bool {
    hex.len() == out.len() * 2
        && !hex.iter().any(u8::is_ascii_uppercase)
        && const_hex::decode_to_slice(hex, out).is_ok()
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(const_hex::Buffer::<32>::new().format(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Hash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Hash, InvalidHash> {
        Hash::parse(text.as_bytes()).ok_or(InvalidHash)
    }
}

/// A text that is not 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidHash;

impl fmt::Display for InvalidHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a hash of 64 lower-case hex digits")
    }
}

impl std::error::Error for InvalidHash {}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_hashes_as_a_leaf_of_rfc_6962() {
        // SHA-256 of one zero byte: the leaf hash of the empty entry.
        let leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(Hash::of_line(b"").to_string(), leaf);
        assert_eq!(leaf.parse(), Ok(Hash::of_line(b"")));
    }

    #[test]
    fn pieces_hash_as_the_whole() {
        let mut hasher = Hasher::default();
        for piece in [&b"piece"[..], b"", b" by piece"] {
            hasher.update(piece);
        }
        assert_eq!(hasher.finish(), Hash::of_bytes(b"piece by piece"));
        assert_ne!(Hasher::default().finish(), Hash::of_bytes(b"piece by piece"));
    }

    #[test]
    fn a_line_of_any_length_hashes_as_it_does_in_pieces() {
        let line = (0..=255).cycle().take(2_000).collect::<Vec<u8>>();
        for length in 0..line.len() {
            let pieces = Sha256::new_with_prefix([0]).chain_update(&line[..length]).finalize();
            assert_eq!(Hash::of_line(&line[..length]), Hash(pieces.into()), "{length} bytes");
        }
    }

    #[test]
    fn two_lines_hash_as_each_does() {
        let line = (0..=255).cycle().take(300).collect::<Vec<u8>>();
        for (a, b) in (0..line.len()).flat_map(|a| (0..line.len()).map(move |b| (a, b))) {
            let lines = [&line[..a], &line[line.len() - b..]];
            assert_eq!(Hash::of_both(lines), lines.map(Hash::of_line), "{a} and {b} bytes");
        }
    }

    #[test]
    fn only_lower_case_hex_of_the_right_length_is_a_hash() {
        assert_eq!(Hash::ZERO.to_string().parse(), Ok(Hash::ZERO));
        for wrong in ["", "00", &"A".repeat(64), &"g".repeat(64), &"0".repeat(65)] {
            assert_eq!(wrong.parse::<Hash>(), Err(InvalidHash), "{wrong}");
        }
        assert_eq!(InvalidHash.to_string(), "expected a hash of 64 lower-case hex digits");
    }
}
