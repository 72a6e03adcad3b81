//! The real logrotate.

use std::path::Path;
use std::process::Command;

use crate::require;

pub(crate) fn available() -> bool {
    require::available("logrotate", logrotate().arg("--version"))
}

/// As at the end of a day. What logrotate notes of it lies beside the configuration.
pub(crate) fn rotate(configuration: &Path) {
    let mut logrotate = logrotate();
    logrotate.arg("--force").arg("--state").arg(configuration.with_file_name("state"));
    let output = logrotate.arg(configuration).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("error"), "{said}");
}

fn logrotate() -> Command {
    let mut command = Command::new("logrotate");
    command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()));
    command
}
