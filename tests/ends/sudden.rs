//! Ends that skip the guard: nothing that was flushed, `Written` or `Synced` is lost. What is lost of the rest no line
//! can tell: a process that is gone counts nothing.

use std::panic;
use std::process;
use std::sync::OnceLock;
use std::{fmt, mem};

use rustix::process::{Signal, getpid, kill_process};
use tracing::info;
use tracing_audit::{Durability, Guard};

use super::{Ends, end, record};

pub(super) const ENDS: Ends = &[
    ("forgotten", |guard| before(mem::forget, guard)),
    ("static", |guard| before(keep, guard)),
    ("exit", |guard| before(|_guard| process::exit(0), guard)),
    ("abort", |guard| before(|_guard| process::abort(), guard)),
    ("panic_abort", |guard| before(|_guard| panic_aborting(), guard)),
    ("panic_abort_in_field", |guard| before(|_guard| panic_aborting_in_a_field(), guard)),
    ("sigterm", |guard| before(|_guard| kill_process(getpid(), Signal::TERM).unwrap(), guard)),
    ("sigkill", |guard| before(|_guard| kill_process(getpid(), Signal::KILL).unwrap(), guard)),
];

/// So many records are flushed; as many more follow, at full speed, up to the end.
const FLUSHED: u64 = 20;
const RECORDS: u64 = 5_000;

/// Where each is waited for.
const FEW: u64 = 60;

fn before(end: impl FnOnce(Guard), guard: Guard) {
    record(0..FLUSHED);
    guard.flush().unwrap();
    let all = if std::env::var("DURABILITY").unwrap() == "Enqueued" { RECORDS } else { FEW };
    record(FLUSHED..all);
    end(guard);
}

#[test]
fn what_is_flushed_or_written_outlives_every_end() {
    for (name, _) in ENDS {
        let returns = ["forgotten", "static", "exit"].contains(name);
        for durability in [Durability::Enqueued, Durability::Written, Durability::Synced] {
            let ended = end(name, durability);
            assert_eq!(ended.status.success(), returns, "{name}: {}", ended.status);
            let found = ended.breaks_off();
            if durability == Durability::Enqueued {
                assert!((FLUSHED..=RECORDS).contains(&found), "{name}: {found}");
                println!("{name}: of the last {} records {} are lost", RECORDS - FLUSHED, RECORDS - found);
            } else {
                assert_eq!(found, FEW, "{name}, {durability:?}");
            }
        }
    }
}

fn keep(guard: Guard) {
    static GUARD: OnceLock<Guard> = OnceLock::new();
    GUARD.set(guard).unwrap();
}

/// What `panic = "abort"` does: the hook is called, and then nothing but the end.
fn panics_abort() {
    panic::set_hook(Box::new(|_| process::abort()));
}

fn panic_aborting() {
    panics_abort();
    panic!("of the test");
}

fn panic_aborting_in_a_field() {
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("of the test")
        }
    }
    panics_abort();
    info!(target: "audit", number = ?Panics);
}
