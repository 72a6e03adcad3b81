//! The way from a thread that emits to the writer: a bounded queue there, used buffers back, and what holds when a
//! call returns.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError, bounded, unbounded};

use crate::bell::Bell;
use crate::losses::{Loss, Losses};
use crate::promises::{Durability, Overflow, QueueOptions, abort};
use crate::reply::{Reply, reply};
use crate::status::Status;
use crate::trail::Timestamp;
use crate::writer::{Command, Progress, WriteError};

/// How many used buffers wait for their next record. A few fit into the processor's cache; a queue's length of them
/// would not.
const USED_BUFFERS: usize = 1024;

/// How often a caller that waits for room looks whether there is a writer still.
const STILL_THERE: Duration = Duration::from_millis(100);

/// What the layer hands over: a line without its place in the chain.
#[derive(Debug)]
pub(crate) struct Record {
    /// The line up to its timestamp, see [`crate::trail::Chain::unsigned`].
    pub(crate) body: Vec<u8>,
    /// Taken on the emitting thread.
    pub(crate) time: Timestamp,
}

/// What the layer, the handle and the writer's thread share.
#[derive(Debug)]
pub(crate) struct Recorder {
    options: QueueOptions,
    queue: (Sender<Record>, Receiver<Record>),
    used: (Sender<Vec<u8>>, Receiver<Vec<u8>>),
    commands: Sender<Command>,
    pub(crate) bell: Bell,
    pub(crate) losses: Losses,
    /// Set once, when the writer's thread ends. Records that are queued after that are lost, and counted as such.
    stopped: AtomicBool,
    /// The process that the writer's thread lives in.
    process: u32,
    state: State,
}

/// What the writer's thread says of itself.
#[derive(Debug)]
struct State {
    taken: AtomicU64,
    written: AtomicU64,
    signed: AtomicU64,
    files: AtomicU64,
    file: Mutex<PathBuf>,
    last_error: Mutex<Option<WriteError>>,
}

impl Recorder {
    /// Also the writer's end of the line of commands.
    pub(crate) fn new(options: QueueOptions, file: PathBuf) -> (Recorder, Receiver<Command>) {
        let (commands, received) = unbounded();
        let state = State {
            taken: AtomicU64::new(0),
            written: AtomicU64::new(0),
            signed: AtomicU64::new(0),
            files: AtomicU64::new(0),
            file: Mutex::new(file),
            last_error: Mutex::new(None),
        };
        let recorder = Recorder {
            options,
            queue: bounded(options.length),
            used: bounded(USED_BUFFERS),
            commands,
            bell: Bell::default(),
            losses: Losses::default(),
            stopped: AtomicBool::new(false),
            process: std::process::id(),
            state,
        };
        (recorder, received)
    }

    /// The time for a record's timestamp.
    #[allow(clippy::unused_self)] // the clock of the emitting side, in one place
    pub(crate) fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    /// An empty buffer for a record's body; one that the writer gave back, where there is any.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        self.used.1.try_recv().unwrap_or_default()
    }

    /// Hands a record over, as [`Durability`] and [`Overflow`] say. A loss is counted already.
    pub(crate) fn record(&self, record: Record) -> Result<(), Loss> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(self.lose_at(Loss::Stopped, record.time));
        }
        match self.queue.0.try_send(record) {
            Ok(()) => self.bell.ring_if_asleep(),
            Err(TrySendError::Full(record) | TrySendError::Disconnected(record)) => {
                self.wait_for_room(record)?;
            }
        }
        if self.options.durability != Durability::Enqueued {
            // An error is in `Status::last_error`; the macro has no way to give it.
            let _ = self.wait(self.flush(self.options.durability == Durability::Synced));
        }
        Ok(())
    }

    /// Counts a record that will not come.
    pub(crate) fn lose(&self, loss: Loss) -> Loss {
        self.lose_at(loss, self.now())
    }

    /// Asks for all that this thread recorded to be written, and synced.
    pub(crate) fn flush(&self, sync: bool) -> Reply {
        let (promise, reply) = reply();
        self.command(Command::Flush { sync, promise });
        reply
    }

    /// Asks for the next file.
    pub(crate) fn rotate(&self) -> Reply {
        let (promise, reply) = reply();
        self.command(Command::Rotate { promise });
        reply
    }

    /// Asks for the next key.
    pub(crate) fn hand_over(&self) -> Reply {
        let (promise, reply) = reply();
        self.command(Command::HandOver { promise });
        reply
    }

    /// Asks for the end of the log.
    pub(crate) fn close(&self) -> Reply {
        let (promise, reply) = reply();
        self.command(Command::Close { promise });
        reply
    }

    pub(crate) fn status(&self) -> Status {
        let queued = self.queue.0.len();
        let in_vain = if self.stopped.load(Ordering::Acquire) { queued } else { 0 };
        Status {
            recorded: self.state.taken.load(Ordering::Acquire) + (queued - in_vain) as u64,
            written: self.state.written.load(Ordering::Acquire),
            signed: self.state.signed.load(Ordering::Acquire),
            lost: self.losses.total() + in_vain as u64,
            queued: queued - in_vain,
            file: self.state.file.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            last_error: self.state.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Whether this process was forked from the one that has the writer. Costs a system call.
    pub(crate) fn is_forked(&self) -> bool {
        std::process::id() != self.process
    }

    fn command(&self, command: Command) {
        let command = match command {
            Command::Flush { promise, .. }
            | Command::Rotate { promise }
            | Command::HandOver { promise }
            | Command::Close { promise }
                if self.is_forked() =>
            {
                return promise.keep(Err(WriteError::Forked));
            }
            command => command,
        };
        // Where the writer is gone, the promise that comes back is dropped, and so answered.
        let _ = self.commands.send(command);
        self.bell.ring();
    }

    fn wait(&self, reply: Reply) -> Result<(), WriteError> {
        match self.options.overflow.patience().filter(|patience| !patience.is_zero()) {
            None => reply.wait(),
            Some(patience) => reply.wait_until(Instant::now() + patience),
        }
    }

    fn wait_for_room(&self, mut record: Record) -> Result<(), Loss> {
        let patience = if self.is_forked() { Some(Duration::ZERO) } else { self.options.overflow.patience() };
        let deadline = patience.map(|patience| Instant::now() + patience);
        loop {
            self.bell.ring();
            let left =
                deadline.map_or(STILL_THERE, |deadline| deadline.saturating_duration_since(Instant::now()));
            match self.queue.0.send_timeout(record, left.min(STILL_THERE)) {
                Ok(()) => {
                    self.bell.ring_if_asleep();
                    return Ok(());
                }
                Err(SendTimeoutError::Timeout(back) | SendTimeoutError::Disconnected(back)) => record = back,
            }
            if self.stopped.load(Ordering::Relaxed) {
                return Err(self.lose_at(Loss::Stopped, record.time));
            }
            if left.is_zero() {
                if self.options.overflow == Overflow::Abort {
                    abort();
                }
                return Err(self.lose_at(Loss::QueueFull, record.time));
            }
        }
    }

    fn lose_at(&self, loss: Loss, time: Timestamp) -> Loss {
        self.losses.add(loss, time);
        self.bell.ring_if_asleep();
        loss
    }

    /// A recorder without a writer; its records arrive at the receiver.
    #[cfg(test)]
    pub(crate) fn for_test() -> (Recorder, Receiver<Record>) {
        let options =
            QueueOptions { length: 1024, overflow: Overflow::Drop, durability: Durability::Enqueued };
        let (recorder, _) = Recorder::new(options, PathBuf::new());
        let records = recorder.queue.1.clone();
        (recorder, records)
    }
}

/// The writer's side.
impl Recorder {
    /// The next record, in the order in which the queue took them.
    pub(crate) fn take(&self) -> Option<Record> {
        let record = self.queue.1.try_recv().ok()?;
        self.state.taken.store(self.state.taken.load(Ordering::Relaxed) + 1, Ordering::Release);
        Some(record)
    }

    /// How many records wait.
    pub(crate) fn queued(&self) -> usize {
        self.queue.1.len()
    }

    /// Whether so many records wait that the next look at the queue should not.
    pub(crate) fn is_filling(&self) -> bool {
        self.queue.1.len() * 2 > self.options.length
    }

    /// Gives a buffer back to those who emit.
    pub(crate) fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let _ = self.used.0.try_send(buffer);
    }

    pub(crate) fn report(
        &self,
        progress: Progress,
        error: Option<WriteError>,
        file: impl FnOnce() -> PathBuf,
    ) {
        if self.state.files.swap(progress.files, Ordering::Relaxed) != progress.files {
            *self.state.file.lock().unwrap_or_else(PoisonError::into_inner) = file();
        }
        self.state.written.store(progress.written, Ordering::Release);
        self.state.signed.store(progress.signed, Ordering::Release);
        *self.state.last_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// There is no writer any more.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }
}
