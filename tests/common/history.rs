//! What a log says happened, read and proved anew: the oracle behind every step of a test that does harm.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tracing_audit::KeyStore;
use tracing_audit::verify::{LogReport, Options, Verdict, verify_paths};

/// A log, and its proof.
pub(crate) struct History {
    pub(crate) report: LogReport,
    lines: Vec<Line>,
}

/// A line, as far as the tests want to know it.
#[derive(Deserialize)]
struct Line {
    fields: Fields,
    kind: String,
    trail: Trail,
}

#[derive(Deserialize)]
struct Fields {
    run: Option<u64>,
    thread: Option<u64>,
    number: Option<u64>,
    /// Of a `gap`.
    lost: Option<u64>,
    /// Of a `genesis`.
    previous: Option<Previous>,
}

#[derive(Deserialize)]
struct Previous {
    ended: String,
}

#[derive(Deserialize)]
struct Trail {
    seq: u64,
    sig: Option<IgnoredAny>,
}

impl History {
    /// The log in `folder/log`, whose keys are in `folder/keys`. It must be true as far as it goes.
    pub(crate) fn of(folder: &Path) -> History {
        let pin = KeyStore::read_pin(folder.join("keys")).unwrap();
        let options = Options { keys: vec![pin], patience: Duration::ZERO, ..Options::default() };
        let mut report = verify_paths(&[folder.join("log")], &options).unwrap();
        assert!(matches!(report.verdict, Verdict::Intact | Verdict::Incomplete), "{report:?}");
        History { report: report.logs.remove(0), lines: lines(&files(&folder.join("log"))) }
    }

    /// The numbers of the records of each run and thread, in the order of the log.
    pub(crate) fn records(&self) -> BTreeMap<(u64, u64), Vec<u64>> {
        let mut records = BTreeMap::<_, Vec<_>>::new();
        for line in self.lines.iter().filter(|line| line.kind == "event") {
            let Fields { run: Some(run), thread: Some(thread), number: Some(number), .. } = line.fields
            else {
                panic!("record {} is of no thread", line.trail.seq)
            };
            records.entry((run, thread)).or_default().push(number);
        }
        records
    }

    /// How many records the gaps declare lost.
    pub(crate) fn lost(&self) -> u64 {
        let gaps = self.lines.iter().filter(|line| line.kind == "gap");
        gaps.map(|gap| gap.fields.lost.unwrap()).sum()
    }

    /// Whether the log left a file because nobody could know what of it is on the disk.
    pub(crate) fn has_unsynced_file(&self) -> bool {
        let mut previous = self.lines.iter().filter_map(|line| line.fields.previous.as_ref());
        previous.any(|previous| previous.ended == "unsynced")
    }
}

/// The log's files in the order of their genesis; one that has none yet is not among them.
pub(crate) fn files(log: &Path) -> Vec<PathBuf> {
    #[derive(Deserialize)]
    struct Genesis {
        kind: String,
        fields: Number,
    }
    #[derive(Deserialize)]
    struct Number {
        file: u64,
    }
    let paths = fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path());
    let number = |path: &PathBuf| {
        let text = fs::read(path).unwrap();
        let mut lines =
            text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Genesis>(line).ok());
        lines.find(|line| line.kind == "genesis").map(|line| line.fields.file)
    };
    let mut files = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .filter_map(|path| Some((number(&path)?, path)))
        .collect::<Vec<_>>();
    files.sort_unstable();
    files.into_iter().map(|(_, path)| path).collect()
}

/// The lines that count. Whole ones that a crash left unsigned don't: the line that goes on takes their number, and
/// behind the last signature none goes on.
fn lines(files: &[PathBuf]) -> Vec<Line> {
    let mut lines = BTreeMap::<u64, Line>::new();
    for file in files {
        for line in fs::read(file).unwrap().split(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
            lines.split_off(&line.trail.seq);
            lines.insert(line.trail.seq, line);
        }
    }
    let end = lines.values().rev().find(|line| line.trail.sig.is_some()).map_or(0, |line| line.trail.seq + 1);
    lines.split_off(&end);
    lines.into_values().collect()
}
