//! An audit log from end to end: written by several threads, verified, then with one byte flipped in a copy.
//!
//! ```sh
//! cargo run --example quickstart
//! ```
//!
//! It works in a temporary folder and leaves nothing behind.

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::{fs, thread};

use tracing::info;
use tracing_audit::trail::PublicKey;
use tracing_audit::verify::{Options, Report, Verdict, verify_paths};
use tracing_audit::{AuditLayer, KeyStore, json};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (log, copy) = (folder.path().join("audit"), folder.path().join("copy"));

    println!("1. Four threads emit audit events. The fmt layer beside shows them as ever:\n");
    let pin = write(&log, &folder.path().join("audit-keys"))?;

    println!("\n2. Verified with the public key {pin}:\n");
    let options = Options { keys: vec![pin], ..Options::default() };
    let report = verify_paths(&[&log], &options)?;
    show(&report);
    assert_eq!(report.verdict, Verdict::Intact);

    println!("\n3. In a copy, bob's payment of 100 becomes one of 900: one bit.\n");
    forge(&log, &copy)?;
    let report = verify_paths(&[&copy], &options)?;
    show(&report);
    assert_eq!(report.verdict, Verdict::Tampered);
    Ok(())
}

/// What a service does. Gives the key to pin.
fn write(log: &Path, keys: &Path) -> Result<PublicKey, Box<dyn Error>> {
    let keys = KeyStore::open_or_create(keys)?;
    let pin = keys.pin();
    let (audit, guard) = AuditLayer::builder(log, keys).origin("example.com/payments").build()?;
    let ordinary = fmt::layer().without_time().with_ansi(io::stdout().is_terminal());
    tracing_subscriber::registry().with(ordinary).with(audit).init();
    guard.self_test()?;

    thread::scope(|scope| {
        for actor in ["alice", "bob", "carol", "dave"] {
            scope.spawn(move || {
                info!(target: "audit", actor, action = "token.issued", scopes = ?json(&["read", "pay"]), "token issued");
                info!(target: "audit", actor, action = "payment.made", amount = 100, "paid");
                info!("an ordinary event, of which there is no audit record");
            });
        }
    });
    guard.shutdown()?;
    Ok(pin)
}

/// Copies the log's files, and flips one bit on the way.
fn forge(log: &Path, copy: &Path) -> io::Result<()> {
    let payment = br#""actor":"bob","amount":100"#;
    fs::create_dir(copy)?;
    for entry in fs::read_dir(log)? {
        let entry = entry?;
        let mut file = fs::read(entry.path())?;
        if let Some(at) = file.windows(payment.len()).position(|bytes| bytes == payment) {
            file[at + payment.len() - 3] ^= b'1' ^ b'9';
        }
        fs::write(copy.join(entry.file_name()), file)?;
    }
    Ok(())
}

fn show(report: &Report) {
    for log in &report.logs {
        println!("   {}: log {}, {} lines proved", log.verdict, log.log, log.lines);
        if let Some(head) = log.head {
            println!("   signed up to line {}, {}: head {}", head.seq, head.time, head.hash);
        }
        for finding in &log.findings {
            println!("   - {finding}");
        }
    }
}
