//! The real logrotate, while several threads write: a log on one path.
#![cfg(unix)]

#[path = "common/logrotate.rs"]
mod logrotate;
#[path = "common/require.rs"]
mod require;
#[path = "common/service.rs"]
mod service;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use service::{Running, Service};
use tracing_audit::trail::{Ended, Kind, Line};
use tracing_audit::verify::{Contents, FindingKind, Report, Verdict};
use tracing_audit::{Builder, Rotation};

/// What `contrib` has for an operator.
const CONFIGURATION: &str = include_str!("../contrib/logrotate/tracing-audit");

const THREADS: u64 = 4;

fn external(builder: Builder) -> Builder {
    builder.filename_suffix("log").rotation(Rotation::EXTERNAL)
}

struct Logrotate {
    service: Service,
    configuration: PathBuf,
}

impl Logrotate {
    /// `None` where it is absent: the test that asks must return.
    fn configured(edit: impl FnOnce(String) -> String) -> Option<Logrotate> {
        if !logrotate::available() {
            return None;
        }
        let service = Service::new();
        let configuration = service.log().with_file_name("logrotate.conf");
        let text = CONFIGURATION
            .replace("/var/log/app/audit/audit.log", &service.file("audit.log").display().to_string());
        fs::write(&configuration, edit(text)).unwrap();
        Some(Logrotate { service, configuration })
    }

    fn rotate(&self) {
        logrotate::rotate(&self.configuration);
    }

    /// Rotates so often while all threads emit; how many records each of them emitted.
    fn under_load(&self, running: &Running, rotations: usize, rotated: impl Fn(&Running)) -> Vec<u64> {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let emit = |thread: u64| {
                let mut emitted = 0;
                while !stop.load(Ordering::Relaxed) {
                    running.emit(thread << 32 | emitted);
                    emitted += 1;
                    if emitted % 100 == 0 {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
                emitted
            };
            let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || emit(thread))).collect();
            for _ in 0..rotations {
                self.wait_for_lines();
                self.rotate();
                rotated(running);
            }
            self.wait_for_lines();
            stop.store(true, Ordering::Relaxed);
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    /// Until the writer has something at the path.
    fn wait_for_lines(&self) {
        let start = Instant::now();
        while fs::metadata(self.service.file("audit.log")).map_or(0, |there| there.len()) < 10_000 {
            assert!(start.elapsed() < Duration::from_secs(60), "nothing is written at the path");
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.service.log()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !["audit.keys", "audit.lock"].contains(&name.as_str()));
        names.sort_unstable();
        names
    }

    /// How often each record stands in the files, and which lines do, by their numbers: `true` for a signed one.
    fn lines(&self) -> (BTreeMap<u64, u64>, BTreeMap<u64, bool>) {
        let (mut records, mut lines) = (BTreeMap::new(), BTreeMap::new());
        for name in self.names() {
            let mut bytes = Vec::new();
            Contents::open(self.service.file(&name)).unwrap().read_to_end(&mut bytes).unwrap();
            for line in bytes.split(|byte| *byte == b'\n').filter_map(|line| Line::parse(line).ok()) {
                lines.insert(line.link.seq, line.link.signature.is_some());
                if line.kind == Kind::Event {
                    let fields: serde_json::Value = serde_json::from_str(line.fields).unwrap();
                    *records.entry(fields["number"].as_u64().unwrap()).or_default() += 1;
                }
            }
        }
        (records, lines)
    }

    /// Not a record lost, not one doubled.
    fn assert_whole(&self, emitted: &[u64], report: &Report) {
        assert_eq!(report.verdict, Verdict::Intact, "{:?}\n{report:?}", self.names());
        let (records, _) = self.lines();
        let expected = emitted
            .iter()
            .zip(0..)
            .flat_map(|(many, thread)| (0..*many).map(move |number| (thread << 32 | number, 1)));
        assert!(records.into_iter().eq(expected), "records are lost or doubled");
    }
}

#[test]
fn the_page_shows_what_contrib_has() {
    let page = include_str!("../docs/OPERATIONS.md");
    let lines = CONFIGURATION.lines().filter(|line| !line.trim_start().starts_with('#'));
    let shown = lines.collect::<Vec<_>>().join("\n");
    assert!(page.contains(&format!("```text\n{shown}\n```")), "{shown}");
}

#[test]
fn row_15_with_create_not_a_record_is_lost_or_doubled() {
    for signal in [false, true] {
        let plain =
            |text: String| text.replace("compress\n", "nocompress\n").replace("delaynocompress\n", "");
        let Some(logrotate) = Logrotate::configured(plain) else { return };
        let running = logrotate.service.start(external).unwrap();
        let emitted = logrotate.under_load(&running, 6, |running| {
            // What an application does on the signal of a `postrotate`.
            if signal {
                running.guard.rotate().unwrap();
            }
        });
        running.guard.shutdown().unwrap();
        let expected = [
            "audit.log",
            "audit.log.1",
            "audit.log.2",
            "audit.log.3",
            "audit.log.4",
            "audit.log.5",
            "audit.log.6",
        ];
        assert_eq!(logrotate.names(), expected);
        let report = logrotate.service.verify();
        assert_eq!(report.logs[0].files, 7);
        logrotate.assert_whole(&emitted, &report);
    }
}

#[test]
fn row_15_with_nocreate_the_writer_makes_the_file_itself() {
    let plain = |text: String| {
        text.replace("compress\n", "nocompress\n")
            .replace("delaynocompress\n", "")
            .replace("    create\n", "    nocreate\n")
    };
    let Some(logrotate) = Logrotate::configured(plain) else { return };
    let running = logrotate.service.start(external).unwrap();
    let emitted = logrotate.under_load(&running, 2, |_| ());
    running.guard.shutdown().unwrap();
    assert_eq!(logrotate.names(), ["audit.log", "audit.log.1", "audit.log.2"]);
    logrotate.assert_whole(&emitted, &logrotate.service.verify());
}

#[cfg(feature = "compressed")]
#[test]
fn row_15_as_contrib_configures_it_the_log_is_intact_across_compressed_files_and_restarts() {
    let Some(logrotate) = Logrotate::configured(|text| text) else { return };
    let mut emitted = vec![0; usize::try_from(THREADS).unwrap()];
    let running = logrotate.service.start(external).unwrap();
    for (sum, many) in emitted.iter_mut().zip(logrotate.under_load(&running, 4, |_| ())) {
        *sum += many;
    }
    running.guard.shutdown().unwrap();
    drop(running);
    // Once more while nobody writes.
    logrotate.rotate();
    let running = logrotate.service.start(external).unwrap();
    assert_eq!(running.guard.status().file, logrotate.service.file("audit.log"));
    running.emit(emitted[0]);
    emitted[0] += 1;
    running.guard.shutdown().unwrap();
    let names =
        ["audit.log", "audit.log.1", "audit.log.2.gz", "audit.log.3.gz", "audit.log.4.gz", "audit.log.5.gz"];
    assert_eq!(logrotate.names(), names);
    logrotate.assert_whole(&emitted, &logrotate.service.verify());
}

#[cfg(feature = "compressed")]
#[test]
fn row_22_what_logrotate_deletes_is_gone_by_plan_where_the_log_knows_the_plan() {
    use tracing_audit::verify::NoticeKind;

    for (max_files, verdict) in [(Some(3), Verdict::Intact), (None, Verdict::Incomplete)] {
        let Some(logrotate) = Logrotate::configured(|text| text.replace("rotate 30", "rotate 2")) else {
            return;
        };
        let options = |builder| match max_files {
            Some(files) => external(builder).max_log_files(files),
            None => external(builder),
        };
        let running = logrotate.service.start(options).unwrap();
        logrotate.under_load(&running, 5, |_| ());
        running.guard.shutdown().unwrap();
        assert_eq!(logrotate.names(), ["audit.log", "audit.log.1", "audit.log.2.gz"]);
        let report = logrotate.service.verify();
        assert_eq!(report.verdict, verdict, "{report:?}");
        let pruned = |kind: &NoticeKind| *kind == NoticeKind::Pruned { file: 3, oldest: 3 };
        assert_eq!(report.logs[0].notices.iter().any(|notice| pruned(&notice.kind)), max_files.is_some());
    }
}

#[test]
fn row_15_with_copytruncate_exactly_the_missing_lines_are_named_and_their_cause() {
    let plain = |text: String| {
        let text = text.replace("compress\n", "nocompress\n").replace("delaynocompress\n", "");
        text.replace("    create\n", "    copytruncate\n")
    };
    let Some(logrotate) = Logrotate::configured(plain) else { return };
    let running = logrotate.service.start(external).unwrap();
    logrotate.under_load(&running, 5, |_| ());
    running.guard.shutdown().unwrap();
    assert_eq!(running.guard.status().file, logrotate.service.file("audit.log"));
    let report = logrotate.service.verify();
    let log = &report.logs[0];
    let (_, mut there) = logrotate.lines();
    let mut gone = Vec::new();
    for finding in &log.findings {
        let FindingKind::Gone { from, to, ended: Ended::Truncated } = finding.kind else {
            panic!("{:?}\n{:?}", logrotate.names(), log.findings)
        };
        gone.extend(from..=to);
    }
    assert_eq!(report.verdict, if gone.is_empty() { Verdict::Intact } else { Verdict::Incomplete });
    for seq in gone {
        // A line that the copy has and nothing signs is none.
        assert!(!there.insert(seq, false).unwrap_or_default(), "line {seq} is there");
    }
    assert!(there.into_keys().eq(0..=log.head.unwrap().seq), "a line is missing that is not named");
}
