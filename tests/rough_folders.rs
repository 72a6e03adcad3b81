//! What other programs do to the files of a log while they are read: they rename, compress, restore, copy, move and delete
//! them. None of that is ever called tampering, and `show` leaves no record out.
//!
//! A storm that fails prints its seed; `FOLDERS_SEED=<seed>` makes the same choices again.
#![cfg(unix)]

#[allow(dead_code)] // others ask for the rest
#[path = "common/random.rs"]
mod random;
#[path = "common/service.rs"]
mod service;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use random::{Random, cases};
use service::{Running, Service};
use tracing::{dispatcher, info};
use tracing_audit::trail::{Control, Kind, Line};
use tracing_audit::verify::{Contents, Options, Verdict, verify_paths, verify_paths_each};
use tracing_audit::{KeyStore, Rotation};

/// How many files retention keeps, where there is one.
const KEPT: u64 = 8;

/// What the service writes.
#[derive(Clone, Copy)]
struct Load {
    files: u64,
    /// In each of them.
    records: u64,
    /// Bytes of each of the two long values of a record.
    value: usize,
}

const SMALL: Load = Load { files: 150, records: 20, value: 0 };

/// 146 files of 7.4 MB, and what stands around the values.
const GIGABYTE: Load = Load { files: 146, records: 1_000, value: 3_700 };

/// How long a storm takes.
const SECONDS: u64 = 3;

/// Hands that find their way by what is in a folder.
struct Hands {
    log: PathBuf,
    archive: PathBuf,
    state: u64,
}

impl Hands {
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64 (Marsaglia, 2003)
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % bound as u64).unwrap()
    }

    /// The files of the log that are not written any more, by their numbers. Copies of one have one number.
    fn old_files(&self) -> BTreeMap<u64, Vec<PathBuf>> {
        let mut files: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
        for folder in [&self.log, &self.archive] {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let is_copies = path.extension().is_some_and(|suffix| suffix == "keys");
                if let Some(number) = number_of(&path).filter(|_| !is_copies) {
                    files.entry(number).or_default().push(path);
                }
            }
        }
        files.pop_last();
        files
    }

    /// Does something to a file.
    fn act(&mut self, Allowed { retention: deletes, moves }: Allowed) -> io::Result<()> {
        let files = self.old_files();
        if files.is_empty() {
            return Ok(());
        }
        let newest = files.keys().last().copied().unwrap_or(0);
        let (number, paths) = files.iter().nth(self.below(files.len())).unwrap();
        let path = &paths[self.below(paths.len())];
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_packed = Contents::open(path)?.is_compressed();
        let elsewhere = self.archive.join(&name);
        match self.below(7) {
            0 if !is_packed => pack(path, &path.with_file_name(format!("{name}.gz"))),
            1 if is_packed => unpack(path, &path.with_file_name(name.replace(".gz", ""))),
            // As logrotate does, in place; and to a name that sorts elsewhere.
            2 => fs::rename(path, path.with_file_name(format!("{}{name}", self.below(9)))),
            // First a copy, then the file goes.
            3 if moves && path.parent() == Some(&self.log) => {
                slowly(&mut File::open(path)?, &mut File::create(&elsewhere)?)?;
                fs::remove_file(path)
            }
            4 if moves && path.parent() == Some(&self.log) => fs::rename(path, elsewhere),
            5 if paths.len() < 2 => fs::hard_link(path, path.with_file_name(format!("{name}.link"))),
            6 if paths.len() > 1 => fs::remove_file(path),
            // What retention has given up.
            _ if deletes && number + KEPT * 2 < newest => fs::remove_file(path),
            _ => Ok(()),
        }
    }
}

fn number_of(path: &Path) -> Option<u64> {
    let mut start = Vec::new();
    Contents::open(path).ok()?.take(4_000).read_to_end(&mut start).ok();
    let line = Line::parse(start.split(|byte| *byte == b'\n').next()?).ok()?;
    match Control::parse(&line).ok()?? {
        Control::Genesis(genesis) if line.kind == Kind::Genesis => Some(genesis.file),
        _ => None,
    }
}

/// In pieces, as programs read and write.
fn slowly(from: &mut impl io::Read, to: &mut impl io::Write) -> io::Result<()> {
    let mut piece = [0; 1 << 10];
    loop {
        match from.read(&mut piece)? {
            0 => return to.flush(),
            read => to.write_all(&piece[..read])?,
        }
        thread::yield_now();
    }
}

/// As `gzip` does: the file goes once the other is whole.
fn pack(from: &Path, to: &Path) -> io::Result<()> {
    let mut encoder = GzEncoder::new(File::create_new(to)?, Compression::fast());
    slowly(&mut File::open(from)?, &mut encoder)?;
    encoder.finish()?.flush()?;
    fs::remove_file(from)
}

fn unpack(from: &Path, to: &Path) -> io::Result<()> {
    slowly(&mut MultiGzDecoder::new(File::open(from)?), &mut File::create_new(to)?)?;
    fs::remove_file(from)
}

/// What happens besides.
#[derive(Clone, Copy)]
struct Allowed {
    /// The service has a retention, and hands delete what it gave up.
    retention: bool,
    /// Hands move files into an archive.
    moves: bool,
}

/// Whatever happens to who reads.
struct StopAtTheEnd<'a>(&'a AtomicBool);

impl Drop for StopAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Lets a service write and rotate, and hands at its files, while `read` is called again and again: for so many seconds, and
/// until all of a long log is written; and once more when nothing happens any more. How often it was.
fn storm(
    seed: u64,
    seconds: u64,
    load: Load,
    allowed: Allowed,
    mut read: impl FnMut(&Service, &Path),
) -> u64 {
    let service = Service::new();
    let archive = service.keys().with_file_name("archive");
    fs::create_dir(&archive).unwrap();
    let running = service
        .start(|builder| {
            let builder = builder.rotation(Rotation::NEVER).key_lines(500);
            if allowed.retention { builder.max_log_files(KEPT) } else { builder }
        })
        .unwrap();
    let (stop, is_written, begun) = (AtomicBool::new(false), AtomicBool::new(false), Instant::now());
    let mut reads = 0;
    thread::scope(|scope| {
        let _stop = StopAtTheEnd(&stop);
        scope.spawn(|| {
            // So many files are enough: what is read must end on a slow machine, too.
            for file in 0..load.files {
                for number in file * load.records..(file + 1) * load.records {
                    emit(&running, number, load.value);
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
                running.guard.rotate().unwrap();
                thread::sleep(Duration::from_millis(10));
            }
            is_written.store(true, Ordering::Relaxed);
        });
        scope.spawn(|| {
            let mut hands = Hands { log: service.log(), archive: archive.clone(), state: seed };
            while !stop.load(Ordering::Relaxed) {
                // What retention, or a hand before, took away meanwhile can't be had.
                let _ = hands.act(allowed);
            }
        });
        let most = Duration::from_secs(seconds + 900);
        let goes_on = || load.value > 0 && !is_written.load(Ordering::Relaxed);
        while begun.elapsed() < Duration::from_secs(seconds) || goes_on() {
            assert!(begun.elapsed() < most, "it takes too long to write the log");
            read(&service, &archive);
            reads += 1;
        }
    });
    running.guard.shutdown().unwrap();
    read(&service, &archive);
    reads + 1
}

/// A record, with values that no compression makes short.
fn emit(running: &Running, number: u64, value: usize) {
    if value == 0 {
        return running.emit(number);
    }
    let mut random = Random::new(number);
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-";
    let mut value = || (0..value).map(|_| char::from(*random.pick(digits))).collect::<String>();
    let (before, after) = (value(), value());
    dispatcher::with_default(&running.dispatch, || {
        info!(target: "audit", number, before, after, "changed");
    });
}

/// Verified, or it could not be: never tampered, nor incomplete. How many lines are proved.
fn verified(service: &Service, archive: &Path, unsteady: &mut u64) -> u64 {
    let pin = KeyStore::read_pin(service.keys()).unwrap();
    let options = Options { keys: vec![pin], ..Options::default() };
    match verify_paths(&[&service.log(), archive], &options) {
        Ok(report) => {
            assert_eq!(report.verdict, Verdict::Intact, "{:#?}", report.logs[0].findings);
            report.logs[0].lines
        }
        Err(error) => {
            assert!(error.to_string().contains("faster than they are read"), "{error}");
            *unsteady += 1;
            0
        }
    }
}

fn folders_are_verified(seed: u64, seconds: u64) {
    for retention in [false, true] {
        let mut unsteady = 0;
        let reads = storm(seed, seconds, SMALL, Allowed { retention, moves: true }, |service, archive| {
            verified(service, archive, &mut unsteady);
        });
        println!(
            "seed {seed}: verified {reads} times, of which {unsteady} times the folder did not hold still"
        );
        assert!(reads > 2 && unsteady * 10 <= reads, "{unsteady} of {reads}");
    }
}

#[test]
fn row_42_files_that_are_renamed_packed_copied_and_deleted_are_never_tampered() {
    folders_are_verified(42, SECONDS);
}

#[test]
#[ignore = "minutes; for the nightly run"]
fn row_42_for_ten_minutes() {
    cases("FOLDERS_SEED", 1..11, |seed| folders_are_verified(seed * 7919, 30));
}

#[test]
#[ignore = "minutes, and a gigabyte; for the nightly run"]
fn row_42_a_log_of_a_gigabyte() {
    cases("FOLDERS_SEED", 11..13, |seed| {
        let (mut unsteady, mut lines, mut most) = (0, 0, 0);
        let allowed = Allowed { retention: false, moves: true };
        let reads = storm(seed * 7919, 150, GIGABYTE, allowed, |service, archive| {
            lines = verified(service, archive, &mut unsteady);
            most = lines.max(most);
        });
        println!(
            "seed {seed}: verified {reads} times, up to {most} lines, of which {unsteady} times the folder did not hold still"
        );
        // The last time nothing happens any more.
        let (records, bytes) = (GIGABYTE.files * GIGABYTE.records, 2 * GIGABYTE.value as u64);
        assert!(lines > records && records * bytes > 1 << 30, "{lines} lines");
        assert!(reads > unsteady + 2, "{unsteady} of {reads}");
    });
}

/// The numbers of lines, from JSON lines.
fn numbers(lines: &[u8]) -> Vec<u64> {
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| Line::parse(line).unwrap().link.seq).collect()
}

#[test]
fn row_42_show_leaves_no_line_out() {
    let command = env!("CARGO_BIN_EXE_tracing-audit");
    let (mut shown, mut unsteady) = (0, 0);
    let reads = storm(7, SECONDS, SMALL, Allowed { retention: false, moves: true }, |service, archive| {
        let pin = KeyStore::read_pin(service.keys()).unwrap().to_string();
        for key in [&[][..], &["--key", &pin]] {
            let mut show = Command::new(command);
            show.args(["show", "--json"]).args(key).arg(service.log());
            // Without a key, one folder after the other is shown.
            if !key.is_empty() {
                show.arg(archive);
            }
            let output = show.output().unwrap();
            let error = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) if key.is_empty() => {}
                Some(0) => {
                    let numbers = numbers(&output.stdout);
                    let all: Vec<u64> = (0..numbers.len() as u64).collect();
                    assert!(numbers == all, "{numbers:?}: {error}");
                    shown += 1;
                }
                Some(2) => unsteady += 1,
                code => panic!("{code:?}: {error}"),
            }
        }
    });
    println!("shown {reads} times, {shown} times with a key; {unsteady} times the folder did not hold still");
    assert!(shown > 0);
}

#[test]
fn row_42_the_store_is_never_said_to_be_wrong() {
    let command = env!("CARGO_BIN_EXE_tracing-audit");
    let reads = storm(99, SECONDS, SMALL, Allowed { retention: false, moves: false }, |service, _| {
        let output = Command::new(command)
            .args(["keys", "check"])
            .args([service.keys(), service.log()])
            .output()
            .unwrap();
        let said = [&output.stdout[..], &output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!said.contains("WRONG"), "{said}");
    });
    assert!(reads > 0);
}

#[test]
fn row_42_what_is_handed_on_has_each_line_once() {
    let reads = storm(5, SECONDS, SMALL, Allowed { retention: true, moves: true }, |service, archive| {
        let pin = KeyStore::read_pin(service.keys()).unwrap();
        let options = Options { keys: vec![pin], ..Options::default() };
        let mut handed_on = Vec::new();
        let report = verify_paths_each(&[&service.log(), archive], &options, &mut |stretch| {
            handed_on.extend(numbers(stretch.text()).into_iter().filter(|_| stretch.is_proved));
            Ok(())
        });
        match report {
            Ok(report) => {
                assert_eq!(report.verdict, Verdict::Intact, "{:#?}", report.logs[0].findings);
                let proved = report.logs[0].proved.listed.iter().flat_map(|range| range.from..=range.to);
                assert!(handed_on.iter().copied().eq(proved), "{handed_on:?}");
            }
            Err(error) => assert!(error.to_string().contains("faster than they are read"), "{error}"),
        }
    });
    assert!(reads > 0);
}
