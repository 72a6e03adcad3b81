//! An operator looked into a loss, and lets the log go on behind it. The next start signs who, when and why.

use std::io::ErrorKind::NotFound;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::contents::{HEAD, LOCK, io, lock, refuse_exposed};
use super::{Head, KeyStoreError, Store};
use crate::files::{self, Access, FileSystem};
use crate::trail::{Accepted, Position};

/// What was accepted. It goes once the log went on; it is good for one loss, and says nothing of any other.
const ACCEPTED: &str = "accepted.json";

/// The longest name and the longest reason, in bytes.
const LONGEST: usize = 255;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AcceptedLoss {
    accepted: Accepted,
    /// The head that is not where it was.
    head: Position,
}

pub(super) fn read<F: FileSystem>(files: &F, folder: &Path) -> Result<Option<AcceptedLoss>, KeyStoreError> {
    let path = folder.join(ACCEPTED);
    match files::load(files, &path) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(accepted) => Ok(Some(accepted)),
            Err(_) => Err(KeyStoreError::Malformed { path, why: "no loss that was accepted" }),
        },
        Err(error) if error.kind() == NotFound => Ok(None),
        Err(error) => Err(io("read", &path)(error)),
    }
}

impl<F: FileSystem> Store<F> {
    /// Lets the log in the folder `log` go on though its last synced line is gone.
    pub(super) fn accept_loss(
        files: &F,
        (folder, log): (&Path, &Path),
        access: Access,
        accepted: Accepted,
    ) -> Result<&'static str, KeyStoreError> {
        for (what, text) in [("by", &accepted.by), ("reason", &accepted.reason)] {
            if text.is_empty() || text.len() > LONGEST {
                return Err(KeyStoreError::Unfit { what });
            }
        }
        refuse_exposed(files, folder, access)?;
        let _held = lock(files, &folder.join(LOCK))?;
        let head = Head::read(files, &folder.join(HEAD))?;
        let head = head.ok_or_else(|| KeyStoreError::HeadMissing { folder: folder.to_owned() })?;
        let path = log.join(&head.name);
        let Err(found) = head.line_in(files, &path).map_err(io("read", &path))? else {
            return Err(KeyStoreError::NothingLost { path, seq: head.seq });
        };
        let loss = AcceptedLoss { accepted, head: Position { hash: head.hash, seq: head.seq } };
        let (path, bytes) = (folder.join(ACCEPTED), serde_json::to_vec(&loss).expect("texts and numbers"));
        files::store(files, &path, Access::Private, &bytes).map_err(io("write", &path))?;
        Ok(found)
    }

    /// Who accepted that the line of this head is not where it was.
    pub(crate) fn accepted(&self) -> Option<&Accepted> {
        let head = self.head()?;
        let loss = self.accepted_loss.as_ref();
        loss.filter(|loss| (loss.head.seq, loss.head.hash) == (head.seq, head.hash))
            .map(|loss| &loss.accepted)
    }

    /// The log went on.
    pub(crate) fn forget_accepted(&mut self) {
        if self.accepted_loss.take().is_some() {
            // Where it stays it is of a head that was.
            let _ = self.files().remove(&self.folder().join(ACCEPTED));
        }
    }
}
