//! The writer's thread: takes what waits, writes it as one batch, syncs when asked or due, answers those who wait.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;

use super::hand_over::Reason;
use super::{WriteError, Writer};
use crate::clock::Clock;
use crate::files::FileSystem;
use crate::recorder::Recorder;
use crate::reply::Promise;

/// Records in one batch at most.
const MAX_BATCH: usize = 4096;

/// Bytes of one batch, from which on no more records are added.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// How long after a turn that failed the next attempt comes.
const RETRY: Duration = Duration::from_millis(100);

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
pub(crate) fn run<F: FileSystem, C: Clock>(
    writer: Writer<F, C>,
    recorder: Arc<Recorder>,
    commands: Receiver<Command>,
    seal_interval: Duration,
) {
    recorder.bell.belongs_here();
    let mut thread = WriterThread { writer, recorder, commands, seal_interval, sealed: None, failed: false };
    while !thread.turn() {
        thread.rest();
    }
}

struct WriterThread<F: FileSystem, C: Clock> {
    writer: Writer<F, C>,
    recorder: Arc<Recorder>,
    commands: Receiver<Command>,
    seal_interval: Duration,
    /// When the last batch was sealed.
    sealed: Option<Duration>,
    /// The last turn could not do what it had to.
    failed: bool,
}

impl<F: FileSystem, C: Clock> WriterThread<F, C> {
    /// Does all there is to do now; whether it was the last turn.
    fn turn(&mut self) -> bool {
        let commands = self.commands.try_iter().collect::<Vec<_>>();
        // What a caller recorded before it asked is in the queue by now.
        let result = self.batches(if commands.is_empty() { 0 } else { self.recorder.queued() });
        let wants_sync = commands.iter().any(|command| matches!(command, Command::Flush { sync: true, .. }));
        let synced = if result.is_ok() && wants_sync { self.writer.sync() } else { result.clone() };
        self.report(&synced);
        if self.answer(commands, &result, &synced) {
            return true;
        }
        // What is due besides holds nobody up.
        let maintained = synced.and_then(|()| self.writer.maintain());
        self.failed = maintained.is_err();
        self.report(&maintained);
        false
    }

    /// One batch, and more until `asked` records are written.
    fn batches(&mut self, mut asked: usize) -> Result<(), WriteError> {
        self.batch(&mut asked)?;
        while asked > 0 {
            self.batch(&mut asked)?;
        }
        Ok(())
    }

    /// One batch: gaps that are due, what waits, a signature, one write. Counts down what was `asked` for.
    fn batch(&mut self, asked: &mut usize) -> Result<(), WriteError> {
        let before = self.writer.progress();
        if self.writer.backlog() > 0 {
            // Nothing is taken from the queue that the disk has no room for.
            self.writer.seal().1?;
        }
        self.writer.turn_over_if_due()?;
        for gap in self.recorder.losses.take() {
            self.give_back(|writer| writer.gap(gap));
        }
        let mut taken = 0;
        while taken < MAX_BATCH && self.writer.backlog() < MAX_BATCH_BYTES && !self.writer.is_full() {
            let Some(record) = self.recorder.take() else {
                *asked = 0;
                break;
            };
            taken += 1;
            self.give_back(|writer| writer.append(record));
        }
        *asked = asked.saturating_sub(taken);
        let (buffer, result) = self.writer.seal();
        self.give_back(|_| buffer);
        if self.writer.progress() != before {
            self.sealed = Some(self.writer.clock().elapsed());
        }
        result
    }

    fn give_back(&mut self, from: impl FnOnce(&mut Writer<F, C>) -> Option<Vec<u8>>) {
        if let Some(buffer) = from(&mut self.writer) {
            self.recorder.give_back(buffer);
        }
    }

    fn report(&mut self, result: &Result<(), WriteError>) {
        let error = result.as_ref().err().or(self.writer.lasting_error()).cloned();
        self.recorder.report(self.writer.progress(), error, || self.writer.path());
    }

    fn answer(
        &mut self,
        commands: Vec<Command>,
        written: &Result<(), WriteError>,
        synced: &Result<(), WriteError>,
    ) -> bool {
        let mut closing = Vec::new();
        for command in commands {
            match command {
                Command::Flush { sync: false, promise } => promise.keep(written.clone()),
                Command::Flush { sync: true, promise } => promise.keep(synced.clone()),
                Command::Rotate { promise } => {
                    let result = written.clone().and_then(|()| self.writer.turn_over());
                    // Who is answered finds the new file in the status.
                    self.report(&result);
                    promise.keep(result);
                }
                Command::HandOver { promise } => {
                    let result = written.clone().and_then(|()| self.writer.hand_over(Reason::Requested));
                    self.report(&result);
                    promise.keep(result);
                }
                Command::Close { promise } => closing.push(promise),
            }
        }
        if closing.is_empty() {
            return false;
        }
        let result = written.clone().and_then(|()| self.end());
        self.recorder.stop();
        self.recorder.losses.add_at_the_end(self.writer.progress().composed);
        self.report(&result);
        for promise in closing {
            promise.keep(result.clone());
        }
        true
    }

    /// From here on what is recorded is lost; what was recorded until now is not.
    fn end(&mut self) -> Result<(), WriteError> {
        self.recorder.stop();
        self.batches(self.recorder.queued())?;
        self.writer.close()
    }

    /// Waits for the next thing to do.
    fn rest(&mut self) {
        let bell = &self.recorder.bell;
        if self.failed {
            return bell.nap(RETRY);
        }
        let now = self.writer.clock().elapsed();
        if let Some(sealed) = self.sealed {
            let next = sealed + self.seal_interval;
            if now < next && self.commands.is_empty() && !self.recorder.is_filling() {
                return bell.nap(next.saturating_sub(now));
            }
        }
        let at_most = self.writer.due().map(|due| due.saturating_sub(now));
        let something_to_do =
            || self.recorder.queued() > 0 || !self.commands.is_empty() || self.recorder.losses.any_unsaid();
        bell.sleep(at_most, something_to_do);
    }
}

impl<F: FileSystem, C: Clock> Drop for WriterThread<F, C> {
    /// Also when the thread panics: nobody may wait for it any longer.
    fn drop(&mut self) {
        self.recorder.stop();
    }
}
