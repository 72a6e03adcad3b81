//! Verifying a log.

mod end;
mod finding;
mod genesis;
mod hand_offs;
mod heed;
mod ledger;
mod measure;
mod notice;
mod proof;
mod report;
mod verifier;
mod walk;

pub use finding::{Finding, FindingKind, Place};
pub use notice::{Notice, NoticeKind};
pub use report::{ExpectedHead, Head, InvalidExpectedHead, LISTED, LogReport, Options, Report, Verdict};
pub use verifier::Verifier;
