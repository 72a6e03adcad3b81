//! An audit log for Rust services: what an application targets at `audit` becomes one signed, chained line in a
//! file, and anyone who holds one public key can tell whether the trail is whole.
#![forbid(unsafe_code)]

mod recorder;
pub mod trail;
pub mod verify;
