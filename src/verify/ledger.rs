//! Where findings and notices are written down, in bounded space.

use super::identity::Identity;
use super::{Finding, FindingKind, LISTED, Notice, NoticeKind, Place, Verdict};
use crate::trail::PublicKey;

/// The first [`LISTED`] of each; the rest is counted, and still counts for the verdict.
#[derive(Clone)]
pub(crate) struct Ledger {
    pub(crate) verdict: Verdict,
    pub(crate) findings: Vec<Finding>,
    pub(crate) more_findings: u64,
    pub(crate) notices: Vec<Notice>,
    pub(crate) more_notices: u64,
    pub(crate) signatures_checked: u64,
    /// The file that ends too soon, while findings are entered that come from it.
    cut: Option<u64>,
    /// Those findings, by their place in the list, and the file.
    of_cut: Vec<(usize, u64)>,
}

impl Ledger {
    pub(crate) fn new() -> Ledger {
        Ledger {
            verdict: Verdict::Intact,
            findings: Vec::new(),
            more_findings: 0,
            notices: Vec::new(),
            more_notices: 0,
            signatures_checked: 0,
            cut: None,
            of_cut: Vec::new(),
        }
    }

    /// One that counts on from another, with nothing of its own.
    pub(crate) fn after(other: &Ledger) -> Ledger {
        Ledger { more_findings: other.found(), ..Ledger::new() }
    }

    /// Whether nothing was entered since [`Ledger::after`] that one.
    pub(crate) fn is_as(&self, other: &Ledger) -> bool {
        self.found() == other.found() && self.notices.is_empty()
    }

    /// Of one log: where its key is not known it can at best agree with itself.
    pub(crate) fn for_log(identity: &Identity, keys: &[PublicKey]) -> Ledger {
        let mut ledger = Ledger::new();
        if !identity.awaits_endorsement() {
            ledger.doubt(identity, keys);
        }
        ledger
    }

    /// All was read: was its key endorsed?
    pub(crate) fn end(&mut self, identity: &Identity, keys: &[PublicKey]) {
        if identity.awaits_endorsement() {
            self.doubt(identity, keys);
        }
    }

    fn doubt(&mut self, identity: &Identity, keys: &[PublicKey]) {
        if let Some(kind) = identity.doubt(keys) {
            self.find(None, None, kind);
        }
    }

    /// How many findings there are.
    pub(crate) fn found(&self) -> u64 {
        self.findings.len() as u64 + self.more_findings
    }

    pub(crate) fn find(&mut self, at: Option<Place>, seq: Option<u64>, kind: FindingKind) {
        self.enter(Finding::new(at, seq, kind));
    }

    pub(crate) fn enter(&mut self, finding: Finding) {
        self.verdict = self.verdict.max(finding.kind.verdict());
        if self.findings.len() < LISTED {
            self.of_cut.extend(self.cut.map(|file| (self.findings.len(), file)));
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }

    /// What is found from here on comes from this file: it ends too soon, and all that stands in it is as it should be.
    pub(crate) fn blame_cut(&mut self, file: Option<u64>) {
        self.cut = file;
    }

    /// Takes findings back that turned out to be none. The second argument of `is_none` is the file that ends too soon.
    pub(crate) fn take_back(
        &mut self,
        is_none: impl Fn(&FindingKind, Option<u64>) -> bool,
    ) -> Vec<(Finding, Option<u64>)> {
        let of_cut = std::mem::take(&mut self.of_cut);
        let cut = |at: usize| of_cut.iter().find(|(listed, _)| *listed == at).map(|(_, file)| *file);
        let findings = std::mem::take(&mut self.findings).into_iter().enumerate();
        let (none, kept): (Vec<_>, Vec<_>) = findings
            .map(|(at, finding)| (finding, cut(at)))
            .partition(|(finding, cut)| is_none(&finding.kind, *cut));
        self.findings = kept.into_iter().map(|(finding, _)| finding).collect();
        if self.more_findings == 0 {
            let verdicts = self.findings.iter().map(|finding| finding.kind.verdict());
            self.verdict = verdicts.max().unwrap_or(Verdict::Intact);
        }
        none
    }

    /// Enters findings of which `more` were only counted; those are as bad as the listed ones.
    pub(crate) fn enter_all(&mut self, findings: Vec<Finding>, more: u64) {
        for finding in findings {
            self.enter(finding);
        }
        self.more_findings += more;
    }

    pub(crate) fn notice(&mut self, at: Option<Place>, seq: Option<u64>, kind: NoticeKind) {
        if self.notices.len() < LISTED {
            self.notices.push(Notice { at, seq, kind });
        } else {
            self.more_notices += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(kind: FindingKind) -> Finding {
        Finding::new(None, None, kind)
    }

    #[test]
    fn what_is_not_listed_is_counted_and_counts_for_the_verdict() {
        let mut ledger = Ledger::new();
        for _ in 0..LISTED {
            ledger.enter(finding(FindingKind::Nothing));
        }
        assert_eq!((ledger.findings.len(), ledger.more_findings), (LISTED, 0));
        ledger.enter(finding(FindingKind::Nothing));
        assert_eq!((ledger.verdict, ledger.found()), (Verdict::Incomplete, LISTED as u64 + 1));
        ledger.enter(finding(FindingKind::NoGenesis));
        assert_eq!((ledger.verdict, ledger.found()), (Verdict::Tampered, LISTED as u64 + 2));
        ledger.enter_all(vec![finding(FindingKind::NoGenesis)], 4);
        assert_eq!((ledger.findings.len(), ledger.more_findings), (LISTED, 7));
        assert_eq!(ledger.found(), LISTED as u64 + 7);
    }

    #[test]
    fn notices_that_are_not_listed_are_counted() {
        let mut ledger = Ledger::new();
        for number in 1..=LISTED + 2 {
            ledger.notice(None, None, NoticeKind::Open);
            let listed = number.min(LISTED);
            assert_eq!((ledger.notices.len(), ledger.more_notices), (listed, (number - listed) as u64));
        }
        assert_eq!((ledger.verdict, ledger.found()), (Verdict::Intact, 0));
    }
}
