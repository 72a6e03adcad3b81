//! What is said of shipped lines: plain data.

use std::time::Duration;

use serde::Serialize;

use crate::trail::{KeyId, PublicKey};
use crate::verify::{Basis, ExpectedHead, Finding, Head, Notice, Place, Ranges, TrustFile, Verdict};

/// What to verify against, and with how much memory.
#[derive(Debug, Clone)]
pub struct Options {
    /// The pinned keys, one for each log, which must be there. Without any, a log can at best agree with itself.
    pub keys: Vec<PublicKey>,
    /// Further logs that are trusted, and the name that each must have; they need not be there.
    pub trust: TrustFile,
    /// Checks every signature. Otherwise those of control lines, and the newest before each break.
    pub every_signature: bool,
    /// A line that must be there, known from elsewhere.
    pub expect_head: Option<ExpectedHead>,
    /// How old the last line may be.
    pub max_silence: Option<Duration>,
    /// No record may have been lost, as far as the given lines say: none declared, and no crash, which may have taken what was
    /// queued. Of [sparse](Options::sparse) lines it says little: those that declare losses may be others.
    pub no_losses: bool,
    /// The member that has the line: `a.b` is member `a.b`, or `b` within `a`. Otherwise it is looked for in those that
    /// shippers use, and then in any. Of a table, all cells are looked at.
    pub at: Option<String>,
    /// The lines are some that were chosen, such as the signed ones, and their links were checked elsewhere: numbers that
    /// are not given are not missed. Each line is proved by its own signature, or by a line that chains from it.
    pub sparse: bool,
    /// Bytes that are sorted in memory, 128 MiB by default; what is more goes to temporary files.
    pub memory: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            keys: Vec::new(),
            trust: TrustFile::default(),
            every_signature: false,
            expect_head: None,
            max_silence: None,
            no_losses: false,
            at: None,
            sparse: false,
            memory: 128 << 20,
        }
    }
}

/// [`Report::schema`]: `docs/schema/shipped.v1.json` describes the report as JSON.
pub const SCHEMA: &str = "tracing-audit/shipped/v1";

/// What holds of all lines that were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The worst of all.
    pub verdict: Verdict,
    /// Whether numbers that were not given were not missed: [`Options::sparse`].
    pub sparse: bool,
    /// Each log of which lines were given, and not just copies.
    pub logs: Vec<LogReport>,
    /// Logs of no pinned key that are not listed: the first [`crate::verify::LISTED`] are.
    pub more_logs: u64,
    /// Lines of logs that were given, doubles too.
    pub lines: u64,
    /// Lines in streams of copies.
    pub copies: u64,
    /// Items that have no line of a log.
    pub others: u64,
    /// What does not hold, and is of no log.
    pub findings: Vec<Finding>,
    /// What is worth knowing, and is of no log.
    pub notices: Vec<Notice>,
    /// What it was made with. A [`Verifier`](super::Verifier) knows no paths, and takes the time from its caller.
    pub basis: Basis,
}

/// What holds of one log's lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogReport {
    /// How it stands.
    pub verdict: Verdict,
    /// The log's id.
    pub log: KeyId,
    /// Who writes it, as its last proved genesis says.
    pub origin: Option<String>,
    /// Whether its first key is a pinned one, or endorsed. Where it is not, nothing is proved.
    pub pinned: bool,
    /// The fleet's key that endorsed its first one.
    pub endorsed_by: Option<KeyId>,
    /// Lines that are proved.
    pub proved: Ranges,
    /// Lines that are there and not proved: altered, or not covered by a good signature.
    pub unproved: Ranges,
    /// Lines that were not given, between those that were.
    pub missing: Ranges,
    /// Lines that agree with each other where nothing ties the log to a pinned key: anybody can have made them. None of
    /// them is proved.
    pub agree: u64,
    /// Lines that came once more, the same.
    pub doubles: u64,
    /// Members that stood beside lines that came byte for byte.
    pub beside: Beside,
    /// Lines that did not come byte for byte.
    pub restored: Restored,
    /// The newest signed line that is proved, copies apart.
    pub head: Option<Head>,
    /// Signatures that were checked, those that failed too.
    pub signatures_checked: u64,
    /// Keys that are proved.
    pub keys: u64,
    /// The key that signs next, as the last proved hand-off says.
    pub key: Option<KeyId>,
    /// That key's number.
    pub epoch: Option<u64>,
    /// Records that the writer declared lost.
    pub lost: u64,
    /// Processes that died: each may have taken what was queued.
    pub crashes: u64,
    /// What does not hold; the first [`crate::verify::LISTED`].
    pub findings: Vec<Finding>,
    /// Findings that are not listed.
    pub more_findings: u64,
    /// What is worth knowing; the first [`crate::verify::LISTED`].
    pub notices: Vec<Notice>,
    /// Notices that are not listed.
    pub more_notices: u64,
}

/// Members beside a line, in the document that has it: what a store is queried by. Nothing signs them. One that is known to
/// be the line's and differs from it is a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// Those that say the same as their lines.
    pub compared: Vec<Named>,
    /// Those that can't be compared: the line has nothing of that name, or it may be the shipper's own.
    pub unproved: Vec<Named>,
}

/// Lines whose JSON was written anew on the way, and that were brought back. Whether each is proved, the ranges say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// How many lines; doubles count once, and one that came byte for byte too does not count.
    pub lines: u64,
    /// One of them.
    pub example: Option<Place>,
    /// Members that are not ours, which were beside them, of doubles too.
    pub foreign: Vec<Named>,
    /// Members that had become of another type, as the hash tells: strings that were numbers.
    pub retyped: Vec<Named>,
}

/// A member, and on how many lines it was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its name, from the line down: `host`, `trail.x`, `fields.count`.
    pub member: String,
    /// Lines.
    pub lines: u64,
}
