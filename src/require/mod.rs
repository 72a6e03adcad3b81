//! One operation, proved on disk: what must be on record before it happens.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::losses::Loss;
use crate::pending::Pending;
use crate::recorder::Recorder;
use crate::writer::WriteError;

/// Emits audit records, and gives a receipt for them: wait for it before you do what they tell of.
///
/// ```no_run
/// use tracing::info;
/// use tracing_audit::{RequireError, require};
///
/// fn pay(actor: &str, amount: u64) -> Result<(), RequireError> {
///     require(|| info!(target: "audit", actor, amount, "payment ordered")).wait()?;
///     // Only now does the money move.
/// #   Ok(())
/// }
///
/// async fn pay_async(actor: &str, amount: u64) -> Result<(), RequireError> {
///     require(|| info!(target: "audit", actor, amount, "payment ordered")).await
/// }
/// ```
///
/// The receipt is for every audit record that this thread emits within `work`, whichever log's layer it goes to: events,
/// spans that close there, and those of a `require` within. Records that `work` has other threads emit are not among
/// them.
///
/// `require` itself waits no longer than the macros in `work` do, which is what [`crate::Durability`] and
/// [`crate::Overflow`] say; it asks the writers for a sync, and leaves the waiting to the receipt. One sync serves all
/// who wait for it.
pub fn require(work: impl FnOnce()) -> Receipt {
    let mut collected = Collected::default();
    let collecting = Collecting::begin(&mut collected);
    work();
    drop(collecting);
    Receipt::of(&collected)
}

/// Whether what was [required](require) is on disk: a future, for `await`, or [`Receipt::wait`].
///
/// `Ok(())`: at least one record was emitted, and all of them are in their files, covered by a signature and synced.
/// They stay so through a crash of the process or the machine.
///
/// Dropping the receipt, or cancelling the future, takes nothing back: the records stay in the log and are synced all
/// the same. Only whether they are is no longer known.
#[derive(Debug)]
#[must_use = "nothing is proved before the receipt was waited for"]
pub struct Receipt {
    /// One of each log.
    replies: Vec<Pending>,
    /// What is known to be wrong already.
    refused: Option<RequireError>,
}

impl Receipt {
    /// Blocks until the records are on disk, however long the disk takes; at once where one of them was lost. Not for
    /// asynchronous code, which awaits the receipt itself.
    ///
    /// # Errors
    ///
    /// [`RequireError`] says why the records are not known to be on disk. Some of them may be: an error means "don't go
    /// on", never "it was not recorded".
    pub fn wait(self) -> Result<(), RequireError> {
        match self.refused {
            Some(refused) => Err(refused),
            None => self.replies.into_iter().try_for_each(Pending::wait).map_err(RequireError::Write),
        }
    }

    fn of(collected: &Collected) -> Receipt {
        let refused = match collected.lost {
            Some(loss) => Some(loss.into()),
            None if collected.logs.is_empty() => Some(RequireError::NotRecorded),
            None => None,
        };
        if refused.is_some() {
            collected.logs.iter().for_each(|(log, _)| log.wake());
            return Receipt { replies: Vec::new(), refused };
        }
        // The records are in the queues, so that a sync asked for from here on covers them; unless one that somebody else
        // asked for took them, and failed.
        let flush =
            |(log, failed_syncs): &(Arc<Recorder>, u64)| log.flush(true).if_none_failed_since(*failed_syncs);
        Receipt { replies: collected.logs.iter().map(flush).collect(), refused }
    }
}

impl Future for Receipt {
    type Output = Result<(), RequireError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(refused) = &self.refused {
            return Poll::Ready(Err(refused.clone()));
        }
        while let Some(reply) = self.replies.last_mut() {
            match Pin::new(reply).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(RequireError::Write(error))),
                Poll::Ready(Ok(())) => self.replies.pop(),
            };
        }
        Poll::Ready(Ok(()))
    }
}

/// Why records that were [required](require) are not known to be on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequireError {
    /// No record reached a log on this thread: a filter refuses them, their target or level is not one of a log's, or
    /// the thread's subscriber has no audit layer. [`crate::Guard::self_test`] tells these apart.
    NotRecorded,
    /// The queue had no room in the time that [`crate::Overflow`] gives; the record is lost, and counted in a `gap`.
    QueueFull,
    /// A record did not fit into a line, however much its values were cut; it is lost, and counted in a `gap`.
    TooLarge,
    /// The writer could not bring the records to the disk.
    Write(WriteError),
}

impl From<Loss> for RequireError {
    fn from(loss: Loss) -> RequireError {
        match loss {
            Loss::QueueFull => RequireError::QueueFull,
            Loss::TooLarge => RequireError::TooLarge,
            Loss::Stopped => RequireError::Write(WriteError::Stopped),
        }
    }
}

impl fmt::Display for RequireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequireError::NotRecorded => {
                f.write_str("audit log: a record was required, and none reached a log on this thread")
            }
            RequireError::QueueFull => {
                f.write_str("audit log: a required record is lost: the writer's queue had no room in time")
            }
            RequireError::TooLarge => {
                f.write_str("audit log: a required record is lost: it is larger than the line limit")
            }
            RequireError::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RequireError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // `Display` says it already.
            RequireError::Write(error) => error.source(),
            _ => None,
        }
    }
}

/// Called by the layer, within a `require`, for each record on its way to a log: whether the queue took it, and how many
/// syncs had failed before.
pub(crate) fn note(log: &Arc<Recorder>, failed_syncs: u64, handed_over: Result<(), Loss>) {
    let _ = COLLECTED.try_with(|collected| {
        if let Some(collected) = collected.borrow_mut().as_mut() {
            match handed_over {
                Ok(()) => collected.add(log, failed_syncs),
                Err(loss) => collected.lost = collected.lost.or(Some(loss)),
            }
        }
    });
}

/// Whether a flush follows what this thread records.
pub(crate) fn is_collecting() -> bool {
    COLLECTED.try_with(|collected| collected.borrow().is_some()).unwrap_or(false)
}

thread_local! {
    /// What the innermost `require` of this thread saw so far; none outside of any.
    static COLLECTED: RefCell<Option<Collected>> = const { RefCell::new(None) };
}

#[derive(Debug, Default)]
struct Collected {
    /// Each log that took a record, once, and how many of its syncs had failed before the first one.
    logs: Vec<(Arc<Recorder>, u64)>,
    /// The first loss.
    lost: Option<Loss>,
}

impl Collected {
    fn add(&mut self, log: &Arc<Recorder>, failed_syncs: u64) {
        match self.logs.iter_mut().find(|(seen, _)| Arc::ptr_eq(seen, log)) {
            Some((_, before)) => *before = failed_syncs.min(*before),
            None => self.logs.push((Arc::clone(log), failed_syncs)),
        }
    }
}

/// As long as this lives, what the thread records is collected. Its end, by unwinding too, gives `inner` what was seen;
/// that counts for the `require` around it as well.
struct Collecting<'a> {
    inner: &'a mut Collected,
    outer: Option<Collected>,
}

impl Collecting<'_> {
    fn begin(inner: &mut Collected) -> Collecting<'_> {
        let outer = COLLECTED.try_with(|collected| collected.replace(Some(Collected::default())));
        Collecting { inner, outer: outer.unwrap_or_default() }
    }
}

impl Drop for Collecting<'_> {
    fn drop(&mut self) {
        *self.inner = COLLECTED.try_with(RefCell::take).ok().flatten().unwrap_or_default();
        let mut outer = self.outer.take();
        if let Some(outer) = &mut outer {
            self.inner.logs.iter().for_each(|(log, failed_syncs)| outer.add(log, *failed_syncs));
            outer.lost = outer.lost.or(self.inner.lost);
        }
        let _ = COLLECTED.try_with(|collected| collected.replace(outer));
        if std::thread::panicking() {
            // There will be no receipt that wakes the writers.
            self.inner.logs.iter().for_each(|(log, _)| log.wake());
        }
    }
}

#[cfg(test)]
mod tests;
