//! Whose turn it is to do the writer's work: its thread's, or a caller's that would only wait for it. To hand one record
//! to another thread, and its answer back, takes two wake-ups, which cost more than the work.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crate::quiet::quiet;
use crate::recorder::Recorder;
use crate::reply::waking_behind;

/// What holds until the next turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    /// So long the thread takes no turn, unless somebody who waits wakes it.
    pub(crate) nap: Duration,
    /// So long nothing is due.
    pub(crate) at_most: Duration,
}

/// Does all there is to do now; `None` where the log has ended. Must not unwind.
pub(crate) type Turn = Box<dyn FnMut(&Recorder) -> Option<Rest> + Send>;

/// One turn at a time, whoever takes it.
#[derive(Default)]
pub(crate) struct Turns(Mutex<State>);

#[derive(Default)]
struct State {
    /// None before the writer is there, and after the end of its log.
    turn: Option<Turn>,
    /// When the thread wakes by itself.
    wakes: Option<Instant>,
}

impl Turns {
    /// From here on turns can be taken.
    pub(crate) fn begin(&self, turn: Turn) {
        self.state().turn = Some(turn);
    }

    /// For the thread: takes a turn as soon as it can.
    pub(crate) fn take(&self, recorder: &Recorder) -> Option<Rest> {
        waking_behind(|| {
            let mut state = self.state();
            let rest = state.take(recorder)?;
            let time = if rest.nap.is_zero() { rest.at_most } else { rest.nap };
            state.wakes = Instant::now().checked_add(time);
            Some(rest)
        })
    }

    /// For a caller: takes a turn unless another has it. Whether the thread must be woken: it has the rest to do, or has
    /// to wake earlier than it meant to.
    pub(crate) fn try_take(&self, recorder: &Recorder) -> bool {
        waking_behind(|| {
            let mut state = match self.0.try_lock() {
                Ok(state) => state,
                Err(TryLockError::Poisoned(state)) => state.into_inner(),
                Err(TryLockError::WouldBlock) => return true,
            };
            let Some(rest) = state.take(recorder) else { return true };
            let due = Instant::now().checked_add(rest.at_most);
            state.wakes.is_some_and(|wakes| due.is_some_and(|due| due < wakes))
        })
    }

    // A turn doesn't unwind, and the state is whole between any two.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, recorder: &Recorder) -> Option<Rest> {
        let turn = self.turn.as_mut()?;
        // What a dependency logs meanwhile must not come back to the log.
        let rest = quiet(|| turn(recorder));
        if rest.is_none() {
            // With it go the files, the locks, the keys, and the commands that nobody will answer.
            self.turn = None;
        }
        rest
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn due_in(at_most: Duration) -> Rest {
        Rest { nap: Duration::ZERO, at_most }
    }

    #[test]
    fn a_turn_is_taken_on_the_thread_that_asks_for_it() {
        let (recorder, _records) = Recorder::for_test();
        let (tell, told) = mpsc::channel();
        recorder.turns.begin(Box::new(move |_| {
            tell.send(thread::current().id()).unwrap();
            Some(due_in(HOUR))
        }));
        recorder.turns.take(&recorder);
        thread::scope(|scope| {
            let caller = scope.spawn(|| assert!(!recorder.turns.try_take(&recorder)));
            assert_eq!(told.recv().unwrap(), thread::current().id());
            assert_eq!(told.recv().unwrap(), caller.thread().id());
        });
    }

    #[test]
    fn nobody_waits_for_anothers_turn_but_the_thread() {
        let (recorder, _records) = Recorder::for_test();
        let (begun, begins) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        recorder.turns.begin(Box::new(move |_| {
            begun.send(()).unwrap();
            let _ = ends.recv();
            Some(due_in(HOUR))
        }));
        thread::scope(|scope| {
            scope.spawn(|| recorder.turns.take(&recorder));
            begins.recv().unwrap();
            assert!(recorder.turns.try_take(&recorder), "the thread has to look again");
            drop(end);
        });
    }

    #[test]
    fn the_thread_is_woken_when_something_is_due_before_it_wakes() {
        let (recorder, _records) = Recorder::for_test();
        let mut due = [HOUR, HOUR, HOUR / 2, HOUR * 2].into_iter();
        recorder.turns.begin(Box::new(move |_| due.next().map(due_in)));
        recorder.turns.take(&recorder);
        assert!(!recorder.turns.try_take(&recorder), "an hour from then is not before");
        assert!(recorder.turns.try_take(&recorder));
        assert!(!recorder.turns.try_take(&recorder));
        assert!(recorder.turns.try_take(&recorder), "the end of the log is the end of the thread");
        assert_eq!(recorder.turns.take(&recorder), None);
    }
}
