//! Findings that something is not there: whether it is elsewhere, somebody must look who sees more.

use super::{Finding, FindingKind, LogReport, Verdict};

impl FindingKind {
    /// Whether a file that was not read may have what is not there.
    pub(super) fn is_of_absence(&self) -> bool {
        matches!(
            self,
            FindingKind::Missing { .. }
                | FindingKind::FilesMissing { .. }
                | FindingKind::NextFileMissing { .. }
                | FindingKind::StartMissing { .. }
                | FindingKind::NotFromStart { .. }
                | FindingKind::EndMissing { .. }
                | FindingKind::HeadBehind { .. }
                | FindingKind::HeadNotFound { .. }
                | FindingKind::Silent { .. }
                | FindingKind::KeyNotProved { .. }
                | FindingKind::LogMissing { .. }
                | FindingKind::NoGenesis
                | FindingKind::Nothing
        )
    }

    /// Whether it may come from files that were renamed, copied, compressed or deleted while they were read.
    pub(super) fn is_of_moving_files(&self) -> bool {
        let of_a_part = matches!(
            self,
            FindingKind::FileTwice { .. } | FindingKind::Undecodable { .. } | FindingKind::Unreadable { .. }
        );
        of_a_part || self.is_of_absence()
    }
}

impl LogReport {
    /// So many files can't be read: what the log lacks may be in them.
    pub(super) fn allow_for_unread(&mut self, files: u64) {
        let is_of_absence = |finding: &Finding| finding.kind.is_of_absence();
        if !self.findings.iter().any(is_of_absence) {
            return;
        }
        self.findings.retain(|finding| !is_of_absence(finding));
        self.findings.push(Finding::new(None, None, FindingKind::MaybePacked { files }));
        if self.more_findings == 0 {
            let verdicts = self.findings.iter().map(|finding| finding.kind.verdict());
            self.verdict = verdicts.max().unwrap_or(Verdict::Intact);
        }
    }
}
