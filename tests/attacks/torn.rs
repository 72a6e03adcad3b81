//! Torn bytes: attested ones are no records, others are found.

use tracing_audit::trail::{Control, Ended, Genesis};
use tracing_audit::verify::{FindingKind, NoticeKind, Options, Verdict};

use crate::log::{Log, event, found, lines, pinned, secret, torn, verify};

/// A log that crashed with these bytes at its end, and went on.
fn crashed(name: &'static str, tear: impl FnOnce(&mut Log)) -> Log {
    let mut log = Log::new(name);
    log.event("alice");
    let (chain, start) = (log.chain.clone(), log.file().len());
    tear(&mut log);
    log.chain = chain;
    let attested = torn(&log.file()[start..]);
    if attested.bytes > 0 {
        log.file().push(b'\n');
    }
    log.resume(Ended::Crash, (attested.bytes > 0).then_some(attested));
    log.event("bob");
    log.close(Ended::Shutdown);
    log
}

fn intact_with(log: &Log, bytes: u64) {
    for every_signature in [false, true] {
        let report = verify(&log.files(), &Options { every_signature, ..pinned(log.pin()) });
        assert_eq!(found(&report), []);
        assert_eq!((report.verdict, report.torn_bytes, report.lines), (Verdict::Intact, bytes, 5));
        let notices = report.notices.iter().filter(|notice| matches!(notice.kind, NoticeKind::Torn(_)));
        assert_eq!(notices.count(), usize::from(bytes > 0));
    }
}

#[test]
fn attested_torn_bytes_of_every_shape_are_no_records() {
    intact_with(&crashed("nothing", |_| {}), 0);
    intact_with(&crashed("piece", |log| log.file().extend_from_slice(b"{\"fields\":{\"act")), 15);
    intact_with(&crashed("zeros", |log| log.file().extend_from_slice(&[0; 4096])), 4096);
    intact_with(&crashed("newlines", |log| log.file().extend_from_slice(b"\n\n")), 2);
}

#[test]
fn row_27_well_chained_lines_that_the_next_start_attests_never_become_records() {
    let mut length = 0;
    let log = crashed("row 27", |log| {
        let start = log.file().len();
        log.unsigned("mallory");
        log.unsigned("mallory");
        length = log.file().len() - start;
    });
    intact_with(&log, length as u64);
}

#[test]
fn row_27_nor_do_lines_with_signatures_of_another_key_under_the_name_of_this_one() {
    // Each chains and names the key in force, so that only its signature tells it from a record.
    let mut length = 0;
    let log = crashed("forged signatures", |log| {
        let start = log.file().len();
        for _ in 0..3 {
            log.event("mallory");
        }
        length = log.file().len() - start;
        for at in 0..3 {
            let mut rows = lines(&log.file()[start..]);
            let text = String::from_utf8(rows[at].clone()).unwrap();
            let (head, sig) = text.split_once("\"sig\":\"").unwrap();
            let swapped: String = sig[..20].chars().rev().chain(sig[20..].chars()).collect();
            rows[at] = format!("{head}\"sig\":\"{swapped}").into_bytes();
            let rest = rows.concat();
            log.file().truncate(start);
            log.file().extend_from_slice(&rest);
        }
    });
    intact_with(&log, length as u64);
}

#[test]
fn row_27_megabytes_of_them_are_measured_all_the_same() {
    let mut length = 0;
    let log = crashed("megabytes", |log| {
        let start = log.file().len();
        let actor = "x".repeat(60_000);
        (0..60).for_each(|_| log.unsigned(&actor));
        length = log.file().len() - start;
    });
    assert!(length > 3 << 20);
    intact_with(&log, length as u64);
}

#[test]
fn torn_bytes_that_were_altered_lengthened_or_removed_are_found() {
    let log = crashed("altered", |log| log.file().extend_from_slice(b"{\"fields\":{\"act"));
    let rows = lines(&log.files[0]);
    for (piece, line) in [(b"{\"fields\":{\"acu\n".as_slice(), 3), (b"{\"fields\":{\"actor\n", 3), (b"", 3)] {
        let mut rows = rows.clone();
        rows[2] = piece.to_vec();
        let files = [("audit.0.jsonl".to_owned(), rows.concat())];
        let report = verify(&files, &pinned(log.pin()));
        let differs = FindingKind::TornDiffers {
            expected: Some(torn(b"{\"fields\":{\"act")),
            found: torn(piece.strip_suffix(b"\n").unwrap_or_default()),
        };
        assert_eq!(found(&report), [("audit.0.jsonl", line, &differs)]);
        assert_eq!(report.verdict.exit_code(), 1);
    }
}

#[test]
fn unsigned_lines_that_a_resume_takes_for_records_are_found() {
    let mut log = Log::new("signs them");
    log.event("alice");
    log.unsigned("mallory");
    log.resume(Ended::Crash, None);
    log.close(Ended::Shutdown);
    let report = verify(&log.files(), &pinned(log.pin()));
    assert_eq!((found(&report)[0].1, report.verdict), (4, Verdict::Tampered));
}

#[test]
fn a_genesis_attests_what_stood_in_its_file_before_it() {
    let mut log = Log::new("torn genesis");
    log.files = vec![Vec::new()];
    log.chain = tracing_audit::trail::Chain::new(log.pin().id());
    let piece = b"{\"fields\":{\"epoch\":0,\"file\":0,\"for";
    log.file().extend_from_slice(piece);
    log.file().push(b'\n');
    let genesis = log.a_genesis(None);
    log.control(&Control::Genesis(Genesis { torn: Some(torn(piece)), ..genesis }));
    log.close(Ended::Shutdown);
    let report = verify(&log.files(), &pinned(log.pin()));
    assert_eq!((found(&report), report.torn_bytes, report.lines), (vec![], 34, 2));

    log.files[0][3] ^= 1;
    let report = verify(&log.files(), &pinned(log.pin()));
    let [("audit.0.jsonl", 1, FindingKind::TornDiffers { .. })] = found(&report)[..] else {
        panic!("{:?}", report.findings)
    };
}

#[test]
fn the_next_files_genesis_attests_the_torn_end_of_the_one_before() {
    let mut log = Log::new("torn end");
    log.event("alice");
    let piece = b"{\"fields\":{\"action\":";
    log.file().extend_from_slice(piece);
    log.file().push(b'\n');
    let mut previous = log.previous(Ended::Crash);
    previous.torn = Some(torn(piece));
    log.files.push(Vec::new());
    log.genesis(Some(previous));
    log.close(Ended::Shutdown);
    let report = verify(&log.files(), &pinned(log.pin()));
    assert_eq!((found(&report), report.torn_bytes, report.lines), (vec![], 20, 4));

    let end = log.files[0].len();
    log.files[0].insert(end - 1, b'x');
    let report = verify(&log.files(), &pinned(log.pin()));
    let [("audit.0.jsonl", 3, FindingKind::TornDiffers { .. })] = found(&report)[..] else {
        panic!("{:?}", report.findings)
    };
}

#[test]
fn a_signed_last_line_that_lacks_its_newline_is_whole() {
    let mut log = Log::new("no newline");
    log.event("alice");
    log.file().pop();
    let report = verify(&log.files(), &pinned(log.pin()));
    assert_eq!((found(&report), report.lines), (vec![], 2));
    assert!(report.notices.iter().any(|notice| notice.kind == NoticeKind::NoNewline));
}

#[test]
fn nothing_but_a_resume_follows_a_close() {
    for (reason, resumes, fine) in [
        (Ended::Shutdown, true, true),
        (Ended::Shutdown, false, false),
        (Ended::Rotated, true, false),
        (Ended::Rotated, false, false),
    ] {
        let mut log = Log::new("closed");
        log.close(reason);
        if resumes {
            log.resume(reason, None);
        } else {
            log.event("alice");
        }
        let report = verify(&log.files(), &pinned(log.pin()));
        let after = FindingKind::AfterClose { reason };
        let is_found = report.findings.iter().any(|finding| finding.kind == after);
        assert_eq!((is_found, report.verdict == Verdict::Intact), (!fine, fine), "{reason} {resumes}");
    }
}

#[test]
fn a_forged_genesis_says_nothing() {
    let log = Log::of_three_files("forged");
    let mut forger = log.clone();
    forger.name = "forger";
    forger.close(Ended::Rotated);
    forger.next_file(Ended::Removed);
    forger.signed(&event("mallory"));
    let report = verify(&forger.files(), &pinned(log.pin()));
    let wrong = FindingKind::WrongKey { expected: log.key().id(), found: secret("forger", 1).id() };
    assert_eq!(found(&report)[0], ("audit.2.jsonl", 6, &wrong));
    assert_eq!(report.verdict, Verdict::Tampered);
}
