//! Rotated files that were compressed.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tracing_audit::trail::Ended;
use tracing_audit::verify::{FindingKind, NoticeKind, Report, Verdict};

use crate::folders::{verify, written};
use crate::log::{Log, pinned};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn kinds(report: &Report) -> Vec<&FindingKind> {
    let all = report.logs.iter().flat_map(|log| &log.findings).chain(&report.findings);
    all.map(|finding| &finding.kind).collect()
}

fn name(folder: &Path, file: &str) -> String {
    folder.join(file).display().to_string()
}

#[test]
fn compressed_files_verify_as_plain_ones_whatever_they_are_called() {
    let log = Log::of_three_files("compressed");
    let mut files = log.files();
    files[0] = ("z.gz".into(), gzip(&files[0].1));
    files[1] = ("audit.1.jsonl.zst".into(), zstd(&files[1].1));
    let folder = written(&files);
    let report = verify(folder.path(), &pinned(log.pin()));
    assert_eq!((kinds(&report), report.verdict, report.logs[0].lines), (vec![], Verdict::Intact, 14));
    assert!(report.notices.is_empty(), "{:?}", report.notices);

    // The last one too, and none is read twice.
    let last = folder.path().join("audit.2.jsonl");
    let bytes = fs::read(&last).unwrap();
    fs::write(last, gzip(&bytes)).unwrap();
    assert_eq!(verify(folder.path(), &pinned(log.pin())).logs[0].lines, 14);
}

#[test]
fn several_members_and_frames_are_one_file() {
    let log = Log::of_three_files("members");
    let mut files = log.files();
    let (start, end) = files[0].1.split_at(400);
    let gz = [gzip(start), gzip(end)].concat();
    let (start, end) = files[1].1.split_at(500);
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"xyz"].concat();
    let zst = [zstd(start), skipped, zstd(end)].concat();
    (files[0].1, files[1].1) = (gz, zst);
    let report = verify(written(&files).path(), &pinned(log.pin()));
    assert_eq!((kinds(&report), report.verdict, report.logs[0].lines), (vec![], Verdict::Intact, 14));

    // One to be skipped, of which the end is missing.
    files[1].1.extend_from_slice(&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x']);
    let folder = written(&files);
    let report = verify(folder.path(), &pinned(log.pin()));
    let named = name(folder.path(), "audit.1.jsonl");
    let [FindingKind::Undecodable { file, .. }] = kinds(&report)[..] else { panic!("{:?}", kinds(&report)) };
    assert_eq!((file, report.verdict), (&named, Verdict::Tampered));
}

#[test]
fn a_changed_line_is_found_in_a_compressed_file_by_its_place_in_the_plain_one() {
    let log = Log::of_three_files("changed");
    let mut files = log.files();
    let at = files[1].1.windows(5).position(|window| window == b"carol").unwrap();
    files[1].1[at] ^= 1;
    files[1] = ("audit.1.jsonl.gz".into(), gzip(&files[1].1));
    let report = verify(written(&files).path(), &pinned(log.pin()));
    let place = report.logs[0].findings[0].at.as_ref().unwrap();
    assert!(place.line == 2 && place.file.ends_with("audit.1.jsonl.gz"), "{place}");
    assert_eq!(report.verdict, Verdict::Tampered);
}

#[test]
fn a_file_that_is_being_compressed_is_taken_once() {
    let log = Log::of_three_files("twice");
    for (ending, whole) in [("gz", gzip(&log.files[1])), ("zst", zstd(&log.files[1]))] {
        let mut taken = 0;
        for length in 0..=whole.len() {
            let mut files = log.files();
            let compressed = format!("audit.1.jsonl.{ending}");
            files.push((compressed.clone(), whole[..length].to_vec()));
            let folder = written(&files);
            let report = verify(folder.path(), &pinned(log.pin()));
            assert_eq!((kinds(&report), report.verdict), (vec![], Verdict::Intact), "{length} {ending}");
            let (file, of) = (name(folder.path(), &compressed), name(folder.path(), "audit.1.jsonl"));
            taken += usize::from(
                report
                    .notices
                    .iter()
                    .any(|notice| notice.kind == NoticeKind::Double { file: file.clone(), of: of.clone() }),
            );
        }
        assert!(taken > 0, "{ending}");
    }
}

#[test]
fn a_plain_file_that_is_cut_beside_its_compressed_one_hides_nothing() {
    let log = Log::of_three_files("cut beside");
    let mut files = log.files();
    let whole = gzip(&files[1].1);
    files[1].1.truncate(1100);
    files.push(("audit.1.jsonl.gz".into(), whole));
    let folder = written(&files);
    let report = verify(folder.path(), &pinned(log.pin()));
    assert_eq!((kinds(&report), report.logs[0].lines), (vec![], 14));
    let (file, of) = (name(folder.path(), "audit.1.jsonl"), name(folder.path(), "audit.1.jsonl.gz"));
    assert_eq!(report.notices[0].kind, NoticeKind::Double { file, of });
}

#[test]
fn a_compressed_file_that_differs_from_the_plain_one_is_found() {
    let log = Log::of_three_files("differs");
    let mut files = log.files();
    let mut other = files[1].1.clone();
    let at = other.windows(4).position(|window| window == b"dave").unwrap();
    other[at] ^= 1;
    files.push(("audit.1.jsonl.zst".into(), zstd(&other)));
    let folder = written(&files);
    let report = verify(folder.path(), &pinned(log.pin()));
    let (other, file) = (name(folder.path(), "audit.1.jsonl"), name(folder.path(), "audit.1.jsonl.zst"));
    assert_eq!(kinds(&report), [&FindingKind::FileTwice { file, number: 1, other }]);
    assert_eq!(report.verdict, Verdict::Tampered);
}

#[test]
fn damaged_compression_is_a_finding_and_not_an_error() {
    let mut log = Log::new("damaged");
    log.rotate();
    (0..2_000).for_each(|_| log.unsigned("alice"));
    log.rotate();
    log.close(Ended::Shutdown);
    for compressed in [gzip(&log.files[1]), zstd(&log.files[1])] {
        let mut files = log.files();
        files[1].1 = compressed[..compressed.len() - 9].to_vec();
        let folder = written(&files);
        let report = verify(folder.path(), &pinned(log.pin()));
        let named = name(folder.path(), "audit.1.jsonl");
        let found =
            |kind: &&FindingKind| matches!(kind, FindingKind::Undecodable { file, .. } if *file == named);
        assert!(kinds(&report).iter().any(found), "{:?}", kinds(&report));
        assert_eq!(report.verdict, Verdict::Tampered);

        // Where not one line can be had of it, it is named all the same.
        files[1].1 = compressed[..compressed.len().min(30)].to_vec();
        let folder = written(&files);
        let report = verify(folder.path(), &pinned(log.pin()));
        let file = name(folder.path(), "audit.1.jsonl");
        assert_eq!(report.notices[0].kind, NoticeKind::NotALog { file });
        assert_eq!(report.verdict, Verdict::Tampered);
    }
}

#[test]
fn no_flipped_bit_of_a_compressed_file_hides_what_its_lines_say() {
    let log = Log::of_three_files("flipped");
    for compressed in [gzip(&log.files[1]), zstd(&log.files[1])] {
        for at in (0..compressed.len()).step_by(13) {
            let mut files = log.files();
            files[1].1 = compressed.clone();
            files[1].1[at] ^= 4;
            let report = verify(written(&files).path(), &pinned(log.pin()));
            // What no line depends on: the time and name in a header, a checksum that nobody needs.
            let is_whole = report.verdict == Verdict::Intact && report.logs[0].lines == 14;
            assert!(is_whole || report.verdict == Verdict::Tampered, "byte {at}: {:?}", kinds(&report));
        }
    }
}

#[test]
fn copies_whose_compression_is_cut_short_are_a_finding_and_hide_no_other() {
    let log = Log::of_three_files("cut copies");
    let mut files = log.files();
    let packed = gzip(&[&log.copies[..], &log.copies].concat());
    files.push(("audit.keys".into(), packed[..packed.len() - 9].to_vec()));
    let report = verify(written(&files).path(), &pinned(log.pin()));
    assert!(matches!(kinds(&report)[..], [FindingKind::Undecodable { .. }]), "{:?}", kinds(&report));
    assert_eq!(report.logs[0].lines, 14);
    files[0].1[300] ^= 1;
    let report = verify(written(&files).path(), &pinned(log.pin()));
    assert!(kinds(&report).len() > 1 && report.verdict == Verdict::Tampered, "{:?}", kinds(&report));
}
