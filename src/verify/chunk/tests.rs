//! What is seen in bytes, without knowing what stands before them.

use super::*;
use crate::trail::{Chain, SecretKey, Timestamp};

const BODY: &[u8] = br#"{"fields":{"actor":"alice"},"kind":"event","level":"INFO","target":"audit""#;

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

fn sought() -> Sought {
    Sought { log: key().id(), check: None, expect: None }
}

/// So many records, each third signed, with where they end and the hash of each.
fn records(count: u64, signer: &SecretKey) -> (Vec<u8>, Vec<(usize, Hash)>) {
    let (mut chain, mut bytes, mut ends) = (Chain::after(key().id(), 7, Hash::ZERO), Vec::new(), Vec::new());
    for record in 0..count {
        let time = Timestamp::from_nanos(1_000 * record);
        if record % 3 == 2 {
            chain.signed(BODY, time, signer, &mut bytes);
        } else {
            chain.unsigned(BODY, time, &mut bytes);
        }
        ends.push((bytes.len(), chain.head()));
    }
    (bytes, ends)
}

fn seen(bytes: &[u8], start: usize, sought: &Sought) -> Chunk {
    Chunk::of_lines(Arc::new(bytes.to_vec()), start, sought, &mut Records::default())
}

/// From the first byte to the last, from which number to which, how many signed.
fn runs(chunk: &Chunk) -> Vec<(Range<usize>, u64, u64, usize)> {
    let run = |run: &Run| (run.bytes.clone(), run.first.seq, run.last.seq, run.signed.len());
    chunk.runs.iter().map(run).collect()
}

#[test]
fn records_that_follow_each_other_are_one_run() {
    for count in 1..8 {
        let (bytes, ends) = records(count, &key());
        let chunk = seen(&bytes, 0, &sought());
        assert_eq!(chunk.lines, 0..bytes.len());
        let signed = usize::try_from(count / 3).unwrap();
        assert_eq!(runs(&chunk), [(0..bytes.len(), 7, 6 + count, signed)]);
        let run = &chunk.runs[0];
        assert_eq!((run.first.prev, run.last.hash), (Hash::ZERO, ends.last().unwrap().1));
        assert_eq!(run.signer, (signed > 0).then(|| key().id()));
        for (at, signed) in run.signed.iter().enumerate() {
            let (start, (end, hash)) = (ends[3 * at + 1].0, ends[3 * at + 2]);
            assert_eq!((signed.bytes.clone(), signed.line.hash), (start..end - 1, hash));
        }
    }
}

#[test]
fn a_piece_of_a_line_at_either_end_is_of_no_run() {
    let (bytes, ends) = records(6, &key());
    let cut = bytes.len() - 10;
    let chunk = seen(&bytes[..cut], ends[0].0, &sought());
    assert_eq!(
        (chunk.lines.clone(), runs(&chunk)),
        (ends[0].0..ends[4].0, vec![(ends[0].0..ends[4].0, 8, 11, 1)])
    );
    let chunk = Chunk::of(Arc::new(bytes[5..].to_vec()), &sought(), &mut Records::default());
    assert_eq!(chunk.lines, ends[0].0 - 5..bytes.len() - 5);
    assert_eq!(runs(&chunk), [(chunk.lines.clone(), 8, 12, 2)]);
    let no_line = seen(b"{", 0, &sought());
    assert_eq!((no_line.lines, no_line.runs.len()), (0..0, 0));
}

#[test]
fn a_line_that_does_not_follow_begins_another_run() {
    let (bytes, ends) = records(6, &key());
    let line = |at: usize| &bytes[if at == 0 { 0 } else { ends[at - 1].0 }..ends[at].0];
    // Left out; no record; no line; altered, so that neither it follows nor the next does.
    let altered = String::from_utf8(line(3).to_vec()).unwrap().replace("alice", "alicf").into_bytes();
    let gap = String::from_utf8(line(3).to_vec()).unwrap().replace("event", "gap").into_bytes();
    for (instead, all) in [(&b""[..], 2), (b"\n", 2), (&gap, 2), (&altered, 2)] {
        let before: Vec<u8> = (0..3).flat_map(line).copied().collect();
        let behind: Vec<u8> = (4..6).flat_map(line).copied().collect();
        let chunk = seen(&[&before, instead, &behind].concat(), 0, &sought());
        assert_eq!(chunk.runs.len(), all, "{}", String::from_utf8_lossy(instead));
        let taken = if instead == altered { altered.len() } else { 0 };
        assert_eq!(chunk.runs[0].bytes, 0..before.len() + taken);
        assert_eq!((chunk.runs[1].first.seq, chunk.runs[1].last.seq), (11, 12));
    }
}

#[test]
fn one_run_has_signatures_of_one_key_in_the_order_of_time() {
    let other = SecretKey::from_seed(&[8; 32]);
    let (mut chain, mut bytes) = (Chain::after(key().id(), 0, Hash::ZERO), Vec::new());
    for (signer, minute) in [(key(), 1), (key(), 1), (other, 1), (key(), 9), (key(), 2)] {
        chain.signed(BODY, Timestamp::from_nanos(minute * 60_000_000_000), &signer, &mut bytes);
    }
    let chunk = seen(&bytes, 0, &sought());
    let numbers = chunk.runs.iter().map(|run| (run.first.seq, run.last.seq));
    assert_eq!(numbers.collect::<Vec<_>>(), [(0, 1), (2, 2), (3, 3), (4, 4)]);
}

#[test]
fn of_what_the_verifier_must_look_at_itself_there_is_no_run() {
    let (bytes, ends) = records(6, &key());
    let all = 0..bytes.len();
    let another = Sought { log: SecretKey::from_seed(&[8; 32]).id(), ..sought() };
    assert_eq!(runs(&seen(&bytes, 0, &another)), []);

    // A line that is expected, by its hash or by its number, is left to the verifier.
    let around = vec![(0..ends[1].0, 7, 8, 0), (ends[2].0..bytes.len(), 10, 12, 1)];
    let by_hash = ExpectedHead { hash: ends[2].1, seq: None };
    let by_number = ExpectedHead { hash: Hash::ZERO, seq: Some(9) };
    for expect in [by_hash, by_number] {
        assert_eq!(runs(&seen(&bytes, 0, &Sought { expect: Some(expect), ..sought() })), around);
    }
    let elsewhere = ExpectedHead { hash: Hash::ZERO, seq: None };
    assert_eq!(
        runs(&seen(&bytes, 0, &Sought { expect: Some(elsewhere), ..sought() })),
        [(all.clone(), 7, 12, 2)]
    );

    // So is one whose signature is none.
    let check = Sought { check: Some(key().public()), ..sought() };
    let chunk = seen(&bytes, 0, &check);
    assert_eq!((runs(&chunk), chunk.runs[0].checked), (vec![(all, 7, 12, 2)], Some(key().public())));
    let (forged, ends) = records(3, &SecretKey::from_seed(&[8; 32]));
    assert_eq!(runs(&seen(&forged, 0, &check)), [(0..ends[1].0, 7, 8, 0)]);
}

#[test]
fn a_run_is_split_behind_a_signed_record() {
    let (bytes, ends) = records(7, &key());
    let run = || seen(&bytes, 0, &sought()).runs.remove(0);
    let (before, behind) = run().split_behind(0);
    assert_eq!((before.bytes, before.last.seq, before.signed.len()), (0..ends[2].0, 9, 1));
    let behind = behind.unwrap();
    assert_eq!((behind.bytes, behind.first.seq, behind.first.prev), (ends[2].0..bytes.len(), 10, ends[2].1));
    assert_eq!((behind.last.seq, behind.signed.len()), (13, 1));
    let (before, behind) = run().split_behind(1);
    assert_eq!((before.bytes, before.last.hash, before.signed.len()), (0..ends[5].0, ends[5].1, 2));
    assert_eq!((behind.unwrap().bytes, ends.len()), (ends[5].0..bytes.len(), 7));
    let (bytes, _) = records(6, &key());
    let (before, behind) = seen(&bytes, 0, &sought()).runs.remove(0).split_behind(1);
    assert!(before.bytes == (0..bytes.len()) && behind.is_none());
}
