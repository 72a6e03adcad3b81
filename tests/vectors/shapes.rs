//! Logs, and changes to them, that several vectors begin with.

use tracing_audit::trail::Ended;

use crate::log::{Log, lines};
use crate::vector::Vector;

pub(crate) const FIRST: &str = "audit.0.jsonl";
pub(crate) const SECOND: &str = "audit.1.jsonl";
pub(crate) const THIRD: &str = "audit.2.jsonl";
pub(crate) const NINTH: &str = "audit.9.jsonl";

/// What a write that was cut short leaves.
pub(crate) const PIECE: &[u8] = br#"{"fields":{"action":"token.issued","act"#;

/// Two records and the end of the process.
pub(crate) fn closed(name: &'static str, write: impl FnOnce(&mut Log)) -> Log {
    let mut log = Log::new(name);
    log.event("alice");
    write(&mut log);
    log.close(Ended::Shutdown);
    log
}

/// Lines 0 and 1, still open.
pub(crate) fn open(name: &'static str) -> Log {
    let mut log = Log::new(name);
    log.event("alice");
    log
}

/// Lines 0 to 3: two records, closed.
pub(crate) fn four(name: &'static str) -> Log {
    let mut log = Log::new(name);
    log.event("alice");
    log.event("bob");
    log.close(Ended::Shutdown);
    log
}

/// Lines 0 to 5: 1 and 4 are signed, 2 and 3 are not; closed.
pub(crate) fn six(name: &'static str) -> Log {
    let mut log = Log::new(name);
    log.event("alice");
    log.unsigned("bob");
    log.unsigned("carol");
    log.event("dave");
    log.close(Ended::Shutdown);
    log
}

/// A file with one of its lines changed.
pub(crate) fn with(file: &[u8], line: usize, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let mut rows = lines(file);
    let before = String::from_utf8(rows[line - 1].clone()).unwrap();
    let after = change(&before);
    assert_ne!(before, after);
    rows[line - 1] = after.into_bytes();
    rows.concat()
}

pub(crate) fn replaced(from: &str, to: &str) -> impl FnOnce(&str) -> String {
    move |line| line.replacen(from, to, 1)
}

/// `audit.keys` of the victim, and one file that somebody forged.
pub(crate) fn alone(name: &'static str, title: &str, done: &str, victim: &Log, forged: &Log) -> Vector {
    let vector = Vector::new(name, title, done).log(forged);
    vector.file("audit.keys", &victim.copies)
}

/// A payment and a close after what was begun.
pub(crate) fn go_on(mut forged: Log) -> Log {
    forged.event("mallory");
    forged.close(Ended::Shutdown);
    forged
}
