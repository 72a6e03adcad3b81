//! Logs to attack: built line by line, or the format's worked example.

use sha2::{Digest, Sha256};
use tracing_audit::trail::{
    Chain, Close, Control, Ended, Gap, Genesis, Handoff, HandoffBefore, Hash, Keeps, Position, Previous,
    PublicKey, Resume, SecretKey, Timestamp, Torn, WriterIdentity,
};
use tracing_audit::verify::{FindingKind, LogReport, Options, Verifier};

/// A file of a log: its name and its bytes.
pub(crate) type File = (String, Vec<u8>);

/// The two files of the worked example.
pub(crate) fn example() -> Vec<File> {
    vec![
        ("audit.2026-11-21.jsonl".into(), include_bytes!("../example-log/audit.2026-11-21.jsonl").to_vec()),
        ("audit.2026-11-22.jsonl".into(), include_bytes!("../example-log/audit.2026-11-22.jsonl").to_vec()),
    ]
}

/// The worked example's pinned key.
pub(crate) fn example_key() -> PublicKey {
    "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=".parse().unwrap()
}

/// Writes a log as an honest writer does, and on demand as no honest one would.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) name: &'static str,
    pub(crate) chain: Chain,
    /// The keys of all epochs up to now.
    pub(crate) keys: Vec<u8>,
    pub(crate) files: Vec<Vec<u8>>,
    /// What `<prefix>.keys` holds.
    pub(crate) copies: Vec<u8>,
    pub(crate) oldest: u64,
    pub(crate) clock: u64,
    /// Whether its lines have the members that older writers leave out: `handoff`, `keeps`; in a hand-off `file` and
    /// `oldest` too.
    pub(crate) is_full: bool,
    pub(crate) keeps: Keeps,
    pub(crate) boot: Option<String>,
    /// The last hand-off, in epoch 0 line 0.
    pub(crate) handoff: HandoffBefore,
}

impl Log {
    /// A log with its genesis.
    pub(crate) fn new(name: &'static str) -> Log {
        let mut log = Log::empty(name);
        log.genesis(None);
        log.copies = log.file().clone();
        log
    }

    /// [`Log::new`] with the members that older writers leave out.
    pub(crate) fn full(name: &'static str) -> Log {
        let mut log = Log { is_full: true, ..Log::empty(name) };
        log.genesis(None);
        log.copies = log.file().clone();
        log
    }

    /// A log without a line.
    pub(crate) fn empty(name: &'static str) -> Log {
        let first = secret(name, 0);
        Log {
            name,
            chain: Chain::new(first.id()),
            keys: vec![0],
            files: vec![Vec::new()],
            copies: Vec::new(),
            oldest: 0,
            clock: 0,
            is_full: false,
            keeps: Keeps::All,
            boot: None,
            handoff: HandoffBefore::None,
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
        Timestamp::from_nanos(1_795_293_660_000_000_000 + self.clock * 1_000_000)
    }

    pub(crate) fn signed(&mut self, body: &[u8]) {
        let (key, now) = (self.key(), self.now());
        let file = self.files.last_mut().unwrap();
        self.chain.signed(body, now, &key, file);
    }

    pub(crate) fn event(&mut self, actor: &str) {
        self.signed(&event(actor));
    }

    pub(crate) fn unsigned(&mut self, actor: &str) {
        let now = self.now();
        let file = self.files.last_mut().unwrap();
        self.chain.unsigned(&event(actor), now, file);
    }

    pub(crate) fn control(&mut self, control: &Control) {
        self.signed(&control.body());
    }

    pub(crate) fn genesis(&mut self, previous: Option<Previous>) {
        let genesis = self.a_genesis(previous);
        self.control(&Control::Genesis(genesis));
        self.note_first();
    }

    /// Line 0 stands in place of a hand-off before it.
    pub(crate) fn note_first(&mut self) {
        if self.chain.next() == 1 {
            self.handoff = HandoffBefore::Line(self.last());
        }
    }

    /// The last line.
    pub(crate) fn last(&self) -> Position {
        Position { hash: self.chain.head(), seq: self.chain.next() - 1 }
    }

    pub(crate) fn a_genesis(&self, previous: Option<Previous>) -> Genesis {
        Genesis {
            handoff: self.is_full.then_some(self.handoff),
            keeps: self.is_full.then_some(self.keeps),
            oldest: self.oldest,
            ..Genesis::new(
                self.files.len() as u64 - 1,
                "example.com/payments",
                (self.keys.len() as u64 - 1, self.key().public()),
                previous,
                self.writer(),
            )
        }
    }

    fn writer(&self) -> WriterIdentity {
        WriterIdentity { boot: self.boot.clone(), ..writer() }
    }

    pub(crate) fn hand_off(&mut self) {
        let next = u8::try_from(self.keys.len()).unwrap();
        let before = self.file().len();
        let handoff = self.a_hand_off((next.into(), secret(self.name, next).public()));
        self.control(&Control::Handoff(handoff));
        let line = self.file()[before..].to_vec();
        self.copies.extend_from_slice(&line);
        self.keys.push(next);
        self.handoff = HandoffBefore::Line(self.last());
    }

    pub(crate) fn a_hand_off(&self, next: (u64, PublicKey)) -> Handoff {
        Handoff {
            file: self.is_full.then(|| self.files.len() as u64 - 1),
            handoff: self.is_full.then_some(self.handoff),
            keeps: self.is_full.then_some(self.keeps),
            oldest: self.is_full.then_some(self.oldest),
            ..Handoff::new(next, "interval")
        }
    }

    pub(crate) fn gap(&mut self, lost: u64) {
        let since = self.now();
        self.control(&Control::Gap(Gap { lost, reason: "queue full".into(), since }));
    }

    pub(crate) fn close(&mut self, reason: Ended) {
        self.control(&Control::Close(Close { reason }));
    }

    pub(crate) fn resume(&mut self, ended: Ended, torn: Option<Torn>) {
        self.control(&Control::Resume(Resume { torn, ..Resume::new(ended, self.writer()) }));
    }

    /// The next file, which says that the one before ended so.
    pub(crate) fn next_file(&mut self, ended: Ended) {
        let previous = self.previous(ended);
        self.files.push(Vec::new());
        self.genesis(Some(previous));
    }

    pub(crate) fn previous(&mut self, ended: Ended) -> Previous {
        let bytes = self.file().len() as u64;
        let name = format!("audit.{}.jsonl", self.files.len() - 1);
        Previous { bytes, ended, name, torn: None, unsynced_from: None }
    }

    pub(crate) fn rotate(&mut self) {
        self.close(Ended::Rotated);
        self.next_file(Ended::Rotated);
    }

    pub(crate) fn files(&self) -> Vec<File> {
        let named = |(number, bytes): (usize, &Vec<u8>)| (format!("audit.{number}.jsonl"), bytes.clone());
        self.files.iter().enumerate().map(named).collect()
    }

    /// Three files, two keys, 14 lines, closed.
    pub(crate) fn of_three_files(name: &'static str) -> Log {
        let mut log = Log::new(name);
        log.event("alice");
        log.event("bob");
        log.rotate();
        log.event("carol");
        log.hand_off();
        log.event("dave");
        log.rotate();
        log.event("erin");
        log.unsigned("frank");
        log.event("grace");
        log.close(Ended::Shutdown);
        log
    }
}

pub(crate) fn secret(name: &str, number: u8) -> SecretKey {
    SecretKey::from_seed(&Sha256::digest(format!("{name} {number}")).into())
}

pub(crate) fn writer() -> WriterIdentity {
    WriterIdentity::new("db1", 4711, "payments 2.3.0")
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

pub(crate) fn pinned(key: PublicKey) -> Options {
    Options { keys: vec![key], ..Options::default() }
}

/// Verifies files of one log, in pieces of a size that cuts lines anywhere.
pub(crate) fn verify(files: &[File], options: &Options) -> LogReport {
    verify_with_copies(files, None, options)
}

pub(crate) fn verify_with_copies(files: &[File], copies: Option<&[u8]>, options: &Options) -> LogReport {
    let mut verifier = Verifier::new(options.keys[0].id(), options);
    if let Some(copies) = copies {
        verifier.hand_offs("audit.keys", copies);
    }
    for (name, bytes) in files {
        verifier.begin_file(name);
        bytes.chunks(997).for_each(|chunk| verifier.bytes(chunk));
    }
    verifier.finish(Timestamp::from_nanos(1_795_300_000_000_000_000))
}

/// What was found: file, line, what.
pub(crate) fn found(report: &LogReport) -> Vec<(&str, u64, &FindingKind)> {
    assert_eq!(report.more_findings, 0);
    let place = |finding: &tracing_audit::verify::Finding| {
        finding
            .at
            .as_ref()
            .map_or(("", 0), |at| (Box::leak(at.file.clone().into_boxed_str()) as &str, at.line))
    };
    report.findings.iter().map(|finding| (place(finding).0, place(finding).1, &finding.kind)).collect()
}
