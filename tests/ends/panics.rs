//! Panics that unwind: they lose nothing. (Those that abort: `sudden.rs`.)

use std::fmt;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::info;
use tracing_audit::{Durability, Guard, require};

use super::{Ends, end, record};

pub(super) const ENDS: Ends =
    &[("panic", panic), ("panic_in_field", panic_in_a_field), ("panic_in_require", panic_in_a_require)];

#[test]
fn a_panic_that_unwinds_drops_the_guard_and_loses_nothing() {
    let ended = end("panic", Durability::Enqueued);
    assert!(!ended.status.success());
    ended.is_closed_with(0..500);
}

#[test]
fn a_panic_in_a_field_spoils_the_field_and_ends_nothing() {
    let ended = end("panic_in_field", Durability::Enqueued);
    assert!(ended.status.success());
    ended.is_closed_with([0, 1, 3].into_iter());
    let text = fs::read_to_string(ended.service.file("audit.jsonl")).unwrap();
    assert_eq!(text.matches("its own formatting panicked").count(), 2, "{text}");
}

#[test]
fn what_was_recorded_in_a_require_that_panics_is_not_lost() {
    let ended = end("panic_in_require", Durability::Enqueued);
    assert!(ended.status.success());
    ended.is_closed_with(0..3);
}

fn panic(_guard: Guard) {
    record(0..500);
    panic!("of the test");
}

struct Panics;

impl fmt::Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("of the test")
    }
}

fn panic_in_a_field(guard: Guard) {
    record([0]);
    info!(target: "audit", number = 1, spoilt = ?Panics);
    info!(target: "audit", number = ?Panics);
    record([3]);
    drop(guard);
}

fn panic_in_a_require(guard: Guard) {
    record([0]);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        drop(require(|| {
            record([1]);
            panic!("of the test");
        }));
    }));
    assert!(unwound.is_err());
    require(|| record([2])).wait().unwrap();
    drop(guard);
}
