//! What is kept of a line while all are sorted: what its proof needs, and not its text.

use super::restore;
use crate::trail::{Hash, KeyId, Line, Timestamp};

/// A line of a log, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) log: KeyId,
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) shape: Shape,
    pub(super) at: At,
    pub(super) prev: Hash,
    pub(super) time: Timestamp,
    /// A control line.
    pub(super) control: bool,
    pub(super) signature: Option<Signature>,
    /// Bytes of the line, without its newline.
    pub(super) length: u32,
    /// The whole line, where more of it may be asked: of control lines, and of those that came otherwise than written, or may
    /// have.
    pub(super) text: Vec<u8>,
}

/// How a line came. Of equal lines, the first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// Byte for byte.
    Raw,
    /// As JSON that was written anew, from which the canonical form was restored.
    Restored,
    /// As JSON that says which line of which log it is, and is none: `hash` is that of what there is.
    Broken,
}

/// Where a line stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    /// Number of the input.
    pub(super) source: u32,
    pub(super) line: u64,
    pub(super) offset: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) key: KeyId,
    pub(super) bytes: [u8; 64],
    /// SHA-256 of what is signed.
    pub(super) unsigned: Hash,
}

impl Fact {
    pub(super) fn of(line: &Line<'_>, time: Timestamp, shape: Shape, at: At) -> Fact {
        let control = line.kind.is_control();
        let keep = control || shape != Shape::Raw || restore::may_be_retyped(line);
        let signature = line.link.signature.zip(line.unsigned_hash());
        Fact {
            log: line.link.log,
            seq: line.link.seq,
            hash: line.hash(),
            shape,
            at,
            prev: line.link.prev,
            time,
            control,
            signature: signature.map(|(signature, unsigned)| Signature {
                key: signature.key,
                bytes: signature.bytes,
                unsigned,
            }),
            length: u32::try_from(line.text.len()).unwrap_or(u32::MAX),
            text: if keep { line.text.as_bytes().to_vec() } else { Vec::new() },
        }
    }

    /// Appends it as a record whose bytes are in the order of log, number, hash, shape and place.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.log.as_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(self.hash.as_bytes());
        out.push(self.shape as u8);
        out.extend_from_slice(&self.at.source.to_be_bytes());
        out.extend_from_slice(&self.at.line.to_be_bytes());
        out.extend_from_slice(&self.at.offset.to_be_bytes());
        out.extend_from_slice(self.prev.as_bytes());
        out.extend_from_slice(&self.time.as_nanos().to_be_bytes());
        out.extend_from_slice(&self.length.to_be_bytes());
        out.push(u8::from(self.control) | u8::from(self.signature.is_some()) << 1);
        if let Some(signature) = &self.signature {
            out.extend_from_slice(signature.key.as_bytes());
            out.extend_from_slice(&signature.bytes);
            out.extend_from_slice(signature.unsigned.as_bytes());
        }
        out.extend_from_slice(&self.text);
    }

    /// From a record that [`Fact::encode`] made; `None` for any that is shorter.
    pub(super) fn decode(record: &[u8]) -> Option<Fact> {
        let mut rest = record;
        let log = KeyId::from(take(&mut rest)?);
        let seq = u64::from_be_bytes(take(&mut rest)?);
        let hash = Hash::from(take(&mut rest)?);
        let shape = match take(&mut rest)? {
            [0] => Shape::Raw,
            [1] => Shape::Restored,
            _ => Shape::Broken,
        };
        let at = At {
            source: u32::from_be_bytes(take(&mut rest)?),
            line: u64::from_be_bytes(take(&mut rest)?),
            offset: u64::from_be_bytes(take(&mut rest)?),
        };
        let prev = Hash::from(take(&mut rest)?);
        let time = Timestamp::from_nanos(u64::from_be_bytes(take(&mut rest)?));
        let length = u32::from_be_bytes(take(&mut rest)?);
        let [flags] = take(&mut rest)?;
        let signature = if flags & 2 == 0 {
            None
        } else {
            let (key, bytes) = (KeyId::from(take(&mut rest)?), take(&mut rest)?);
            Some(Signature { key, bytes, unsigned: Hash::from(take(&mut rest)?) })
        };
        let (control, text) = (flags & 1 != 0, rest.to_vec());
        Some(Fact { log, seq, hash, shape, at, prev, time, control, signature, length, text })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] = include_bytes!("../../tests/example-log/audit.2026-11-21.jsonl");

    #[test]
    fn what_is_decoded_is_what_was_encoded_and_records_are_in_the_order_of_numbers() {
        let mut records = Vec::new();
        for (number, line) in LOG.split(|byte| *byte == b'\n').enumerate() {
            let Ok(line) = Line::parse(line) else { continue };
            let at = At { source: 7, line: number as u64, offset: 1 << 40 };
            let time = Timestamp::parse(line.timestamp).unwrap();
            for shape in [Shape::Raw, Shape::Restored, Shape::Broken] {
                let fact = Fact::of(&line, time, shape, at);
                let mut record = Vec::new();
                fact.encode(&mut record);
                assert_eq!(Fact::decode(&record), Some(fact));
                records.push(record);
            }
        }
        assert!(records.len() > 20 && records.is_sorted());
    }
}
