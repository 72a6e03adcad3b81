//! The vectors for verifiers, `tests/vectors/logs`: each is rebuilt from its inputs, and run by this library and by the Python
//! of `docs/FORMAT.md`. `docs/CONFORMANCE.md` describes them.
//!
//! `TRACING_AUDIT_MAKE_VECTORS=1 cargo test --all-features --test vectors rebuilt` writes them.

#![allow(clippy::too_many_lines)] // lists of vectors

mod altered;
mod control;
mod ends;
mod expect;
mod files;
mod folders;
mod forged;
mod honest;
mod keys;
mod lines;
mod log;
mod losses;
mod page;
mod power;
mod retention;
mod rewritten;
mod shapes;
mod torn;
mod trust;
mod vector;

#[path = "../common/python.rs"]
mod python;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use expect::{Expect, Found, Head, OfLog};
use python::{Answer, Python};
use serde_json::Value;
use tracing_audit::verify::{
    Finding, LogReport, Notice, Options, Ranges, Report, Succession, TrustFile, verify_paths,
};
use vector::Vector;

/// Where the library does not find what it must, and why. The aim is an empty list.
const DEVIATIONS: &[(&str, &str)] = &[];

fn made() -> Vec<Vector> {
    let all = [
        honest::vectors(),
        retention::vectors(),
        torn::vectors(),
        power::vectors(),
        lines::vectors(),
        folders::vectors(),
        trust::vectors(),
        ends::vectors(),
        losses::vectors(),
        altered::vectors(),
        rewritten::vectors(),
        control::vectors(),
        forged::vectors(),
        keys::vectors(),
    ];
    all.into_iter().flatten().map(Vector::done).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/logs")
}

/// The vectors that stand on the disk, by name, and what is expected of them.
fn stored() -> BTreeMap<String, Expect> {
    let entries =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = entries.filter_map(|name| Some(name.strip_suffix(".expect.json")?.to_owned()));
    let expect = |name: String| {
        let text = fs::read_to_string(folder().join(format!("{name}.expect.json"))).unwrap();
        let expect = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, expect)
    };
    names.map(expect).collect()
}

/// Whether this build can read its files.
fn is_readable(expect: &Expect) -> bool {
    expect.needs.is_empty() || cfg!(feature = "compressed")
}

#[test]
fn each_vector_is_rebuilt_from_its_inputs() {
    let made = made();
    let names = made.iter().map(|vector| vector.name).collect::<BTreeSet<_>>();
    assert_eq!(names.len(), made.len(), "each name once");
    if env::var_os("TRACING_AUDIT_MAKE_VECTORS").is_some() {
        files::write(&folder(), &made);
    }
    let there =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let expected = names.iter().flat_map(|name| [(*name).to_owned(), format!("{name}.expect.json")]);
    assert_eq!(there.collect::<BTreeSet<_>>(), expected.collect::<BTreeSet<_>>());
    for vector in &made {
        files::compare(&folder(), vector);
    }
}

#[test]
fn what_is_expected_agrees_with_itself() {
    let stored = stored();
    assert!(stored.len() >= 100, "{} vectors", stored.len());
    for (name, expect) in &stored {
        let asks = &expect.given;
        let asks = asks.trust.len() + asks.successions.len() > 0
            || asks.expect_head.is_some()
            || asks.max_silence_seconds.is_some()
            || asks.from_start
            || asks.part
            || asks.no_losses;
        for log in &expect.logs {
            assert!(log.verdict != "intact" || (log.whole || asks) && log.findings.is_empty(), "{name}");
            assert!(log.verdict == "intact" || !log.findings.is_empty(), "{name}");
            assert!(asks || log.key.is_none() || log.whole == (log.verdict == "intact"), "{name}");
            assert!(log.key.is_some() || log.proved.is_empty(), "{name}");
            let all = [&log.proved, &log.unproved, &log.missing];
            assert!(all.iter().all(|ranges| ranges.windows(2).all(|two| two[0].1 + 1 < two[1].0)), "{name}");
        }
    }
}

#[test]
fn the_library_finds_what_it_must() {
    let mut wrong = BTreeMap::new();
    for (name, expect) in stored().into_iter().filter(|(_, expect)| is_readable(expect)) {
        for every_signature in [false, true] {
            let found = found(&folder().join(&name), &expect, every_signature);
            let mut expected = expect.clone();
            // These are not the verifier's answer.
            expected.logs.iter_mut().for_each(|log| {
                (log.whole, log.python, log.key) = (false, None, None);
                log.files.clear();
                log.copies.clear();
            });
            if found != expected {
                let [found, expected] = [&found, &expected].map(answer);
                wrong.insert(name.clone(), format!("{name}: found\n{found}\nexpected\n{expected}"));
            }
        }
    }
    let known = DEVIATIONS.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>();
    let unknown = wrong.iter().filter(|(name, _)| !known.contains(*name)).map(|(_, text)| text.as_str());
    let unknown = unknown.collect::<Vec<_>>();
    assert!(unknown.is_empty(), "{}\n{} vectors", unknown.join("\n"), unknown.len());
    let mended = known.iter().filter(|name| !wrong.contains_key(*name)).collect::<Vec<_>>();
    assert!(mended.is_empty(), "no deviation any more, take it from the list: {mended:?}");
}

/// What is compared, to be read.
fn answer(expect: &Expect) -> String {
    let lines = expect.logs.iter().map(|log| serde_json::to_string(log).unwrap());
    let of_none = serde_json::to_string(&(&expect.findings, &expect.notices)).unwrap();
    let all = [format!("{} {}", expect.verdict, expect.exit), of_none].into_iter().chain(lines);
    all.collect::<Vec<_>>().join("\n")
}

/// What the library finds, in the words of the expectation.
fn found(path: &Path, expect: &Expect, every_signature: bool) -> Expect {
    let given = &expect.given;
    let succession = |text: &String| text.parse::<Succession>().unwrap();
    let options = Options {
        keys: given.pins.iter().map(|pin| pin.parse().unwrap()).collect(),
        trust: TrustFile::parse(&given.trust.join("\n")).unwrap(),
        every_signature,
        expect_head: given.expect_head.as_ref().map(|head| head.parse().unwrap()),
        max_silence: given.max_silence_seconds.map(Duration::from_secs),
        from_start: given.from_start,
        part: given.part,
        since: None,
        until: None,
        no_losses: given.no_losses,
        successions: given.successions.iter().map(succession).collect(),
        patience: Duration::ZERO,
    };
    let Report { verdict, logs, findings, more_findings, notices, more_notices, .. } =
        verify_paths(&[path], &options).unwrap();
    assert_eq!((more_findings, more_notices), (0, 0));
    Expect {
        verdict: verdict.to_string(),
        exit: verdict.exit_code(),
        logs: logs.iter().map(of_log).collect(),
        findings: places(&findings),
        notices: kinds(&notices),
        ..expect.clone()
    }
}

fn of_log(report: &LogReport) -> OfLog {
    assert_eq!((report.more_findings, report.more_notices), (0, 0));
    OfLog {
        log: report.log.to_string(),
        verdict: report.verdict.to_string(),
        proved: ranges(&report.proved),
        unproved: ranges(&report.unproved),
        missing: ranges(&report.missing),
        head: report.head.map(|head| Head { seq: head.seq, hash: head.hash.to_string() }),
        findings: places(&report.findings),
        notices: kinds(&report.notices),
        ..OfLog::default()
    }
}

fn ranges(ranges: &Ranges) -> Vec<(u64, u64)> {
    assert_eq!(ranges.more, 0);
    ranges.listed.iter().map(|range| (range.from, range.to)).collect()
}

fn places(findings: &[Finding]) -> Vec<Found> {
    let name = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
    let place = |finding: &Finding| {
        let value = serde_json::to_value(&finding.kind).unwrap();
        let of_file = value["details"]["file"].as_str();
        Found {
            finding: kind(&value, "finding"),
            file: finding.at.as_ref().map(|at| at.file.as_str()).or(of_file).map(name),
            line: finding.at.as_ref().map(|at| at.line),
            seq: finding.seq,
        }
    };
    let mut places = findings.iter().map(place).collect::<Vec<_>>();
    places.sort();
    places
}

fn kinds(notices: &[Notice]) -> BTreeSet<String> {
    notices.iter().map(|notice| kind(&serde_json::to_value(&notice.kind).unwrap(), "notice")).collect()
}

fn kind(value: &Value, tag: &str) -> String {
    value[tag].as_str().unwrap().to_owned()
}

#[test]
fn the_python_of_the_page_finds_what_it_must() {
    let Some(python) = Python::from_the_page() else { return };
    let mut wrong = Vec::new();
    for (name, expect) in stored().into_iter().filter(|(_, expect)| is_readable(expect)) {
        for log in &expect.logs {
            let of_python = log.python.clone();
            let Some(pin) = log.key.as_ref().or(expect.given.pins.first()) else { continue };
            if of_python.as_ref().is_some_and(|of_python| of_python.skip) {
                continue;
            }
            let plain = tempfile::tempdir().unwrap();
            let path = |file: &String| files::plain(&folder().join(&name).join(file), plain.path());
            let (log_files, copies) = (
                log.files.iter().map(path).collect::<Vec<_>>(),
                log.copies.iter().map(path).collect::<Vec<_>>(),
            );
            let answer = python.verify(pin, &log_files, &copies);
            let less = of_python.and_then(|of_python| of_python.proved);
            let head = log.head.as_ref().filter(|_| less.is_none()).map(|head| head.hash.clone());
            let head = if less.is_some() { answer.head.clone() } else { head };
            let expected = Answer { whole: log.whole, proved: less.unwrap_or(log.proved.clone()), head };
            if answer != expected {
                wrong.push(format!("{name}, log {}: found\n{answer:?}\nexpected\n{expected:?}", log.log));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} vectors", wrong.join("\n"), wrong.len());
}
