//! Verifying logs: is what is there true, and is anything missing?
//!
//! [`verify_paths`] reads files; [`Verifier`] is what it feeds them to, and does no I/O. The answer is a [`Report`].
//!
//! # Step by step
//!
//! The input: a log's id, its pinned key, `<prefix>.keys` where there is one, and the log's files in the order of
//! `genesis.file`. Two facts are kept: the **head**, the last proved line, and the **key in force**. The head begins
//! before line 0, with a hash of zeros; the key in force begins as the pinned one, of epoch 0. H(e) is the hand-off to
//! epoch e, and h(e) its number; h(0) is -1.
//!
//! The rule: *a signature by the key of e proves only numbers above h(e), up to h(e+1). What stands lower is proved by H(e)
//! alone. What no hand-off leads to is not proved.*
//!
//! 1. **Hand-offs.** All copies together: each line is parsed and its signature checked with the key of the epoch before.
//!    It must name the hand-off before it, where it names one. Equal doubles and a torn last line are passed over. Of two
//!    from one epoch neither is believed, unless both lead to one key and the next hand-off names one of them: nothing
//!    after the last hand-off that both follow is proved. Those in the files are known once they are proved; where one
//!    stands after lines of its number and later ones, or two from one epoch stand in files and copies and neither follows
//!    from the other, [`verify_paths`] reads the log once more, with them known.
//! 2. **Line.** The bytes up to each newline are parsed. They must be canonical JSON with exactly the members of a
//!    line, or they are *malformed*.
//! 3. **Log.** `trail.log` must be the log's id.
//! 4. **Signature.** A control line must be signed. A signed line must name the key in force as `trail.key`, and its
//!    signature must be that key's by the strict rules. After a hole, any key to which copies lead may sign, at its own
//!    numbers: above the hand-off to it, and not above the one from it. (In the default mode a record's signature is taken
//!    as good while the chain holds; see below.)
//! 5. **Link.** `trail.seq` must be one more than that of the line before, and `trail.prev` that line's hash. At the number
//!    of a known hand-off, or of a known line 0, only that line may stand; the line after it has its hash as `prev`, and
//!    the line before it the hash that it has as `prev`. This is asked of unsigned lines too, and what chains through a line
//!    that fails is not proved either.
//! 6. **Proved.** A validly signed line that chains from the head, through unsigned lines or directly, becomes the head.
//!    All that stands between is proved with it. After a hole, a line of a key to which hand-offs lead proves itself and
//!    the run before it. A line of another key proves nothing: such lines are only compared with each other, and what they
//!    say changes nothing.
//! 7. **Torn bytes.** Bytes after the head that no signed line proves must be attested by the line that goes on from
//!    the head: `resume.torn`, `genesis.torn` for those before the genesis of their file, `genesis.previous.torn` for
//!    those at the end of the file before. Count and SHA-256 must be theirs, less one newline. A resume and a genesis
//!    never follow an unsigned line. Validly signed lines among them are torn only as a power cut leaves them: each broken
//!    piece before them has zeros, each run of zeros ends at a multiple of 512 or at the end of the file, no line before
//!    them is altered, none of them is a hand-off of which there is a copy, and `writer.boot` is not the same before and
//!    after. Else the bytes are broken, and the log is tampered.
//! 8. **Genesis.** The first signed line of each file, and no other. It must name the key in force, its epoch, and, where
//!    it has `handoff`, the hand-off to that key; once a line had it, each genesis and hand-off has. Its `file` is above that
//!    of the hand-off to its key, and one more than that of the file before, which must have the length and the end that
//!    `previous` says. What chains from a genesis that names another hand-off or too low a file is not proved. Where it
//!    doesn't chain from the head, lines are missing: incomplete where `ended` is `truncated`, `removed` or `replaced`, or
//!    `unsynced` and none of them is before `unsynced_from`, and no more than one hand-off among them; else tampered. One
//!    write may stand between such a hole and the genesis, in a file without a beginning too (with `unsynced`, any number,
//!    where lines are only gone or broken, as lost pages leave them); but no bytes more than the chain has. A genesis of another `format`, at a number that its key may sign, ends the verification: a later version is
//!    needed.
//! 9. **Hand-off.** Its `epoch` is one more than that of the key in force, its `file` that of its file, and its `handoff` as
//!    in a genesis; its `public_key`, which is another one, is the key in force now.
//! 10. **Close.** After `rotated` nothing follows in the file; after `shutdown`, only a resume.
//! 11. **Start.** Where the first file isn't number 0, its first line may have any number above the hand-off to its key, to
//!     which copies must lead, and its `file` must be at most the `oldest` that the last genesis or hand-off has: else
//!     incomplete. (File 1 may say that file 0 was damaged, as in step 8.) The latest key may claim any `oldest`: a caller
//!     who knows better expects the log from its start.
//! 12. **End.** Bytes after the head: incomplete where they chain or lack their newline, or where zeros explain them as in
//!     step 7 and no start has attested them yet; else tampered. A last file closed `rotated`: incomplete. So is a log that
//!     ends before a known hand-off. Then the caller's expectations: the head, the silence (a last line more than a minute
//!     ahead of the clock is a finding), the start, no losses.
//!     A caller may ask for a part of the log: then files before the first one aren't missed, nor those after a last one that
//!     was closed `rotated`, nor hand-offs known to stand in them; the first and last line are named.
//! 13. **Endorsement.** Where the first key is not pinned and a fleet's is, the genesis with `seq` 0, or its copy, must have
//!     the fleet's signature for its own key and `origin`; that key must have signed it.
//! 14. **Name.** Each genesis must have the `origin` by which the log is known, where it is known by one: else
//!     incomplete. It is no tampering, since the log's own key signs it.
//! 15. **Succession.** A log that says in line 0 that it replaces another is heard where both are pinned or endorsed and
//!     have one origin: a notice. Where the caller names the succession, the open end and the silence of the other log are
//!     explained if it ends with that line; if not, that is a finding.
//!
//! Who can have written what of this, and what that person gains, is in `docs/TRUST.md`.
//!
//! # Blame
//!
//! Where a line's `prev` fails, that line is blamed, unless its own signature or the link after it confirms it; then
//! the one before. Where numbers are skipped, lines are missing and no line is blamed. A broken link beside a blamed
//! line is explained by it.
//!
//! Where a tool seems to have changed a whole file (CRLF line ends, a byte order mark, files joined into one), what it did is
//! undone in memory and verified beside the files as they stand: one finding says so, and those after it what is found with
//! that undone. No line is proved by it. Where the lines of a file, put in the order of their numbers, follow each other, and in
//! the file most don't, a finding says so first; all others stay.
//!
//! # What the default mode leaves out
//!
//! Signatures that are checked: of each control line but a `close` for the next file and the `genesis` of that (so each key's
//! last, its hand-off), of the last signed line of the log, and of one in each mebibyte and each sixteen files. Each of these
//! proves all lines before it, so that nobody without the key in force can make bytes that come out otherwise than in the mode
//! that checks every signature. Where anything isn't as it should be, the bytes since the last check, which are kept, are
//! taken again with each signature checked.
//!
//! # Cost
//!
//! Each line is read once and hashed once, but where step 1 asks for it. A record of the same shape as one before is compared with it, its end and its
//! values aside, and not parsed again: that takes exactly the lines that parsing takes. What can be said of a line without
//! those before it (that it is canonical, its hash, in the mode that checks every signature that too) is found on as
//! many threads as there are processors, up to eight, where [`verify_paths`] reads the files. What needs their order is
//! done by one thread, so that the report is the same. Memory is a few mebibytes, one more for each thread, and some
//! 240 bytes for each hand-off that `<prefix>.keys` proves (216 and an entry of a map; twice that while either grows),
//! whatever the log's size.

mod absence;
mod apart;
mod basis;
mod before_hole;
mod chunk;
mod count;
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
mod look;
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
mod rewritten;
mod standing;
mod stands;
mod strays;
mod succession;
mod trust;
mod verifier;
mod walk;

#[cfg(feature = "shipped")]
pub(crate) use {
    expected::one_head_is_enough, heed::noticed, identity::Identity, ledger::Ledger, ranges::Coverage,
};

pub use basis::{Basis, NamedKey};
pub use debris::NotTorn;
pub use finding::{Finding, FindingKind, Place};
pub use look::Look;
pub use notice::{Notice, NoticeKind};
pub use outlet::Stretch;
pub use paths::{
    Contents, FoundLogs, LogFile, LogFiles, Progress, VerifyError, find_logs, verify_paths,
    verify_paths_each, verify_paths_with,
};
pub use ranges::{Range, Ranges};
pub use report::{
    Agreement, ExpectedHead, Head, InvalidExpectedHead, InvalidSuccession, LISTED, LogReport, Options,
    Report, SCHEMA, Succession, Verdict,
};
pub use rewritten::Rewrite;
pub use stands::Changed;
pub use trust::{InvalidTrust, InvalidTrustLine, TrustFile, TrustLine};
pub use verifier::Verifier;
