//! What a verification says: plain data.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use super::{Basis, Finding, Notice, Ranges, TrustFile};
use crate::trail::{Ended, Hash, KeyId, PublicKey, Succeeds, Timestamp};

/// What to verify against.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // one for each question
pub struct Options {
    /// The pinned keys, one for each log, which must be there. Without any, a log can at best agree with itself.
    pub keys: Vec<PublicKey>,
    /// Further logs that are trusted, and the name that each must have; they need not be there.
    pub trust: TrustFile,
    /// Checks every signature. Otherwise those of most control lines, of the last signed line and of one in each mebibyte:
    /// the chain binds the rest.
    pub every_signature: bool,
    /// A line that must be there, known from elsewhere.
    pub expect_head: Option<ExpectedHead>,
    /// How old the last line may be.
    pub max_silence: Option<Duration>,
    /// Each log must be there from its line 0 on: no retention.
    pub from_start: bool,
    /// Only some files of each log are given, that follow each other: what came before them and after them is not missed. All
    /// else is; a trust file's `@from-start` is not asked then, [`Options::from_start`] is.
    pub part: bool,
    /// Of a part: the files of each log that cover the time from here on, and no others. Who has the folder need not choose
    /// them; what is proved must reach back so far, or to what retention kept.
    pub since: Option<Timestamp>,
    /// Of a part: up to this time. What is proved must reach so far, or to the log's end.
    pub until: Option<Timestamp>,
    /// No record may have been lost: none declared, and no crash, which may have taken what was queued.
    pub no_losses: bool,
    /// Logs that are known to have been replaced by others.
    pub successions: Vec<Succession>,
    /// How long to wait for a writer to end its write, or to begin its next file; a second by default.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            keys: Vec::new(),
            trust: TrustFile::default(),
            every_signature: false,
            expect_head: None,
            max_silence: None,
            from_start: false,
            part: false,
            since: None,
            until: None,
            no_losses: false,
            successions: Vec::new(),
            patience: Duration::from_secs(1),
        }
    }
}

/// That one log replaced another whose keys were lost: `OLD=NEW`, the ids of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Succession {
    /// The log that was replaced.
    pub old: KeyId,
    /// The one that replaced it.
    pub new: KeyId,
}

/// A line known from elsewhere: `SEQ:HASH`, or `HASH` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExpectedHead {
    /// Its number, where known: with it a log that was cut is told from one that was rewritten.
    pub seq: Option<u64>,
    /// Its hash.
    pub hash: Hash,
}

/// How a log stands. The worst counts: tampered is worse than error, so that no broken neighbour hides it; then
/// forked and incomplete, then intact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every line chains from the pinned key to a signed end.
    Intact,
    /// What is proved is true; something is missing, or not proved. Without a known key nothing is proved.
    Incomplete,
    /// The log was continued from two copies of its keys; each branch is true as far as it goes.
    Forked,
    /// Not judged: a format newer than this version.
    Error,
    /// Something is not what the writer wrote, or is missing in the middle.
    Tampered,
}

impl Verdict {
    /// The command's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Intact => 0,
            Verdict::Tampered => 1,
            Verdict::Error => 2,
            Verdict::Incomplete | Verdict::Forked => 3,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// [`Report::schema`]: `docs/schema/verify.v1.json` describes the report as JSON.
pub const SCHEMA: &str = "tracing-audit/verify/v1";

/// What holds of all logs under the given paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The worst of all.
    pub verdict: Verdict,
    /// Each log.
    pub logs: Vec<LogReport>,
    /// What does not hold, and is of no log; the first [`LISTED`].
    pub findings: Vec<Finding>,
    /// Findings that are not listed.
    pub more_findings: u64,
    /// What is worth knowing, and is of no log; the first [`LISTED`].
    pub notices: Vec<Notice>,
    /// Notices that are not listed.
    pub more_notices: u64,
    /// What it was made with.
    pub basis: Basis,
}

/// What holds of one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogReport {
    /// How it stands.
    pub verdict: Verdict,
    /// The log's id.
    pub log: KeyId,
    /// Who writes it, as its last proved genesis says.
    pub origin: Option<String>,
    /// Whether its first key is a pinned one, or endorsed.
    pub pinned: bool,
    /// The fleet's key that endorsed its first one.
    pub endorsed_by: Option<KeyId>,
    /// Files that were read.
    pub files: u64,
    /// Lines that are proved: they chain to a signature of a key to which hand-offs lead from the pinned or endorsed one.
    pub lines: u64,
    /// The first of them.
    pub first_seq: Option<u64>,
    /// Which lines these are.
    pub proved: Ranges,
    /// Lines that are there and are not proved: altered, not signed yet, or signed by a key to which no hand-off leads.
    pub unproved: Ranges,
    /// Lines that are not there, between proved ones.
    pub missing: Ranges,
    /// Lines that agree with each other, and that nothing ties to the pinned key: anybody can have made them.
    pub agrees: Option<Agreement>,
    /// The time of the first proved line.
    pub began: Option<Timestamp>,
    /// Where it ends: the last proved line that is signed.
    pub head: Option<Head>,
    /// How it ended: [`Ended::Rotated`] or [`Ended::Shutdown`] by a close; none where it is open.
    pub closed: Option<Ended>,
    /// Signatures on the proved lines.
    pub signatures: u64,
    /// Signatures that were checked, those that failed too.
    pub signatures_checked: u64,
    /// Keys that were in force.
    pub keys: u64,
    /// The key that signs what comes next, as the last proved line leaves it.
    pub key: Option<KeyId>,
    /// That key's number.
    pub epoch: Option<u64>,
    /// The log that it replaces, and the line from which on: the keys of that one were lost.
    pub succeeds: Option<Succeeds>,
    /// The log that replaces it.
    pub succeeded_by: Option<KeyId>,
    /// Bytes that never became records, attested.
    pub torn_bytes: u64,
    /// Records that the writer declared lost.
    pub lost: u64,
    /// Processes that died: each may have taken what was queued.
    pub crashes: u64,
    /// What does not hold; the first [`LISTED`].
    pub findings: Vec<Finding>,
    /// Findings that are not listed.
    pub more_findings: u64,
    /// What is worth knowing; the first [`LISTED`].
    pub notices: Vec<Notice>,
    /// Notices that are not listed.
    pub more_notices: u64,
}

/// Lines that agree with each other, and that nothing ties to a pinned key. What is said here they say of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// How many.
    pub lines: u64,
    /// The first.
    pub first: u64,
    /// The last signed one.
    pub last: Head,
    /// Who writes them.
    pub origin: Option<String>,
    /// The log that theirs replaces.
    pub succeeds: Option<Succeeds>,
}

/// How many findings, and how many notices, a report lists of each log, and of what is of no log; the rest it counts.
pub const LISTED: usize = 1_000;

/// A proved line at the end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Its number.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// Its time.
    pub time: Timestamp,
}

impl FromStr for ExpectedHead {
    type Err = InvalidExpectedHead;

    fn from_str(text: &str) -> Result<ExpectedHead, InvalidExpectedHead> {
        let (seq, hash) = match text.split_once(':') {
            Some((seq, hash)) => (Some(seq.parse().map_err(|_| InvalidExpectedHead)?), hash),
            None => (None, text),
        };
        Ok(ExpectedHead { seq, hash: hash.parse().map_err(|_| InvalidExpectedHead)? })
    }
}

impl FromStr for Succession {
    type Err = InvalidSuccession;

    fn from_str(text: &str) -> Result<Succession, InvalidSuccession> {
        let id = |text: &str| KeyId::parse(text.as_bytes()).ok_or(InvalidSuccession);
        let (old, new) = text.split_once('=').ok_or(InvalidSuccession)?;
        let (old, new) = (id(old)?, id(new)?);
        if old == new { Err(InvalidSuccession) } else { Ok(Succession { old, new }) }
    }
}

/// A text that is no succession.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidSuccession;

impl fmt::Display for InvalidSuccession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected the ids of two logs, each of 16 lower-case hex digits: OLD=NEW")
    }
}

impl std::error::Error for InvalidSuccession {}

impl fmt::Display for ExpectedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(seq) = self.seq {
            write!(f, "{seq}:")?;
        }
        self.hash.fmt(f)
    }
}

/// A text that is no expected head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidExpectedHead;

impl fmt::Display for InvalidExpectedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a hash of 64 lower-case hex digits, or a line's number, a colon and its hash")
    }
}

impl std::error::Error for InvalidExpectedHead {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tampering_is_never_hidden_by_another_verdict() {
        let worst =
            [Verdict::Tampered, Verdict::Error, Verdict::Forked, Verdict::Incomplete, Verdict::Intact];
        assert!(worst.is_sorted_by(|a, b| a > b));
        assert_eq!(worst.map(Verdict::exit_code), [1, 2, 3, 3, 0]);
    }

    #[test]
    fn an_expected_head_has_two_spellings() {
        let hash = Hash::of_line(b"x");
        for (text, head) in [
            (format!("{hash}"), ExpectedHead { seq: None, hash }),
            (format!("41:{hash}"), ExpectedHead { seq: Some(41), hash }),
        ] {
            assert_eq!(text.parse(), Ok(head));
            assert_eq!(head.to_string(), text);
        }
        for wrong in ["", ":", "41", "x:00", &format!("-1:{hash}"), &format!("41:{hash}0")] {
            assert_eq!(wrong.parse::<ExpectedHead>(), Err(InvalidExpectedHead), "{wrong}");
        }
    }
}
