//! Each finding: what it makes of a log, and what is said of it.

use super::*;
use crate::trail::SecretKey;

#[test]
#[allow(clippy::too_many_lines)] // one each
fn each_finding_has_its_verdict_and_its_sentence() {
    use Verdict::{Error, Forked, Incomplete, Tampered};
    let (key, other) = (SecretKey::from_seed(&[7; 32]).id(), SecretKey::from_seed(&[8; 32]).id());
    let (hash, zeros) = (Hash::of_bytes(b"line"), Hash::ZERO);
    let torn = |bytes: &[u8]| Torn { bytes: bytes.len() as u64, sha256: Hash::of_bytes(bytes) };
    let why = || "because".to_owned();
    let file = || "audit.jsonl".to_owned();
    let last = Timestamp::from_nanos(1_795_293_660_250_000_000);
    let seconds = Duration::from_secs;
    let all = [
        (
            FindingKind::Malformed(MalformedLine { at: 3, why: "not UTF-8" }),
            Tampered,
            "not a line of the format: not UTF-8 (byte 4 of the line)",
        ),
        (
            FindingKind::AnotherLog { expected: key, found: other },
            Tampered,
            "a line of log 5c29b78f10a35a49 stands in log fe812c12f3ab4ce6",
        ),
        (
            FindingKind::WrongKey { expected: key, found: other },
            Tampered,
            "signed in the name of key 5c29b78f10a35a49, where key fe812c12f3ab4ce6 was in force",
        ),
        (
            FindingKind::Signature { key },
            Tampered,
            "the signature is not that of key fe812c12f3ab4ce6 for this line",
        ),
        (FindingKind::Unsigned { kind: "gap".into() }, Tampered, "a \"gap\" line without a signature"),
        (
            FindingKind::Fields { why: "unknown 'x'".into() },
            Tampered,
            "a control line that can't be read: \"unknown 'x'\"",
        ),
        (
            FindingKind::Link { expected: hash, found: zeros },
            Tampered,
            "it follows a line of hash 0000000000000000000000000000000000000000000000000000000000000000; the line before it has 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0",
        ),
        (
            FindingKind::Altered { expected: hash, found: zeros },
            Tampered,
            "the line after it followed a line of hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0; this one has 0000000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            FindingKind::Sequence { expected: 1, found: 2 },
            Tampered,
            "out of place: line 2 stands where line 1 belongs",
        ),
        (FindingKind::Missing { from: 1, to: 1 }, Tampered, "line 1 is missing before it"),
        (FindingKind::Missing { from: 1, to: 3 }, Tampered, "lines 1 to 3 are missing before it"),
        (
            FindingKind::Unattested { bytes: 7 },
            Tampered,
            "7 bytes from here on that no signed line follows or attests",
        ),
        (
            FindingKind::TornDiffers { expected: Some(torn(b"a")), found: torn(b"bc") },
            Tampered,
            "the torn bytes differ from what the next start attested: expected 1 byte with SHA-256 ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb, found 2 with 1e0bbd6c686ba050b8eb03ffeedc64fdc9d80947fce821abbe5d6dc8d252c5ac",
        ),
        (
            FindingKind::TornDiffers { expected: None, found: torn(b"bc") },
            Tampered,
            "2 bytes from here on that the next start did not attest as torn",
        ),
        (
            FindingKind::AfterClose { reason: Ended::Rotated },
            Tampered,
            "a line behind the close (rotated) of its file",
        ),
        (FindingKind::NoGenesis, Tampered, "the file does not begin with a genesis"),
        (FindingKind::GenesisWithin, Tampered, "a genesis within a file"),
        (
            FindingKind::FileNumber { expected: 1, found: 2 },
            Tampered,
            "the file says that it is number 2; number 1 belongs here",
        ),
        (FindingKind::FilesMissing { from: 1, to: 1 }, Tampered, "file 1 of the log is missing before it"),
        (
            FindingKind::FilesMissing { from: 1, to: 2 },
            Tampered,
            "files 1 to 2 of the log are missing before it",
        ),
        (
            FindingKind::FileTwice { file: file(), number: 1, other: "b".into() },
            Tampered,
            "audit.jsonl and b both say that they are file 1 of the log",
        ),
        (
            FindingKind::PreviousBytes { expected: 1, found: 2 },
            Tampered,
            "it says that the file before had 1 byte; 2 are there",
        ),
        (
            FindingKind::PreviousBytes { expected: 2, found: 1 },
            Tampered,
            "it says that the file before had 2 bytes; 1 is there",
        ),
        (
            FindingKind::EndedDiffers { expected: Some(Ended::Shutdown), found: Ended::Rotated },
            Tampered,
            "it says that what came before ended by rotated; it ended by shutdown",
        ),
        (
            FindingKind::EndedDiffers { expected: None, found: Ended::Rotated },
            Tampered,
            "it says that what came before ended by rotated; no such close stands there",
        ),
        (
            FindingKind::KeyDiffers { expected_epoch: 1, expected: Some(key), found_epoch: 2, found: other },
            Tampered,
            "it names key 5c29b78f10a35a49 of epoch 2; expected key fe812c12f3ab4ce6 of epoch 1",
        ),
        (
            FindingKind::KeyDiffers { expected_epoch: 1, expected: None, found_epoch: 2, found: other },
            Tampered,
            "it names key 5c29b78f10a35a49 of epoch 2; expected a key of epoch 1",
        ),
        (
            FindingKind::Lost { from: 1, to: 1 },
            Tampered,
            "line 1 is not there: gone already when the writer started, as it says",
        ),
        (
            FindingKind::NotPinned { log: key, pinned: vec![other] },
            Tampered,
            "log fe812c12f3ab4ce6 is of none of the pinned keys",
        ),
        (
            FindingKind::NotEndorsed { log: key, found: None },
            Tampered,
            "log fe812c12f3ab4ce6 is of no pinned key, and has no endorsement",
        ),
        (
            FindingKind::NotEndorsed { log: key, found: Some(other) },
            Tampered,
            "log fe812c12f3ab4ce6 is of no pinned key, and its endorsement, in the name of fleet key 5c29b78f10a35a49, is by no trusted one or not for it",
        ),
        (
            FindingKind::HeadDiffers { expected: hash, found: zeros },
            Tampered,
            "the expected head has hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0; this line of its number has 0000000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            FindingKind::Unreadable { file: file() },
            Tampered,
            "audit.jsonl: looks like a file of a log, but not one line can be read",
        ),
        (
            FindingKind::Undecodable { file: file(), why: why() },
            Tampered,
            "audit.jsonl: can't be decompressed to its end: because",
        ),
        (
            FindingKind::Rewritten { how: vec![Rewrite::Reordered], file: file(), files: 1, besides: true },
            Tampered,
            "audit.jsonl looks as if a tool had changed all of it: its lines are in another order, or stand there more than once; what else is found may come from that, or may not: see below",
        ),
        (
            FindingKind::Rewritten { how: vec![Rewrite::LineEnds], file: file(), files: 1, besides: false },
            Tampered,
            "audit.jsonl looks as if a tool had changed all of it: a carriage return stands before each newline; with that undone, no tampering is found",
        ),
        (
            FindingKind::Rewritten {
                how: vec![Rewrite::ByteOrderMark, Rewrite::Joined, Rewrite::Reordered, Rewrite::Reformatted],
                file: file(),
                files: 3,
                besides: true,
            },
            Tampered,
            "audit.jsonl and 2 more files look as if a tool had changed all of it: a byte order mark stands before the first line, several files of the log stand in it, its lines are in another order, or stand there more than once, its lines are JSON that is spelled otherwise; that does not explain all that is found: see below",
        ),
        (
            succession(key, hash, Some(5)),
            Tampered,
            "log fe812c12f3ab4ce6, which replaced it, goes on from line 5 of hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0; its last line here is 5",
        ),
        (
            succession(key, hash, Some(6)),
            Tampered,
            "log fe812c12f3ab4ce6, which replaced it, goes on from line 5 of hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0; its last line here is 6",
        ),
        (
            succession(key, hash, Some(4)),
            Incomplete,
            "log fe812c12f3ab4ce6, which replaced it, goes on from line 5 of hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0; its last line here is 4",
        ),
        (
            succession(key, hash, None),
            Incomplete,
            "log fe812c12f3ab4ce6, which replaced it, goes on from line 5 of hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0; no line is proved",
        ),
        (
            FindingKind::UnsignedEnd { lines: 1, bytes: 2 },
            Incomplete,
            "2 bytes (1 whole line) at the end that no signature covers",
        ),
        (
            FindingKind::NextFileMissing { file: 1 },
            Incomplete,
            "the last file was closed for the next one; file 1 is missing",
        ),
        (
            FindingKind::StartMissing { file: 2, oldest: 1 },
            Incomplete,
            "the log begins with file 2; it says that its retention keeps all from file 1 on",
        ),
        (
            FindingKind::KeyNotProved { epoch: 1, key },
            Incomplete,
            "no hand-off leads to key fe812c12f3ab4ce6 of epoch 1",
        ),
        (
            FindingKind::Gone { from: 1, to: 2, ended: Ended::Truncated },
            Incomplete,
            "lines 1 to 2 are missing before it: the writer says that the file before was truncated under it",
        ),
        (
            FindingKind::Silent { last, silence: seconds(7), limit: seconds(5), closed: false },
            Incomplete,
            "the last line is of 2026-11-21T20:41:00.250000000Z, 7 s ago; it may be 5 s old at most",
        ),
        (
            FindingKind::Silent { last, silence: seconds(524_819), limit: seconds(86_430), closed: true },
            Incomplete,
            "closed by shutdown, with a last line of 2026-11-21T20:41:00.250000000Z, 6 days 1 h ago; it may be 1 day 30 s old at most",
        ),
        (
            FindingKind::Silent {
                last,
                silence: seconds(86_459) + Duration::from_nanos(1),
                limit: Duration::from_nanos(1_005_000_001),
                closed: false,
            },
            Incomplete,
            "the last line is of 2026-11-21T20:41:00.250000000Z, 1 day ago; it may be 1 s 5 ms 1 ns old at most",
        ),
        (
            FindingKind::Silent { last, silence: Duration::from_nanos(1), limit: seconds(0), closed: false },
            Incomplete,
            "the last line is of 2026-11-21T20:41:00.250000000Z, 1 ns ago; it may be 0 s old at most",
        ),
        (
            FindingKind::HeadBehind { expected: 7, last: Some(6) },
            Incomplete,
            "the log ends with line 6; line 7 was expected",
        ),
        (
            FindingKind::HeadBehind { expected: 7, last: None },
            Incomplete,
            "no line is proved; line 7 was expected",
        ),
        (
            FindingKind::Packed { file: "a.xz".into(), what: "xz", unpack: "xz -dk" },
            Error,
            "a.xz: packed (xz), and not read here: unpack it by `xz -dk`",
        ),
        (
            FindingKind::MaybePacked { files: 1 },
            Error,
            "something of the log was not seen, and may be in 1 packed file",
        ),
        (
            FindingKind::HeadNotFound { expected: hash },
            Incomplete,
            "no proved line has the expected hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0",
        ),
        (
            FindingKind::EndMissing { known: 7 },
            Incomplete,
            "the end is missing: the copies of the hand-offs have line 7",
        ),
        (
            FindingKind::LogMissing { log: key },
            Incomplete,
            "log fe812c12f3ab4ce6, whose key is pinned, is not there",
        ),
        (FindingKind::Nothing, Incomplete, "nothing to verify: no line is proved"),
        (
            FindingKind::OriginDiffers { expected: "a".into(), found: "b".into() },
            Incomplete,
            "the log says that it is of \"b\"; it is known as \"a\"",
        ),
        (
            FindingKind::EndorsementMissing { log: key },
            Incomplete,
            "log fe812c12f3ab4ce6 is of no pinned key, and its first line, which has the endorsement, is not there",
        ),
        (
            FindingKind::NoPinnedKey { log: key },
            Incomplete,
            "no pinned key for log fe812c12f3ab4ce6: nothing is proved, and at best it agrees with itself",
        ),
        (
            FindingKind::NotRestored { expected: Some(hash), member: Some("fields".into()), why: why() },
            Tampered,
            "JSON written anew, from which the line can't be restored: member \"fields\": because; the line had hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0",
        ),
        (
            FindingKind::NotRestored { expected: None, member: None, why: why() },
            Tampered,
            "JSON written anew, from which the line can't be restored: because",
        ),
        (
            FindingKind::Conflict { lines: 2 },
            Tampered,
            "2 different lines have this number, and none of them is proved",
        ),
        (
            FindingKind::Forked { branches: 2, crash: true },
            Forked,
            "forked: 2 branches are signed from here on, and one begins after a crash",
        ),
        (
            FindingKind::Forked { branches: 2, crash: false },
            Tampered,
            "2 branches are signed from here on, and none begins after a crash",
        ),
        (FindingKind::NotGiven { from: 1, to: 1 }, Incomplete, "line 1 is not among those given"),
        (
            FindingKind::Unproved { from: 1, to: 2 },
            Incomplete,
            "lines 1 to 2 are there, and no good signature follows",
        ),
        (
            FindingKind::HandOffMissing { epoch: 1, key, found: other },
            Incomplete,
            "from here on lines are signed in the name of key 5c29b78f10a35a49, to which no hand-off leads: that of key fe812c12f3ab4ce6 (epoch 1) is missing, and perhaps more",
        ),
        (
            FindingKind::NotTheHandOff { epoch: 2, expected: hash, found: zeros },
            Tampered,
            "the known hand-off to epoch 2 has this number and hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0; this line has hash 0000000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            FindingKind::NotTheHandOff { epoch: 0, expected: hash, found: zeros },
            Tampered,
            "another line 0 than the known one: that has hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0, this one 0000000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            FindingKind::BeforeHandOff { key, epoch: 2, handed_over: 40 },
            Tampered,
            "signed in the name of key fe812c12f3ab4ce6 of epoch 2, which signs from line 41 on: the hand-off to it is line 40",
        ),
        (
            FindingKind::AfterHandOff { key, epoch: 2, handed_over: 40 },
            Tampered,
            "signed in the name of key fe812c12f3ab4ce6 of epoch 2, which was over: it handed over with line 40",
        ),
        (
            FindingKind::TwoHandOffs { epoch: 2 },
            Tampered,
            "another hand-off to epoch 2 than the one before, signed by the same key",
        ),
        (
            FindingKind::TwoHandOffs { epoch: 0 },
            Tampered,
            "another line 0 than the one before, signed by the same key",
        ),
        (
            FindingKind::HandOffDiffers { expected: None, found: Some(Position { hash, seq: 7 }) },
            Tampered,
            "it names line 7 of hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0 as the hand-off before it; that is none",
        ),
        (
            FindingKind::HandOffNotNamed,
            Tampered,
            "it does not name the hand-off before it, as lines before it do",
        ),
        (
            FindingKind::FileBeforeHandOff { file: 1, handed_over: 2 },
            Tampered,
            "the file says that it is number 1; the hand-off to its key stands in file 2",
        ),
        (
            FindingKind::NotTorn { lines: 1, why: NotTorn::Altered },
            Tampered,
            "1 signed line before it was attested as torn, and no power cut explains that: a whole line before them is not what was written",
        ),
        (
            FindingKind::NotTorn { lines: 2, why: NotTorn::NoZeros },
            Tampered,
            "2 signed lines before it were attested as torn, and no power cut explains that: what is broken or missing before them left no zeros",
        ),
        (
            FindingKind::NotTorn { lines: 2, why: NotTorn::WithinSector },
            Tampered,
            "2 signed lines before it were attested as torn, and no power cut explains that: zeros before them end within a sector of the disk",
        ),
        (
            FindingKind::NotTorn { lines: 2, why: NotTorn::SameBoot },
            Tampered,
            "2 signed lines before it were attested as torn, and no power cut explains that: the machine had not been started again",
        ),
        (
            FindingKind::NotTorn { lines: 2, why: NotTorn::HandOff },
            Tampered,
            "2 signed lines before it were attested as torn, and no power cut explains that: the copies have a hand-off that is among them",
        ),
        (
            FindingKind::PowerCut { lines: 1, bytes: 900 },
            Incomplete,
            "zeros, as a power cut leaves them, and 1 signed line after them: 900 bytes that the next start must attest as torn",
        ),
        (
            FindingKind::NotFromStart { first: 9 },
            Incomplete,
            "the log begins with line 9; it was expected from line 0 on",
        ),
        (FindingKind::Losses { lost: 1, crashes: 0 }, Incomplete, "1 record declared lost; no crash"),
        (
            FindingKind::Losses { lost: 0, crashes: 1 },
            Incomplete,
            "0 records declared lost; 1 crash, which may have taken what was queued",
        ),
        (
            FindingKind::Losses { lost: 2, crashes: 3 },
            Incomplete,
            "2 records declared lost; 3 crashes, each of which may have taken what was queued",
        ),
        (
            FindingKind::FromTheFuture { last, now: Timestamp::default() },
            Incomplete,
            "the last line is of 2026-11-21T20:41:00.250000000Z, and it is 1970-01-01T00:00:00.000000000Z now: how long the log has been silent can't be known",
        ),
        (
            FindingKind::NotSucceeded { successor: key },
            Incomplete,
            "log fe812c12f3ab4ce6 was to replace it, and does not say so",
        ),
        (
            FindingKind::NeedsVersion { format: "tracing-audit/v2".into() },
            Error,
            "written in the format \"tracing-audit/v2\", which this version does not read",
        ),
        (
            FindingKind::MemberDiffers {
                member: "user".into(),
                line: "7".into(),
                found: "\"payments: INTACT…".into(),
            },
            Tampered,
            "beside the line stands member \"user\" with \"\\\"payments: INTACT…\"; the line says 7",
        ),
        (
            FindingKind::MemberDiffers {
                member: "actor".into(),
                line: "\"alice\"".into(),
                found: "\"eve\"".into(),
            },
            Tampered,
            "beside the line stands member \"actor\" with \"eve\"; the line says \"alice\"",
        ),
        (disputed(true), Forked, DISPUTED),
        (disputed(false), Tampered, DISPUTED),
        (
            FindingKind::OtherHandOff { expected: hash, found: zeros },
            Forked,
            "forked: a hand-off of hash 0000000000000000000000000000000000000000000000000000000000000000; the log goes on from the one of hash 38a9c1e721584da284b90ceea4ed7eb8db15ac4ea86c2c75ec925d5f8799fcf0, to the same key",
        ),
    ];
    for (kind, verdict, says) in all {
        assert_eq!((kind.verdict(), kind.to_string().as_str()), (verdict, says), "{kind:?}");
    }
}

const DISPUTED: &str = "disputed: hand-offs to epoch 2 lead to different keys; from line 7 on nobody can say which lines are the log's";

fn disputed(crash: bool) -> FindingKind {
    FindingKind::Disputed { epoch: 2, from: 7, crash }
}

fn succession(successor: KeyId, hash: Hash, last: Option<u64>) -> FindingKind {
    FindingKind::SuccessionDiffers { successor, expected: 5, hash, last }
}

#[test]
fn a_finding_says_where_it_is() {
    let at = Some(Place { file: "audit.jsonl".into(), line: 3, offset: 700 });
    let said = |at, seq| Finding::new(at, seq, FindingKind::NoGenesis).to_string();
    let what = "the file does not begin with a genesis";
    assert_eq!(said(at.clone(), Some(9)), format!("audit.jsonl, line 3 (seq 9): {what}"));
    assert_eq!(said(at, None), format!("audit.jsonl, line 3: {what}"));
    assert_eq!(said(None, Some(9)), what);
}

#[test]
fn what_is_no_line_has_no_number_but_a_place() {
    let place = Place { file: "audit.jsonl".into(), line: 5, offset: 900 };
    let why = MalformedLine { at: 0, why: "not UTF-8" };
    let finding = Finding::new(Some(place), Some(4), FindingKind::Malformed(why));
    let said = "audit.jsonl, line 5 (where seq 4 should stand): not a line of the format: not UTF-8 (byte 1 of the line)";
    assert_eq!(finding.to_string(), said);
    let json = serde_json::to_value(&finding).unwrap();
    assert_eq!((&json["message"], &json["seq"]), (&said.into(), &4.into()));
    let unplaced = Finding { seq: None, ..finding };
    assert!(unplaced.to_string().starts_with("audit.jsonl, line 5: not a line"), "{unplaced}");
}

#[test]
fn what_became_of_a_line_stands_before_what_shows_it_and_json_has_the_same_sentence() {
    let hash = Hash::of_bytes(b"x");
    let altered = Finding::new(None, Some(3), FindingKind::Altered { expected: hash, found: hash });
    let stands = Some("actor \"eve\"".to_owned());
    let evidence = format!("the line after it followed a line of hash {hash}; this one has {hash}");
    let changed = |changed, stands| Finding { changed, stands, ..altered.clone() };
    for (finding, said) in [
        (altered.clone(), format!("its content was changed after it was written; {evidence}")),
        (
            changed(Some(Changed::This), stands.clone()),
            format!("its content was changed after it was written; there stands actor \"eve\"; {evidence}"),
        ),
        (
            changed(Some(Changed::ThisOrNext), None),
            format!("its content was changed after it was written, or that of the line after it; {evidence}"),
        ),
        (
            changed(Some(Changed::ThisOrPrevious), None),
            format!(
                "its content was changed after it was written, or that of the line before it; {evidence}"
            ),
        ),
        (
            changed(Some(Changed::ThisOrAdded), None),
            format!(
                "its content was changed after it was written, or it was added by somebody without the key; {evidence}"
            ),
        ),
        (changed(None, stands), format!("{evidence}; there stands actor \"eve\"")),
        (
            Finding { unproved: Some(Range { from: 2, to: 4 }), ..altered.clone() },
            format!("its content was changed after it was written; {evidence}; lines 2 to 4 are not proved"),
        ),
    ] {
        assert_eq!(finding.to_string(), said);
        assert_eq!(serde_json::to_value(&finding).unwrap()["message"], said);
    }
}
