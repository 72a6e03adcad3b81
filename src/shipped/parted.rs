//! Where two hand-offs of one epoch lead to different keys: what both follow is the log's, and nothing after it.

use super::chain::Chain;
use super::walk::Walk;
use crate::trail::Position;
use crate::verify::FindingKind;

#[derive(Default)]
pub(super) struct Parted {
    /// The chains that led to each of the hand-offs met.
    met: Vec<Option<Vec<(u32, u64)>>>,
    /// Where the first of these chains begins.
    from: Option<u64>,
    /// A branch says that its writer goes on after a crash.
    pub(super) crash: bool,
    /// Of numbers before this one all was said.
    pub(super) settled: u64,
}

impl Walk<'_> {
    /// Looks at a signed line where hand-offs part: alone it proves nothing.
    pub(super) fn meet_parting(&mut self, chain: &Chain) {
        let tip = Position { hash: chain.tip.hash, seq: chain.tip.seq };
        if !self.history.parted.as_ref().is_some_and(|rivals| rivals.contains(&tip)) {
            return;
        }
        self.parted.met.push(chain.ancestors().filter(|_| !chain.barred));
        self.parted.from = Some(self.parted.from.map_or(chain.unproved, |from| from.max(chain.unproved)));
    }

    /// Proves what all of the hand-offs follow: whoever signed them, each of them does.
    pub(super) fn judge_parting(&mut self) {
        let Some(rivals) = self.history.parted.as_ref().map(Vec::len) else { return };
        let met = std::mem::take(&mut self.parted.met);
        let known = met.iter().flatten().cloned().collect::<Vec<_>>();
        let common = known.split_first().filter(|_| known.len() == rivals);
        let common = common.and_then(|(first, others)| {
            others.iter().map(|other| self::common(first, other)).min().flatten()
        });
        if let (Some(to), Some(from)) = (common, self.parted.from)
            && from <= to
            && self.parted.settled <= from
        {
            self.prove(from, to);
        }
        let epoch = self.history.ended();
        let after = common.max(self.history.hand_off(epoch).map(|line| line.seq)).map_or(0, |last| last + 1);
        // Where a branch's beginning was not given, a crash may explain it.
        let crash = self.parted.crash || common.is_none();
        self.ledger.find(None, None, FindingKind::Disputed { epoch: epoch + 1, from: after, crash });
    }
}

/// The last line that two chains have in common.
fn common(one: &[(u32, u64)], other: &[(u32, u64)]) -> Option<u64> {
    let mut last = None;
    for ((a, to), (b, too)) in one.iter().zip(other) {
        if a != b {
            break;
        }
        last = Some(*to.min(too));
        if to != too {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::common;

    #[test]
    fn chains_have_in_common_what_stands_before_they_branch() {
        assert_eq!(common(&[(1, 20)], &[(1, 5), (2, 9)]), Some(5));
        assert_eq!(common(&[(1, 5), (2, 9)], &[(1, 5), (3, 8)]), Some(5));
        assert_eq!(common(&[(1, 5), (2, 9)], &[(1, 5), (2, 8), (4, 9)]), Some(8));
        assert_eq!(common(&[(1, 5), (2, 9)], &[(1, 4), (2, 9)]), Some(4));
        assert_eq!(common(&[(1, 5)], &[(2, 5)]), None);
    }
}
