//! Input made to cost much: it is read in bounded memory and time, and the report says what it is.
#![cfg(target_os = "linux")]

#[path = "hostile/folders.rs"]
mod folders;
#[path = "hostile/lines.rs"]
mod lines;
#[path = "hostile/start.rs"]
mod start;

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tracing_audit::trail::{Chain, Control, Genesis, SecretKey, Timestamp, WriterIdentity};
use tracing_audit::verify::{Options, Report, verify_paths};

const MIB: u64 = 1 << 20;

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

/// In memory where there is such a file system.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// The first file of a log, a genesis and an event long.
fn file() -> (Chain, Vec<u8>) {
    let key = key();
    let genesis = Genesis::new(
        0,
        "example.com/hostile",
        (0, key.public()),
        None,
        WriterIdentity::new("db1", 1, "test"),
    );
    let (mut chain, mut file) = (Chain::new(key.id()), Vec::new());
    chain.signed(&Control::Genesis(genesis).body(), Timestamp::from_nanos(0), &key, &mut file);
    chain.signed(&event("{}"), Timestamp::from_nanos(1), &key, &mut file);
    (chain, file)
}

fn event(fields: &str) -> Vec<u8> {
    format!(r#"{{"fields":{fields},"kind":"event","level":"INFO","target":"audit""#).into_bytes()
}

#[cfg(feature = "compressed")]
fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn verify(folder: &Path) -> Report {
    let options =
        Options { keys: vec![key().public()], patience: std::time::Duration::ZERO, ..Options::default() };
    let report = verify_paths(&[folder], &options).unwrap();
    assert_small();
    report
}

/// The most memory that this process ever had is little.
fn assert_small() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10;
    assert!(peak < 150 * MIB, "{peak} bytes");
}
