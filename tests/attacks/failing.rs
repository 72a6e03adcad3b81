//! A real writer whose disk fails and whose process dies.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use tracing_audit::KeyStore;
use tracing_audit::verify::{FindingKind, LogReport, NoticeKind, Options, Verdict, verify_paths};

use crate::limit;
use crate::program::{Process, Program, Proof, Said, Told};
use crate::strace::strace;

#[test]
fn row_10_a_piece_that_a_full_disk_left_is_gone_on_with_from_its_very_byte() {
    let folder = tempfile::tempdir().unwrap();
    let full = starved(&Program::new(folder.path()));
    let behind = behind_the_last_signature(folder.path());
    let report = verify(folder.path()).unwrap();
    let unsigned = report.findings.iter().map(|finding| &finding.kind).collect::<Vec<_>>();
    match behind {
        0 => assert_eq!((&unsigned[..], report.verdict.exit_code()), (&[][..], 0)),
        bytes => {
            let [FindingKind::UnsignedEnd { bytes: found, .. }] = unsigned[..] else {
                panic!("{unsigned:?}")
            };
            assert_eq!((*found, report.verdict.exit_code()), (bytes, 3));
        }
    }
    full.fed();
    let report = verify(folder.path()).unwrap();
    assert_eq!((report.findings, report.notices, report.verdict.exit_code()), (vec![], vec![], 0));
    assert_eq!((report.torn_bytes, report.lost), (0, 0));
}

#[test]
fn row_10_a_piece_that_a_full_disk_left_is_attested_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    starved(&Program::new(folder.path())).0.kill();
    let behind = behind_the_last_signature(folder.path());
    lives(&Program { run: 1, ..Program::new(folder.path()) });
    let report = verify(folder.path()).unwrap();
    assert_eq!((report.findings, report.verdict.exit_code(), report.torn_bytes), (vec![], 0, behind));
}

#[test]
fn row_11_a_write_that_failed_breaks_no_chain() {
    for (inject, dies) in [("write:error=EIO:when=4..6", false), ("write:error=EIO:signal=KILL:when=4", true)]
    {
        let folder = tempfile::tempdir().unwrap();
        let Some(strace) = strace(Some(&folder.path().join("log/audit.jsonl")), inject) else { return };
        let mut process = Program::new(folder.path()).start_under(Some(strace));
        // Each thread counts its own writes: the last one, of the `close`, may be one that fails. Then the end says so.
        let mut unclosed = vec![];
        if dies {
            process.hear_the_end();
            lives(&Program { run: 1, ..Program::new(folder.path()) });
        } else {
            process.hear_until(|said, _| matches!(said, Said::Refused { .. }));
            process.hear_a_proof();
            if process.end().end.unwrap().error.is_some() {
                unclosed = vec![NoticeKind::Open];
            }
        }
        let report = verify(folder.path()).unwrap();
        let notices: Vec<_> = report.notices.into_iter().map(|notice| notice.kind).collect();
        assert_eq!((report.findings, notices, report.verdict.exit_code()), (vec![], unclosed, 0));
    }
}

#[test]
fn row_12_killed_at_any_system_call_a_log_is_true_and_the_next_start_goes_on() {
    thread::scope(|scope| {
        for call in ["write", "fdatasync", "fsync", "openat", "rename", "unlink"] {
            scope.spawn(move || [1, 2, 3, 5, 8, 13, 21].map(|nth| killed_at(call, nth)));
        }
    });
}

/// A log whose first process is killed at one of its system calls, and whose second ends well.
fn killed_at(call: &str, nth: u64) {
    let folder = tempfile::tempdir().unwrap();
    // Ten of its records fill a file, so that the files change and the keys hand over before long.
    let first = Program {
        proof: Proof::Receipt,
        max_file_size: Some(65_536),
        key_lines: 100,
        value: 5_000,
        ..Program::new(folder.path())
    };
    let Some(strace) = strace(None, &format!("{call}:signal=KILL:when={nth}")) else { return };
    first.start_under(Some(strace)).hear_the_end();
    // Without a pin nothing was begun.
    if let Some(report) = verify(folder.path()) {
        for finding in &report.findings {
            let at_the_end =
                matches!(finding.kind, FindingKind::UnsignedEnd { .. } | FindingKind::NextFileMissing { .. });
            assert!(at_the_end, "{call} {nth}: {finding}");
        }
        assert_eq!(report.verdict.exit_code(), if report.findings.is_empty() { 0 } else { 3 });
    }
    lives(&Program { run: 1, ..first });
    let report = verify(folder.path()).unwrap();
    assert_eq!((report.findings, report.verdict.exit_code()), (vec![], 0), "{call} {nth}");
}

#[test]
fn row_24_a_flood_that_fills_the_queue_of_a_blocking_log_waits() {
    let folder = tempfile::tempdir().unwrap();
    let told = starved(&Program::new(folder.path())).fed();
    let report = verify(folder.path()).unwrap();
    assert_eq!((report.notices, report.verdict.exit_code(), report.lost), (vec![], 0, 0));
    assert_eq!(recorded(folder.path()), told.emitted());
}

#[test]
fn row_24_a_flood_that_fills_the_queue_of_a_dropping_log_is_counted_and_signed_for() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program { drops: true, proof: Proof::Receipt, ..Program::new(folder.path()) };
    let told = starved(&program).fed();
    let report = verify(folder.path()).unwrap();
    assert!(!report.notices.is_empty());
    for notice in &report.notices {
        assert!(
            matches!(&notice.kind, NoticeKind::Gap { reason, .. } if reason == "queue full"),
            "{notice:?}"
        );
    }
    assert_eq!((report.verdict, report.verdict.exit_code()), (Verdict::Intact, 0));
    assert_eq!(recorded(folder.path()) + report.lost, told.emitted());
    assert_eq!(told.end.unwrap().lost, report.lost);
}

/// A service without room on its disk.
struct Starved(Process);

/// Starts it, and takes the room from it until it feels that.
fn starved(program: &Program) -> Starved {
    let mut process = program.start_under(Some(limit::survivable()));
    process.hear_a_proof();
    limit::files_of(process.id(), Some(30_000));
    let mut refused = 0;
    process.hear_until(|said, _| {
        let Said::Refused { error } = said else { return false };
        refused += 1;
        if program.drops { error.contains("queue had no room") } else { refused > 60 }
    });
    Starved(process)
}

impl Starved {
    /// Gives it room, and ends it when it has used some.
    fn fed(mut self) -> Told {
        limit::files_of(self.0.id(), None);
        self.0.hear_a_proof();
        self.0.end()
    }
}

fn lives(program: &Program) {
    let mut process = program.start();
    process.hear_a_proof();
    process.end();
}

fn verify(folder: &Path) -> Option<LogReport> {
    let pin = KeyStore::read_pin(folder.join("keys")).ok()?;
    let options = Options { keys: vec![pin], patience: Duration::ZERO, ..Options::default() };
    let report = verify_paths(&[folder.join("log")], &options).ok()?;
    report.logs.into_iter().next()
}

/// How many bytes of a log's only file no signature covers.
fn behind_the_last_signature(folder: &Path) -> u64 {
    let file = fs::read(folder.join("log/audit.jsonl")).unwrap();
    let mut behind = 0;
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        behind = if line.ends_with(b"\"}}\n") && line.windows(7).any(|part| part == b"\"sig\":\"") {
            0
        } else {
            behind + line.len() as u64
        };
    }
    behind
}

/// How many records a log's only file has.
fn recorded(folder: &Path) -> u64 {
    let text = fs::read_to_string(folder.join("log/audit.jsonl")).unwrap();
    text.lines().filter(|line| line.contains(r#""kind":"event""#)).count() as u64
}
