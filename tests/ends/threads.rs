//! The end of a thread: what its destructors record is recorded, or refused with an error; nothing aborts or hangs.

use std::cell::RefCell;
use std::thread;

use tracing_audit::{Durability, Guard, RequireError, require};

use super::{Ends, end, record};

pub(super) const ENDS: Ends = &[("destructors", destructors), ("guard_in_a_thread", guard_in_a_thread)];

#[test]
fn what_a_threads_destructors_record_is_in_the_log() {
    for durability in [Durability::Enqueued, Durability::Written, Durability::Synced] {
        let ended = end("destructors", durability);
        assert!(ended.status.success(), "{durability:?}: {}", ended.status);
        ended.is_closed_with(0..8);
    }
}

#[test]
fn a_guard_that_a_thread_takes_with_it_ends_the_log() {
    let ended = end("guard_in_a_thread", Durability::Enqueued);
    assert!(ended.status.success());
    ended.is_closed_with(0..100);
}

/// Records when its thread ends, and requires.
struct Last(u64);

impl Drop for Last {
    fn drop(&mut self) {
        record([self.0]);
        match require(|| record([self.0 + 1])).wait() {
            // Behind its own thread-local the receipt knows nothing, and says so.
            Ok(()) | Err(RequireError::NotRecorded) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
    static GUARD: RefCell<Option<Guard>> = const { RefCell::new(None) };
}

/// What the library keeps of a thread is gone before `LAST` is dropped, or after it.
fn destructors(guard: Guard) {
    for (first, early) in [(0, true), (4, false)] {
        let work = move || {
            if early {
                LAST.set(Some(Last(first + 2)));
            }
            record([first]);
            require(|| record([first + 1])).wait().unwrap();
            if !early {
                LAST.set(Some(Last(first + 2)));
            }
        };
        thread::spawn(work).join().unwrap();
    }
    drop(guard);
}

fn guard_in_a_thread(guard: Guard) {
    let work = move || {
        GUARD.set(Some(guard));
        record(0..100);
    };
    thread::spawn(work).join().unwrap();
}
