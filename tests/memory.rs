//! Verifying takes the same memory whatever the log's size.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::Write as _;

use tracing_audit::trail::{Chain, Control, Genesis, SecretKey, Timestamp, WriterIdentity};
use tracing_audit::verify::{Options, Verdict, verify_paths};

const MIB: u64 = 1 << 20;

#[test]
fn a_hundred_megabytes_take_less_than_fifty() {
    stays_small(100 * MIB);
}

#[test]
#[ignore = "writes a gigabyte"]
fn a_gigabyte_takes_no_more() {
    stays_small(1024 * MIB);
}

fn stays_small(size: u64) {
    let key = SecretKey::from_seed(&[7; 32]);
    let folder = tempfile::tempdir().unwrap();
    write_log(&key, File::create_new(folder.path().join("audit.jsonl")).unwrap(), size);

    let report =
        verify_paths(&[folder.path()], &Options { keys: vec![key.public()], ..Options::default() }).unwrap();
    assert_eq!(report.verdict, Verdict::Intact);
    assert!(report.logs[0].lines > size / 1000);
    let peak = peak();
    assert!(peak < 50 * MIB, "{peak} bytes");
}

/// The most memory that this process ever had.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}

fn write_log(key: &SecretKey, mut file: File, size: u64) {
    let mut chain = Chain::new(key.id());
    let writer = WriterIdentity::new("db1", 1, "test");
    let genesis = Genesis::new(0, "example.com/large", (0, key.public()), None, writer);
    let event = br#"{"fields":{"action":"token.issued","actor":"alice@example.com","message":"token issued"},"kind":"event","level":"INFO","target":"audit""#;
    let (mut buffer, mut written) = (Vec::new(), 0);
    chain.signed(&Control::Genesis(genesis).body(), Timestamp::from_nanos(0), key, &mut buffer);
    while written < size {
        for at in 0..1000 {
            chain.unsigned(event, Timestamp::from_nanos(at), &mut buffer);
        }
        chain.signed(event, Timestamp::from_nanos(1000), key, &mut buffer);
        file.write_all(&buffer).unwrap();
        written += buffer.len() as u64;
        buffer.clear();
    }
}
