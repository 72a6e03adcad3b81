//! Verifying logs: is what is there true, and is anything missing?
//!
//! [`verify_paths`] reads files; [`Verifier`] is what it feeds them to, and does no I/O. The answer is a [`Report`].
//!
//! # Step by step
//!
//! The input: a log's id, its pinned key, `<prefix>.keys` where there is one, and the log's files in the order of
//! `genesis.file`. Two facts are kept: the **head**, the last proved line, and the **key in force**. The head begins
//! before line 0, with a hash of zeros; the key in force begins as the pinned one, of epoch 0.
//!
//! 1. **Hand-offs.** Of `<prefix>.keys`, each line is parsed and its signature checked with the key that the line
//!    before named. Equal doubles and a torn last line are passed over.
//! 2. **Line.** The bytes up to each newline are parsed. They must be canonical JSON with exactly the members of a
//!    line, or they are *malformed*.
//! 3. **Log.** `trail.log` must be the log's id.
//! 4. **Signature.** A control line must be signed. A signed line must name the key in force as `trail.key`, and its
//!    signature must be that key's by the strict rules. (In the default mode a record's signature is taken as good
//!    while the chain holds; see below.)
//! 5. **Link.** `trail.seq` must be one more than that of the line before, and `trail.prev` that line's hash.
//! 6. **Proved.** A validly signed line that chains from the head, through unsigned lines or directly, becomes the head.
//!    All that stands between is proved with it.
//! 7. **Torn bytes.** Bytes behind the head that no signed line proves must be attested by the line that goes on from
//!    the head: `resume.torn`, `genesis.torn` for those before the genesis of their file, `genesis.previous.torn` for
//!    those at the end of the file before. Count and SHA-256 must be theirs, less one newline. A resume and a genesis
//!    never follow an unsigned line.
//! 8. **Genesis.** The first signed line of each file, and no other. It must name the key in force and its epoch. Its
//!    `file` is one more than that of the file before, which must have the length and the end that `previous` says.
//!    Where it doesn't chain from the head, lines are missing: incomplete where `ended` is `truncated`, `removed` or
//!    `replaced`, or `unsynced` and none of them is before `unsynced_from`; else tampered. One write may stand between
//!    such a hole and the genesis, in a file without a beginning too; but no bytes more than the chain has. A genesis of
//!    another `format` ends the verification: a later version is needed.
//! 9. **Hand-off.** Its `epoch` is one more than that of the key in force; its `public_key` is the key in force now.
//! 10. **Close.** Behind `rotated` nothing follows in the file; behind `shutdown`, only a resume.
//! 11. **Start.** Where the first file isn't number 0, its key must be in `<prefix>.keys`, and its number at most the
//!     highest `oldest` that a genesis says: else incomplete. (File 1 may say that file 0 was damaged, as in step 8.)
//! 12. **End.** Bytes behind the head: incomplete where they chain or lack their newline, else tampered. A last file
//!     closed `rotated`: incomplete. Then the caller's expectations: the head, the silence.
//! 13. **Endorsement.** Where the first key is not pinned and a fleet's is, the genesis with `seq` 0, or its copy, must have
//!     the fleet's signature for its own key and `origin`.
//! 14. **Name.** Each genesis must have the `origin` by which the log is known, where it is known by one: else
//!     incomplete. It is no tampering, since the log's own key signs it.
//!
//! # Blame
//!
//! Where a line's `prev` fails, that line is blamed, unless its own signature or the link after it confirms it; then
//! the one before. Where numbers are skipped, lines are missing and no line is blamed. A broken link beside a blamed
//! line is explained by it.
//!
//! # What the default mode leaves out
//!
//! Signatures that are checked: of each control line (so each key's last, its hand-off), of the last signed line of
//! each file, and of one in each mebibyte. Each of these proves all lines before it, so that no bytes can be other than
//! in the mode that checks every signature. Where anything isn't as it should be, the bytes since the last check, which
//! are kept, are taken again with each signature checked.
//!
//! # Cost
//!
//! Each line is read once and hashed once. A record of the same shape as one before is compared with it, its end and its
//! values aside, and not parsed anew: that takes exactly the lines that parsing takes. What can be said of a line without
//! those before it (that it is canonical, its hash, in the mode that checks every signature that too) is found on as
//! many threads as there are processors, up to eight, where [`verify_paths`] reads the files. What needs their order is
//! done by one thread, so that the report is the same. Memory is a few mebibytes, one more for each thread, and
//! 72 bytes for each hand-off that `<prefix>.keys` proves, whatever the log's size.

mod apart;
mod before_hole;
mod chunk;
mod debris;
mod end;
mod expected;
mod finding;
mod genesis;
mod hand_offs;
mod heed;
mod identity;
mod join;
mod ledger;
mod measure;
mod notice;
mod outlet;
mod paths;
mod piece;
mod proof;
mod quick;
mod quoted;
mod ranges;
mod report;
mod standing;
mod succession;
mod trust;
mod verifier;
mod walk;

#[cfg(feature = "shipped")]
pub(crate) use {heed::noticed, identity::Identity, ledger::Ledger, ranges::Coverage};

pub use debris::NotTorn;
pub use finding::{Finding, FindingKind, Place};
pub use notice::{Notice, NoticeKind};
pub use outlet::Stretch;
pub use paths::{
    Contents, FoundLogs, LogFile, LogFiles, Progress, VerifyError, find_logs, verify_paths,
    verify_paths_each, verify_paths_with,
};
pub use ranges::{Range, Ranges};
pub use report::{
    Agreement, ExpectedHead, Head, InvalidExpectedHead, InvalidSuccession, LISTED, LogReport, Options,
    Report, Succession, Verdict,
};
pub use trust::{InvalidTrust, InvalidTrustLine, TrustFile, TrustLine};
pub use verifier::Verifier;
