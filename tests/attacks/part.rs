//! A part of a log: some files that follow each other, an archive of one month.

use tracing_audit::trail::{Ended, Keeps, Line, Timestamp};
use tracing_audit::verify::{FindingKind, LogReport, NoticeKind, Options, Report, Verdict};

use crate::log::{File, Log, lines, pinned, verify, verify_with_copies};

/// Six files, a hand-off in each but the last, 27 lines; closed.
fn log() -> Log {
    let mut log = Log::full("part");
    log.keeps = Keeps::All;
    for file in 0..6 {
        log.unsigned("alice");
        log.event("bob");
        if file < 5 {
            log.hand_off();
            log.rotate();
        }
    }
    log.close(Ended::Shutdown);
    log
}

fn part(log: &Log) -> Options {
    Options { part: true, ..pinned(log.pin()) }
}

fn given(log: &Log, files: &[File], options: &Options) -> LogReport {
    let [each, some] = [true, false].map(|every_signature| {
        verify_with_copies(files, Some(&log.copies), &Options { every_signature, ..options.clone() })
    });
    assert_eq!((&each.findings, &each.notices), (&some.findings, &some.notices));
    some
}

fn kinds(report: &LogReport) -> Vec<&FindingKind> {
    report.findings.iter().map(|finding| &finding.kind).collect()
}

fn named(report: &LogReport) -> Option<(u64, u64, Option<u64>, Option<u64>)> {
    report.notices.iter().find_map(|notice| match notice.kind {
        NoticeKind::Part { first, last, first_file, last_file, .. } => {
            Some((first, last, first_file, last_file))
        }
        _ => None,
    })
}

#[test]
fn any_files_that_follow_each_other_are_whole_with_copies_and_the_report_names_them() {
    let log = log();
    let files = log.files();
    for from in 0..files.len() {
        for to in from..files.len() {
            let report = given(&log, &files[from..=to], &part(&log));
            assert_eq!((report.verdict, kinds(&report)), (Verdict::Intact, vec![]), "{from}, {to}");
            let (first, head) = (report.first_seq.unwrap(), report.head.unwrap());
            assert_eq!(report.proved.lines, head.seq + 1 - first);
            let numbers = (Some(from as u64), Some(to as u64));
            assert_eq!(named(&report), Some((first, head.seq, numbers.0, numbers.1)));
            // Not asked, what comes before and after is missed.
            let all = given(&log, &files[from..=to], &pinned(log.pin()));
            let is_all = (from, to) == (0, files.len() - 1);
            assert_eq!(all.verdict, if is_all { Verdict::Intact } else { Verdict::Incomplete });
            assert_eq!(named(&all), None);
        }
    }
}

#[test]
fn the_notice_names_lines_times_and_files_and_what_can_not_be_shown() {
    let log = log();
    let report = given(&log, &log.files()[2..4], &part(&log));
    let [from, to] = [2, 3].map(|file| {
        let rows = lines(&log.files[file]);
        let row = String::from_utf8(rows[if file == 2 { 0 } else { rows.len() - 1 }].clone()).unwrap();
        row.split("\"timestamp\":\"").nth(1).unwrap()[..30].to_owned()
    });
    let said =
        report.notices.iter().map(ToString::to_string).find(|said| said.contains("a part of")).unwrap();
    assert_eq!(
        said,
        format!(
            "a part of the log, as was asked: lines 10 to 19, of {from} to {to}, in files 2 to 3; it can't show what came before line 10, nor after line 19; line 19 rests on the signature of one key, which has handed over since: up to the next hand-off, more files would tell"
        )
    );
    let start = given(&log, &log.files()[..1], &part(&log));
    let said = start.notices.iter().map(ToString::to_string).find(|said| said.contains("a part of")).unwrap();
    assert!(said.contains("; it can't show what came after line 4; line 4 rests on "), "{said}");
    let end = given(&log, &log.files()[4..], &part(&log));
    let said = end.notices.iter().map(ToString::to_string).find(|said| said.contains("a part of")).unwrap();
    assert!(said.ends_with("; it can't show what came before line 20, nor after line 28"), "{said}");
}

#[test]
fn without_copies_a_part_is_not_proved() {
    let log = log();
    let report = verify(&log.files()[2..4], &part(&log));
    assert_eq!((report.verdict, report.proved.lines, named(&report)), (Verdict::Incomplete, 0, None));
    assert!(kinds(&report).iter().any(|kind| matches!(kind, FindingKind::KeyNotProved { .. })), "{report:?}");
}

#[test]
fn nothing_within_a_part_is_excused() {
    let log = log();
    let window = log.files()[1..4].to_vec();
    // Any file from the middle, any line.
    for file in 0..3 {
        let rows = lines(&window[file].1);
        for row in 0..rows.len() {
            let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
                let (mut rows, mut window) = (rows.clone(), window.clone());
                change(&mut rows);
                window[file].1 = rows.concat();
                given(&log, &window, &part(&log))
            };
            let altered = with(&|rows| {
                let at = rows[row].len() / 3;
                rows[row][at] ^= 1;
            });
            assert_eq!(altered.verdict, Verdict::Tampered, "{file}, {row}");
            let gone = with(&|rows| drop(rows.remove(row)));
            assert_ne!(gone.verdict, Verdict::Intact, "{file}, {row}");
            // The file that is last was cut: it says no more that it was closed for the next one.
            let cut = with(&|rows| rows.truncate(row));
            assert_ne!(cut.verdict, Verdict::Intact, "{file}, {row}");
        }
        if file == 1 {
            let mut window = window.clone();
            window.remove(file);
            let report = given(&log, &window, &part(&log));
            assert!(matches!(kinds(&report)[..], [FindingKind::FilesMissing { .. }]), "{report:?}");
        }
    }
    // Lines of somebody who has no key that a hand-off leads to.
    let mut other = Log::full("another");
    other.event("mallory");
    other.close(Ended::Rotated);
    let report = given(&log, &[window[0].clone(), other.files().remove(0)], &part(&log));
    assert_eq!(report.verdict, Verdict::Tampered, "{report:?}");
}

#[test]
fn a_file_that_may_have_been_cut_ends_no_part_of_a_log_that_is_known_to_go_on() {
    let log = log();
    let mut files = log.files()[1..3].to_vec();
    let rows = lines(&files[1].1);
    // Without its close, and with the hand-off or without.
    for left in [rows.len() - 1, rows.len() - 2] {
        files[1].1 = rows[..left].concat();
        let report = given(&log, &files, &part(&log));
        assert!(matches!(kinds(&report)[..], [FindingKind::EndMissing { .. }]), "{report:?}");
        assert_eq!(report.verdict, Verdict::Incomplete);
    }
}

#[test]
fn who_expects_the_start_still_does() {
    let log = log();
    let options = Options { from_start: true, ..part(&log) };
    let report = given(&log, &log.files()[1..], &options);
    assert!(matches!(kinds(&report)[..], [FindingKind::NotFromStart { first: 5 }]), "{report:?}");
}

#[test]
fn lines_that_the_holder_of_an_old_key_may_have_written_at_the_end_of_a_part_are_named() {
    // File 1 ends with lines after its hand-off; their key has handed over since.
    let mut log = Log::full("old key");
    log.event("alice");
    log.rotate();
    log.event("bob");
    log.hand_off();
    log.event("carol");
    let stolen = log.clone();
    log.event("dave");
    log.rotate();
    log.hand_off();
    log.event("erin");
    log.close(Ended::Shutdown);
    let mut forged = stolen;
    forged.event("mallory");
    forged.close(Ended::Rotated);
    for (file, last) in [(&log.files()[1], 8), (&forged.files()[1], 8)] {
        let report = given(&log, std::slice::from_ref(file), &part(&log));
        assert_eq!((report.verdict, report.head.unwrap().seq), (Verdict::Intact, last));
        let from = report.notices.iter().find_map(|notice| match notice.kind {
            NoticeKind::Part { one_key_from, .. } => one_key_from,
            _ => None,
        });
        assert_eq!(from, Some(6), "{report:?}");
    }
    // The file with the next hand-off tells.
    let files = [forged.files().remove(1), log.files().remove(2)];
    assert_eq!(given(&log, &files, &part(&log)).verdict, Verdict::Tampered);
    // Who closes before a known hand-off of that file is found.
    let report = given(&log, &[log.files().remove(1)], &part(&log));
    assert_eq!(report.verdict, Verdict::Intact);
    let mut early = Log::full("old key");
    early.event("alice");
    early.rotate();
    early.event("bob");
    early.close(Ended::Rotated);
    let report = given(&log, &[early.files().remove(1)], &part(&log));
    assert_ne!(report.verdict, Verdict::Intact, "{report:?}");
}

/// The time of the first line of a file.
fn begins(log: &Log, file: usize) -> Timestamp {
    let first = lines(&log.files[file]).remove(0);
    Timestamp::parse(Line::parse(first.trim_ascii_end()).unwrap().timestamp).unwrap()
}

/// Verifies these files in a folder, with all copies, of a time.
fn of_time(log: &Log, files: &[File], (since, until): (Option<Timestamp>, Option<Timestamp>)) -> Report {
    let folder = crate::folders::written(files);
    std::fs::write(folder.path().join("audit.keys"), &log.copies).unwrap();
    crate::folders::verify(folder.path(), &Options { since, until, ..part(log) })
}

#[test]
fn of_a_time_the_files_that_cover_it_are_chosen_and_nothing_else_is_asked() {
    let log = log();
    let files = log.files();
    let times: Vec<Timestamp> = (0..6).map(|file| begins(&log, file)).collect();
    for from in 0..6 {
        for to in from..6 {
            // From within one file to within another: the next one shows that nothing lies between.
            let [since, until] = [from, to].map(|file| Timestamp::from_nanos(times[file].as_nanos() + 1));
            let report = of_time(&log, &files, (Some(since), Some(until)));
            assert_eq!((report.verdict, kinds(&report.logs[0])), (Verdict::Intact, vec![]), "{from}, {to}");
            let read = named(&report.logs[0]).map(|(_, _, first, last)| (first, last));
            assert_eq!(read, Some((Some(from as u64), Some((to + 1).min(5) as u64))));
        }
        let open = of_time(&log, &files, (Some(times[from]), None));
        assert_eq!(
            named(&open.logs[0]).map(|(_, last, first, _)| (first, last)),
            Some((Some(from as u64), 28))
        );
        assert_eq!(open.verdict, Verdict::Intact);
    }
    // Nothing is said of what is not asked, and all of what is.
    let mut altered = files.clone();
    altered[0].1[700] ^= 1;
    let (since, until) = (Some(times[2]), Some(times[4]));
    assert_eq!(of_time(&log, &altered, (since, until)).verdict, Verdict::Intact);
    altered[3].1[700] ^= 1;
    assert_eq!(of_time(&log, &altered, (since, until)).verdict, Verdict::Tampered);
}

#[test]
fn a_time_that_what_is_proved_does_not_reach_is_no_whole_part() {
    let log = log();
    let files = log.files();
    let (since, until) = (begins(&log, 1), Timestamp::from_nanos(begins(&log, 4).as_nanos() + 1));
    for gone in 1..6 {
        let mut left = files.clone();
        left.remove(gone);
        let report = of_time(&log, &left, (Some(since), Some(until)));
        // The file after the last one that is asked shows only that nothing lies between.
        let expected = if gone == 5 { Verdict::Intact } else { Verdict::Tampered };
        assert_eq!(report.verdict, expected, "{gone}: {:?}", report.logs[0].findings);
    }
    // Without the files before, or after, it is not the time that was asked.
    let late = of_time(&log, &files[2..], (Some(since), None));
    assert_eq!(kinds(&late.logs[0]), [&FindingKind::StartMissing { file: 2, oldest: 0 }]);
    let early = of_time(&log, &files[..4], (None, Some(until)));
    assert_eq!(early.verdict, Verdict::Incomplete, "{:?}", early.logs[0].findings);
}
