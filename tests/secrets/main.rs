//! Where a secret key must not be: in what is printed, in files that others may read, in memory after its time. And what
//! must not lead out of the log's folder: a path that a log's content names.
#![cfg(unix)]

#[cfg(target_os = "linux")]
mod memory;
mod modes;
mod paths;
mod secret;
mod shown;

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// This program, to be run again for what is its process's: `umask`, memory.
fn program(name: &str) -> Command {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", name, "--ignored"]).stdout(Stdio::null());
    program
}

/// Where the program works; none where nobody runs it for a test.
fn folder() -> Option<PathBuf> {
    std::env::var_os("FOLDER").map(PathBuf::from)
}
