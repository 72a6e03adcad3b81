//! An audit log for Rust services: what an application targets at `audit` becomes one signed, chained line in a
//! file, and anyone who holds one public key can tell whether the trail is whole.
//!
//! # Writing
//!
//! A [`KeyStore`] holds the keys of one log, [`AuditLayer::builder`] opens the log, and its layer is registered beside
//! any others. The [`Guard`] ends the log; a [`Handle`] flushes, rotates and tells the [`Status`].
//!
//! ```
//! use tracing_audit::{AuditLayer, KeyStore, json};
//! use tracing_subscriber::prelude::*;
//!
//! # let folder = tempfile::tempdir()?;
//! # let (keys, log) = (folder.path().join("audit-keys"), folder.path().join("audit"));
//! let (audit, guard) = AuditLayer::builder(log, KeyStore::open_or_create(keys)?).origin("example.com/payments").build()?;
//! tracing_subscriber::registry().with(audit).init();
//! guard.self_test()?; // does anything in this process eat audit events?
//!
//! tracing::info!(target: "audit", actor = "alice", action = "token.issued", scopes = ?json(&["read", "pay"]));
//!
//! // Where an act must not happen unrecorded:
//! tracing_audit::require(|| tracing::info!(target: "audit", actor = "bob", action = "payment.made")).wait()?;
//!
//! guard.shutdown()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//!
//! - **Everything on disk is signed.** Each write ends with a signed line; what a crash tears is attested by the line
//!   after it.
//! - **Nothing is lost in silence.** Each way to lose a record ends in a signed `gap`, a counter, or an error that the
//!   caller gets. [`Durability`] says what holds when a macro returns, [`Overflow`] what a full queue does, [`require`]
//!   proves one operation on the disk.
//! - **Yesterday is safe from today's thief.** Keys hand over to the next and are erased; who steals the key in force
//!   can't rewrite what earlier ones signed.
//!
//! # Verifying
//!
//! [`verify`] proves logs whole, or says which line is not what was written; the command `tracing-audit` (feature `cli`)
//! prints that. [`trail`] is the format itself, for tools that read or write lines on their own; `docs/FORMAT.md` describes
//! it, with a verifier in Python, and `docs/OPERATIONS.md` says what to do about each error.
//!
//! # How a record goes
//!
//! ```text
//! caller's thread   layer    is it ours? · fields and spans → canonical JSON · timestamp
//!                   queue    bounded; full → as Overflow says
//! writer's turn     trail    number, link, signature of the last line of the batch
//!                   files    next file? · one write · sync when asked or due · wake those who wait
//! ```
//!
//! The writer has a thread; a caller that waits for the disk takes its turn instead, where that is free.

mod bell;
mod builder;
mod clock;
mod failure;
mod files;
mod guard;
mod herald;
mod identity;
mod json;
mod keys;
mod layer;
mod losses;
mod pending;
mod promises;
mod quiet;
mod recorder;
mod reply;
mod require;
mod rotation;
#[cfg(feature = "shipped")]
pub mod shipped;
mod status;
pub mod trail;
mod turns;
pub mod verify;
mod writer;

pub use builder::{BuildError, Builder};
pub use failure::Failure;
pub use guard::{Guard, Handle};
pub use json::{Json, json};
pub use keys::{
    Exposure, FleetKey, Inspection, KeyStore, KeyStoreError, KeyStoreOptions, StoredHead, StoredKey,
};
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
