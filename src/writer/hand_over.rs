//! The hand-off from key to key, in this order: next key stored → `handoff` written and synced → its copy in
//! `<prefix>.keys` synced → head → old key removed. Where a step fails it is tried again; no later one comes first.

use std::time::Duration;

use super::turn_over::Stage;
use super::{Epoch, WriteError, Writer};
use crate::clock::Clock;
use crate::files::FileSystem;
use crate::trail::{Control, Handoff, HandoffBefore};

/// Why a key hands over, as its last line says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Interval,
    Lines,
    Requested,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Reason::Interval => "interval",
            Reason::Lines => "lines",
            Reason::Requested => "requested",
        }
    }
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Signs the next key over and goes on with it. On return the hand-off is durable; the old secret is wiped from
    /// memory, and removed from the store.
    pub(crate) fn hand_over(&mut self, reason: Reason) -> Result<(), WriteError> {
        self.turn_over_if_begun()?;
        if self.store.has_spent() {
            // One hand-off at a time.
            self.write_pending()?;
            self.sync()?;
            self.has_handed_over()?;
        }
        let public_key = match self.store.prepare_next() {
            Ok(public_key) => public_key,
            Err(error) => {
                let error = WriteError::store(&error);
                self.no_next_key = Some((error.clone(), self.clock.elapsed() + super::RETRY));
                return Err(error);
            }
        };
        self.no_next_key = None;
        self.sign_held();
        let start = self.pending.len();
        let epoch = self.store.epoch() + 1;
        self.control(&Control::Handoff(Handoff {
            file: Some(self.live.number),
            handoff: self.handoff,
            keeps: Some(self.keeps()),
            oldest: Some(self.oldest),
            ..Handoff::new((epoch, public_key), reason.as_str())
        }));
        self.handoff = Some(HandoffBefore::Line(self.last_line()));
        self.copies.add(&self.pending[start..]);
        self.store.hand_over();
        let due = self.clock.elapsed().saturating_add(self.options.key_interval);
        self.epoch = Epoch { started: self.clock.now(), due, first_seq: self.chain.next() };
        self.write_pending()?;
        self.sync()?;
        self.has_handed_over()
    }

    /// Sees to it that no old key is left.
    fn has_handed_over(&mut self) -> Result<(), WriteError> {
        if self.store.has_spent() && self.trouble.is_none() {
            // Somebody moved the file meanwhile.
            self.turn_over_if_begun()?;
            self.write_pending()?;
            self.sync()?;
        }
        match &self.trouble {
            _ if !self.store.has_spent() => Ok(()),
            Some((error, _)) => Err(error.clone()),
            None => {
                let still =
                    std::io::Error::other("it stays until the log is synced in a file that nobody moves");
                Err(WriteError::io("remove the old key of", self.store.folder(), &still))
            }
        }
    }

    /// What is left of a hand-off, or of a log's first start, once its line is synced.
    pub(super) fn finish_hand_over(&mut self) -> Result<(), WriteError> {
        self.write_copies()?;
        self.store_head()?;
        self.store.forget_spent().map_err(|error| WriteError::store(&error))
    }

    /// Adds the lines to `<prefix>.keys` that it lacks; durable on return.
    pub(super) fn write_copies(&mut self) -> Result<(), WriteError> {
        let path = self.options.folder.join(self.options.names.keys());
        self.copies.write(&self.files, &path).map_err(|error| WriteError::io("write", &path, &error))
    }

    pub(super) fn hand_over_due(&self) -> Option<(Reason, Duration)> {
        if self.stage != Stage::Writing {
            return None;
        }
        let lines = self.chain.next() - self.epoch.first_seq;
        let (reason, due) = match lines >= self.options.key_lines {
            true => (Reason::Lines, Duration::ZERO),
            false => (Reason::Interval, self.epoch.due),
        };
        let retry =
            self.no_next_key.as_ref().or(self.trouble.as_ref()).map_or(Duration::ZERO, |(_, due)| *due);
        Some((reason, due.max(retry)))
    }
}
