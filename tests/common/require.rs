//! Tests against software from outside: skipped, loudly, where it is not there; failed where all must be there.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Whether `probe` runs and succeeds. Where it does not, the test that asks must return: what it needs is absent.
/// With `TRACING_AUDIT_REQUIRE=all` in the environment that is a failure.
#[must_use]
pub(crate) fn available(what: &str, probe: &mut Command) -> bool {
    let status = probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if status.is_ok_and(|status| status.success()) {
        return true;
    }
    let required = std::env::var_os("TRACING_AUDIT_REQUIRE").is_some_and(|value| value == "all");
    assert!(!required, "{what} is not there, and TRACING_AUDIT_REQUIRE=all");
    // Past the test runner, which would keep what a passing test prints to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what} is not there, so a test has shown nothing");
    false
}
