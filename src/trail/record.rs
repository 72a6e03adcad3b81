//! Records, read for their place in the chain.
//!
//! Of most lines of a log only a few values differ from those of a line before: they come from the same place in the
//! program. So a record is read from its end, where the members have fixed places, and the rest is compared with the
//! [`Shape`] of lines that were read whole. What is taken so is exactly what [`Line::parse`] takes.

use super::canonical::MAX_SAFE_INTEGER;
use super::key::{SIGNATURE_TEXT, parse_signature};
use super::shape::Shape;
use super::times::{Times, decimal};
use super::{KeyId, Line, LineSignature, MAX_LINE, Timestamp};

/// How many shapes are kept: more would cost more to try than they save.
const SHAPES: usize = 8;

/// A record: its place in the chain, and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) log: KeyId,
    pub(crate) seq: u64,
    /// The text of the hash of the line before, if it is one.
    pub(crate) prev: &'a [u8; 64],
    pub(crate) signature: Option<LineSignature>,
    pub(crate) time: Timestamp,
}

/// Reads records one after the other. What it keeps makes it faster, and changes no answer.
#[derive(Default)]
pub(crate) struct Records {
    /// The last one that fitted comes first.
    shapes: Vec<Shape>,
    times: Times,
    log: Option<([u8; 16], KeyId)>,
}

impl Records {
    /// Reads a line, given without its newline; none where it is malformed, no record, or of a time that there is not.
    /// Only whether `prev` is a hash is left to see.
    pub(crate) fn read<'a>(&mut self, line: &'a [u8]) -> Option<Record<'a>> {
        if line.len() >= MAX_LINE {
            return None;
        }
        let (body, End { timestamp, log, seq, prev, signed }) = End::split(line)?;
        let time = self.times.read(timestamp)?;
        let log = self.log(*log)?;
        let signature = match signed {
            Some((key, text)) => {
                Some(LineSignature { key: KeyId::parse(key)?, bytes: parse_signature(text)? })
            }
            None => None,
        };
        (self.knows(body) || self.learns(line, body)).then_some(Record { log, seq, prev, signature, time })
    }

    fn log(&mut self, text: [u8; 16]) -> Option<KeyId> {
        if let Some((_, log)) = self.log.filter(|(known, _)| *known == text) {
            return Some(log);
        }
        let log = KeyId::parse(&text)?;
        self.log = Some((text, log));
        Some(log)
    }

    fn knows(&mut self, body: &[u8]) -> bool {
        let Some(at) = self.shapes.iter().position(|shape| shape.fits(body)) else { return false };
        if at > 0 {
            self.shapes[..=at].rotate_right(1);
        }
        true
    }

    /// Reads the whole line.
    fn learns(&mut self, line: &[u8], body: &[u8]) -> bool {
        if !Line::parse(line).is_ok_and(|line| !line.kind.is_control()) {
            return false;
        }
        self.shapes.truncate(SHAPES - 1);
        self.shapes.insert(0, Shape::of(body));
        true
    }
}

/// `,"timestamp":"…","trail":{…}}`: the end of each line.
struct End<'a> {
    timestamp: &'a [u8; Timestamp::TEXT],
    log: &'a [u8; 16],
    seq: u64,
    prev: &'a [u8; 64],
    /// `key` and `sig`.
    signed: Option<(&'a [u8; 16], &'a [u8; SIGNATURE_TEXT])>,
}

impl<'a> End<'a> {
    /// Splits a line into its body and its end.
    fn split(line: &'a [u8]) -> Option<(&'a [u8], End<'a>)> {
        let rest = line.strip_suffix(b"}}")?;
        let (rest, signature) = match rest.strip_suffix(b"\"") {
            Some(rest) => {
                let (rest, signature) = rest.split_last_chunk()?;
                (rest.strip_suffix(b",\"sig\":\"")?, Some(signature))
            }
            None => (rest, None),
        };
        let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (rest, seq) = rest.split_at(rest.len() - digits);
        let seq = number(seq)?;
        let (rest, prev) = rest.strip_suffix(b"\",\"seq\":")?.split_last_chunk()?;
        let (rest, log) = rest.strip_suffix(b"\",\"prev\":\"")?.split_last_chunk()?;
        let rest = rest.strip_suffix(b"\"log\":\"")?;
        let (rest, signed) = match signature {
            Some(signature) => {
                let (rest, key) = rest.strip_suffix(b"\",")?.split_last_chunk()?;
                (rest.strip_suffix(b"\"key\":\"")?, Some((key, signature)))
            }
            None => (rest, None),
        };
        let (rest, timestamp) = rest.strip_suffix(b"\",\"trail\":{")?.split_last_chunk()?;
        let body = rest.strip_suffix(b",\"timestamp\":\"")?;
        Some((body, End { timestamp, log, seq, prev, signed }))
    }
}

/// A canonical integer from 0 to 2^53 − 1.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let canonical = matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.len() <= 16;
    canonical.then(|| decimal(digits))?.filter(|value| *value <= MAX_SAFE_INTEGER)
}

#[cfg(test)]
mod tests;
