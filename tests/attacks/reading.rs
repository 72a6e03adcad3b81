//! Reading files that come, go and grow meanwhile, and several logs at once.

use std::error::Error as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::time::Duration;

use tracing_audit::trail::{Ended, Hash};
use tracing_audit::verify::{
    ExpectedHead, FindingKind, Options, Report, Verdict, VerifyError, verify_paths, verify_paths_with,
};

use crate::folders::{verify, written};
use crate::log::{Log, pinned};

/// A log of four files, of which the last are removed one by one, each while an earlier one is read.
fn vanishing(times: usize) -> Result<Report, VerifyError> {
    let mut log = Log::new("vanishing");
    (0..3).for_each(|_| log.rotate());
    log.close(Ended::Shutdown);
    let folder = written(&log.files());
    let mut last = [3, 2, 1].into_iter().take(times);
    verify_paths_with(
        &[folder.path()],
        &Options { patience: Duration::ZERO, ..pinned(log.pin()) },
        &mut |now| {
            if now.file.ends_with("audit.0.jsonl")
                && let Some(last) = last.next()
            {
                fs::remove_file(folder.path().join(format!("audit.{last}.jsonl"))).unwrap();
            }
        },
    )
}

#[test]
fn where_a_file_vanishes_meanwhile_all_is_read_again() {
    for times in 0..=3 {
        let report = vanishing(times).unwrap();
        assert_eq!(report.logs[0].files, 4 - times as u64);
        assert_eq!(report.verdict, if times == 0 { Verdict::Intact } else { Verdict::Incomplete });
    }
}

/// A log whose second file is not there, and one that is renamed whenever it is read.
fn renaming(times: usize, altered: bool) -> Result<Report, VerifyError> {
    let mut log = Log::new("renaming");
    (0..3).for_each(|_| log.rotate());
    log.close(Ended::Shutdown);
    let mut files = log.files();
    files.remove(1);
    if altered {
        files[0].1[40] ^= 1;
    }
    let folder = written(&files);
    let mut names = (0..times).map(|number| folder.path().join(format!("{number}")));
    let mut last = folder.path().join("audit.3.jsonl");
    let options = Options { patience: Duration::ZERO, ..pinned(log.pin()) };
    verify_paths_with(&[folder.path()], &options, &mut |now| {
        if now.file.ends_with("audit.0.jsonl")
            && let Some(name) = names.next()
        {
            fs::rename(&last, &name).unwrap();
            last = name;
        }
    })
}

#[test]
fn where_files_are_renamed_all_the_time_nothing_is_called_missing() {
    for times in 0..5 {
        let report = renaming(times, false).unwrap();
        assert_eq!(report.verdict, Verdict::Tampered, "{times}");
        // It is read under the name that it has then.
        assert_eq!(report.logs[0].files, 3);
    }
    let error = renaming(5, false).unwrap_err();
    assert!(error.to_string().contains("faster than they are read"), "{error}");
    // No renaming explains that a line is altered.
    assert_eq!(renaming(5, true).unwrap().verdict, Verdict::Tampered);
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere");
    let error = verify_paths(&[&path], &Options::default()).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: {}", path.display(), error.error));
    assert_eq!(error.source().unwrap().to_string(), error.error.to_string());
}

#[test]
fn what_is_appended_meanwhile_is_not_looked_at() {
    let mut log = Log::new("growing");
    while log.file().len() < 300 << 10 {
        log.event(&"x".repeat(1_000));
    }
    let folder = written(&log.files());
    let path = folder.path().join("audit.0.jsonl");
    let mut told = Vec::new();
    let report = verify_paths_with(&[folder.path()], &pinned(log.pin()), &mut |now| {
        told.push(now.bytes);
        File::options().append(true).open(&path).unwrap().write_all(b"not yet a line\n").unwrap();
    })
    .unwrap();
    assert_eq!((report.verdict, report.logs[0].findings.len()), (Verdict::Intact, 0));
    let length = log.files[0].len() as u64;
    assert_eq!(told, [128 << 10, 256 << 10, length]);
    // Now it is.
    assert_eq!(verify(folder.path(), &pinned(log.pin())).verdict, Verdict::Tampered);
}

#[test]
fn an_expected_head_is_of_one_log() {
    let (one, mut other) = (Log::of_three_files("one"), Log::of_three_files("other"));
    other.file().truncate(100);
    let both = one
        .files()
        .into_iter()
        .chain(other.files().into_iter().map(|(name, bytes)| (format!("other.{name}"), bytes)));
    let folder = written(&both.collect::<Vec<_>>());
    let report = |hash| {
        let expect_head = Some(ExpectedHead { seq: None, hash });
        verify(
            folder.path(),
            &Options { keys: vec![one.pin(), other.pin()], expect_head, ..Options::default() },
        )
    };
    let of = |report: &Report, log: &Log| {
        let report = report.logs.iter().find(|report| report.log == log.pin().id()).unwrap();
        let of_head = |kind: &FindingKind| matches!(kind, FindingKind::HeadNotFound { .. });
        (report.verdict, report.findings.iter().filter(|finding| of_head(&finding.kind)).count())
    };
    let there = report(one.chain.head());
    assert_eq!((of(&there, &one), of(&there, &other)), ((Verdict::Intact, 0), (Verdict::Incomplete, 0)));
    assert_eq!(there.verdict, Verdict::Incomplete);
    let nowhere = report(Hash::ZERO);
    assert_eq!(
        (of(&nowhere, &one), of(&nowhere, &other)),
        ((Verdict::Incomplete, 1), (Verdict::Incomplete, 1))
    );
}
