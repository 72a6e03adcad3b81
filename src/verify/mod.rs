//! Verifying a log.

mod end;
mod finding;
mod genesis;
mod hand_offs;
mod heed;
mod ledger;
mod measure;
mod notice;
mod paths;
mod proof;
mod report;
mod verifier;
mod walk;

pub use finding::{Finding, FindingKind, Place};
pub use notice::{Notice, NoticeKind};
pub use paths::{Progress, VerifyError, verify_paths, verify_paths_with};
pub use report::{ExpectedHead, Head, InvalidExpectedHead, LISTED, LogReport, Options, Report, Verdict};
pub use verifier::Verifier;
