//! What a genesis says of the file before it, and what stands there.

use tracing_audit::trail::{Chain, Control, Ended, Genesis, Previous};
use tracing_audit::verify::{FindingKind, LogReport, NoticeKind, Options, Verdict};

use crate::log::{File, Log, found, lines, pinned, secret, torn, verify, verify_with_copies};

/// Begins a file with this genesis.
fn begin(log: &mut Log, genesis: Genesis) {
    log.files.push(Vec::new());
    log.control(&Control::Genesis(genesis));
}

/// The genesis of the next file, before which it says this.
fn after(log: &mut Log, previous: Previous) -> Genesis {
    Genesis { file: log.files.len() as u64, ..log.a_genesis(Some(previous)) }
}

/// Three lines, the file closed so, and another whose genesis says this of it.
fn two_files(name: &'static str, closed: Option<Ended>, says: impl FnOnce(&mut Genesis)) -> Log {
    let mut log = Log::new(name);
    log.event("alice");
    log.event("bob");
    if let Some(reason) = closed {
        log.close(reason);
    }
    let previous = log.previous(closed.unwrap_or(Ended::Crash));
    let mut genesis = after(&mut log, previous);
    says(&mut genesis);
    begin(&mut log, genesis);
    log.event("carol");
    log.close(Ended::Shutdown);
    log
}

fn previous(genesis: &mut Genesis) -> &mut Previous {
    genesis.previous.as_mut().unwrap()
}

fn report(files: &[File], log: &Log) -> LogReport {
    let [each, report] =
        [true, false].map(|every_signature| verify(files, &Options { every_signature, ..pinned(log.pin()) }));
    assert_eq!(each.findings, report.findings);
    report
}

/// The one thing that is found at the second file's genesis.
fn at_genesis(log: &Log) -> FindingKind {
    let report = report(&log.files(), log);
    let [("audit.1.jsonl", 1, kind)] = found(&report)[..] else { panic!("{:?}", report.findings) };
    kind.clone()
}

#[test]
fn what_it_says_of_the_end_is_compared() {
    for closed in [Some(Ended::Rotated), Some(Ended::Shutdown), None] {
        let log = two_files("as it was", closed, |_| {});
        assert_eq!(found(&report(&log.files(), &log)), []);
        let mut bytes = 0;
        let log = two_files("a byte more", closed, |genesis| {
            previous(genesis).bytes += 1;
            bytes = previous(genesis).bytes;
        });
        assert_eq!(at_genesis(&log), FindingKind::PreviousBytes { expected: bytes, found: bytes - 1 });
    }
    for (closed, says) in [
        (None, Ended::Rotated),
        (None, Ended::Shutdown),
        (Some(Ended::Shutdown), Ended::Rotated),
        (Some(Ended::Rotated), Ended::Shutdown),
    ] {
        let log = two_files("another end", closed, |genesis| previous(genesis).ended = says);
        assert_eq!(at_genesis(&log), FindingKind::EndedDiffers { expected: closed, found: says });
    }
    for ended in [Ended::Truncated, Ended::Removed, Ended::Replaced] {
        let log = two_files("meddled", Some(Ended::Rotated), |genesis| previous(genesis).ended = ended);
        let report = report(&log.files(), &log);
        assert_eq!((report.verdict, found(&report)), (Verdict::Intact, vec![]));
        assert!(report.notices.iter().any(|notice| notice.kind == NoticeKind::Meddled { ended }));
    }
}

#[test]
fn its_number_key_and_epoch_are_compared() {
    let log = two_files("number", Some(Ended::Rotated), |genesis| genesis.file = 2);
    assert_eq!(at_genesis(&log), FindingKind::FileNumber { expected: 1, found: 2 });
    let log = two_files("same number", Some(Ended::Rotated), |genesis| genesis.file = 0);
    let kinds: Vec<_> = report(&log.files(), &log).findings.into_iter().map(|finding| finding.kind).collect();
    assert!(kinds.contains(&FindingKind::FileNumber { expected: 1, found: 0 }), "{kinds:?}");

    let key = secret("epoch", 0).id();
    let differs = |found_epoch, found| FindingKind::KeyDiffers {
        expected_epoch: 0,
        expected: Some(key),
        found_epoch,
        found,
    };
    let log = two_files("epoch", Some(Ended::Rotated), |genesis| genesis.epoch = 1);
    assert_eq!(at_genesis(&log), differs(1, key));
    let log = two_files("epoch", Some(Ended::Rotated), |genesis| {
        genesis.public_key = secret("epoch", 1).public();
    });
    assert_eq!(at_genesis(&log), differs(0, secret("epoch", 1).id()));
    let log = two_files("nothing before", Some(Ended::Rotated), |genesis| genesis.previous = None);
    let why = "`previous` is null in file 0, and only there".to_owned();
    assert_eq!(at_genesis(&log), FindingKind::Fields { why });
}

#[test]
fn a_first_file_that_is_gone_is_what_the_second_says_it_is() {
    for (ended, file, declared) in [
        (Ended::Removed, 1, true),
        (Ended::Truncated, 1, true),
        (Ended::Rotated, 1, false),
        (Ended::Removed, 2, false),
    ] {
        let log = two_files("gone", None, |genesis| {
            previous(genesis).ended = ended;
            genesis.file = file;
        });
        let report = report(&log.files()[1..], &log);
        let gone = FindingKind::Gone { from: 0, to: 2, ended };
        let missing = FindingKind::StartMissing { file, oldest: 0 };
        let expected = if declared { ("audit.1.jsonl", 1, &gone) } else { ("", 0, &missing) };
        assert_eq!((found(&report), report.verdict), (vec![expected], Verdict::Incomplete));
    }
}

#[test]
fn only_a_loss_of_whole_lines_behind_is_declared() {
    for ended in [Ended::Truncated, Ended::Removed, Ended::Replaced] {
        let log = two_files("declared", None, |genesis| previous(genesis).ended = ended);
        let mut files = log.files();
        let rows = lines(&files[0].1);
        files[0].1 = rows[..2].concat();
        let cut = report(&files, &log);
        let gone = FindingKind::Gone { from: 2, to: 2, ended };
        assert_eq!((found(&cut), cut.verdict), (vec![("audit.1.jsonl", 1, &gone)], Verdict::Incomplete));

        // A line that was altered is not what was written: it is gone.
        let altered = String::from_utf8(rows[2].clone()).unwrap().replace("bob", "eve").into_bytes();
        files[0].1 = [&rows[0][..], &rows[1], &altered].concat();
        assert_eq!(found(&report(&files, &log)), [("audit.1.jsonl", 1, &gone)]);
    }
    // Gone, and nobody said that it might be.
    for ended in [Ended::Rotated, Ended::Crash, Ended::Shutdown] {
        let log = two_files("not declared", None, |genesis| previous(genesis).ended = ended);
        let mut files = log.files();
        files[0].1 = lines(&files[0].1)[..2].concat();
        assert_eq!(report(&files, &log).verdict, Verdict::Tampered, "{ended}");
    }
}

#[test]
fn a_failed_sync_explains_lines_from_there_on_and_no_others() {
    for (from, verdict) in [
        (None, Verdict::Tampered),
        (Some(1), Verdict::Incomplete),
        (Some(2), Verdict::Incomplete),
        (Some(3), Verdict::Tampered),
    ] {
        let log = two_files("unsynced", None, |genesis| {
            previous(genesis).ended = Ended::Unsynced;
            previous(genesis).unsynced_from = from;
        });
        let mut files = log.files();
        files[0].1 = lines(&files[0].1)[..2].concat();
        let cut = report(&files, &log);
        assert_eq!(cut.verdict, verdict, "{from:?}");
        let gone = FindingKind::Gone { from: 2, to: 2, ended: Ended::Unsynced };
        assert_eq!(found(&cut).contains(&("audit.1.jsonl", 1, &gone)), verdict == Verdict::Incomplete);
    }
}

#[test]
fn lines_that_were_gone_when_the_writer_started_are_named() {
    let log = two_files("lost", None, |genesis| previous(genesis).ended = Ended::Lost);
    let mut files = log.files();
    files[0].1 = lines(&files[0].1)[..2].concat();
    let lost = report(&files, &log);
    assert_eq!(found(&lost), [("audit.1.jsonl", 1, &FindingKind::Lost { from: 2, to: 2 })]);
    assert_eq!(lost.verdict, Verdict::Tampered);
}

#[test]
fn files_without_a_number_stand_between_those_with_one() {
    let mut log = Log::of_three_files("numbers");
    let mut files = log.files();
    // The middle one's genesis is damaged: it might be any one number, and is the one that belongs there.
    files[1].1[5] ^= 1;
    let report = report(&files, &log);
    assert!(
        report
            .findings
            .iter()
            .all(|finding| finding.at.as_ref().is_some_and(|at| at.file == "audit.1.jsonl"))
    );
    // A file more than there may be between two numbers.
    log.rotate();
    let mut files = log.files();
    files.insert(1, ("audit.more.jsonl".into(), files[1].1.clone()));
    files[1].1[5] ^= 1;
    assert_eq!(verify(&files, &pinned(log.pin())).verdict, Verdict::Tampered);
    files.remove(1);
    files.remove(1);
    let gone = verify_with_copies(&files, Some(&log.copies), &pinned(log.pin()));
    assert_eq!(found(&gone)[0], ("audit.2.jsonl", 1, &FindingKind::FilesMissing { from: 1, to: 1 }));
}

#[test]
fn torn_bytes_at_the_end_of_one_file_are_those_that_the_next_attests() {
    let piece = b"{\"fields\":{\"act";
    let tear = |says: Option<&[u8]>| {
        let mut log = Log::new("torn end");
        log.event("alice");
        log.file().extend_from_slice(piece);
        log.file().push(b'\n');
        let previous = Previous { torn: says.map(torn), ..log.previous(Ended::Crash) };
        let genesis = after(&mut log, previous);
        begin(&mut log, genesis);
        log.close(Ended::Shutdown);
        log
    };
    let log = tear(Some(piece));
    assert_eq!(found(&report(&log.files(), &log)), []);
    for says in [None, Some(&piece[1..])] {
        let log = tear(says);
        assert_eq!(report(&log.files(), &log).verdict, Verdict::Tampered);
    }
}

#[test]
fn a_file_without_its_genesis_goes_on_from_the_one_before() {
    for unattested in [&b""[..], b"{\"fields\":{\"act\n"] {
        let mut log = Log::new("no genesis");
        log.event("alice");
        log.file().extend_from_slice(unattested);
        log.files.push(Vec::new());
        log.event("bob");
        log.close(Ended::Shutdown);
        let report = report(&log.files(), &log);
        let mut expected = vec![("audit.1.jsonl", 1, &FindingKind::NoGenesis)];
        if !unattested.is_empty() {
            let [("audit.0.jsonl", 3, FindingKind::Malformed(_)), ..] = found(&report)[..] else {
                panic!("{:?}", report.findings)
            };
            expected.insert(0, found(&report)[0]);
        }
        assert_eq!((found(&report), report.verdict), (expected, Verdict::Tampered));
        assert_eq!(report.lines, 4);
    }
}

#[test]
fn no_loss_that_a_genesis_declares_explains_another_line_or_bytes_too_many() {
    for (ended, file) in [(Ended::Truncated, 1), (Ended::Lost, 1), (Ended::Rotated, 2)] {
        // Two signed lines of one number: the genesis follows the other.
        let mut log = Log::new("declared");
        let mut other = log.clone();
        log.event("alice");
        other.event("bob");
        let previous = Previous { ended, ..other.previous(Ended::Crash) };
        let genesis = Genesis { file, ..after(&mut other, previous) };
        begin(&mut other, genesis);
        other.close(Ended::Shutdown);
        let files = [log.files().remove(0), other.files().remove(1)];
        let forked = report(&files, &log);
        let [("audit.1.jsonl", 1, FindingKind::Link { .. }), ..] = found(&forked)[..] else {
            panic!("{ended}: {:?}", forked.findings)
        };
        assert_eq!(forked.verdict, Verdict::Tampered);
    }
    // Garbage before lines that are all there.
    let mut log = Log::new("too many");
    log.event("alice");
    log.unsigned("bob");
    log.event("carol");
    log.next_file(Ended::Truncated);
    log.close(Ended::Shutdown);
    let mut files = log.files();
    let mut rows = lines(&files[0].1);
    rows.insert(2, b"{\"fields\":{}}\n".to_vec());
    files[0].1 = rows.concat();
    let more = report(&files, &log);
    let [("audit.0.jsonl", 3, FindingKind::Malformed(_))] = found(&more)[..] else {
        panic!("{:?}", more.findings)
    };
    assert_eq!(more.verdict, Verdict::Tampered);
}

#[test]
fn before_line_0_nothing_is_gone_whatever_a_genesis_declares() {
    let mut log = Log::new("line 0");
    let previous = Previous { ended: Ended::Removed, ..log.previous(Ended::Crash) };
    log.chain = Chain::new(log.pin().id());
    let genesis = Genesis { file: 1, ..log.a_genesis(Some(previous)) };
    log.files.clear();
    begin(&mut log, genesis);
    log.close(Ended::Shutdown);
    let report = report(&log.files(), &log);
    let missing = FindingKind::StartMissing { file: 1, oldest: 0 };
    assert_eq!((found(&report), report.verdict), (vec![("", 0, &missing)], Verdict::Incomplete));
}
