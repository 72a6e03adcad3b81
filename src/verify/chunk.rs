//! Bytes of a file, looked at without knowing what stands before them: this can be done for many at once.

use std::ops::Range;
use std::sync::Arc;

use super::join::goes_back;
use super::proof::ProvedLine;
use super::walk::Next;
use super::{ExpectedHead, Options};
use crate::trail::{Hash, KeyId, PublicKey, Record, Records};

/// How much of a file is taken at once: it stays in a processor's cache while it is read, parsed and hashed.
pub(super) const CHUNK: usize = 128 << 10;

/// Bytes of a file, and what was seen in them.
pub(super) struct Chunk {
    pub(super) bytes: Arc<Vec<u8>>,
    /// The lines that begin and end in it: what is before them ends a line, and what is behind them begins one.
    pub(super) lines: Range<usize>,
    /// In their order; the lines between them are no ordinary records.
    pub(super) runs: Vec<Run>,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Sought {
    pub(super) log: KeyId,
    /// With which key each signature is checked: the one in force when the bytes were read. None where they are not
    /// checked one by one.
    pub(super) check: Option<PublicKey>,
    pub(super) expect: Option<ExpectedHead>,
}

/// Records of a log that follow each other, at most one key's signatures on them. Neither the first link nor the key
/// is proved.
#[derive(Clone)]
pub(super) struct Run {
    /// Their bytes, with their newlines.
    pub(super) bytes: Range<usize>,
    /// The place that the first of them takes.
    pub(super) first: Next,
    pub(super) last: ProvedLine,
    pub(super) signed: Vec<SignedRecord>,
    pub(super) signer: Option<KeyId>,
    /// The key by which each signature is valid; none where they were not checked.
    pub(super) checked: Option<PublicKey>,
}

#[derive(Clone)]
pub(super) struct SignedRecord {
    /// Its bytes, without the newline.
    pub(super) bytes: Range<usize>,
    pub(super) line: ProvedLine,
}

impl Sought {
    pub(super) fn new(log: KeyId, options: &Options, key: Option<PublicKey>) -> Sought {
        Sought { log, check: key.filter(|_| options.every_signature), expect: options.expect_head }
    }
}

impl Chunk {
    /// Looks at bytes that stand anywhere in a file. `records` may have read other lines before.
    pub(super) fn of(bytes: Arc<Vec<u8>>, sought: &Sought, records: &mut Records) -> Chunk {
        let start = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |end| end + 1);
        Chunk::of_lines(bytes, start, sought, records)
    }

    /// Looks at bytes of which those from `start` on begin a line.
    pub(super) fn of_lines(
        bytes: Arc<Vec<u8>>,
        start: usize,
        sought: &Sought,
        records: &mut Records,
    ) -> Chunk {
        let mut runs = Runs::default();
        let mut lines = memchr::memchr_iter(b'\n', &bytes[start..]).scan(start, |at, end| {
            let line = *at..start + end;
            *at = line.end + 1;
            Some(line)
        });
        let mut behind = start;
        while let Some(one) = lines.next() {
            // Beside the last of an odd number stands an empty line, which is no record.
            let other = lines.next().unwrap_or(one.end..one.end);
            behind = other.end + 1;
            let seen = Seen::in_both([&one, &other].map(|line| &bytes[line.clone()]), sought, records);
            for (line, seen) in [one, other].into_iter().zip(seen) {
                runs.take(line, seen, sought);
            }
        }
        Chunk { runs: runs.all, lines: start..behind, bytes }
    }
}

/// Runs, while lines are met.
#[derive(Default)]
struct Runs {
    all: Vec<Run>,
    /// Whether the line before is the last one's.
    goes_on: bool,
}

impl Runs {
    fn take(&mut self, line: Range<usize>, seen: Option<Seen<'_>>, sought: &Sought) {
        let goes_on = std::mem::replace(&mut self.goes_on, false);
        let Some(seen) = seen else { return };
        match self.all.last_mut().filter(|run| goes_on && run.is_followed_by(&seen)) {
            Some(run) => run.push(line, &seen),
            None => match Run::begin(line, &seen, sought) {
                Some(run) => self.all.push(run),
                None => return,
            },
        }
        self.goes_on = true;
    }
}

/// A record and its hash.
struct Seen<'a> {
    record: Record<'a>,
    hash: Hash,
}

impl<'a> Seen<'a> {
    /// Of two lines; none for all that the verifier must look at itself.
    fn in_both(lines: [&'a [u8]; 2], sought: &Sought, records: &mut Records) -> [Option<Seen<'a>>; 2] {
        let [one, other] = lines.map(|line| records.read(line).filter(|record| record.log == sought.log));
        if one.is_none() && other.is_none() {
            return [None, None];
        }
        let ([line, other_line], [hash, other_hash]) = (lines, Hash::of_both(lines));
        [Seen::of(one, line, hash, sought), Seen::of(other, other_line, other_hash, sought)]
    }

    fn of(record: Option<Record<'a>>, line: &[u8], hash: Hash, sought: &Sought) -> Option<Seen<'a>> {
        let record = record?;
        let expected = |expect: ExpectedHead| expect.hash == hash || expect.seq == Some(record.seq);
        if sought.expect.is_some_and(expected) {
            return None;
        }
        if let (Some(signature), Some(key)) = (&record.signature, &sought.check)
            && !signature.is_of(line, key)
        {
            return None;
        }
        Some(Seen { record, hash })
    }

    fn line(&self) -> ProvedLine {
        ProvedLine { seq: self.record.seq, hash: self.hash, time: self.record.time }
    }
}

impl Run {
    /// None where the record's `prev` is no hash.
    fn begin(line: Range<usize>, seen: &Seen<'_>, sought: &Sought) -> Option<Run> {
        let mut run = Run {
            bytes: line.start..line.start,
            first: Next { seq: seen.record.seq, prev: Hash::parse(seen.record.prev)? },
            last: seen.line(),
            signed: Vec::new(),
            signer: None,
            checked: sought.check,
        };
        run.push(line, seen);
        Some(run)
    }

    fn push(&mut self, line: Range<usize>, seen: &Seen<'_>) {
        self.bytes.end = line.end + 1;
        self.last = seen.line();
        if let Some(signature) = &seen.record.signature {
            self.signer = Some(signature.key);
            self.signed.push(SignedRecord { bytes: line, line: self.last });
        }
    }

    fn is_followed_by(&self, seen: &Seen<'_>) -> bool {
        let record = &seen.record;
        let same_key = |key| self.signer.is_none_or(|signer| signer == key);
        let in_time = |time| self.signed.last().is_none_or(|last| !goes_back(last.line.time, time));
        record.seq == self.last.seq + 1
            && *record.prev == self.last.hash.text()
            && record.signature.as_ref().is_none_or(|by| same_key(by.key) && in_time(record.time))
    }
}

impl Run {
    /// Splits it behind the signed record of this number; none where nothing is left.
    pub(super) fn split_behind(mut self, signed: usize) -> (Run, Option<Run>) {
        let SignedRecord { bytes, line } = self.signed[signed].clone();
        let rest = Run {
            bytes: bytes.end + 1..self.bytes.end,
            first: Next::after(line.seq, line.hash),
            signed: self.signed.split_off(signed + 1),
            ..self
        };
        (self.bytes.end, self.last) = (rest.bytes.start, line);
        (self, Some(rest).filter(|rest| !rest.bytes.is_empty()))
    }
}

#[cfg(test)]
mod tests;
