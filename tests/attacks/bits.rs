//! One bit.

use proptest::prelude::*;
use proptest::sample::Index;
use tracing_audit::verify::{Options, Verdict};

use crate::log::{self, File, Log, example, example_key, found, pinned};

#[test]
fn the_worked_example_is_intact() {
    for every_signature in [false, true] {
        let report = log::verify(&example(), &Options { every_signature, ..pinned(example_key()) });
        assert_eq!(found(&report), [], "{every_signature}");
        assert_eq!(report.verdict, Verdict::Intact);
        assert_eq!((report.lines, report.signatures, report.keys, report.files), (11, 10, 2, 2));
        assert_eq!((report.torn_bytes, report.lost), (61, 3));
        assert_eq!(report.closed, Some(tracing_audit::trail::Ended::Shutdown));
        let head = report.head.unwrap();
        assert_eq!((head.seq, head.time.to_string().as_str()), (10, "2026-11-21T20:41:02.750000000Z"));
        let hash = "d5b072cb9b963cbfb604208602c707d38658eebb767fc2caf3c97e119c9a0bb8";
        assert_eq!(head.hash.to_string(), hash);
    }
}

#[test]
fn row_1_any_one_bit_flipped_names_exactly_its_line() {
    let options = pinned(example_key());
    let halves = [0, 1].map(|half| {
        let options = options.clone();
        std::thread::spawn(move || {
            let mut files = example();
            for file in 0..files.len() {
                for at in (0..files[file].1.len()).filter(|at| at % 2 == half) {
                    for bit in 0..8 {
                        files[file].1[at] ^= 1 << bit;
                        names_the_line(&files, file, at, &options);
                        files[file].1[at] ^= 1 << bit;
                    }
                }
            }
        })
    });
    for half in halves {
        half.join().unwrap();
    }
}

fn names_the_line(files: &[File], file: usize, at: usize, options: &Options) {
    let original = &example()[file].1;
    let line = original[..at].split(|byte| *byte == b'\n').count() as u64;
    let report = log::verify(files, options);
    let found = found(&report);
    let named: Vec<_> = found.iter().map(|(file, line, _)| (*file, *line)).collect();
    assert_eq!(report.verdict, Verdict::Tampered, "{} byte {at}: {found:?}", files[file].0);
    assert_eq!(
        named.iter().filter(|(_, line)| *line > 0).copied().collect::<Vec<_>>(),
        [(files[file].0.as_str(), line)],
        "byte {at}, now {:?}: {found:?}",
        files[file].1[at]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes replaced by others of the same log, or by any. What stays intact is a log cut behind a signed line.
    #[test]
    fn no_other_bytes_verify(
        file in 0..3usize, from in any::<Index>(), length in 0..900usize,
        source in any::<Index>(), copied in 0..900usize, junk in proptest::collection::vec(any::<u8>(), 0..4),
        every_signature: bool,
    ) {
        let log = Log::of_three_files("any");
        let mut files = log.files();
        let from = from.index(files[file].1.len());
        let until = (from + length).min(files[file].1.len());
        let all: Vec<u8> = log.files.concat();
        let source = source.index(all.len());
        let mut inserted = all[source..(source + copied).min(all.len())].to_vec();
        inserted.extend(junk);
        files[file].1.splice(from..until, inserted);
        let report = log::verify(&files, &Options { every_signature, ..pinned(log.pin()) });
        if report.verdict == Verdict::Intact && files != log.files() {
            prop_assert!(file == 2 && log.files[2].starts_with(&files[2].1), "{:?}", report);
            prop_assert_eq!(report.closed, None);
        }
    }
}
