//! The unit: what it says is understood, and leaves little open.

use std::process::Command;

use crate::contrib::configuration;
use crate::require;

#[test]
fn the_systemd_unit_is_understood_and_leaves_little_open() {
    if !require::available("systemd-analyze", Command::new("systemd-analyze").arg("--version")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = configuration("systemd/app.service", folder.path(), &[("/usr/local/bin/app", "/bin/true")]);
    // The exposure is at most 2.0 of 10.
    for arguments in [["verify", "--man=no"].as_slice(), &["security", "--offline=true", "--threshold=20"]] {
        let output = Command::new("systemd-analyze").args(arguments).arg(&unit).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{arguments:?}: {said}");
    }
}
