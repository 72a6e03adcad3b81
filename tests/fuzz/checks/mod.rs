//! What must hold of any input. The fuzz targets run these on bytes that nobody chose, `tests/fuzz_corpora.rs` on the
//! corpora.

mod files;
mod folder;
mod keys;
mod line;
mod shipped;
mod start;

pub(crate) use folder::folder;
pub(crate) use keys::keys;
pub(crate) use line::line;
pub(crate) use shipped::shipped;
pub(crate) use start::start;

use sha2::{Digest as _, Sha256};
use tracing_audit::trail::SecretKey;

/// The keys of the format's worked example.
fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&Sha256::digest(format!("example key {number}")).into())
}
