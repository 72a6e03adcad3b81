//! The log, shipped by real software: each copy has every line as we wrote it, and proves itself.
//!
//! The configurations are those of `contrib/`, with the folders and ports of the test. Each shipper is killed and
//! started again while the log grows and rotates.
#![cfg(unix)]

#[path = "../common/logrotate.rs"]
mod logrotate;
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
mod syslog_ng;
mod systemd;
