//! A walk through every crash point: whatever operation of the log or the key store is the process's last, the next
//! start goes on in one history, and the verifier says `intact`.

use std::path::Path;
use std::time::Duration;

use super::super::hand_over::Reason;
use super::super::{LogOptions, Writer};
use super::{options, record};
use crate::clock::{Clock as _, ManualClock};
use crate::files::FileSystem as _;
use crate::files::memory::{Fault, MemoryFiles};
use crate::keys::Store;
use crate::recorder::Record;
use crate::rotation::Rotation;
use crate::trail::{Control, Line, PublicKey, Timestamp};
use crate::verify::{LogReport, Options, Verdict, Verifier};

const KEYS: &str = "/var/lib/app/audit-keys";

/// A service that is started again and again, its disk, and what it was told that is durable.
struct Service {
    files: MemoryFiles,
    clock: ManualClock,
    rotation: Rotation,
    /// How long it is down between two lives.
    pause: Duration,
    next: u64,
    acknowledged: Vec<u64>,
}

impl Service {
    fn new() -> Service {
        Service {
            files: MemoryFiles::default(),
            clock: ManualClock::default(),
            rotation: Rotation::NEVER,
            pause: Duration::from_secs(7),
            next: 0,
            acknowledged: Vec::new(),
        }
    }

    /// Each life begins on another day, and so in another file.
    fn rarely_up() -> Service {
        Service { rotation: Rotation::DAILY, pause: Duration::from_secs(25 * 3600), ..Service::new() }
    }

    /// One life: start, records, a rotation, a hand-off, a full file, the end. `None` where the disk failed on the way.
    fn live(&mut self) -> Option<()> {
        self.clock.advance(self.pause);
        let store = Store::open_or_create(&self.files, Path::new(KEYS)).ok()?;
        let options = LogOptions {
            rotation: self.rotation,
            max_file_size: Some(65_536),
            latest_symlink: Some("audit.current".into()),
            ..options()
        };
        let mut writer = Writer::open(&self.files, self.clock.clone(), store, options).ok()?;
        self.record(&mut writer)?;
        writer.turn_over().ok()?;
        self.record(&mut writer)?;
        writer.hand_over(Reason::Requested).ok()?;
        self.record(&mut writer)?;
        self.clock.advance(Duration::from_secs(901));
        writer.maintain().ok()?;
        self.record(&mut writer)?;
        writer.close().ok()
    }

    fn record(&mut self, writer: &mut Writer<MemoryFiles, ManualClock>) -> Option<()> {
        let batch = self.next..self.next + 3;
        for number in batch.clone() {
            self.next += 1;
            writer.append(Record {
                time: Timestamp::from_nanos(1_795_293_660_000_000_000 + number),
                ..record(number)
            });
        }
        writer.seal().1.ok()?;
        writer.sync().ok()?;
        self.acknowledged.extend(batch);
        Some(())
    }

    /// The oracle: proves the whole log as anybody would who has the public key, and counts the records.
    fn prove(&self) -> LogReport {
        let pin: PublicKey = String::from_utf8(self.files.contents(format!("{KEYS}/pin.pub")).unwrap())
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let mut files = Vec::new();
        for (path, bytes) in self.files.all() {
            if path.extension().is_some_and(|suffix| suffix == "jsonl") {
                files.push((number_of(&bytes), path, bytes));
            }
        }
        files.sort();
        let options = Options { keys: vec![pin], every_signature: true, ..Options::default() };
        let mut verifier = Verifier::new(pin.id(), &options);
        verifier.hand_offs(
            "audit.keys",
            &self.files.contents("/var/log/app/audit/audit.keys").unwrap_or_default(),
        );
        let mut numbers = Vec::new();
        for (_, path, bytes) in &files {
            verifier.begin_file(&path.display().to_string());
            verifier.bytes(bytes);
            verifier.end_file();
            numbers.extend(bytes.split(|byte| *byte == b'\n').filter_map(number_of_record));
        }
        let report = verifier.finish(self.clock.now());
        // Torn lines may stand there twice, as bytes; what was acknowledged stands in the chain, once, in order.
        let proved = numbers.iter().filter(|number| self.acknowledged.contains(number)).collect::<Vec<_>>();
        assert!(proved.is_sorted(), "{proved:?}");
        for number in &self.acknowledged {
            assert_eq!(numbers.iter().filter(|found| *found == number).count(), 1, "record {number}");
        }
        report
    }

    fn prove_intact(&self, context: &str) -> LogReport {
        let report = self.prove();
        assert_eq!((report.verdict, &report.findings[..]), (Verdict::Intact, &[][..]), "{context}");
        report
    }
}

fn number_of(file: &[u8]) -> Option<u64> {
    let mut lines = file.split(|byte| *byte == b'\n').filter_map(|line| Line::parse(line).ok());
    match lines.find_map(|line| Control::parse(&line).ok()?) {
        Some(Control::Genesis(genesis)) => Some(genesis.file),
        _ => None,
    }
}

fn number_of_record(line: &[u8]) -> Option<u64> {
    let line = Line::parse(line).ok()?;
    serde_json::from_str::<serde_json::Value>(line.fields).ok()?["number"].as_u64()
}

#[test]
fn a_life_without_faults_is_intact_and_the_next_goes_on() {
    let mut service = Service::new();
    for life in 1..=3 {
        service.live().unwrap();
        let report = service.prove_intact("no fault");
        assert_eq!((report.files, report.keys), (life + 1, 2 * life + 1));
        assert_eq!(report.torn_bytes, 0);
    }
    assert_eq!(service.acknowledged.len(), 36);
    let keys = service.files.list(Path::new(KEYS)).unwrap();
    assert_eq!(keys.iter().filter(|name| name.starts_with("epoch-")).count(), 1, "{keys:?}");
    assert_eq!(service.files.contents("/var/log/app/audit/audit.current").unwrap(), b"audit.3.jsonl");
}

fn crashes() -> impl Iterator<Item = Fault> {
    [Fault::Failed, Fault::Persisted]
        .into_iter()
        .chain([0, 1, 100, 500, 1500].map(Fault::Short))
        .chain([1, 2].map(Fault::AllBut))
}

/// Ends the next life of such a service at each of its operations, in each form; the one after must go on.
fn walk(begun: impl Fn() -> Service) {
    for fault in crashes() {
        for after in 0.. {
            let mut service = begun();
            service.files.fail(after, fault, true);
            let survived = service.live().is_some();
            service.files.mend();
            service.go_on_intact(&format!("{fault:?} after {after} operations"));
            if survived {
                break;
            }
        }
    }
}

/// The service after a life without faults.
fn lived(mut service: Service) -> Service {
    service.live().unwrap();
    service
}

#[test]
fn every_crash_point_of_a_first_life_ends_in_one_intact_history() {
    walk(Service::new);
}

#[test]
fn every_crash_point_of_a_later_life_ends_in_one_intact_history() {
    walk(|| lived(Service::new()));
    walk(|| lived(Service::rarely_up()));
}

/// Slow: a crash at each point of the start that goes on from each crash point.
#[test]
#[ignore = "half a minute; for the nightly run"]
fn every_crash_while_going_on_from_a_crash_ends_in_one_intact_history() {
    for first in (0..).step_by(3) {
        let mut survived = false;
        for second in 0..40 {
            let mut service = Service::new();
            service.files.fail(first, Fault::Short(100), true);
            survived = service.live().is_some();
            service.files.fail(second, Fault::Short(50), true);
            let _ = service.live();
            service.files.mend();
            service.go_on_intact(&format!("{first} operations, then {second}"));
        }
        if survived {
            break;
        }
    }
}

#[test]
fn every_single_fault_that_passes_is_got_over_in_the_same_life() {
    for fault in crashes() {
        for after in 0.. {
            let mut service = lived(Service::new());
            service.files.fail(after, fault, false);
            let survived = service.live().is_some();
            let hit = service.files.mend();
            service.go_on_intact(&format!("{fault:?} after {after} operations"));
            if survived && !hit {
                break;
            }
        }
    }
}

impl Service {
    fn go_on_intact(&mut self, context: &str) {
        self.live().unwrap_or_else(|| panic!("{context}: {:?}", self.why()));
        self.prove_intact(context);
    }

    /// Why a start fails.
    fn why(&self) -> Option<String> {
        match Store::open_or_create(&self.files, Path::new(KEYS)) {
            Err(error) => Some(error.to_string()),
            Ok(store) => {
                let opened = Writer::open(&self.files, self.clock.clone(), store, options());
                opened.err().map(|error| error.to_string())
            }
        }
    }
}
