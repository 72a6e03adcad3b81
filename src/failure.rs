//! Telling the application that something is wrong with a log.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::herald::Herald;
use crate::quiet::quiet;
use crate::recorder::Recorder;
use crate::writer::WriteError;

/// The shortest time from one report of losses to the next: a flood must not become a flood of reports.
const BETWEEN_LOSSES: Duration = Duration::from_secs(1);

/// What is wrong with a log, as [`crate::Builder::on_error`] is told.
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
    /// Records came when the log was closed: its guard was dropped early, or it was shut down.
    Closed {
        /// How many since the last report.
        records: u64,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Write(error) => error.fmt(f),
            Failure::Lost { records, total } => {
                let were = if *records == 1 { "record was" } else { "records were" };
                write!(f, "audit log: {records} {were} lost, {total} since it was opened")
            }
            Failure::Closed { records } => {
                let (some, are) = if *records == 1 { ("record", "is") } else { ("records", "are") };
                write!(
                    f,
                    "audit log: {records} {some} came after its end and {are} lost: keep the guard that `build` gives until all \
                     that records has ended"
                )
            }
        }
    }
}

impl std::error::Error for Failure {}

pub(crate) type OnError = Box<dyn Fn(&Failure) + Send>;

/// Calls the application's callback, on the writer's thread and between its turns: a callback may ask for a flush, and
/// where it takes its time it holds up no caller that waits. After the end of the log, on the thread that records.
pub(crate) struct Alarm {
    who: Who,
    lost: u64,
    lost_at: Option<Instant>,
}

/// Who is told.
enum Who {
    Application(OnError),
    Herald(Herald),
}

impl Alarm {
    pub(crate) fn new(on_error: OnError) -> Alarm {
        Alarm { who: Who::Application(on_error), lost: 0, lost_at: None }
    }

    /// For an application that asked for no call.
    pub(crate) fn heralded() -> Alarm {
        Alarm { who: Who::Herald(Herald::default()), lost: 0, lost_at: None }
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
        if last {
            // The first that comes too late is told of at once.
            self.lost_at = None;
            if let Who::Herald(herald) = &self.who {
                herald.last_words();
            }
        }
    }

    /// Tells of records that came after the end.
    pub(crate) fn look_back(&mut self, recorder: &Recorder) {
        let total = recorder.lost();
        let told_of_late = self.lost_at.is_some_and(|at| at.elapsed() < BETWEEN_LOSSES);
        if total > self.lost && !told_of_late {
            self.tell(&Failure::Closed { records: total - self.lost });
            (self.lost, self.lost_at) = (total, Some(Instant::now()));
        }
    }

    /// A callback that panics has been told; the log goes on. What it records itself is not recorded: the way there may
    /// be what it was called for.
    fn tell(&mut self, failure: &Failure) {
        match &mut self.who {
            Who::Application(on_error) => {
                let _ = catch_unwind(AssertUnwindSafe(|| quiet(|| on_error(failure))));
            }
            Who::Herald(herald) => herald.say(failure),
        }
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_counted_in_words() {
        for (records, said) in [(1, "1 record was lost"), (2, "2 records were lost")] {
            let said = format!("audit log: {said}, 9 since it was opened");
            assert_eq!(Failure::Lost { records, total: 9 }.to_string(), said);
        }
    }
}
