//! What is said of a line that was changed: no more than is known.

use tracing_audit::trail::{Ended, Hash};
use tracing_audit::verify::{Changed, Finding, FindingKind, Options, Verdict};

use crate::log::{File, Log, lines, pinned, verify};

/// A genesis, a signed line, four unsigned ones, two signed ones, and a close.
fn log() -> Log {
    let mut log = Log::new("changed");
    log.event("alice");
    for actor in ["bob", "carol", "dave", "erin"] {
        log.unsigned(actor);
    }
    log.event("frank");
    log.event("grace");
    log.close(Ended::Shutdown);
    log
}

fn findings(log: &Log, rows: &[Vec<u8>]) -> Vec<Finding> {
    let file: Vec<File> = vec![("audit.jsonl".into(), rows.concat())];
    let [each, some] =
        [true, false].map(|every_signature| verify(&file, &Options { every_signature, ..pinned(log.pin()) }));
    assert_eq!(each.findings, some.findings);
    assert_ne!(some.verdict, Verdict::Intact);
    some.findings
}

fn replace(row: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(row.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *row = text.replacen(from, to, 1).into_bytes();
}

/// Another letter in the name of the actor, or in the reason of a close.
fn change(row: &mut [u8]) {
    let text = String::from_utf8(row.to_vec()).unwrap();
    let mark = if text.contains("\"actor\"") { "\"actor\":\"" } else { "\"reason\":\"" };
    let at = text.find(mark).unwrap() + mark.len();
    row[at] = b'x';
}

fn sole(findings: &[Finding]) -> &Finding {
    let [finding] = findings else { panic!("{findings:?}") };
    finding
}

#[test]
fn what_was_changed_is_said_first_and_what_stands_there_and_hashes_after() {
    let (log, mut rows) = (log(), lines(&log().files[0]));
    let hash = |row: &[u8]| Hash::of_line(row.trim_ascii_end());
    let expected = hash(&rows[3]);
    replace(&mut rows[3], "carol", "eve: INTACT\\n\\u001b");
    let found = findings(&log, &rows);
    let said = sole(&found).to_string();
    let start = "audit.jsonl, line 4 (seq 3): its content was changed after it was written; there stands actor \
                 \"eve: INTACT\\n\\u001b\", action \"token.issued\"; the line after it followed a line of hash ";
    let end = "lines 2 to 3 are not proved";
    assert_eq!(said, format!("{start}{expected}; this one has {}; {end}", hash(&rows[3])));
}

#[test]
fn a_signed_line_that_was_changed_is_told_from_one_that_may_have_been_added() {
    let log = log();
    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut rows = lines(&log.files[0]);
        change(&mut rows);
        let finding = sole(&findings(&log, &rows)).clone();
        assert!(matches!(finding.kind, FindingKind::Signature { .. }), "{finding:?}");
        (finding.seq.unwrap(), finding.changed, finding.stands)
    };
    let stands = Some("actor \"eve\", action \"token.issued\"".to_owned());
    // The next line is signed, and followed another.
    let within = with(&|rows| replace(&mut rows[6], "frank", "eve"));
    assert_eq!(within, (6, Some(Changed::This), stands));
    // Nothing comes after it, or what comes after followed the line before.
    let last = with(&|rows| change(&mut rows[8]));
    assert_eq!((last.0, last.1), (8, Some(Changed::ThisOrAdded)));
    let added = with(&|rows| {
        let mut row = rows[6].clone();
        change(&mut row);
        rows.insert(6, row);
    });
    assert_eq!((added.0, added.1), (6, Some(Changed::ThisOrAdded)));
}

#[test]
fn where_only_the_next_link_speaks_for_a_line_it_is_not_said_which_was_changed() {
    let log = log();
    let mut rows = lines(&log.files[0]);
    change(&mut rows[2]);
    change(&mut rows[4]);
    let found = findings(&log, &rows);
    let changed: Vec<_> = found.iter().map(|finding| (finding.seq, finding.changed)).collect();
    assert_eq!(changed, [(Some(2), Some(Changed::ThisOrNext)), (Some(4), Some(Changed::This))]);

    let mut rows = lines(&log.files[0]);
    let prev = Hash::of_line(rows[2].trim_ascii_end()).to_string();
    replace(&mut rows[3], &prev[..8], "00000000");
    let found = findings(&log, &rows);
    assert_eq!(sole(&found).changed, Some(Changed::ThisOrPrevious));
    let said = "its content was changed after it was written, or that of the line before it; there stands actor \"carol\"";
    assert!(found[0].to_string().contains(said), "{}", found[0]);
}

#[test]
fn no_line_that_stands_as_it_was_written_is_called_changed() {
    type Attack = fn(&mut [u8]);
    let prev: Attack = |row| {
        let text = String::from_utf8(row.to_vec()).unwrap();
        let at = text.find("\"prev\":\"").unwrap() + 8;
        row[at] = if row[at] == b'0' { b'1' } else { b'0' };
    };
    let attacks: [Attack; 3] = [change, prev, |row| row[2] = b'F'];
    let log = log();
    let written = lines(&log.files[0]);
    let (mut sure, mut unsure) = (0, 0);
    // Any two lines of all but the genesis, each in any of these ways.
    for (one, other) in (1..written.len()).flat_map(|one| (one..written.len()).map(move |other| (one, other)))
    {
        for (first, second) in (0..3).flat_map(|first| (0..3).map(move |second| (first, second))) {
            let mut rows = written.clone();
            attacks[first](&mut rows[one]);
            if other != one {
                attacks[second](&mut rows[other]);
            }
            for finding in findings(&log, &rows) {
                let Some(at) = &finding.at else { continue };
                let at = usize::try_from(at.line).unwrap() - 1;
                let is_changed = |at: usize| rows.get(at).is_some_and(|row| *row != written[at]);
                match finding.changed {
                    None => continue,
                    Some(Changed::This | Changed::ThisOrAdded) => {
                        assert!(is_changed(at), "{one} {other} {first} {second}: {finding:?}");
                    }
                    Some(Changed::ThisOrNext) => assert!(is_changed(at) || is_changed(at + 1), "{finding:?}"),
                    Some(Changed::ThisOrPrevious) => {
                        assert!(is_changed(at) || is_changed(at - 1), "{finding:?}");
                    }
                }
                if finding.changed == Some(Changed::This) { sure += 1 } else { unsure += 1 }
            }
        }
    }
    assert!(sure > 100 && unsure > 20, "{sure}, {unsure}");
}
