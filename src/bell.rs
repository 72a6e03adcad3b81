//! Waking the writer only when it sleeps: a busy one looks at the queue by itself, and a system call for each record
//! would cost its emitter more than all the rest.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::thread::{self, Thread};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Bell {
    asleep: AtomicBool,
    sleeper: OnceLock<Thread>,
}

impl Bell {
    /// To be called once, on the thread that will sleep.
    pub(crate) fn belongs_here(&self) {
        let _ = self.sleeper.set(thread::current());
    }

    /// Whether this thread is the one that sleeps.
    pub(crate) fn is_here(&self) -> bool {
        self.sleeper.get().is_some_and(|sleeper| sleeper.id() == thread::current().id())
    }

    /// Wakes the sleeper if it is asleep. To be called after the queue has what it should find.
    pub(crate) fn ring_if_asleep(&self) {
        // Pairs with the fence in `sleep`: either the sleeper sees what was queued, or this sees it asleep.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::Relaxed) {
            self.ring();
        }
    }

    /// Wakes the sleeper from a nap too.
    pub(crate) fn ring(&self) {
        if let Some(sleeper) = self.sleeper.get() {
            sleeper.unpark();
        }
    }

    /// Sleeps until rung, or for `at_most`, unless there is something to do already.
    pub(crate) fn sleep(&self, at_most: Duration, something_to_do: impl Fn() -> bool) {
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !something_to_do() {
            thread::park_timeout(at_most);
        }
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Sleeps for `time`, or until somebody who waits rings.
    #[allow(clippy::unused_self)] // only the sleeper itself may nap
    pub(crate) fn nap(&self, time: Duration) {
        thread::park_timeout(time);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn nothing_queued_before_the_bell_is_slept_over() {
        let (bell, queued, done) =
            (Arc::new(Bell::default()), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let sleeper = thread::spawn({
            let (bell, queued, done) = (Arc::clone(&bell), Arc::clone(&queued), Arc::clone(&done));
            move || {
                bell.belongs_here();
                while done.load(Ordering::Relaxed) < 20_000 {
                    bell.sleep(Duration::from_secs(60), || {
                        queued.load(Ordering::Relaxed) > done.load(Ordering::Relaxed)
                    });
                    done.store(queued.load(Ordering::Relaxed), Ordering::Relaxed);
                }
            }
        });
        while bell.sleeper.get().is_none() {
            thread::yield_now();
        }
        for next in 1..=20_000 {
            queued.store(next, Ordering::Relaxed);
            bell.ring_if_asleep();
            while done.load(Ordering::Relaxed) < next {
                std::hint::spin_loop();
            }
        }
        sleeper.join().unwrap();
    }
}
