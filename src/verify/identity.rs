//! Whether a log is one that whoever verifies means: by its first key, and by its name.

use std::sync::Arc;

use super::{FindingKind, TrustFile};
use crate::trail::{Genesis, KeyId, PublicKey};

/// What is known of a log beforehand.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    log: KeyId,
    pinned: Option<PublicKey>,
    /// The name that it must have.
    origin: Option<Arc<str>>,
    /// The last other name that it gave itself: each file says it, and one finding is enough.
    misnamed: Option<String>,
}

impl Identity {
    pub(crate) fn new(log: KeyId, keys: &[PublicKey], trust: &TrustFile) -> Identity {
        let pinned = keys.iter().copied().find(|key| key.id() == log).or_else(|| trust.key(log));
        Identity { log, pinned, origin: trust.origin(log), misnamed: None }
    }

    /// The log's first key, where it was known beforehand.
    pub(crate) fn pinned(&self) -> Option<PublicKey> {
        self.pinned
    }

    /// Why the log may be somebody else's: its key is none that was given.
    pub(crate) fn doubt(&self, keys: &[PublicKey], trust: &TrustFile) -> Option<FindingKind> {
        let log = self.log;
        if self.pinned.is_some() {
            return None;
        }
        Some(match keys.is_empty() && trust.is_empty() {
            true => FindingKind::NoPinnedKey { log },
            false => FindingKind::NotPinned { log, pinned: keys.iter().map(PublicKey::id).collect() },
        })
    }

    /// Takes a proved genesis: what does not hold of its name.
    pub(crate) fn heed(&mut self, genesis: &Genesis) -> Option<FindingKind> {
        let found = &genesis.origin;
        let expected = self.origin.as_deref().filter(|expected| expected != found)?;
        if self.misnamed.as_ref() == Some(found) {
            return None;
        }
        let kind = FindingKind::OriginDiffers { expected: expected.to_owned(), found: found.clone() };
        self.misnamed = Some(found.clone());
        Some(kind)
    }
}
