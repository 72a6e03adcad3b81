//! Where the application asked for no call: what is wrong with a log is said where people look. At the target
//! `tracing_audit`, or on stderr where no subscriber takes that.
//!
//! A thread of its own says it, so that a subscriber that blocks, for ever even, stalls neither the log nor a caller. What it
//! says is never recorded in a log.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tracing::Level;

use crate::failure::Failure;
use crate::quiet::quiet;

/// What is said is said at this target.
const TARGET: &str = "tracing_audit";

/// So much may wait to be said; more is in [`crate::Status`].
const WAITING: usize = 16;

/// How long the same failure is not said again.
const SAME: Duration = Duration::from_secs(60);

/// How long the end of a log waits for what was said to be heard.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// So many failures are told apart.
const TOLD_APART: usize = 32;

/// Says failures. Its thread begins with the first, and ends with this.
#[derive(Debug, Default)]
pub(crate) struct Herald {
    thread: Option<Sender<Word>>,
    /// What was said, and when.
    said: Vec<(String, Instant)>,
}

enum Word {
    Failure(Failure),
    /// All before was said.
    Heard(Sender<()>),
}

impl Herald {
    /// Says it soon. Blocks on nothing.
    pub(crate) fn say(&mut self, failure: &Failure) {
        if let Failure::Write(_) = failure
            && self.has_just_said(failure.to_string())
        {
            return;
        }
        let thread = self.thread.get_or_insert_with(|| {
            let (words, heard) = bounded(WAITING);
            let named = thread::Builder::new().name("tracing-audit-says".to_owned());
            // Where no thread can be had, nobody hears it.
            let _ = named.spawn(move || say_all(heard));
            words
        });
        if let Err(TrySendError::Disconnected(_)) = thread.try_send(Word::Failure(failure.clone())) {
            self.thread = None;
            let _ = writeln!(std::io::stderr(), "{failure}");
        }
    }

    /// Waits a moment until what was said is heard: the process may be about to end.
    pub(crate) fn last_words(&self) {
        let Some(thread) = &self.thread else { return };
        let (heard, is_heard) = bounded(1);
        if thread.send_timeout(Word::Heard(heard), LAST_WORDS).is_ok() {
            let _ = is_heard.recv_timeout(LAST_WORDS);
        }
    }

    fn has_just_said(&mut self, text: String) -> bool {
        self.said.retain(|(_, at)| at.elapsed() < SAME);
        if self.said.len() >= TOLD_APART || self.said.iter().any(|(said, _)| *said == text) {
            return true;
        }
        self.said.push((text, Instant::now()));
        false
    }
}

fn say_all(words: Receiver<Word>) {
    for word in words {
        match word {
            // A subscriber that panics has heard it.
            Word::Failure(failure) => drop(catch_unwind(AssertUnwindSafe(|| quiet(|| say(&failure))))),
            Word::Heard(heard) => drop(heard.try_send(())),
        }
    }
}

fn say(failure: &Failure) {
    if tracing::enabled!(target: TARGET, Level::ERROR) {
        tracing::error!(target: TARGET, "{failure}");
    } else {
        let _ = writeln!(std::io::stderr(), "{failure}");
    }
}
