//! The guard dropped late, early and twice. (Never: `sudden.rs`.)

use std::thread;
use std::time::Duration;

use tracing::dispatcher::with_default;
use tracing_audit::{Builder, Durability, Guard, Overflow, RequireError, WriteError, require};

use super::service::Service;
use super::{Ends, end, record};

pub(super) const ENDS: Ends = &[("late", late), ("early", early), ("twice", twice)];

const RECORDS: u64 = 1_000;

#[test]
fn a_guard_that_is_dropped_last_loses_nothing() {
    let ended = end("late", Durability::Enqueued);
    assert!(ended.status.success());
    ended.is_closed_with(0..RECORDS);
}

#[test]
fn behind_a_guard_that_is_dropped_early_all_is_lost_and_counted() {
    let ended = end("early", Durability::Enqueued);
    assert!(ended.status.success());
    ended.is_closed_with(0..RECORDS);
}

#[test]
fn a_second_end_gives_the_answer_of_the_first() {
    let ended = end("twice", Durability::Enqueued);
    assert!(ended.status.success());
    ended.is_closed_with(0..RECORDS);
}

#[test]
fn behind_the_end_nothing_waits_at_any_setting() {
    let overflows =
        [Overflow::Block, Overflow::BlockFor(Duration::from_secs(3600)), Overflow::Drop, Overflow::Abort];
    for durability in [Durability::Enqueued, Durability::Written, Durability::Synced] {
        for overflow in overflows {
            let service = Service::new();
            let options =
                |builder: Builder| builder.durability(durability).overflow(overflow).queue_length(1);
            let log = service.start(options).unwrap();
            log.emit(0);
            log.guard.shutdown().unwrap();
            (1..=100).for_each(|number| log.emit(number));
            let required = with_default(&log.dispatch, || require(|| record([101])));
            assert_eq!(required.wait(), Err(RequireError::Write(WriteError::Stopped)));
            let status = log.guard.status();
            let counts = (status.written, status.lost_stopped, status.lost, status.queued);
            assert_eq!(counts, (1, 101, 101, 0), "{durability:?}, {overflow:?}");
        }
    }
}

fn late(guard: Guard) {
    let (first, rest) = (0..RECORDS / 2, RECORDS / 2..RECORDS);
    thread::spawn(|| record(first)).join().unwrap();
    record(rest);
    drop(guard);
}

fn early(guard: Guard) {
    let handle = guard.handle();
    record(0..RECORDS);
    drop(guard);
    record(RECORDS..RECORDS + 10);
    assert_eq!(handle.status().lost_stopped, 10);
    assert_eq!(handle.flush(), Err(WriteError::Stopped));
    assert_eq!(handle.rotate(), Err(WriteError::Stopped));
    assert_eq!(handle.shutdown(), Ok(()));
}

fn twice(guard: Guard) {
    record(0..RECORDS);
    thread::scope(|scope| {
        let ends = [guard.handle(), guard.handle()].map(|handle| scope.spawn(move || handle.shutdown()));
        for end in ends {
            assert_eq!(end.join().unwrap(), Ok(()));
        }
    });
    assert_eq!(guard.shutdown(), Ok(()));
    drop(guard);
}
