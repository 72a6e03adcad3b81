use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::trail::{
    Chain, Close, Control, Ended, Genesis, Handoff, Previous, SecretKey, Timestamp, WriterIdentity,
};
use crate::verify::{ExpectedHead, LogReport, Options, Verdict};

const BODY: &str = r#"{"fields":{"actor":"alice","n":7},"kind":"event","level":"INFO","target":"audit""#;

fn secret(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

#[derive(Debug, Clone, Copy)]
enum Entry {
    Records { unsigned: usize },
    Long,
    ClockBack,
    HandOff,
    Close,
    Rotate,
}

fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        6 => (0usize..20).prop_map(|unsigned| Entry::Records { unsigned }),
        1 => Just(Entry::Long),
        1 => Just(Entry::ClockBack),
        1 => Just(Entry::HandOff),
        1 => Just(Entry::Close),
        3 => Just(Entry::Rotate),
    ]
}

/// What somebody does to the file.
#[derive(Debug, Clone)]
enum Damage {
    Flip(Index, u8),
    Cut(Index, Index),
    Repeat(Index, Index),
    Insert(Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        3 => (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, 1 << bit)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Cut(from, to)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        1 => (any::<Index>(), prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..9))
            .prop_map(|(at, junk)| Damage::Insert(at, junk)),
    ]
}

fn genesis(file: u64, key: u8, previous: Option<Previous>) -> Vec<u8> {
    let writer = WriterIdentity::new("db1", 1, "test");
    let key = (key.into(), secret(key).public());
    Control::Genesis(Genesis::new(file, "example.com", key, previous, writer)).body()
}

/// The files of a log.
fn log(entries: &[Entry]) -> Vec<Vec<u8>> {
    let (mut chain, mut file, mut files) = (Chain::new(secret(0).id()), Vec::new(), Vec::new());
    let (mut key, mut clock) = (0, 1_795_293_660_000_000_000);
    chain.signed(&genesis(0, 0, None), Timestamp::from_nanos(clock), &secret(0), &mut file);
    for entry in entries {
        clock += 1_000_000;
        let now = Timestamp::from_nanos(clock);
        let body = match entry {
            Entry::Records { unsigned } => {
                (0..*unsigned).for_each(|_| chain.unsigned(BODY.as_bytes(), now, &mut file));
                BODY.as_bytes().to_vec()
            }
            Entry::Long => BODY.replace("alice", &"x".repeat(5_000)).into_bytes(),
            Entry::ClockBack => {
                clock -= 20_000_000_000;
                BODY.as_bytes().to_vec()
            }
            Entry::HandOff => {
                key += 1;
                let public_key = secret(key).public();
                Control::Handoff(Handoff::new((key.into(), public_key), "interval")).body()
            }
            Entry::Close => Control::Close(Close { reason: Ended::Shutdown }).body(),
            Entry::Rotate => {
                let close = Control::Close(Close { reason: Ended::Rotated }).body();
                chain.signed(&close, now, &secret(key), &mut file);
                let (bytes, name) = (file.len() as u64, format!("audit.{}.jsonl", files.len()));
                let previous =
                    Previous { bytes, ended: Ended::Rotated, name, torn: None, unsynced_from: None };
                files.push(std::mem::take(&mut file));
                genesis(files.len() as u64, key, Some(previous))
            }
        };
        let signer = if matches!(entry, Entry::HandOff) { key - 1 } else { key };
        chain.signed(&body, Timestamp::from_nanos(clock), &secret(signer), &mut file);
    }
    files.push(file);
    files
}

fn damaged(mut files: Vec<Vec<u8>>, damage: &[(Index, Damage)]) -> Vec<Vec<u8>> {
    for (which, damage) in damage {
        let which = which.index(files.len());
        let file = &mut files[which];
        if file.is_empty() {
            continue;
        }
        let length = file.len();
        let range =
            |a: &Index, b: &Index| a.index(length).min(b.index(length))..a.index(length).max(b.index(length));
        match damage {
            Damage::Flip(at, bit) => file[at.index(length)] ^= bit,
            Damage::Cut(from, to) => drop(file.drain(range(from, to))),
            Damage::Repeat(from, to) => {
                let lines = file[range(from, to)].to_vec();
                file.extend_from_slice(&lines);
            }
            Damage::Insert(at, junk) => {
                drop(file.splice(at.index(length)..at.index(length), junk.iter().copied()));
            }
        }
    }
    files
}

/// Verifies files on so many threads, in pieces of this size. Whether the end of each is waited for: `ends`.
fn verify(files: &[Vec<u8>], size: usize, threads: usize, ends: bool, options: &Options) -> LogReport {
    let mut verifier = Verifier::new(secret(0).id(), options);
    Crew::of(threads, |crew| {
        let mut passage = Passage::through(crew);
        for (number, file) in files.iter().enumerate() {
            passage.begin_file(format!("audit.{number}.jsonl"), &mut verifier);
            for bytes in file.chunks(size) {
                passage.send(Arc::new(bytes.to_vec()), &mut verifier);
            }
            if ends {
                passage.end(&mut verifier);
                verifier.end_file();
            }
        }
        passage.end(&mut verifier);
    });
    verifier.finish(Timestamp::from_nanos(1_795_293_900_000_000_000))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 60 } else { 2_000 }))]

    #[test]
    fn the_report_is_the_same_whatever_the_pieces_and_the_threads(
        entries in prop::collection::vec(entry(), 0..12),
        damage in prop::collection::vec((any::<Index>(), damage()), 0..3),
        (size, threads, ends) in (1usize..6_000, 0usize..3, any::<bool>()),
        (every_signature, expected) in (any::<bool>(), prop::option::of(0u64..30)),
    ) {
        let files = damaged(log(&entries), &damage);
        let hash = crate::trail::Hash::ZERO;
        let expect_head = expected.map(|seq| ExpectedHead { seq: Some(seq), hash });
        let options = Options { keys: vec![secret(0).public()], every_signature, expect_head, ..Options::default() };
        let whole = verify(&files, usize::MAX, 0, ends, &options);
        prop_assert_eq!(verify(&files, size, threads, ends, &options), whole.clone());
        prop_assert_eq!(verify(&files, 1, 0, ends, &options), whole.clone());

        // The mode that checks every signature sees the same, and so does who waits for the end of each file, but for how many
        // are checked.
        let other_mode = Options { every_signature: !every_signature, ..options.clone() };
        for (ends, options) in [(ends, &other_mode), (!ends, &options), (!ends, &other_mode)] {
            let other = verify(&files, size, threads, ends, options);
            let signatures_checked = whole.signatures_checked;
            prop_assert_eq!(LogReport { signatures_checked, ..other }, whole.clone());
        }
    }
}

#[test]
fn a_log_of_many_windows_has_the_same_signatures_checked_in_pieces_of_any_size() {
    let sparse = (0..40).flat_map(|_| [Entry::Records { unsigned: 300 }]);
    let dense = (0..500).map(|_| Entry::Long);
    let files = log(&sparse.chain(dense).collect::<Vec<_>>());
    assert!(files[0].len() > 5 << 20);
    let mut options = Options { keys: vec![secret(0).public()], ..Options::default() };
    let whole = verify(&files, usize::MAX, 0, true, &options);
    assert!((4..20).contains(&whole.signatures_checked), "{}", whole.signatures_checked);
    for (size, threads) in [(4_000, 0), (65_536, 2), (262_144, 2), (3 << 20, 1)] {
        assert_eq!(verify(&files, size, threads, true, &options), whole);
    }
    options.every_signature = true;
    assert_eq!(verify(&files, 262_144, 2, true, &options).signatures_checked, whole.signatures);
}

#[test]
fn of_many_short_files_as_few_signatures_are_checked_as_of_one() {
    let mut log = log(&[Entry::Rotate, Entry::Records { unsigned: 9 }].repeat(100));
    let options = Options { keys: vec![secret(0).public()], ..Options::default() };
    let report = verify(&log, usize::MAX, 0, false, &options);
    assert_eq!((report.verdict, report.signatures), (Verdict::Intact, 301), "{:?}", report.findings);
    assert!((2..20).contains(&report.signatures_checked), "{}", report.signatures_checked);
    // What a signature does not prove is found where it stands, though many files follow.
    let at = memchr::memmem::find(&log[50], b"\"sig\":\"").unwrap() + 9;
    log[50][at] ^= 1;
    let report = verify(&log, usize::MAX, 2, false, &options);
    let first = report.findings[0].at.as_ref().unwrap();
    assert_eq!((report.verdict, &first.file[..], first.line), (Verdict::Tampered, "audit.50.jsonl", 1));
}
