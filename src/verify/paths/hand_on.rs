//! Handing on the bytes of a log while it is verified, as long as nothing that is still to come can take them back.
//!
//! Where something may, the log is verified to its end first, and what was not handed on until then is when it is read again.

use std::io;
use std::path::Path;

use super::ahead::Ahead;
use super::{LogFiles, VerifyError, io_error};
use crate::verify::{Stretch, Verifier};

/// Takes what is decided.
pub(super) type Take<'a> = &'a mut dyn FnMut(Stretch) -> io::Result<()>;

/// What was decided of a log, on its way to who takes it.
pub(super) struct HandOn<'a> {
    take: Take<'a>,
    /// How many logs are read.
    logs: usize,
    state: State,
    /// So many bytes were handed on,
    handed_on: u64,
    /// and of those that come so many were before.
    again: u64,
}

/// How a log is read.
enum State {
    /// For the first time: what is decided is handed on.
    First(Ahead),
    /// For the first time: nothing more is handed on.
    Shut,
    /// Once more: behind these holes lines are given up, and nothing else that is decided is taken back.
    Again(Vec<u64>),
}

impl<'a> HandOn<'a> {
    /// Before the log is read, one of so many.
    pub(super) fn new(take: Take<'a>, files: &LogFiles, logs: usize) -> Result<HandOn<'a>, VerifyError> {
        let ahead = Ahead::of(files.log, &files.files)?;
        let state = if ahead.is_in_order() { State::First(ahead) } else { State::Shut };
        Ok(HandOn { take, logs, state, handed_on: 0, again: 0 })
    }

    /// Whether bytes of the log are left to be handed on when it is read again.
    pub(super) fn is_shut(&self) -> bool {
        matches!(self.state, State::Shut)
    }

    /// Nothing more is handed on before the log was verified to its end.
    pub(super) fn shut(&mut self) {
        self.state = State::Shut;
    }

    /// The log was verified to its end, and lines behind these holes were given up. It is read again.
    pub(super) fn begin_again(&mut self, given_up: Vec<u64>) {
        (self.state, self.again) = (State::Again(given_up), self.handed_on);
    }

    /// Before the verifier is given anything.
    pub(super) fn prepare(&self, verifier: &mut Verifier) {
        match &self.state {
            State::First(_) => verifier.hand_on_lines(),
            State::Shut => {}
            State::Again(given_up) => verifier.hand_on_lines_but(given_up),
        }
    }

    /// The verifier knows the copies.
    pub(super) fn compare(&mut self, verifier: &mut Verifier) {
        if let State::First(ahead) = &self.state
            && ahead.contradict(|epoch, hash| verifier.knows_another_hand_off(epoch, hash))
        {
            self.shut();
            verifier.hand_on_nothing();
        }
    }

    /// Hands on what is decided, while a file of the log is read.
    pub(super) fn pass(
        &mut self,
        file: usize,
        path: &Path,
        verifier: &mut Verifier,
    ) -> Result<(), VerifyError> {
        if let State::First(ahead) = &mut self.state {
            ahead.pass(file, verifier.taken());
            let may_be_taken_back = verifier.is_behind_hole()
                || verifier.met_late_hand_off()
                || verifier.head().is_some_and(|head| ahead.may_take_back(head));
            if may_be_taken_back {
                self.shut();
                verifier.hand_on_nothing();
            }
        }
        self.take(verifier.stretches()).map_err(|error| io_error(path, error))
    }

    /// Hands these on, but for what was handed on before.
    pub(super) fn take(&mut self, stretches: Vec<Stretch>) -> io::Result<()> {
        stretches.into_iter().try_for_each(|mut stretch| {
            let length = stretch.range.len() as u64;
            let known = self.again.min(length);
            self.again -= known;
            if known == length {
                return Ok(());
            }
            stretch.logs = self.logs;
            stretch.offset += known;
            stretch.range.start += usize::try_from(known).unwrap_or(usize::MAX);
            self.handed_on += length - known;
            (self.take)(stretch)
        })
    }
}
