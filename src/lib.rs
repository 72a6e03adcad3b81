//! An audit log for Rust services: what an application targets at `audit` becomes one signed, chained line in a
//! file, and anyone who holds one public key can tell whether the trail is whole.

mod bell;
mod builder;
mod clock;
mod files;
mod guard;
mod identity;
mod json;
mod keys;
mod layer;
mod losses;
mod promises;
mod recorder;
mod reply;
mod require;
mod rotation;
mod status;
pub mod trail;
pub mod verify;
mod writer;

pub use builder::{BuildError, Builder};
pub use guard::{Guard, Handle};
pub use json::{Json, json};
pub use keys::{Exposure, Inspection, KeyStore, KeyStoreError, KeyStoreOptions, StoredHead, StoredKey};
pub use layer::{AuditFilter, AuditLayer, SelfTestError};
pub use promises::{Durability, Overflow};
pub use require::{Receipt, RequireError, require};
pub use rotation::Rotation;
pub use status::Status;
pub use writer::{OnTruncation, OpenError, WriteError};

/// Compiles what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
