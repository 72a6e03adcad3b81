//! System calls of a process that fail, or take their time, for real.

use std::path::Path;
use std::process::Command;

use crate::require;

/// What to start a process under, so that `inject` happens to its calls on `path`, or to all of a name:
/// `write:error=EIO:when=3..9`. Each thread counts its calls for itself. `None` where `strace` can't be had: the test
/// that asks must return.
pub(crate) fn strace(path: Option<&Path>, inject: &str) -> Option<Command> {
    // Where a sandbox forbids tracing, only trying shows it.
    if !require::available("strace", Command::new("strace").args(["-f", "-o", "/dev/null", "true"])) {
        return None;
    }
    let mut strace = Command::new("strace");
    strace.args(["--follow-forks", "-o", "/dev/null"]);
    if let Some(path) = path {
        strace.arg("-P").arg(path);
    }
    if !inject.contains("signal=") {
        // Only these calls stop the process at all; signals don't come through that way.
        strace.arg("--seccomp-bpf");
    }
    let (calls, _) = inject.split_once(':').unwrap();
    strace.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={inject}")]);
    Some(strace)
}
