//! The disk refuses single calls: nothing acknowledged is lost or doubled, the status says it, the log ends whole.

use tracing_audit::verify::Verdict;

use crate::history::History;
use crate::program::{Program, Said};
use crate::proved::holds;
use crate::strace::strace;

// The start makes the first calls, on its own thread; where they fail it says so and there is no service.

#[test]
fn a_write_that_fails_is_tried_again() {
    refused("log/audit.jsonl", "write:error=EIO:when=5..9", "write log/audit.jsonl");
}

#[test]
fn a_sync_that_fails_is_not_tried_again_and_the_log_goes_on_in_another_file() {
    left_unsynced("log/audit.jsonl", "fdatasync:error=EIO:when=5", "sync log/audit.jsonl");
}

#[test]
fn a_file_that_cannot_be_created_is_tried_again() {
    refused("log/audit.1.jsonl", "openat:error=EIO:when=1..3", "create log/audit.1.jsonl");
}

#[test]
fn a_new_file_that_cannot_be_written_is_tried_again() {
    refused("log/audit.1.jsonl", "write:error=ENOSPC:when=1..3", "write log/audit.1.jsonl");
}

#[test]
fn a_new_file_that_cannot_be_synced_is_left_for_another() {
    left_unsynced("log/audit.1.jsonl", "fdatasync:error=EIO:when=1", "sync log/audit.1.jsonl");
}

#[test]
fn a_folder_that_cannot_be_synced_is_tried_again() {
    refused("log", "fsync:error=EIO:when=3..9", "sync log");
}

#[test]
fn a_copy_of_a_hand_off_that_cannot_be_written_is_tried_again() {
    refused("log/audit.keys", "write:error=EIO:when=2..3", "write log/audit.keys");
}

#[test]
fn a_head_that_cannot_be_written_is_tried_again() {
    refused("keys/head.tmp", "write:error=EIO:when=3", "write keys/head.json");
}

#[test]
fn a_head_that_cannot_be_renamed_into_place_is_tried_again() {
    refused("keys/head.tmp", "rename:error=EIO:when=3", "write keys/head.json");
}

#[test]
fn a_key_that_cannot_be_synced_is_tried_again() {
    refused("keys/epoch-1.tmp", "fdatasync:error=EIO:when=1..2", "write keys/epoch-1.pem");
}

#[test]
fn a_key_that_cannot_be_removed_is_tried_again() {
    refused("keys/epoch-0.pem", "unlink:error=EIO:when=1..2", "remove keys/epoch-0.pem");
}

fn left_unsynced(path: &str, inject: &str, error: &str) {
    if let Some(history) = refused(path, inject, error) {
        assert!(history.has_unsynced_file());
    }
}

/// A service whose disk refuses these calls on `path` for a while, so that it could not do what `error` says: what its
/// log says in the end. `None` where there is no `strace`.
fn refused(path: &str, inject: &str, error: &str) -> Option<History> {
    let folder = tempfile::tempdir().unwrap();
    let program =
        Program { threads: 4, max_file_size: Some(65_536), key_lines: 300, ..Program::new(folder.path()) };
    let mut process = program.start_under(Some(strace(Some(&folder.path().join(path)), inject)?));
    let (doing, path) = error.split_once(' ').unwrap();
    let error = format!("could not {doing} {}: ", folder.path().join(path).display());
    process.hear_until(|said, _| matches!(said, Said::Failed { error: said } if said.contains(&error)));
    process.hear_until(|said, _| matches!(said, Said::Healed));
    // By then the log has left the first files. The shutdown runs on a thread with a count of its own.
    process.hear_until(|_, told| (0..4).map(|thread| told.proved(thread)).sum::<u64>() > 800);
    let told = process.end();
    assert_eq!(told.end.as_ref().unwrap().error, None);
    let history = holds(folder.path(), &[told]);
    assert_eq!((history.report.verdict, history.lost()), (Verdict::Intact, 0));
    Some(history)
}
