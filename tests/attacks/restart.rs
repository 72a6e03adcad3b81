//! What a start finds that somebody left, or did, while the service was stopped.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tracing_audit::trail::{Chain, Hash, Line, Timestamp};
use tracing_audit::verify::{FindingKind, NoticeKind, Verdict};
use tracing_audit::{AuditLayer, BuildError, KeyStore, KeyStoreError, OnTruncation, OpenError};

use crate::service::Service;

fn refused(service: &Service) -> OpenError {
    match service.start(|builder| builder).map(|running| running.guard.status()) {
        Err(BuildError::Open(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// That the start refuses, and what it says of the place where the last synced line was.
fn refused_as_truncated(service: &Service) -> &'static str {
    match refused(service) {
        OpenError::Truncated { path, found, .. } if path == service.file("audit.jsonl") => found,
        other => panic!("{other}"),
    }
}

/// The disk as it is now: what a crash leaves of a service that runs, or a backup of one that doesn't.
fn copy(service: &Service) -> Service {
    let copy = Service::new();
    copy_folder(&service.log(), &copy.log());
    copy_folder(&service.keys(), &copy.keys());
    copy
}

/// Permissions too.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn append(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn row_28_a_flipped_bit_in_the_last_lines_is_found_by_the_head_and_never_taken_for_torn() {
    let service = Service::new();
    service.live(0..10);
    let file = service.file("audit.jsonl");
    let whole = fs::read(&file).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for at in [last + 20, whole.len() - 10, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(&file, flipped).unwrap();
        let found = refused_as_truncated(&service);
        assert!(["another line ends there", "no line ends there"].contains(&found), "{found}");
    }
    fs::write(&file, whole).unwrap();
    service.live(10..11);
    assert_eq!(service.verify().verdict, Verdict::Intact);
}

#[test]
fn row_27_unsigned_lines_appended_while_stopped_are_attested_as_torn_and_never_records() {
    let service = Service::new();
    service.live(0..3);
    let file = service.file("audit.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let last = Line::parse(text.lines().last().unwrap().as_bytes()).unwrap();
    let mut chain = Chain::after(last.link.log, last.link.seq + 1, last.hash());
    let mut forged = Vec::new();
    let body = br#"{"fields":{"number":666},"kind":"event","level":"INFO","target":"audit""#;
    chain.unsigned(body, Timestamp::from_nanos(1), &mut forged);
    append(&file, &forged);

    service.live(3..4);
    let report = service.verify();
    assert_eq!(report.verdict, Verdict::Intact, "{report:?}");
    // The genesis, three records, the close; the resume, a record, the close.
    assert_eq!((report.logs[0].lines, report.logs[0].torn_bytes), (8, forged.len() as u64));
    let torn =
        |kind: &NoticeKind| matches!(kind, NoticeKind::Torn(torn) if torn.sha256 == Hash::of_bytes(&forged));
    assert!(report.logs[0].notices.iter().any(|notice| torn(&notice.kind)), "{report:?}");
}

#[test]
fn row_18_an_old_backup_of_the_log_is_refused_or_its_hole_recorded() {
    let service = Service::new();
    service.live(0..3);
    let backup = copy(&service);
    service.live(3..6);
    fs::remove_dir_all(service.log()).unwrap();
    copy_folder(&backup.log(), &service.log());
    assert_eq!(backup.verify().verdict, Verdict::Intact, "the files alone can't tell");
    assert_eq!(refused_as_truncated(&service), "the file is shorter");

    let running = service.start(|builder| builder.on_truncation(OnTruncation::Record)).unwrap();
    running.emit(6);
    running.guard.shutdown().unwrap();
    let report = service.verify();
    assert_eq!(report.verdict, Verdict::Tampered);
    let lost = |kind: &FindingKind| matches!(kind, FindingKind::Lost { from: 5, .. });
    assert!(report.logs[0].findings.iter().any(|finding| lost(&finding.kind)), "{report:?}");
    service.live(7..8);
    assert_eq!(service.verify().logs[0].findings, report.logs[0].findings, "it goes on, and the hole stays");
}

#[test]
fn row_14_a_log_that_is_gone_is_refused() {
    let service = Service::new();
    service.live(0..3);
    fs::remove_file(service.file("audit.jsonl")).unwrap();
    assert_eq!(refused_as_truncated(&service), "the file is not there");
    assert!(!service.file("audit.jsonl").exists(), "nothing starts over");
}

#[test]
fn row_29_a_key_store_put_back_from_before_a_hand_off_is_refused() {
    let service = Service::new();
    service.live(0..3);
    let backup = copy(&service);
    let running = service.start(|builder| builder).unwrap();
    running.guard.rotate_key().unwrap();
    running.guard.shutdown().unwrap();
    drop(running);
    let before = fs::read(service.file("audit.jsonl")).unwrap();
    fs::remove_dir_all(service.keys()).unwrap();
    copy_folder(&backup.keys(), &service.keys());
    let error = refused(&service);
    assert!(matches!(error, OpenError::StoreBehind { has: 0, needs: 1, .. }), "{error}");
    assert_eq!(fs::read(service.file("audit.jsonl")).unwrap(), before);
}

#[test]
fn row_9_a_second_writer_is_refused_and_told_who_the_first_is() {
    let service = Service::new();
    let running = service.start(|builder| builder).unwrap();
    let name = format!("process {} on ", std::process::id());
    let refused = KeyStore::open_or_create(service.keys()).unwrap_err();
    assert!(refused.to_string().contains(&name), "{refused}");
    assert!(matches!(refused, KeyStoreError::Locked { .. }));
    let other_keys = KeyStore::open_or_create(service.keys().with_file_name("other-keys")).unwrap();
    let refused = AuditLayer::builder(service.log(), other_keys).build::<tracing_subscriber::Registry>();
    let refused = refused.err().unwrap();
    assert!(refused.to_string().contains(&name), "{refused}");
    assert!(matches!(refused, BuildError::Open(OpenError::Locked { .. })));
    running.guard.shutdown().unwrap();
    assert_eq!(service.verify().verdict, Verdict::Intact);
}

#[test]
fn row_13_a_folder_that_holds_what_cannot_be_read_or_another_log_is_never_begun_anew() {
    let service = Service::new();
    fs::create_dir(service.log()).unwrap();
    for bytes in [b"\0\0text".as_slice(), b"not a line\n", b"{}\n"] {
        fs::write(service.file("audit.jsonl"), bytes).unwrap();
        let error = refused(&service);
        assert!(
            matches!(&error, OpenError::Unreadable { path } if *path == service.file("audit.jsonl")),
            "{error}"
        );
    }
    let (other, service) = (Service::new(), Service::new());
    other.live(0..1);
    copy_folder(&other.log(), &service.log());
    let error = refused(&service);
    assert!(matches!(error, OpenError::OtherLog { .. }), "{error}");
}

#[test]
fn row_12_whatever_a_crash_leaves_behind_the_last_synced_line_the_log_goes_on() {
    let service = Service::new();
    // No head behind the genesis.
    let running = service.start(|builder| builder.sync_interval(Duration::from_secs(60))).unwrap();
    (0..50).for_each(|number| running.emit(number));
    running.guard.flush().unwrap();
    let length = fs::metadata(service.file("audit.jsonl")).unwrap().len();
    for torn in [b"".as_slice(), b"{\"fields\":{", b"\0\0\0\0\0\0\0\0", b"\n", b"\n\n", b"garbage\n\xff"] {
        let crashed = copy(&service);
        append(&crashed.file("audit.jsonl"), torn);
        crashed.live(50..60);
        let report = crashed.verify();
        assert_eq!(report.verdict, Verdict::Intact, "{torn:?}: {report:?}");
        assert_eq!(report.logs[0].torn_bytes, torn.len() as u64, "{torn:?}");
    }
    // A signed line that lacks only its newline is whole.
    let crashed = copy(&service);
    fs::OpenOptions::new()
        .write(true)
        .open(crashed.file("audit.jsonl"))
        .unwrap()
        .set_len(length - 1)
        .unwrap();
    crashed.live(50..60);
    let log = &crashed.verify().logs[0];
    assert!(log.findings.is_empty(), "{log:?}");
    // Genesis, 50 records, resume, 10 records, close.
    assert_eq!((log.lines, log.torn_bytes), (63, 0));
}
