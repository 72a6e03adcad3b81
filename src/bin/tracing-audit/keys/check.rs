//! `keys check`: whether a store is as it should be, and belongs to a log.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use tracing_audit::verify::{ExpectedHead, FindingKind, LogReport, Options, Verdict, verify_paths};
use tracing_audit::{Inspection, KeyStoreError};

use super::Store;
use crate::terminal::harmless;

/// What was found, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Checked {
    Good,
    /// Something could not be looked at.
    Unknown,
    Wrong,
}

impl Checked {
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Checked::Good => 0,
            Checked::Wrong => 1,
            Checked::Unknown => 2,
        }
    }
}

pub(super) fn check(store: &Store, log: Option<&Path>, out: &mut impl Write) -> io::Result<Checked> {
    let found = store.options().inspect(&store.folder);
    let mut checked = Checked::Good;
    for problem in &found.problems {
        writeln!(out, "WRONG: {}", harmless(&problem.to_string()))?;
        let unknown =
            matches!(problem, KeyStoreError::Io { error, .. } if error.kind() != ErrorKind::NotFound);
        checked = checked.max(if unknown { Checked::Unknown } else { Checked::Wrong });
    }
    if found.problems.is_empty() {
        writeln!(out, "The store is for its owner alone, and all of it can be read.")?;
    }
    match log {
        Some(log) => Ok(checked.max(against_log(&found, store, log, out)?)),
        None => Ok(checked),
    }
}

/// Reads the whole log: only that shows that the head's line stands in it, and which key its hand-offs lead to.
fn against_log(found: &Inspection, store: &Store, path: &Path, out: &mut impl Write) -> io::Result<Checked> {
    let Some(pin) = found.pin else { return Ok(Checked::Wrong) };
    let expect_head = found.head.as_ref().map(|head| ExpectedHead { seq: Some(head.seq), hash: head.hash });
    let report = verify_paths(&[path], &Options { keys: vec![pin], expect_head, ..Options::default() });
    let report = report.map_err(io::Error::other)?;
    let Some(log) = report.logs.iter().find(|log| log.log == pin.id()) else {
        if found.head.is_none() {
            writeln!(out, "No log was begun with it.")?;
            return Ok(Checked::Good);
        }
        let what = format!("the store's log {} is not in {}", pin.id(), path.display());
        wrong(&what, "Is it the right folder? If the log is gone, get it from a backup.", out)?;
        return Ok(Checked::Wrong);
    };

    let mut checked = Checked::Good;
    match lost_head(log) {
        Some(why) => {
            let remedy = "Lines that were synced are gone or altered. Keep the log as it is, and compare it with a \
                          backup or with where lines are shipped. `on_truncation(Record)` lets the service go on, and \
                          the hole stay visible.";
            wrong(&why, remedy, out)?;
            checked = Checked::Wrong;
        }
        None => {
            if let Some(head) = &found.head {
                writeln!(out, "The head, line {}, stands in the log.", head.seq)?;
            }
        }
    }
    // The log may have handed over since the store was looked at.
    let now = store.options().inspect(&store.folder);
    let leads_to = |id| found.keys.iter().chain(&now.keys).any(|key| key.id == id);
    match (log.key, log.epoch) {
        (Some(id), Some(epoch)) if leads_to(id) => {
            writeln!(out, "The log's hand-offs lead to the store's key {id} of epoch {epoch}.")?;
        }
        (Some(id), Some(epoch)) => {
            let what = format!(
                "the log's hand-offs lead to key {id} of epoch {epoch}, which the store does not have"
            );
            let remedy = "The store was put back from a backup, or the log was continued with a copy of it: find the \
                          store that has the key. Where there is none, `tracing-audit keys recover` begins a log that \
                          succeeds this one.";
            wrong(&what, remedy, out)?;
            checked = Checked::Wrong;
        }
        _ => {
            wrong("no line of the log is proved", "See what `tracing-audit verify` says of it.", out)?;
            checked = Checked::Wrong;
        }
    }
    if log.verdict != Verdict::Intact && checked == Checked::Good {
        let what = format!("the log is {}", log.verdict);
        wrong(&what, "See what `tracing-audit verify` says of it.", out)?;
        checked = Checked::Wrong;
    }
    Ok(checked)
}

fn lost_head(log: &LogReport) -> Option<String> {
    let of_head = |kind: &FindingKind| {
        matches!(
            kind,
            FindingKind::HeadBehind { .. }
                | FindingKind::HeadDiffers { .. }
                | FindingKind::HeadNotFound { .. }
        )
    };
    let finding = log.findings.iter().find(|finding| of_head(&finding.kind))?;
    Some(format!("the head that the store keeps is not in the log: {finding}"))
}

fn wrong(what: &str, remedy: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "WRONG: {}.", harmless(what))?;
    writeln!(out, "  {remedy}")
}
