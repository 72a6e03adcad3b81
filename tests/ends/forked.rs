//! A fork has the log's memory, and neither its writer nor its turn: the child says so, the parent goes on.

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use fork::{Fork, fork, waitpid};
use tracing::subscriber::with_default;
use tracing_audit::{
    AuditLayer, Durability, Guard, KeyStore, KeyStoreError, RequireError, WriteError, require,
};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use super::{Ends, end, record};

pub(super) const ENDS: Ends =
    &[("fork", forked), ("fork_with_store", forked_with_a_store), ("fork_outlived", outlived)];

#[test]
fn the_child_of_a_fork_fails_loudly_and_the_parent_is_unharmed() {
    for durability in [Durability::Enqueued, Durability::Written, Durability::Synced] {
        let ended = end("fork", durability);
        assert!(ended.status.success(), "{durability:?}: {}", ended.status);
        ended.is_closed_with(0..200);
    }
}

#[test]
fn a_child_that_drops_what_it_inherited_unlocks_nothing() {
    let ended = end("fork_with_store", Durability::Enqueued);
    assert!(ended.status.success());
}

#[test]
fn a_child_that_outlives_its_parent_keeps_the_lock() {
    let ended = end("fork_outlived", Durability::Enqueued);
    assert!(ended.status.success());
    let open = || KeyStore::open_or_create(ended.service.keys());
    assert!(matches!(open(), Err(KeyStoreError::Locked { .. })));
    fs::write(ended.service.file("go"), "").unwrap();
    let start = Instant::now();
    while open().is_err() {
        assert!(start.elapsed() < Duration::from_secs(60), "the child has gone");
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(ended.breaks_off(), 100);
}

/// Runs `work` in a child, and waits for it: whether it ended well.
fn in_a_child(work: impl FnOnce()) -> bool {
    match fork().unwrap() {
        Fork::Parent(child) => waitpid(child).unwrap() == 0,
        Fork::Child => {
            // A panic must not unwind into what the child has of the parent's tests.
            let ended_well = catch_unwind(AssertUnwindSafe(work)).is_ok();
            process::exit(i32::from(!ended_well));
        }
    }
}

fn forked(guard: Guard) {
    record(0..100);
    let handle = guard.handle();
    let own = PathBuf::from(std::env::var_os("FOLDER").unwrap()).join("child");
    let mut guard = Some(guard);
    let ended_well = in_a_child(|| {
        let forked = Err(WriteError::Forked);
        assert_eq!(handle.flush(), forked);
        assert_eq!(pollster::block_on(handle.flush_async()), forked);
        assert_eq!(require(|| record([1_000])).wait(), Err(RequireError::Write(WriteError::Forked)));
        assert_eq!(handle.rotate(), forked);
        assert_eq!(handle.rotate_key(), forked);
        // More than the queue takes: nobody waits for room that nobody makes.
        record(2_000..20_000);
        assert!(handle.status().lost_queue_full > 0);
        assert_eq!(handle.shutdown(), forked);
        drop(guard.take());

        // What the docs advise.
        let keys = KeyStore::open_or_create(own.join("keys")).unwrap();
        let (layer, guard) = AuditLayer::builder(own.join("log"), keys).build().unwrap();
        with_default(registry().with(layer), || require(|| record([0])).wait().unwrap());
        guard.shutdown().unwrap();
    });
    assert!(ended_well);
    record(100..200);
    guard.take().unwrap().shutdown().unwrap();
}

fn forked_with_a_store(guard: Guard) {
    let folder = PathBuf::from(std::env::var_os("FOLDER").unwrap()).join("other");
    let mut store = Some(KeyStore::open_or_create(&folder).unwrap());
    assert!(in_a_child(|| drop(store.take())));
    assert!(matches!(KeyStore::open_or_create(&folder), Err(KeyStoreError::Locked { .. })));
    drop(guard);
}

fn outlived(guard: Guard) {
    record(0..100);
    ManuallyDrop::new(guard).flush().unwrap();
    let go = PathBuf::from(std::env::var_os("FOLDER").unwrap()).join("log/go");
    if let Fork::Child = fork().unwrap() {
        let start = Instant::now();
        while !go.exists() && start.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(1));
        }
    }
    process::exit(0);
}
