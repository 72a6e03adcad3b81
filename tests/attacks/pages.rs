//! A power cut keeps pages in any order: whole lines may stand behind some that are gone.

use tracing_audit::trail::{Chain, Control, Ended, Genesis, Previous};
use tracing_audit::verify::{FindingKind, LogReport, NotTorn, NoticeKind, Options, Verdict};

use crate::log::{Log, found, lines, pinned, torn, verify, verify_with_copies};

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

/// What the lines behind the last signed one are found to be.
fn at_the_end(log: &Log) -> Vec<(Verdict, FindingKind)> {
    let of = |report: LogReport| (report.verdict, report.findings[0].kind.clone());
    reports(log).map(of).to_vec()
}

#[test]
fn zeros_at_the_end_are_incomplete_whether_signed_lines_stand_after_them_or_not() {
    // The last line lost its middle, and has its newline.
    let (mut log, start) = cut("zeros, a newline", &[]);
    let rows = lines(&log.file()[start..]);
    log.file().truncate(start + rows[0].len() + rows[1].len());
    let end = log.file().len();
    assert!(end - start > SECTOR);
    log.file()[start..start + SECTOR].fill(0);
    for (verdict, kind) in at_the_end(&log) {
        assert!(matches!(kind, FindingKind::UnsignedEnd { .. } | FindingKind::PowerCut { .. }), "{kind:?}");
        assert_eq!(verdict, Verdict::Incomplete);
    }
    // A piece after them, which the file's end cuts off.
    log.file().extend_from_slice(b"{\"fields\":{\"action\":\"tok");
    for (verdict, _) in at_the_end(&log) {
        assert_eq!(verdict, Verdict::Incomplete);
    }
    // No disk leaves zeros that end within a sector.
    log.file()[start + SECTOR - 1] = b'x';
    assert!(at_the_end(&log).iter().all(|(verdict, _)| *verdict == Verdict::Tampered));
}

#[test]
fn a_log_that_begins_with_a_torn_genesis_explains_a_power_cut_too() {
    // Retention deleted file 0; file 1 begins with the start of a genesis that died.
    let (mut log, _) = cut("torn genesis", &[]);
    log.hand_off();
    let copies = log.copies.clone();
    let previous = log.previous(Ended::Crash);
    log.files.push(b"{\"fields\":{\"epo\n".to_vec());
    log.oldest = 1;
    let genesis = log.a_genesis(Some(previous));
    log.control(&Control::Genesis(Genesis { torn: Some(torn(b"{\"fields\":{\"epo")), ..genesis }));
    let (chain, start) = (log.chain.clone(), log.file().len());
    (0..6).for_each(|_| log.event("unsynced"));
    let (first, last) = (start.next_multiple_of(SECTOR), log.file().len());
    assert!(first + SECTOR < last);
    log.file()[start..first + SECTOR].fill(0);
    let whole = Log { chain, ..log };
    let log = resumed(whole, start, 0);
    for every_signature in [false, true] {
        let options = Options { every_signature, ..pinned(log.pin()) };
        let report = verify_with_copies(&log.files()[1..], Some(&copies), &options);
        assert_eq!((found(&report), report.verdict), (vec![], Verdict::Intact));
        assert!(report.notices.iter().any(|notice| matches!(notice.kind, NoticeKind::GivenUp { .. })));
    }
}

#[test]
fn a_hand_off_that_a_power_cut_left_behind_zeros_is_given_up_for_the_one_that_copies_have() {
    // It was not synced: there is no copy of it. The writer goes on, and hands over again.
    let (mut log, start) = cut("two of one", &[]);
    log.file().truncate(start);
    let mut lost = log.clone();
    lost.event(&"b".repeat(SECTOR));
    lost.hand_off();
    *log.file() = lost.file().clone();
    log.file()[start..start + SECTOR].fill(0);
    let all = torn(&log.file()[start..]);
    log.file().push(b'\n');
    log.resume(Ended::Crash, Some(all));
    log.unsigned("carol");
    log.unsigned("dave");
    log.event("erin");
    log.hand_off();
    log.event("frank");
    log.close(Ended::Shutdown);
    for every_signature in [false, true] {
        let options = Options { every_signature, ..pinned(log.pin()) };
        let report = verify_with_copies(&log.files(), Some(&log.copies), &options);
        assert_eq!((found(&report), report.verdict), (vec![], Verdict::Intact));
        assert_eq!(report.lines, log.chain.next());
    }
}

#[test]
fn pages_that_a_failed_sync_lost_stand_before_as_many_writes_as_there_were() {
    let mut log = Log::new("failed sync");
    log.event("alice");
    let (from, start) = (log.chain.next(), log.file().len());
    (0..9).for_each(|_| log.event("unsynced"));
    let mut previous = log.previous(Ended::Unsynced);
    previous.unsynced_from = Some(from);
    let (first, whole) = (start.next_multiple_of(SECTOR), log.file().clone());
    log.file()[first..first + SECTOR].fill(0);
    log.files.push(Vec::new());
    log.genesis(Some(previous));
    log.close(Ended::Shutdown);
    for report in reports(&log) {
        let [(_, 1, FindingKind::Gone { ended: Ended::Unsynced, .. })] = found(&report)[..] else {
            panic!("{:?}", report.findings)
        };
        assert_eq!(report.verdict, Verdict::Incomplete);
    }
    // A line that was altered is none that a disk lost.
    let altered = String::from_utf8(whole).unwrap().replacen("unsynced", "mallory!", 1);
    log.files[0] = altered.into_bytes();
    assert!(reports(&log).iter().all(|report| report.verdict == Verdict::Tampered));
}

#[test]
fn row_33_signed_lines_that_a_start_took_for_torn_because_of_one_bit_are_found() {
    // A crash; the head is behind; one bit of a line after it was flipped while nobody looked.
    let (mut log, start) = cut("row 33", &[]);
    log.file()[start + 30] ^= 1;
    let same_file = resumed(log.clone(), start, 0);
    for report in [reports(&same_file), reports(&rotated(log, start, b""))].concat() {
        let not_torn = FindingKind::NotTorn { lines: 3, why: NotTorn::NoZeros };
        assert_eq!(found(&report).iter().map(|(_, _, kind)| *kind).collect::<Vec<_>>(), [&not_torn]);
        assert_eq!(report.verdict.exit_code(), 1);
        let said = not_torn.to_string();
        assert!(said.contains("what is broken or missing before them left no zeros"), "{said}");
    }
    // What a power cut leaves is worth a notice.
    let (log, start) = cut("row 33, power", &[0]);
    for report in reports(&resumed(log, start, 0)) {
        assert_eq!((found(&report), report.verdict.exit_code()), (vec![], 0));
        let given_up = |kind: &NoticeKind| matches!(kind, NoticeKind::GivenUp { lines: 2 });
        assert!(report.notices.iter().any(|notice| given_up(&notice.kind)), "{:?}", report.notices);
    }
}
