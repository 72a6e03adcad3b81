//! The verifier in `docs/FORMAT.md`, taken from the page.

#[path = "require.rs"]
mod require;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

const PAGE: &str = include_str!("../../docs/FORMAT.md");

/// The page's code block, in a folder of its own.
pub(crate) struct Python {
    _folder: TempDir,
    script: PathBuf,
}

impl Python {
    /// `None` where Python is absent: the test that asks must return.
    pub(crate) fn from_the_page() -> Option<Python> {
        let mut probe = Command::new("python3");
        if !require::available("python3 with `cryptography`", probe.args(["-c", "import cryptography"])) {
            return None;
        }
        let (_, code) = PAGE.split_once("```python\n").expect("the page has a block of Python");
        let (code, _) = code.split_once("```").expect("the block ends");
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("verify.py");
        fs::write(&script, code).unwrap();
        Some(Python { _folder: folder, script })
    }

    /// Runs it on files that stand in the order of the log.
    pub(crate) fn verify(&self, pin: &str, paths: &[PathBuf]) -> Output {
        let output = Command::new("python3").arg(&self.script).arg(pin).args(paths).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "it ran to its end");
        output
    }
}
