//! The file beside each log: what was done, and what a verifier must find. `docs/CONFORMANCE.md` describes it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) title: String,
    pub(crate) done: String,
    /// What must be had to read the files: `gzip`, `zstd`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) needs: BTreeSet<String>,
    pub(crate) given: Given,
    pub(crate) verdict: String,
    pub(crate) exit: u8,
    pub(crate) logs: Vec<OfLog>,
    /// What is found of no log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) findings: Vec<Found>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) notices: BTreeSet<String>,
}

/// What the verifier is given besides the files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    pub(crate) pins: Vec<String>,
    /// Lines of a trust file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) trust: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expect_head: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_silence_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) from_start: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) part: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) no_losses: bool,
    /// `OLD=NEW`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) successions: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfLog {
    pub(crate) log: String,
    /// The log's first key, where what is given leads to it.
    pub(crate) key: Option<String>,
    /// The log's files, in their order.
    pub(crate) files: Vec<String>,
    /// The files of copies that have lines of it.
    pub(crate) copies: Vec<String>,
    pub(crate) verdict: String,
    /// Whether the files are whole for somebody who knows `key` and asks for nothing else.
    pub(crate) whole: bool,
    pub(crate) proved: Vec<(u64, u64)>,
    pub(crate) unproved: Vec<(u64, u64)>,
    pub(crate) missing: Vec<(u64, u64)>,
    /// The last proved line, which is signed.
    pub(crate) head: Option<Head>,
    pub(crate) findings: Vec<Found>,
    pub(crate) notices: BTreeSet<String>,
    /// Where the Python of `docs/FORMAT.md` may say less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) python: Option<OfPython>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfPython {
    /// Why.
    pub(crate) because: String,
    /// What it proves, where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) proved: Option<Vec<(u64, u64)>>,
    /// It is not asked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) skip: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) seq: u64,
    pub(crate) hash: String,
}

/// A finding: of which kind, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Found {
    pub(crate) finding: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as `serde` asks
fn is_false(value: &bool) -> bool {
    !value
}
