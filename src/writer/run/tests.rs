//! The thread, its queue and those who wait, over a file system in memory that fails when it is told to.

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::super::tests::{KEYS, LOG, options, oracle, record};
use super::super::{LogOptions, WriteError, Writer};
use super::run;
use crate::clock::SystemClock;
use crate::files::memory::{Fault, MemoryFiles};
use crate::keys::Store;
use crate::losses::Loss;
use crate::promises::{Durability, Overflow, QueueOptions};
use crate::recorder::Recorder;
use crate::trail::{Kind, Line};

struct Log {
    files: MemoryFiles,
    recorder: Arc<Recorder>,
    thread: JoinHandle<()>,
}

fn open(length: usize, overflow: Overflow, durability: Durability) -> Log {
    open_with(options(), QueueOptions { length, overflow, durability })
}

fn open_with(options: LogOptions, queue: QueueOptions) -> Log {
    open_sealing(options, queue, Duration::from_millis(1))
}

fn open_sealing(options: LogOptions, queue: QueueOptions, each: Duration) -> Log {
    let files = MemoryFiles::default();
    let store = Store::open_or_create(&files, Path::new(KEYS)).unwrap();
    let writer = Writer::open(&files, SystemClock::new(), store, options).unwrap();
    let (recorder, commands) = Recorder::new(queue, writer.path());
    let recorder = Arc::new(recorder);
    let thread = thread::spawn({
        let recorder = Arc::clone(&recorder);
        move || run(writer, &recorder, commands, each, None)
    });
    Log { files, recorder, thread }
}

impl Log {
    /// Numbers of the events in the log, which the oracle proves, and the records that its gaps declare lost.
    fn proved(&self) -> (Vec<u64>, u64) {
        let proved = oracle::prove(&self.files, &[oracle::pin(&self.files).unwrap()]);
        let findings: Vec<_> = proved.findings().collect();
        assert!(findings.is_empty(), "{findings:?}");
        (proved.numbers(), proved.lost())
    }

    fn shut_down(self) -> (Vec<u64>, u64) {
        self.recorder.close().wait().unwrap();
        let proved = self.proved();
        self.thread.join().unwrap();
        proved
    }
}

#[test]
fn no_seal_interval_is_longer_than_the_queue_takes_to_fill() {
    let queue = QueueOptions { length: 64, overflow: Overflow::Drop, durability: Durability::Enqueued };
    let log = open_sealing(options(), queue, Duration::from_secs(3600));
    // Nobody waits for them, and no more fit into the queue.
    for batch in 0..4 {
        for number in 0..50 {
            log.recorder.record(record(batch * 50 + number), false).unwrap();
        }
        let patience = Instant::now() + Duration::from_secs(30);
        while log.recorder.queued() > 0 && Instant::now() < patience {
            thread::yield_now();
        }
    }
    assert_eq!(log.shut_down(), ((0..200).collect(), 0));
}

#[test]
fn a_flush_is_for_all_that_was_recorded_before() {
    let log = open(64, Overflow::Block, Durability::Enqueued);
    for number in 0..500 {
        log.recorder.record(record(number), false).unwrap();
        if number % 50 == 0 {
            log.recorder.flush(true).wait().unwrap();
            assert_eq!(log.proved().0.len() as u64, number + 1);
        }
    }
    assert_eq!(log.shut_down(), ((0..500).collect(), 0));
}

#[test]
fn written_and_synced_hold_when_the_call_returns() {
    for (durability, last) in
        [(Durability::Written, "append audit.jsonl"), (Durability::Synced, "sync audit.jsonl")]
    {
        let log = open(64, Overflow::Block, durability);
        log.files.operations();
        log.recorder.record(record(7), false).unwrap();
        assert_eq!(log.files.operations().last().map(String::as_str), Some(last));
        assert_eq!(log.shut_down(), (vec![7], 0));
    }
}

#[test]
fn one_sync_serves_all_who_wait() {
    let log = open(64, Overflow::Block, Durability::Enqueued);
    log.recorder.record(record(0), false).unwrap();
    let replies = (0..20).map(|_| log.recorder.flush(true)).collect::<Vec<_>>();
    for reply in replies {
        reply.wait().unwrap();
    }
    let syncs =
        log.files.operations().iter().filter(|operation| operation.starts_with("sync audit.")).count();
    assert!(syncs <= 2 + 1, "{syncs} syncs, the genesis's among them");
    log.shut_down();
}

#[test]
fn a_failing_disk_is_reported_at_once_and_loses_nothing_when_it_heals() {
    let log = open(64, Overflow::Block, Durability::Enqueued);
    log.files.fail(0, Fault::Failed, true);
    log.recorder.record(record(1), false).unwrap();
    let error = log.recorder.flush(true).wait().unwrap_err();
    assert!(
        matches!(&error, WriteError::Io { doing: "write", path, .. } if path == Path::new(LOG)),
        "{error}"
    );
    assert_eq!(log.recorder.status().last_error, Some(error));
    log.files.mend();
    log.recorder.flush(true).wait().unwrap();
    assert_eq!(log.recorder.status().last_error, None);
    assert_eq!(log.shut_down(), (vec![1], 0));
}

#[test]
fn dropping_is_counted_exactly_in_the_status_and_in_a_signed_gap() {
    for overflow in [Overflow::Drop, Overflow::BlockFor(Duration::from_millis(1))] {
        let log = open(8, overflow, Durability::Enqueued);
        log.files.fail(0, Fault::Failed, true);
        // With a line that it can't get rid of the writer takes nothing more.
        log.recorder.record(record(0), false).unwrap();
        log.recorder.flush(true).wait().unwrap_err();
        let full = (1..50)
            .filter(|number| log.recorder.record(record(*number), false) == Err(Loss::QueueFull))
            .count();
        let lost = log.recorder.status().lost;
        assert_eq!((lost, full), (49 - 8, 49 - 8), "the queue takes 8");
        log.files.mend();
        log.recorder.flush(true).wait().unwrap();
        let status = log.recorder.status();
        assert_eq!((status.recorded, status.written, status.lost, status.queued), (9, 9, lost, 0));
        let (numbers, declared) = log.shut_down();
        assert_eq!((numbers, declared), ((0..9).collect(), lost));
    }
}
#[test]
fn blocking_waits_for_room_and_loses_nothing() {
    let log = open(4, Overflow::Block, Durability::Enqueued);
    log.files.fail(0, Fault::Failed, true);
    let files = log.files.clone();
    let healer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        files.mend();
    });
    (0..100).for_each(|number| log.recorder.record(record(number), false).unwrap());
    healer.join().unwrap();
    assert_eq!(log.shut_down(), ((0..100).collect(), 0));
}

#[test]
fn a_call_that_waits_for_the_disk_waits_no_longer_than_overflow_says() {
    let log = open(8, Overflow::BlockFor(Duration::from_millis(20)), Durability::Synced);
    log.files.fail(0, Fault::Failed, true);
    let start = Instant::now();
    log.recorder.record(record(1), false).unwrap();
    assert!(start.elapsed() < Duration::from_secs(4));
    log.files.mend();
    assert_eq!(log.shut_down(), (vec![1], 0));
}

#[test]
fn after_the_end_records_are_lost_and_counted_and_nobody_hangs() {
    let log = open(8, Overflow::Block, Durability::Synced);
    log.recorder.record(record(1), false).unwrap();
    let recorder = Arc::clone(&log.recorder);
    assert_eq!(log.shut_down(), (vec![1], 0));
    (2..30).for_each(|number| assert_eq!(recorder.record(record(number), false), Err(Loss::Stopped)));
    let status = recorder.status();
    assert_eq!((status.recorded, status.written, status.lost), (1, 1, 28));
    assert_eq!(recorder.flush(true).wait(), Err(WriteError::Stopped));
    assert_eq!(recorder.close().wait(), Err(WriteError::Stopped));
}

#[test]
fn the_status_has_the_new_file_when_a_rotation_is_answered() {
    let log = open(64, Overflow::Block, Durability::Enqueued);
    for number in 1..100 {
        log.recorder.rotate().wait().unwrap();
        let name = format!("audit.{number}.jsonl");
        assert_eq!(log.recorder.status().file, Path::new(LOG).with_file_name(name));
    }
    log.recorder.close().wait().unwrap();
}

#[test]
fn a_disk_that_fails_at_the_end_is_said() {
    let log = open(8, Overflow::Drop, Durability::Enqueued);
    log.recorder.record(record(1), false).unwrap();
    log.recorder.flush(true).wait().unwrap();
    log.files.fail(0, Fault::Failed, true);
    log.recorder.record(record(2), false).unwrap();
    let error = log.recorder.close().wait().unwrap_err();
    log.thread.join().unwrap();
    assert!(matches!(error, WriteError::Io { .. }), "{error}");
    let status = log.recorder.status();
    assert_eq!((status.recorded, status.written, status.lost, status.last_error), (2, 1, 1, Some(error)));
}

#[test]
fn an_idle_log_hands_over_too() {
    let queue = QueueOptions { length: 8, overflow: Overflow::Block, durability: Durability::Enqueued };
    let log = open_with(LogOptions { key_interval: Duration::from_millis(30), ..options() }, queue);
    let hand_overs = || {
        let bytes = log.files.contents(LOG).unwrap();
        bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| Line::parse(line).is_ok_and(|line| line.kind == Kind::Handoff))
            .count()
    };
    let start = Instant::now();
    while hand_overs() < 3 {
        assert!(start.elapsed() < Duration::from_secs(60), "{} hand-offs", hand_overs());
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(log.recorder.status().recorded, 0);
    log.shut_down();
}

#[test]
fn by_hand_the_log_goes_on_in_another_file_and_with_another_key() {
    let log = open(8, Overflow::Block, Durability::Enqueued);
    let first = log.recorder.status().file;
    log.recorder.record(record(1), false).unwrap();
    log.recorder.rotate().wait().unwrap();
    log.recorder.record(record(2), false).unwrap();
    log.recorder.hand_over().wait().unwrap();
    let second = log.recorder.status().file;
    assert_eq!(
        (first.as_path(), second.as_path()),
        (Path::new(LOG), Path::new("/var/log/app/audit/audit.1.jsonl"))
    );
    assert_eq!(log.shut_down(), (vec![1, 2], 0));
}

#[test]
fn a_key_store_that_fails_holds_nobody_up() {
    let log = open_with(
        LogOptions { key_interval: Duration::ZERO, ..options() },
        QueueOptions { length: 8, overflow: Overflow::Block, durability: Durability::Synced },
    );
    log.files.break_all("create_new epoch");
    log.files.operations();
    (0..20).for_each(|number| log.recorder.record(record(number), false).unwrap());
    log.recorder.flush(true).wait().unwrap();
    assert!(log.recorder.status().last_error.is_some(), "but it is said");
    let attempts =
        log.files.operations().iter().filter(|operation| operation.starts_with("create_new epoch")).count();
    assert!((1..4).contains(&attempts), "{attempts} attempts");
    assert_eq!(log.shut_down(), ((0..20).collect(), 0));
}

#[test]
fn after_a_failed_sync_those_who_wait_get_the_error_and_the_next_ones_a_new_file() {
    let log = open(8, Overflow::Block, Durability::Enqueued);
    log.recorder.record(record(1), false).unwrap();
    log.recorder.flush(false).wait().unwrap();
    log.files.fail(0, Fault::Failed, false);
    let error = log.recorder.flush(true).wait().unwrap_err();
    assert!(matches!(&error, WriteError::Io { doing: "sync", .. }), "{error}");
    log.recorder.record(record(2), false).unwrap();
    log.recorder.flush(true).wait().unwrap();
    assert_eq!(log.recorder.status().file, Path::new("/var/log/app/audit/audit.1.jsonl"));
    log.shut_down();
}

/// So many records wait while all fails, as when an application ends on a full disk.
fn waiting(overflow: Overflow) -> Log {
    let log = open(64, overflow, Durability::Enqueued);
    log.files.break_all("append audit");
    for number in 0..30 {
        log.recorder.record(record(number), false).unwrap();
    }
    log
}

#[test]
fn an_end_that_fails_once_is_tried_again_whatever_fails() {
    for overflow in [Overflow::Drop, Overflow::Block] {
        for fault in [Fault::Failed, Fault::Persisted, Fault::Short(100)] {
            for after in 0.. {
                let log = waiting(overflow);
                log.files.repair();
                log.files.fail(after, fault, false);
                log.recorder
                    .close()
                    .wait()
                    .unwrap_or_else(|error| panic!("{fault:?} after {after}: {error}"));
                let is_past = !log.files.mend();
                let status = log.recorder.status();
                assert_eq!((status.written, status.lost), (30, 0), "{fault:?} after {after}");
                assert_eq!(log.proved(), ((0..30).collect(), 0), "{fault:?} after {after}");
                log.thread.join().unwrap();
                if is_past {
                    break;
                }
            }
        }
    }
}

#[test]
fn an_end_is_tried_as_long_as_a_full_queue_holds_up_a_caller() {
    let log = waiting(Overflow::BlockFor(Duration::from_secs(30)));
    let files = log.files.clone();
    let mender = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        files.repair();
    });
    assert_eq!(log.shut_down(), ((0..30).collect(), 0));
    mender.join().unwrap();

    let log = waiting(Overflow::BlockFor(Duration::from_millis(1)));
    let error = log.recorder.close().wait().unwrap_err();
    assert!(matches!(error, WriteError::Io { doing: "write", .. }), "{error}");
    let status = log.recorder.status();
    assert_eq!((status.written, status.lost, status.lost_stopped), (0, 30, 30));
    log.thread.join().unwrap();
}

#[test]
fn what_can_be_written_at_the_end_is_though_the_key_store_takes_nothing() {
    let log = open(64, Overflow::Drop, Durability::Enqueued);
    log.files.break_all("create_new head");
    for number in 0..5 {
        log.recorder.record(record(number), false).unwrap();
        if number % 2 == 0 {
            log.recorder.rotate().wait().unwrap();
        }
    }
    assert!(matches!(log.recorder.close().wait(), Err(WriteError::Io { doing: "write", .. })));
    let status = log.recorder.status();
    assert_eq!((status.written, status.lost), (5, 0));
    assert_eq!(log.proved(), ((0..5).collect(), 0));
    log.thread.join().unwrap();
}

#[test]
fn a_full_file_behind_which_no_other_can_be_made_takes_what_comes() {
    let by_size = LogOptions { max_file_size: Some(65_536), ..options() };
    let queue = QueueOptions { length: 64, overflow: Overflow::Block, durability: Durability::Enqueued };
    let log = open_with(by_size, queue);
    log.files.break_all("create_new audit.");
    let many = 1_000;
    for number in 0..many {
        log.recorder.record(record(number), false).unwrap();
    }
    log.recorder.flush(true).wait().unwrap();
    let status = log.recorder.status();
    assert!(status.bytes > 2 * 65_536, "{status:?}");
    assert!(matches!(status.last_error, Some(WriteError::Io { doing: "create", .. })), "{status:?}");
    log.files.repair();
    let start = Instant::now();
    let mut number = many;
    while log.recorder.status().files == 1 {
        assert!(start.elapsed() < Duration::from_secs(60));
        log.recorder.record(record(number), false).unwrap();
        number += 1;
        thread::sleep(Duration::from_millis(10));
    }
    log.recorder.flush(true).wait().unwrap();
    assert_eq!(log.recorder.status().last_error, None);
    assert_eq!(log.shut_down(), ((0..number).collect(), 0));
}

#[test]
fn nothing_comes_after_the_last_line_though_the_end_is_tried_again() {
    for broken in ["rename head.json", "append audit", "sync_folder audit-keys"] {
        let log = open(1, Overflow::BlockFor(Duration::from_secs(30)), Durability::Enqueued);
        log.recorder.record(record(0), false).unwrap();
        log.recorder.flush(true).wait().unwrap();
        log.files.break_all(broken);
        let end = thread::spawn({
            let recorder = Arc::clone(&log.recorder);
            move || recorder.close().wait()
        });
        // What comes meanwhile, from whomever, is told that it is too late.
        let start = Instant::now();
        while log.recorder.status().last_error.is_none() {
            assert!(start.elapsed() < Duration::from_secs(20));
            thread::sleep(Duration::from_millis(1));
        }
        for number in 1..4 {
            assert_eq!(log.recorder.record(record(number), false), Err(Loss::Stopped));
        }
        let _ = log.recorder.lose(Loss::TooLarge);
        let hand_over = log.recorder.hand_over();
        let rotate = log.recorder.rotate();
        thread::sleep(Duration::from_millis(250));
        log.files.repair();
        end.join().unwrap().unwrap();
        assert_eq!(hand_over.wait(), Err(WriteError::Stopped), "{broken}");
        assert_eq!(rotate.wait(), Err(WriteError::Stopped), "{broken}");
        let (numbers, lost) = log.proved();
        assert_eq!(numbers, [0], "{broken}");
        assert!(lost <= 4, "{broken}: {lost}");
        log.thread.join().unwrap();
    }
}
