//! Somebody else's hand in the live file while it is written, over a file system in memory; the verifier judges.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::hand_over::Reason;
use super::super::{LogOptions, Writer};
use super::{LOG, options, record};
use crate::clock::ManualClock;
use crate::files::memory::{Fault, MemoryFiles};
use crate::files::{Access, FileSystem as _, store};
use crate::keys::Store;
use crate::rotation::{Names, Rotation};
use crate::trail::Ended;
use crate::verify::{Finding, FindingKind, LogReport, NoticeKind, Options, Verdict, verify_paths};

const KEYS: &str = "/var/lib/app/audit-keys";

/// `audit.log`, rotated by others.
pub(super) fn external() -> LogOptions {
    let names = Names { prefix: "audit".into(), suffix: "log".into() };
    LogOptions { names, rotation: Rotation::EXTERNAL, ..options() }
}

pub(super) struct Live {
    pub(super) files: MemoryFiles,
    clock: ManualClock,
    pub(super) writer: Writer<MemoryFiles, ManualClock>,
    next: u64,
}

impl Live {
    pub(super) fn start(options: LogOptions) -> Live {
        Live::go_on(MemoryFiles::default(), options)
    }

    pub(super) fn go_on(files: MemoryFiles, options: LogOptions) -> Live {
        let clock = ManualClock::default();
        let keys = Store::open_or_create(&files, Path::new(KEYS)).unwrap();
        let writer = Writer::open(&files, clock.clone(), keys, options).unwrap();
        Live { files, clock, writer, next: 0 }
    }

    /// A batch of two records: a look, a write, a look.
    pub(super) fn write(&mut self) {
        self.writer.turn_over_if_due().unwrap();
        self.compose();
        self.writer.seal().1.unwrap();
    }

    fn compose(&mut self) {
        self.writer.append(record(self.next));
        self.writer.append(record(self.next + 1));
        self.next += 2;
    }

    /// What the writer's thread does when there is nothing to do.
    pub(super) fn idle(&mut self, time: Duration) {
        self.clock.advance(time);
        assert!(self.writer.due().unwrap() <= Duration::from_secs(3600));
        self.writer.maintain().unwrap();
    }

    pub(super) fn put(&self, path: &str, bytes: &[u8]) {
        store(&self.files, Path::new(path), Access::Group, bytes).unwrap();
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        self.files.rename(Path::new(from), Path::new(to)).unwrap();
    }

    pub(super) fn live(&self) -> PathBuf {
        self.writer.path()
    }

    pub(super) fn end(mut self) -> LogReport {
        self.writer.close().unwrap();
        drop(self.writer);
        report(&self.files)
    }
}

fn report(files: &MemoryFiles) -> LogReport {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files.all() {
        if path.starts_with(options().folder) {
            std::fs::write(folder.path().join(path.file_name().unwrap()), bytes).unwrap();
        }
    }
    let keys = Store::open_or_create(files, Path::new(KEYS)).unwrap();
    let options = Options { keys: vec![keys.pin()], patience: Duration::ZERO, ..Options::default() };
    let mut report = verify_paths(&[folder.path()], &options).unwrap();
    assert_eq!(report.logs.len(), 1, "{report:?}");
    report.logs.remove(0)
}

pub(super) fn kinds(findings: &[Finding]) -> Vec<&FindingKind> {
    findings.iter().map(|finding| &finding.kind).collect()
}

fn meddled(report: &LogReport) -> Vec<Ended> {
    let kinds = report.notices.iter().map(|notice| &notice.kind);
    kinds
        .filter_map(|kind| if let NoticeKind::Meddled { ended } = kind { Some(*ended) } else { None })
        .collect()
}

#[track_caller]
pub(super) fn assert_whole(report: &LogReport, lines: u64) {
    assert_eq!((report.verdict, kinds(&report.findings), report.lines), (Verdict::Intact, vec![], lines));
}

const MOVED: &str = "/var/log/app/audit/audit.jsonl.1";

#[test]
fn a_renamed_file_is_closed_where_it_is_and_nothing_is_missing() {
    for other in [false, true] {
        let mut live = Live::start(options());
        live.write();
        live.rename(LOG, MOVED);
        if other {
            live.put(LOG, b"");
        }
        live.write();
        assert_eq!(live.live(), Path::new("/var/log/app/audit/audit.1.jsonl"));
        live.write();
        // Genesis, two records, close; genesis, four records, close.
        let report = live.end();
        assert_whole(&report, 4 + 6);
        assert_eq!(meddled(&report), []);
    }
}

#[test]
fn what_is_done_to_an_idle_log_is_seen_within_a_second() {
    let mut live = Live::start(options());
    live.write();
    live.idle(Duration::from_millis(999));
    live.rename(LOG, MOVED);
    live.idle(Duration::from_secs(1));
    assert_eq!(live.live(), Path::new("/var/log/app/audit/audit.1.jsonl"));
    assert_whole(&live.end(), 4 + 2);
}

#[test]
fn a_deleted_file_is_missing_with_its_range_and_cause() {
    // The first file, and a later one that had a hand-off.
    for begun in [0, 1] {
        let mut live = Live::start(options());
        for _ in 0..begun {
            live.write();
            live.writer.turn_over().unwrap();
        }
        let from = live.writer.chain.next() - 1;
        live.write();
        live.writer.hand_over(Reason::Requested).unwrap();
        live.write();
        let to = live.writer.chain.next() - 1;
        live.files.remove(&live.live()).unwrap();
        live.write();
        let report = live.end();
        let from = if begun == 0 { 0 } else { from };
        assert_eq!(kinds(&report.findings), [&FindingKind::Gone { from, to, ended: Ended::Removed }]);
        assert_eq!(report.verdict, Verdict::Incomplete);
    }
}

#[test]
fn a_replaced_file_is_missing_as_far_as_what_replaced_it_does_not_have_it() {
    let mut live = Live::start(options());
    live.write();
    let whole = live.files.contents(LOG).unwrap();
    live.put(LOG, &whole);
    live.write();
    let report = live.end();
    assert_whole(&report, 3 + 4);
    assert_eq!(meddled(&report), [Ended::Replaced]);

    let mut live = Live::start(options());
    live.write();
    live.put(LOG, b"something else\n");
    live.write();
    let report = live.end();
    assert_eq!(kinds(&report.findings), [&FindingKind::Gone { from: 0, to: 2, ended: Ended::Replaced }]);
    assert_eq!((report.first_seq, report.verdict), (Some(3), Verdict::Incomplete));
}

#[test]
fn a_file_that_was_cut_lacks_exactly_the_lines_behind_the_cut() {
    for options in [options(), external()] {
        let mut live = Live::start(options);
        live.write();
        let kept = live.files.contents(live.live()).unwrap().len();
        live.write();
        let path = live.live();
        live.files.edit(&path, |bytes| bytes.truncate(kept));
        live.write();
        let report = live.end();
        assert_eq!(kinds(&report.findings), [&FindingKind::Gone { from: 3, to: 4, ended: Ended::Truncated }]);
        assert_eq!(report.verdict, Verdict::Incomplete);
    }
}

#[test]
fn a_batch_that_was_written_behind_the_cut_is_there_and_no_second_one() {
    for options in [options(), external()] {
        for kept in [0, 700] {
            let mut live = Live::start(options.clone());
            let path = live.live();
            let copy = path.with_extension("copy");
            live.write();
            live.write();
            live.put(copy.to_str().unwrap(), &live.files.contents(&path).unwrap());
            live.write();
            // Lines 5 and 6 are in neither; 7 and 8 behind the cut.
            live.writer.turn_over_if_due().unwrap();
            live.compose();
            live.files.edit(&path, |bytes| bytes.truncate(kept));
            live.writer.seal().1.unwrap();
            live.write();
            if kept > 0 {
                live.files.remove(&copy).unwrap();
            }
            let report = live.end();
            // Cut within line 1, whose start takes line 7 with it.
            let (from, to) = if kept == 0 { (5, 6) } else { (1, 7) };
            let gone = FindingKind::Gone { from, to, ended: Ended::Truncated };
            assert_eq!(kinds(&report.findings), [&gone]);
            assert_eq!(report.verdict, Verdict::Incomplete);
        }
    }
}

#[test]
fn bytes_that_somebody_adds_are_attested_as_torn_before_the_log_goes_on() {
    for options in [options(), external()] {
        for added in [b"x".as_slice(), b"x\n", b"\n", b"{\"fields\":{}}\nmore", &[0; 5000]] {
            for moved in [false, true] {
                let mut live = Live::start(options.clone());
                live.write();
                let path = live.live();
                live.files.edit(&path, |bytes| bytes.extend_from_slice(added));
                if moved {
                    live.rename(path.to_str().unwrap(), MOVED);
                }
                live.write();
                let report = live.end();
                assert_whole(&report, 3 + 4);
                assert_eq!(report.torn_bytes, added.len() as u64);
            }
        }
    }
}

#[test]
fn bytes_added_right_before_a_write_are_named_and_the_lines_behind_them_are_proved() {
    let mut live = Live::start(options());
    live.write();
    live.writer.turn_over_if_due().unwrap();
    live.compose();
    live.files.edit(LOG, |bytes| bytes.extend_from_slice(b"somebody\n"));
    live.writer.seal().1.unwrap();
    live.write();
    assert_eq!(live.live(), Path::new("/var/log/app/audit/audit.1.jsonl"));
    let report = live.end();
    let [Finding { at: Some(at), kind: FindingKind::Malformed(_), .. }] = &report.findings[..] else {
        panic!("{:?}", report.findings)
    };
    assert_eq!((at.line, report.verdict, report.lines), (4, Verdict::Tampered, 5 + 4));
}

#[test]
fn the_end_is_written_anew_where_the_file_that_had_it_is_gone() {
    let mut live = Live::start(options());
    live.write();
    live.files.remove(Path::new(LOG)).unwrap();
    let report = live.end();
    assert_eq!(kinds(&report.findings), [&FindingKind::Gone { from: 0, to: 2, ended: Ended::Removed }]);
    assert_eq!(report.closed, Some(Ended::Shutdown));
}

#[test]
fn a_look_never_gets_in_the_way_of_what_a_failing_disk_left_over() {
    let mut live = Live::start(options());
    live.write();
    live.compose();
    live.files.fail(0, Fault::Short(100), true);
    live.writer.seal().1.unwrap_err();
    live.files.mend();
    live.rename(LOG, MOVED);
    live.files.fail(0, Fault::Failed, true);
    live.writer.turn_over_if_due().unwrap();
    live.writer.seal().1.unwrap_err();
    live.files.mend();
    live.writer.seal().1.unwrap();
    live.write();
    assert_whole(&live.end(), 6 + 4);
}
