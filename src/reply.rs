//! An answer that comes later: from the writer's thread to a caller that waits, blocking or not.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::writer::WriteError;

type Answer = Result<(), WriteError>;

/// A pair: the writer keeps the promise, the caller has the reply.
pub(crate) fn reply() -> (Promise, Reply) {
    let slot = Arc::new(Slot::default());
    (Promise(Some(Arc::clone(&slot))), Reply(slot))
}

#[derive(Debug, Default)]
struct Slot {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct State {
    answer: Option<Answer>,
    waker: Option<Waker>,
}

impl Slot {
    // The state is whole at every moment, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer's half. Dropped unkept, as when the writer panics, it answers [`WriteError::Stopped`]: no caller hangs.
#[derive(Debug)]
pub(crate) struct Promise(Option<Arc<Slot>>);

impl Promise {
    pub(crate) fn keep(mut self, answer: Answer) {
        self.answer(answer);
    }

    fn answer(&mut self, answer: Answer) {
        if let Some(slot) = self.0.take() {
            let mut state = slot.state();
            state.answer = Some(answer);
            let waker = state.waker.take();
            drop(state);
            slot.answered.notify_all();
            if let Some(waker) = waker.and_then(put_off) {
                wake(waker);
            }
        }
    }
}

thread_local! {
    /// Wakers that wait for the end of this thread's turn; none outside of any.
    static PUT_OFF: RefCell<Option<Vec<Waker>>> = const { RefCell::new(None) };
}

/// Wakes those who are answered in `turn` once it is over. A waker is an executor's code: it may poll the task there and
/// then, which may emit, or end the log.
pub(crate) fn waking_behind<R>(turn: impl FnOnce() -> R) -> R {
    let outer = PUT_OFF.try_with(|put_off| put_off.replace(Some(Vec::new()))).ok().flatten();
    let result = turn();
    let answered = PUT_OFF.try_with(|put_off| put_off.replace(outer)).ok().flatten();
    answered.into_iter().flatten().for_each(wake);
    result
}

/// Gives the waker back where there is no turn.
fn put_off(waker: Waker) -> Option<Waker> {
    let mut waker = Some(waker);
    let _ = PUT_OFF.try_with(|put_off| {
        if let Some(wakers) = put_off.borrow_mut().as_mut() {
            wakers.extend(waker.take());
        }
    });
    waker
}

/// A panic in it is the executor's, and must not end the log.
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.answer(Err(WriteError::Stopped));
    }
}

/// The caller's half: a future that can also be waited for.
#[derive(Debug)]
pub(crate) struct Reply(Arc<Slot>);

impl Reply {
    pub(crate) fn is_there(&self) -> bool {
        self.0.state().answer.is_some()
    }

    /// Blocks until the answer is there.
    pub(crate) fn wait(&self) -> Answer {
        let mut state = self.0.state();
        loop {
            match state.answer.take() {
                Some(answer) => return answer,
                None => state = self.0.answered.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Blocks until the answer is there, or until `deadline`.
    pub(crate) fn wait_until(&self, deadline: Instant) -> Answer {
        let mut state = self.0.state();
        loop {
            if let Some(answer) = state.answer.take() {
                return answer;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(WriteError::TimedOut);
            }
            state = self.0.answered.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Future for Reply {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let mut state = self.0.state();
        match state.answer.clone() {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;
    use std::thread::{self, Thread};
    use std::time::Duration;

    use super::*;

    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    #[test]
    fn an_answer_wakes_who_blocks_and_who_polls() {
        let (blocking, reply) = super::reply();
        let waits = thread::spawn(move || reply.wait());
        let (polled, mut reply) = super::reply();
        let polls = thread::spawn(move || {
            let waker = Waker::from(Arc::new(Unpark(thread::current())));
            loop {
                match Pin::new(&mut reply).poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(answer) => return answer,
                    Poll::Pending => thread::park(),
                }
            }
        });
        blocking.keep(Ok(()));
        polled.keep(Err(WriteError::Stopped));
        assert_eq!(waits.join().unwrap(), Ok(()));
        assert_eq!(polls.join().unwrap(), Err(WriteError::Stopped));
    }

    #[test]
    fn a_promise_that_is_dropped_is_answered() {
        let (promise, reply) = super::reply();
        drop(promise);
        assert_eq!(reply.wait(), Err(WriteError::Stopped));
    }

    #[test]
    fn waiting_ends_at_the_deadline() {
        let (_promise, reply) = super::reply();
        assert_eq!(reply.wait_until(Instant::now() + Duration::from_millis(1)), Err(WriteError::TimedOut));
    }
}
