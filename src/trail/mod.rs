//! The format: the line, the chain, the keys that sign it. Pure: no I/O, threads, clock or randomness.
//!
//! A log is a sequence of lines, numbered from 0 without holes. A line is one JSON object in canonical form
//! (RFC 8785), here with breaks for the eye:
//!
//! ```json
//! {"fields":{"action":"key.decrypt","actor":"bob"},"kind":"event","level":"INFO","target":"audit",
//!  "timestamp":"2026-11-21T20:41:00.500000000Z",
//!  "trail":{"key":"b1541897b6ad297c","log":"b1541897b6ad297c","prev":"e24cb344…","seq":2,"sig":"7zej61Wa…"}}
//! ```
//!
//! - `prev` is the hash of the line before: SHA-256(`0x00` ‖ its bytes without the newline) ([`Hash::of_line`]).
//! - `sig` is an Ed25519 signature over the context `tracing-audit/v1/line\n` and the SHA-256 of the line without its
//!   member `sig` ([`Line::is_signed_by`]).
//! - A signature covers its line and, through `prev`, all lines before it; a line behind the last signature is proved
//!   by nothing.
//!
//! [`Chain`] writes lines, [`Line`] takes them apart, [`Control`] is what the writer itself says in between.
//! `docs/FORMAT.md` is the whole of it.

pub(crate) mod canonical;
mod chain;
mod control;
mod endorsement;
pub(crate) mod fit;
mod hash;
mod key;
mod line;
mod record;
mod shape;
mod times;
mod timestamp;

pub use chain::Chain;
pub use control::{
    Accepted, Close, Control, Ended, Gap, Genesis, Handoff, HandoffBefore, InvalidControl, Keeps, Position,
    Previous, Resume, Succeeds, Torn, WriterIdentity,
};
pub use endorsement::{EndorsedKey, Endorsement, InvalidEndorsement};
pub(crate) use hash::Hasher;
pub use hash::{Hash, InvalidHash};
pub use key::{InvalidPublicKey, KeyId, PublicKey, SecretKey};
pub use line::{Kind, Level, Line, LineSignature, Link, MalformedLine};
pub(crate) use record::{Record, Records};
pub use timestamp::Timestamp;

/// What `genesis.format` says of the logs that this version writes and reads.
pub const FORMAT: &str = "tracing-audit/v1";

/// No line is longer, its newline included.
pub const MAX_LINE: usize = 65_535;

/// What a line of the default limit has at most, its newline included: rsyslog cuts at 8,096.
pub const DEFAULT_LINE_LIMIT: usize = 8_000;

/// Bytes of a line behind its body, at most: timestamp (45), trail (256) and what the format keeps free.
pub(crate) const CHAIN_RESERVE: usize = 45 + 300;
