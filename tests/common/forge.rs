//! A log that is built line by line: as an honest writer does it, or as a thief of keys.

use tracing_audit::trail::{
    Chain, Close, Control, Ended, Genesis, Handoff, HandoffBefore, Hash, Keeps, Line, Position, Previous,
    PublicKey, Resume, SecretKey, Timestamp, Torn, WriterIdentity,
};

pub(crate) const RECORD: &[u8] =
    br#"{"fields":{"actor":"alice"},"kind":"event","level":"INFO","target":"audit""#;

#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) chain: Chain,
    /// The number of the key in force.
    pub(crate) epoch: u8,
    pub(crate) files: Vec<Vec<u8>>,
    /// The number of the next file.
    pub(crate) file: u64,
    pub(crate) oldest: u64,
    /// The first line and all hand-offs.
    pub(crate) copies: Vec<u8>,
    /// What a genesis and a hand-off have as `handoff`; `None` for an older writer.
    pub(crate) before: Option<HandoffBefore>,
    pub(crate) boot: Option<&'static str>,
}

impl Log {
    /// With its first line.
    pub(crate) fn new() -> Log {
        Log::begin(Some(HandoffBefore::None))
    }

    /// As a writer of before November 2026 does it.
    pub(crate) fn of_older_writer() -> Log {
        Log::begin(None)
    }

    fn begin(before: Option<HandoffBefore>) -> Log {
        let chain = Chain::new(key(0).id());
        let (files, copies) = (Vec::new(), Vec::new());
        let mut log =
            Log { chain, epoch: 0, files, file: 0, oldest: 0, copies, before, boot: Some("one boot") };
        log.begin_file(None, |_| ());
        log.copies.clone_from(&log.files[0]);
        if before.is_some() {
            log.before = Some(log.last_line());
        }
        log
    }

    /// Three epochs in six files: lines 0 to 3, 4 to 7, 8 to 13, 14 to 17, 18 to 21, and 22 to 24, still open. The
    /// hand-offs are lines 10 and 20.
    pub(crate) fn of_six_files() -> Log {
        let mut log = Log::new();
        for file in 0..6 {
            log.record();
            match file {
                2 | 4 => log.hand_over(),
                _ => log.record(),
            }
            if file == 2 {
                log.record();
                log.record();
            }
            if file < 5 {
                log.rotate();
            }
        }
        log
    }

    /// Somebody with all that is public, and with the key of an epoch, goes on in a new file right before line `seq`.
    pub(crate) fn stolen(&self, epoch: u8, seq: u64, prev: Hash) -> Log {
        let chain = Chain::after(self.chain.log(), seq, prev);
        Log { chain, epoch, files: Vec::new(), ..self.clone() }
    }

    /// The file that is written now.
    pub(crate) fn file(&mut self) -> &mut Vec<u8> {
        self.files.last_mut().unwrap()
    }

    pub(crate) fn record(&mut self) {
        self.signed(RECORD);
    }

    pub(crate) fn unsigned(&mut self) {
        self.chain.unsigned(RECORD, now(), self.files.last_mut().unwrap());
    }

    pub(crate) fn control(&mut self, control: &Control) {
        self.signed(&control.body());
    }

    fn signed(&mut self, body: &[u8]) {
        self.chain.signed(body, now(), &key(self.epoch), self.files.last_mut().unwrap());
    }

    pub(crate) fn hand_over(&mut self) {
        self.hand_over_with(|_| ());
    }

    /// Hands over to the next key, in a line that is not quite the writer's.
    pub(crate) fn hand_over_with(&mut self, change: impl FnOnce(&mut Handoff)) {
        let mut handoff = Handoff::new((u64::from(self.epoch) + 1, key(self.epoch + 1).public()), "interval");
        if self.before.is_some() {
            handoff.file = Some(self.file - 1);
            handoff.oldest = Some(self.oldest);
            handoff.keeps = Some(Keeps::All);
            handoff.handoff = self.before;
        }
        change(&mut handoff);
        let start = self.files.last().unwrap().len();
        self.control(&Control::Handoff(handoff));
        let line = self.files.last().unwrap()[start..].to_vec();
        self.copies.extend_from_slice(&line);
        if self.before.is_some() {
            self.before = Some(self.last_line());
        }
        self.epoch += 1;
    }

    pub(crate) fn rotate(&mut self) {
        self.rotate_with(|_| ());
    }

    /// Goes on in the next file, with a genesis that is not quite the writer's.
    pub(crate) fn rotate_with(&mut self, change: impl FnOnce(&mut Genesis)) {
        self.control(&Control::Close(Close { reason: Ended::Rotated }));
        self.next_file(Ended::Rotated, None, change);
    }

    /// Goes on in the next file without a `close`.
    pub(crate) fn next_file(&mut self, ended: Ended, torn: Option<Torn>, change: impl FnOnce(&mut Genesis)) {
        let bytes = self.files.last().unwrap().len() as u64;
        let previous = Previous { bytes, ended, name: "before".into(), torn, unsynced_from: None };
        self.begin_file(Some(previous), change);
    }

    /// Begins a file of this number, whatever stands before it.
    pub(crate) fn begin_alone(&mut self, file: u64, oldest: u64) {
        (self.file, self.oldest) = (file, oldest);
        let (name, ended) = ("before".into(), Ended::Rotated);
        self.begin_file(Some(Previous { bytes: 0, ended, name, torn: None, unsynced_from: None }), |_| ());
    }

    pub(crate) fn begin_file(&mut self, previous: Option<Previous>, change: impl FnOnce(&mut Genesis)) {
        let key = (self.epoch.into(), key(self.epoch).public());
        let mut genesis = Genesis {
            handoff: self.before,
            keeps: self.before.map(|_| Keeps::All),
            oldest: self.oldest,
            ..Genesis::new(self.file, "tests", key, previous, self.writer())
        };
        change(&mut genesis);
        self.files.push(Vec::new());
        self.control(&Control::Genesis(genesis));
        self.file += 1;
    }

    /// The next process attests what stands after the last line, and a newline after it.
    pub(crate) fn resume(&mut self, torn: &[u8]) {
        let file = self.files.last_mut().unwrap();
        file.extend_from_slice(torn);
        if !torn.is_empty() {
            file.push(b'\n');
        }
        let torn = (!torn.is_empty()).then(|| attested(torn));
        let resume = Resume { torn, ..Resume::new(Ended::Crash, self.writer()) };
        self.control(&Control::Resume(resume));
    }

    fn writer(&self) -> WriterIdentity {
        WriterIdentity { boot: self.boot.map(str::to_owned), ..WriterIdentity::new("db1", 1, "payments") }
    }

    pub(crate) fn last_line(&self) -> HandoffBefore {
        HandoffBefore::Line(Position { hash: self.chain.head(), seq: self.chain.next() - 1 })
    }

    /// The hash of the line of a number.
    pub(crate) fn hash(&self, seq: u64) -> Hash {
        let mut lines = self.files.iter().flat_map(|file| file.split(|byte| *byte == b'\n'));
        let line = lines.find_map(|line| Line::parse(line).ok().filter(|line| line.link.seq == seq));
        line.expect("a line of this number").hash()
    }
}

/// The key of an epoch.
pub(crate) fn key(epoch: u8) -> SecretKey {
    SecretKey::from_seed(&[epoch + 7; 32])
}

pub(crate) fn pin() -> PublicKey {
    key(0).public()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_nanos(1_795_293_660_000_000_000)
}

pub(crate) fn attested(bytes: &[u8]) -> Torn {
    Torn { bytes: bytes.len() as u64, sha256: Hash::of_bytes(bytes) }
}
