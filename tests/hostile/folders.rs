use std::fs::{self, File};

use tracing_audit::verify::{LISTED, Verdict};

use super::*;

#[test]
fn a_hundred_thousand_strange_files_are_counted_and_a_thousand_listed() {
    strange_files(100_000);
}

#[test]
#[ignore = "makes a million files"]
fn a_million_strange_files_are_counted_and_a_thousand_listed() {
    strange_files(1_000_000);
}

fn strange_files(many: usize) {
    let folder = folder();
    fs::write(folder.path().join("audit.jsonl"), file().1).unwrap();
    (0..many).for_each(|at| fs::write(folder.path().join(format!("note.{at}")), "x").unwrap());
    let report = verify(folder.path());
    assert_eq!((report.verdict, report.logs[0].lines), (Verdict::Intact, 2));
    assert_eq!((report.notices.len(), report.more_notices), (LISTED, (many - LISTED) as u64));
}

#[test]
fn two_thousand_files_that_say_one_number_are_each_found() {
    let folder = folder();
    let (_, file) = file();
    let many = 2_000;
    let write = |at: usize, bytes: &[u8]| {
        fs::write(folder.path().join(format!("audit.{at}.jsonl")), bytes).unwrap();
    };
    (0..many).for_each(|at| write(at, &file));
    let report = verify(folder.path());
    assert_eq!((report.verdict, report.notices.len()), (Verdict::Intact, LISTED));
    assert_eq!(report.more_notices, (many - 1 - LISTED) as u64);
    (0..many).for_each(|at| write(at, &[&file[..], format!("{at:04}\n").as_bytes()].concat()));
    let report = verify(folder.path());
    let log = &report.logs[0];
    assert_eq!((log.verdict, log.findings.len()), (Verdict::Tampered, LISTED));
    assert_eq!(log.more_findings, (many - LISTED) as u64);
}

#[test]
fn two_thousand_files_without_their_genesis_are_each_put_in_their_place() {
    let folder = folder();
    let (_, file) = file();
    let genesis = file.iter().position(|byte| *byte == b'\n').unwrap();
    for at in 0..2_000 {
        fs::write(folder.path().join(format!("audit.{at}.jsonl")), &file[genesis + 1..]).unwrap();
    }
    let report = verify(folder.path());
    assert_eq!((report.logs[0].verdict, report.logs[0].files), (Verdict::Tampered, 2_000));
}

#[test]
fn copies_of_a_quarter_gigabyte_are_read_line_by_line() {
    let folder = folder();
    let (_, start) = file();
    let genesis = start.iter().position(|byte| *byte == b'\n').unwrap();
    fs::write(folder.path().join("audit.jsonl"), &start).unwrap();
    let copies = folder.path().join("audit.keys");
    fs::write(&copies, &start[..=genesis]).unwrap();
    File::options().append(true).open(&copies).unwrap().set_len(256 * MIB).unwrap();
    let report = verify(folder.path());
    assert_eq!((report.verdict, report.logs[0].lines), (Verdict::Intact, 2));
}

#[test]
#[cfg(feature = "compressed")]
fn copies_that_are_a_compressed_bomb_are_read_line_by_line() {
    let folder = folder();
    let (_, start) = file();
    let genesis = start.iter().position(|byte| *byte == b'\n').unwrap();
    fs::write(folder.path().join("audit.jsonl"), &start).unwrap();
    let bomb = [gzip(&start[..=genesis]), gzip(&b"a".repeat(1 << 20)).repeat(200)].concat();
    assert!(bomb.len() < 1 << 20);
    fs::write(folder.path().join("audit.keys"), bomb).unwrap();
    let report = verify(folder.path());
    assert_eq!((report.verdict, report.logs[0].lines), (Verdict::Intact, 2));
}
