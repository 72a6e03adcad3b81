//! The way from a thread that emits to the writer: a bounded queue there, used buffers back.

use std::time::SystemTime;

use crossbeam_channel::{Receiver, Sender};

use crate::trail::Timestamp;

/// What the layer hands over: a line without its place in the chain.
#[derive(Debug)]
pub(crate) struct Record {
    /// The line up to its timestamp, see [`crate::trail::Chain::unsigned`].
    pub(crate) body: Vec<u8>,
    /// Taken on the emitting thread.
    pub(crate) time: Timestamp,
}

/// Why a record was lost before it came to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It did not fit into a line, however much its values were cut.
    TooLarge,
}

/// What the layer knows of the writer.
#[derive(Debug)]
pub(crate) struct Recorder {
    queue: Sender<Record>,
    used: Receiver<Vec<u8>>,
}

impl Recorder {
    /// The time for a record's timestamp.
    #[allow(clippy::unused_self)]
    pub(crate) fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    /// An empty buffer for a record's body; one that the writer gave back, where there is any.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        self.used.try_recv().unwrap_or_default()
    }

    /// Hands a record over, as `Durability` and `Overflow` say.
    pub(crate) fn record(&self, record: Record) {
        let _ = self.queue.send(record);
    }

    /// Counts a record that will not come.
    pub(crate) fn lose(&self, _loss: Loss) {}

    /// A recorder whose records arrive at the receiver.
    #[cfg(test)]
    pub(crate) fn for_test() -> (Recorder, Receiver<Record>) {
        let (queue, records) = crossbeam_channel::bounded(1024);
        let (_, used) = crossbeam_channel::bounded(1);
        (Recorder { queue, used }, records)
    }
}
