//! One of each finding and of each notice; two where a member may be absent.

use std::time::Duration;

use tracing_audit::trail::{
    Accepted, Ended, Hash, Keeps, KeyId, MalformedLine, Position, SecretKey, Succeeds, Timestamp, Torn,
};
use tracing_audit::verify::{FindingKind, Look, NotTorn, NoticeKind, Rewrite};

fn key(seed: u8) -> KeyId {
    SecretKey::from_seed(&[seed; 32]).id()
}

fn text() -> String {
    "payments: INTACT\u{9b}\u{202e}".to_owned()
}

fn time() -> Timestamp {
    Timestamp::from_nanos(1_795_293_660_250_000_000)
}

#[allow(clippy::too_many_lines)] // one each
pub(crate) fn findings() -> Vec<FindingKind> {
    vec![
        FindingKind::Malformed(MalformedLine { at: 3, why: "not UTF-8" }),
        FindingKind::AnotherLog { expected: key(7), found: key(7) },
        FindingKind::WrongKey { expected: key(7), found: key(7) },
        FindingKind::Signature { key: key(7) },
        FindingKind::Unsigned { kind: text() },
        FindingKind::Fields { why: text() },
        FindingKind::Link { expected: Hash::of_bytes(b"x"), found: Hash::of_bytes(b"x") },
        FindingKind::Altered { expected: Hash::of_bytes(b"x"), found: Hash::of_bytes(b"x") },
        FindingKind::Sequence { expected: 7, found: 7 },
        FindingKind::Missing { from: 7, to: 7 },
        FindingKind::Unattested { bytes: 7 },
        FindingKind::TornDiffers {
            expected: Some(Torn { bytes: 7, sha256: Hash::ZERO }),
            found: Torn { bytes: 7, sha256: Hash::ZERO },
        },
        FindingKind::TornDiffers { expected: None, found: Torn { bytes: 7, sha256: Hash::ZERO } },
        FindingKind::AfterClose { reason: Ended::Crash },
        FindingKind::NoGenesis,
        FindingKind::GenesisWithin,
        FindingKind::FileNumber { expected: 7, found: 7 },
        FindingKind::FilesMissing { from: 7, to: 7 },
        FindingKind::FileTwice { file: text(), number: 7, other: text() },
        FindingKind::PreviousBytes { expected: 7, found: 7 },
        FindingKind::EndedDiffers { expected: Some(Ended::Crash), found: Ended::Crash },
        FindingKind::EndedDiffers { expected: None, found: Ended::Crash },
        FindingKind::KeyDiffers { expected_epoch: 7, expected: Some(key(7)), found_epoch: 7, found: key(7) },
        FindingKind::KeyDiffers { expected_epoch: 7, expected: None, found_epoch: 7, found: key(7) },
        FindingKind::NotTheHandOff { epoch: 7, expected: Hash::of_bytes(b"x"), found: Hash::of_bytes(b"x") },
        FindingKind::BeforeHandOff { key: key(7), epoch: 7, handed_over: 7 },
        FindingKind::AfterHandOff { key: key(7), epoch: 7, handed_over: 7 },
        FindingKind::TwoHandOffs { epoch: 7 },
        FindingKind::HandOffDiffers {
            expected: Some(Position { hash: Hash::ZERO, seq: 7 }),
            found: Some(Position { hash: Hash::ZERO, seq: 7 }),
        },
        FindingKind::HandOffDiffers { expected: None, found: None },
        FindingKind::HandOffNotNamed,
        FindingKind::FileBeforeHandOff { file: 7, handed_over: 7 },
        FindingKind::NotTorn { lines: 7, why: NotTorn::SameBoot },
        FindingKind::Lost { from: 7, to: 7 },
        FindingKind::NotPinned { log: key(7), pinned: vec![key(7)] },
        FindingKind::NotPinned { log: key(7), pinned: Vec::new() },
        FindingKind::NotEndorsed { log: key(7), found: Some(key(7)) },
        FindingKind::NotEndorsed { log: key(7), found: None },
        FindingKind::HeadDiffers { expected: Hash::of_bytes(b"x"), found: Hash::of_bytes(b"x") },
        FindingKind::Unreadable { file: text() },
        FindingKind::Undecodable { file: text(), why: text() },
        FindingKind::Rewritten {
            how: vec![
                Rewrite::LineEnds,
                Rewrite::ByteOrderMark,
                Rewrite::Joined,
                Rewrite::Reordered,
                Rewrite::Reformatted,
            ],
            file: text(),
            files: 7,
            besides: true,
        },
        FindingKind::SuccessionDiffers {
            successor: key(7),
            expected: 7,
            hash: Hash::of_bytes(b"x"),
            last: Some(7),
        },
        FindingKind::SuccessionDiffers {
            successor: key(7),
            expected: 7,
            hash: Hash::of_bytes(b"x"),
            last: None,
        },
        FindingKind::UnsignedEnd { lines: 7, bytes: 7 },
        FindingKind::NextFileMissing { file: 7 },
        FindingKind::StartMissing { file: 7, oldest: 7 },
        FindingKind::KeyNotProved { epoch: 7, key: key(7) },
        FindingKind::PowerCut { lines: 7, bytes: 7 },
        FindingKind::Losses { lost: 7, crashes: 7 },
        FindingKind::FromTheFuture { last: time(), now: time() },
        FindingKind::NotFromStart { first: 7 },
        FindingKind::NotSucceeded { successor: key(7) },
        FindingKind::Gone { from: 7, to: 7, ended: Ended::Crash },
        FindingKind::Silent {
            last: time(),
            silence: Duration::from_millis(7500),
            limit: Duration::from_millis(7500),
            closed: false,
        },
        FindingKind::HeadBehind { expected: 7, last: Some(7) },
        FindingKind::HeadBehind { expected: 7, last: None },
        FindingKind::HeadNotFound { expected: Hash::of_bytes(b"x") },
        FindingKind::EndMissing { known: 7 },
        FindingKind::LogMissing { log: key(7) },
        FindingKind::Nothing,
        FindingKind::OriginDiffers { expected: text(), found: text() },
        FindingKind::EndorsementMissing { log: key(7) },
        FindingKind::NoPinnedKey { log: key(7) },
        FindingKind::NotRestored { expected: Some(Hash::of_bytes(b"x")), member: Some(text()), why: text() },
        FindingKind::NotRestored { expected: None, member: None, why: text() },
        FindingKind::Conflict { lines: 7 },
        FindingKind::Forked { branches: 7, crash: true },
        FindingKind::NotGiven { from: 7, to: 7 },
        FindingKind::Unproved { from: 7, to: 7 },
        FindingKind::HandOffMissing { epoch: 7, key: key(7), found: key(7) },
        FindingKind::Packed { file: text(), what: "xz", unpack: "xz -dk" },
        FindingKind::MaybePacked { files: 7 },
        FindingKind::NeedsVersion { format: text() },
        FindingKind::Disputed { epoch: 7, from: 7, crash: true },
        FindingKind::OtherHandOff { expected: Hash::of_bytes(b"x"), found: Hash::of_bytes(b"x") },
        FindingKind::MemberDiffers { member: text(), line: text(), found: text() },
    ]
}

#[allow(clippy::too_many_lines)] // one each
pub(crate) fn notices() -> Vec<NoticeKind> {
    let looks = Look::ALL.map(|look| NoticeKind::LooksLike { file: text(), look, member: Some(text()) });
    let mut all = vec![
        NoticeKind::Open,
        NoticeKind::NoNewline,
        NoticeKind::Torn(Torn { bytes: 7, sha256: Hash::ZERO }),
        NoticeKind::Gap { lost: 7, reason: text(), since: time() },
        NoticeKind::GivenUp { lines: 7 },
        NoticeKind::TornLine,
        NoticeKind::Accepted(Accepted { at: time(), by: text(), reason: text() }),
        NoticeKind::Part {
            first: 7,
            last: 7,
            from: time(),
            to: time(),
            first_file: Some(7),
            last_file: Some(7),
            one_key_from: Some(7),
        },
        NoticeKind::Part {
            first: 0,
            last: 7,
            from: time(),
            to: time(),
            first_file: None,
            last_file: None,
            one_key_from: None,
        },
        NoticeKind::Pruned { file: 7, oldest: 7 },
        NoticeKind::RetentionChanged {
            from: Keeps::Newest(7),
            to: Keeps::Newest(7),
            oldest_before: 7,
            oldest: 7,
        },
        NoticeKind::RetentionChanged { from: Keeps::All, to: Keeps::All, oldest_before: 7, oldest: 7 },
        NoticeKind::OldestRaised { from: 7, to: 7, keeps: Keeps::Newest(7) },
        NoticeKind::OldestRaised { from: 7, to: 7, keeps: Keeps::All },
        NoticeKind::NotCopied { hand_offs: 7 },
        NoticeKind::ClockBack { from: time(), to: time() },
        NoticeKind::Meddled { ended: Ended::Crash },
        NoticeKind::UnknownKind { kind: text() },
        NoticeKind::UnknownMembers { kind: text() },
        NoticeKind::Succeeds(Succeeds { hash: Hash::ZERO, log: key(8), seq: 7 }),
        NoticeKind::SucceededBy { log: key(7) },
        NoticeKind::ClaimedBy { log: key(7), seq: 7 },
        NoticeKind::TornCopy { bytes: 7 },
        NoticeKind::Window { first: 7 },
        NoticeKind::LaterKnown { line: 7 },
        NoticeKind::Cut { items: 7, member: None },
        NoticeKind::Cut { items: 7, member: Some(text()) },
        NoticeKind::NotALog { file: text() },
        NoticeKind::Link { file: text() },
        NoticeKind::Double { file: text(), of: text() },
        NoticeKind::Special { file: text() },
        NoticeKind::NotCompared { lines: 7 },
        NoticeKind::MoreLogs { logs: 7 },
        NoticeKind::LooksLike { file: text(), look: Look::NoLines, member: None },
    ];
    all.extend(looks);
    all
}
