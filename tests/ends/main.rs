//! How a process ends, and what of its log is on the disk then. Each end takes place in a process of its own: this
//! program, run again. The table in `docs/OPERATIONS.md` says what is asserted here.
#![cfg(unix)]

#[path = "../common/service.rs"]
mod service;

mod forked;
mod graceful;
mod guard;
mod panics;
mod sudden;
mod threads;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;
use tracing::info;
use tracing_audit::verify::{FindingKind, LogReport, Verdict};
use tracing_audit::{AuditLayer, Durability, Guard, KeyStore, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::service::Service;

/// What a process does with its guard, by name.
type Ends = &'static [(&'static str, fn(Guard))];

const ALL: [Ends; 5] = [forked::ENDS, guard::ENDS, panics::ENDS, sudden::ENDS, threads::ENDS];

#[test]
#[ignore = "the program that the other tests run"]
fn program() {
    // Run by itself, among other ignored tests, it has nothing to do.
    let Some(folder) = std::env::var_os("FOLDER").map(PathBuf::from) else { return };
    let said = |name: &str| std::env::var(name).unwrap();
    let durability = match said("DURABILITY").as_str() {
        "Enqueued" => Durability::Enqueued,
        "Written" => Durability::Written,
        "Synced" => Durability::Synced,
        other => panic!("{other}"),
    };
    let keys = KeyStore::open_or_create(folder.join("keys")).unwrap();
    let builder = AuditLayer::builder(folder.join("log"), keys).rotation(Rotation::NEVER);
    let (layer, guard) = builder.durability(durability).build().unwrap();
    registry().with(layer).init();
    let end = said("END");
    let (_, end) = ALL.into_iter().flatten().find(|(name, _)| *name == end).unwrap();
    end(guard);
}

/// Records so many events, numbered.
fn record(numbers: impl IntoIterator<Item = u64>) {
    numbers.into_iter().for_each(|number| info!(target: "audit", number));
}

/// What a process leaves behind.
struct Ended {
    service: Service,
    status: ExitStatus,
}

/// Runs a process to its end.
fn end(name: &str, durability: Durability) -> Ended {
    let service = Service::new();
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "program", "--ignored"]).stdout(Stdio::null()).stderr(Stdio::null());
    program
        .env("FOLDER", service.log().with_file_name(""))
        .env("END", name)
        .env("DURABILITY", format!("{durability:?}"));
    Ended { status: program.status().unwrap(), service }
}

impl Ended {
    fn report(&self) -> LogReport {
        let report = self.service.verify();
        assert_eq!(report.logs.len(), 1, "{report:?}");
        report.logs.into_iter().next().unwrap()
    }

    /// The numbers of its records, in their order.
    fn numbers(&self) -> Vec<u64> {
        let mut lines = BTreeMap::new();
        for line in fs::read(self.service.file("audit.jsonl")).unwrap().split(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<Value>(line) else { continue };
            let seq = line["trail"]["seq"].as_u64().unwrap();
            // Whole lines that a crash left unsigned are no records: the line that goes on takes their number.
            lines.split_off(&seq);
            lines.insert(seq, line);
        }
        let events = lines.values().filter(|line| line["kind"] == "event");
        events.filter_map(|line| line["fields"]["number"].as_u64()).collect()
    }

    /// The log was ended by its guard: it has all records, and a `close`.
    fn is_closed_with(&self, numbers: impl Iterator<Item = u64>) {
        let report = self.report();
        assert_eq!(report.verdict, Verdict::Intact, "{report:?}");
        assert_eq!(report.closed, Some(tracing_audit::trail::Ended::Shutdown), "{report:?}");
        assert!(self.numbers().into_iter().eq(numbers), "{:?}", self.numbers());
    }

    /// Nobody ended the log: it ends behind a record, has all before it, and goes on. Gives how many those are.
    fn breaks_off(&self) -> u64 {
        let report = self.report();
        let torn = report.findings.iter().all(|found| matches!(found.kind, FindingKind::UnsignedEnd { .. }));
        assert!(torn && report.closed.is_none() && report.lost == 0, "{report:?}");
        self.service.live(0..0);
        assert_eq!(self.report().verdict, Verdict::Intact, "{:?}", self.report());
        let text = String::from_utf8_lossy(&fs::read(self.service.file("audit.jsonl")).unwrap()).into_owned();
        assert!(text.contains(r#"{"ended":"crash""#), "the next start says how this one ended");
        let numbers = self.numbers();
        assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "{numbers:?}");
        numbers.len() as u64
    }
}
