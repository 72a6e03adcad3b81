//! A log that is built line by line: as an honest writer does it, or as somebody who has some of its keys.
//!
//! It is the vectors' own: their bytes must not change when other tests want other logs.

use sha2::{Digest, Sha256};
use tracing_audit::trail::{
    Chain, Close, Control, Ended, Gap, Genesis, Handoff, HandoffBefore, Hash, Keeps, Line, Position,
    Previous, PublicKey, Resume, SecretKey, Succeeds, Timestamp, Torn, WriterIdentity,
};

pub(crate) const ORIGIN: &str = "example.com/payments";

/// A boot of the machine, and another one.
pub(crate) const BOOT: Option<&str> = Some("8f0e8a5c-1d0c-4b57-9a5e-6f2d3c4b5a69");
pub(crate) const NEXT_BOOT: Option<&str> = Some("0b54d1a6-7a0e-4d0e-8a35-51c2a1f7be10");

/// 2026-11-21T20:41:00Z.
const START: u64 = 1_795_293_660_000_000_000;

#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) name: &'static str,
    pub(crate) chain: Chain,
    /// The seeds' numbers of the keys of all epochs up to now.
    pub(crate) keys: Vec<u8>,
    pub(crate) files: Vec<Vec<u8>>,
    /// The number of the first of these files.
    pub(crate) first_file: u64,
    /// What `audit.keys` has: line 0 and all hand-offs.
    pub(crate) copies: Vec<u8>,
    /// Line 0 and the hand-offs, by epoch.
    pub(crate) hand_offs: Vec<Position>,
    /// Whether genesis and hand-off have the members of November 2026.
    pub(crate) names_hand_offs: bool,
    pub(crate) oldest: u64,
    pub(crate) keeps: Keeps,
    pub(crate) boot: Option<&'static str>,
    pub(crate) origin: &'static str,
    /// Milliseconds since the log's first line.
    pub(crate) clock: u64,
    pub(crate) start: u64,
}

impl Log {
    /// A log with its first line. Its keys come from its name.
    pub(crate) fn new(name: &'static str) -> Log {
        Log::begun(name, |_, _| ())
    }

    /// A log of a writer from before November 2026.
    pub(crate) fn older(name: &'static str) -> Log {
        Log::begun(name, |log, _| (log.names_hand_offs, log.boot) = (false, None))
    }

    /// A log whose first line is not quite the usual one.
    pub(crate) fn begun(name: &'static str, change: impl FnOnce(&mut Log, &mut Genesis)) -> Log {
        let mut log = Log {
            name,
            chain: Chain::new(secret(name, 0).id()),
            keys: vec![0],
            files: Vec::new(),
            first_file: 0,
            copies: Vec::new(),
            hand_offs: Vec::new(),
            names_hand_offs: true,
            oldest: 0,
            keeps: Keeps::All,
            boot: BOOT,
            origin: ORIGIN,
            clock: 0,
            start: START,
        };
        log.files.push(Vec::new());
        let mut genesis = log.a_genesis(None);
        change(&mut log, &mut genesis);
        // What was changed of the log counts too.
        let again = log.a_genesis(None);
        (genesis.handoff, genesis.keeps, genesis.writer) = (again.handoff, again.keeps, again.writer);
        genesis.origin = again.origin;
        let begins = log.file().len();
        log.control(&Control::Genesis(genesis));
        log.copies = log.file()[begins..].to_vec();
        log.hand_offs.push(log.position());
        log
    }

    /// Three files and two epochs: lines 0 to 3, 4 to 8 (6 hands over), 9 to 13; closed.
    pub(crate) fn of_three_files(name: &'static str) -> Log {
        let mut log = Log::new(name);
        log.go_through_three_files();
        log
    }

    pub(crate) fn go_through_three_files(&mut self) {
        self.event("alice");
        self.event("bob");
        self.rotate();
        self.event("carol");
        self.hand_off();
        self.event("dave");
        self.rotate();
        self.event("erin");
        self.unsigned("frank");
        self.event("grace");
        self.close(Ended::Shutdown);
    }

    /// Three epochs and four files, of which retention keeps the last two: lines 0 to 3, 4 to 7 (5 hands over), 8 to 11
    /// (9 hands over), 12 to 14; closed.
    pub(crate) fn pruned(name: &'static str) -> Log {
        let mut log = Log::begun(name, |log, _| log.keeps = Keeps::Newest(2));
        log.go_on_pruned();
        log
    }

    pub(crate) fn go_on_pruned(&mut self) {
        self.event("alice");
        self.event("bob");
        self.rotate();
        self.hand_off();
        self.event("carol");
        self.oldest = 1;
        self.rotate();
        self.hand_off();
        self.event("dave");
        self.oldest = 2;
        self.rotate();
        self.event("erin");
        self.close(Ended::Shutdown);
    }

    /// Somebody with all that is public and the key of an epoch begins files right before line `seq`.
    pub(crate) fn thief(&self, epoch: usize, seq: u64, prev: Hash, first_file: u64) -> Log {
        Log {
            chain: Chain::after(self.pin().id(), seq, prev),
            keys: self.keys[..=epoch].to_vec(),
            files: Vec::new(),
            first_file,
            hand_offs: self.hand_offs[..=epoch].to_vec(),
            ..self.clone()
        }
    }

    pub(crate) fn key(&self) -> SecretKey {
        secret(self.name, *self.keys.last().unwrap())
    }

    pub(crate) fn pin(&self) -> PublicKey {
        secret(self.name, 0).public()
    }

    /// The file that is written now.
    pub(crate) fn file(&mut self) -> &mut Vec<u8> {
        self.files.last_mut().unwrap()
    }

    pub(crate) fn now(&mut self) -> Timestamp {
        self.clock += 1;
        Timestamp::from_nanos(self.start + self.clock * 1_000_000)
    }

    /// The place of the last line.
    pub(crate) fn position(&self) -> Position {
        Position { hash: self.chain.head(), seq: self.chain.next() - 1 }
    }

    pub(crate) fn signed(&mut self, body: &[u8]) {
        let (key, now) = (self.key(), self.now());
        self.chain.signed(body, now, &key, self.files.last_mut().unwrap());
    }

    pub(crate) fn event(&mut self, actor: &str) {
        self.signed(&event(actor));
    }

    pub(crate) fn unsigned(&mut self, actor: &str) {
        let now = self.now();
        self.chain.unsigned(&event(actor), now, self.files.last_mut().unwrap());
    }

    pub(crate) fn control(&mut self, control: &Control) {
        self.signed(&control.body());
    }

    pub(crate) fn a_genesis(&self, previous: Option<Previous>) -> Genesis {
        let epoch = self.keys.len() as u64 - 1;
        let file = self.first_file + self.files.len() as u64 - 1;
        Genesis {
            oldest: self.oldest,
            handoff: self.names_hand_offs.then(|| self.hand_off_before()),
            keeps: self.names_hand_offs.then_some(self.keeps),
            ..Genesis::new(file, self.origin, (epoch, self.key().public()), previous, self.writer())
        }
    }

    pub(crate) fn hand_off_before(&self) -> HandoffBefore {
        self.hand_offs.last().map_or(HandoffBefore::None, |position| HandoffBefore::Line(*position))
    }

    pub(crate) fn writer(&self) -> WriterIdentity {
        let boot = self.boot.filter(|_| self.names_hand_offs).map(str::to_owned);
        WriterIdentity { boot, ..WriterIdentity::new("db1", 4711, "payments 2.3.0") }
    }

    pub(crate) fn hand_off(&mut self) {
        self.hand_off_with(|_| ());
    }

    /// Hands over to the next key, in a line that is not quite the writer's.
    pub(crate) fn hand_off_with(&mut self, change: impl FnOnce(&mut Handoff)) {
        let next = u8::try_from(self.keys.len()).unwrap();
        let mut handoff = Handoff::new((next.into(), secret(self.name, next).public()), "interval");
        if self.names_hand_offs {
            handoff.file = Some(self.first_file + self.files.len() as u64 - 1);
            handoff.oldest = Some(self.oldest);
            handoff.keeps = Some(self.keeps);
            handoff.handoff = Some(self.hand_off_before());
        }
        change(&mut handoff);
        let begins = self.file().len();
        self.control(&Control::Handoff(handoff));
        let line = self.file()[begins..].to_vec();
        self.copies.extend_from_slice(&line);
        self.hand_offs.push(self.position());
        self.keys.push(next);
    }

    pub(crate) fn gap(&mut self, lost: u64) {
        let since = self.now();
        self.control(&Control::Gap(Gap { lost, reason: "queue full".into(), since }));
    }

    pub(crate) fn close(&mut self, reason: Ended) {
        self.control(&Control::Close(Close { reason }));
    }

    pub(crate) fn resume(&mut self, ended: Ended) {
        self.resume_with(ended, |_| ());
    }

    pub(crate) fn resume_with(&mut self, ended: Ended, change: impl FnOnce(&mut Resume)) {
        let mut resume = Resume::new(ended, self.writer());
        change(&mut resume);
        self.control(&Control::Resume(resume));
    }

    /// The process died and left these bytes; the next one attests them.
    pub(crate) fn crash(&mut self, bytes: &[u8]) {
        let torn = self.tear(bytes);
        self.resume_with(Ended::Crash, |resume| resume.torn = Some(torn));
    }

    /// Leaves these bytes in the file, and the newline after them.
    pub(crate) fn tear(&mut self, bytes: &[u8]) -> Torn {
        self.file().extend_from_slice(bytes);
        self.file().push(b'\n');
        torn(bytes)
    }

    pub(crate) fn rotate(&mut self) {
        self.close(Ended::Rotated);
        self.next_file(Ended::Rotated);
    }

    /// The next file, which records that the one before ended so.
    pub(crate) fn next_file(&mut self, ended: Ended) {
        self.next_file_with(ended, |_| ());
    }

    pub(crate) fn next_file_with(&mut self, ended: Ended, change: impl FnOnce(&mut Genesis)) {
        let previous = self.previous(ended);
        self.begin_file(Some(previous), change);
    }

    pub(crate) fn begin_file(&mut self, previous: Option<Previous>, change: impl FnOnce(&mut Genesis)) {
        self.files.push(Vec::new());
        let mut genesis = self.a_genesis(previous);
        change(&mut genesis);
        self.control(&Control::Genesis(genesis));
    }

    /// A file without one before it at hand.
    pub(crate) fn begin_alone(&mut self) {
        self.begin_alone_with(|_| ());
    }

    pub(crate) fn begin_alone_with(&mut self, change: impl FnOnce(&mut Genesis)) {
        let name = format!("audit.{}.jsonl", (self.first_file + self.files.len() as u64).saturating_sub(1));
        let previous =
            Previous { bytes: 1_470, ended: Ended::Rotated, name, torn: None, unsynced_from: None };
        self.begin_file(Some(previous), change);
    }

    pub(crate) fn previous(&mut self, ended: Ended) -> Previous {
        let bytes = self.file().len() as u64;
        let name = format!("audit.{}.jsonl", self.first_file + self.files.len() as u64 - 1);
        Previous { bytes, ended, name, torn: None, unsynced_from: None }
    }

    pub(crate) fn succeeds(&self) -> Succeeds {
        let Position { hash, seq } = self.position();
        Succeeds { hash, log: self.pin().id(), seq }
    }

    /// The lines of one of its files, with their newlines.
    pub(crate) fn lines(&self, file: usize) -> Vec<Vec<u8>> {
        lines(&self.files[file])
    }

    /// The hash of the line of a number.
    pub(crate) fn hash(&self, seq: u64) -> Hash {
        let mut all = self.files.iter().flat_map(|file| lines(file));
        let hash = |line: Vec<u8>| {
            let line = Line::parse(line.trim_ascii_end()).ok()?;
            (line.link.seq == seq).then(|| line.hash())
        };
        all.find_map(hash).expect("a line of this number")
    }
}

pub(crate) fn secret(name: &str, number: u8) -> SecretKey {
    SecretKey::from_seed(&Sha256::digest(format!("{name} {number}")).into())
}

pub(crate) fn event(actor: &str) -> Vec<u8> {
    format!(r#"{{"fields":{{"action":"token.issued","actor":"{actor}"}},"kind":"event","level":"INFO","target":"audit""#)
        .into_bytes()
}

pub(crate) fn torn(bytes: &[u8]) -> Torn {
    Torn { bytes: bytes.len() as u64, sha256: Hash::of_bytes(bytes) }
}

/// The lines of a file, with their newlines.
pub(crate) fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// What a power cut left of the last write, of some lines: the disk got the first 100 bytes, then a sector and what follows
/// it; zeros stand between. `at` is where the bytes begin in their file.
pub(crate) fn with_zeros(mut bytes: Vec<u8>, at: usize) -> (Vec<u8>, usize) {
    let end = (at + 1_300) / 512 * 512 - at;
    bytes[100..end].fill(0);
    (bytes, end)
}
