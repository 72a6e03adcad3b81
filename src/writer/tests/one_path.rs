//! A log on one path that others rotate, over a file system in memory; the verifier judges.

use std::path::Path;
use std::time::Duration;

use super::meddled::{Live, assert_whole, external, kinds};
use crate::files::memory::Fault;
use crate::files::{Access, FileSystem as _, store};
use crate::verify::Verdict;

/// `audit.log`.
const FIXED: &str = "/var/log/app/audit/audit.log";

#[test]
fn at_the_one_path_an_empty_file_is_taken_and_anything_else_is_gone_round() {
    for found in [None, Some(b"".as_slice()), Some(b"somebody's\n")] {
        let mut live = Live::start(external());
        live.write();
        live.rename(FIXED, "/var/log/app/audit/audit.log.1");
        if let Some(found) = found {
            live.put(FIXED, found);
        }
        live.write();
        live.idle(Duration::from_secs(1));
        live.write();
        let beside = Path::new("/var/log/app/audit/audit.1.log");
        assert_eq!(live.live(), if found == Some(b"somebody's\n") { beside } else { Path::new(FIXED) });
        if found == Some(b"somebody's\n") {
            // Taken away, the log returns.
            live.files.remove(Path::new(FIXED)).unwrap();
            live.idle(Duration::from_secs(1));
            live.idle(Duration::from_secs(1));
            assert_eq!(live.live(), Path::new(FIXED));
        }
        let report = live.end();
        assert_eq!((report.verdict, kinds(&report.findings)), (Verdict::Intact, vec![]));
    }
}

#[test]
fn logrotate_has_a_second_to_make_its_file_and_asking_ends_the_wait() {
    let mut live = Live::start(external());
    live.rename(FIXED, "/var/log/app/audit/audit.log.1");
    live.write();
    assert!(live.files.contents(FIXED).is_none(), "written to the file that was moved");
    live.writer.turn_over().unwrap();
    assert!(live.files.contents(FIXED).is_some());
    let before = live.writer.progress().files;
    live.writer.turn_over().unwrap();
    assert_eq!(live.writer.progress().files, before, "nothing was moved");
    assert_whole(&live.end(), 4 + 2);
}

#[test]
fn a_log_that_was_moved_while_it_was_stopped_goes_on_at_the_one_path() {
    for made in [false, true] {
        for crashed in [false, true] {
            let mut live = Live::start(external());
            live.write();
            if !crashed {
                live.writer.close().unwrap();
            }
            let files = live.files.clone();
            drop(live);
            files.rename(Path::new(FIXED), Path::new("/var/log/app/audit/audit.log.1")).unwrap();
            if made {
                store(&files, Path::new(FIXED), Access::Group, b"").unwrap();
            }
            if crashed {
                files.edit("/var/log/app/audit/audit.log.1", |bytes| bytes.extend_from_slice(b"torn"));
            }
            let mut live = Live::go_on(files, external());
            assert_eq!(live.live(), Path::new(FIXED));
            live.write();
            let report = live.end();
            assert_whole(&report, if crashed { 3 } else { 4 } + 4);
            assert_eq!(report.torn_bytes, if crashed { 4 } else { 0 });
        }
    }
}

#[test]
fn a_log_that_was_copied_and_cut_while_it_was_stopped_lost_nothing() {
    let mut live = Live::start(external());
    live.write();
    live.writer.close().unwrap();
    let files = live.files.clone();
    drop(live);
    let copy = files.contents(FIXED).unwrap();
    store(&files, Path::new("/var/log/app/audit/audit.log.1"), Access::Group, &copy).unwrap();
    files.edit(FIXED, Vec::clear);
    assert_whole(&Live::go_on(files, external()).end(), 4 + 2);
}

#[test]
fn wherever_a_crash_meets_a_file_that_was_moved_the_log_goes_on_in_one_history() {
    for fault in [Fault::Failed, Fault::Persisted, Fault::Short(300), Fault::AllBut(1)] {
        for after in 0.. {
            let mut live = Live::start(external());
            live.write();
            live.rename(FIXED, "/var/log/app/audit/audit.log.1");
            live.files.fail(after, fault, true);
            let survived = live.writer.turn_over().is_ok();
            let files = live.files.clone();
            drop(live);
            files.mend();
            let mut live = Live::go_on(files, external());
            live.write();
            let report = live.end();
            let context = format!("{fault:?} after {after}");
            assert_eq!((report.verdict, kinds(&report.findings)), (Verdict::Intact, vec![]), "{context}");
            if survived {
                break;
            }
        }
    }
}
