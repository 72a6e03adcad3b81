//! `docs/CONFORMANCE.md` keeps to the vectors.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::python::Python;
use crate::{folder, stored};

const PAGE: &str = include_str!("../../docs/CONFORMANCE.md");

/// The first cells of the table after a text.
fn table(after: &str) -> BTreeSet<String> {
    let (_, rest) = PAGE.split_once(after).unwrap_or_else(|| panic!("the page has {after:?}"));
    let rows = rest.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let cells = rows.take_while(|line| line.starts_with('|')).map(|line| line.split('|').nth(1).unwrap());
    cells.flat_map(|cell| cell.split(',')).map(|name| name.trim().trim_matches('`').to_owned()).collect()
}

#[test]
fn the_page_lists_the_kinds_that_the_vectors_have_and_no_others() {
    let (mut findings, mut notices) = (BTreeSet::new(), BTreeSet::new());
    for expect in stored().into_values() {
        let of_logs = expect.logs.iter().flat_map(|log| &log.findings);
        findings.extend(of_logs.chain(&expect.findings).map(|found| found.finding.clone()));
        notices.extend(expect.logs.into_iter().flat_map(|log| log.notices).chain(expect.notices));
    }
    let listed = ["make a log tampered:", "make a log incomplete:", "make it an error:"].map(table);
    assert_eq!(listed.into_iter().flatten().collect::<BTreeSet<_>>(), findings);
    assert_eq!(table("\nNotices:"), notices);
}

#[test]
fn the_page_lists_the_first_words_of_the_vectors_and_no_others() {
    let first = |name: &String| name.split('-').next().unwrap().to_owned();
    assert_eq!(table("Their first word groups them:"), stored().keys().map(first).collect());
}

#[test]
fn the_script_of_the_page_finds_no_difference() {
    let Some(python) = Python::from_the_page() else { return };
    let (_, script) = PAGE.split_once("```python\n").unwrap();
    let (script, _) = script.split_once("```").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("conformance.py");
    fs::write(&path, script).unwrap();
    let run = Command::new("python3").arg(&path).arg(python.script()).arg(folder()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stderr), "");
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(text.ends_with(" logs, 0 differ\n") && text.lines().count() == 1, "{text}");
    assert!(text.split(' ').next().unwrap().parse::<u64>().unwrap() >= 200, "{text}");
}
