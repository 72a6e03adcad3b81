//! Verifying shipped lines: what a shipper, a store or a query made of logs, years later, far from their files.
//!
//! [`verify_shipped`] reads files, [`Verifier`] any streams. Lines may come in any order, several times, of many logs
//! at once; raw, behind a syslog prefix, as a string in JSON or CSV; and as JSON that was parsed and written anew. What
//! the files of a log say of each other is not asked: `verify` does that where the files are.
//!
//! # Step by step
//!
//! 1. **Find.** Of each item of a stream, the lines in it: text that is a line from a brace on; a string that is one,
//!    in a member that shippers use, or else in any (or in the one that is named); an object with the members of a line.
//!    What is a table, a value or a line of text, our lines decide: what others write into a stream hides none of them.
//!    An object is *restored*: its other members are left out, and what remains is written in canonical form.
//! 2. **Sort** by log, number and hash. Equal lines are doubles.
//! 3. **Chain.** In the order of numbers, a line goes on with the chain whose last line has the hash that `prev` says.
//!    Where no chain does, it begins one. Chains branch where several lines follow one.
//! 4. **Keys.** The first is the pinned one, or endorsed; where none is, no line is proved. A hand-off whose own signature
//!    is good leads to the next. All are found before any line is judged, since each bounds what keys sign: the key of an
//!    epoch signs only numbers after the hand-off to it, up to the one from it. At the number of a hand-off, or of line 0,
//!    only that line is proved; the lines beside it are those that it names and that name it. Each line that names the
//!    hand-off before it must name this one. Of two hand-offs to one key the one counts that the key's lines chain from;
//!    where they lead to different keys, only what both follow is proved.
//! 5. **Proved.** A good signature by the key of its number proves its line and all lines of its chain before it. It needs
//!    no neighbours.
//! 6. **Blame.** Of different lines of one number, those that are not proved were altered, if one is. Where a line
//!    follows none of the lines before it: if it is proved, or a line follows it, the one before was altered; else it
//!    is blamed itself. Where several of one number are proved, two writers had the keys.
//! 7. **Restored by the hash.** A re-emitted line that is not the one that the next line follows, and whose own signature is
//!    not good, is tried with its strings as the numbers and booleans that they read as, and
//!    without members that may be the shipper's, and without nulls. So is one in canonical form that has such values.
//!
//! # Cost
//!
//! Each line is parsed and hashed once. Of most lines only numbers and hashes are sorted, not their text. Signatures
//! that are checked: of each control line, of each hand-off twice, and the newest before each end of a chain. The lines of
//! a log are gone over twice; seldom more, where hand-offs are in dispute.

mod attested;
mod cells;
mod chain;
mod compare;
mod dispute;
mod doubled;
mod fact;
mod find;
mod frame;
mod group;
mod groups;
mod heed;
mod history;
mod items;
mod json;
mod judge;
mod known;
mod marks;
mod meet;
mod names;
mod parted;
mod paths;
mod report;
mod restore;
mod sign;
mod sort;
mod sources;
#[cfg(test)]
mod tests;
mod tree;
mod utf16;
mod verifier;
mod walk;

pub use paths::{verify_shipped, verify_shipped_with};
pub use report::{Beside, LogReport, Named, Options, Report, Restored, SCHEMA};
use sources::Sources;
pub use verifier::Verifier;
