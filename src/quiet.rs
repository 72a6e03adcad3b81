//! The flag that a thread works for the log: what is logged on it meanwhile is not recorded.

use std::cell::Cell;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Drops what is logged on this thread by the work, and by all that it calls: the log's own dependencies must not write
/// to the log that waits for them.
pub(crate) fn quiet<R>(work: impl FnOnce() -> R) -> R {
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            let _ = QUIET.try_with(|quiet| quiet.set(self.0));
        }
    }
    let _reset = Reset(QUIET.try_with(|quiet| quiet.replace(true)).unwrap_or(false));
    work()
}

pub(crate) fn is_quiet() -> bool {
    QUIET.try_with(Cell::get).unwrap_or(false)
}
