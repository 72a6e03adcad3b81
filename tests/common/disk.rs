//! Disks of a test's own, for root: small ones, and ones whose power can be cut. Unmounted when dropped.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::require;

/// A file system that is mounted on a folder of its own.
pub(crate) struct Disk {
    folder: TempDir,
    mounted: bool,
}

impl Disk {
    /// A file system in memory of so many kilobytes; none where this process may not mount one.
    pub(crate) fn of_kilobytes(size: u64) -> Option<Disk> {
        let mut disk = Disk::unmounted();
        let mounted =
            disk.mount(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}k"), "tmpfs"]));
        mounted.ok().map(|()| disk)
    }

    /// An XFS in a file of this machine; none where it can't be had: the test that asks must return.
    pub(crate) fn xfs() -> Option<Disk> {
        let there = r#"test "$(id -u)" = 0 && command -v mkfs.xfs && command -v xfs_io"#;
        if !require::available("root, with xfsprogs,", Command::new("sh").args(["-c", there])) {
            return None;
        }
        let mut disk = Disk::unmounted();
        run(Command::new("truncate").args(["-s", "320M"]).arg(disk.image())).unwrap();
        run(Command::new("mkfs.xfs").arg("-q").arg(disk.image())).unwrap();
        disk.mount_image();
        Some(disk)
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    /// Stops it as it is: nothing of what it holds in memory reaches the image any more.
    pub(crate) fn cut_power(&self) {
        run(Command::new("xfs_io").args(["-x", "-c", "shutdown"]).arg(self.path())).unwrap();
    }

    /// Power is back. Nobody may have a file of it open.
    pub(crate) fn restore_power(&mut self) {
        run(Command::new("umount").arg(self.path())).unwrap();
        self.mounted = false;
        self.mount_image();
    }

    fn unmounted() -> Disk {
        let disk = Disk { folder: tempfile::tempdir().unwrap(), mounted: false };
        std::fs::create_dir(disk.path()).unwrap();
        disk
    }

    fn mount_image(&mut self) {
        let image = self.image();
        self.mount(Command::new("mount").args(["-t", "xfs", "-o", "loop"]).arg(image)).unwrap();
    }

    fn mount(&mut self, mount: &mut Command) -> Result<(), String> {
        run(mount.arg(self.path()))?;
        self.mounted = true;
        Ok(())
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }
}

impl Drop for Disk {
    /// A loop device ends with its mount; a lazy one waits for the files that a failed test has open still.
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}
