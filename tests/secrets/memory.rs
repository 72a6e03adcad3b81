//! A key that has handed over is gone from the memory of its process: whoever reads a core file, or the swap, finds today's.

use std::fs::{self, File};
use std::io::{BufRead as _, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use memchr::memmem;
use tracing::info;
use tracing::subscriber::with_default;
use tracing_audit::{AuditLayer, Handle, KeyStore, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use super::secret::Secret;
use super::{folder, program};

#[test]
fn of_a_key_that_handed_over_nothing_is_left_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program("memory::hands_over");
    let mut child = child.env("FOLDER", folder.path()).stdin(Stdio::piped()).spawn().unwrap();
    let mut tell = child.stdin.take().unwrap();
    let mut secrets = Vec::new();
    for epoch in 0..3 {
        wait_for(&folder.path().join(format!("epoch-{epoch}")));
        secrets.push(Secret::read(&folder.path().join(format!("keys/epoch-{epoch}.pem"))));
        if epoch < 2 {
            tell.write_all(b"go on\n").unwrap();
        }
    }
    let memory = memory(child.id());
    tell.write_all(b"end\n").unwrap();
    assert!(child.wait().unwrap().success());

    let found = |secret: &Secret| {
        let forms = secret.forms().map(|(name, form)| {
            (name, memory.iter().map(|part| memmem::find_iter(part, form).count()).sum::<usize>())
        });
        forms.filter(|(_, count)| *count > 0).collect::<Vec<_>>()
    };
    println!("the key in force: {:?}", found(&secrets[2]));
    assert!(found(&secrets[2]).iter().any(|(name, _)| *name == "the seed"), "nothing would be found");
    assert_eq!((found(&secrets[0]), found(&secrets[1])), (vec![], vec![]));
}

/// Hands over when told to: from a key that it read, as after a restart, to one that it made, to another.
#[test]
#[ignore = "the program that the other test runs"]
fn hands_over() {
    let Some(folder) = folder() else { return };
    drop(KeyStore::open_or_create(folder.join("keys")).unwrap());
    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    let builder = AuditLayer::builder(folder.join("log"), keys).rotation(Rotation::NEVER);
    let (layer, guard) = builder.build().unwrap();
    let mut told = std::io::stdin().lock().lines();
    with_default(registry().with(layer), || {
        record(&guard);
        for epoch in 0..3 {
            File::create(folder.join(format!("epoch-{epoch}"))).unwrap();
            told.next().unwrap().unwrap();
            if epoch < 2 {
                guard.rotate_key().unwrap();
                record(&guard);
            }
        }
    });
    guard.shutdown().unwrap();
}

/// Signatures from this thread and from the writer's.
fn record(log: &Handle) {
    for number in 0..100 {
        info!(target: "audit", number);
        if number % 10 == 0 {
            log.flush().unwrap();
            pollster::block_on(log.flush_async()).unwrap();
        }
    }
    log.flush().unwrap();
    pollster::block_on(log.flush_async()).unwrap();
}

fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_secs(120), "{}", path.display());
        thread::sleep(Duration::from_millis(5));
    }
}

/// All that a process may read of its own.
fn memory(process: u32) -> Vec<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut parts = Vec::new();
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (start, rest) = map.split_once('-').unwrap();
        let (end, _) = rest.split_once(' ').unwrap();
        let [start, end] = [start, end].map(|hex| u64::from_str_radix(hex, 16).unwrap());
        let mut part = vec![0; usize::try_from(end - start).unwrap()];
        memory.seek(SeekFrom::Start(start)).unwrap();
        if memory.read_exact(&mut part).is_ok() {
            parts.push(part);
        }
    }
    parts
}
