//! The verifier in `docs/FORMAT.md`, taken from the page and run.

use std::fs;
use std::process::Output;
use std::thread;

use python::Python;
use tracing::{Dispatch, dispatcher, info};
use tracing_audit::trail::{
    Chain, Close, Control, Ended, Genesis, Handoff, Hash, Previous, PublicKey, Resume, SecretKey, Timestamp,
    Torn, WriterIdentity,
};
use tracing_audit::{AuditLayer, KeyStore, Rotation};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

#[path = "common/python.rs"]
mod python;

const FIRST_FILE: &[u8] = include_bytes!("example-log/audit.2026-11-21.jsonl");
const SECOND_FILE: &[u8] = include_bytes!("example-log/audit.2026-11-22.jsonl");
const PIN: &str = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=";

#[test]
fn the_example_log_is_whole() {
    let Some(python) = Python::from_the_page() else { return };
    let output = verify(&python, PIN, &[FIRST_FILE, SECOND_FILE]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "whole: 11 lines, head d5b072cb9b963cbfb604208602c707d38658eebb767fc2caf3c97e119c9a0bb8\n"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_flipped_byte_in_any_line_is_found() {
    let Some(python) = Python::from_the_page() else { return };
    for (file, bytes) in [FIRST_FILE, SECOND_FILE].into_iter().enumerate() {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        for at in ends.flat_map(|newline| [newline - 20, newline]) {
            let mut files = [FIRST_FILE.to_vec(), SECOND_FILE.to_vec()];
            files[file][at] ^= 1;
            assert_eq!(exit(&python, PIN, &files), Some(1), "byte {at} of file {file}");
        }
    }
}

#[test]
fn files_that_are_missing_swapped_doubled_or_foreign_are_found() {
    let Some(python) = Python::from_the_page() else { return };
    let other = restarted_log();
    for files in [
        &[][..],
        &[b"".as_slice()],
        &[FIRST_FILE],
        &[SECOND_FILE],
        &[SECOND_FILE, FIRST_FILE],
        &[FIRST_FILE, FIRST_FILE, SECOND_FILE],
        &[FIRST_FILE, b"", SECOND_FILE],
        &[FIRST_FILE, other[1].as_slice()],
    ] {
        assert_eq!(exit(&python, PIN, files), Some(1), "{} files", files.len());
    }
    assert_eq!(
        exit(&python, &key(1).public().to_string(), &[FIRST_FILE, SECOND_FILE]),
        Some(1),
        "a wrong pin"
    );
}

#[test]
fn a_log_that_restarts_and_tears_is_whole_and_each_torn_byte_counts() {
    let Some(python) = Python::from_the_page() else { return };
    let files = restarted_log();
    let pin = pin().to_string();
    assert_eq!(exit(&python, &pin, &files), Some(0));

    let torn = [PIECE, b"\n\n"].concat();
    for (file, bytes) in files.iter().enumerate() {
        let Some(start) = bytes.windows(torn.len()).position(|window| window == torn) else { continue };
        for at in start..start + torn.len() {
            let mut flipped = files.clone();
            flipped[file][at] ^= 1;
            assert_eq!(exit(&python, &pin, &flipped), Some(1), "byte {at} of file {file}");
        }
    }
}

#[test]
fn a_log_of_eight_threads_is_whole() {
    let Some(python) = Python::from_the_page() else { return };
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let pin = keys.pin().to_string();
    let (layer, guard) =
        AuditLayer::builder(folder.path().join("log"), keys).rotation(Rotation::NEVER).build().unwrap();
    let subscriber = Dispatch::new(Registry::default().with(layer));
    thread::scope(|scope| {
        for thread in 0..8 {
            let subscriber = subscriber.clone();
            scope.spawn(move || {
                let _default = dispatcher::set_default(&subscriber);
                for number in 0..500 {
                    info!(target: "audit", thread, number, actor = "alice", "paid");
                }
            });
        }
    });
    guard.shutdown().unwrap();

    let log = fs::read(guard.status().file).unwrap();
    let output = verify(&python, &pin, &[&log]);
    // Genesis and close beside the records.
    assert!(output.stdout.starts_with(b"whole: 4002 lines"), "{}", String::from_utf8_lossy(&output.stdout));
    let mut flipped = log.clone();
    flipped[log.len() / 2] ^= 1;
    assert_eq!(exit(&python, &pin, &[&flipped]), Some(1));
}

/// Torn bytes that end with a newline of their own.
const PIECE: &[u8] = b"\0\0garbage\n";

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

fn pin() -> PublicKey {
    key(7).public()
}

/// Three files. The first is torn twice, by a whole unsigned line and at its end; the second is torn before its genesis,
/// hands over, is shut down, resumed and rotated; the third is left open.
fn restarted_log() -> [Vec<u8>; 3] {
    let record = br#"{"fields":{},"kind":"event","level":"INFO","target":"audit""#;
    let writer = || WriterIdentity::new("db1", 1, "payments");
    let torn = |bytes: &[u8]| Torn { bytes: bytes.len() as u64, sha256: Hash::of_bytes(bytes) };
    let now = Timestamp::from_nanos(1_795_293_660_000_000_000);
    let genesis = |file, epoch, key: &SecretKey, previous, torn| {
        Control::Genesis(Genesis {
            torn,
            ..Genesis::new(file, "tests", (epoch, key.public()), previous, writer())
        })
    };
    let previous = |file: &[u8], ended, torn| {
        Some(Previous { bytes: file.len() as u64, ended, name: "before".into(), torn, unsynced_from: None })
    };
    let (old, new) = (key(7), key(8));
    let mut chain = Chain::new(old.id());

    let mut first = Vec::new();
    chain.signed(&genesis(0, 0, &old, None, None).body(), now, &old, &mut first);
    chain.unsigned(record, now, &mut first);
    chain.unsigned(record, now, &mut first);
    chain.signed(record, now, &old, &mut first);
    let mut lost = Vec::new();
    chain.clone().unsigned(record, now, &mut lost);
    first.extend_from_slice(&lost);
    first.push(b'\n');
    let resume = Control::Resume(Resume { torn: Some(torn(&lost)), ..Resume::new(Ended::Crash, writer()) });
    chain.signed(&resume.body(), now, &old, &mut first);
    first.extend_from_slice(PIECE);
    first.push(b'\n');

    let mut second = [PIECE, b"\n"].concat();
    let after_first = previous(&first, Ended::Crash, Some(torn(PIECE)));
    chain.signed(&genesis(1, 0, &old, after_first, Some(torn(PIECE))).body(), now, &old, &mut second);
    chain.unsigned(record, now, &mut second);
    let handoff = Handoff::new((1, new.public()), "interval");
    chain.signed(&Control::Handoff(handoff).body(), now, &old, &mut second);
    chain.signed(&Control::Close(Close { reason: Ended::Shutdown }).body(), now, &new, &mut second);
    let resume = Control::Resume(Resume::new(Ended::Shutdown, writer()));
    chain.signed(&resume.body(), now, &new, &mut second);
    chain.signed(&Control::Close(Close { reason: Ended::Rotated }).body(), now, &new, &mut second);

    let mut third = Vec::new();
    let after_second = previous(&second, Ended::Rotated, None);
    chain.signed(&genesis(2, 1, &new, after_second, None).body(), now, &new, &mut third);
    chain.signed(record, now, &new, &mut third);
    [first, second, third]
}

fn exit(python: &Python, pin: &str, files: &[impl AsRef<[u8]>]) -> Option<i32> {
    verify(python, pin, files).status.code()
}

fn verify(python: &Python, pin: &str, files: &[impl AsRef<[u8]>]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let write = |(number, bytes): (usize, &_)| {
        let path = folder.path().join(format!("{number}.jsonl"));
        fs::write(&path, bytes).unwrap();
        path
    };
    python.verify(pin, &files.iter().enumerate().map(write).collect::<Vec<_>>())
}
