//! Storms of kills: a service dies at random moments, in the middle of a write too, and starts again on the same log,
//! while its files are shipped. After each death the files and what arrived are verified: both verifiers prove the same
//! lines, each that was acknowledged is among them, and they have one verdict, but where only files can tell
//! (`docs/SHIPPING.md`, "After a crash").
//!
//! A storm that fails prints its seed. `STORM_SEED=<seed>` makes the same choices again; the moments are the machine's.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tracing_audit::shipped::{self, verify_shipped_with};
use tracing_audit::trail::Line;
use tracing_audit::verify::{FindingKind, LogReport, Options, Ranges, Verdict, verify_paths_each};

use crate::limit;
use crate::process::Process;
use crate::program::{self, Program, Proof, Told};
use crate::random::{Random, cases};
use crate::source::{Disk, text};
use crate::{rsyslog, syslog_ng};

/// A log that is as long as this is long enough.
const BYTES: usize = 24 << 20;
/// So long a shipper may need for what a death left.
const PATIENCE: Duration = Duration::from_secs(60);
/// A storm has so many deaths more at most, until it was one.
const MORE: u64 = 60;

#[test]
fn what_kills_tear_is_the_same_in_files_and_in_a_plain_copy() {
    storms(1..2, |seed| Storm::new(seed, &[]).passes(20));
}

#[test]
fn what_kills_tear_is_the_same_in_files_and_through_rsyslog() {
    if rsyslog::available("imfile") {
        storms(2..3, |seed| Storm::new(seed, &[RSYSLOG]).passes(8));
    }
}

#[test]
fn what_kills_tear_is_the_same_in_files_and_through_syslog_ng() {
    if syslog_ng::available() {
        storms(3..4, |seed| Storm::new(seed, &[SYSLOG_NG]).passes(6));
    }
}

#[test]
#[ignore = "takes minutes"]
fn what_two_hundred_kills_tear_is_the_same_in_files_and_in_every_copy() {
    if rsyslog::available("imfile") && syslog_ng::available() {
        storms(100..108, |seed| Storm::new(seed, &[RSYSLOG, SYSLOG_NG]).passes(25));
    }
}

fn storms(seeds: Range<u64>, storm: impl FnMut(u64)) {
    cases("STORM_SEED", seeds, storm);
}

/// What carries lines, and its start.
type Shipper = (&'static str, fn(&Disk, &Path) -> Process);

const RSYSLOG: Shipper =
    ("rsyslog", |disk, copy| rsyslog::start(disk, "file.conf", &[("/var/log/audit-copy.jsonl", text(copy))]));
const SYSLOG_NG: Shipper = ("syslog-ng", |disk, copy| {
    syslog_ng::start(disk, "file.conf", &[("/var/log/audit-copy.jsonl", text(copy))])
});

struct Storm {
    disk: Disk,
    random: Random,
    /// By name: where the lines arrive, and what brings them.
    shipped: Vec<(&'static str, PathBuf, Process)>,
    /// By each of the service's lives.
    told: Vec<Told>,
}

impl Storm {
    fn new(seed: u64, shippers: &[Shipper]) -> Storm {
        let mut storm =
            Storm { disk: Disk::new(), random: Random::new(seed), shipped: Vec::new(), told: Vec::new() };
        // Shippers want a folder.
        storm.lives_well();
        for (name, start) in shippers {
            let copy = storm.disk.beside(&format!("{name}.jsonl"));
            let process = start(&storm.disk, &copy);
            storm.shipped.push((name, copy, process));
        }
        storm
    }

    /// So many deaths, and a good end. On a slow machine it takes more of them until enough has happened.
    fn passes(mut self, deaths: u64) {
        let (mut verdicts, mut died) = (BTreeMap::new(), 0);
        let report = loop {
            self.dies();
            died += 1;
            *verdicts.entry(self.agree().verdict.to_string()).or_insert(0) += 1;
            let is_long = self.files().values().map(Vec::len).sum::<usize>() > BYTES;
            if died < deaths && !is_long {
                continue;
            }
            self.lives_well();
            let report = self.agree();
            assert_eq!(report.verdict, Verdict::Intact, "{report:#?}");
            if report.torn_bytes > 0 && report.files > 2 && report.keys > 2 {
                break report;
            }
            assert!(!is_long && died < deaths + MORE, "no storm: {report:#?}");
        };
        let LogReport { lines, files, keys, torn_bytes, .. } = report;
        println!(
            "{died} deaths, after which the log was {verdicts:?}; {lines} lines, {files} files, {keys} keys, {torn_bytes} torn bytes"
        );
    }

    /// The service with its next choices.
    fn program(&mut self) -> Program {
        let random = &mut self.random;
        Program {
            run: self.told.len() as u64,
            threads: 1 + random.number(6),
            proof: *random.pick(&[
                Proof::Receipt,
                Proof::Receipt,
                Proof::Flush,
                Proof::Written,
                Proof::Synced,
            ]),
            burst: 1 + random.number(12),
            max_file_size: Some(65_536 + random.number(300_000)),
            key_lines: 100 + random.number(150),
            // Lines of 0.4 to 7.5 kB: of these a write has many pages, which a kill can part.
            value: *random.pick(&[10, 400, 1_500, 3_500]),
            ..Program::new(self.disk.folder())
        }
    }

    fn lives_well(&mut self) {
        let mut process = self.program().start();
        process.hear_a_proof();
        self.told.push(process.end());
    }

    fn dies(&mut self) {
        let mut process = self.program().start();
        let moment = |random: &mut Random, limit| Duration::from_micros(random.number(limit));
        match self.random.below(8) {
            // Perhaps before its log is open.
            0 | 1 => thread::sleep(moment(&mut self.random, 60_000)),
            // Within its first write, which goes on from what the life before left.
            2 => self.ends_within(&process, 900),
            3 | 4 => {
                process.hear_a_proof();
                thread::sleep(moment(&mut self.random, 80_000));
            }
            _ => {
                process.hear_a_proof();
                self.ends_within(&process, 20_000);
            }
        }
        self.told.push(process.kill());
    }

    /// A signal ends the process within a write: none of its files takes more than the one that is written has now, and some
    /// bytes, below `limit`.
    fn ends_within(&mut self, process: &program::Process, limit: u64) {
        let bytes = self.live() + self.random.number(limit);
        limit::no_core_of(process.id());
        limit::files_of(process.id(), Some(bytes));
        thread::sleep(Duration::from_millis(150));
    }

    /// What the files prove: that is what each copy proves.
    fn agree(&self) -> LogReport {
        let (report, acknowledged) = self.verified();
        let files = self.files();
        let plain = self.disk.beside("plain");
        fs::write(&plain, files.values().flatten().copied().collect::<Vec<_>>()).unwrap();
        self.agrees("a plain copy", &plain, &report, &acknowledged);

        // A line that lacks its newline counts in its file, and no shipper brings it before it has one.
        let waits = |bytes: &Vec<u8>| {
            let end = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            Line::parse(end).is_ok()
        };
        let mut whole: Vec<Vec<u8>> = files.values().flat_map(|bytes| whole_lines(bytes)).collect();
        whole.sort_unstable();
        for (name, copy, _) in &self.shipped {
            let length = whole.iter().map(|line| line.len() as u64 + 1).sum();
            let begun = Instant::now();
            while begun.elapsed() < PATIENCE && !fs::metadata(copy).is_ok_and(|copy| copy.len() >= length) {
                thread::sleep(Duration::from_millis(20));
            }
            let mut arrived: Vec<_> = whole_lines(&fs::read(copy).unwrap_or_default()).collect();
            arrived.sort_unstable();
            assert!(arrived == whole, "{name}: {}", difference(&arrived, &whole));
            if !files.values().any(waits) {
                self.agrees(name, copy, &report, &acknowledged);
            }
        }
        report
    }

    /// What the files prove, and the numbers of the lines that were acknowledged.
    fn verified(&self) -> (LogReport, Vec<u64>) {
        let options = Options { keys: vec![self.disk.pin()], patience: Duration::ZERO, ..Options::default() };
        let mut records = BTreeMap::<(u64, u64), Vec<(u64, u64)>>::new();
        let mut report = verify_paths_each(&[self.disk.log()], &options, &mut |stretch| {
            if stretch.is_proved {
                for line in stretch.text().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    let record: Record = serde_json::from_slice(line)?;
                    let Fields { run: Some(run), thread: Some(thread), number: Some(number) } = record.fields
                    else {
                        continue;
                    };
                    records.entry((run, thread)).or_default().push((number, record.trail.seq));
                }
            }
            Ok(())
        })
        .unwrap();
        assert_eq!((report.logs.len(), &report.findings), (1, &vec![]), "{report:#?}");
        let mut acknowledged = Vec::new();
        for told in &self.told {
            for thread in 0..told.threads {
                let found = records.remove(&(told.run, thread)).unwrap_or_default();
                let (numbers, seqs): (Vec<_>, Vec<_>) = found.into_iter().unzip();
                assert!(
                    numbers.iter().copied().eq(0..numbers.len() as u64),
                    "run {}, thread {thread}: {numbers:?}",
                    told.run
                );
                let proved = usize::try_from(told.proved(thread)).unwrap();
                assert!(
                    proved <= numbers.len(),
                    "run {}, thread {thread}: {proved} were acknowledged",
                    told.run
                );
                acknowledged.extend(&seqs[..proved]);
            }
        }
        assert!(records.is_empty(), "{:?}", records.keys());
        (report.logs.remove(0), acknowledged)
    }

    fn agrees(&self, name: &str, copy: &Path, report: &LogReport, acknowledged: &[u64]) {
        let options = shipped::Options { keys: vec![self.disk.pin()], ..shipped::Options::default() };
        let copies = [self.disk.log().join("audit.keys")];
        let mut shipped = verify_shipped_with(&[copy], &copies, &options).unwrap();
        let said = |shipped: &shipped::LogReport| format!("{name}: {shipped:#?}\nfiles: {report:#?}");
        assert_eq!((shipped.logs.len(), &shipped.findings), (1, &vec![]), "{shipped:#?}");
        let shipped = shipped.logs.remove(0);

        let honest = [Verdict::Intact, Verdict::Incomplete];
        assert!(honest.contains(&report.verdict) && honest.contains(&shipped.verdict), "{}", said(&shipped));
        assert_eq!(shipped.verdict, verdict_of_lines(report), "{}", said(&shipped));
        for seq in acknowledged {
            let is_proved = has(&report.proved, *seq) && has(&shipped.proved, *seq);
            assert!(is_proved, "{seq} was acknowledged: {}", said(&shipped));
        }
        assert_eq!(shipped.proved, report.proved, "{}", said(&shipped));
        assert_eq!((&shipped.missing, shipped.restored.lines), (&Ranges::default(), 0), "{}", said(&shipped));
        let ends = (shipped.head, shipped.key, shipped.epoch, shipped.lost);
        assert_eq!(ends, (report.head, report.key, report.epoch, report.lost), "{}", said(&shipped));
    }

    /// The files of the log by their names.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let paths = fs::read_dir(self.disk.log()).unwrap().map(|entry| entry.unwrap().path());
        let files = paths.filter(|path| path.extension().is_some_and(|suffix| suffix == "jsonl"));
        files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }

    /// The length of the file that changed last.
    fn live(&self) -> u64 {
        let entries = fs::read_dir(self.disk.log()).unwrap().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| entry.path().extension().is_some_and(|suffix| suffix == "jsonl"));
        let of_each =
            files.map(|file| file.metadata().unwrap()).map(|file| (file.modified().unwrap(), file.len()));
        of_each.max().unwrap().1
    }
}

#[derive(Deserialize)]
struct Record {
    fields: Fields,
    trail: Trail,
}

#[derive(Deserialize)]
struct Fields {
    run: Option<u64>,
    thread: Option<u64>,
    number: Option<u64>,
}

#[derive(Deserialize)]
struct Trail {
    seq: u64,
}

/// The files' verdict without what only they can tell.
fn verdict_of_lines(report: &LogReport) -> Verdict {
    let of_lines = |kind: &FindingKind| match kind {
        // A piece of a line is none.
        FindingKind::UnsignedEnd { .. } => report.unproved.lines > 0,
        FindingKind::NextFileMissing { .. } => false,
        _ => true,
    };
    let kinds = report.findings.iter().map(|finding| &finding.kind).filter(|kind| of_lines(kind));
    kinds.map(FindingKind::verdict).max().unwrap_or(Verdict::Intact)
}

fn has(ranges: &Ranges, seq: u64) -> bool {
    assert_eq!(ranges.more, 0);
    ranges.listed.iter().any(|range| (range.from..=range.to).contains(&seq))
}

/// Those that end with a newline. An empty one, which stands where whole lines were torn, is none: rsyslog leaves it out.
fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec)
}

/// The first line that is there too many or too few.
fn difference(arrived: &[Vec<u8>], whole: &[Vec<u8>]) -> String {
    let [first, other] = [arrived, whole].map(|lines| lines.iter().collect::<HashSet<_>>());
    let odd = |lines: &HashSet<&Vec<u8>>, others: &HashSet<&Vec<u8>>| {
        let odd = lines.difference(others).next();
        odd.map(|line| String::from_utf8_lossy(line).into_owned())
    };
    format!(
        "{} lines of {}; lost {:?}; not ours {:?}",
        arrived.len(),
        whole.len(),
        odd(&other, &first),
        odd(&first, &other)
    )
}
