use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::trail::{Chain, Close, Control, Ended, Genesis, Handoff, SecretKey, Timestamp, WriterIdentity};
use crate::verify::{ExpectedHead, LogReport, Options};

const BODY: &str = r#"{"fields":{"actor":"alice","n":7},"kind":"event","level":"INFO","target":"audit""#;

fn secret(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

#[derive(Debug, Clone)]
enum Entry {
    Records { unsigned: usize },
    Long,
    ClockBack,
    HandOff,
    Close,
}

fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        6 => (0usize..20).prop_map(|unsigned| Entry::Records { unsigned }),
        1 => Just(Entry::Long),
        1 => Just(Entry::ClockBack),
        1 => Just(Entry::HandOff),
        1 => Just(Entry::Close),
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

fn log(entries: &[Entry]) -> Vec<u8> {
    let (mut chain, mut file) = (Chain::new(secret(0).id()), Vec::new());
    let (mut key, mut clock) = (0, 1_795_293_660_000_000_000);
    let genesis =
        Genesis::new(0, "example.com", (0, secret(0).public()), None, WriterIdentity::new("db1", 1, "test"));
    chain.signed(&Control::Genesis(genesis).body(), Timestamp::from_nanos(clock), &secret(0), &mut file);
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
        };
        let signer = if matches!(entry, Entry::HandOff) { key - 1 } else { key };
        chain.signed(&body, Timestamp::from_nanos(clock), &secret(signer), &mut file);
    }
    file
}

fn damaged(mut file: Vec<u8>, damage: &[Damage]) -> Vec<u8> {
    for damage in damage {
        if file.is_empty() {
            break;
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
    file
}

/// Verifies a file on so many threads, in pieces of this size.
fn verify(file: &[u8], size: usize, threads: usize, options: &Options) -> LogReport {
    let mut verifier = Verifier::new(secret(0).id(), options);
    verifier.begin_file("audit.jsonl");
    Crew::of(threads, |crew| {
        let mut passage = Passage::through(crew);
        for bytes in file.chunks(size) {
            passage.send(Arc::new(bytes.to_vec()), &mut verifier);
        }
        passage.end(&mut verifier);
    });
    verifier.end_file();
    verifier.finish(Timestamp::from_nanos(1_795_293_900_000_000_000))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 60 } else { 2_000 }))]

    #[test]
    fn the_report_is_the_same_whatever_the_pieces_and_the_threads(
        entries in prop::collection::vec(entry(), 0..12),
        damage in prop::collection::vec(damage(), 0..3),
        (size, threads) in (1usize..6_000, 0usize..3),
        (every_signature, expected) in (any::<bool>(), prop::option::of(0u64..30)),
    ) {
        let file = damaged(log(&entries), &damage);
        let hash = crate::trail::Hash::ZERO;
        let expect_head = expected.map(|seq| ExpectedHead { seq: Some(seq), hash });
        let options = Options { keys: vec![secret(0).public()], every_signature, expect_head, ..Options::default() };
        let whole = verify(&file, usize::MAX, 0, &options);
        prop_assert_eq!(verify(&file, size, threads, &options), whole.clone());
        prop_assert_eq!(verify(&file, 1, 0, &options), whole.clone());

        // The mode that checks every signature sees the same, but for how many it checked.
        let other = verify(&file, size, threads, &Options { every_signature: !every_signature, ..options });
        let signatures_checked = whole.signatures_checked;
        prop_assert_eq!(LogReport { signatures_checked, ..other }, whole);
    }
}

#[test]
fn a_log_of_many_windows_has_the_same_signatures_checked_in_pieces_of_any_size() {
    let sparse = (0..40).flat_map(|_| [Entry::Records { unsigned: 300 }]);
    let dense = (0..500).map(|_| Entry::Long);
    let file = log(&sparse.chain(dense).collect::<Vec<_>>());
    assert!(file.len() > 5 << 20);
    let mut options = Options { keys: vec![secret(0).public()], ..Options::default() };
    let whole = verify(&file, usize::MAX, 0, &options);
    assert!((4..20).contains(&whole.signatures_checked), "{}", whole.signatures_checked);
    for (size, threads) in [(4_000, 0), (65_536, 2), (262_144, 2), (3 << 20, 1)] {
        assert_eq!(verify(&file, size, threads, &options), whole);
    }
    options.every_signature = true;
    assert_eq!(verify(&file, 262_144, 2, &options).signatures_checked, whole.signatures);
}
