//! From file to file, on a real disk.
#![cfg(unix)]

#[path = "common/service.rs"]
mod service;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use service::Service;
use tracing_appender::rolling::{RollingFileAppender, Rotation as Theirs};
use tracing_audit::trail::Ended;
use tracing_audit::verify::{FindingKind, NoticeKind, Verdict};

/// The files of the log, by name.
fn names(service: &Service) -> Vec<String> {
    let entries = fs::read_dir(service.log()).unwrap().map(|entry| entry.unwrap());
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    let mut names = names.filter(|name| name.split('.').next_back() == Some("jsonl")).collect::<Vec<_>>();
    names.sort_unstable();
    names
}

#[test]
fn files_are_named_as_tracing_appender_names_them() {
    for rotation in [Theirs::NEVER, Theirs::DAILY, Theirs::HOURLY, Theirs::MINUTELY, Theirs::WEEKLY] {
        // A period may end between the two.
        let same = (0..3).any(|_| {
            let (ours, theirs) = (Service::new(), tempfile::tempdir().unwrap());
            let running = ours.start(|builder| builder.rotation(rotation.clone())).unwrap();
            let appender = RollingFileAppender::builder().rotation(rotation.clone());
            let appender =
                appender.filename_prefix("audit").filename_suffix("jsonl").build(theirs.path()).unwrap();
            drop((running, appender));
            let theirs = fs::read_dir(theirs.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names(&ours) == theirs.collect::<Vec<_>>()
        });
        assert!(same, "{rotation:?}");
    }
}

#[test]
fn rotated_by_hand_the_log_goes_on_in_the_next_file_and_the_link_follows() {
    let service = Service::new();
    let running = service.start(|builder| builder.latest_symlink("audit.current")).unwrap();
    for number in 0..3 {
        running.emit(number);
        running.guard.rotate().unwrap();
        running.guard.rotate_key().unwrap();
        let file = format!("audit.{}.jsonl", number + 1);
        assert_eq!(running.guard.status().file, service.file(&file));
        assert_eq!(fs::read_link(service.file("audit.current")).unwrap().to_str(), Some(file.as_str()));
    }
    running.guard.shutdown().unwrap();
    drop(running);
    service.live(3..4);
    assert_eq!(names(&service), ["audit.1.jsonl", "audit.2.jsonl", "audit.3.jsonl", "audit.jsonl"]);
    let report = service.verify();
    let log = &report.logs[0];
    assert_eq!(
        (report.verdict, log.files, log.keys, log.closed),
        (Verdict::Intact, 4, 4, Some(Ended::Shutdown))
    );
}

#[test]
fn row_22_retention_deletes_the_oldest_files_of_this_log_and_nothing_else() {
    let (service, other) = (Service::new(), Service::new());
    other.live(0..3);
    fs::create_dir(service.log()).unwrap();
    let running = service.start(|builder| builder.max_log_files(3)).unwrap();
    let foreign =
        ["audit.2020-01-01.jsonl", "audit.77.jsonl", "audit.88.jsonl", "audit-app.jsonl", "app.log"];
    fs::write(service.file(foreign[0]), "not a line\n").unwrap();
    fs::copy(other.file("audit.jsonl"), service.file(foreign[1])).unwrap();
    fs::write(service.file(foreign[2]), "").unwrap();
    fs::write(service.file(foreign[3]), "{}\n").unwrap();
    fs::write(service.file(foreign[4]), "text\n").unwrap();
    for number in 0..6 {
        running.emit(number);
        if number == 2 {
            running.guard.rotate_key().unwrap();
        }
        running.guard.rotate().unwrap();
    }
    running.guard.shutdown().unwrap();
    for name in foreign {
        assert!(service.file(name).exists(), "{name} is not ours to delete");
        fs::remove_file(service.file(name)).unwrap();
    }
    assert_eq!(names(&service), ["audit.4.jsonl", "audit.5.jsonl", "audit.6.jsonl"]);
    let report = service.verify();
    assert_eq!(report.verdict, Verdict::Intact, "{report:?}");
    let pruned = |kind: &NoticeKind| matches!(kind, NoticeKind::Pruned { file: 4, oldest: 4 });
    assert!(report.logs[0].notices.iter().any(|notice| pruned(&notice.kind)), "{report:?}");

    fs::remove_file(service.file("audit.4.jsonl")).unwrap();
    assert_eq!(service.verify().verdict, Verdict::Incomplete, "more than retention deleted");
    fs::remove_file(service.file("audit.keys")).unwrap();
    assert_ne!(service.verify().verdict, Verdict::Intact, "without the copies of the hand-offs");
}

#[test]
fn row_30_what_lies_ready_at_the_next_name_is_never_followed_or_waited_on() {
    let service = Service::new();
    let running = service.start(|builder| builder).unwrap();
    let target = service.keys().join("target");
    fs::write(&target, "").unwrap();
    symlink(&target, service.file("audit.1.jsonl")).unwrap();
    symlink(service.keys().join("nowhere"), service.file("audit.2.jsonl")).unwrap();
    assert!(Command::new("mkfifo").arg(service.file("audit.3.jsonl")).status().unwrap().success());
    fs::create_dir(service.file("audit.4.jsonl")).unwrap();
    running.emit(1);
    running.guard.rotate().unwrap();
    assert_eq!(running.guard.status().file, service.file("audit.5.jsonl"));
    running.emit(2);
    running.guard.shutdown().unwrap();
    drop(running);
    service.live(3..4);
    assert_eq!(fs::read(&target).unwrap(), b"");
    assert!(!service.keys().join("nowhere").exists());
    for number in 1..=3 {
        fs::remove_file(service.file(&format!("audit.{number}.jsonl"))).unwrap();
    }
    fs::remove_dir(service.file("audit.4.jsonl")).unwrap();
    assert_eq!(service.verify().verdict, Verdict::Intact);
}

#[test]
fn row_30_the_order_of_files_is_by_their_genesis_whatever_they_are_called() {
    let service = Service::new();
    let running = service.start(|builder| builder).unwrap();
    running.emit(1);
    running.guard.rotate().unwrap();
    running.guard.shutdown().unwrap();
    fs::rename(service.file("audit.jsonl"), service.file("audit.2099-01-01.jsonl")).unwrap();
    let report = service.verify();
    assert_eq!(report.verdict, Verdict::Intact);
    let missing = |kind: &FindingKind| matches!(kind, FindingKind::FilesMissing { .. });
    assert!(!report.logs[0].findings.iter().any(|finding| missing(&finding.kind)));
    drop(running);
    service.live(2..3);
    assert_eq!((service.verify().verdict, service.verify().logs[0].files), (Verdict::Intact, 2));
}
