//! Telling the application that something is wrong with a log that is open.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::quiet::quiet;
use crate::recorder::Recorder;
use crate::writer::WriteError;

/// The shortest time from one report of losses to the next: a flood must not become a flood of reports.
const BETWEEN_LOSSES: Duration = Duration::from_secs(1);

/// What is wrong with a log that is open, as [`crate::Builder::on_error`] is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The writer could not do what it had to. It tries again by itself, unless it is [`WriteError::Stopped`].
    Write(WriteError),
    /// Records were lost.
    Lost {
        /// How many since the last report.
        records: u64,
        /// How many since the log was opened, [`crate::Status::lost`].
        total: u64,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Write(error) => error.fmt(f),
            Failure::Lost { records, total } => {
                write!(f, "audit log: {records} records were lost, {total} since it was opened")
            }
        }
    }
}

impl std::error::Error for Failure {}

pub(crate) type OnError = Box<dyn Fn(&Failure) + Send>;

/// Calls the application's callback, on the writer's thread and between its turns: a callback may ask for a flush, and
/// where it takes its time it holds up no caller that waits.
pub(crate) struct Alarm {
    on_error: OnError,
    lost: u64,
    lost_at: Option<Instant>,
}

impl Alarm {
    pub(crate) fn new(on_error: OnError) -> Alarm {
        Alarm { on_error, lost: 0, lost_at: None }
    }

    /// Tells what is new. `last`: there will be no other look.
    pub(crate) fn look(&mut self, recorder: &Recorder, last: bool) {
        if let Some(error) = recorder.board.take_new_error() {
            self.tell(&Failure::Write(error));
        }
        let total = recorder.lost();
        let told_of_late = self.lost_at.is_some_and(|at| at.elapsed() < BETWEEN_LOSSES);
        if total > self.lost && (last || !told_of_late) {
            self.tell(&Failure::Lost { records: total - self.lost, total });
            (self.lost, self.lost_at) = (total, Some(Instant::now()));
        }
    }

    /// A callback that panics has been told; the log goes on. What it records itself is not recorded: the way there may
    /// be what it was called for.
    fn tell(&self, failure: &Failure) {
        let _ = catch_unwind(AssertUnwindSafe(|| quiet(|| (self.on_error)(failure))));
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").finish_non_exhaustive()
    }
}
