//! Receipts over a file system in memory: what they wait for, and when they refuse.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use tracing::dispatcher::{self, Dispatch};
use tracing::{info, info_span};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry;

use super::*;
use crate::clock::SystemClock;
use crate::files::memory::{Fault, MemoryFiles};
use crate::keys::Store;
use crate::layer::{AuditLayer, LayerConfig, Sentinel};
use crate::promises::{Durability, Overflow, QueueOptions};
use crate::writer::tests::{LOG, options};
use crate::writer::{LogOptions, Writer, run};

/// A log whose layer is this thread's.
struct Log {
    files: MemoryFiles,
    recorder: Arc<Recorder>,
    dispatch: Dispatch,
    _sentinel: Sentinel,
}

impl Log {
    fn open(config: LayerConfig) -> Log {
        Log::new(config, options())
    }

    fn open_with(options: LogOptions) -> Log {
        Log::new(LayerConfig::default(), options)
    }

    fn new(config: LayerConfig, options: LogOptions) -> Log {
        let files = MemoryFiles::default();
        let store = Store::open_or_create(&files, Path::new("/keys")).unwrap();
        let writer = Writer::open(&files, SystemClock::new(), store, options).unwrap();
        let queue = QueueOptions { length: 4, overflow: Overflow::Drop, durability: Durability::Enqueued };
        let (recorder, commands) = Recorder::new(queue, writer.path());
        let recorder = Arc::new(recorder);
        thread::spawn({
            let recorder = Arc::clone(&recorder);
            move || run(writer, &recorder, commands, Duration::from_millis(1), None)
        });
        let layer = AuditLayer::new(Arc::clone(&recorder), config);
        let (filter, sentinel) = (layer.filter(), layer.sentinel());
        let dispatch = Dispatch::new(registry().with(layer.with_filter(filter)));
        Log { files, recorder, dispatch, _sentinel: sentinel }
    }

    fn require(&self, work: impl FnOnce()) -> Result<(), RequireError> {
        dispatcher::with_default(&self.dispatch, || require(work)).wait()
    }

    fn text(&self) -> String {
        String::from_utf8(self.files.contents(LOG).unwrap()).unwrap()
    }

    /// Waits until the event is on the disk, though nobody asks for it.
    fn has_synced(&self, number: u64) {
        let start = Instant::now();
        while !(self.text().contains(&format!(r#""number":{number}"#)) && self.is_synced()) {
            assert!(start.elapsed() < Duration::from_secs(60), "{}", self.text());
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether all that is in the file is synced.
    fn is_synced(&self) -> bool {
        let operations = self.files.operations();
        let last = |name: &str| operations.iter().rposition(|operation| operation.starts_with(name));
        last("append audit.jsonl") < last("sync audit.jsonl")
    }
}

fn emit(number: u64) {
    info!(target: "audit", number);
}

#[test]
fn a_receipt_comes_when_all_that_was_emitted_is_synced() {
    let log = Log::open(LayerConfig::default());
    for number in 1..=50 {
        let result = log.require(|| {
            let _span = info_span!(target: "audit", "request", number).entered();
            emit(number);
        });
        assert_eq!(result, Ok(()));
        assert!(log.is_synced());
        let text = log.text();
        assert_eq!(text.matches(r#""kind":"event""#).count() as u64, number);
        assert_eq!(text.matches(r#""kind":"span""#).count() as u64, number);
    }
}

#[test]
fn where_nothing_reaches_a_log_the_receipt_refuses() {
    let log = Log::open(LayerConfig::default());
    assert_eq!(require(|| emit(1)).wait(), Err(RequireError::NotRecorded), "no subscriber");
    assert_eq!(log.require(|| {}), Err(RequireError::NotRecorded));
    assert_eq!(log.require(|| info!(target: "auditors", "x")), Err(RequireError::NotRecorded));
    let too_low = log.require(|| tracing::debug!(target: "audit", "x"));
    assert_eq!(too_low, Err(RequireError::NotRecorded));
    let elsewhere = log.require(|| {
        let dispatch = log.dispatch.clone();
        let other = move || dispatcher::with_default(&dispatch, || emit(1));
        thread::spawn(other).join().unwrap();
    });
    assert_eq!(elsewhere, Err(RequireError::NotRecorded), "another thread's");
}

#[test]
fn one_lost_record_is_refused_though_the_others_are_synced() {
    let log = Log::open(LayerConfig::default());
    log.files.fail(0, Fault::Failed, true);
    // With a line that it can't get rid of the writer takes nothing more; the queue takes four.
    assert!(matches!(
        log.require(|| emit(0)),
        Err(RequireError::Write(WriteError::Io { doing: "write", .. }))
    ));
    let receipt = dispatcher::with_default(&log.dispatch, || require(|| (1..=5).for_each(emit)));
    log.files.mend();
    assert_eq!(log.recorder.flush(true).wait(), Ok(()));
    assert_eq!(receipt.wait(), Err(RequireError::QueueFull));
    assert_eq!(log.require(|| emit(6)), Ok(()), "the loss before is not this one's");

    let log = Log::open(LayerConfig { line_limit: 400, ..LayerConfig::default() });
    let fields =
        || info!(target: "audit", a_name_so_long_that_no_cut_of_values_makes_room_for_it_in_the_line = 1);
    assert_eq!(log.require(fields), Err(RequireError::TooLarge));
}

#[test]
fn behind_the_end_of_the_log_the_receipt_refuses() {
    let log = Log::open(LayerConfig::default());
    log.recorder.close().wait().unwrap();
    assert_eq!(log.require(|| emit(1)), Err(RequireError::Write(WriteError::Stopped)));
}

#[test]
fn inner_receipts_are_for_their_own_records_and_outer_ones_for_all() {
    let log = Log::open(LayerConfig::default());
    let mut inner = Vec::new();
    let outer = log.require(|| {
        inner.push(require(|| {}));
        inner.push(require(|| emit(1)));
        inner.push(require(|| {}));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            drop(require(|| {
                emit(2);
                panic!("of the test");
            }));
        }));
        assert!(panicked.is_err());
    });
    assert_eq!(outer, Ok(()));
    let inner = inner.into_iter().map(Receipt::wait).collect::<Vec<_>>();
    assert_eq!(inner, [Err(RequireError::NotRecorded), Ok(()), Err(RequireError::NotRecorded)]);
    assert_eq!(log.require(|| {}), Err(RequireError::NotRecorded), "nothing is left over");
}

#[test]
fn with_several_logs_all_of_them_count() {
    let (one, other) = (Log::open(LayerConfig::default()), Log::open(LayerConfig::default()));
    let both = || {
        require(|| {
            dispatcher::with_default(&one.dispatch, || emit(1));
            dispatcher::with_default(&other.dispatch, || emit(1));
        })
    };
    assert_eq!(both().wait(), Ok(()));
    assert!(one.is_synced() && other.is_synced());
    for failing in [&one, &other] {
        failing.files.fail(0, Fault::Failed, true);
        assert!(matches!(both().wait(), Err(RequireError::Write(WriteError::Io { .. }))));
        failing.files.mend();
        assert_eq!(both().wait(), Ok(()));
    }
}

#[test]
fn what_is_required_is_on_the_disk_in_time_though_the_work_goes_on() {
    let log = Log::open_with(LogOptions { sync_interval: Duration::from_millis(20), ..options() });
    let receipt = dispatcher::with_default(&log.dispatch, || {
        require(|| {
            emit(1);
            log.has_synced(1);
        })
    });
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        dispatcher::with_default(&log.dispatch, || {
            drop(require(|| {
                emit(2);
                panic!("of the test");
            }));
        });
    }));
    assert!(panicked.is_err());
    log.has_synced(2);
    assert_eq!(receipt.wait(), Ok(()));
}

#[test]
fn a_receipt_can_be_awaited_and_dropped() {
    let log = Log::open(LayerConfig::default());
    let context = &mut Context::from_waker(Waker::noop());
    let mut receipt = dispatcher::with_default(&log.dispatch, || require(|| emit(1)));
    let answer = loop {
        match Pin::new(&mut receipt).poll(context) {
            Poll::Ready(answer) => break answer,
            Poll::Pending => thread::sleep(Duration::from_millis(1)),
        }
    };
    assert_eq!(answer, Ok(()));
    drop(dispatcher::with_default(&log.dispatch, || require(|| emit(2))));
    log.recorder.flush(true).wait().unwrap();
    assert!(log.text().contains(r#""number":2"#));
    let refused = require(|| {});
    let mut refused = std::pin::pin!(refused);
    assert_eq!(refused.as_mut().poll(context), Poll::Ready(Err(RequireError::NotRecorded)));
}
