//! What reports say: each is as its schema has it, and claims no more than was proved.
//!
//! The reports are those of the command, on all vectors that there are: `vectors`.
#![cfg(unix)]

mod examples;
mod json;
mod many;
mod proved;
mod schema;
mod sentences;
mod vectors;

#[allow(dead_code)] // the attacks ask for the rest
#[path = "../attacks/log.rs"]
mod log;
#[path = "../common/require.rs"]
mod require;
