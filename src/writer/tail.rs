//! What stands behind the head of a log when its writer starts: read forward, each signature checked. Pure.
//!
//! A line counts as written when a valid signature covers it. What stands behind the last such line are torn bytes:
//! pieces, whole unsigned lines, zeros, garbage. They never become records, whoever put them there.

use crate::trail::{
    Control, Ended, Genesis, Handoff, Hash, Hasher, KeyId, Kind, Line, MAX_LINE, PublicKey, Torn,
};

/// A signed line, the end of what is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
    /// Where it ends in its file, behind its newline.
    pub(crate) end: u64,
}

/// What the reader knows so far.
#[derive(Debug)]
pub(crate) struct Tail {
    log: KeyId,
    key: PublicKey,
    /// The last signed line; none at the start of a log.
    pub(crate) signed: Option<Signed>,
    /// The hand-off whose next key is in force now, with the text of its line.
    pub(crate) handoff: Option<(Handoff, Vec<u8>)>,
    /// The genesis of this file, where it was met.
    pub(crate) genesis: Option<Genesis>,
    /// The reason of the `close` that ends what is proved.
    pub(crate) closed: Option<Ended>,
    /// Number and `prev` of the line that follows the last one, signed or not; none behind anything else.
    next: Option<(u64, Hash)>,
    behind: Behind,
    unended: Vec<u8>,
    /// Length of what was read, from the start of the file.
    pub(crate) length: u64,
}

/// The bytes behind the last signed line. A newline at their end is counted only when more follows it: the line that
/// attests torn bytes wrote it.
#[derive(Debug, Clone, Default)]
struct Behind {
    hasher: Hasher,
    bytes: u64,
    newline: bool,
}

impl Behind {
    fn add(&mut self, bytes: &[u8], newline: bool) {
        if std::mem::replace(&mut self.newline, newline) {
            self.hasher.update(b"\n");
            self.bytes += 1;
        }
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn is_empty(&self) -> bool {
        self.bytes == 0 && !self.newline
    }

    /// Without the last newline, where there is one.
    fn attested(&self) -> Torn {
        Torn { bytes: self.bytes, sha256: self.hasher.clone().finish() }
    }

    fn all(mut self) -> Torn {
        self.add(b"", false);
        self.attested()
    }
}

impl Tail {
    /// Reads on behind `signed`, or from the start of the file that follows it. `key` is in force there.
    pub(crate) fn after(log: KeyId, key: PublicKey, signed: Option<Signed>, offset: u64) -> Tail {
        Tail {
            log,
            key,
            signed,
            handoff: None,
            genesis: None,
            closed: None,
            next: Some(Tail::behind_signed(signed)),
            behind: Behind::default(),
            unended: Vec::new(),
            length: offset,
        }
    }

    /// Takes the next bytes of the file.
    pub(crate) fn bytes(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.unended.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.unended);
            self.line(&line, self.length - bytes.len() as u64, true);
        }
        self.unended.extend_from_slice(bytes);
        if self.unended.len() > MAX_LINE {
            // No line is so long: torn, and not worth keeping.
            self.behind.add(&std::mem::take(&mut self.unended), false);
            self.next = None;
        }
    }

    /// The file has no more bytes. Says what is torn, and whether the last signed line lacks its newline.
    pub(crate) fn end(&mut self) -> (Option<Torn>, bool) {
        let line = std::mem::take(&mut self.unended);
        let before = self.signed;
        if !line.is_empty() {
            self.line(&line, self.length, false);
        }
        let lacks_newline = self.signed != before && !line.is_empty();
        let behind = std::mem::take(&mut self.behind);
        ((!behind.is_empty()).then(|| behind.all()), lacks_newline)
    }

    /// The key in force behind what is proved.
    pub(crate) fn key(&self) -> PublicKey {
        self.key
    }

    fn line(&mut self, bytes: &[u8], end: u64, newline: bool) {
        let line = Line::parse(bytes).ok().filter(|line| line.link.log == self.log);
        let Some(line) = line else { return self.set_aside(bytes, newline, None) };
        let follows = self.next == Some((line.link.seq, line.link.prev));
        if line.link.signature.is_none() {
            let next = (follows && !line.kind.is_control()).then(|| (line.link.seq + 1, line.hash()));
            return self.set_aside(bytes, newline, next);
        }
        if (follows && line.kind != Kind::Resume || self.goes_on(&line)) && line.is_signed_by(&self.key) {
            self.accept(&line, end);
        } else {
            self.set_aside(bytes, newline, None);
        }
    }

    /// Whether the line goes on from the last signed one and attests all that stands between.
    fn goes_on(&self, line: &Line<'_>) -> bool {
        let (attested, follows) = match Control::parse(line) {
            Ok(Some(Control::Resume(resume))) => (resume.torn, self.is_next(line)),
            Ok(Some(Control::Genesis(genesis))) => (genesis.torn, self.is_followed_by(line, &genesis)),
            _ => return false,
        };
        let between = (!self.behind.is_empty()).then(|| self.behind.attested());
        follows && attested == between
    }

    /// Whether a genesis goes on from the last signed line: right behind it, or behind lines that it gives up, since a
    /// sync of them failed and they may be gone.
    pub(crate) fn is_followed_by(&self, line: &Line<'_>, genesis: &Genesis) -> bool {
        let given_up = genesis.previous.as_ref().and_then(|previous| previous.unsynced_from);
        let is_behind_them =
            |(from, signed): (u64, Signed)| from <= signed.seq + 1 && line.link.seq > signed.seq;
        self.is_next(line) || given_up.zip(self.signed).is_some_and(is_behind_them)
    }

    fn is_next(&self, line: &Line<'_>) -> bool {
        Tail::behind_signed(self.signed) == (line.link.seq, line.link.prev)
    }

    fn accept(&mut self, line: &Line<'_>, end: u64) {
        self.signed = Some(Signed { seq: line.link.seq, hash: line.hash(), end });
        self.next = Some(Tail::behind_signed(self.signed));
        self.behind = Behind::default();
        self.closed = None;
        match Control::parse(line) {
            Ok(Some(Control::Handoff(handoff))) => {
                self.key = handoff.public_key;
                self.handoff = Some((handoff, line.text.as_bytes().to_vec()));
            }
            Ok(Some(Control::Close(close))) => self.closed = Some(close.reason),
            Ok(Some(Control::Genesis(genesis))) => self.genesis = Some(genesis),
            _ => {}
        }
    }

    fn set_aside(&mut self, bytes: &[u8], newline: bool, next: Option<(u64, Hash)>) {
        self.behind.add(bytes, newline);
        self.next = next;
    }

    fn behind_signed(signed: Option<Signed>) -> (u64, Hash) {
        signed.map_or((0, Hash::ZERO), |signed| (signed.seq + 1, signed.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::SecretKey;
    use sha2::{Digest, Sha256};

    const FIRST_FILE: &[u8] = include_bytes!("../../tests/example-log/audit.2026-11-21.jsonl");

    fn key(number: u8) -> PublicKey {
        SecretKey::from_seed(&Sha256::digest(format!("example key {number}")).into()).public()
    }

    fn read(bytes: &[u8], chunk: usize) -> Tail {
        let mut tail = Tail::after(key(0).id(), key(0), None, 0);
        bytes.chunks(chunk).for_each(|chunk| tail.bytes(chunk));
        tail
    }

    #[test]
    fn the_example_is_read_to_its_close_through_torn_bytes_and_a_hand_off() {
        for chunk in [1, 100, 10_000] {
            let mut tail = read(FIRST_FILE, chunk);
            assert_eq!(tail.end(), (None, false));
            let signed = tail.signed.unwrap();
            assert_eq!((signed.seq, signed.end, tail.length), (7, FIRST_FILE.len() as u64, signed.end));
            assert_eq!((tail.closed, tail.key()), (Some(Ended::Rotated), key(1)));
            assert_eq!(tail.handoff.unwrap().0.epoch, 1);
            assert_eq!(tail.genesis.unwrap().origin, "example.com/payments");
        }
    }

    #[test]
    fn wherever_the_file_ends_all_behind_the_last_signed_line_is_torn() {
        let mut ends = vec![0];
        for length in 0..FIRST_FILE.len() {
            let mut tail = read(&FIRST_FILE[..length], 100);
            let (torn, lacks_newline) = tail.end();
            let signed = tail.signed.map_or(0, |signed| usize::try_from(signed.end).unwrap());
            let expected = (signed < length).then(|| {
                let bytes = &FIRST_FILE[signed..length];
                Torn { bytes: bytes.len() as u64, sha256: Hash::of_bytes(bytes) }
            });
            assert_eq!(torn, expected, "{length}");
            assert_eq!(lacks_newline, signed == length && length > 0 && FIRST_FILE[length - 1] != b'\n');
            if !lacks_newline && ends.last() != Some(&signed) {
                ends.push(signed);
            }
        }
        assert_eq!(
            ends.len(),
            1 + 6,
            "genesis, two events, resume, hand-off, gap end signed; the close only at the end"
        );
    }

    #[test]
    fn unsigned_lines_that_chain_are_torn_too_and_no_later_line_saves_them() {
        let lines = FIRST_FILE.split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>();
        // Genesis, event, unsigned event; then the resume, whose torn bytes are others.
        let mut tail = read(&[lines[0], lines[1], lines[2], lines[5]].concat(), 100);
        let torn = tail.end().0.unwrap();
        assert_eq!((tail.signed.unwrap().seq, torn.bytes), (1, (lines[2].len() + lines[5].len()) as u64));
    }

    #[test]
    fn a_line_that_is_too_long_is_torn_and_not_kept() {
        let mut tail = read(&[FIRST_FILE, &vec![b'x'; 200_000]].concat(), 1_000);
        assert!(tail.unended.len() <= MAX_LINE);
        assert_eq!(tail.end().0.unwrap().bytes, 200_000);
    }
}
