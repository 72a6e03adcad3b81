//! A service on tokio that ends well: SIGTERM, the last requests, then the end of the log.
//!
//! ```sh
//! cargo run --example graceful             # in a temporary folder; stops itself after some requests
//! cargo run --example graceful -- FOLDER   # until SIGTERM or Ctrl-C
//! ```

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tracing::info;
use tracing_audit::{AuditLayer, KeyStore, RequireError, require};
use tracing_subscriber::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let given = env::args_os().nth(1).map(PathBuf::from);
    let folder = given.as_deref().unwrap_or(temporary.path());

    let keys = KeyStore::open_or_create(folder.join("audit-keys"))?;
    let (audit, guard) = AuditLayer::builder(folder.join("audit"), keys).build()?;
    tracing_subscriber::registry().with(audit).init();
    guard.self_test()?;

    // Before the first request: a signal that comes earlier would end the process on the spot.
    let stop = stop_signal()?;
    let (stopping, stopped) = watch::channel(false);
    let mut workers = JoinSet::new();
    for worker in 0..4 {
        workers.spawn(serve(worker, stopped.clone()));
    }
    if given.is_some() {
        stop.await;
    } else {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    // First those who record: requests that are under way end, and no new ones begin.
    stopping.send_replace(true);
    while let Some(served) = workers.join_next().await {
        served??;
    }
    // Then the log. Its end waits for the disk, which is not for a thread that runs tasks.
    let status = spawn_blocking(move || guard.shutdown().map(|()| guard.status())).await??;
    println!("stopped: {} records, {} lost", status.written, status.lost);
    Ok(())
}

/// Takes requests, one after the other, until the service stops.
async fn serve(worker: u64, stopped: watch::Receiver<bool>) -> Result<(), RequireError> {
    let mut number = 0;
    while !*stopped.borrow() {
        // What must be on record before it happens: this task waits for the disk, its thread does not.
        require(|| info!(target: "audit", worker, number, action = "payment.ordered")).await?;
        println!("paid {worker} {number}");
        info!(target: "audit", worker, number, action = "payment.made");
        number += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Comes when the service is told to stop. The handler is in place on return.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
