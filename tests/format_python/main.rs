//! The verifier in `docs/FORMAT.md`, taken from the page and run: on logs of an honest writer, and on forged ones.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use forge::{Log, attested, key, pin};
use python::{Answer, Python};
use tempfile::TempDir;
use tracing::{Dispatch, dispatcher, info};
use tracing_audit::trail::{Close, Control, Ended, Resume, WriterIdentity};
use tracing_audit::{AuditLayer, KeyStore, Rotation};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

#[path = "../common/forge.rs"]
mod forge;
#[allow(dead_code)] // it can tell more than these tests ask for
#[path = "../common/history.rs"]
mod history;
#[path = "../common/python.rs"]
mod python;

mod forged;
mod torn;

const FIRST_FILE: &[u8] = include_bytes!("../example-log/audit.2026-11-21.jsonl");
const SECOND_FILE: &[u8] = include_bytes!("../example-log/audit.2026-11-22.jsonl");
const PIN: &str = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=";

#[test]
fn the_example_log_is_whole_as_the_page_shows_it() {
    let Some(python) = Python::from_the_page() else { return };
    let (_, shown) =
        include_str!("../../docs/FORMAT.md").split_once("```console\n$ python3 verify.py ").unwrap();
    let (command, output) = shown.split_once("```").unwrap().0.split_once('\n').unwrap();
    let run = format!("python3 \"$0\" {command}");
    let run = Command::new("sh").arg("-c").arg(run).arg(python.script()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stdout), output);
    assert_eq!((run.status.code(), run.stderr), (Some(0), Vec::new()));
    let head = "d5b072cb9b963cbfb604208602c707d38658eebb767fc2caf3c97e119c9a0bb8".to_owned();
    let answer = python.verify(PIN, &stored(&[FIRST_FILE, SECOND_FILE]).paths, &[]);
    assert_eq!(answer, Answer { whole: true, proved: vec![(0, 10)], head: Some(head) });
}

#[test]
fn files_that_cannot_be_read_and_wrong_arguments_have_exit_codes_of_their_own() {
    let Some(python) = Python::from_the_page() else { return };
    let exit = |arguments: &[&str]| {
        Command::new("python3").arg(python.script()).args(arguments).output().unwrap().status.code()
    };
    assert_eq!(exit(&[PIN, "/no/such/file"]), Some(1));
    assert_eq!(exit(&["no key", "/no/such/file"]), Some(1));
    assert_eq!(exit(&[]), Some(2));
    assert_eq!(exit(&[PIN, "--keyes", "x"]), Some(2));
}

#[test]
fn a_flipped_byte_in_any_line_is_found_and_the_other_lines_stay_proved() {
    let Some(python) = Python::from_the_page() else { return };
    for (file, bytes) in [FIRST_FILE, SECOND_FILE].into_iter().enumerate() {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        for at in ends.flat_map(|newline| [newline - 20, newline]) {
            let mut files = [FIRST_FILE.to_vec(), SECOND_FILE.to_vec()];
            files[file][at] ^= 1;
            let answer = python.verify(PIN, &stored(&files).paths, &[]);
            assert!(!answer.whole, "byte {at} of file {file}");
            // The next key is known by the hand-off alone.
            let handoff = file == 0 && answer.proved.iter().all(|(_, to)| *to < 5);
            let lines = answer.proved.iter().map(|(from, to)| to - from + 1).sum::<u64>();
            assert!(lines >= 8 || handoff && lines >= 4, "byte {at} of file {file}: {answer:?}");
        }
    }
}

#[test]
fn files_that_are_missing_swapped_doubled_or_foreign_are_found() {
    let Some(python) = Python::from_the_page() else { return };
    let other = restarted_log();
    for (files, proved) in [
        (&[][..], &[][..]),
        (&[b"".as_slice()], &[]),
        (&[FIRST_FILE], &[(0, 7)]),
        (&[SECOND_FILE], &[]),
        (&[SECOND_FILE, FIRST_FILE], &[(0, 7)]),
        (&[FIRST_FILE, FIRST_FILE, SECOND_FILE], &[(0, 10)]),
        (&[FIRST_FILE, other[1].as_slice()], &[(0, 7)]),
    ] {
        let answer = python.verify(PIN, &stored(files).paths, &[]);
        assert_eq!((answer.whole, &*answer.proved), (false, proved), "{} files", files.len());
    }
    // An empty file is none: a writer may have died before it wrote there.
    whole(&python.verify(PIN, &stored(&[FIRST_FILE, b"", SECOND_FILE, b""]).paths, &[]), &[(0, 10)]);
    let wrong = key(1).public().to_string();
    nothing(&python.verify(&wrong, &stored(&[FIRST_FILE, SECOND_FILE]).paths, &[]));
}

#[test]
fn a_log_that_restarts_and_tears_is_whole_and_each_torn_byte_counts() {
    let Some(python) = Python::from_the_page() else { return };
    let files = restarted_log();
    whole(&verify(&python, &files, &[]), &[(0, 12)]);

    let torn = [PIECE, b"\n\n"].concat();
    for (file, bytes) in files.iter().enumerate() {
        let Some(start) = bytes.windows(torn.len()).position(|window| window == torn) else { continue };
        for at in start..start + torn.len() {
            let mut flipped = files.clone();
            flipped[file][at] ^= 1;
            assert!(!verify(&python, &flipped, &[]).whole, "byte {at} of file {file}");
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
    // Genesis and close beside the records.
    whole(&python.verify(&pin, &stored(&[&log]).paths, &[]), &[(0, 4001)]);
    let mut flipped = log.clone();
    flipped[log.len() / 2] ^= 1;
    assert!(!python.verify(&pin, &stored(&[&flipped]).paths, &[]).whole);
}

#[test]
fn a_log_with_retention_restarts_and_hand_offs_is_whole_from_the_pin_and_not_without_the_copies() {
    let Some(python) = Python::from_the_page() else { return };
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
        let (layer, guard) = AuditLayer::builder(folder.path().join("log"), keys)
            .rotation(Rotation::NEVER)
            .max_file_size(65_536)
            .max_log_files(3)
            .key_lines(100)
            .build()
            .unwrap();
        let _default = dispatcher::set_default(&Dispatch::new(Registry::default().with(layer)));
        for number in 0..20 {
            (0..20).for_each(|part| info!(target: "audit", number, part, "paid"));
            guard.flush().unwrap();
        }
        guard.shutdown().unwrap();
    }
    let pin = KeyStore::read_pin(folder.path().join("keys")).unwrap().to_string();
    let (files, copies) =
        (history::files(&folder.path().join("log")), [folder.path().join("log/audit.keys")]);
    assert_eq!(files.len(), 3);
    let answer = python.verify(&pin, &files, &copies);
    let [(first, last)] = answer.proved[..] else { panic!("{answer:?}") };
    assert!(answer.whole && first > 200 && last > 1_200, "{answer:?}");
    nothing(&python.verify(&pin, &files, &[]));
    // Its middle file deleted by hand.
    let answer = python.verify(&pin, &[files[0].clone(), files[2].clone()], &copies);
    assert!(!answer.whole && answer.proved.len() == 2, "{answer:?}");
}

#[test]
fn a_pruned_log_is_whole_through_the_copies_of_hand_offs() {
    let Some(python) = Python::from_the_page() else { return };
    let mut log = Log::of_six_files();
    log.oldest = 4;
    log.rotate();
    log.record();
    let lines = copies(&log);
    let (first, middle, last) = (&lines[0], &lines[1], &lines[2]);
    let other = String::from_utf8_lossy(FIRST_FILE).lines().next().unwrap().to_owned() + "\n";
    let mixed = [other.as_bytes(), last, middle, middle, first, &last[..50]].concat();
    for given in [&[&log.copies[..]][..], &[middle, last, first], &[&mixed]] {
        whole(&verify(&python, &log.files[4..], given), &[(18, 27)]);
        whole(&verify(&python, &log.files[3..], given), &[(14, 27)]);
        whole(&verify(&python, &log.files[1..], given), &[(4, 27)]);
        // What retention gave up may be there or not.
        let [a, b] = [1, 3].map(|file| &log.files[file]);
        let rest = &log.files[4..];
        whole(&verify(&python, &[&[a.clone(), b.clone()], rest].concat(), given), &[(4, 7), (14, 27)]);
        // More is gone than it gave up.
        broken(&verify(&python, &log.files[5..], given), &[(22, 27)]);
        broken(&verify(&python, &[&log.files[..4], &log.files[5..]].concat(), given), &[(0, 17), (22, 27)]);
    }
    // Other lines in the copies are no copies.
    let all = log.files.concat();
    whole(&verify(&python, &log.files[4..], &[&all]), &[(18, 27)]);
    // A hand-off that is missing leads nowhere; key 0 is the pin.
    let hole = [first.as_slice(), last].concat();
    for given in [&[][..], &[hole.as_slice()]] {
        nothing(&verify(&python, &log.files[4..], given));
        whole(&verify(&python, &log.files[1..], given), &[(4, 27)]);
    }
    // What is there must prove.
    let mut files = log.files.clone();
    let length = files[1].len();
    files[1][length - 20] ^= 1;
    broken(&verify(&python, &files, &[&log.copies]), &[(0, 6), (8, 27)]);
    files[1].truncate(length - 200);
    files.remove(2);
    broken(&verify(&python, &files, &[&log.copies]), &[(0, 6), (14, 27)]);
}

#[test]
fn lines_that_are_gone_are_in_no_range() {
    let Some(python) = Python::from_the_page() else { return };
    let log = Log::of_six_files();
    whole(&verify(&python, &log.files, &[]), &[(0, 24)]);
    whole(&verify(&python, &log.files, &[&log.copies]), &[(0, 24)]);
    let without = |file: usize, line: usize| {
        let mut files = log.files.clone();
        files[file] = lines(&files[file])
            .into_iter()
            .enumerate()
            .filter(|(at, _)| *at != line)
            .flat_map(|(_, line)| line)
            .collect();
        files
    };
    broken(&verify(&python, &without(0, 1), &[]), &[(0, 0), (2, 24)]);
    broken(&verify(&python, &without(3, 0), &[]), &[(0, 13), (15, 24)]);
    broken(&verify(&python, &without(5, 1), &[]), &[(0, 22), (24, 24)]);
    // Nothing but the hand-off leads to the next key.
    broken(&verify(&python, &without(2, 2), &[]), &[(0, 9)]);
    broken(&verify(&python, &without(2, 2), &[&log.copies]), &[(0, 9), (11, 24)]);
    // A copy shows that the end is gone.
    broken(&verify(&python, &log.files[..1], &[]), &[(0, 3)]);
    let mut open = log.files[..4].to_vec();
    open[3] = lines(&open[3])[..3].concat();
    whole(&verify(&python, &open, &[]), &[(0, 16)]);
    broken(&verify(&python, &open, &[&log.copies]), &[(0, 16)]);
}

#[test]
fn a_file_that_was_damaged_under_the_writer_is_whole_only_where_no_line_is_missing() {
    let Some(python) = Python::from_the_page() else { return };
    for ended in [Ended::Truncated, Ended::Removed, Ended::Replaced, Ended::Unsynced] {
        let mut log = Log::new();
        (0..3).for_each(|_| log.record());
        log.next_file(ended, None, |genesis| genesis.previous.as_mut().unwrap().bytes += 1);
        whole(&verify(&python, &log.files, &[]), &[(0, 4)]);
        log.files[0] = lines(&log.files[0])[..2].concat();
        broken(&verify(&python, &log.files, &[]), &[(0, 1), (4, 4)]);
    }
}

#[test]
fn a_file_begins_with_its_genesis() {
    let Some(python) = Python::from_the_page() else { return };
    let log = Log::of_six_files();
    let mut files = log.files.clone();
    let last = lines(&files.pop().unwrap());
    files.extend([last[..2].concat(), last[2..].concat()]);
    broken(&verify(&python, &files, &[]), &[(0, 24)]);
    let mut files = log.files.clone();
    let last = files.pop().unwrap();
    files.last_mut().unwrap().extend(last);
    broken(&verify(&python, &files, &[]), &[(0, 24)]);
    let mut files = log.files.clone();
    files.push(log.files[5][..100].to_vec());
    broken(&verify(&python, &files, &[]), &[(0, 24)]);
    // Torn bytes that stand in a file of their own.
    let mut log = Log::new();
    log.next_file(Ended::Truncated, Some(attested(PIECE)), |_| ());
    let piece = [PIECE, b"\n"].concat();
    whole(&verify(&python, &[&*[&log.files[0], &piece[..]].concat(), &log.files[1]], &[]), &[(0, 1)]);
    broken(&verify(&python, &[&log.files[0], &piece, &log.files[1]], &[]), &[(0, 1)]);
}

/// Torn bytes that end with a newline of their own.
const PIECE: &[u8] = b"\0\0garbage\n";

/// Three files. The first is torn twice, by a whole unsigned line and at its end; the second is torn before its genesis,
/// hands over, is shut down, resumed and rotated; the third is left open.
fn restarted_log() -> Vec<Vec<u8>> {
    let mut log = Log::new();
    log.unsigned();
    log.unsigned();
    log.record();
    let mut lost = log.clone();
    lost.unsigned();
    log.resume(&lost.files[0][log.files[0].len()..]);
    let piece = [PIECE, b"\n"].concat();
    log.files[0].extend_from_slice(&piece);

    log.next_file(Ended::Crash, Some(attested(PIECE)), |genesis| genesis.torn = Some(attested(PIECE)));
    log.files[1].splice(0..0, piece);
    log.unsigned();
    log.hand_over();
    log.control(&Control::Close(Close { reason: Ended::Shutdown }));
    let writer = WriterIdentity::new("db1", 2, "payments");
    log.control(&Control::Resume(Resume::new(Ended::Shutdown, writer)));

    log.rotate();
    log.record();
    log.files
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn copies(log: &Log) -> Vec<Vec<u8>> {
    lines(&log.copies)
}

#[track_caller]
fn whole(answer: &Answer, proved: &[(u64, u64)]) {
    assert_eq!((answer.whole, &*answer.proved), (true, proved));
}

/// Not whole, and these numbers are proved all the same.
#[track_caller]
fn broken(answer: &Answer, proved: &[(u64, u64)]) {
    assert_eq!((answer.whole, &*answer.proved), (false, proved));
}

#[track_caller]
fn nothing(answer: &Answer) {
    broken(answer, &[]);
}

fn verify(python: &Python, files: &[impl AsRef<[u8]>], copies: &[&[u8]]) -> Answer {
    let (files, copies) = (stored(files), stored(copies));
    python.verify(&pin().to_string(), &files.paths, &copies.paths)
}

/// Bytes in files, in their order.
struct Stored {
    _folder: TempDir,
    paths: Vec<PathBuf>,
}

fn stored(files: &[impl AsRef<[u8]>]) -> Stored {
    let folder = tempfile::tempdir().unwrap();
    let write = |(number, bytes): (usize, &_)| {
        let path = folder.path().join(format!("{number}.jsonl"));
        fs::write(&path, bytes).unwrap();
        path
    };
    let paths = files.iter().enumerate().map(write).collect();
    Stored { _folder: folder, paths }
}
