use std::fs::{self, File};
use std::io::Write as _;

use tracing_audit::trail::{Line, MAX_LINE, Timestamp};
#[cfg(feature = "compressed")]
use tracing_audit::verify::LISTED;
use tracing_audit::verify::{FindingKind, Verdict};

use super::*;

#[test]
fn a_line_of_brackets_spends_no_stack() {
    let brackets = "[".repeat(MAX_LINE - 400);
    let objects = r#"{"a":"#.repeat((MAX_LINE - 400) / 5);
    for deep in [brackets.as_str(), &objects] {
        assert!(Line::parse(deep.as_bytes()).is_err());
        let folder = folder();
        let (mut chain, mut file) = file();
        chain.signed(&event(&format!(r#"{{"a":{deep}"#)), Timestamp::from_nanos(2), &key(), &mut file);
        fs::write(folder.path().join("audit.jsonl"), file).unwrap();
        let report = verify(folder.path());
        assert_eq!(report.verdict, Verdict::Tampered);
        let nested =
            |kind: &FindingKind| matches!(kind, FindingKind::Malformed(line) if line.why.contains("nested"));
        assert!(report.logs[0].findings.iter().any(|finding| nested(&finding.kind)), "{report:?}");
    }
}

#[test]
#[cfg(feature = "shipped")]
fn shipped_brackets_spend_no_stack() {
    use tracing_audit::shipped::{Options, Verifier};
    for deep in ["[", r#"{"a":"#, r#"{"message":"#] {
        let mut verifier = Verifier::new(&Options::default());
        verifier.read("deep", deep.repeat(1 << 20).as_bytes()).unwrap();
        let report = verifier.finish(Timestamp::from_nanos(1)).unwrap();
        assert_eq!((report.verdict, report.lines), (Verdict::Incomplete, 0));
    }
    assert_small();
}

#[test]
fn a_line_of_a_quarter_gigabyte_is_measured_and_not_kept() {
    endless_line(256 * MIB);
}

#[test]
#[ignore = "reads a gigabyte twice"]
fn a_line_of_a_gigabyte_is_measured_and_not_kept() {
    endless_line(1024 * MIB);
}

/// A hole of so many zeros behind the log, without and with a newline behind it.
fn endless_line(bytes: u64) {
    let folder = folder();
    let (_, start) = file();
    let mut file = File::create_new(folder.path().join("audit.jsonl")).unwrap();
    file.write_all(&start).unwrap();
    file.set_len(start.len() as u64 + bytes).unwrap();
    // A power cut leaves such an end.
    let report = verify(folder.path());
    assert_eq!((report.verdict, report.logs[0].lines), (Verdict::Incomplete, 2));

    std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).unwrap();
    file.write_all(b"\n").unwrap();
    let report = verify(folder.path());
    assert_eq!((report.verdict, report.logs[0].lines), (Verdict::Incomplete, 2));
}

#[test]
#[cfg(feature = "compressed")]
fn two_hundred_thousand_findings_are_counted_and_a_thousand_listed() {
    findings(200_000);
}

#[test]
#[cfg(feature = "compressed")]
#[ignore = "takes a minute"]
fn ten_million_findings_are_counted_and_a_thousand_listed() {
    findings(10_000_000);
}

/// Lines of another log, compressed to next to nothing.
#[cfg(feature = "compressed")]
fn findings(lines: usize) {
    use tracing_audit::trail::{Chain, SecretKey};
    let folder = folder();
    let (_, start) = file();
    let mut foreign = Vec::new();
    let other = SecretKey::from_seed(&[8; 32]).id();
    Chain::new(other).unsigned(&event("{}"), Timestamp::from_nanos(2), &mut foreign);
    let bytes = [gzip(&start), gzip(&foreign.repeat(1_000)).repeat(lines / 1_000)].concat();
    assert!((bytes.len() as u64) < 50 * MIB, "{} bytes", bytes.len());
    fs::write(folder.path().join("audit.jsonl.gz"), bytes).unwrap();
    let report = verify(folder.path());
    let log = &report.logs[0];
    assert_eq!((log.verdict, log.findings.len()), (Verdict::Tampered, LISTED));
    assert_eq!(log.more_findings, (lines - LISTED) as u64);
}
