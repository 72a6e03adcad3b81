//! Choices that a test makes for a power cut: all there are, or some.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// Calls `test` with every sequence of choices that it asks for, at most so many times. Whether those were all.
pub(crate) fn all(at_most: usize, mut test: impl FnMut(&mut dyn FnMut(usize) -> usize)) -> bool {
    // What was chosen, of how many: an odometer, its last wheel the fastest.
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    for _ in 0..at_most {
        let mut at = 0;
        test(&mut |of| {
            if at == chosen.len() {
                chosen.push((0, of));
            }
            at += 1;
            chosen[at - 1].0
        });
        while chosen.pop_if(|(choice, of)| *choice + 1 == *of).is_some() {}
        match chosen.last_mut() {
            Some((choice, _)) => *choice += 1,
            None => return true,
        }
    }
    false
}

/// Calls `test` so many times with choices that are the same in every run: few losses, many, and as they come.
pub(crate) fn some(times: usize, mut test: impl FnMut(&mut dyn FnMut(usize) -> usize)) {
    let mut runner = TestRunner::deterministic();
    let mut draw = |below: usize| (0..below).new_tree(&mut runner).expect("a range has values").current();
    for time in 0..times {
        let keep = [0, 6, 2][time % 3];
        test(&mut |of| if draw(8) < keep { 0 } else { draw(of) });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_sequence_of_choices_comes_once() {
        let mut seen = BTreeSet::new();
        let whole = all(100, |choose| {
            // The second choice depends on the first.
            let first = choose(3);
            assert!(seen.insert((first, choose(first + 1))));
        });
        assert!(whole);
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]);
        assert!(!all(5, |choose| assert!(choose(6) < 6)));
    }

    #[test]
    fn some_choices_are_the_same_in_every_run() {
        let draw = || {
            let mut drawn = Vec::new();
            some(30, |choose| drawn.extend([choose(2), choose(50)]));
            drawn
        };
        assert_eq!(draw(), draw());
        assert!(draw().contains(&0) && draw().iter().any(|choice| *choice > 1));
    }
}
