//! Functions that leave a record of each call: `#[instrument(target = "audit")]`.
//!
//! ```sh
//! cargo run --example spans
//! ```

use std::error::Error;
use std::fs;

use tracing::{Span, info, instrument};
use tracing_audit::{AuditLayer, KeyStore};
use tracing_subscriber::prelude::*;

/// A record of its own when it returns: name, duration, arguments, and what was recorded until then.
#[instrument(target = "audit", name = "key.decrypt", skip(ciphertext), fields(bytes = ciphertext.len(), outcome))]
fn decrypt(actor: &str, ciphertext: &[u8]) -> Result<Vec<u8>, &'static str> {
    // An event within it carries the span, with what it has by now.
    info!(target: "audit", action = "key.opened", "key opened");
    let plain: Result<Vec<u8>, _> = match ciphertext {
        [] => Err("nothing to decrypt"),
        bytes => Ok(bytes.iter().map(|byte| byte ^ 0x20).collect()),
    };
    Span::current().record("outcome", if plain.is_ok() { "success" } else { "failure" });
    plain
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let keys = KeyStore::open_or_create(folder.path().join("audit-keys"))?;
    let (audit, guard) =
        AuditLayer::builder(folder.path().join("audit"), keys).origin("example.com/vault").build()?;
    tracing_subscriber::registry().with(audit).init();
    guard.self_test()?;

    let _ = decrypt("alice", b"HELLO");
    let _ = decrypt("bob", b"");

    guard.shutdown()?;
    print!("{}", fs::read_to_string(guard.status().file)?);
    Ok(())
}
