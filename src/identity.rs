//! Who this process is, as lines and locks say it.

use crate::trail::WriterIdentity;
use crate::trail::canonical::write;

/// Longest name that goes into a line, in encoded bytes.
const MAX_NAME: usize = 255;

/// This process on this machine, running `program`.
pub(crate) fn writer(program: &str) -> WriterIdentity {
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    WriterIdentity::new(short(host), std::process::id(), short(program.to_owned()))
}

/// The boot that this machine runs, where the system names it: Linux draws a random number at each.
pub(crate) fn boot() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let boot = boot.trim_ascii();
    (!boot.is_empty()).then(|| short(boot.to_owned()))
}

/// The name of the file that this process runs.
pub(crate) fn program() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(std::path::Path::file_name);
    name.map_or_else(|| "unknown".to_owned(), |name| short(plain(&name.to_string_lossy()).to_owned()))
}

/// A program's name without what the system adds: Linux calls a file so that an upgrade in place replaced.
fn plain(name: &str) -> &str {
    let name = name.strip_suffix(" (deleted)").unwrap_or(name);
    name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(name)
}

/// `payments, process 4711 on db1`.
pub(crate) fn this_process() -> String {
    let WriterIdentity { host, pid, program, .. } = writer(&program());
    format!("{program}, process {pid} on {host}")
}

fn short(mut name: String) -> String {
    name.truncate(write::fitting(&name, MAX_NAME).len());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upgrade_in_place_changes_no_name_and_a_version_is_no_ending() {
        assert_eq!(plain("svc (deleted)"), "svc");
        assert_eq!(plain("pay-1.2.3"), "pay-1.2.3");
        assert_eq!(plain(&format!("svc{}", std::env::consts::EXE_SUFFIX)), "svc");
    }
}
