//! A full disk that any user can have: a limit on the length of a process's files.

use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

/// What to start a process under, so that its limit is an error to it and not the end.
pub(crate) fn survivable() -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#]);
    shell
}

/// No file of the process grows beyond so many bytes, or, with `None`, each as long as it likes.
pub(crate) fn files_of(process: u32, bytes: Option<u64>) {
    let process = Pid::from_raw(process.cast_signed());
    let before = prlimit(process, Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
    assert_eq!(before.maximum, None, "the tests run under a limit of their own");
}

/// The process leaves no image of its memory where the limit ends it.
#[allow(dead_code)] // most survive it
pub(crate) fn no_core_of(process: u32) {
    let process = Pid::from_raw(process.cast_signed());
    prlimit(process, Resource::Core, Rlimit { current: Some(0), ..getrlimit(Resource::Core) }).unwrap();
}
