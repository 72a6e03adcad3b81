//! The line that is known from elsewhere.

use super::proof::Trust;
use super::{Finding, FindingKind, Place, Verdict};
use crate::trail::Hash;

/// Whether the expected head was met.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    NotMet,
    Met,
    Differs(Place, Hash),
}

pub(super) fn meets(trust: &Trust, seq: u64, hash: Hash, place: impl FnOnce() -> Place) -> Expected {
    match trust.expect {
        Some(expect) if expect.hash == hash && expect.seq.is_none_or(|expected| expected == seq) => {
            Expected::Met
        }
        Some(expect) if expect.seq == Some(seq) => Expected::Differs(place(), hash),
        _ => Expected::NotMet,
    }
}

impl Expected {
    /// Takes what was met later, unless it was nothing.
    pub(super) fn note(&mut self, later: Expected) {
        if !matches!(later, Expected::NotMet) {
            *self = later;
        }
    }
}

/// The expected head is of one log: where it is there, the others need not have it. Of each log, all its findings, and its
/// verdict.
pub(crate) fn one_head_is_enough(mut logs: Vec<(&mut Vec<Finding>, &mut Verdict)>) {
    let of_head = |finding: &Finding| {
        use FindingKind::{HeadBehind, HeadDiffers, HeadNotFound};
        matches!(finding.kind, HeadBehind { .. } | HeadDiffers { .. } | HeadNotFound { .. })
    };
    if logs.iter().any(|(findings, _)| !findings.iter().any(of_head)) {
        for (findings, verdict) in &mut logs {
            findings.retain(|finding| !of_head(finding));
            **verdict =
                findings.iter().map(|finding| finding.kind.verdict()).max().unwrap_or(Verdict::Intact);
        }
    }
}
