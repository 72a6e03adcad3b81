//! A payment that goes ahead only when its record is on the disk, and one that does not go ahead.
//!
//! ```sh
//! cargo run --example durable
//! ```
//!
//! It works in a temporary folder and leaves nothing behind.

use std::error::Error;
use std::time::Instant;

use tracing::info;
use tracing_audit::{AuditLayer, KeyStore, RequireError, require};
use tracing_subscriber::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let keys = KeyStore::open_or_create(folder.path().join("audit-keys"))?;
    let (audit, guard) = AuditLayer::builder(folder.path().join("audit"), keys).build()?;
    tracing_subscriber::registry().with(audit).init();
    guard.self_test()?;

    println!("While the log takes records, money moves:");
    let start = Instant::now();
    pay("alice", 100)?;
    println!("  {:?} after the order, most of it the disk's", start.elapsed());

    println!("With the log shut down it does not:");
    guard.shutdown()?;
    match pay("alice", 900) {
        Ok(()) => Err("an unrecorded payment".into()),
        Err(error) => {
            println!("  refused: {error}");
            Ok(())
        }
    }
}

fn pay(actor: &str, amount: u64) -> Result<(), RequireError> {
    // In asynchronous code: `.await?` in the place of `.wait()?`.
    require(|| info!(target: "audit", actor, amount, action = "payment.ordered", "payment ordered"))
        .wait()?;
    println!("  {amount} paid for {actor}");
    // What comes after the fact need not hold it up.
    info!(target: "audit", actor, amount, action = "payment.made", "paid");
    Ok(())
}
