//! What the verifier hands on: all bytes, in their order, and as proved exactly those lines that the report counts.

use tracing_audit::trail::{Ended, Line, Timestamp};
use tracing_audit::verify::{LogReport, Options, Stretch, Verifier};

use crate::log::{File, Log, example, example_key, lines, pinned};

fn handed_on(
    files: &[File],
    copies: Option<&[u8]>,
    options: &Options,
    piece: usize,
) -> (LogReport, Vec<Stretch>) {
    let mut verifier = Verifier::new(options.keys[0].id(), options);
    verifier.hand_on_lines();
    let mut all = Vec::new();
    if let Some(copies) = copies {
        verifier.hand_offs("audit.keys", copies);
    }
    for (name, bytes) in files {
        verifier.begin_file(name);
        for bytes in bytes.chunks(piece) {
            verifier.bytes(bytes);
            all.extend(verifier.stretches());
        }
    }
    let (report, rest) = verifier.finish_with_lines(Timestamp::from_nanos(1_795_300_000_000_000_000));
    all.extend(rest);
    (report, all)
}

/// The numbers of the lines that are handed on as proved.
fn check(files: &[File], copies: Option<&[u8]>, options: &Options) -> (LogReport, Vec<u64>) {
    let mut first: Option<(LogReport, Vec<u64>)> = None;
    for (every_signature, piece) in [(false, 1 << 20), (false, 97), (true, 1_000)] {
        let (report, stretches) =
            handed_on(files, copies, &Options { every_signature, ..options.clone() }, piece);
        let mut given = files.iter().map(|(name, _)| (name.clone(), Vec::new())).collect::<Vec<File>>();
        let mut numbers = Vec::new();
        for stretch in &stretches {
            let (_, bytes) = given.iter_mut().find(|(name, _)| **name == *stretch.file).unwrap();
            assert_eq!(bytes.len() as u64, stretch.offset, "in the order of the file");
            bytes.extend_from_slice(stretch.text());
            if stretch.is_proved {
                for line in stretch.text().split_inclusive(|byte| *byte == b'\n') {
                    let line = Line::parse(line.strip_suffix(b"\n").unwrap_or(line)).unwrap();
                    numbers.push(line.link.seq);
                }
            }
        }
        assert!(given == files, "all bytes are handed on");
        match &first {
            Some((_, known)) => assert_eq!(known, &numbers, "{every_signature} {piece}"),
            None => first = Some((report, numbers)),
        }
    }
    let (report, numbers) = first.unwrap();
    let of_report = report.proved.listed.iter().flat_map(|range| range.from..=range.to).collect::<Vec<_>>();
    assert_eq!(numbers, of_report);
    (report, numbers)
}

#[test]
fn of_a_whole_log_all_lines_are_proved_and_torn_bytes_are_not() {
    let (report, numbers) = check(&example(), None, &pinned(example_key()));
    assert_eq!((report.lines, numbers), (11, (0..11).collect()));
}

#[test]
fn unsigned_lines_at_the_end_are_not() {
    let mut log = Log::new("row 40");
    log.event("alice");
    log.unsigned("bob");
    log.event("carol");
    log.unsigned("mallory");
    log.unsigned("mallory");
    assert_eq!(check(&log.files(), None, &pinned(log.pin())).1, [0, 1, 2, 3]);
}

#[test]
fn whatever_is_done_to_a_log_what_is_proved_is_handed_on_so_and_nothing_else() {
    let log = Log::of_three_files("handed on");
    let options = pinned(log.pin());
    for file in 0..3 {
        let rows = lines(&log.files[file]);
        for row in 0..rows.len() {
            let changed = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
                let (mut files, mut rows) = (log.files(), rows.clone());
                change(&mut rows);
                files[file].1 = rows.concat();
                check(&files, Some(&log.copies), &options);
                check(&files, None, &options);
            };
            changed(&|rows| drop(rows.remove(row)));
            changed(&|rows| rows.insert(row, b"junk\n".to_vec()));
            changed(&|rows| rows.insert(row, rows[row].clone()));
            changed(&|rows| rows[row][40] ^= 1);
            changed(&|rows| rows[row].clear());
            changed(&|rows| rows.truncate(row));
            changed(&|rows| {
                rows[row].pop();
            });
        }
        let mut files = log.files();
        files.remove(file);
        check(&files, Some(&log.copies), &options);
        check(&files, None, &options);
    }
}

#[test]
fn lines_of_a_key_that_nothing_leads_to_are_handed_on_and_not_proved() {
    let log = Log::of_three_files("no key");
    let other = crate::log::secret("another", 0).public();
    let (report, numbers) = check(&log.files()[2..], None, &pinned(log.pin()));
    assert_eq!((report.lines, numbers.len()), (0, 0));
    let mut verifier = Verifier::new(log.pin().id(), &pinned(other));
    verifier.hand_on_lines();
    for (name, bytes) in log.files() {
        verifier.begin_file(&name);
        verifier.bytes(&bytes);
    }
    let (_, rest) = verifier.finish_with_lines(Timestamp::default());
    assert!(rest.iter().all(|stretch| !stretch.is_proved));
}

#[test]
fn long_logs_are_handed_on_before_their_end() {
    let mut log = Log::new("long");
    for _ in 0..60 {
        log.event(&"x".repeat(60_000));
    }
    log.close(Ended::Shutdown);
    let options = pinned(log.pin());
    let mut verifier = Verifier::new(log.pin().id(), &options);
    verifier.hand_on_lines();
    verifier.begin_file("audit.0.jsonl");
    verifier.bytes(&log.files[0]);
    let early: usize = verifier.stretches().iter().map(|stretch| stretch.range.len()).sum();
    assert!(early > 1 << 20, "{early}");
    check(&log.files(), None, &options);
}
