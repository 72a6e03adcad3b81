//! The log, shipped by real software: each copy has every line as we wrote it, and proves itself.
//!
//! The configurations are those of `contrib/`, with the folders and ports of the test. Each shipper is killed and
//! started again while the log grows and rotates.
#![cfg(unix)]

#[cfg(target_os = "linux")]
#[allow(dead_code)] // it can survive one
#[path = "../common/limit.rs"]
mod limit;
#[path = "../common/logrotate.rs"]
mod logrotate;
#[cfg(target_os = "linux")]
#[allow(dead_code)] // others ask for the rest
#[path = "../common/program.rs"]
mod program;
#[cfg(target_os = "linux")]
#[allow(dead_code)] // others ask for the rest
#[path = "../common/random.rs"]
mod random;
#[path = "../common/require.rs"]
mod require;

mod by_time;
mod contrib;
mod copy;
mod frames;
mod http;
mod process;
mod restored;
mod rotated;
mod rsyslog;
mod scenario;
mod source;
#[cfg(target_os = "linux")]
mod storm;
mod syslog_ng;
mod systemd;
