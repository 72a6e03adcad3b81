//! Logs made by hand, and what becomes of them on their way.

mod damage;
mod keys;
mod mix;
mod restored;

use super::{LogReport, Options, Report, Verifier};
use crate::trail::{
    Chain, Control, Ended, Genesis, Handoff, PublicKey, Resume, SecretKey, Timestamp, WriterIdentity,
};
use crate::verify::{FindingKind, Verdict};

/// A log as it was written: its lines, each without its newline.
#[derive(Clone)]
struct Log {
    chain: Chain,
    epoch: u64,
    name: u8,
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
            time: 1_780_000_000_000_000_000,
            lines: Vec::new(),
        };
        log.control(&Control::Genesis(genesis));
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

    fn hand_over(mut self) -> Log {
        let (epoch, public_key) = (self.epoch + 1, key(self.name, self.epoch + 1).public());
        self.control(&Control::Handoff(Handoff::new((epoch, public_key), "interval")));
        self.epoch += 1;
        self
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
            true => self.chain.signed(body, time, &key(self.name, self.epoch), &mut line),
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
