//! Folders: what lies in them, and what happens in them meanwhile.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tracing_audit::trail::{Ended, Line};
use tracing_audit::verify::{
    FindingKind, LISTED, NoticeKind, Options, Report, Rewrite, Verdict, find_logs, verify_paths,
};

use crate::log::{File, Log, lines, pinned};

/// A folder with these files.
pub(crate) fn written(files: &[File]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

pub(crate) fn verify(path: &Path, options: &Options) -> Report {
    verify_paths(&[path], &Options { patience: Duration::ZERO, ..options.clone() }).unwrap()
}

fn kinds(report: &Report) -> Vec<&FindingKind> {
    let all = report.logs.iter().flat_map(|log| &log.findings).chain(&report.findings);
    all.map(|finding| &finding.kind).collect()
}

#[test]
fn row_4_an_empty_folder_is_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new("nobody");
    let report = verify(folder.path(), &pinned(log.pin()));
    assert_eq!(kinds(&report), [&FindingKind::Nothing, &FindingKind::LogMissing { log: log.pin().id() }]);
    assert_eq!(report.verdict.exit_code(), 3);
}

#[test]
fn row_8_a_bom_before_the_only_line_is_found() {
    let mut log = Log::new("bom");
    log.file().splice(..0, "\u{feff}".bytes());
    let report = verify(written(&log.files()).path(), &pinned(log.pin()));
    let [FindingKind::Rewritten { how, besides: false, .. }] = kinds(&report)[..] else {
        panic!("{:?}", kinds(&report))
    };
    assert_eq!((&how[..], report.verdict.exit_code()), (&[Rewrite::ByteOrderMark][..], 1));
    assert_eq!(report.logs[0].proved.lines, 0);
}

#[test]
fn row_20_a_file_of_another_log_in_the_place_of_one_is_found() {
    let (log, other) = (Log::of_three_files("row 20"), Log::of_three_files("other"));
    let mut files = log.files();
    files[1].1 = other.files[1].clone();
    let report = verify(written(&files).path(), &pinned(log.pin()));
    assert_eq!(report.logs.len(), 2);
    let of = |id| report.logs.iter().find(|log| log.log == id).unwrap();
    assert!(
        of(log.pin().id())
            .findings
            .iter()
            .any(|finding| { finding.kind == FindingKind::FilesMissing { from: 1, to: 1 } })
    );
    let not_pinned = FindingKind::NotPinned { log: other.pin().id(), pinned: vec![log.pin().id()] };
    assert!(of(other.pin().id()).findings.iter().any(|finding| finding.kind == not_pinned));
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn row_20_a_copy_of_a_file_under_the_name_of_a_later_one_is_found() {
    let log = Log::of_three_files("row 20 copy");
    let mut files = log.files();
    files[2].1 = files[1].1.clone();
    let folder = written(&files);
    let report = verify(folder.path(), &pinned(log.pin()));
    assert_eq!(
        (kinds(&report), report.verdict.exit_code()),
        (vec![&FindingKind::NextFileMissing { file: 2 }], 3)
    );
}

#[test]
fn of_copies_one_is_read_and_of_others_of_one_number_nobody_knows_which_is_the_log() {
    let log = Log::of_three_files("copies");
    let mut files = log.files();
    let whole = files[1].1.clone();
    files.push(("copy of audit.1".into(), whole.clone()));
    files.push(("audit.1.copied so far".into(), whole[..whole.len() / 2].to_vec()));
    files.push(("barely begun".into(), whole[..whole.len() / 9].to_vec()));
    let folder = written(&files);
    let report = verify(folder.path(), &pinned(log.pin()));
    assert_eq!((kinds(&report), report.logs[0].files), (vec![], 3));
    let doubles = report.notices.iter().filter(|notice| matches!(notice.kind, NoticeKind::Double { .. }));
    assert_eq!((doubles.count(), report.verdict), (2, Verdict::Intact), "{:?}", report.notices);

    // Parts that lack the beginning, too: `tail`, `split`.
    let parts = tempfile::tempdir().unwrap();
    for (at, from) in (0..whole.len()).step_by(700).enumerate().skip(1) {
        let to = whole.len().min(from + [500, 900, whole.len()][at % 3]);
        fs::write(parts.path().join(format!("part {at}")), &whole[from..to]).unwrap();
    }
    let both = verify_paths(&[folder.path(), parts.path()], &pinned(log.pin())).unwrap();
    assert_eq!((kinds(&both), both.logs[0].files, both.verdict), (vec![], 3, Verdict::Intact));

    // The same folder by another spelling, a second name of a file, and links are the same files.
    fs::hard_link(folder.path().join("audit.1.jsonl"), folder.path().join("hard link")).unwrap();
    let spellings = [folder.path().to_owned(), folder.path().join("."), folder.path().join("audit.1.jsonl")];
    let report = verify_paths(&spellings, &pinned(log.pin())).unwrap();
    assert_eq!((kinds(&report), report.logs[0].files, report.verdict), (vec![], 3, Verdict::Intact));

    let mut other = whole;
    let at = other.windows(4).position(|window| window == b"dave").unwrap();
    other[at] ^= 1;
    fs::write(folder.path().join("other"), other).unwrap();
    let report = verify(folder.path(), &pinned(log.pin()));
    assert!(matches!(kinds(&report)[..], [FindingKind::FileTwice { number: 1, .. }]), "{:?}", kinds(&report));
    assert_eq!(report.verdict.exit_code(), 1);
}

#[test]
fn names_say_nothing_and_several_logs_are_told_apart() {
    let (log, other) = (Log::of_three_files("one"), Log::of_three_files("two"));
    let mut files = Vec::new();
    for (at, (_, bytes)) in log.files().into_iter().chain(other.files()).enumerate() {
        files.push((format!("{}.jsonl", 9 - at), bytes));
    }
    files.push(("notes.txt".into(), b"an ordinary file\n".to_vec()));
    let keys = vec![log.pin(), other.pin()];
    let folder = written(&files);
    let report = verify(folder.path(), &Options { keys, ..Options::default() });
    assert_eq!((kinds(&report), report.verdict, report.logs.len()), (vec![], Verdict::Intact, 2));
    let notes = folder.path().join("notes.txt").display().to_string();
    assert_eq!(report.notices[0].kind, NoticeKind::NotALog { file: notes });

    // The worst counts.
    fs::remove_file(folder.path().join("4.jsonl")).unwrap();
    let keys = vec![log.pin(), other.pin()];
    let report = verify(folder.path(), &Options { keys, ..Options::default() });
    assert_eq!(report.verdict, Verdict::Incomplete);
}

#[test]
fn a_damaged_genesis_does_not_hide_its_file() {
    let log = Log::of_three_files("hidden");
    for file in 0..3 {
        let genesis = lines(&log.files[file])[0].len();
        for at in (0..genesis).step_by(7) {
            let mut files = log.files();
            files[file].1[at] ^= 1;
            let mut options = pinned(log.pin());
            options.patience = Duration::ZERO;
            let report = verify(written(&files).path(), &options);
            let named: Vec<_> =
                report.logs[0].findings.iter().filter_map(|finding| finding.at.as_ref()).collect();
            let [place] = named[..] else { panic!("file {file}, byte {at}: {:?}", kinds(&report)) };
            assert!(
                place.line == 1 && place.file.ends_with(&files[file].0),
                "file {file}, byte {at}: {place}"
            );
            assert_eq!(report.verdict.exit_code(), 1);
        }
    }
}

#[cfg(unix)]
#[test]
fn row_30_links_are_the_files_that_they_lead_to_and_pipes_in_a_folder_are_not_waited_for() {
    let log = Log::of_three_files("row 30");
    let elsewhere = written(&log.files());
    let folder = tempfile::tempdir().unwrap();
    for file in ["audit.0.jsonl", "audit.1.jsonl", "audit.2.jsonl"] {
        std::os::unix::fs::symlink(elsewhere.path().join(file), folder.path().join(file)).unwrap();
    }
    let pipe = folder.path().join("pipe.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    std::os::unix::fs::symlink(elsewhere.path().join("nowhere"), folder.path().join("astray")).unwrap();
    std::os::unix::fs::symlink("circle", folder.path().join("circle")).unwrap();
    let report = verify(folder.path(), &pinned(log.pin()));
    assert_eq!((report.logs[0].files, report.verdict), (3, Verdict::Intact));
    let links = report.notices.iter().filter(|notice| matches!(notice.kind, NoticeKind::Link { .. }));
    assert_eq!(links.count(), 2);
    let special = NoticeKind::Special { file: pipe.display().to_string() };
    assert!(report.notices.iter().any(|notice| notice.kind == special));
    // A link to a folder is that folder.
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    assert_eq!(verify(&link, &pinned(log.pin())).verdict, Verdict::Intact);
}

#[test]
fn row_16_a_log_verifies_while_it_is_written_and_rotated() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::new("row 16");
    let pin = log.pin();
    fs::write(folder.path().join("audit.0.jsonl"), log.file()).unwrap();
    let path = folder.path().to_owned();
    let writer = std::thread::spawn(move || {
        let mut file = fs::OpenOptions::new().append(true).open(path.join("audit.0.jsonl")).unwrap();
        for round in 1..=40 {
            log.file().clear();
            log.unsigned("alice");
            log.event("bob");
            // In two writes, so that a reader may come between them.
            let (start, end) = log.file().split_at(300);
            file.write_all(start).unwrap();
            std::thread::sleep(Duration::from_millis(2));
            file.write_all(end).unwrap();
            if round % 10 == 0 {
                log.file().clear();
                log.close(Ended::Rotated);
                file.write_all(log.file()).unwrap();
                std::thread::sleep(Duration::from_millis(20));
                let bytes = file.metadata().unwrap().len();
                let previous = tracing_audit::trail::Previous { bytes, ..log.previous(Ended::Rotated) };
                log.files.push(Vec::new());
                log.genesis(Some(previous));
                let name = path.join(format!("audit.{}.jsonl", log.files.len() - 1));
                file = fs::File::create_new(name).unwrap();
                file.write_all(log.file()).unwrap();
            }
        }
    });
    let mut verified = 0;
    while !writer.is_finished() {
        let report = verify_paths(&[folder.path()], &pinned(pin)).unwrap();
        assert_eq!((kinds(&report), report.verdict), (vec![], Verdict::Intact));
        verified += 1;
    }
    writer.join().unwrap();
    assert!(verified > 3, "{verified}");
    let report = verify(folder.path(), &pinned(pin));
    assert_eq!((report.verdict, report.logs[0].lines, report.logs[0].files), (Verdict::Intact, 89, 5));
}

#[test]
fn what_begins_far_into_a_file_is_found_and_what_is_empty_says_nothing() {
    let log = Log::of_three_files("opening");
    let mut files = log.files();
    // Torn bytes before the genesis: more than is looked at first.
    for before in [0, 10_000, 100_000, 900_000] {
        files[1].1 = [&vec![b'?'; before][..], b"\n", &log.files[1]].concat();
        let report = verify(written(&files).path(), &pinned(log.pin()));
        assert_eq!((report.logs.len(), report.logs[0].files), (1, 3), "{before}");
        assert!(report.notices.iter().all(|notice| !matches!(notice.kind, NoticeKind::NotALog { .. })));
    }
    let mut files = log.files();
    files.push(("audit.3.jsonl".into(), Vec::new()));
    files.push(("notes.txt".into(), b"hello\n".to_vec()));
    files.push(("notes.keys".into(), b"hello\n".to_vec()));
    let folder = written(&files);
    fs::create_dir(folder.path().join("within")).unwrap();
    fs::write(folder.path().join("within/audit.9.jsonl"), &files[0].1).unwrap();
    let report = verify(folder.path(), &pinned(log.pin()));
    assert_eq!((report.verdict, report.logs[0].files), (Verdict::Intact, 3));
    let notices: Vec<_> = report.notices.iter().map(|notice| notice.kind.clone()).collect();
    let not_a_log = |name| NoticeKind::NotALog { file: folder.path().join(name).display().to_string() };
    assert_eq!(notices, [not_a_log("notes.keys"), not_a_log("notes.txt")]);
}

#[test]
fn copies_alone_say_that_there_was_a_log() {
    let log = Log::of_three_files("copies alone");
    let folder = written(&[("audit.keys".into(), log.copies.clone())]);
    let report = verify(folder.path(), &pinned(log.pin()));
    assert_eq!((report.logs.len(), report.verdict), (1, Verdict::Incomplete));
    assert!(kinds(&report).contains(&&FindingKind::Nothing), "{:?}", kinds(&report));
    // Each of several logs that share them has them.
    let other = Log::of_three_files("other copies");
    let mut files = log.files();
    files.extend(other.files().into_iter().map(|(name, bytes)| (format!("other.{name}"), bytes)));
    files.push(("audit.keys".into(), [&log.copies[..], &other.copies].concat()));
    let options = Options { keys: vec![log.pin(), other.pin()], ..Options::default() };
    // Without the files in which they stand, only the copies lead to the second keys.
    files.retain(|(name, _)| !name.contains(".0.") && !name.contains(".1."));
    let report = verify(written(&files).path(), &options);
    assert_eq!(report.logs.len(), 2);
    let kinds = kinds(&report);
    assert!(kinds.iter().all(|kind| !matches!(kind, FindingKind::KeyNotProved { .. })), "{kinds:?}");
}

#[test]
fn copies_of_which_no_line_can_be_read_are_copies_still() {
    let log = Log::of_three_files("damaged copies");
    let mut files = log.files();
    let damaged = String::from_utf8(log.copies.clone()).unwrap().replace("\"fields\":", "\"fields\";");
    files.push(("audit.keys".into(), damaged.into_bytes()));
    let report = verify(written(&files).path(), &pinned(log.pin()));
    assert_eq!((report.logs[0].files, report.logs[0].lines), (3, 14));
    let places = report.logs[0].findings.iter().filter_map(|finding| finding.at.as_ref());
    assert!(places.clone().count() == 2 && places.clone().all(|at| at.file.ends_with("audit.keys")));
}

#[cfg(unix)]
#[test]
fn what_a_writer_leaves_beside_its_files_is_not_strange() {
    let log = Log::of_three_files("beside");
    let mut files = log.files();
    files.push(("audit.keys".into(), log.copies.clone()));
    files.push(("audit.lock".into(), b"payments (process 4711 on db1)\n".to_vec()));
    let folder = written(&files);
    std::os::unix::fs::symlink("audit.2.jsonl", folder.path().join("audit.current")).unwrap();
    let report = verify(folder.path(), &pinned(log.pin()));
    assert_eq!((report.verdict, &report.notices[..]), (Verdict::Intact, &[][..]));
}

#[test]
fn a_genesis_that_nobody_signed_does_not_say_where_its_file_belongs() {
    let log = Log::of_three_files("unsigned number");
    let mut files = log.files();
    let text = String::from_utf8(files[1].1.clone()).unwrap();
    assert_eq!(text.matches("\"file\":1,").count(), 1);
    files[1].1 = text.replace("\"file\":1,", "\"file\":9,").into_bytes();
    let report = verify(written(&files).path(), &pinned(log.pin()));
    let places = report.logs[0].findings.iter().filter_map(|finding| finding.at.as_ref());
    assert!(places.clone().count() > 0 && places.clone().all(|at| at.file.ends_with("audit.1.jsonl")));
    assert_eq!((report.logs[0].lines, report.verdict), (13, Verdict::Tampered));
}

#[test]
fn of_what_lies_about_so_much_is_listed_and_the_rest_counted() {
    let mut files = Log::of_three_files("listed").files();
    let damaged = b"{\"fields\":{},\"kind\":\"event\",\"level\":\"INFO\",\"trail\":{\"log\":\"\n";
    for number in 0..LISTED + 2 {
        files.push((format!("note {number}"), b"hello\n".to_vec()));
        files.push((format!("damaged {number}"), damaged.to_vec()));
    }
    let found = find_logs(&[written(&files).path()]);
    assert_eq!((found.findings.len(), found.more_findings), (LISTED, 2));
    assert_eq!((found.notices.len(), found.more_notices), (LISTED, 2));
}

/// Seven files and two keys; the last genesis keeps all from file 4 on.
fn given_up() -> Log {
    let mut log = Log::full("given up");
    for file in 1..=6 {
        log.event("alice");
        log.unsigned("bob");
        log.event("carol");
        if file == 2 {
            log.hand_off();
        }
        log.oldest = if file > 3 { file - 2 } else { 0 };
        log.rotate();
    }
    log.close(Ended::Shutdown);
    log
}

/// Verifies these files of it, with all copies.
fn verify_given_up(log: &Log, files: &[File]) -> Report {
    let folder = written(files);
    fs::write(folder.path().join("audit.keys"), &log.copies).unwrap();
    verify(folder.path(), &pinned(log.pin()))
}

#[test]
fn what_stands_before_a_genesis_is_found_though_retention_gave_up_the_file_before() {
    let log = given_up();
    let all = log.files();
    let row = &lines(&all[1].1)[2];
    for (file, before) in (1..7).flat_map(|file| [(file, &row[..]), (file, b"{}\n"), (file, b"x\n\n")]) {
        for kept in [all[file - 1].1.len(), 900, 0] {
            let mut files = all.clone();
            files[file].1 = [before, &all[file].1].concat();
            files[file - 1].1.truncate(kept);
            let report = verify_given_up(&log, &files);
            let (verdict, findings) = (report.verdict, &report.logs[0].findings);
            assert_eq!(verdict, Verdict::Tampered, "{file}, {kept} bytes before: {findings:?}");
        }
    }
}

#[test]
fn of_files_that_retention_gave_up_each_may_be_there_or_not_or_in_part() {
    let log = given_up();
    let all = log.files();
    let verified = |files: &[File]| verify_given_up(&log, files);
    assert_eq!(verified(&all).verdict, Verdict::Intact);
    for file in 0..7 {
        let is_given_up = file < 4;
        let mut files = all.clone();
        files.remove(file);
        let report = verified(&files);
        assert_eq!(report.verdict == Verdict::Intact, is_given_up, "{file}: {:?}", report.logs[0].findings);
        let length: usize = all[file].1.len();
        for kept in (1_usize..=length).step_by(199).chain([length]) {
            let mut files = all.clone();
            files[file].1.truncate(kept);
            let report = verified(&files);
            let findings = &report.logs[0].findings;
            let may_be = is_given_up || kept == length;
            assert_eq!(report.verdict == Verdict::Intact, may_be, "{file} to {kept}: {findings:?}");
            // Of what a signature proves nothing may be altered.
            let is_signed = |line: &[u8]| {
                Line::parse(line.trim_ascii_end()).is_ok_and(|line| line.link.signature.is_some())
            };
            let rows = lines(&files[file].1);
            let proved =
                rows.iter().rposition(|row| is_signed(row)).map_or(0, |last| rows[..=last].concat().len());
            for at in (0..proved.saturating_sub(2)).step_by(311) {
                files[file].1[at] ^= 1;
                let report = verified(&files);
                assert_eq!(report.verdict, Verdict::Tampered, "{file} to {kept}, {at} altered");
                files[file].1[at] ^= 1;
            }
            // Nor may a line of it be gone.
            for row in 0..rows.len().saturating_sub(2) {
                let mut rows = rows.clone();
                rows.remove(row);
                files[file].1 = rows.concat();
                let report = verified(&files);
                assert_eq!(report.verdict, Verdict::Tampered, "{file} to {kept}, without line {row}");
            }
        }
    }
}

#[test]
fn what_is_longer_than_any_line_makes_no_part_of_a_file() {
    let log = Log::of_three_files("long parts");
    let mut files = log.files();
    let rest = lines(&files[2].1)[1..].concat();
    let overlong = |end: &str| format!("{}{end}\n", "x".repeat(70_000)).into_bytes();
    files[2].1.extend(overlong("a"));
    // They differ where nothing is kept of either.
    files.push(("part".into(), [rest, overlong("b")].concat()));
    let report = verify(written(&files).path(), &pinned(log.pin()));
    assert!(report.notices.iter().all(|notice| !matches!(notice.kind, NoticeKind::Double { .. })));
    assert_eq!(report.verdict, Verdict::Tampered);
}
