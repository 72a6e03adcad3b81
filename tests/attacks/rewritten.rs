//! Files that a tool changed as a whole: one finding says so, first; what was changed besides is found still.

use tracing_audit::trail::Ended;
use tracing_audit::verify::{FindingKind, LogReport, Options, Rewrite, Verdict, Verifier};

use crate::log::{File, Log, lines, pinned, verify, verify_with_copies};

/// Eight files of two keys, most lines unsigned; closed.
fn log() -> Log {
    of_files(8)
}

fn of_files(files: usize) -> Log {
    let mut log = Log::full("rewritten");
    for file in 0..files {
        for actor in ["alice", "bob", "carol"] {
            log.unsigned(actor);
            log.unsigned("erin");
            log.event("dave");
        }
        if file == files / 2 {
            log.hand_off();
        }
        if file + 1 < files {
            log.rotate();
        }
    }
    log.close(Ended::Shutdown);
    log
}

fn report(log: &Log, files: &[File]) -> LogReport {
    let [each, some] = [true, false].map(|every_signature| {
        let options = Options { every_signature, ..pinned(log.pin()) };
        verify_with_copies(files, Some(&log.copies), &options)
    });
    assert_eq!(each.findings, some.findings);
    // However the bytes come.
    let mut at_once = Verifier::new(log.pin().id(), &pinned(log.pin()));
    at_once.hand_offs("audit.keys", &log.copies);
    for (name, bytes) in files {
        at_once.begin_file(name);
        at_once.bytes(bytes);
    }
    let at_once = at_once.finish(tracing_audit::trail::Timestamp::from_nanos(1_795_300_000_000_000_000));
    assert_eq!(at_once.findings, some.findings);
    assert_eq!((&at_once.proved, some.verdict), (&some.proved, Verdict::Tampered));
    some
}

/// How, in how many files, and whether more was found; and what.
fn rewritten(report: &LogReport) -> (&[Rewrite], u64, bool, Vec<&FindingKind>) {
    let mut kinds = report.findings.iter().map(|finding| &finding.kind);
    let Some(FindingKind::Rewritten { how, files, besides, .. }) = kinds.next() else {
        panic!("{:?}", report.findings)
    };
    (how, *files, *besides, kinds.collect())
}

fn text(file: &[u8]) -> String {
    String::from_utf8(file.to_vec()).unwrap()
}

fn each(files: Vec<File>, change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<File> {
    files.into_iter().map(|(name, bytes)| (name, change(&bytes))).collect()
}

fn dos(file: &[u8]) -> Vec<u8> {
    text(file).replace('\n', "\r\n").into_bytes()
}

fn marked(file: &[u8]) -> Vec<u8> {
    [b"\xef\xbb\xbf", file].concat()
}

fn joined(files: &[File]) -> Vec<File> {
    vec![("all.jsonl".into(), files.iter().flat_map(|(_, bytes)| bytes.clone()).collect())]
}

#[test]
fn other_line_ends_a_mark_and_joined_files_are_one_finding_and_prove_nothing() {
    let log = log();
    let ends = report(&log, &each(log.files(), dos));
    assert_eq!(rewritten(&ends), (&[Rewrite::LineEnds][..], 8, false, vec![]));
    assert_eq!((ends.proved.lines, ends.head), (0, None));

    let marks = report(&log, &each(log.files(), marked));
    assert_eq!(rewritten(&marks), (&[Rewrite::ByteOrderMark][..], 8, false, vec![]));
    assert!(marks.proved.lines < marks.head.unwrap().seq + 1 - 7);

    let one = report(&log, &joined(&log.files()));
    assert_eq!(rewritten(&one), (&[Rewrite::Joined][..], 1, false, vec![]));
    assert_eq!(one.proved.lines, one.head.unwrap().seq + 1);

    // All of it.
    let all = report(&log, &each(joined(&log.files()), |file| marked(&dos(file))));
    let how = [Rewrite::LineEnds, Rewrite::ByteOrderMark, Rewrite::Joined];
    assert_eq!(rewritten(&all), (&how[..], 1, false, vec![]));
    // Some of the files, in any place.
    for changed in [vec![0], vec![7], vec![2, 5]] {
        let mut files = log.files();
        for at in &changed {
            let at: usize = *at;
            files[at].1 = dos(&files[at].1);
        }
        let some = report(&log, &files);
        assert_eq!(rewritten(&some), (&[Rewrite::LineEnds][..], changed.len() as u64, false, vec![]));
    }
}

#[test]
fn any_line_that_was_changed_or_is_gone_besides_is_found_still() {
    let log = of_files(3);
    let tools: [&dyn Fn(Vec<File>) -> Vec<File>; 4] =
        [&|files| each(files, dos), &|files| each(files, marked), &|files| joined(&files), &|files| {
            each(joined(&files), |file| marked(&dos(file)))
        }];
    for (number, tool) in tools.iter().enumerate() {
        for file in 0..log.files.len() {
            let rows = lines(&log.files[file]);
            for row in 0..rows.len() {
                for gone in [false, true] {
                    let mut rows = rows.clone();
                    if gone {
                        rows.remove(row);
                    } else {
                        let at = rows[row].len() / 3;
                        rows[row][at] ^= 1;
                    }
                    let mut files = log.files();
                    files[file].1 = rows.concat();
                    let plain = verify_with_copies(&files, Some(&log.copies), &pinned(log.pin()));
                    if plain.verdict != Verdict::Tampered {
                        continue; // The end is gone: incomplete.
                    }
                    let report = report(&log, &tool(files));
                    let (how, besides) = match &report.findings[0].kind {
                        FindingKind::Rewritten { how, besides, .. } => (how.as_slice(), *besides),
                        // A file that begins with no genesis, or no newline, is not seen to be one of several.
                        _ => (&[][..], true),
                    };
                    let what = format!("{number}, {file}, {row}, {gone}, {how:?}: {:?}", report.findings);
                    assert!(besides, "{what}");
                    let seq = plain.findings[0].seq;
                    let named = report.findings[1..].iter().any(|finding| finding.seq == seq);
                    assert!(named || how.is_empty(), "{what}");
                }
            }
        }
    }
}

#[test]
fn sorted_and_doubled_lines_are_a_finding_and_the_first_of_the_others() {
    let log = log();
    let sorted = |file: &[u8]| {
        let mut rows = lines(file);
        rows.sort();
        rows.concat()
    };
    let doubled =
        |file: &[u8]| lines(file).iter().flat_map(|row| [row.clone(), row.clone()].concat()).collect();
    for files in [each(joined(&log.files()), sorted), each(log.files(), doubled)] {
        let report = report(&log, &files);
        let (how, _, besides, rest) = rewritten(&report);
        assert_eq!((how, besides), (&[Rewrite::Reordered][..], true), "{report:?}");
        assert!(rest.len() <= 40 && report.more_findings > 0, "{report:?}");
    }
    // A real alteration stays in the list.
    let mut files = log.files();
    files[7].1 = text(&files[7].1).replacen("dave", "mallory", 1).into_bytes();
    let files = each(files, doubled);
    let report = report(&log, &files);
    let is_changed = |finding: &tracing_audit::verify::Finding| {
        finding.stands.as_ref().is_some_and(|stands| stands.contains("mallory"))
    };
    assert!(report.findings.iter().any(is_changed), "{:?}", report.findings);
}

#[test]
fn reformatted_lines_are_a_finding_and_the_first_of_the_others() {
    let log = log();
    let spaced = |file: &[u8]| text(file).replace("\",\"level", "\", \"level").into_bytes();
    let report = report(&log, &each(log.files(), spaced));
    let (how, files, besides, rest) = rewritten(&report);
    assert_eq!((how, files, besides), (&[Rewrite::Reformatted][..], 8, true), "{report:?}");
    assert!(rest.len() <= 20 && report.more_findings > 50, "{report:?}");
}

#[test]
fn a_few_lines_in_other_places_and_many_that_are_gone_are_no_tool() {
    let log = log();
    let mut files = log.files();
    files[3].1 = lines(&files[3].1).iter().flat_map(|row| [row.clone(), row.clone()].concat()).collect();
    let is_tool = |report: &LogReport| matches!(report.findings[0].kind, FindingKind::Rewritten { .. });
    assert!(!is_tool(&verify(&files, &pinned(log.pin()))));
    let thinned = |file: &[u8]| {
        let rows = lines(file).into_iter().enumerate();
        rows.filter(|(at, _)| at % 3 != 1).flat_map(|(_, row)| row).collect()
    };
    let report = verify(&each(log.files(), thinned), &pinned(log.pin()));
    assert!(report.findings.len() > 16 && !is_tool(&report), "{report:?}");
}

#[test]
fn one_of_several_files_in_a_folder_keeps_its_place() {
    let log = log();
    for file in 0..8 {
        for (change, how) in
            [(dos as fn(&[u8]) -> Vec<u8>, Rewrite::LineEnds), (marked, Rewrite::ByteOrderMark)]
        {
            let mut files = log.files();
            files[file].1 = change(&files[file].1);
            files.push(("audit.keys".into(), log.copies.clone()));
            let folder = crate::folders::written(&files);
            let report = crate::folders::verify(folder.path(), &pinned(log.pin()));
            assert_eq!(rewritten(&report.logs[0]), (&[how][..], 1, false, vec![]), "{file}");
        }
    }
}

#[test]
fn a_forged_genesis_before_the_genuine_one_begins_no_file_in_either_mode() {
    let log = of_files(4);
    let mut files = log.files();
    let mut forged = lines(&files[1].1)[0].clone();
    let at = forged.windows(7).position(|bytes| bytes == b"\"sig\":\"").unwrap() + 7;
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    files[1].1 = [forged, files[1].1.clone()].concat();
    let last = files.pop().unwrap();
    files[2].1.extend_from_slice(&last.1);
    // Both modes find the same.
    let report = report(&log, &files);
    assert!(report.findings.len() > 1, "{:?}", report.findings);
}
