//! Whether a log is one that whoever verifies means: by its first key, and by its name.

use std::sync::Arc;

use super::{FindingKind, TrustFile};
use crate::trail::{Genesis, KeyId, Line, PublicKey};

/// What is known of a log: beforehand, and by its first genesis.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    log: KeyId,
    pinned: Option<PublicKey>,
    /// The name that it must have.
    origin: Option<Arc<str>>,
    trust: TrustFile,
    endorsed: Endorsed,
    /// The last other name that it gave itself: each file says it, and one finding is enough.
    misnamed: Option<String>,
}

/// What the first genesis says of a fleet.
#[derive(Debug, Clone, Copy)]
enum Endorsed {
    /// It was not there.
    Unseen,
    By(KeyId),
    /// By no fleet that is trusted; the one that it names.
    Not(Option<KeyId>),
}

impl Identity {
    pub(crate) fn new(log: KeyId, keys: &[PublicKey], trust: &TrustFile) -> Identity {
        let pinned = keys.iter().copied().find(|key| key.id() == log).or_else(|| trust.key(log));
        let (origin, trust) = (trust.origin(log), trust.clone());
        Identity { log, pinned, origin, trust, endorsed: Endorsed::Unseen, misnamed: None }
    }

    /// The log's first key, where it was known beforehand.
    pub(crate) fn pinned(&self) -> Option<PublicKey> {
        self.pinned
    }

    /// Whether the log must be there from its line 0 on, as the trust file says.
    pub(crate) fn is_from_start(&self) -> bool {
        self.trust.is_from_start(self.log)
    }

    /// Whether its first key is pinned or endorsed.
    pub(crate) fn is_known(&self) -> bool {
        self.pinned.is_some() || self.endorsed_by().is_some()
    }

    /// The fleet's key that endorsed its first one.
    pub(crate) fn endorsed_by(&self) -> Option<KeyId> {
        match self.endorsed {
            Endorsed::By(fleet) => Some(fleet),
            _ => None,
        }
    }

    /// Whether the first genesis may still say whose the log is.
    pub(crate) fn awaits_endorsement(&self) -> bool {
        self.pinned.is_none() && !self.trust.fleets().is_empty()
    }

    /// Why the log may be somebody else's.
    pub(crate) fn doubt(&self, keys: &[PublicKey]) -> Option<FindingKind> {
        let log = self.log;
        if self.is_known() {
            return None;
        }
        Some(match self.endorsed {
            Endorsed::Unseen if self.awaits_endorsement() => FindingKind::EndorsementMissing { log },
            Endorsed::Not(found) => FindingKind::NotEndorsed { log, found },
            _ if keys.is_empty() && self.trust.is_empty() => FindingKind::NoPinnedKey { log },
            _ => FindingKind::NotPinned { log, pinned: keys.iter().map(PublicKey::id).collect() },
        })
    }

    /// Takes a genesis with a good signature, or a copy of one. The first of the log may have an endorsement, which is of
    /// the whole key that signed: an id is but a part of its hash.
    pub(crate) fn see(&mut self, line: &Line<'_>, genesis: &Genesis) {
        let is_first = line.link.seq == 0 && line.link.log == self.log && genesis.public_key.id() == self.log;
        if !is_first || self.endorsed_by().is_some() || !line.is_signed_by(&genesis.public_key) {
            return;
        }
        let fleet = genesis.fleet.as_ref();
        let trusted = fleet.filter(|fleet| {
            self.trust.fleets().contains(&fleet.public_key)
                && fleet.endorses(genesis.public_key, &genesis.origin)
        });
        self.endorsed = match trusted {
            Some(fleet) => {
                self.origin.get_or_insert_with(|| Arc::from(genesis.origin.as_str()));
                Endorsed::By(fleet.public_key.id())
            }
            None => Endorsed::Not(fleet.map(|fleet| fleet.public_key.id())),
        };
    }

    /// Takes a proved genesis: what does not hold of its name.
    pub(crate) fn heed(&mut self, line: &Line<'_>, genesis: &Genesis) -> Option<FindingKind> {
        self.see(line, genesis);
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
