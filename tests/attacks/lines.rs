//! Lines: stripped of signatures, removed, repeated, moved, appended.

use tracing_audit::trail::Ended;
use tracing_audit::verify::{FindingKind, Options, Verdict};

use crate::log::{Log, event, found, lines, pinned, verify};

#[test]
fn row_5_all_signatures_stripped_is_found() {
    let log = Log::of_three_files("row 5");
    let mut files = log.files();
    for (_, bytes) in &mut files {
        let text = String::from_utf8(std::mem::take(bytes)).unwrap();
        let stripped = text.lines().map(|line| {
            let Some((start, _)) = line.split_once(",\"sig\":") else { return line.to_owned() + "\n" };
            let (start, rest) = start.split_once("\"key\":\"").unwrap();
            format!("{start}{}}}}}\n", &rest[18..])
        });
        *bytes = stripped.collect::<String>().into_bytes();
    }
    assert!(!String::from_utf8_lossy(&files[0].1).contains("sig"));

    let report = verify(&files, &pinned(log.pin()));
    let unsigned = FindingKind::Unsigned { kind: "genesis".into() };
    assert_eq!(found(&report)[0], ("audit.0.jsonl", 1, &unsigned));
    assert_eq!((report.verdict.exit_code(), report.lines), (1, 0));
}

#[test]
fn row_7_whole_lines_appended_that_do_not_chain_are_found() {
    let log = Log::of_three_files("row 7");
    for (appended, expected) in [
        (b"hello\n".as_slice(), None),
        (&lines(&log.files[2])[1], Some(FindingKind::Sequence { expected: 14, found: 10 })),
    ] {
        let mut files = log.files();
        files[2].1.extend_from_slice(appended);
        let report = verify(&files, &pinned(log.pin()));
        let (file, line, kind) = found(&report)[0];
        assert_eq!((file, line, report.verdict.exit_code()), ("audit.2.jsonl", 6, 1));
        assert!(expected.is_none_or(|expected| *kind == expected), "{kind:?}");
        assert_eq!((report.findings.len(), report.lines), (1, 14));
    }
}

#[test]
fn row_7_a_piece_or_unsigned_lines_at_the_end_make_it_incomplete() {
    let mut log = Log::of_three_files("row 7 unsigned");
    let whole = log.file().len();
    log.unsigned("mallory");
    let unsigned = log.file().len() - whole;
    for cut in [unsigned, unsigned - 1, 40, 1] {
        let mut files = log.files();
        files[2].1.truncate(whole + cut);
        let report = verify(&files, &pinned(log.pin()));
        let end = FindingKind::UnsignedEnd { lines: u64::from(cut == unsigned), bytes: cut as u64 };
        assert_eq!(found(&report), [("audit.2.jsonl", 6, &end)], "{cut}");
        assert_eq!((report.verdict.exit_code(), report.lines), (3, 14));
    }
}

#[test]
fn row_20_a_line_of_another_log_is_found() {
    let (log, other) = (Log::of_three_files("row 20"), Log::of_three_files("other"));
    let mut files = log.files();
    let mut rows = lines(&files[0].1);
    rows[1] = lines(&other.files[0])[1].clone();
    files[0].1 = rows.concat();
    let report = verify(&files, &pinned(log.pin()));
    let another = FindingKind::AnotherLog { expected: log.pin().id(), found: other.pin().id() };
    assert_eq!(found(&report), [("audit.0.jsonl", 2, &another)]);
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn row_20_files_in_another_order_are_found() {
    let log = Log::of_three_files("row 20 order");
    let mut files = log.files();
    files.swap(1, 2);
    let report = verify(&files, &pinned(log.pin()));
    assert_eq!(report.verdict, Verdict::Tampered);
    let missing = FindingKind::FilesMissing { from: 1, to: 1 };
    assert_eq!(found(&report)[0], ("audit.2.jsonl", 1, &missing));
}

#[test]
fn row_21_the_second_of_two_records_that_are_alike_is_missed() {
    for signed in [true, false] {
        let mut log = Log::new("row 21");
        for _ in 0..2 {
            log.clock = 5;
            if signed {
                log.event("alice");
            } else {
                log.unsigned("alice");
            }
        }
        log.close(Ended::Shutdown);
        let mut files = log.files();
        let mut rows = lines(&files[0].1);
        let body = |line: &[u8]| String::from_utf8_lossy(line).split_once("\"trail\"").unwrap().0.to_owned();
        assert_eq!(body(&rows[1]), body(&rows[2]));
        rows.remove(2);
        files[0].1 = rows.concat();
        for every_signature in [false, true] {
            let report = verify(&files, &Options { every_signature, ..pinned(log.pin()) });
            let missing = FindingKind::Missing { from: 2, to: 2 };
            assert_eq!(found(&report), [("audit.0.jsonl", 3, &missing)]);
            assert_eq!(report.verdict.exit_code(), 1);
        }
    }
}

#[test]
fn a_line_repeated_or_two_swapped_are_found() {
    let log = Log::of_three_files("repeated");
    let mut files = log.files();
    let mut rows = lines(&files[0].1);
    rows.insert(2, rows[1].clone());
    files[0].1 = rows.concat();
    let report = verify(&files, &pinned(log.pin()));
    let repeated = FindingKind::Sequence { expected: 2, found: 1 };
    assert_eq!(found(&report), [("audit.0.jsonl", 3, &repeated)]);

    rows.remove(2);
    rows.swap(1, 2);
    files[0].1 = rows.concat();
    let report = verify(&files, &pinned(log.pin()));
    assert_eq!(report.verdict, Verdict::Tampered);
    assert_eq!((found(&report)[0].0, found(&report)[0].1), ("audit.0.jsonl", 2));
}

#[test]
fn a_record_altered_and_the_chain_repaired_behind_it_is_found() {
    // What a thief without any key can do: rewrite unsigned lines and their links, up to the next signature.
    let mut log = Log::new("repaired");
    log.event("alice");
    let mut forged = log.chain.clone();
    let start = log.file().len();
    log.unsigned("bob");
    log.unsigned("carol");
    let end = log.file().len();
    log.event("dave");
    log.close(Ended::Shutdown);
    let (time, mut lines) = (tracing_audit::trail::Timestamp::from_nanos(1), Vec::new());
    forged.unsigned(&event("eve"), time, &mut lines);
    forged.unsigned(&event("carol"), time, &mut lines);
    log.file().splice(start..end, lines);
    let report = verify(&log.files(), &pinned(log.pin()));
    let (file, line, kind) = found(&report)[0];
    assert_eq!((file, line, report.findings.len()), ("audit.0.jsonl", 4, 1));
    assert!(matches!(kind, FindingKind::Altered { .. }), "{kind:?}");
}
