//! Logs made by hand, and what becomes of them on their way.

mod beside;
mod damage;
mod deletion;
mod forger;
mod honest;
mod keys;
mod mix;
mod restored;
mod rule;
mod wrappings;

use super::{LogReport, Options, Report, Verifier};
use crate::trail::{
    Chain, Control, Ended, Genesis, Handoff, HandoffBefore, Hash, Position, PublicKey, Resume, SecretKey,
    Timestamp, WriterIdentity,
};
use crate::verify::{FindingKind, Verdict};

/// A log as it was written: its lines, each without its newline.
#[derive(Clone)]
struct Log {
    chain: Chain,
    epoch: u64,
    name: u8,
    /// The key that signs: of which log, of which epoch.
    key: (u8, u64),
    /// The last hand-off, and whether the next ones name it.
    hand_off: Option<Position>,
    names_hand_off: bool,
    /// The hash of line 0.
    start: Hash,
    time: u64,
    lines: Vec<String>,
}

impl Log {
    /// Has its genesis.
    fn new(name: u8) -> Log {
        let key = key(name, 0);
        let genesis = Genesis::new(0, format!("log {name}"), (0, key.public()), None, writer());
        let mut log = Log {
            chain: Chain::new(key.id()),
            epoch: 0,
            name,
            key: (name, 0),
            hand_off: None,
            names_hand_off: false,
            start: Hash::ZERO,
            time: 1_780_000_000_000_000_000,
            lines: Vec::new(),
        };
        log.control(&Control::Genesis(genesis));
        log.start = log.hash(0);
        log
    }

    fn pin(&self) -> PublicKey {
        key(self.name, 0).public()
    }

    /// Adds events; every so many-th is signed, and the last.
    fn events(mut self, count: u64, signed: u64) -> Log {
        for number in 1..=count {
            let fields = format!(r#""count":{number},"path":"/a\"b","price":{}"#, eighths(number));
            self = self.event(&fields, number % signed == 0 || number == count);
        }
        self
    }

    fn event(mut self, fields: &str, signed: bool) -> Log {
        let body = format!(r#"{{"fields":{{{fields}}},"kind":"event","level":"INFO","target":"audit""#);
        self.add(body.as_bytes(), signed);
        self
    }

    fn hand_over(self) -> Log {
        let next = (self.name, self.epoch + 1);
        self.hand_over_to(next)
    }

    fn hand_over_to(mut self, next: (u8, u64)) -> Log {
        let (epoch, public_key) = (self.epoch + 1, key(next.0, next.1).public());
        let handoff = HandoffBefore::Line(self.hand_off.unwrap_or(Position { hash: self.start, seq: 0 }));
        let handoff = self.names_hand_off.then_some(handoff);
        let line = Handoff { handoff, ..Handoff::new((epoch, public_key), "interval") };
        self.control(&Control::Handoff(line));
        self.hand_off = Some(Position { hash: self.chain.head(), seq: self.chain.next() - 1 });
        self.epoch += 1;
        self.key = next;
        self
    }

    /// Each hand-off from here on names the one before it.
    fn naming(mut self) -> Log {
        self.names_hand_off = true;
        self
    }

    /// Its next line is of this number, after one of this hash.
    fn at(mut self, seq: u64, prev: Hash) -> Log {
        self.chain = Chain::after(self.chain.log(), seq, prev);
        self
    }

    /// Only the lines from here on.
    fn fresh(mut self) -> Log {
        self.lines.clear();
        self
    }

    /// Goes on with another key.
    fn with_key(mut self, key: (u8, u64), epoch: u64) -> Log {
        (self.key, self.epoch) = (key, epoch);
        self
    }

    fn hash(&self, seq: usize) -> Hash {
        Hash::of_line(self.lines[seq].as_bytes())
    }

    /// A process that was started from a copy goes on.
    fn resume(mut self) -> Log {
        self.control(&Control::Resume(Resume::new(Ended::Crash, writer())));
        self
    }

    fn control(&mut self, control: &Control) {
        self.add(&control.body(), true);
    }

    fn add(&mut self, body: &[u8], signed: bool) {
        let (mut line, time) = (Vec::new(), Timestamp::from_nanos(self.time));
        match signed {
            true => self.chain.signed(body, time, &key(self.key.0, self.key.1), &mut line),
            false => self.chain.unsigned(body, time, &mut line),
        }
        line.pop();
        self.time += 1_000_000;
        self.lines.push(String::from_utf8(line).unwrap());
    }

    /// With a line changed.
    fn with(mut self, seq: usize, change: impl FnOnce(&str) -> String) -> Log {
        let changed = change(&self.lines[seq]);
        assert_ne!(changed, self.lines[seq]);
        self.lines[seq] = changed;
        self
    }

    /// Without lines.
    fn without(mut self, seqs: std::ops::RangeInclusive<usize>) -> Log {
        self.lines.drain(seqs);
        self
    }

    fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    fn verify(&self) -> LogReport {
        verify(&[&self.text()], &[self.pin()]).logs.remove(0)
    }
}

/// Verifies a log's lines, given its pin and copies.
fn with_copies(log: &Log, streams: &[&str], copies: &[&str]) -> Report {
    verify_all(streams, copies, &Options { keys: vec![log.pin()], ..Options::default() })
}

/// Numbers without a pattern, the same in each run.
struct Numbers(u64);

impl Numbers {
    /// Of a case of a generator.
    fn of(seed: u64) -> Numbers {
        let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            numbers.below(1);
        }
        numbers
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 8) % bound as u64).unwrap()
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// Runs the cases of a generator; one that fails is named by its seed.
fn each_case(cases: u64, case: impl Fn(u64) + std::panic::RefUnwindSafe) {
    let only = std::env::var("CASE").ok().and_then(|seed| seed.parse().ok());
    for seed in only.map_or(0..cases, |seed| seed..seed + 1) {
        let result = std::panic::catch_unwind(|| case(seed));
        assert!(result.is_ok(), "case {seed} failed: run it alone with CASE={seed}");
    }
}

/// A number of eighths: a float that is exact.
fn eighths(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap()) / 8.0
}

fn key(log: u8, epoch: u64) -> SecretKey {
    let mut seed = [log; 32];
    seed[..8].copy_from_slice(&epoch.to_be_bytes());
    SecretKey::from_seed(&seed)
}

fn writer() -> WriterIdentity {
    WriterIdentity::new("host", 7, "test")
}

/// Each text is a stream, `0`, `1` …
fn verify(streams: &[&str], keys: &[PublicKey]) -> Report {
    verify_with(streams, &Options { keys: keys.to_vec(), ..Options::default() })
}

fn verify_with(streams: &[&str], options: &Options) -> Report {
    verify_all(streams, &[], options)
}

/// With streams of copies, `copies 0`, `copies 1` …
fn verify_all(streams: &[&str], copies: &[&str], options: &Options) -> Report {
    let mut verifier = Verifier::new(options);
    for (number, text) in streams.iter().enumerate() {
        verifier.read(&number.to_string(), text.as_bytes()).unwrap();
    }
    for (number, text) in copies.iter().enumerate() {
        verifier.read_copies(&format!("copies {number}"), text.as_bytes()).unwrap();
    }
    verifier.finish(Timestamp::from_nanos(1_790_000_000_000_000_000)).unwrap()
}

/// Each number between the first and the last line is proved, there and not proved, or missing, and but one of these.
fn each_number_is_said_once(report: &LogReport, sparse: bool) {
    let all = [&report.proved, &report.unproved, &report.missing];
    let mut said: Vec<u64> = all.iter().flat_map(|r| r.listed.iter()).flat_map(|r| r.from..=r.to).collect();
    let count = said.len();
    said.sort_unstable();
    said.dedup();
    assert_eq!(said.len(), count, "a number is said twice: {report:?}");
    assert_eq!(all.iter().map(|r| r.lines).sum::<u64>(), count as u64);
    if report.missing.lines > 0 || report.unproved.lines > 0 {
        assert_ne!(report.verdict, Verdict::Intact, "{report:?}");
    }
    assert!(!sparse || report.missing.lines == 0);
}

/// What does not hold, as numbers of lines and findings.
fn found(log: &LogReport) -> Vec<(Option<u64>, &FindingKind)> {
    log.findings.iter().map(|finding| (finding.seq, &finding.kind)).collect()
}

fn ranges(ranges: &crate::verify::Ranges) -> Vec<(u64, u64)> {
    ranges.listed.iter().map(|range| (range.from, range.to)).collect()
}

fn is_whole(log: &LogReport, lines: u64) {
    assert_eq!((log.verdict, &log.findings), (Verdict::Intact, &vec![]), "{log:?}");
    assert_eq!(ranges(&log.proved), [(0, lines - 1)], "{log:?}");
    assert!(log.unproved.lines == 0 && log.missing.lines == 0, "{log:?}");
}
