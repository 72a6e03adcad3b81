//! Where findings and notices are written down, in bounded space.

use super::{Finding, FindingKind, LISTED, Notice, NoticeKind, Place, Verdict};

/// The first [`LISTED`] of each; the rest is counted, and still counts for the verdict.
#[derive(Clone)]
pub(super) struct Ledger {
    pub(super) verdict: Verdict,
    pub(super) findings: Vec<Finding>,
    pub(super) more_findings: u64,
    pub(super) notices: Vec<Notice>,
    pub(super) more_notices: u64,
    pub(super) signatures_checked: u64,
}

impl Ledger {
    pub(super) fn new() -> Ledger {
        Ledger {
            verdict: Verdict::Intact,
            findings: Vec::new(),
            more_findings: 0,
            notices: Vec::new(),
            more_notices: 0,
            signatures_checked: 0,
        }
    }

    /// How many findings there are.
    pub(super) fn found(&self) -> u64 {
        self.findings.len() as u64 + self.more_findings
    }

    pub(super) fn find(&mut self, at: Option<Place>, seq: Option<u64>, kind: FindingKind) {
        self.enter(Finding { at, seq, kind });
    }

    pub(super) fn enter(&mut self, finding: Finding) {
        self.verdict = self.verdict.max(finding.kind.verdict());
        if self.findings.len() < LISTED {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }

    /// Enters findings of which `more` were only counted; those are as bad as the listed ones.
    pub(super) fn enter_all(&mut self, findings: Vec<Finding>, more: u64) {
        for finding in findings {
            self.enter(finding);
        }
        self.more_findings += more;
    }

    pub(super) fn notice(&mut self, at: Option<Place>, seq: Option<u64>, kind: NoticeKind) {
        if self.notices.len() < LISTED {
            self.notices.push(Notice { at, seq, kind });
        } else {
            self.more_notices += 1;
        }
    }
}
