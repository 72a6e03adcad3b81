//! Time, handed in, so that the writer can be tested without sleeping.

use std::time::{Duration, Instant, SystemTime};

use crate::trail::Timestamp;

/// Two clocks in one: the wall clock for what is written, a monotonic one for what is due.
pub(crate) trait Clock: Send {
    /// The time of day, for timestamps.
    fn now(&self) -> Timestamp;

    /// Time since some start; never goes back.
    fn elapsed(&self) -> Duration;
}

/// The clocks of the system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> SystemClock {
        SystemClock { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands still until it is moved.
#[cfg(test)]
#[derive(Debug, Clone, Default)]
pub(crate) struct ManualClock(std::sync::Arc<std::sync::Mutex<Duration>>);

#[cfg(test)]
impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

#[cfg(test)]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        // 2026-11-21T20:41:00Z and what was advanced since.
        let start = Duration::from_secs(1_795_293_660);
        Timestamp::from_nanos(u64::try_from((start + self.elapsed()).as_nanos()).unwrap())
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}
