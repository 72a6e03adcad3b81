//! A compressed file can say little and hold much: verifying it takes no more memory than others.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write as _;

use tracing_audit::trail::{Chain, SecretKey, Timestamp};
use tracing_audit::verify::{Options, Verdict, verify_paths};

const MIB: usize = 1 << 20;

#[test]
fn a_compressed_bomb_is_read_as_a_stream() {
    let key = SecretKey::from_seed(&[7; 32]);
    let (mut line, event) = (Vec::new(), br#"{"fields":{},"kind":"event","level":"INFO","target":"audit""#);
    Chain::new(key.id()).signed(event, Timestamp::from_nanos(0), &key, &mut line);
    let folder = tempfile::tempdir().unwrap();
    // One line that never ends, and many.
    let lines = [&b"a".repeat(1023)[..], b"\n"].concat().repeat(1024);
    for (filler, name) in [(b"a".repeat(MIB), "endless"), (lines, "lines")] {
        for (compress, ending) in [(gzip as fn(&[u8]) -> Vec<u8>, "gz"), (zstd, "zst")] {
            let bomb = [compress(&line), compress(&filler).repeat(100)].concat();
            assert!(bomb.len() < MIB, "{} bytes", bomb.len());
            let path = folder.path().join(format!("{name}.{ending}"));
            fs::write(&path, bomb).unwrap();
            let options = Options { keys: vec![key.public()], ..Options::default() };
            let report = verify_paths(&[&path], &options).unwrap();
            assert_ne!(report.verdict, Verdict::Intact);
        }
    }
    let peak = peak();
    assert!(peak < 50 * MIB, "{peak} bytes");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// The most memory that this process ever had.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() << 10
}
