//! What a thread keeps from record to record, so that a record allocates nothing.

use std::cell::Cell;

use super::layout::Layouts;
use super::values::Values;

/// Bytes that a thread keeps after a large record.
const KEEP: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) values: Values,
    /// The spans around a record, leaf first.
    pub(super) spans: Vec<u8>,
    /// Where each of them begins.
    pub(super) starts: Vec<usize>,
    pub(super) layouts: Layouts,
}

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// Lends the thread's scratch. It is taken out of its place, so that a field whose `Debug` emits an event of its own
/// gets another; at the thread's end, where its place is gone, every record gets another.
pub(super) fn with<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    let mut scratch = SCRATCH.try_with(Cell::take).ok().flatten().unwrap_or_default();
    let result = work(&mut scratch);
    scratch.values.trim(KEEP);
    if scratch.spans.capacity() > KEEP {
        scratch.spans = Vec::new();
    }
    let _ = SCRATCH.try_with(|kept| kept.set(Some(scratch)));
    result
}
