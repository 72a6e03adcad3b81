//! The chain: each line takes its number and the hash of the line before.

use super::hash::Hash;
use super::key::{KeyId, SecretKey, write_signature};
use super::timestamp::{Timestamp, TimestampText};

/// The end of a chain, to which lines are added. It writes into a buffer and knows nothing of files; a caller that
/// has to give a line up goes on from a clone made before it.
#[derive(Debug, Clone)]
pub struct Chain {
    log: KeyId,
    next: u64,
    prev: Hash,
    time: TimestampText,
}

impl Chain {
    /// A new log's chain; its first line will be number 0.
    pub fn new(log: KeyId) -> Chain {
        Chain::after(log, 0, Hash::ZERO)
    }

    /// A chain that goes on: its next line is number `next` and follows the line of this hash.
    pub fn after(log: KeyId, next: u64, prev: Hash) -> Chain {
        Chain { log, next, prev, time: TimestampText::default() }
    }

    /// The log's id.
    pub fn log(&self) -> KeyId {
        self.log
    }

    /// The number of the next line.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// The hash of the last line; zeros where there is none.
    pub fn head(&self) -> Hash {
        self.prev
    }

    /// Adds a line without a signature to `out`, with its newline. `body` is the line up to its timestamp:
    /// `{"fields":{…},"kind":"event","level":"INFO","target":"audit"`.
    pub fn unsigned(&mut self, body: &[u8], time: Timestamp, out: &mut Vec<u8>) {
        let start = out.len();
        self.open(body, time, None, out);
        self.close(start, out);
    }

    /// Adds a line that `key` signs. See [`Chain::unsigned`].
    pub fn signed(&mut self, body: &[u8], time: Timestamp, key: &SecretKey, out: &mut Vec<u8>) {
        let start = out.len();
        self.open(body, time, Some(key.id()), out);
        let signature = key.sign(&[&out[start..], b"}}"]);
        out.extend_from_slice(b",\"sig\":\"");
        write_signature(&signature, out);
        out.push(b'"');
        self.close(start, out);
    }

    fn open(&mut self, body: &[u8], time: Timestamp, key: Option<KeyId>, out: &mut Vec<u8>) {
        out.extend_from_slice(body);
        out.extend_from_slice(b",\"timestamp\":\"");
        self.time.write(time, out);
        out.extend_from_slice(b"\",\"trail\":{");
        if let Some(key) = key {
            out.extend_from_slice(b"\"key\":\"");
            key.write_to(out);
            out.extend_from_slice(b"\",");
        }
        out.extend_from_slice(b"\"log\":\"");
        self.log.write_to(out);
        out.extend_from_slice(b"\",\"prev\":\"");
        self.prev.write_to(out);
        out.extend_from_slice(b"\",\"seq\":");
        out.extend_from_slice(itoa::Buffer::new().format(self.next).as_bytes());
    }

    fn close(&mut self, start: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(b"}}");
        self.prev = Hash::of_line(&out[start..]);
        self.next += 1;
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CHAIN_RESERVE, Line};
    use super::*;

    #[test]
    fn the_reserve_holds_the_longest_trail() {
        let key = SecretKey::from_seed(&[1; 32]);
        let mut chain = Chain::after(key.public().id(), (1 << 53) - 1, Hash::ZERO);
        let mut out = Vec::new();
        chain.signed(b"", Timestamp::from_nanos(u64::MAX), &key, &mut out);
        assert!(out.len() <= CHAIN_RESERVE, "{} bytes", out.len());
        assert!(CHAIN_RESERVE < out.len() + 100, "records are cut sooner than they must be");
    }

    #[test]
    fn each_line_follows_the_one_before() {
        let key = SecretKey::from_seed(&[1; 32]);
        let body = br#"{"fields":{},"kind":"event","level":"INFO","target":"audit""#;
        let mut chain = Chain::new(key.id());
        let mut out = Vec::new();
        chain.unsigned(body, Timestamp::from_nanos(1), &mut out);
        let first = out.len() - 1;
        chain.signed(body, Timestamp::from_nanos(2), &key, &mut out);

        let (first, second) =
            (Line::parse(&out[..first]).unwrap(), Line::parse(&out[first + 1..out.len() - 1]).unwrap());
        assert_eq!((first.link.seq, first.link.prev, first.link.signature), (0, Hash::ZERO, None));
        assert_eq!((second.link.seq, second.link.prev), (1, first.hash()));
        assert_eq!((chain.next(), chain.head()), (2, second.hash()));
        assert!(second.is_signed_by(&key.public()) && !first.is_signed_by(&key.public()));
        assert!(!second.is_signed_by(&SecretKey::from_seed(&[2; 32]).public()));
    }
}
