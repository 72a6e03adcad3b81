//! What is taken at a file's word: who may say it, and that nobody else is heard. `docs/TRUST.md` has the table.

use tracing_audit::trail::{
    Accepted, Chain, Close, Control, Ended, Gap, HandoffBefore, Hash, Keeps, Position, Previous, Resume,
    Succeeds, WriterIdentity,
};
use tracing_audit::verify::{
    ExpectedHead, FindingKind, LogReport, NotTorn, NoticeKind, Options, TrustFile, TrustLine, Verdict,
};

use crate::forge::{Log, attested, key, now, pin};
use crate::log::{File, found, lines, pinned, verify_with_copies};

const SECTOR: usize = 512;

fn verify(files: &[Vec<u8>], copies: &[&[u8]]) -> LogReport {
    with(files, copies, &pinned(pin()))
}

/// Both ways to verify agree.
fn with(files: &[Vec<u8>], copies: &[&[u8]], options: &Options) -> LogReport {
    let name = |(number, bytes): (usize, &Vec<u8>)| (format!("{number}"), bytes.clone());
    let files: Vec<File> = files.iter().enumerate().map(name).collect();
    let copies = Some(copies.concat()).filter(|copies| !copies.is_empty());
    let [each, report] = [true, false].map(|every_signature| {
        verify_with_copies(&files, copies.as_deref(), &Options { every_signature, ..options.clone() })
    });
    assert_eq!((&each.findings, &each.proved), (&report.findings, &report.proved));
    report
}

fn proved(report: &LogReport) -> Vec<(u64, u64)> {
    report.proved.listed.iter().map(|range| (range.from, range.to)).collect()
}

fn kinds(report: &LogReport) -> Vec<&FindingKind> {
    found(report).into_iter().map(|(.., kind)| kind).collect()
}

fn has_notice(report: &LogReport, is_it: impl Fn(&NoticeKind) -> bool) -> bool {
    report.notices.iter().any(|notice| is_it(&notice.kind))
}

fn line(log: &Log, seq: u64) -> HandoffBefore {
    HandoffBefore::Line(Position { hash: log.hash(seq), seq })
}

fn after(ended: Ended, bytes: usize) -> Previous {
    Previous { bytes: bytes as u64, ended, name: "before".into(), torn: None, unsynced_from: None }
}

#[test]
fn the_first_line_given_has_a_number_and_a_file_above_the_hand_off_to_its_key() {
    let honest = Log::of_six_files();
    for (seq, file, holds) in
        [(1, 5, false), (19, 5, false), (20, 5, false), (22, 4, false), (22, 5, true), (90, 7, true)]
    {
        for format in ["tracing-audit/v1", "tracing-audit/v2"] {
            let mut log = honest.stolen(2, seq, Hash::of_bytes(b"made up"));
            (log.file, log.oldest) = (file, file);
            log.begin_file(Some(after(Ended::Rotated, 7)), |genesis| genesis.format = format.into());
            log.record();
            let report = verify(&log.files, &[&honest.copies]);
            // What another format says of its file is not known; its number binds it all the same.
            let expected = match (format, holds || seq > 20) {
                ("tracing-audit/v1", _) if holds => (vec![(seq, seq + 1)], Verdict::Intact),
                ("tracing-audit/v2", true) => (vec![], Verdict::Error),
                _ => (vec![], Verdict::Tampered),
            };
            assert_eq!((proved(&report), report.verdict), expected, "{seq} {file} {format}: {report:?}");
        }
    }
    // The line after the hand-off follows it.
    for (prev, holds) in [(honest.hash(20), true), (Hash::ZERO, false)] {
        let mut log = honest.stolen(2, 21, prev);
        log.begin_alone(5, 5);
        let report = verify(&log.files, &[&honest.copies]);
        assert_eq!(report.verdict == Verdict::Intact, holds, "{:?}", report.findings);
    }
}

#[test]
fn the_latest_key_may_claim_any_oldest_and_only_an_expectation_finds_it() {
    let honest = Log::of_six_files();
    let mut log = honest.stolen(2, 22, Hash::of_bytes(b"made up"));
    log.begin_alone(5, 5);
    log.record();
    let report = verify(&log.files, &[&honest.copies]);
    assert_eq!((report.verdict, proved(&report)), (Verdict::Intact, vec![(22, 23)]));
    // The hand-off to the key had another retention.
    let raised = NoticeKind::OldestRaised { from: 0, to: 5, keeps: Keeps::All };
    assert!(has_notice(&report, |kind| *kind == raised), "{:?}", report.notices);
    assert!(has_notice(&report, |kind| *kind == NoticeKind::Pruned { file: 5, oldest: 5 }));

    let not_from_start = FindingKind::NotFromStart { first: 22 };
    let asked = Options { from_start: true, ..pinned(pin()) };
    let mut trust = TrustFile::default();
    let (origin, comment) = ("tests".to_owned(), String::new());
    trust.add(TrustLine::Log { origin, key: pin(), from_start: true, comment }).unwrap();
    for options in [asked, Options { trust, ..pinned(pin()) }] {
        let report = with(&log.files, &[&honest.copies], &options);
        assert_eq!((kinds(&report), report.verdict), (vec![&not_from_start], Verdict::Incomplete));
        assert_eq!(with(&honest.files, &[&honest.copies], &options).verdict, Verdict::Intact);
    }
}

#[test]
fn the_last_line_that_names_the_oldest_file_counts_and_no_line_of_an_older_key() {
    // The honest log lost file 1 under its writer, and keeps all files. The first key was stolen since.
    let mut log = Log::new();
    log.record();
    log.rotate();
    log.record();
    let before = log.clone();
    log.next_file(Ended::Removed, None, |_| ());
    log.hand_over();
    log.record();
    log.rotate();
    let mut old = before.stolen(0, 3, Hash::of_bytes(b"made up"));
    old.begin_alone(1, 1);
    let report = verify(&[&old.files[..], &log.files[2..]].concat(), &[&log.copies]);
    let missing = FindingKind::StartMissing { file: 1, oldest: 0 };
    assert!(kinds(&report).contains(&&missing), "{:?}", report.findings);
    assert!(!has_notice(&report, |kind| matches!(kind, NoticeKind::Pruned { .. })));
}

#[test]
fn of_two_hand_offs_in_the_copies_neither_is_believed_however_often_and_whatever_goes_on() {
    let honest = Log::of_six_files();
    let mut old = Log::new();
    (0..9).for_each(|_| old.record());
    old.hand_over_with(|handoff| handoff.public_key = key(40).public());
    old.epoch = 40;
    old.rotate_with(|genesis| genesis.epoch = 1);
    old.record();
    old.hand_over_with(|handoff| handoff.epoch = 2);
    let (ours, theirs) = (lines(&honest.copies), lines(&old.copies));
    let [first, a, next_a] = [0, 1, 2].map(|at| &ours[at][..]);
    let [b, next_b] = [1, 2].map(|at| &theirs[at][..]);
    let two = FindingKind::TwoHandOffs { epoch: 1 };
    for copies in [
        &[first, a, next_a, b, next_b][..],
        &[first, b, next_b, a, next_a],
        &[first, a, b, a, next_a, b],
        &[first, b, a, b, next_b],
        &[b, next_b, a, b, next_b, first],
        &[a, b],
    ] {
        for files in [&honest.files[..], &old.files, &honest.files[3..], &old.files[1..]] {
            let report = verify(files, copies);
            assert!(kinds(&report).contains(&&two), "{:?}", report.findings);
            assert_eq!(report.verdict, Verdict::Tampered);
            assert!(proved(&report).iter().all(|(_, to)| *to == 0), "{:?}", report.proved);
        }
    }
    // Where both lead to one key, a hand-off by that key names the log's.
    let mut twice = Log::new();
    (0..9).for_each(|_| twice.record());
    twice.hand_over_with(|handoff| handoff.reason = "once more".into());
    let copies = [&honest.copies[..], &lines(&twice.copies)[1]];
    let report = verify(&honest.files, &copies);
    assert_eq!((kinds(&report), proved(&report)), (vec![&two], vec![(0, 24)]));
    // Of two lines 0 none is the known one, and the keys after them stay proved.
    let mut start = honest.stolen(0, 0, Hash::ZERO);
    (start.file, start.before) = (0, Some(HandoffBefore::None));
    start.begin_file(None, |genesis| genesis.origin = "somebody else".into());
    let other = &start.files[0][..];
    for copies in [[first, other, first, a, next_a], [other, first, other, a, next_a]] {
        let report = verify(&honest.files[3..], &copies);
        assert!(kinds(&report).contains(&&FindingKind::TwoHandOffs { epoch: 0 }), "{:?}", report.findings);
        assert_eq!(report.verdict, Verdict::Tampered);
    }
}

#[test]
fn no_failed_sync_explains_two_hand_offs_that_are_missing() {
    for (hand_offs, verdict) in [(0, Verdict::Incomplete), (1, Verdict::Incomplete), (2, Verdict::Tampered)] {
        let mut log = Log::new();
        log.record();
        let kept = log.files[0].len();
        for _ in 0..hand_offs {
            log.record();
            log.hand_over();
        }
        log.record();
        let bytes = log.files[0].len();
        let previous = Previous { unsynced_from: Some(2), ..after(Ended::Unsynced, bytes) };
        log.begin_file(Some(previous), |_| ());
        log.record();
        assert_eq!(verify(&log.files, &[&log.copies]).verdict, Verdict::Intact);
        // All of it is lost, or all but the last line.
        let tail = lines(&log.files[0]).pop().unwrap();
        for rest in [&b""[..], &tail] {
            let mut files = log.files.clone();
            files[0].truncate(kept);
            files[0].extend_from_slice(rest);
            if rest.is_empty() || hand_offs > 0 {
                let report = verify(&files, &[&log.copies]);
                assert_eq!(report.verdict, verdict, "{hand_offs}: {:?}", report.findings);
            }
        }
    }
}

#[test]
fn where_a_loss_is_declared_more_of_that_file_may_go_and_is_named() {
    // Somebody who may write the folder, after the writer found one line gone.
    let mut log = Log::new();
    log.record();
    log.rotate();
    (0..4).for_each(|_| log.record());
    log.next_file(Ended::Truncated, None, |_| ());
    log.record();
    let rows = lines(&log.files[1]);
    for left in 1..rows.len() {
        let mut files = log.files.clone();
        files[1] = rows[..left].concat();
        let report = verify(&files, &[&log.copies]);
        let gone = FindingKind::Gone { from: 3 + left as u64, to: 7, ended: Ended::Truncated };
        assert_eq!((kinds(&report), report.verdict), (vec![&gone], Verdict::Incomplete), "{left}");
    }
    // The file itself, but no line of the one before, and none in the middle.
    let report = verify(&[&log.files[..1], &log.files[2..]].concat(), &[&log.copies]);
    let gone = FindingKind::Gone { from: 3, to: 7, ended: Ended::Truncated };
    assert_eq!((kinds(&report), report.verdict), (vec![&gone], Verdict::Incomplete));
    let mut files = log.files.clone();
    files[0] = lines(&files[0])[..2].concat();
    assert_eq!(verify(&files, &[&log.copies]).verdict, Verdict::Tampered);
    let mut files = log.files.clone();
    files[1] = [&rows[..2], &rows[3..]].concat().concat();
    assert_eq!(verify(&files, &[&log.copies]).verdict, Verdict::Incomplete);
    files[1].extend_from_slice(b"junk\n");
    assert_eq!(verify(&files, &[&log.copies]).verdict, Verdict::Tampered);
}

#[test]
fn the_latest_key_declares_one_file_before_it_lost_and_no_more() {
    let honest = Log::of_six_files();
    for (kept, verdict) in [(4, Verdict::Incomplete), (3, Verdict::Tampered), (1, Verdict::Tampered)] {
        let mut log = honest.stolen(2, 22, Hash::of_bytes(b"made up"));
        log.file = 5;
        log.begin_file(Some(after(Ended::Removed, 7)), |_| ());
        let report = verify(&[&honest.files[..kept], &log.files].concat(), &[&honest.copies]);
        assert_eq!(report.verdict, verdict, "{kept}: {:?}", report.findings);
        // The lines that are missing are named, and none is proved that he did not leave.
        let last = [3, 7, 13, 17][kept - 1];
        assert_eq!(proved(&report), [(0, last), (22, 22)]);
        assert_eq!(report.missing.listed.first().map(|range| range.from), Some(last + 1));
    }
}

/// The last write of a log has ten lines, a hand-off among them or not; of it some sectors are zeros.
fn power_cut(hand_over: bool) -> (Log, Vec<u8>, Vec<u8>) {
    let log = Log::of_six_files();
    let mut lost = log.clone();
    let at = lost.file().len();
    (0..7).for_each(|_| lost.record());
    if hand_over {
        lost.hand_over();
    }
    (0..2).for_each(|_| lost.record());
    let mut rest = lost.file().split_off(at);
    let end = (at + 1_300) / SECTOR * SECTOR - at;
    rest[100..end].fill(0);
    (log, rest, lost.copies)
}

#[test]
fn zeros_make_an_end_incomplete_until_a_start_attests_them_and_reach_no_copied_hand_off() {
    let (log, rest, _) = power_cut(false);
    let mut files = log.files.clone();
    files[5].extend_from_slice(&rest);
    let report = verify(&files, &[&log.copies]);
    let [FindingKind::PowerCut { .. }] = kinds(&report)[..] else { panic!("{:?}", report.findings) };
    assert_eq!((report.verdict, proved(&report)), (Verdict::Incomplete, vec![(0, 24)]));
    // Zeros that end elsewhere are somebody's.
    let mut files = files.clone();
    let end = files[5].iter().rposition(|byte| *byte == 0).unwrap();
    files[5][end] = b'x';
    assert_eq!(verify(&files, &[&log.copies]).verdict, Verdict::Tampered);

    let (log, rest, copies) = power_cut(true);
    let mut files = log.files.clone();
    files[5].extend_from_slice(&rest);
    assert_eq!(verify(&files, &[&log.copies]).verdict, Verdict::Incomplete);
    assert_eq!(verify(&files, &[&copies]).verdict, Verdict::Tampered);
}

#[test]
fn a_key_may_name_another_boot_and_give_up_its_own_lines_and_no_copied_hand_off() {
    for (boot, hand_over, why) in [
        (Some("another boot"), false, None),
        (None, false, None),
        (Some("one boot"), false, Some(NotTorn::SameBoot)),
        (Some("another boot"), true, Some(NotTorn::HandOff)),
    ] {
        let (mut log, rest, copies) = power_cut(hand_over);
        log.boot = boot;
        log.resume(&rest);
        let report = verify(&log.files, &[&copies]);
        match why {
            None => {
                assert_eq!((kinds(&report), report.verdict), (vec![], Verdict::Intact));
                assert!(has_notice(&report, |kind| matches!(kind, NoticeKind::GivenUp { .. })));
            }
            Some(why) => {
                let not_torn = |kind: &&FindingKind| matches!(kind, FindingKind::NotTorn { why: found, .. } if *found == why);
                assert!(kinds(&report).iter().any(not_torn), "{:?}", report.findings);
                assert_eq!(report.verdict, Verdict::Tampered);
            }
        }
    }
}

#[test]
fn a_genesis_or_a_hand_off_that_names_another_hand_off_before_it_is_not_proved() {
    let honest = Log::of_six_files();
    for named in [None, Some(HandoffBefore::None), Some(line(&honest, 0)), Some(line(&honest, 9))] {
        let mut log = Log { files: honest.files[..3].to_vec(), ..honest.stolen(1, 14, honest.hash(13)) };
        (log.file, log.before) = (3, Some(line(&honest, 10)));
        let mut in_genesis = log.clone();
        in_genesis.next_file(Ended::Rotated, None, |genesis| genesis.handoff = named);
        in_genesis.record();
        let mut in_hand_off = log.clone();
        in_hand_off.next_file(Ended::Rotated, None, |_| ());
        in_hand_off.hand_over_with(|handoff| handoff.handoff = named);
        in_hand_off.record();
        for (log, last) in [(in_genesis, 13), (in_hand_off, 14)] {
            let report = verify(&log.files, &[&lines(&honest.copies)[..2].concat()]);
            assert_eq!(report.verdict, Verdict::Tampered, "{named:?}");
            let is_it = |kind: &&FindingKind| {
                matches!(kind, FindingKind::HandOffDiffers { .. } | FindingKind::HandOffNotNamed)
            };
            assert!(kinds(&report).iter().any(is_it), "{:?}", report.findings);
            if named.is_some() {
                assert_eq!(proved(&report), [(0, last)], "{named:?}");
            }
        }
    }
}

#[test]
fn an_old_key_ends_the_log_in_its_epoch_where_nothing_later_is_known() {
    let honest = Log::of_six_files();
    let mut old = Log::new();
    (0..30).for_each(|_| old.record());
    old.control(&Control::Close(Close { reason: Ended::Shutdown }));
    // With the files and the copies gone only what the reader kept finds it.
    assert_eq!(verify(&old.files, &[]).verdict, Verdict::Intact);
    let expect_head = Some(ExpectedHead { seq: Some(24), hash: honest.hash(24) });
    let report = with(&old.files, &[], &Options { expect_head, ..pinned(pin()) });
    assert_eq!(report.verdict, Verdict::Tampered, "{:?}", report.findings);
    let report = verify(&old.files, &[&honest.copies]);
    assert_eq!((report.verdict, proved(&report)), (Verdict::Tampered, vec![(0, 8)]));
    // Hand-offs of his own to keys of his own, and to the latest key: the same, from his hand-off on.
    let mut old = Log::new();
    (0..9).for_each(|_| old.record());
    old.hand_over_with(|handoff| handoff.public_key = key(40).public());
    (old.epoch, old.file) = (40, 1);
    old.rotate_with(|genesis| genesis.epoch = 1);
    old.hand_over_with(|handoff| (handoff.epoch, handoff.public_key) = (2, key(2).public()));
    old.epoch = 2;
    assert_eq!(verify(&old.files, &[&old.copies]).verdict, Verdict::Intact);
    // But no line that the latest key signed goes on from there: each names its own hand-off.
    let report = verify(&[&old.files[..], &honest.files[5..]].concat(), &[&old.copies]);
    assert_eq!(report.verdict, Verdict::Tampered);
    assert!(proved(&report).iter().all(|(_, to)| *to < 22), "{:?}", report.proved);
    for copies in [&[&honest.copies[..]][..], &[&old.copies, &honest.copies]] {
        assert_eq!(verify(&old.files, copies).verdict, Verdict::Tampered);
    }
}

#[test]
fn under_a_plain_pin_the_latest_key_gives_the_log_any_name() {
    let mut log = Log::of_six_files();
    log.rotate_with(|genesis| genesis.origin = "somebody else".into());
    let report = verify(&log.files, &[&log.copies]);
    assert_eq!((report.verdict, report.origin.as_deref()), (Verdict::Intact, Some("somebody else")));
    let mut trust = TrustFile::default();
    let (origin, comment) = ("tests".to_owned(), String::new());
    trust.add(TrustLine::Log { origin, key: pin(), from_start: false, comment }).unwrap();
    let report = with(&log.files, &[&log.copies], &Options { trust, ..pinned(pin()) });
    let differs = FindingKind::OriginDiffers { expected: "tests".into(), found: "somebody else".into() };
    assert_eq!((kinds(&report), report.verdict), (vec![&differs], Verdict::Incomplete));
}

#[test]
fn row_35_only_line_0_names_the_log_that_this_one_replaces() {
    let succeeds = Some(Succeeds { hash: Hash::of_bytes(b"x"), log: key(60).id(), seq: 7 });
    let mut log = Log::of_six_files();
    log.rotate_with(|genesis| genesis.succeeds = succeeds);
    let report = verify(&log.files, &[&log.copies]);
    assert_eq!((report.verdict, report.succeeds), (Verdict::Intact, None));
    assert!(!has_notice(&report, |kind| matches!(kind, NoticeKind::Succeeds(_))));
}

#[test]
fn a_loss_that_an_operator_accepted_stays_tampering() {
    let accepted = || Some(Accepted { at: now(), by: "ops: INTACT".into(), reason: "\u{1b}[2J".into() });
    let mut log = Log::of_six_files();
    let lost = after(Ended::Lost, log.files[5].len());
    log.chain = Chain::after(pin().id(), 30, Hash::of_bytes(b"made up"));
    log.begin_file(Some(lost), |genesis| genesis.accepted = accepted());
    let report = verify(&log.files, &[&log.copies]);
    let lost = FindingKind::Lost { from: 25, to: 29 };
    assert_eq!((kinds(&report), report.verdict), (vec![&lost], Verdict::Tampered));
    let said = report.notices.iter().find(|notice| matches!(notice.kind, NoticeKind::Accepted(_))).unwrap();
    assert!(!said.to_string().contains('\u{1b}') && said.to_string().contains("\"ops: INTACT\""), "{said}");
    // Signed lines that were taken for torn, in a resume.
    let mut log = Log::of_six_files();
    let mut lost = log.clone();
    let at = lost.file().len();
    (0..2).for_each(|_| lost.record());
    let mut rest = lost.file().split_off(at);
    rest[20] ^= 1;
    log.file().extend_from_slice(&[&rest[..], b"\n"].concat());
    let writer = WriterIdentity::new("db1", 1, "payments");
    let resume =
        Resume { torn: Some(attested(&rest)), accepted: accepted(), ..Resume::new(Ended::Crash, writer) };
    log.control(&Control::Resume(resume));
    let report = verify(&log.files, &[&log.copies]);
    assert!(matches!(kinds(&report)[..], [FindingKind::NotTorn { .. }]), "{:?}", report.findings);
    assert_eq!(report.verdict, Verdict::Tampered);
}

#[test]
fn losses_and_crashes_are_what_the_key_declares_and_found_where_none_was_to_be() {
    let options = Options { no_losses: true, ..pinned(pin()) };
    let mut log = Log::of_six_files();
    assert_eq!(with(&log.files, &[&log.copies], &options).verdict, Verdict::Intact);
    log.control(&Control::Gap(Gap { lost: 3, reason: "queue full".into(), since: now() }));
    log.resume(b"");
    let report = with(&log.files, &[&log.copies], &options);
    let losses = FindingKind::Losses { lost: 3, crashes: 1 };
    assert_eq!((kinds(&report), report.verdict), (vec![&losses], Verdict::Incomplete));
    assert_eq!(verify(&log.files, &[&log.copies]).verdict, Verdict::Intact);
}

#[test]
fn hand_offs_that_are_not_copied_are_named_while_their_files_are_there() {
    let log = Log::of_six_files();
    let first = &lines(&log.copies)[0];
    for (copies, missing) in [(&b""[..], 2), (first, 2), (&log.copies[..], 0)] {
        let report = verify(&log.files, &[copies]);
        let not_copied =
            |kind: &NoticeKind| matches!(kind, NoticeKind::NotCopied { hand_offs } if *hand_offs == missing);
        assert_eq!(has_notice(&report, not_copied), missing > 0, "{:?}", report.notices);
        assert_eq!((report.verdict, report.lines), (Verdict::Intact, 25));
        // Once they are gone nothing proves the keys.
        let pruned = verify(&log.files[5..], &[copies]);
        assert_eq!(pruned.lines, if missing > 0 { 0 } else { 3 }, "{:?}", pruned.findings);
    }
}
