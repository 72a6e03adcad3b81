//! The way from a thread that emits to the writer: a bounded queue there, used buffers back, and what holds when a
//! call returns.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError, bounded, unbounded};

use crate::bell::Bell;
use crate::failure::Alarm;
use crate::losses::{Loss, Losses};
use crate::pending::Pending;
use crate::promises::{Durability, Overflow, QueueOptions, abort};
use crate::reply::{Promise, Reply, reply};
use crate::status::{Board, Status};
use crate::trail::Timestamp;
use crate::turns::Turns;
use crate::writer::{Command, Progress, WriteError};

/// How many used buffers wait for their next record. A few fit into the processor's cache; a queue's length of them
/// would not.
const USED_BUFFERS: usize = 1024;

/// Bytes that a new buffer has room for: most records. It is not enlarged step by step.
const NEW_BUFFER: usize = 512;

/// At the fastest, lastingly, a record comes each microsecond.
const RECORD_EACH: Duration = Duration::from_micros(1);

/// How long the writer's own thread waits for another attempt at what it asked for.
const AGAIN: Duration = Duration::from_millis(100);

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
    pub(crate) turns: Turns,
    pub(crate) losses: Losses,
    /// Set once, when the log ends. Records that are queued after that are lost, and counted as such.
    stopped: AtomicBool,
    /// Tells of records that come after the end.
    alarm: Mutex<Option<Alarm>>,
    /// The process that the writer's thread lives in.
    process: u32,
    pub(crate) board: Board,
}

impl Recorder {
    /// Also the writer's end of the line of commands.
    pub(crate) fn new(options: QueueOptions, file: PathBuf) -> (Recorder, Receiver<Command>) {
        let (commands, received) = unbounded();
        let recorder = Recorder {
            options,
            queue: bounded(options.length),
            used: bounded(USED_BUFFERS),
            commands,
            bell: Bell::default(),
            turns: Turns::default(),
            losses: Losses::default(),
            stopped: AtomicBool::new(false),
            alarm: Mutex::default(),
            process: std::process::id(),
            board: Board::new(file),
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
        self.used.1.try_recv().unwrap_or_else(|_| Vec::with_capacity(NEW_BUFFER))
    }

    /// Hands a record over, as [`Durability`] and [`Overflow`] say. A loss is counted already. With `later` the caller
    /// asks for a flush of its own, soon, and nobody is woken before.
    pub(crate) fn record(&self, record: Record, later: bool) -> Result<(), Loss> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(self.lose_at_the_end(record.time));
        }
        let waits = self.options.durability != Durability::Enqueued;
        match self.queue.0.try_send(record) {
            Ok(()) if waits || later => {}
            Ok(()) => self.bell.ring_if_asleep(),
            Err(TrySendError::Full(record) | TrySendError::Disconnected(record)) => {
                self.wait_for_room(record)?;
            }
        }
        if waits {
            let sync = self.options.durability == Durability::Synced;
            // An error is in `Status::last_error`; the macro has no way to give it.
            let _ = self.wait(&self.ask(|promise| Command::Flush { sync, promise }));
        }
        Ok(())
    }

    /// Counts a record that will not come.
    pub(crate) fn lose(&self, loss: Loss) -> Loss {
        self.lose_at(loss, self.now())
    }

    /// Asks for all that this thread recorded to be written, and synced.
    pub(crate) fn flush(self: &Arc<Recorder>, sync: bool) -> Pending {
        self.pending(|promise| Command::Flush { sync, promise })
    }

    /// Asks for the next file.
    pub(crate) fn rotate(self: &Arc<Recorder>) -> Pending {
        self.pending(|promise| Command::Rotate { promise })
    }

    /// Asks for the next key.
    pub(crate) fn hand_over(self: &Arc<Recorder>) -> Pending {
        self.pending(|promise| Command::HandOver { promise })
    }

    /// Asks for the end of the log.
    pub(crate) fn close(self: &Arc<Recorder>) -> Pending {
        self.pending(|promise| Command::Close { promise })
    }

    /// Blocks until the answer is there, however long it takes: the work is done on this thread, unless another has it
    /// in hand.
    pub(crate) fn wait_for(&self, reply: &Reply) -> Result<(), WriteError> {
        // In a child of a fork the answer is there already; two processes must not write one chain.
        while !reply.is_there() && self.turns.try_take(self) {
            if !self.bell.is_here() {
                self.wake();
                break;
            }
            // On the writer's own thread, as in a callback, nobody else would try again.
            if !reply.is_there() {
                std::thread::sleep(AGAIN);
            }
        }
        reply.wait()
    }

    /// Has the thread look what there is to do.
    pub(crate) fn wake(&self) {
        self.bell.ring();
    }

    pub(crate) fn status(&self) -> Status {
        let in_vain = self.in_vain();
        let queued = self.queued() - in_vain;
        let status = self.board.status();
        Status {
            recorded: status.recorded + queued as u64,
            lost: self.lost(),
            lost_queue_full: self.losses.total(Loss::QueueFull),
            lost_too_large: self.losses.total(Loss::TooLarge),
            lost_stopped: self.losses.total(Loss::Stopped) + in_vain as u64,
            queued,
            ..status
        }
    }

    /// Records lost, for whatever reason.
    pub(crate) fn lost(&self) -> u64 {
        let counted = [Loss::QueueFull, Loss::TooLarge, Loss::Stopped].map(|loss| self.losses.total(loss));
        counted.iter().sum::<u64>() + self.in_vain() as u64
    }

    /// Records in the queue that nobody will take.
    fn in_vain(&self) -> usize {
        if self.stopped.load(Ordering::Acquire) { self.queued() } else { 0 }
    }

    /// Whether this process was forked from the one that has the writer. Costs a system call.
    pub(crate) fn is_forked(&self) -> bool {
        std::process::id() != self.process
    }

    fn pending(self: &Arc<Recorder>, command: impl FnOnce(Promise) -> Command) -> Pending {
        Pending::new(Arc::clone(self), self.ask(command))
    }

    /// Wakes nobody.
    fn ask(&self, command: impl FnOnce(Promise) -> Command) -> Reply {
        let (promise, reply) = reply();
        if self.is_forked() {
            promise.keep(Err(WriteError::Forked));
        } else {
            // Where the writer is gone, the promise that comes back is dropped, and so answered.
            let _ = self.commands.send(command(promise));
        }
        reply
    }

    /// Waits as long as [`Overflow`] allows. Where that is not for ever the thread does the work: a caller that does it
    /// can't leave a disk that hangs.
    fn wait(&self, reply: &Reply) -> Result<(), WriteError> {
        match self.options.overflow.patience().filter(|patience| !patience.is_zero()) {
            None => self.wait_for(reply),
            // A waker, on the writer's own thread.
            Some(_) if self.bell.is_here() => self.wait_for(reply),
            Some(patience) => match Instant::now().checked_add(patience) {
                Some(deadline) => {
                    self.wake();
                    reply.wait_until(deadline)
                }
                None => self.wait_for(reply),
            },
        }
    }

    fn wait_for_room(&self, mut record: Record) -> Result<(), Loss> {
        let patience = if self.is_forked() { Some(Duration::ZERO) } else { self.options.overflow.patience() };
        let deadline = patience.and_then(|patience| Instant::now().checked_add(patience));
        loop {
            if self.bell.is_here() {
                // Nobody else would make room.
                self.turns.try_take(self);
            }
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
                return Err(self.lose_at_the_end(record.time));
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

    fn lose_at_the_end(&self, time: Timestamp) -> Loss {
        let loss = self.lose_at(Loss::Stopped, time);
        // Who finds another thread at it has nothing to add. In a child of a fork there is no thread to say it.
        if let Ok(mut alarm) = self.alarm.try_lock()
            && let Some(alarm) = alarm.as_mut().filter(|_| !self.is_forked())
        {
            alarm.look_back(self);
        }
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
        self.board.taken.store(self.board.taken.load(Ordering::Relaxed) + 1, Ordering::Release);
        Some(record)
    }

    pub(crate) fn has_something_to_do(&self) -> bool {
        self.queued() > 0 || !self.commands.is_empty() || self.losses.any_unsaid()
    }

    /// How long a full queue holds up a caller; none for ever.
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.options.overflow.patience()
    }

    /// How many records wait.
    pub(crate) fn queued(&self) -> usize {
        self.queue.1.len()
    }

    /// How long the writer may leave the queue alone: until it can be full, and while records come at this pace, until
    /// more wait than there are used buffers for.
    pub(crate) fn rests_for(&self, pace: Duration) -> Duration {
        let count = |records: usize| u32::try_from(records).unwrap_or(u32::MAX);
        let full = RECORD_EACH.saturating_mul(count(self.options.length));
        full.min(pace.saturating_mul(count(USED_BUFFERS)))
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

    /// The writer panicked: what it took and did not write is lost.
    pub(crate) fn die(&self, progress: Progress, file: impl FnOnce() -> PathBuf) {
        self.stop();
        self.losses.add_at_the_end(self.board.taken.load(Ordering::Acquire) - progress.written);
        self.board.report(progress, Some(WriteError::Stopped), file);
    }

    /// The log has ended: what comes now, this tells of.
    pub(crate) fn look_back_with(&self, alarm: Alarm) {
        *self.alarm.lock().unwrap_or_else(PoisonError::into_inner) = Some(alarm);
    }

    /// The log takes nothing any more.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }
}
