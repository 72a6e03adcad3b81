//! What holds when a call returns, and what a full queue does to callers.

use std::time::Duration;

/// What holds when the macro returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// The record is in the writer's queue; on disk within the sync interval (1 s). A crash of the process loses what is
    /// still queued, at most some milliseconds' worth.
    #[default]
    Enqueued,
    /// The record is in the kernel: a crash of the process does not lose it, one of the machine may.
    Written,
    /// The record is on the disk. One sync serves all threads that wait for it.
    Synced,
}

/// What a thread does that emits into a full queue. A disk that fails is a full queue in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// Waits for room, however long.
    Block,
    /// Waits so long; then the record is dropped and counted, and the next line that can be written is a signed `gap`
    /// with the exact count. With [`Durability::Written`] and [`Durability::Synced`] no call waits longer for those.
    BlockFor(Duration),
    /// Drops the record at once, counted likewise.
    Drop,
    /// Waits 5 s; then ends the process (`std::process::abort`) with a message on stderr: for services that must not
    /// act unrecorded.
    Abort,
}

impl Overflow {
    const DEFAULT_WAIT: Duration = Duration::from_secs(5);

    /// How long a caller may be held up; `None` for ever.
    pub(crate) fn patience(self) -> Option<Duration> {
        match self {
            Overflow::Block => None,
            Overflow::BlockFor(wait) => Some(wait),
            Overflow::Drop => Some(Duration::ZERO),
            Overflow::Abort => Some(Overflow::DEFAULT_WAIT),
        }
    }
}

impl Default for Overflow {
    /// [`Overflow::BlockFor`] 5 seconds.
    fn default() -> Overflow {
        Overflow::BlockFor(Overflow::DEFAULT_WAIT)
    }
}

/// How the two sides of the queue deal with each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueOptions {
    pub(crate) length: usize,
    pub(crate) overflow: Overflow,
    pub(crate) durability: Durability,
}

/// The one place where the library writes to stderr: the process ends here, and its operator must learn why.
pub(crate) fn abort() -> ! {
    use std::io::Write as _;
    let _ = std::io::stderr()
        .write_all(b"tracing-audit: the audit log takes no records; Overflow::Abort ends the process\n");
    std::process::abort()
}
