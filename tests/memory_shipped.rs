//! Verifying shipped lines takes the same memory whatever somebody sends.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{self, Read};

use tracing_audit::shipped::{Options, Report, Verifier};
use tracing_audit::trail::{Chain, Control, Genesis, Hash, KeyId, SecretKey, Timestamp, WriterIdentity};
use tracing_audit::verify::{LISTED, NoticeKind, Verdict};

const MIB: u64 = 1 << 20;

/// A stream that is made while it is read.
struct Made<F> {
    make: F,
    buffer: Vec<u8>,
    at: usize,
}

impl<F: FnMut(&mut Vec<u8>) -> bool> Read for Made<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buffer.len() {
            self.buffer.clear();
            self.at = 0;
            if !(self.make)(&mut self.buffer) {
                return Ok(0);
            }
        }
        let read = out.len().min(self.buffer.len() - self.at);
        out[..read].copy_from_slice(&self.buffer[self.at..self.at + read]);
        self.at += read;
        Ok(read)
    }
}

fn verify(key: &SecretKey, make: impl FnMut(&mut Vec<u8>) -> bool) -> Report {
    let options = Options { keys: vec![key.public()], memory: 4 << 20, ..Options::default() };
    let mut verifier = Verifier::new(&options);
    verifier.read("made", Made { make, buffer: Vec::new(), at: 0 }).unwrap();
    verifier.finish(Timestamp::from_nanos(1 << 60)).unwrap()
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

#[test]
fn branches_of_control_lines_take_little() {
    branches(8, 256, 3_000);
}

#[test]
#[ignore = "reads two gigabytes"]
fn two_gigabytes_of_branches_take_no_more() {
    branches(120, 256, 60_000);
}

/// At each number so many control lines with a long text, each after another one of the number before.
fn branches(numbers: u64, wide: usize, long: usize) {
    let key = key();
    let (mut seq, mut tips) = (0, vec![Hash::ZERO; wide]);
    let report = verify(&key, |out| {
        if seq >= numbers {
            return false;
        }
        for (branch, tip) in tips.iter_mut().enumerate() {
            let mut chain = Chain::after(key.id(), seq, *tip);
            let text = "x".repeat(long);
            let body = format!(
                r#"{{"fields":{{"branch":{branch},"lost":1,"reason":"{text}"}},"kind":"gap","level":"ERROR","target":"audit""#
            );
            chain.unsigned(body.as_bytes(), Timestamp::from_nanos(1), out);
            *tip = chain.head();
        }
        seq += 1;
        true
    });
    assert_eq!((report.verdict, report.logs[0].proved.lines), (Verdict::Tampered, 0));
    assert_eq!(report.logs[0].unproved.lines, numbers);
    assert_small(&report);
}

#[test]
fn invented_logs_are_counted_and_the_first_of_them_listed() {
    invented(20_000);
}

#[test]
#[ignore = "makes a million logs"]
fn a_million_invented_logs_take_no_more() {
    invented(1_000_000);
}

fn invented(logs: u64) {
    let key = key();
    let mut made = 0_u64;
    let report = verify(&key, |out| {
        if made == logs {
            // The log that is pinned, too.
            made += 1;
            let genesis = Genesis::new(0, "o", (0, key.public()), None, WriterIdentity::new("h", 1, "p"));
            Chain::new(key.id()).signed(
                &Control::Genesis(genesis).body(),
                Timestamp::from_nanos(1),
                &key,
                out,
            );
        }
        if made > logs {
            return !out.is_empty();
        }
        let id = KeyId::from(made.to_be_bytes());
        let body = br#"{"fields":{"a":1},"kind":"event","level":"INFO","target":"audit""#;
        let mut line = Vec::new();
        Chain::after(id, 5, Hash::ZERO).unsigned(body, Timestamp::from_nanos(1), &mut line);
        let text = serde_json::to_string(std::str::from_utf8(line.trim_ascii()).unwrap()).unwrap();
        out.extend_from_slice(format!("{{\"message\":{text},\"member {made}\":{{\"a\":7}}}}\n").as_bytes());
        made += 1;
        true
    });
    assert_eq!((report.logs.len(), report.more_logs), (LISTED + 1, logs - LISTED as u64));
    let ours = report.logs.iter().find(|log| log.log == key.id()).unwrap();
    assert_eq!((ours.verdict, ours.proved.lines), (Verdict::Intact, 1));
    assert!(
        report.notices.iter().any(|notice| notice.kind == NoticeKind::MoreLogs { logs: report.more_logs })
    );
    assert_small(&report);
}

fn assert_small(report: &Report) {
    let text = serde_json::to_string(report).unwrap();
    assert!(text.len() < 4 << 20, "a report of {} bytes", text.len());
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10;
    assert!(peak < 100 * MIB, "{peak} bytes");
    eprintln!("peak {} MiB, report {} KiB", peak / MIB, text.len() >> 10);
}
