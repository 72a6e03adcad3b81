//! Logs of megabytes: which signatures are checked, and that no more is believed for it.

use tracing_audit::trail::{Chain, Ended, Hash, Timestamp};
use tracing_audit::verify::{
    ExpectedHead, FindingKind, InvalidExpectedHead, LogReport, Options, Verdict, Verifier,
};

use crate::log::{Log, found, lines, pinned, verify};

/// Lines of 60 KB: some seventeen are a mebibyte.
fn long() -> String {
    "x".repeat(60_000)
}

/// A closed log of so many signed lines, each with so many unsigned ones before it.
fn of(name: &'static str, signed: usize, unsigned: usize) -> Log {
    let mut log = Log::new(name);
    for _ in 0..signed {
        (0..unsigned).for_each(|_| log.unsigned(&long()));
        log.event(&long());
    }
    log.close(Ended::Shutdown);
    log
}

fn report(log: &Log, every_signature: bool) -> LogReport {
    let options = Options { every_signature, ..pinned(log.pin()) };
    let report = verify(&log.files(), &options);
    // Whatever the pieces that it comes in.
    let mut verifier = Verifier::new(log.pin().id(), &options);
    verifier.begin_file("audit.0.jsonl");
    verifier.bytes(&log.files[0]);
    verifier.end_file();
    let whole = verifier.finish(Timestamp::from_nanos(1_795_300_000_000_000_000));
    assert_eq!((&whole.findings, whole.signatures_checked), (&report.findings, report.signatures_checked));
    report
}

#[test]
fn one_signature_in_each_mebibyte_is_checked_or_every_one() {
    // Besides, that of the genesis and that of the close.
    for (unsigned, signed, checked) in [(0, 100, 5), (1, 50, 5), (5, 20, 5), (20, 6, 6)] {
        let log = of("each mebibyte", signed, unsigned);
        let quick = report(&log, false);
        assert_eq!((quick.verdict, quick.signatures), (Verdict::Intact, signed as u64 + 2));
        assert_eq!(quick.signatures_checked, checked + 2, "{unsigned} unsigned");
        let every = report(&log, true);
        assert_eq!((every.verdict, every.signatures_checked), (Verdict::Intact, signed as u64 + 2));
    }
}

#[test]
fn of_a_log_that_is_open_the_last_signature_is_checked() {
    let mut log = Log::new("open");
    (0..10).for_each(|_| log.event("alice"));
    let report = report(&log, false);
    assert_eq!((report.verdict, report.signatures, report.signatures_checked), (Verdict::Intact, 11, 2));
}

#[test]
fn a_line_between_two_checks_is_named_all_the_same() {
    let log = of("altered", 60, 0);
    for altered in [1, 20, 40, 60] {
        let mut log = log.clone();
        let mut rows = lines(&log.files[0]);
        let at = rows[altered].iter().position(|byte| *byte == b'x').unwrap();
        rows[altered][at + 9] = b'y';
        log.files[0] = rows.concat();
        for every_signature in [false, true] {
            let report = report(&log, every_signature);
            let [("audit.0.jsonl", line, FindingKind::Signature { .. })] = found(&report)[..] else {
                panic!("{:?}", report.findings)
            };
            assert_eq!((line, report.verdict), (altered as u64 + 1, Verdict::Tampered));
        }
    }
}

#[test]
fn what_is_signed_by_nobody_from_somewhere_on_is_not_believed() {
    let mut log = of("forged", 30, 0);
    // All of the chain is right, and each signature another's.
    let whole = lines(&log.files[0]);
    let mut other = Log::new("other");
    other.chain = Chain::after(log.pin().id(), 10, hash_of(&whole[9]));
    other.files = vec![whole[..10].concat()];
    let key = other.key();
    let claims = log.key().id().to_string();
    for _ in 0..60 {
        let (before, chain) = (other.file().len(), other.chain.clone());
        other.event(&long());
        let line = String::from_utf8(other.file()[before..].to_vec()).unwrap();
        let line = line.replace(&key.id().to_string(), &claims);
        other.file().truncate(before);
        other.file().extend_from_slice(line.as_bytes());
        let head = hash_of(line.as_bytes());
        other.chain = Chain::after(chain.log(), chain.next() + 1, head);
    }
    log.files = other.files;
    for every_signature in [false, true] {
        let report = report(&log, every_signature);
        assert_eq!((report.verdict, report.lines), (Verdict::Tampered, 10), "{:?}", report.findings);
    }
}

fn hash_of(line: &[u8]) -> Hash {
    Hash::of_line(line.strip_suffix(b"\n").unwrap())
}

#[test]
fn the_log_could_end_behind_a_signed_line_and_nowhere_else() {
    let mut log = Log::new("ends");
    log.event("alice");
    log.unsigned("bob");
    log.event("carol");
    for every_signature in [false, true] {
        let options = Options { every_signature, ..pinned(log.pin()) };
        let mut verifier = Verifier::new(log.pin().id(), &options);
        assert!(!verifier.at_signed_line());
        verifier.begin_file("audit.0.jsonl");
        for (number, line) in lines(&log.files[0]).iter().enumerate() {
            for byte in line {
                verifier.bytes(&[*byte]);
                let ends = *byte == b'\n' && number != 2;
                assert_eq!(verifier.at_signed_line(), ends, "line {number}");
            }
        }
        verifier.bytes(&vec![b'x'; 70_000]);
        assert!(!verifier.at_signed_line());
        verifier.bytes(b"\n");
        assert!(!verifier.at_signed_line());
    }
}

#[test]
fn words_of_a_report_are_those_of_the_command() {
    for (verdict, word, code) in [
        (Verdict::Intact, "intact", 0),
        (Verdict::Incomplete, "incomplete", 3),
        (Verdict::Forked, "forked", 3),
        (Verdict::Error, "error", 2),
        (Verdict::Tampered, "tampered", 1),
    ] {
        assert_eq!((verdict.to_string().as_str(), verdict.exit_code()), (word, code));
    }
    let hash = "e2".repeat(32);
    for text in [hash.clone(), format!("7:{hash}")] {
        assert_eq!(text.parse::<ExpectedHead>().unwrap().to_string(), text);
    }
    let says = "expected a hash of 64 lower-case hex digits, or a line's number, a colon and its hash";
    assert_eq!("7".parse::<ExpectedHead>(), Err(InvalidExpectedHead));
    assert_eq!(InvalidExpectedHead.to_string(), says);
}
