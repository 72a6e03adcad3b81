//! Everything around the writer fails, for real: processes are killed, power is cut, disks are full, calls of the
//! system are refused. The log is read and proved anew after each step. `docs/RELIABILITY.md` says what is promised.
#![cfg(target_os = "linux")]

#[path = "../common/disk.rs"]
mod disk;
mod eio;
mod flood;
mod full;
#[path = "../common/history.rs"]
mod history;
mod kill;
#[path = "../common/limit.rs"]
mod limit;
mod power;
#[allow(dead_code)] // the attacks ask for the rest
#[path = "../common/program.rs"]
mod program;
mod proved;
mod random;
#[path = "../common/require.rs"]
mod require;
#[path = "../common/strace.rs"]
mod strace;
