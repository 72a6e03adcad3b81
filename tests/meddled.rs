//! An outsider's hand in the log's folder and the key store, while the service runs.
#![cfg(unix)]

#[path = "common/require.rs"]
mod require;
#[path = "common/service.rs"]
mod service;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use service::{Running, Service};
use tracing_audit::verify::Verdict;
use tracing_audit::{Builder, Rotation, WriteError};

fn external(builder: Builder) -> Builder {
    builder.filename_suffix("log").rotation(Rotation::EXTERNAL)
}

fn record(running: &Running, number: u64) {
    running.emit(number);
    running.guard.flush().unwrap();
}

#[track_caller]
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_idle_writer_sees_what_is_done_to_its_file() {
    let service = Service::new();
    let running = service.start(|builder| builder).unwrap();
    fs::rename(service.file("audit.jsonl"), service.file("audit.jsonl.1")).unwrap();
    let next = service.file("audit.1.jsonl");
    wait_until("the log goes on", || running.guard.status().file == next);
    running.guard.shutdown().unwrap();
    assert_eq!(service.verify().verdict, Verdict::Intact);
}

#[test]
fn without_its_key_store_the_log_goes_on_with_the_key_that_it_has_and_says_so() {
    let service = Service::new();
    let running = service.start(|builder| builder.sync_interval(Duration::from_millis(1))).unwrap();
    let away = service.keys().with_extension("away");
    fs::rename(service.keys(), &away).unwrap();
    record(&running, 0);
    assert!(matches!(running.guard.rotate_key(), Err(WriteError::Io { .. })));
    assert!(running.guard.status().last_error.is_some());
    record(&running, 1);
    fs::rename(&away, service.keys()).unwrap();
    wait_until("the store is used again", || running.guard.rotate_key().is_ok());
    record(&running, 2);
    running.guard.shutdown().unwrap();
    assert_eq!(running.guard.status().last_error, None);
    let report = service.verify();
    assert_eq!((report.verdict, report.logs[0].lost), (Verdict::Intact, 0), "{report:?}");
    drop(running);
    service.live(3..4);
    assert_eq!(service.verify().verdict, Verdict::Intact);
}

#[test]
fn in_a_folder_that_takes_no_file_the_log_goes_on_in_the_one_that_it_has() {
    let service = Service::new();
    let running = service.start(|builder| builder).unwrap();
    record(&running, 0);
    let chattr = |flag: &str| {
        Command::new("chattr").arg(flag).arg(service.log()).output().is_ok_and(|done| done.status.success())
    };
    // Root is stopped by no mode bits.
    let mut probe = Command::new("chattr");
    if !require::available("a folder that `chattr +i` makes read-only", probe.arg("+i").arg(service.log())) {
        return;
    }
    let refused = running.guard.rotate();
    running.emit(1);
    let written = running.guard.flush();
    let report = service.verify();
    assert!(chattr("-i"));
    assert!(matches!(&refused, Err(WriteError::Io { doing: "create", .. })), "{refused:?}");
    assert_eq!((written, report.verdict), (Ok(()), Verdict::Intact));
    running.guard.rotate().unwrap();
    record(&running, 2);
    running.guard.shutdown().unwrap();
    let report = service.verify();
    assert_eq!((report.verdict, report.logs[0].lost), (Verdict::Intact, 0));
    assert_eq!(running.guard.status().written, 3);
}

#[test]
fn row_30_what_is_in_the_way_at_the_one_path_is_gone_round_and_never_followed_or_waited_on() {
    let fifo = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let link = |path: &Path| symlink(path.with_file_name("target"), path).unwrap();
    let folder = |path: &Path| fs::create_dir(path).unwrap();
    let file = |path: &Path| fs::write(path, "somebody's\n").unwrap();
    let two_names = |path: &Path| {
        fs::write(path, "").unwrap();
        fs::hard_link(path, path.with_file_name("second")).unwrap();
    };
    let obstacles: [&dyn Fn(&Path); 5] = [&fifo, &link, &folder, &file, &two_names];
    for put in obstacles {
        let service = Service::new();
        let running = service.start(external).unwrap();
        let (path, beside) = (service.file("audit.log"), service.file("audit.1.log"));
        record(&running, 0);
        fs::rename(&path, service.file("audit.log.1")).unwrap();
        put(&path);
        record(&running, 1);
        assert_eq!(running.guard.status().file, beside);
        assert!(!service.file("target").exists());
        if fs::remove_file(&path).is_err() {
            fs::remove_dir(&path).unwrap();
        }
        wait_until("the log returns to its path", || running.guard.status().file == path);
        record(&running, 2);
        running.guard.shutdown().unwrap();
        let report = service.verify();
        assert_eq!((report.verdict, report.logs[0].files), (Verdict::Intact, 3), "{report:?}");
    }
}
