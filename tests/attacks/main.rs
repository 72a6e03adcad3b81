//! What a trail must withstand: each test is named with its row in the list of attacks.

mod bits;
#[cfg(feature = "compressed")]
mod compressed;
mod ends;
#[cfg(target_os = "linux")]
mod failing;
mod folders;
mod keys;
#[cfg(target_os = "linux")]
#[path = "../common/limit.rs"]
mod limit;
mod lines;
#[cfg(unix)]
mod live;
mod log;
#[cfg(target_os = "linux")]
#[allow(dead_code)] // the faults ask for the rest
#[path = "../common/program.rs"]
mod program;
#[cfg(target_os = "linux")]
#[path = "../common/require.rs"]
mod require;
mod spelling;
#[cfg(target_os = "linux")]
#[path = "../common/strace.rs"]
mod strace;
mod torn;
