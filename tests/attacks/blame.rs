//! Which line is blamed, where several don't fit.

use tracing_audit::trail::Ended;
use tracing_audit::verify::{FindingKind, LISTED, LogReport, NoticeKind, Options, Verdict};

use crate::log::{Log, found, lines, pinned, torn, verify};

fn report(log: &Log) -> LogReport {
    let [each, report] = [true, false]
        .map(|every_signature| verify(&log.files(), &Options { every_signature, ..pinned(log.pin()) }));
    assert_eq!(each.findings, report.findings);
    report
}

/// A signed line, lines 2 and 3 unsigned, a signed one.
fn four(name: &'static str) -> Log {
    let mut log = Log::new(name);
    log.event("alice");
    log.unsigned("bob");
    log.unsigned("carol");
    log.event("dave");
    log.close(Ended::Shutdown);
    log
}

/// The log with its rows changed.
fn with(log: &Log, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Log {
    let mut rows = lines(&log.files[0]);
    change(&mut rows);
    Log { files: vec![rows.concat()], ..log.clone() }
}

fn replace(row: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(row.clone()).unwrap();
    assert!(text.contains(from));
    *row = text.replacen(from, to, 1).into_bytes();
}

#[test]
fn of_a_torn_end_and_an_altered_line_before_it_the_line_is_blamed() {
    type Attack = fn(&mut Vec<u8>);
    let attacks: [Attack; 4] = [
        |row| replace(row, "bob", "eve"),
        |row| replace(row, "\"fields\"", "\"fielbs\""),
        |row| row[0] = b'x',
        |row| row[..60].fill(b'?'),
    ];
    // Pieces, zeros, and a line that is none of this log's.
    let foreign = lines(&four("other").files[0])[1].trim_ascii_end().to_vec();
    for piece in [&b"{\"fields\":{\"act"[..], b"x\ny", &[0; 100], &foreign] {
        for (number, attack) in attacks.iter().enumerate() {
            let mut log = Log::new("torn behind");
            log.event("alice");
            log.event("bob");
            log.file().extend_from_slice(piece);
            log.file().push(b'\n');
            log.resume(Ended::Crash, Some(torn(piece)));
            log.close(Ended::Shutdown);
            assert_eq!(report(&log).verdict, Verdict::Intact);
            let report = report(&with(&log, |rows| attack(&mut rows[2])));
            let [("audit.0.jsonl", 3, _)] = found(&report)[..] else {
                panic!("{number}, {piece:?}: {:?}", report.findings)
            };
            assert_eq!((report.verdict, report.findings[0].seq), (Verdict::Tampered, Some(2)));
            if number == 0 {
                // Altered both, both are.
                let report = self::report(&with(&log, |rows| {
                    attack(&mut rows[2]);
                    rows[3][0] = b'?';
                }));
                assert_eq!(report.findings.len(), 2, "{piece:?}: {:?}", report.findings);
            }
        }
    }
}

#[test]
fn of_torn_bytes_and_an_attestation_with_junk_the_attestation_is_blamed() {
    let mut log = Log::new("junk");
    log.event("alice");
    let piece = b"{\"fields\":{\"act";
    log.file().extend_from_slice(piece);
    log.file().push(b'\n');
    log.resume(Ended::Crash, Some(torn(piece)));
    log.event("bob");
    log.event("carol");
    log.close(Ended::Shutdown);
    for gone in [false, true] {
        let report = report(&with(&log, |rows| {
            rows[3].pop();
            rows[3].extend_from_slice(b"junk\n");
            if gone {
                rows.remove(4);
            }
        }));
        let [("audit.0.jsonl", 4, FindingKind::Malformed(_))] = found(&report)[..] else {
            panic!("{gone}: {:?}", report.findings)
        };
    }
}

#[test]
fn an_altered_line_and_garbage_behind_it_are_both_blamed() {
    let log = four("garbage");
    let report = report(&with(&log, |rows| {
        replace(&mut rows[1], "alice", "eve");
        rows.insert(2, b"garbage\n".to_vec());
    }));
    let places: Vec<_> = found(&report).iter().map(|(_, line, _)| *line).collect();
    assert_eq!(places, [2, 3], "{:?}", report.findings);
}

#[test]
fn a_piece_at_the_end_of_a_file_is_blamed_where_another_follows() {
    let mut log = Log::new("piece");
    log.event("alice");
    log.file().extend_from_slice(b"{\"fields\":{\"act");
    let alone = report(&log);
    let end = FindingKind::UnsignedEnd { lines: 0, bytes: 15 };
    assert_eq!((found(&alone), alone.verdict), (vec![("audit.0.jsonl", 3, &end)], Verdict::Incomplete));
    log.next_file(Ended::Crash);
    let followed = report(&log);
    let [("audit.0.jsonl", 3, FindingKind::Malformed(_))] = found(&followed)[..] else {
        panic!("{:?}", followed.findings)
    };
    assert_eq!(followed.verdict, Verdict::Tampered);
}

#[test]
fn the_line_that_its_neighbours_contradict_is_blamed() {
    let log = four("contradicted");
    // What it says: the line behind it followed another.
    let altered = report(&with(&log, |rows| replace(&mut rows[2], "bob", "eve")));
    let [("audit.0.jsonl", 3, FindingKind::Altered { .. })] = found(&altered)[..] else {
        panic!("{:?}", altered.findings)
    };
    assert_eq!(altered.findings[0].seq, Some(2));
    // What it says of the line before: the line behind it followed another still.
    let prev = format!("{}", tracing_audit::trail::Hash::of_line(lines(&log.files[0])[2].trim_ascii_end()));
    let unlinked = report(&with(&log, |rows| replace(&mut rows[3], &prev[..8], "00000000")));
    let [("audit.0.jsonl", 4, FindingKind::Link { .. })] = found(&unlinked)[..] else {
        panic!("{:?}", unlinked.findings)
    };
    assert_eq!(unlinked.findings[0].seq, Some(3));
    let numbered = report(&with(&log, |rows| replace(&mut rows[3], "\"seq\":3", "\"seq\":7")));
    assert_eq!(found(&numbered), [("audit.0.jsonl", 4, &FindingKind::Sequence { expected: 3, found: 7 })]);
}

#[test]
fn lines_left_out_or_put_in_again_are_named() {
    let log = four("again");
    let out = report(&with(&log, |rows| drop(rows.remove(2))));
    assert_eq!(found(&out), [("audit.0.jsonl", 3, &FindingKind::Missing { from: 2, to: 2 })]);
    let both = report(&with(&log, |rows| drop(rows.drain(2..4))));
    assert_eq!(found(&both), [("audit.0.jsonl", 3, &FindingKind::Missing { from: 2, to: 3 })]);
    let again = report(&with(&log, |rows| {
        let twice = rows[2..4].to_vec();
        rows.splice(4..4, twice);
    }));
    assert_eq!(found(&again), [("audit.0.jsonl", 5, &FindingKind::Sequence { expected: 4, found: 2 })]);
}

#[test]
fn what_is_not_listed_is_counted() {
    let (log, other) = (four("many"), four("other"));
    let foreign = lines(&other.files[0])[1].clone();
    for more in [0, 1, 7] {
        let report = verify(
            &with(&log, |rows| {
                rows.splice(2..2, vec![foreign.clone(); LISTED + more]);
            })
            .files(),
            &pinned(log.pin()),
        );
        assert_eq!((report.findings.len(), report.more_findings), (LISTED, more as u64));
        assert!(report.findings.iter().all(|finding| matches!(finding.kind, FindingKind::AnotherLog { .. })));
    }
    let mut log = Log::new("gaps");
    (0..LISTED + 3).for_each(|_| log.gap(1));
    log.close(Ended::Shutdown);
    let report = verify(&log.files(), &pinned(log.pin()));
    assert!(report.notices.iter().all(|notice| matches!(notice.kind, NoticeKind::Gap { .. })));
    assert_eq!((report.notices.len(), report.more_notices, report.lost), (LISTED, 3, LISTED as u64 + 3));
}
