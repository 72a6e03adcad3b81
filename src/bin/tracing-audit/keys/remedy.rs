//! What to do about a key store that can't be used.

use std::io::ErrorKind;

use tracing_audit::{Exposure, KeyStoreError};

pub(super) fn remedy(error: &KeyStoreError) -> &'static str {
    match error {
        KeyStoreError::Io { error, .. } if error.kind() == ErrorKind::NotFound => {
            "Is it the right folder? A store has a file pin.pub and one key, epoch-N.pem."
        }
        KeyStoreError::Io { error, .. } if error.kind() == ErrorKind::PermissionDenied => {
            "Run this as the service's user, or as root."
        }
        KeyStoreError::Io { .. } => "Look at the disk.",
        KeyStoreError::Locked { .. } => {
            "Stop the process that holds it, or give this log a store of its own."
        }
        KeyStoreError::Exposed { exposure: Exposure::Mode(_), .. } => {
            "Who could read the key could sign in the log's name. `chmod -R go= FOLDER`, then `handle.rotate_key()`, or \
             wait for the next hand-off. Where Kubernetes' `fsGroup` sets these bits: --allow-group-access, and in the \
             service `KeyStore::options().allow_group_access(true)`."
        }
        KeyStoreError::Exposed { exposure: Exposure::Owner(_), .. } => {
            "`chown -R` it to the service's user; its former owner could sign in the log's name up to the next hand-off."
        }
        KeyStoreError::Malformed { .. } => {
            "Somebody or something wrote over it. Where it is the key, `tracing-audit keys recover` begins a log that \
             succeeds this one."
        }
        KeyStoreError::KeyMissing { .. } | KeyStoreError::HeadMissing { .. } => {
            "A lost key comes back from nowhere: `tracing-audit keys recover` begins a log that succeeds this one."
        }
        KeyStoreError::SeveralKeys { .. } => {
            "Two stores were mixed: move the keys away that the log's hand-offs don't lead to (`keys check` with the log \
             says which it needs)."
        }
        KeyStoreError::InUse { .. } => "Name another folder.",
        KeyStoreError::EndorsesOther { .. } => {
            "Install the endorsement that was made for this store's key: `tracing-audit keys show` prints it."
        }
        KeyStoreError::Random { .. } => "The system has no random numbers yet: start later.",
        _ => "See docs/OPERATIONS.md.",
    }
}
