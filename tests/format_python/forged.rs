//! Logs that thieves of keys wrote, and outsiders: no line is proved that no hand-off leads to.

use tracing_audit::trail::{Chain, Close, Control, Ended, Genesis, HandoffBefore, Hash, Position};

use crate::forge::{Log, RECORD, attested, key, now, pin};
use crate::python::Python;
use crate::{broken, lines, nothing, verify, whole};

#[test]
fn a_thief_of_the_latest_key_proves_nothing_up_to_the_hand_off() {
    let Some(python) = Python::from_the_page() else { return };
    let honest = Log::of_six_files();
    let (handoff, hash) = (20, honest.hash(20));
    let none = Some(HandoffBefore::None);
    for (seq, prev, before) in [
        (1, honest.hash(0), honest.before),
        (1, Hash::ZERO, None),
        (11, honest.hash(10), none),
        (20, honest.hash(19), honest.before),
        (21, Hash::ZERO, honest.before),
        (21, honest.hash(20), none),
        (21, honest.hash(20), None),
    ] {
        let mut log = Log { before, ..honest.stolen(2, seq, prev) };
        log.begin_alone(5, 5);
        (0..2).for_each(|_| log.record());
        nothing(&verify(&python, &log.files, &[&honest.copies]));
        // Beside the honest files, wherever in the order, it proves no line of its own.
        broken(&verify(&python, &[&honest.files[..5], &log.files].concat(), &[]), &[(0, 21)]);
        let mixed = [&honest.files[..1], &log.files, &honest.files[1..]].concat();
        broken(&verify(&python, &mixed, &[]), &[(0, 24)]);
    }
    // Lines that run across the hand-off's number.
    let mut log = honest.stolen(2, 17, honest.hash(16));
    log.begin_alone(5, 0);
    (0..9).for_each(|_| log.record());
    nothing(&verify(&python, &log.files, &[&honest.copies]));
    let mut log = honest.stolen(2, 17, honest.hash(16));
    log.files.push(Vec::new());
    (0..6).for_each(|_| log.unsigned());
    log.record();
    nothing(&verify(&python, &log.files, &[&honest.copies]));
    broken(&verify(&python, &[&honest.files[..4], &log.files].concat(), &[&honest.copies]), &[(0, 17)]);
    // Right after the last line, but not from it.
    let mut log = honest.stolen(2, 25, honest.hash(23));
    log.begin_alone(6, 0);
    log.record();
    broken(&verify(&python, &[&honest.files[..], &log.files].concat(), &[]), &[(0, 24)]);
    // What follows is the thief's: the page says so.
    let mut log = honest.stolen(2, handoff + 1, hash);
    log.begin_alone(5, 5);
    log.record();
    whole(&verify(&python, &log.files, &[&honest.copies]), &[(21, 22)]);
}

#[test]
fn a_thief_of_the_latest_key_begins_no_file_before_that_of_the_hand_off() {
    let Some(python) = Python::from_the_page() else { return };
    let honest = Log::of_six_files();
    for (file, holds) in [(0, false), (3, false), (4, false), (5, true), (9, true)] {
        let mut log = honest.stolen(2, 30, Hash::of_bytes(b"made up"));
        log.begin_alone(file, file);
        log.record();
        let answer = verify(&python, &log.files, &[&honest.copies]);
        if holds { whole(&answer, &[(30, 31)]) } else { nothing(&answer) }
    }
    // An older writer's hand-off is in no file by its number.
    let mut honest = Log::of_older_writer();
    honest.hand_over();
    let mut log = honest.stolen(1, 30, Hash::of_bytes(b"made up"));
    log.begin_alone(1, 1);
    whole(&verify(&python, &log.files, &[&honest.copies]), &[(30, 30)]);
}

#[test]
fn an_old_key_is_over_at_its_hand_off_wherever_that_is_known_from() {
    let Some(python) = Python::from_the_page() else { return };
    let honest = Log::of_six_files();
    // The whole log again, in one epoch.
    let mut log = Log::new();
    (0..30).for_each(|_| log.record());
    whole(&verify(&python, &log.files, &[]), &[(0, 30)]);
    broken(&verify(&python, &log.files, &[&honest.copies]), &[(0, 9)]);
    // After a hole, up to the hand-off's number and past it.
    for (seq, proved) in [(9, &[(0, 3), (9, 9)][..]), (10, &[(0, 3)]), (11, &[(0, 3)]), (30, &[(0, 3)])] {
        let mut log = honest.stolen(0, seq, Hash::of_bytes(b"made up"));
        log.before = Some(HandoffBefore::Line(Position { hash: honest.hash(0), seq: 0 }));
        log.begin_alone(3, 0);
        (0..9).for_each(|_| log.record());
        broken(&verify(&python, &[&honest.files[..1], &log.files].concat(), &[&honest.copies]), proved);
        // The files that come after it have the hand-off, though the chain does not lead there.
        let all = [&honest.files[..1], &log.files, &honest.files[2..]].concat();
        let answer = verify(&python, &all, &[]);
        assert!(
            !answer.whole && answer.proved.iter().all(|(_, to)| *to <= 9 || *to == 24),
            "{seq}: {answer:?}"
        );
    }
}

#[test]
fn two_hand_offs_from_one_epoch_prove_nothing_after_the_one_before() {
    let Some(python) = Python::from_the_page() else { return };
    let mut honest = Log::of_six_files();
    honest.oldest = 4;
    for seq in [12, 16, 22, 40] {
        let mut log = honest.stolen(1, seq, Hash::of_bytes(b"made up"));
        log.before = Some(HandoffBefore::Line(Position { hash: honest.hash(10), seq: 10 }));
        log.begin_alone(3, 0);
        log.hand_over_with(|handoff| handoff.public_key = key(40).public());
        for at in [3, 6] {
            let (before, after) = honest.files.split_at(at);
            broken(&verify(&python, &[before, &log.files, after].concat(), &[]), &[(0, 10)]);
        }
        let both = verify(&python, &honest.files, &[&honest.copies, &log.copies]);
        broken(&both, &[(0, 10)]);
    }
    // One that stands where its key never signed ends nothing.
    let mut log = honest.stolen(1, 5, honest.hash(4));
    log.before = Some(HandoffBefore::Line(Position { hash: honest.hash(10), seq: 10 }));
    log.begin_alone(3, 0);
    log.hand_over_with(|handoff| handoff.public_key = key(40).public());
    broken(&verify(&python, &[&honest.files[..], &log.files].concat(), &[&log.copies]), &[(0, 24)]);
}

#[test]
fn at_the_number_of_a_hand_off_or_of_line_0_no_other_line_is_proved() {
    let Some(python) = Python::from_the_page() else { return };
    let honest = Log::of_six_files();
    // An old key writes its last line again.
    let mut log = Log::new();
    (0..9).for_each(|_| log.record());
    for signed in [true, false] {
        let mut log = log.clone();
        if signed {
            log.record();
        } else {
            log.unsigned();
        }
        (0..3).for_each(|_| log.record());
        broken(&verify(&python, &log.files, &[&honest.copies]), &[(0, 9)]);
    }
    // Another first line, by the first key.
    let mut log = honest.stolen(0, 0, Hash::ZERO);
    (log.file, log.before) = (0, Some(HandoffBefore::None));
    log.begin_file(None, |genesis| genesis.origin = "somebody else".into());
    (0..3).for_each(|_| log.record());
    whole(&verify(&python, &log.files, &[]), &[(0, 3)]);
    nothing(&verify(&python, &log.files, &[&honest.copies]));
    nothing(&verify(&python, &honest.files, &[&honest.copies, &lines(&log.files[0])[0]]));
    let files =
        [&[[log.files[0].clone(), lines(&honest.files[0])[1..].concat()].concat()][..], &honest.files[1..]];
    broken(&verify(&python, &files.concat(), &[&honest.copies]), &[(1, 24)]);
}

#[test]
fn the_member_handoff_names_the_hand_off_before_and_stays_once_it_is_there() {
    let Some(python) = Python::from_the_page() else { return };
    let line = |hash, seq| Some(HandoffBefore::Line(Position { hash, seq }));
    let honest = Log::of_six_files();
    for wrong in [
        None,
        Some(HandoffBefore::None),
        line(honest.hash(0), 0),
        line(honest.hash(10), 9),
        line(honest.hash(9), 10),
    ] {
        let mut log = Log { files: honest.files[..3].to_vec(), ..honest.stolen(1, 14, honest.hash(13)) };
        (log.file, log.before) = (3, line(honest.hash(10), 10));
        let mut in_genesis = log.clone();
        in_genesis.next_file(Ended::Rotated, None, |genesis| genesis.handoff = wrong);
        in_genesis.record();
        broken(&verify(&python, &in_genesis.files, &[]), &[(0, 13)]);
        // A genesis is not reached, but a copy of a lower number has it.
        broken(&verify(&python, &in_genesis.files[3..], &[&honest.copies]), &[]);
        log.next_file(Ended::Rotated, None, |_| ());
        whole(&verify(&python, &log.files, &[]), &[(0, 14)]);
        log.hand_over_with(|handoff| handoff.handoff = wrong);
        log.record();
        broken(&verify(&python, &log.files, &[]), &[(0, 14)]);
    }
    let mut first = honest.stolen(0, 0, Hash::ZERO);
    (first.file, first.before) = (0, line(honest.hash(0), 0));
    first.begin_file(None, |_| ());
    nothing(&verify(&python, &first.files, &[]));
    // An older log gains it; line 0 never did.
    let mut log = Log::of_older_writer();
    log.before = line(log.chain.head(), 0);
    log.rotate();
    whole(&verify(&python, &log.files, &[]), &[(0, 2)]);
    log.before = None;
    log.rotate();
    broken(&verify(&python, &log.files, &[]), &[(0, 3)]);
}

#[test]
fn a_file_that_is_forged_with_nothing_but_the_public_key_proves_nothing() {
    let Some(python) = Python::from_the_page() else { return };
    let honest = Log::of_six_files();
    for file in [0, 9] {
        let mut log = honest.stolen(90, 30, Hash::of_bytes(b"made up"));
        log.begin_alone(file, file);
        log.record();
        log.control(&Control::Close(Close { reason: Ended::Shutdown }));
        nothing(&verify(&python, &log.files, &[]));
        nothing(&verify(&python, &log.files, &[&honest.copies]));
        broken(&verify(&python, &[&honest.files[..], &log.files].concat(), &[]), &[(0, 24)]);
        // The honest key's id in its place.
        let id = |epoch| key(epoch).id().to_string();
        let forged = String::from_utf8(log.files[0].clone()).unwrap().replace(&id(90), &id(2));
        nothing(&verify(&python, &[forged], &[&honest.copies]));
    }
}

type Change = fn(&mut Genesis);

#[test]
fn control_lines_that_only_the_key_could_get_wrong_make_no_log_whole() {
    let Some(python) = Python::from_the_page() else { return };
    let honest = Log::of_six_files();
    let log = Log { file: 6, ..honest.clone() };
    let changes: [(&str, Change); 7] = [
        ("another file", |genesis| genesis.file = 7),
        ("the same file", |genesis| genesis.file = 5),
        ("another key", |genesis| genesis.public_key = pin()),
        ("another epoch", |genesis| genesis.epoch = 1),
        ("another length", |genesis| genesis.previous.as_mut().unwrap().bytes += 1),
        ("torn bytes before it", |genesis| genesis.torn = Some(attested(b""))),
        ("lost", |genesis| genesis.previous.as_mut().unwrap().ended = Ended::Lost),
    ];
    for (what, change) in changes {
        let mut log = log.clone();
        log.rotate_with(change);
        let answer = verify(&python, &log.files, &[]);
        assert_eq!((answer.whole, answer.proved), (false, vec![(0, 26)]), "{what}");
    }
    for (closed, follows, holds) in [
        (Ended::Shutdown, Ended::Shutdown, true),
        (Ended::Shutdown, Ended::Crash, true),
        (Ended::Shutdown, Ended::Rotated, false),
        (Ended::Rotated, Ended::Shutdown, false),
    ] {
        let mut log = log.clone();
        log.control(&Control::Close(Close { reason: closed }));
        log.next_file(follows, None, |_| ());
        let answer = verify(&python, &log.files, &[]);
        assert_eq!((answer.whole, answer.proved), (holds, vec![(0, 26)]), "{closed}, {follows}");
    }
    for (reason, resumes) in [(Ended::Shutdown, true), (Ended::Shutdown, false), (Ended::Rotated, true)] {
        let mut log = log.clone();
        log.control(&Control::Close(Close { reason }));
        if resumes {
            log.resume(b"");
        } else {
            log.record();
        }
        log.record();
        let answer = verify(&python, &log.files, &[]);
        let holds = resumes && reason == Ended::Shutdown;
        assert_eq!((answer.whole, answer.proved), (holds, vec![(0, 27)]), "{reason}, {resumes}");
    }
    // A genesis of another version is bound as any other, but what it says is not known.
    let mut newer = log.clone();
    newer.rotate_with(|genesis| genesis.format = "tracing-audit/v2".into());
    newer.record();
    broken(&verify(&python, &newer.files, &[]), &[(0, 25)]);
    let mut elsewhere = log.clone();
    elsewhere.hand_over_with(|handoff| handoff.file = Some(4));
    broken(&verify(&python, &elsewhere.files, &[]), &[(0, 25)]);
    let mut same_key = log.clone();
    same_key.hand_over_with(|handoff| handoff.public_key = key(2).public());
    broken(&verify(&python, &same_key.files, &[]), &[(0, 25)]);
    let mut skips = log.clone();
    skips.hand_over_with(|handoff| handoff.epoch += 1);
    broken(&verify(&python, &skips.files, &[]), &[(0, 24)]);
    // A line of another log.
    let (mut other, head) = (log.clone(), log.chain.head());
    Chain::after(key(9).id(), 25, head).signed(RECORD, now(), &key(2), other.file());
    broken(&verify(&python, &other.files, &[]), &[(0, 24)]);
    // Members of other types.
    let mut bad = log.clone();
    let body = br#"{"fields":{"writer":1},"kind":"resume","level":"INFO","target":"audit""#;
    bad.chain.signed(body, now(), &key(2), bad.files.last_mut().unwrap());
    broken(&verify(&python, &bad.files, &[]), &[(0, 24)]);
}
