//! Records that were lost, until a signed gap says so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::trail::{Gap, Timestamp};

/// Why a record was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The queue had no room for it in time.
    QueueFull,
    /// It did not fit into a line, however much its values were cut.
    TooLarge,
    /// The log was shut down, or its writer died.
    Stopped,
}

impl Loss {
    /// What `gap.reason` says.
    fn reason(self) -> &'static str {
        match self {
            Loss::QueueFull => "queue full",
            Loss::TooLarge => "larger than the line limit",
            Loss::Stopped => "writer stopped",
        }
    }
}

/// Counts exactly: every loss ends in the total, and in one gap as long as there is a writer.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    /// By their reason.
    totals: [AtomicU64; 3],
    unsaid: Mutex<Vec<(Loss, Gap)>>,
    /// How many losses `unsaid` holds, to look at without the lock.
    waiting: AtomicU64,
}

impl Losses {
    pub(crate) fn add(&self, loss: Loss, when: Timestamp) {
        self.totals[loss as usize].fetch_add(1, Ordering::Relaxed);
        let mut unsaid = self.unsaid.lock().unwrap_or_else(PoisonError::into_inner);
        match unsaid.iter_mut().find(|(reason, _)| *reason == loss) {
            Some((_, gap)) => gap.lost += 1,
            None => unsaid.push((loss, Gap { lost: 1, reason: loss.reason().into(), since: when })),
        }
        self.waiting.fetch_add(1, Ordering::Release);
    }

    /// Counts records that no line can tell of any more: the log has ended.
    pub(crate) fn add_at_the_end(&self, lost: u64) {
        self.totals[Loss::Stopped as usize].fetch_add(lost, Ordering::Relaxed);
    }

    /// How many records were lost so far for this reason.
    pub(crate) fn total(&self, loss: Loss) -> u64 {
        self.totals[loss as usize].load(Ordering::Relaxed)
    }

    /// Whether a gap is due.
    pub(crate) fn any_unsaid(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// The gaps that are due; the caller writes them.
    pub(crate) fn take(&self) -> Vec<Gap> {
        if !self.any_unsaid() {
            return Vec::new();
        }
        let mut unsaid = self.unsaid.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.store(0, Ordering::Release);
        unsaid.drain(..).map(|(_, gap)| gap).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_of_one_reason_are_one_gap_since_the_first() {
        let losses = Losses::default();
        for (loss, nanos) in [(Loss::QueueFull, 5), (Loss::TooLarge, 6), (Loss::QueueFull, 7)] {
            losses.add(loss, Timestamp::from_nanos(nanos));
        }
        assert!(losses.any_unsaid());
        let said = losses.take();
        let said =
            said.iter().map(|gap| (gap.lost, gap.reason.as_str(), gap.since.as_nanos())).collect::<Vec<_>>();
        assert_eq!(said, [(2, "queue full", 5), (1, "larger than the line limit", 6)]);
        assert!(!losses.any_unsaid() && losses.take().is_empty());
        assert_eq!((losses.total(Loss::QueueFull), losses.total(Loss::TooLarge)), (2, 1));
    }
}
