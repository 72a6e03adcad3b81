//! What a caller has asked of the writer and nobody was woken for yet: whoever waits for it may do it himself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::recorder::Recorder;
use crate::reply::Reply;
use crate::writer::WriteError;

/// To be waited for, polled or dropped: each of them sees to it that it is done. Until then it is done when the writer
/// next looks, which is within the sync interval.
#[derive(Debug)]
pub(crate) struct Pending {
    recorder: Arc<Recorder>,
    reply: Reply,
    woken: bool,
    /// How many syncs had failed before that was recorded which the answer is to hold for.
    failed_syncs: Option<u64>,
}

impl Pending {
    pub(crate) fn new(recorder: Arc<Recorder>, reply: Reply) -> Pending {
        Pending { recorder, reply, woken: false, failed_syncs: None }
    }

    /// The answer is an error, too, where another sync has failed since so many had.
    pub(crate) fn if_none_failed_since(mut self, failed_syncs: u64) -> Pending {
        self.failed_syncs = Some(failed_syncs);
        self
    }

    /// Blocks until it is done. This thread does it where the writer's thread has no turn at the moment.
    pub(crate) fn wait(mut self) -> Result<(), WriteError> {
        self.woken = true;
        self.recorder.wait_for(&self.reply)?;
        self.vouch()
    }

    fn vouch(&self) -> Result<(), WriteError> {
        self.failed_syncs.map_or(Ok(()), |failed_syncs| self.recorder.board.vouch(failed_syncs))
    }

    fn wake(&mut self) {
        if !self.woken {
            self.woken = true;
            self.recorder.wake();
        }
    }
}

impl Future for Pending {
    type Output = Result<(), WriteError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // An executor's thread must not block on a disk, so that the writer's does the work.
        self.wake();
        let reply = std::task::ready!(Pin::new(&mut self.reply).poll(context));
        Poll::Ready(reply.and_then(|()| self.vouch()))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.wake();
    }
}
