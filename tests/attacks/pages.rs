//! A power cut keeps pages in any order: whole lines may stand behind some that are gone.

use tracing_audit::trail::{Chain, Control, Ended, Genesis, Previous};
use tracing_audit::verify::{FindingKind, LogReport, NoticeKind, Options, Verdict};

use crate::log::{Log, found, lines, pinned, torn, verify};

/// What a disk loses at least.
const SECTOR: usize = 512;

/// A log with proved lines, and behind them lines of one more write, of which these sectors were lost to zeros. The write
/// begins with one.
fn cut(name: &'static str, lost: &[usize]) -> (Log, usize) {
    let mut log = Log::new(name);
    log.unsigned("alice");
    let (chain, length) = (log.chain.clone(), log.file().len());
    log.event("bob");
    let room = SECTOR - log.file().len() % SECTOR;
    (log.chain, log.clock) = (chain, log.clock - 1);
    log.file().truncate(length);
    log.event(&format!("bob{}", "b".repeat(room)));
    let (chain, start) = (log.chain.clone(), log.file().len());
    assert_eq!(start % SECTOR, 0);
    for actor in ["carol", "dave", "erin"] {
        log.unsigned(actor);
        log.event(actor);
    }
    log.chain = chain;
    for sector in lost {
        let lost = start + sector * SECTOR..log.file().len().min(start + (sector + 1) * SECTOR);
        log.file()[lost].fill(0);
    }
    (log, start)
}

/// Goes on after a cut, in the same file; says that what is behind the proved lines is torn, but so many bytes.
fn resumed(mut log: Log, start: usize, but: usize) -> Log {
    let all = torn(&log.file()[start + but..]);
    log.file().push(b'\n');
    log.resume(Ended::Crash, Some(all));
    log.event("frank");
    log.close(Ended::Shutdown);
    log
}

/// Goes on in another file, whose genesis stands behind these bytes.
fn rotated(mut log: Log, start: usize, before: &[u8]) -> Log {
    let all = torn(&log.file()[start..]);
    log.file().push(b'\n');
    let previous = Previous { torn: Some(all), ..log.previous(Ended::Crash) };
    log.files.push(before.to_vec());
    let genesis = log.a_genesis(Some(previous));
    let before = before.strip_suffix(b"\n").filter(|before| !before.is_empty()).map(torn);
    log.control(&Control::Genesis(Genesis { torn: before, ..genesis }));
    log.event("frank");
    log.close(Ended::Shutdown);
    log
}

fn reports(log: &Log) -> [LogReport; 2] {
    [false, true]
        .map(|every_signature| verify(&log.files(), &Options { every_signature, ..pinned(log.pin()) }))
}

fn assert_torn(log: &Log, bytes: usize) {
    for report in reports(log) {
        assert_eq!((report.verdict, &report.findings[..]), (Verdict::Intact, &[][..]), "{}", log.name);
        assert_eq!((report.lines, report.torn_bytes), (6, bytes as u64), "{}", log.name);
        assert!(report.notices.iter().any(|notice| matches!(notice.kind, NoticeKind::Torn(_))));
    }
}

fn assert_found(log: &Log) {
    for report in reports(log) {
        assert_eq!(report.verdict, Verdict::Tampered, "{}", log.name);
        // The hole.
        let [("audit.0.jsonl", 4, FindingKind::Malformed(_)), ..] = &found(&report)[..] else {
            panic!("{}: {:?}", log.name, report.findings)
        };
    }
}

#[test]
fn lines_behind_lost_pages_are_torn_where_the_next_start_says_so() {
    for lost in [&[0][..], &[1], &[0, 1], &[0, 2], &[1, 3], &[0, 1, 2], &[0, 1, 2, 3]] {
        let (log, start) = cut("lost pages", lost);
        let length = log.files[0].len() - start;
        assert_torn(&resumed(log.clone(), start, 0), length);
        assert_torn(&rotated(log.clone(), start, b""), length);
        let before = b"{\"fields\":{\"epo\n";
        assert_torn(&rotated(log, start, before), length + before.len() - 1);
    }
}

#[test]
fn what_the_next_start_does_not_say_whole_is_found() {
    let (log, start) = cut("said in part", &[0]);
    assert_found(&resumed(log.clone(), start, 1));
    let mut other = resumed(log.clone(), start, 0);
    other.files[0][start] = b'x';
    assert_found(&other);
    let mut other = rotated(log.clone(), start, b"");
    other.files[0][start] = b'x';
    assert_found(&other);
    let mut other = rotated(log, start, b"{\"fields\n");
    other.files[1][2] = b'x';
    assert_found(&other);
}

#[test]
fn a_log_whose_first_page_is_gone_begins_again() {
    let mut log = Log::new("first page");
    log.event("alice");
    log.event("bob");
    let mut all = log.file().clone();
    all[..2 * SECTOR].fill(0);
    let before = [&all[..], b"\n"].concat();
    let mut log = Log { files: vec![before], chain: Chain::new(log.pin().id()), ..log };
    let genesis = log.a_genesis(None);
    log.control(&Control::Genesis(Genesis { torn: Some(torn(&all)), ..genesis }));
    log.close(Ended::Shutdown);
    for report in reports(&log) {
        assert_eq!((report.verdict, &report.findings[..]), (Verdict::Intact, &[][..]));
        assert_eq!((report.lines, report.torn_bytes), (2, all.len() as u64));
    }
}

#[test]
fn only_a_start_says_it_and_only_under_the_key_in_force() {
    let (mut log, _) = cut("an event goes on", &[0]);
    log.file().push(b'\n');
    log.event("frank");
    log.close(Ended::Shutdown);
    assert_found(&log);

    // A start that says it whole, and is signed by another key: as if nobody had said it.
    let (mut log, start) = cut("another key", &[0]);
    log.keys = vec![1];
    for report in reports(&resumed(log, start, 0)) {
        let [(_, 4, FindingKind::PowerCut { lines: 2, .. })] = found(&report)[..] else {
            panic!("{:?}", report.findings)
        };
        assert_eq!((report.verdict, report.lines), (Verdict::Incomplete, 3));
    }

    // A start that says nothing of torn bytes.
    let (mut log, _) = cut("silent", &[0]);
    log.file().push(b'\n');
    log.resume(Ended::Crash, None);
    log.close(Ended::Shutdown);
    assert_found(&log);
}

#[test]
fn a_hole_that_nobody_speaks_of_is_a_gap_in_the_log() {
    let mut log = Log::new("silence");
    for actor in ["alice", "bob", "carol", "dave"] {
        log.event(actor);
    }
    log.close(Ended::Shutdown);
    let mut rows = lines(log.file());
    rows[2].fill(0);
    log.files[0] = rows.concat();
    for report in reports(&log) {
        let kinds: Vec<_> = report.findings.iter().map(|finding| &finding.kind).collect();
        let missing = kinds
            .iter()
            .any(|kind| matches!(kind, FindingKind::Missing { .. } | FindingKind::Malformed { .. }));
        assert!(missing && report.verdict == Verdict::Tampered, "{kinds:?}");
    }
}
