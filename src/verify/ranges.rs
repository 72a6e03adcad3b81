//! Which lines of a log are there, and which of them are proved.

use serde::Serialize;

use super::LISTED;

/// Lines by their numbers: ranges in their order, the first [`LISTED`] of them listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ranges {
    /// How many lines.
    pub lines: u64,
    /// The ranges.
    pub listed: Vec<Range>,
    /// Ranges that are not listed.
    pub more: u64,
}

/// Lines that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Range {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

impl Ranges {
    /// Adds ranges behind these.
    fn append(&mut self, others: &Ranges) {
        let listed = others.listed.iter().map(|range| range.to - range.from + 1).sum::<u64>();
        for range in &others.listed {
            self.push(range.from, range.to);
        }
        (self.lines, self.more) = (self.lines + others.lines - listed, self.more + others.more);
    }

    /// These ranges and others, which are apart from them.
    pub(crate) fn merge(self, others: Ranges) -> Ranges {
        let more = self.more + others.more;
        let lines = self.lines + others.lines;
        let mut all = [self.listed, others.listed].concat();
        all.sort_unstable_by_key(|range| range.from);
        let mut merged = Ranges::default();
        for range in all {
            merged.push(range.from, range.to);
        }
        Ranges { lines, more: merged.more + more, ..merged }
    }

    /// The first line.
    pub(crate) fn first(&self) -> Option<u64> {
        self.listed.first().map(|range| range.from)
    }

    /// Adds a range behind the others.
    pub(crate) fn push(&mut self, from: u64, to: u64) {
        self.lines += to - from + 1;
        let listed = self.listed.len();
        match self.listed.last_mut().filter(|last| last.to + 1 == from) {
            Some(last) if self.more == 0 => last.to = to,
            _ if listed < LISTED => self.listed.push(Range { from, to }),
            _ => self.more += 1,
        }
    }
}

/// So many ranges are kept before those on which nothing more can be said are let go.
const KEPT: usize = 4_096;

/// Lines that were met, in their order, and lines that were proved, which may be later and in any order.
#[derive(Clone)]
pub(crate) struct Coverage {
    present: Vec<Range>,
    /// Lines since the last proved one: torn bytes, where a start says so.
    waiting: Vec<Range>,
    proved_since: Vec<Range>,
    /// Nothing more is said of lines before this one.
    settled: u64,
    room: usize,
    pub(crate) proved: Ranges,
    pub(crate) unproved: Ranges,
    /// For a caller that counts them itself.
    #[cfg(feature = "shipped")]
    pub(crate) missing: Ranges,
    /// Numbers of no line, between proved ones.
    between: Ranges,
    /// Numbers of no line since the last proved one.
    gaps: Ranges,
    /// The number after the last line that was settled.
    next: u64,
    /// Lines that are there and whose numbers were not kept.
    uncounted: u64,
}

impl Coverage {
    pub(crate) fn new() -> Coverage {
        Coverage {
            present: Vec::new(),
            waiting: Vec::new(),
            proved_since: Vec::new(),
            settled: 0,
            room: KEPT,
            proved: Ranges::default(),
            unproved: Ranges::default(),
            #[cfg(feature = "shipped")]
            missing: Ranges::default(),
            between: Ranges::default(),
            gaps: Ranges::default(),
            next: 0,
            uncounted: 0,
        }
    }

    /// Lines of these numbers are there.
    pub(crate) fn meet(&mut self, from: u64, to: u64) {
        add(&mut self.present, from.max(self.settled), to);
    }

    /// A line of this number is there, and may never be proved. Where ranges wait already, of which none can be settled before
    /// `unsettled`, it is only counted: whoever floods a log with numbers gets no memory for it.
    pub(crate) fn meet_unproved(&mut self, seq: u64, unsettled: u64) {
        if self.present.len() + self.waiting.len() >= KEPT {
            self.settle(unsettled);
        }
        if self.present.len() + self.waiting.len() < KEPT {
            add(&mut self.waiting, seq.max(self.settled), seq);
        } else {
            self.uncounted += 1;
        }
    }

    /// The lines since the last proved one were torn bytes: they never were the log's.
    pub(crate) fn forget_torn(&mut self) {
        self.waiting.clear();
    }

    /// They were not.
    pub(crate) fn keep_unproved(&mut self) {
        for Range { from, to } in std::mem::take(&mut self.waiting) {
            self.meet(from, to);
        }
    }

    /// Lines of these numbers, which are there, are proved.
    pub(crate) fn prove(&mut self, from: u64, to: u64) {
        add(&mut self.proved_since, from.max(self.settled), to);
    }

    /// Whether ranges wait to be settled.
    pub(crate) fn is_full(&self) -> bool {
        self.present.len() + self.proved_since.len() > self.room
    }

    /// Nothing more will be said of lines before this one.
    pub(crate) fn settle(&mut self, before: u64) {
        let present = split_off_before(&mut self.present, before);
        let proved = split_off_before(&mut self.proved_since, before);
        self.settled = self.settled.max(before);
        let mut proved = proved.into_iter().peekable();
        for Range { mut from, to } in present {
            if from > self.next && self.proved.lines > 0 {
                self.gaps.push(self.next, from - 1);
            }
            self.next = to.saturating_add(1);
            while let Some(range) = proved.next_if(|range| range.from <= to) {
                if from < range.from {
                    self.unproved.push(from, range.from - 1);
                }
                self.between.append(&std::mem::take(&mut self.gaps));
                self.proved.push(range.from, range.to);
                from = range.to + 1;
            }
            if from <= to {
                self.unproved.push(from, to);
            }
        }
        self.room = KEPT.max(2 * (self.present.len() + self.proved_since.len()));
    }

    /// The first proved line.
    pub(crate) fn first_proved(&self) -> Option<u64> {
        self.proved.first().or_else(|| self.proved_since.first().map(|range| range.from))
    }

    /// All was met: which lines are proved, which are there and not proved, which are missing between proved ones.
    pub(crate) fn finish(mut self) -> [Ranges; 3] {
        self.keep_unproved();
        self.settle(u64::MAX);
        self.unproved.lines += self.uncounted;
        self.unproved.more += u64::from(self.uncounted > 0);
        [self.proved, self.unproved, self.between]
    }
}

/// Adds a range to ranges that are apart and in order.
fn add(ranges: &mut Vec<Range>, from: u64, to: u64) {
    if from > to {
        return;
    }
    // Mostly lines come in their order.
    match ranges.last_mut() {
        Some(last) if last.from <= from && from <= last.to.saturating_add(1) => {
            last.to = last.to.max(to);
            return;
        }
        Some(last) if last.to < from => return ranges.push(Range { from, to }),
        _ => {}
    }
    let first = ranges.partition_point(|range| range.to + 1 < from);
    let behind = ranges.partition_point(|range| range.from <= to + 1);
    let (mut from, mut to) = (from, to);
    if first < behind {
        from = from.min(ranges[first].from);
        to = to.max(ranges[behind - 1].to);
    }
    ranges.splice(first..behind, [Range { from, to }]);
}

fn split_off_before(ranges: &mut Vec<Range>, before: u64) -> Vec<Range> {
    let whole = ranges.partition_point(|range| range.to < before);
    let mut settled = ranges.drain(..whole).collect::<Vec<_>>();
    if let Some(cut) = ranges.first_mut().filter(|range| range.from < before) {
        settled.push(Range { from: cut.from, to: before - 1 });
        cut.from = before;
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn lines(ranges: &Ranges) -> BTreeSet<u64> {
        assert_eq!(ranges.more, 0);
        ranges.listed.iter().flat_map(|range| range.from..=range.to).collect()
    }

    proptest! {
        #[test]
        fn what_is_said_of_each_line_is_what_was_met(
            met in prop::collection::btree_set(0..60u64, 0..60),
            proofs in prop::collection::vec((0..60u64, 0..9u64), 0..12),
            settled in 0..60u64,
        ) {
            let mut coverage = Coverage::new();
            for seq in &met {
                coverage.meet(*seq, *seq);
            }
            let mut proved = BTreeSet::new();
            for (from, more) in proofs {
                // A proof is of lines that are there.
                let run = (from..=from + more).take_while(|seq| met.contains(seq)).count() as u64;
                if run > 0 {
                    coverage.prove(from, from + run - 1);
                    proved.extend(from..from + run);
                }
            }
            coverage.settle(settled);
            coverage.settle(u64::MAX);
            prop_assert_eq!(lines(&coverage.proved), proved.clone());
            prop_assert_eq!(lines(&coverage.unproved), met.difference(&proved).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(coverage.proved.lines, proved.len() as u64);
        }
    }

    #[test]
    fn a_flood_of_numbers_is_counted_in_bounded_memory() {
        let mut coverage = Coverage::new();
        coverage.meet(0, 9);
        coverage.prove(0, 9);
        let flood = 3 * KEPT as u64;
        (0..flood).for_each(|at| coverage.meet_unproved(20 + at * 7, 10));
        assert!(coverage.present.len() + coverage.waiting.len() <= KEPT);
        let [proved, unproved, missing] = coverage.finish();
        assert_eq!((proved.lines, unproved.lines, missing.lines), (10, flood, 0));
        assert_eq!((unproved.listed.len(), unproved.more > 0), (LISTED, true));
    }

    #[test]
    fn what_is_missing_lies_between_proved_lines() {
        let mut coverage = Coverage::new();
        for (from, to, proved) in
            [(3, 4, true), (7, 7, false), (9, 9, true), (12, 12, false), (20, 20, false)]
        {
            coverage.meet(from, to);
            if proved {
                coverage.prove(from, to);
            }
        }
        let [proved, unproved, missing] = coverage.finish();
        let listed =
            |ranges: &Ranges| ranges.listed.iter().map(|range| (range.from, range.to)).collect::<Vec<_>>();
        assert_eq!(listed(&proved), [(3, 4), (9, 9)]);
        assert_eq!(listed(&unproved), [(7, 7), (12, 12), (20, 20)]);
        assert_eq!(listed(&missing), [(5, 6), (8, 8)]);
    }

    #[test]
    fn ranges_beyond_the_listed_ones_are_counted() {
        let mut ranges = Ranges::default();
        (0..LISTED as u64 + 5).for_each(|at| ranges.push(at * 3, at * 3 + 1));
        assert_eq!((ranges.lines, ranges.listed.len(), ranges.more), (2 * (LISTED as u64 + 5), LISTED, 5));
    }
}
