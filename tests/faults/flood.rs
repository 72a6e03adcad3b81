//! Sixty-four threads emit the longest records as fast as they can, and the disk is slow.

use std::path::Path;
use std::thread;
use std::time::Duration;

use tracing_audit::verify::Verdict;

use crate::program::{Program, Proof, Told};
use crate::proved::{accounted, holds};
use crate::strace::strace;

/// The default.
const LINE_LIMIT: usize = 8_000;

/// What the process may take besides the queue: 1,024 used buffers for the next records (8 MB), 64 threads with a record
/// in hand each, one batch of 1 MiB, and what the allocator keeps of buffers that were longer before they were cut (30 MB
/// in 16 arenas were seen).
const BESIDES: u64 = 48 << 20;

#[test]
fn a_flood_that_drops_takes_no_more_memory_than_the_queue_and_each_record_is_accounted_for() {
    dropped(128, Duration::from_secs(10));
}

#[test]
fn a_flood_that_blocks_takes_no_more_memory_than_the_queue_and_loses_nothing() {
    blocked(128, Duration::from_secs(10));
}

#[test]
#[ignore = "takes ten minutes"]
fn a_flood_of_ten_minutes_that_drops_does_not_either() {
    dropped(8_192, Duration::from_secs(600));
}

#[test]
#[ignore = "takes ten minutes"]
fn a_flood_of_ten_minutes_that_blocks_does_not_either() {
    blocked(8_192, Duration::from_secs(600));
}

fn dropped(queue_length: usize, time: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let Some(told) = flood(&Program { drops: true, ..flooded(folder.path(), queue_length) }, time) else {
        return;
    };
    let history = accounted(folder.path(), &told);
    println!("{} emitted, {} lost and declared", told.emitted(), history.lost());
    assert!(history.lost() > 0);
}

fn blocked(queue_length: usize, time: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let Some(told) = flood(&flooded(folder.path(), queue_length), time) else { return };
    println!("{} emitted", told.emitted());
    let history = holds(folder.path(), &[told]);
    assert_eq!((history.report.verdict, history.lost()), (Verdict::Intact, 0));
}

fn flooded(folder: &Path, queue_length: usize) -> Program {
    // Two values of 4,096 bytes are more than a line takes: each record is cut to the limit.
    Program { threads: 64, proof: Proof::None, queue_length, value: 5_000, ..Program::new(folder) }
}

/// What the service says behind a flood of this length. Each write, of 1 MiB at most, takes at least a second.
fn flood(program: &Program, time: Duration) -> Option<Told> {
    let file = program.folder.join("log/audit.jsonl");
    let process = program.start_under(Some(strace(Some(&file), "write:delay_enter=1000000")?));
    thread::sleep(time);
    let told = process.end();
    let peak = told.end.as_ref().unwrap().memory;
    println!("{} bytes of memory at the start, {peak} at most", told.memory);
    assert!(peak < told.memory + (program.queue_length * LINE_LIMIT) as u64 + BESIDES, "{peak} bytes");
    Some(told)
}
