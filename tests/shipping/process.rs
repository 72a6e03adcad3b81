//! A process that ends with the test, and is killed in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A program that can be killed and started again. What it says goes into a file, for the test that fails.
pub(crate) struct Process {
    command: Command,
    said: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(mut command: Command, said: &Path) -> Process {
        let out = File::options().create(true).append(true).open(said).unwrap();
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let mut process = Process { command, said: said.to_owned(), child: None };
        process.start_again();
        process
    }

    pub(crate) fn start_again(&mut self) {
        assert!(self.child.is_none());
        self.child = Some(self.command.spawn().unwrap());
    }

    /// No signal handler, no last write: SIGKILL.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none(), "it ended by itself, {ended:?}: {}", self.said());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The end of what it said.
    fn said(&self) -> String {
        let said = fs::read_to_string(&self.said).unwrap_or_default();
        let lines: Vec<_> = said.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = child.kill();
        let _ = child.wait();
        if thread::panicking() {
            eprintln!("{} said:\n{}", self.command.get_program().display(), self.said());
        }
    }
}

/// Waits until it holds: for as long as a loaded machine may need, since a test that hangs says nothing.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(120), "waited two minutes until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
