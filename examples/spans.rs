//! Audited functions: each call is a record with its duration, and what happens within carries who asked for it.
//!
//! ```console
//! $ cargo run --example spans
//! ```

use std::error::Error;
use std::fs;

use tracing::{info, instrument};
use tracing_audit::{AuditLayer, KeyStore};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Its arguments are the span's fields; `outcome` comes later. The secret is left out.
#[instrument(target = "audit", name = "key.decrypt", skip(secret), fields(outcome))]
fn decrypt(actor: &str, key_id: &str, secret: &str) -> bool {
    let allowed = may(actor, key_id);
    let outcome = if allowed && !secret.is_empty() { "success" } else { "failure" };
    tracing::Span::current().record("outcome", outcome);
    allowed
}

#[instrument(target = "audit::policy", skip_all)]
fn may(actor: &str, key_id: &str) -> bool {
    let allowed = actor == "alice";
    info!(target: "audit", rule = "owners only", key_id, allowed, "policy consulted");
    allowed
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let keys = KeyStore::open_or_create(folder.path().join("keys"))?;
    let (audit, guard) =
        AuditLayer::builder(folder.path().join("log"), keys).origin("example.com/vault").build()?;
    tracing_subscriber::registry().with(audit).init();
    guard.self_test()?;

    decrypt("alice", "417fe2de", "…");
    decrypt("mallory", "417fe2de", "…");

    guard.shutdown()?;
    for line in fs::read_to_string(guard.status().file)?.lines() {
        // The part that the application said; the chain stands behind it.
        println!("{}", line.split(",\"trail\":").next().unwrap_or(line));
    }
    Ok(())
}
