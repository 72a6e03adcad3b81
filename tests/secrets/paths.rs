//! What a log says is never a path that is opened: files are what stands in the folder, whatever a line calls them.

use std::fs::{self, DirBuilder, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use rustix::fs::OFlags;
use tracing_audit::trail::{
    Chain, Close, Control, Ended, Genesis, Previous, SecretKey, Timestamp, WriterIdentity,
};
use tracing_audit::verify::{Options, Verdict, verify_paths};
use tracing_audit::{AuditLayer, KeyStore};
use tracing_subscriber::Registry;

#[test]
fn no_path_from_a_logs_content_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (outside, log) = (folder.path().join("outside"), folder.path().join("log"));
    let pipe = Pipe::new(&outside);
    for name in [outside.to_str().unwrap(), "../outside", "./../log/../outside"] {
        for ended in [Ended::Rotated, Ended::Crash] {
            let keys = forge(folder.path(), name, ended);
            let pin = KeyStore::open_or_create(&keys).unwrap().pin();
            let intact = || {
                let options = Options { keys: vec![pin], patience: Duration::ZERO, ..Options::default() };
                let report = verify_paths(&[&log], &options).unwrap();
                assert_eq!(report.verdict, Verdict::Intact, "{report:?}");
            };
            intact();
            // A start reads from the first file on, and deletes the oldest.
            let keys = KeyStore::open_or_create(keys).unwrap();
            let builder = AuditLayer::builder(&log, keys).max_log_files(1);
            let (_layer, guard) = builder.build::<Registry>().unwrap();
            guard.rotate().unwrap();
            guard.shutdown().unwrap();
            assert!(
                !log.join("audit.2026-11-21.jsonl").exists(),
                "the file before was found by its own first line"
            );
            intact();
            assert!(fs::symlink_metadata(&outside).is_ok(), "nothing was deleted");
        }
    }
    assert!(!pipe.was_opened());
    let at_once = OFlags::NONBLOCK.bits().cast_signed();
    drop(File::options().read(true).custom_flags(at_once).open(&outside).unwrap());
    assert!(pipe.was_opened_within_a_minute(), "nothing would be found");
}

/// A store, and a log of two files whose second one calls the first by this name: what only a thief of the key can make.
fn forge(folder: &Path, name: &str, ended: Ended) -> PathBuf {
    let (keys, log) = (folder.join("keys"), folder.join("log"));
    for folder in [&keys, &log] {
        let _ = fs::remove_dir_all(folder);
        DirBuilder::new().mode(0o700).create(folder).unwrap();
    }
    let seed = [7; 32];
    let pem = SigningKey::from_bytes(&seed).to_pkcs8_pem(LineEnding::LF).unwrap();
    let mut file =
        File::options().write(true).create_new(true).mode(0o600).open(keys.join("epoch-0.pem")).unwrap();
    file.write_all(pem.as_bytes()).unwrap();

    let key = SecretKey::from_seed(&seed);
    let writer = WriterIdentity::new("db1", 4711, "payments");
    let mut chain = Chain::new(key.id());
    let mut time = 1_795_293_660_000_000_000;
    let mut line = |control: Control, file: &mut Vec<u8>| {
        time += 1_000_000;
        chain.signed(&control.body(), Timestamp::from_nanos(time), &key, file);
    };
    let genesis = |file, previous| {
        Genesis::new(file, "example.com/payments", (0, key.public()), previous, writer.clone())
    };
    let (mut first, mut second) = (Vec::new(), Vec::new());
    line(Control::Genesis(genesis(0, None)), &mut first);
    if ended == Ended::Rotated {
        line(Control::Close(Close { reason: Ended::Rotated }), &mut first);
    }
    let previous =
        Previous { bytes: first.len() as u64, ended, name: name.into(), torn: None, unsynced_from: None };
    line(Control::Genesis(genesis(1, Some(previous))), &mut second);
    fs::write(log.join("audit.2026-11-21.jsonl"), first).unwrap();
    fs::write(log.join("audit.2026-11-22.jsonl"), second).unwrap();
    keys
}

/// A FIFO that knows whether anybody opened it, if only for a moment.
struct Pipe {
    opened: Arc<AtomicBool>,
}

impl Pipe {
    fn new(path: &Path) -> Pipe {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        let (opened, path) = (Arc::new(AtomicBool::new(false)), path.to_owned());
        thread::spawn({
            let opened = Arc::clone(&opened);
            move || {
                // Waits for somebody at the other end.
                let _ = File::options().write(true).open(path);
                opened.store(true, Ordering::Release);
            }
        });
        Pipe { opened }
    }

    fn was_opened(&self) -> bool {
        self.opened.load(Ordering::Acquire)
    }

    fn was_opened_within_a_minute(&self) -> bool {
        let start = Instant::now();
        while !self.was_opened() && start.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(1));
        }
        self.was_opened()
    }
}
