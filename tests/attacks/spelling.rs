//! The same meaning in other bytes, bytes that a terminal obeys, lines of every length.

use tracing_audit::trail::{Ended, MAX_LINE};
use tracing_audit::verify::{FindingKind, Options, Verdict};

use crate::log::{Log, event, found, lines, pinned, verify};

/// Rewrites one line and says where the verifier should see it.
fn respelled(respell: impl Fn(&str) -> String) {
    for signed in [true, false] {
        let mut log = Log::new("row 8");
        if signed {
            log.event("alice");
        } else {
            log.unsigned("alice");
        }
        log.event("bob");
        log.close(Ended::Shutdown);
        let mut files = log.files();
        let mut rows = lines(&files[0].1);
        let line = std::str::from_utf8(&rows[1]).unwrap();
        let other = respell(line);
        assert_ne!(line, other);
        rows[1] = other.into_bytes();
        files[0].1 = rows.concat();
        for every_signature in [false, true] {
            let report = verify(&files, &Options { every_signature, ..pinned(log.pin()) });
            let [("audit.0.jsonl", 2, FindingKind::Malformed(_))] = found(&report)[..] else {
                panic!("{:?}: {:?}", String::from_utf8_lossy(&rows[1]), report.findings)
            };
            assert_eq!(report.verdict.exit_code(), 1);
        }
    }
}

#[test]
fn row_8_every_other_spelling_of_a_line_is_found() {
    respelled(|line| line.replace("\"actor\"", "\"action\"")); // a duplicate member
    respelled(|line| line.replace(",\"kind\"", ",\"extra\":1,\"kind\""));
    respelled(|line| line.replace("\"seq\":1", "\"seq\":1.0"));
    respelled(|line| line.replace("\"seq\":1", "\"seq\":01"));
    respelled(|line| line.replace("alice", "\\u0061lice"));
    respelled(|line| line.replace("alice", "al\\/ice"));
    respelled(|line| format!("\u{feff}{line}"));
    respelled(|line| line.replace('\n', "\r\n"));
    respelled(|line| format!("\n{line}"));
    respelled(|line| line.replace("\":{", "\": {"));
    respelled(|line| format!(" {line}"));
    respelled(|line| line.replace('\n', " \n"));
    respelled(|line| {
        line.replace("\"kind\":\"event\",\"level\":\"INFO\"", "\"level\":\"INFO\",\"kind\":\"event\"")
    });
}

#[test]
fn row_8_a_blank_line_or_a_bom_is_found_wherever_it_stands() {
    let log = Log::of_three_files("blank");
    for (file, bytes) in log.files.iter().enumerate() {
        for at in 0..=lines(bytes).len() {
            for junk in ["\n", "\u{feff}\n", "\r\n"] {
                let mut files = log.files();
                let mut rows = lines(bytes);
                rows.insert(at, junk.into());
                files[file].1 = rows.concat();
                let report = verify(&files, &pinned(log.pin()));
                let [(name, line, FindingKind::Malformed(_))] = found(&report)[..] else {
                    panic!("file {file}, line {at}: {:?}", report.findings)
                };
                assert_eq!((name, line), (files[file].0.as_str(), at as u64 + 1));
                assert_eq!(report.verdict, Verdict::Tampered);
            }
        }
    }
}

#[test]
fn row_23_a_line_of_the_greatest_length_verifies_and_a_longer_one_is_found() {
    for (more, intact) in [(0, true), (1, false)] {
        for signed in [true, false] {
            let mut log = Log::new("row 23");
            let mut sample = log.clone();
            let before = sample.file().len();
            if signed {
                sample.event("");
            } else {
                sample.unsigned("");
            }
            let rest = sample.file().len() - before;
            let actor = "x".repeat(MAX_LINE - rest + more);
            if signed {
                log.event(&actor);
            } else {
                log.unsigned(&actor);
            }
            log.event("bob");
            log.close(Ended::Shutdown);
            let report = verify(&log.files(), &pinned(log.pin()));
            assert_eq!(report.verdict == Verdict::Intact, intact);
            if !intact {
                let [("audit.0.jsonl", 2, FindingKind::Malformed(_))] = found(&report)[..] else {
                    panic!("{:?}", report.findings)
                };
            }
        }
    }
}

#[test]
fn row_26_control_characters_marks_and_newlines_stay_within_one_line() {
    let mut log = Log::new("row 26");
    log.signed(&event("\\u001b[2J\\n{\\\"forged\\\":1}\\r\u{202e}\u{2028}\u{9b}"));
    log.close(Ended::Shutdown);
    assert_eq!(lines(log.file()).len(), 3);
    let report = verify(&log.files(), &pinned(log.pin()));
    assert_eq!((found(&report), report.lines), (vec![], 3));
}
