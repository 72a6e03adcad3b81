//! What is said of each notice.

use super::*;
use crate::trail::{Hash, SecretKey};

#[test]
#[allow(clippy::too_many_lines)] // one each
fn each_notice_has_its_sentence() {
    let log = SecretKey::from_seed(&[7; 32]).id();
    let file = || "audit.jsonl".to_owned();
    let time = Timestamp::from_nanos(1_795_293_660_250_000_000);
    let torn = Torn { bytes: 7, sha256: Hash::ZERO };
    for (kind, says) in [
        (NoticeKind::Open, "open: no close yet; what comes after its end can't be known"),
        (NoticeKind::NoNewline, "the last line lacks its newline; it is whole"),
        (NoticeKind::Torn(torn), "7 torn bytes before it, which it attests: nothing in them is proved"),
        (
            NoticeKind::Torn(Torn { bytes: 1, ..torn }),
            "1 torn byte before it, which it attests: it is not proved",
        ),
        (
            NoticeKind::Gap { lost: 1, reason: "overflow".into(), since: time },
            "1 record was lost since 2026-11-21T20:41:00.250000000Z, declared by the writer: \"overflow\"",
        ),
        (
            NoticeKind::Gap { lost: 3, reason: "queue full".into(), since: time },
            "3 records were lost since 2026-11-21T20:41:00.250000000Z, declared by the writer: \"queue full\"",
        ),
        (
            NoticeKind::Part {
                first: 7,
                last: 9,
                from: Timestamp::from_nanos(1_795_293_660_250_000_000),
                to: Timestamp::from_nanos(1_795_293_661_250_000_000),
                first_file: Some(2),
                last_file: Some(3),
                one_key_from: None,
            },
            "a part of the log, as was asked: lines 7 to 9, of 2026-11-21T20:41:00.250000000Z to 2026-11-21T20:41:01.250000000Z, in files 2 to 3; it can't show what came before line 7, nor after line 9",
        ),
        (
            NoticeKind::Pruned { file: 2, oldest: 1 },
            "what was before file 2 is gone, or in part: its retention keeps all from file 1 on",
        ),
        (
            NoticeKind::ClockBack { from: time, to: Timestamp::default() },
            "the clock went back from 2026-11-21T20:41:00.250000000Z to 1970-01-01T00:00:00.000000000Z",
        ),
        (
            NoticeKind::Meddled { ended: Ended::Replaced },
            "the writer says that the file before was replaced; all its lines are there",
        ),
        (
            NoticeKind::UnknownKind { kind: "seal".into() },
            "a control line of the kind \"seal\", which this version does not know",
        ),
        (
            NoticeKind::UnknownMembers { kind: "gap".into() },
            "a \"gap\" line with members that this version does not know",
        ),
        (
            NoticeKind::Succeeds(Succeeds { log, seq: 7, hash: Hash::ZERO }),
            "says that it replaces log fe812c12f3ab4ce6, last seen at line 7 of hash 0000000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            NoticeKind::SucceededBy { log },
            "log fe812c12f3ab4ce6 says that the keys of this one were lost, and that it replaces it from the last line on",
        ),
        (
            NoticeKind::ClaimedBy { log, seq: 7 },
            "log fe812c12f3ab4ce6 claims to replace it from line 7 on, which is not its last one: that changes nothing",
        ),
        (
            NoticeKind::GivenUp { lines: 1 },
            "1 signed line among the torn bytes was given up: zeros before, as a power cut leaves them",
        ),
        (
            NoticeKind::GivenUp { lines: 7 },
            "7 signed lines among the torn bytes were given up: zeros before, as a power cut leaves them",
        ),
        (
            NoticeKind::TornLine,
            "an unsigned line that a crash left: the line that went on attests torn bytes, and has its number",
        ),
        (
            NoticeKind::Accepted(Accepted { at: time, by: "root: INTACT".into(), reason: "disk".into() }),
            "\"root: INTACT\" let the log go on after a loss, at 2026-11-21T20:41:00.250000000Z: \"disk\"",
        ),
        (
            NoticeKind::RetentionChanged {
                from: Keeps::All,
                to: Keeps::Newest(1),
                oldest_before: 0,
                oldest: 4,
            },
            "it says that the retention changed: all files are kept before, the newest file is kept from here on; the oldest file was 0 and is 4",
        ),
        (
            NoticeKind::RetentionChanged {
                from: Keeps::Newest(7),
                to: Keeps::All,
                oldest_before: 4,
                oldest: 4,
            },
            "it says that the retention changed: the newest 7 files are kept before, all files are kept from here on",
        ),
        (
            NoticeKind::OldestRaised { from: 0, to: 4, keeps: Keeps::All },
            "it says that the oldest file was 0 and is 4 from here on, which the retention does not explain: all files are kept",
        ),
        (
            NoticeKind::NotCopied { hand_offs: 1 },
            "no copy of this hand-off was given: later lines can't be proved without it, or its file",
        ),
        (
            NoticeKind::NotCopied { hand_offs: 2 },
            "no copies of 2 hand-offs were given, this one the first: later lines can't be proved without them, or their files",
        ),
        (NoticeKind::TornCopy { bytes: 7 }, "7 torn bytes, passed over"),
        (NoticeKind::TornCopy { bytes: 1 }, "1 torn byte, passed over"),
        (NoticeKind::Window { first: 7 }, "begins with line 7: those before it were not given"),
        (NoticeKind::LaterKnown { line: 7 }, "a copy of line 7 is known: the lines given end before it"),
        (
            NoticeKind::Cut { items: 7, member: None },
            "7 items begin like a line and are none; the first of them here: something cuts them",
        ),
        (
            NoticeKind::Cut { items: 1, member: Some("a.b".into()) },
            "an item begins like a line and is none: something cuts it; it stands in member \"a.b\"",
        ),
        (
            NoticeKind::LooksLike { file: file(), look: Look::Xz, member: None },
            "audit.jsonl: looks like xz; give it unpacked: xz -dc FILE",
        ),
        (
            NoticeKind::LooksLike { file: file(), look: Look::OtherMember, member: Some("a.b".into()) },
            "audit.jsonl: lines stand in another member than --at names: in \"a.b\"",
        ),
        (NoticeKind::NotALog { file: file() }, "audit.jsonl: no file of a log, passed over"),
        (NoticeKind::Link { file: file() }, "audit.jsonl: a link that leads to no file"),
        (
            NoticeKind::Double { file: "audit.jsonl.gz".into(), of: file() },
            "audit.jsonl.gz: passed over: audit.jsonl is the same file and has all of it",
        ),
        (
            NoticeKind::Special { file: "audit.jsonl: INTACT".into() },
            "\"audit.jsonl: INTACT\": neither a file nor a folder, not opened",
        ),
        (NoticeKind::Special { file: file() }, "audit.jsonl: neither a file nor a folder, not opened"),
        (
            NoticeKind::NotCompared { lines: 1 },
            "1 line was found of which the members beside were not compared: they are too long, broken, or too many",
        ),
        (
            NoticeKind::NotCompared { lines: 7 },
            "7 lines were found of which the members beside were not compared: they are too long, broken, or too many",
        ),
        (
            NoticeKind::MoreLogs { logs: 1 },
            "1 more log, of no pinned key: none of its lines is proved, and it is not listed",
        ),
        (
            NoticeKind::MoreLogs { logs: 7 },
            "7 more logs, of no pinned key: none of their lines is proved, and none is listed",
        ),
    ] {
        assert_eq!(kind.to_string(), says);
    }
    let at = Some(Place { file: file(), line: 3, offset: 700 });
    let notice = Notice { at, seq: Some(9), kind: NoticeKind::Open };
    assert_eq!(notice.to_string(), format!("audit.jsonl, line 3 (seq 9): {}", NoticeKind::Open));
}
