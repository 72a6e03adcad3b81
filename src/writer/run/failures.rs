//! What the application is told when the writer fails, and what becomes of callers and counts when it panics.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::super::tests::{options, record};
use super::super::{WriteError, Writer};
use super::run;
use crate::clock::{Clock, SystemClock};
use crate::failure::{Alarm, Failure};
use crate::files::memory::{Fault, MemoryFiles};
use crate::keys::Store;
use crate::losses::Loss;
use crate::promises::{Durability, Overflow, QueueOptions};
use crate::recorder::Recorder;
use crate::status::Status;
use crate::trail::Timestamp;

/// Panics when told to, wherever the writer asks it.
struct PanickingClock(SystemClock, Arc<AtomicBool>);

impl PanickingClock {
    fn check(&self) {
        if self.1.load(Ordering::Relaxed) {
            // Without the hook, which would print it.
            std::panic::resume_unwind(Box::new("of the test"));
        }
    }
}

impl Clock for PanickingClock {
    fn now(&self) -> Timestamp {
        self.check();
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.check();
        self.0.elapsed()
    }
}

struct Log {
    files: MemoryFiles,
    recorder: Arc<Recorder>,
    panics: Arc<AtomicBool>,
    told: Arc<Mutex<Vec<Failure>>>,
    thread: JoinHandle<()>,
}

impl Log {
    fn open(durability: Durability) -> Log {
        let told = Arc::new(Mutex::new(Vec::new()));
        let alarm = Alarm::new(Box::new({
            let told = Arc::clone(&told);
            move |failure| told.lock().unwrap().push(failure.clone())
        }));
        Log { told, ..Log::watched(durability, Some(alarm)) }
    }

    fn watched(durability: Durability, alarm: Option<Alarm>) -> Log {
        let files = MemoryFiles::default();
        let store = Store::open_or_create(&files, Path::new("/keys")).unwrap();
        let panics = Arc::new(AtomicBool::new(false));
        let clock = PanickingClock(SystemClock::new(), Arc::clone(&panics));
        let writer = Writer::open(&files, clock, store, options()).unwrap();
        let queue = QueueOptions { length: 8, overflow: Overflow::Block, durability };
        let (recorder, commands) = Recorder::new(queue, writer.path());
        let recorder = Arc::new(recorder);
        let thread = thread::spawn({
            let recorder = Arc::clone(&recorder);
            move || run(writer, &recorder, commands, Duration::from_millis(1), alarm)
        });
        Log { files, recorder, panics, told: Arc::default(), thread }
    }

    fn told(&self) -> Vec<Failure> {
        self.told.lock().unwrap().clone()
    }

    fn wait_until_told(&self, many: usize) -> Vec<Failure> {
        let start = Instant::now();
        while self.told().len() < many {
            assert!(start.elapsed() < Duration::from_secs(60), "{:?}", self.told());
            thread::sleep(Duration::from_millis(1));
        }
        self.told()
    }
}

fn accounted(status: &Status, emitted: u64) {
    assert_eq!(status.written + status.lost + status.queued as u64, emitted, "{status:?}");
    assert_eq!(status.lost, status.lost_queue_full + status.lost_too_large + status.lost_stopped);
}

#[test]
fn a_panic_in_the_writer_hangs_nobody_and_loses_no_count() {
    for durability in [Durability::Enqueued, Durability::Written, Durability::Synced] {
        let log = Log::open(durability);
        (0..5).for_each(|number| log.recorder.record(record(number), false).unwrap());
        log.recorder.flush(true).wait().unwrap();
        log.panics.store(true, Ordering::Relaxed);
        // More than the queue takes, from several threads that would block for ever.
        let taken = thread::scope(|scope| {
            let emit = || {
                (5..25).filter(|number| log.recorder.record(record(*number), false).is_ok()).count() as u64
            };
            let threads = [(); 4].map(|()| scope.spawn(emit));
            threads.map(|thread| thread.join().unwrap()).iter().sum::<u64>()
        });
        log.thread.join().unwrap();
        assert_eq!(log.recorder.flush(true).wait(), Err(WriteError::Stopped));
        assert_eq!(log.recorder.rotate().wait(), Err(WriteError::Stopped));
        assert_eq!(log.recorder.close().wait(), Err(WriteError::Stopped));
        assert_eq!(log.recorder.record(record(99), false), Err(Loss::Stopped));
        let status = log.recorder.status();
        accounted(&status, 5 + 4 * 20 + 1);
        assert!(status.written < 5 + taken + 1);
        assert_eq!(status.last_error, Some(WriteError::Stopped));
        let told = log.told.lock().unwrap();
        assert!(told.contains(&Failure::Write(WriteError::Stopped)), "{told:?}");
    }
}

#[test]
fn a_panic_in_the_writer_does_not_unwind_into_the_caller_whose_turn_it_was() {
    let log = Log::open(Durability::Enqueued);
    log.panics.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        assert_eq!(log.recorder.flush(true).wait(), Err(WriteError::Stopped));
    }
    log.thread.join().unwrap();
}

#[test]
fn an_error_is_told_once_though_it_is_met_at_each_attempt() {
    let log = Log::open(Durability::Enqueued);
    log.files.fail(0, Fault::Failed, true);
    log.recorder.record(record(0), false).unwrap();
    let error = log.recorder.flush(true).wait().unwrap_err();
    for _ in 0..3 {
        assert_eq!(log.recorder.flush(true).wait(), Err(error.clone()));
    }
    assert_eq!(log.wait_until_told(1), [Failure::Write(error.clone())]);
    assert_eq!(log.recorder.status().errors, 1);
    log.files.mend();
    log.recorder.flush(true).wait().unwrap();
    log.files.fail(0, Fault::Failed, true);
    log.recorder.record(record(1), false).unwrap();
    log.recorder.flush(true).wait().unwrap_err();
    assert_eq!(log.wait_until_told(2), [Failure::Write(error.clone()), Failure::Write(error)]);
    log.files.mend();
    log.recorder.close().wait().unwrap();
    log.thread.join().unwrap();
    let status = log.recorder.status();
    assert_eq!((status.errors, status.last_error.as_ref(), status.files), (2, None, 1));
    assert_eq!(status.bytes, log.files.contents(super::super::tests::LOG).unwrap().len() as u64);
}

#[test]
fn losses_are_told_and_at_the_end_all_of_them() {
    let log = Log::open(Durability::Enqueued);
    log.recorder.lose(Loss::TooLarge);
    assert_eq!(log.wait_until_told(1), [Failure::Lost { records: 1, total: 1 }]);
    for _ in 0..3 {
        let _ = log.recorder.lose(Loss::TooLarge);
    }
    log.recorder.close().wait().unwrap();
    log.thread.join().unwrap();
    let told = log.told.lock().unwrap();
    let records = told.iter().map(|failure| match failure {
        Failure::Lost { records, .. } => *records,
        other => panic!("{other}"),
    });
    assert_eq!(records.sum::<u64>(), 4, "{told:?}");
    assert_eq!(told.last().unwrap().to_string().split(", ").last(), Some("4 since it was opened"));
}

#[test]
fn a_callback_may_panic_and_may_flush() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let recorder = Arc::new(Mutex::new(None::<Arc<Recorder>>));
    let alarm = Alarm::new(Box::new({
        let (calls, recorder) = (Arc::clone(&calls), Arc::clone(&recorder));
        move |_| {
            let recorder = recorder.lock().unwrap().clone().unwrap();
            calls.lock().unwrap().push(recorder.flush(true).wait());
            std::panic::resume_unwind(Box::new("of the test"))
        }
    }));
    let log = Log::watched(Durability::Synced, Some(alarm));
    *recorder.lock().unwrap() = Some(Arc::clone(&log.recorder));
    log.recorder.lose(Loss::TooLarge);
    let start = Instant::now();
    while calls.lock().unwrap().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(1));
    }
    log.recorder.record(record(1), false).unwrap();
    log.recorder.lose(Loss::TooLarge);
    log.recorder.close().wait().unwrap();
    log.thread.join().unwrap();
    assert_eq!(*calls.lock().unwrap(), [Ok(()), Err(WriteError::Stopped)]);
    let status = log.recorder.status();
    assert_eq!((status.written, status.lost, status.file), (1, 2, PathBuf::from(super::super::tests::LOG)));
}

#[test]
fn a_sync_that_failed_unasked_is_told_by_the_next_flush_and_not_for_ever() {
    let log = Log::open(Durability::Enqueued);
    let before = log.recorder.board.failed_syncs();
    log.recorder.record(record(1), false).unwrap();
    log.recorder.flush(false).wait().unwrap();
    log.files.fail(0, Fault::Failed, false);
    // Somebody else's.
    let failed = log.recorder.flush(true).wait().unwrap_err();
    assert_eq!(log.recorder.status().failed_syncs, before + 1);

    // The record is in the file that was given up, whatever is synced since.
    let now = log.recorder.board.failed_syncs();
    assert_eq!(log.recorder.flush(true).if_none_failed_since(before).wait(), Err(failed.clone()));
    assert_eq!(pollster::block_on(log.recorder.flush(true).if_none_failed_since(before)), Err(failed));
    assert_eq!(log.recorder.flush(true).if_none_failed_since(now).wait(), Ok(()));
    log.recorder.close().wait().unwrap();
    log.thread.join().unwrap();
}
