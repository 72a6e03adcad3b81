//! What verifying costs, against one SHA-256 pass over the same bytes: in this process, and by `openssl dgst -sha256`
//! where it is there. In turns; medians of the rounds. `cargo bench --bench verify` prints the rows;
//! `-- --quick` takes seconds, `-- --large` goes on to ten million records and ten thousand files.
//!
//! Each verification is a process of its own, so that its processors (`taskset`) and its memory are its own. `show` is
//! the command's, which is built with the feature `cli`.

#![allow(clippy::cast_precision_loss)]

mod table;

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use cpu_time::ProcessTime;
use sha2::{Digest as _, Sha256};
use table::Goal;
use tracing_audit::trail::{
    Chain, Close, Control, Ended, Genesis, Previous, SecretKey, Timestamp, WriterIdentity,
};
use tracing_audit::verify::{Options, Verdict, verify_paths};

/// The first argument of this program where it is the process to be measured.
const MEASURED: &str = "--measured";

fn main() {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    if let [measured, work, folder] = &arguments[..]
        && measured == MEASURED
    {
        return measure(work, Path::new(folder));
    }
    let (quick, large) = (table::has("--quick"), table::has("--large"));
    table::head("verifying");
    // Of the full size: a gigabyte.
    against_a_hash(if quick { 150_000 } else { 2_600_000 }, if quick { 3 } else { 7 });
    // 230 records a file, its genesis and its close among them.
    many_files(if quick { 650 } else { 11_350 }, 228, if quick { 3 } else { 7 });
    every_signature(if quick { 10_000 } else { 50_000 }, if quick { 3 } else { 7 });
    let most = if large { 10_000_000 } else { 1_000_000 };
    growth("records in one file", most, |records| (1, records));
    growth("files of 100 records", most / 1_000, |files| (files, 100));
}

/// The rows against SHA-256, and of memory.
fn against_a_hash(records: u64, rounds: usize) {
    let log = Log::new(1, records, 3_000);
    let (mut one, mut two, mut sha, mut openssl) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        two.extend(cost("0,1", "verify", log.path()));
        one.extend(cost("0", "verify", log.path()));
        sha.extend(cost("0", "sha256", log.path()));
        openssl.extend(self::openssl(&log));
    }
    let of = format!("verify {:.1} MB", log.bytes as f64 / 1e6);
    row(&format!("{of} / openssl, two processors"), &two, &openssl, Cost::wall, Goal::AtMost(0.8));
    row(&format!("{of} / openssl, one processor"), &one, &openssl, Cost::wall, Goal::AtMost(1.4));
    row(&format!("{of} / SHA-256 in process, one processor: CPU"), &one, &sha, Cost::cpu, Goal::Shown);
    let peak = two.iter().map(|cost| cost.peak as f64 / 1e6).collect::<Vec<_>>();
    if !peak.is_empty() {
        table::alone("memory of verify", "MB", &peak, Goal::AtMost(50.0));
    }
    show(&log, rounds);
}

/// As many bytes in many files as in one, each against `openssl` over the same bytes.
fn many_files(files: u64, records: u64, rounds: usize) {
    let [many, one] = [(files, records), (1, files * (records + 2) - 2)];
    let (many, one) = (Log::new(many.0, many.1, 3_000), Log::new(one.0, one.1, 3_000));
    let of_openssl = |log: &Log| Some(cost("0,1", "verify", log.path())?.wall / openssl(log)?.wall);
    // What was just written is cold.
    of_openssl(&many);
    of_openssl(&one);
    let measured = (0..rounds).filter_map(|_| of_openssl(&many).zip(of_openssl(&one))).collect::<Vec<_>>();
    let what = format!("verify {:.1} MB in {files} files / in one, two processors", many.bytes as f64 / 1e6);
    if measured.is_empty() {
        return table::skipped(&what, "no taskset or openssl");
    }
    table::ratio(&what, "of openssl", &measured, Goal::AtMost(1.5));
}

/// The command's `show` against its `verify`.
fn show(log: &Log, rounds: usize) {
    let key = key().public().to_string();
    for show in [&["show"][..], &["show", "--json"]] {
        let what = format!("{}, what is proved / verify, two processors", show.join(" "));
        let Some(command) = option_env!("CARGO_BIN_EXE_tracing-audit") else {
            table::skipped(&what, "no feature cli");
            continue;
        };
        let (mut shown, mut verified) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            shown.extend(wall(command, &[show, &["--key", &key]].concat(), log));
            verified.extend(wall(command, &["verify", "--key", &key], log));
        }
        row(&what, &shown, &verified, Cost::wall, Goal::AtMost(2.5));
    }
}

/// Of the command on two processors.
fn wall(command: &str, arguments: &[&str], log: &Log) -> Option<Cost> {
    let mut taskset = Command::new("taskset");
    taskset.args(["-c", "0,1", command]).args(arguments).arg(log.path()).stdout(Stdio::null());
    let start = Instant::now();
    let status = taskset.status().ok()?;
    status.success().then(|| Cost { wall: start.elapsed().as_secs_f64(), cpu: 0.0, peak: 0 })
}

fn every_signature(records: u64, rounds: usize) {
    let log = Log::new(1, records, 1);
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        one.extend(cost("0", "every", log.path()));
        two.extend(cost("0,1", "every", log.path()));
    }
    let what = "verify --every-signature, two processors against one";
    if two.is_empty() {
        return table::skipped(what, "no taskset");
    }
    let walls = two.iter().zip(&one).map(|(two, one)| (two.wall * 1e3, one.wall * 1e3)).collect::<Vec<_>>();
    table::times_as_fast(what, "ms", &walls, Goal::AtLeast(1.8));
}

fn growth(name: &str, most: u64, shape: impl Fn(u64) -> (u64, u64)) {
    let sizes = std::iter::successors(Some(1), |size| Some(size * 10)).take_while(|size| *size <= most);
    for size in sizes.skip_while(|size| most > 10_000 && *size < 1_000) {
        let (files, records) = shape(size);
        let log = Log::new(files, records, 3_000);
        let costs = (0..3).filter_map(|_| cost("0", "verify", log.path())).collect::<Vec<_>>();
        if costs.is_empty() {
            return table::skipped(name, "no taskset");
        }
        let each = costs.iter().map(|cost| cost.cpu * 1e9 / (files * records) as f64).collect::<Vec<_>>();
        table::alone(&format!("verify, {size} {name}: CPU a record"), "ns", &each, Goal::Shown);
    }
}

fn row(name: &str, ours: &[Cost], baseline: &[Cost], of: fn(&Cost) -> f64, goal: Goal) {
    if ours.is_empty() || baseline.is_empty() {
        return table::skipped(name, "no taskset or openssl");
    }
    let rounds = ours.iter().zip(baseline).map(|(ours, theirs)| (of(ours) * 1e3, of(theirs) * 1e3));
    table::ratio(name, "ms", &rounds.collect::<Vec<_>>(), goal);
}

struct Cost {
    wall: f64,
    cpu: f64,
    peak: u64,
}

impl Cost {
    fn wall(&self) -> f64 {
        self.wall
    }

    fn cpu(&self) -> f64 {
        self.cpu
    }
}

/// The cost of this program on these processors; none where they can't be chosen.
fn cost(processors: &str, work: &str, folder: &Path) -> Option<Cost> {
    let mut command = Command::new("taskset");
    command.args(["-c", processors]).arg(std::env::current_exe().ok()?).args([MEASURED, work]).arg(folder);
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut figures = text.split_whitespace().map(|figure| figure.parse::<f64>().unwrap());
    let (wall, cpu, peak) = (figures.next()?, figures.next()?, figures.next()?);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some(Cost { wall, cpu, peak: peak as u64 })
}

fn openssl(log: &Log) -> Option<Cost> {
    let start = Instant::now();
    let mut command = Command::new("openssl");
    let files = std::fs::read_dir(log.path()).ok()?.map(|entry| Some(entry.ok()?.path()));
    let output = command.args(["dgst", "-sha256"]).args(files.collect::<Option<Vec<_>>>()?).output().ok()?;
    output.status.success().then(|| Cost { wall: start.elapsed().as_secs_f64(), cpu: 0.0, peak: 0 })
}

/// Does the work and prints what it cost.
fn measure(work: &str, folder: &Path) {
    let (start, cpu) = (Instant::now(), ProcessTime::now());
    if work == "sha256" {
        let mut file = File::open(folder.join("audit.0.jsonl")).unwrap();
        let (mut buffer, mut sha) = (vec![0; 16 << 10], Sha256::new());
        while let Ok(read @ 1..) = file.read(&mut buffer) {
            sha.update(&buffer[..read]);
        }
        std::hint::black_box(sha.finalize());
    } else {
        let options =
            Options { keys: vec![key().public()], every_signature: work == "every", ..Options::default() };
        assert_eq!(verify_paths(&[folder], &options).unwrap().verdict, Verdict::Intact);
    }
    println!("{} {} {}", start.elapsed().as_secs_f64(), cpu.elapsed().as_secs_f64(), table::memory("VmHWM"));
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

/// A log in a folder of its own.
struct Log {
    folder: tempfile::TempDir,
    bytes: u64,
}

impl Log {
    /// So many files of so many records each, one of `signed` signed: under load, one in each write is.
    fn new(files: u64, records: u64, signed: u64) -> Log {
        let (folder, key) = (tempfile::tempdir().unwrap(), key());
        let (mut chain, mut total) = (Chain::new(key.id()), 0);
        let mut previous = None;
        for file in 0..files {
            let name = format!("audit.{file}.jsonl");
            let mut out = BufWriter::new(File::create_new(folder.path().join(&name)).unwrap());
            let (mut lines, mut bytes) = (Vec::new(), 0);
            let now = |seq| Timestamp::from_nanos(1_795_293_660_000_000_000 + seq * 2_000);
            let time = now(chain.next());
            chain.signed(&genesis(&key, file, previous.take()).body(), time, &key, &mut lines);
            for record in 1..=records {
                let (body, time) = (event(record), now(chain.next()));
                if record % signed == 0 {
                    chain.signed(&body, time, &key, &mut lines);
                } else {
                    chain.unsigned(&body, time, &mut lines);
                }
                out.write_all(&lines).unwrap();
                bytes += lines.len() as u64;
                lines.clear();
            }
            let reason = if file + 1 < files { Ended::Rotated } else { Ended::Shutdown };
            let time = now(chain.next());
            chain.signed(&Control::Close(Close { reason }).body(), time, &key, &mut lines);
            out.write_all(&lines).unwrap();
            bytes += lines.len() as u64;
            previous = Some(Previous { bytes, ended: reason, name, torn: None, unsynced_from: None });
            total += bytes;
        }
        Log { folder, bytes: total }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn genesis(key: &SecretKey, file: u64, previous: Option<Previous>) -> Control {
    Control::Genesis(Genesis::new(
        file,
        "example.com/payments",
        (0, key.public()),
        previous,
        WriterIdentity::new("db1", 1, "bench"),
    ))
}

/// What the layer makes of an event of seven fields.
fn event(request: u64) -> Vec<u8> {
    format!(
        "{{\"fields\":{{\"action\":\"token.issued\",\"actor\":\"alice@example.com\",\"admin\":false,\"message\":\"token issued\",\
         \"outcome\":\"success\",\"request\":{request},\"source_ip\":\"203.0.113.{}\"}},\"kind\":\"event\",\"level\":\"INFO\",\
         \"target\":\"audit\"",
        request % 256
    )
    .into_bytes()
}
