//! The writer's turns: take what waits, write it as one batch, sync when asked or due, answer those who wait. And its
//! thread, which takes a turn whenever something is due and nobody else has.

#[cfg(test)]
mod failures;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crossbeam_channel::Receiver;

use super::hand_over::Reason;
use super::{WriteError, Writer};
use crate::clock::Clock;
use crate::failure::Alarm;
use crate::files::FileSystem;
use crate::recorder::Recorder;
use crate::reply::Promise;
use crate::turns::Rest;

/// Records in one batch at most.
const MAX_BATCH: usize = 4096;

/// Bytes of one batch, from which on no more records are added.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// How long after a turn that failed the next attempt comes.
const RETRY: Duration = Duration::from_millis(100);

/// How long the thread sleeps at most.
const LOOK: Duration = Duration::from_secs(1);

/// What a caller asks of the writer. It holds for all that this caller recorded before.
#[derive(Debug)]
pub(crate) enum Command {
    /// Write it, and `sync` it.
    Flush { sync: bool, promise: Promise },
    /// Write it, and go on in the next file.
    Rotate { promise: Promise },
    /// Write it, and go on with the next key.
    HandOver { promise: Promise },
    /// Write it, end the log, sync it, end the thread.
    Close { promise: Promise },
}

/// Runs until the log is closed.
pub(crate) fn run<F, C>(
    writer: Writer<F, C>,
    recorder: &Recorder,
    commands: Receiver<Command>,
    seal_interval: Duration,
    mut alarm: Option<Alarm>,
) where
    F: FileSystem + Send + 'static,
    C: Clock + Send + 'static,
{
    recorder.bell.belongs_here();
    let mut work = Work {
        writer,
        commands,
        seal_interval,
        sealed: None,
        pace: Duration::MAX,
        failed: false,
        ending: None,
    };
    recorder.turns.begin(Box::new(move |recorder| work.turn(recorder)));
    while let Some(Rest { nap, at_most }) = recorder.turns.take(recorder) {
        if let Some(alarm) = &mut alarm {
            alarm.look(recorder, false);
        }
        if nap.is_zero() {
            recorder.bell.sleep(at_most, || recorder.has_something_to_do());
        } else {
            recorder.bell.nap(nap);
        }
    }
    if let Some(mut alarm) = alarm {
        alarm.look(recorder, true);
        recorder.look_back_with(alarm);
    }
}

/// What there is to do in a turn, whoever takes it.
struct Work<F: FileSystem, C: Clock> {
    writer: Writer<F, C>,
    commands: Receiver<Command>,
    seal_interval: Duration,
    /// When the last batch was sealed.
    sealed: Option<Duration>,
    /// One record in so long: those of the last batch, since the one before.
    pace: Duration,
    /// The last turn could not do what it had to.
    failed: bool,
    ending: Option<Ending>,
}

/// The log is to end. What fails on the way is tried again as long as a full queue holds up a caller, and once at least.
struct Ending {
    promises: Vec<Promise>,
    /// None where that is for ever.
    deadline: Option<Duration>,
    has_failed: bool,
}

impl<F: FileSystem, C: Clock> Work<F, C> {
    /// Does all there is to do now. A panic in it is the end of the log: nobody waits for it any longer, and what was
    /// taken and not written is counted.
    fn turn(&mut self, recorder: &Recorder) -> Option<Rest> {
        match catch_unwind(AssertUnwindSafe(|| self.whole_turn(recorder))) {
            Ok(is_last) => (!is_last).then(|| self.rest(recorder)),
            Err(_) => {
                recorder.die(self.writer.progress(), || self.writer.path());
                None
            }
        }
    }

    /// Whether it was the last one.
    fn whole_turn(&mut self, recorder: &Recorder) -> bool {
        let commands = self.commands.try_iter().collect::<Vec<_>>();
        // What a caller recorded before it asked is in the queue by now.
        let result = self.batches(recorder, if commands.is_empty() { 0 } else { recorder.queued() });
        let wants_sync = commands.iter().any(|command| matches!(command, Command::Flush { sync: true, .. }));
        let synced = if result.is_ok() && wants_sync { self.writer.sync() } else { result.clone() };
        self.report(recorder, &synced);
        self.answer(recorder, commands, &result, &synced);
        if self.ending.is_some() {
            return self.end(recorder, &result);
        }
        // What is due besides holds nobody up.
        let maintained = synced.and_then(|()| self.writer.maintain());
        self.failed = maintained.is_err();
        self.report(recorder, &maintained);
        false
    }

    /// One batch, and more until `asked` records are written.
    fn batches(&mut self, recorder: &Recorder, mut asked: usize) -> Result<(), WriteError> {
        if self.writer.has_ended() {
            // Nothing comes after the log's last line.
            return self.writer.seal().1;
        }
        self.batch(recorder, &mut asked)?;
        while asked > 0 {
            self.batch(recorder, &mut asked)?;
        }
        Ok(())
    }

    /// One batch: gaps that are due, what waits, a signature, one write. Counts down what was `asked` for.
    fn batch(&mut self, recorder: &Recorder, asked: &mut usize) -> Result<(), WriteError> {
        let before = self.writer.progress();
        if self.writer.backlog() > 0 {
            // Nothing is taken from the queue that the disk has no room for.
            self.writer.seal().1?;
        }
        self.writer.turn_over_if_due()?;
        for gap in recorder.losses.take() {
            self.give_back(recorder, |writer| writer.gap(gap));
        }
        let mut taken = 0_usize;
        while taken < MAX_BATCH && self.writer.backlog() < MAX_BATCH_BYTES && !self.writer.wants_next_file() {
            let Some(record) = recorder.take() else {
                *asked = 0;
                break;
            };
            taken += 1;
            self.give_back(recorder, |writer| writer.append(record));
        }
        *asked = asked.saturating_sub(taken);
        let (buffer, result) = self.writer.seal();
        self.give_back(recorder, |_| buffer);
        if self.writer.progress() != before {
            let now = self.writer.clock().elapsed();
            let since = now.saturating_sub(self.sealed.unwrap_or_default());
            self.pace = since / u32::try_from(taken).unwrap_or(u32::MAX).max(1);
            self.sealed = Some(now);
        }
        result
    }

    fn give_back(&mut self, recorder: &Recorder, from: impl FnOnce(&mut Writer<F, C>) -> Option<Vec<u8>>) {
        if let Some(buffer) = from(&mut self.writer) {
            recorder.give_back(buffer);
        }
    }

    fn report(&mut self, recorder: &Recorder, result: &Result<(), WriteError>) {
        let error = result.as_ref().err().or(self.writer.lasting_error()).cloned();
        recorder.board.report(self.writer.progress(), error, || self.writer.path());
    }

    fn answer(
        &mut self,
        recorder: &Recorder,
        commands: Vec<Command>,
        written: &Result<(), WriteError>,
        synced: &Result<(), WriteError>,
    ) {
        for command in commands {
            match command {
                Command::Flush { sync: false, promise } => promise.keep(written.clone()),
                Command::Flush { sync: true, promise } => promise.keep(synced.clone()),
                Command::Rotate { promise } | Command::HandOver { promise } if self.ending.is_some() => {
                    promise.keep(Err(WriteError::Stopped));
                }
                Command::Rotate { promise } => {
                    let result = written.clone().and_then(|()| self.writer.turn_over());
                    // Who is answered finds the new file in the status.
                    self.report(recorder, &result);
                    promise.keep(result);
                }
                Command::HandOver { promise } => {
                    let result = written.clone().and_then(|()| self.writer.hand_over(Reason::Requested));
                    self.report(recorder, &result);
                    promise.keep(result);
                }
                Command::Close { promise } => {
                    let now = self.writer.clock().elapsed();
                    let deadline = recorder.patience().map(|patience| now.saturating_add(patience));
                    let begun = Ending { promises: Vec::new(), deadline, has_failed: false };
                    self.ending.get_or_insert(begun).promises.push(promise);
                }
            }
        }
    }

    /// Tries to end the log. From here on what is recorded is lost; what was recorded until now is not. Whether there is no
    /// other attempt.
    fn end(&mut self, recorder: &Recorder, written: &Result<(), WriteError>) -> bool {
        recorder.stop();
        let result = written
            .clone()
            .and_then(|()| self.batches(recorder, recorder.queued()))
            .and_then(|()| self.writer.close());
        let Some(ending) = &mut self.ending else { return false };
        if result.is_err() {
            let has_time = ending.deadline.is_none_or(|deadline| self.writer.clock().elapsed() < deadline);
            if !std::mem::replace(&mut ending.has_failed, true) || has_time {
                self.failed = true;
                self.report(recorder, &result);
                return false;
            }
        }
        let promises = std::mem::take(&mut ending.promises);
        recorder.losses.add_at_the_end(self.writer.progress().composed);
        self.report(recorder, &result);
        for promise in promises {
            promise.keep(result.clone());
        }
        true
    }

    fn rest(&mut self, recorder: &Recorder) -> Rest {
        if self.failed {
            return Rest { nap: RETRY, at_most: RETRY };
        }
        let now = self.writer.clock().elapsed();
        let until = |time: Duration| time.saturating_sub(now);
        let nap = match self.sealed {
            Some(sealed) if self.commands.is_empty() && !recorder.is_filling() => {
                until(sealed + self.seal_interval.min(recorder.rests_for(self.pace)))
            }
            _ => Duration::ZERO,
        };
        // What was recorded within a `require` that takes its time wakes nobody.
        let look = self.writer.sync_interval().min(LOOK);
        Rest { nap, at_most: self.writer.due().map_or(look, until).min(look) }
    }
}
