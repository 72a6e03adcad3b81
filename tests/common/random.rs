//! Choices that a seed makes: the same ones each time.

use std::env;
use std::ops::Range;

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`; 0 where that is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % (limit as u64).max(1)).unwrap()
    }

    pub(crate) fn number(&mut self, below: u64) -> u64 {
        self.next() % below.max(1)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A part of what has this length, at times empty.
    pub(crate) fn range(&mut self, length: usize) -> Range<usize> {
        let (one, other) = (self.below(length + 1), self.below(length + 1));
        one.min(other)..one.max(other)
    }

    pub(crate) fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}

/// Runs a case for each seed; where this variable of the environment is set, only for the one that it has, or for a range,
/// `500..900`. A case that fails prints its seed.
pub(crate) fn cases(variable: &'static str, seeds: Range<u64>, mut case: impl FnMut(u64)) {
    struct Running(&'static str, u64);
    impl Drop for Running {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("failed with {}={}", self.0, self.1);
            }
        }
    }
    let number = |seed: &str| seed.parse::<u64>().expect("a seed is a number");
    let seeds = match env::var(variable) {
        Ok(chosen) => match chosen.split_once("..") {
            Some((from, to)) => number(from)..number(to),
            None => number(&chosen)..number(&chosen) + 1,
        },
        Err(_) => seeds,
    };
    for seed in seeds {
        let running = Running(variable, seed);
        case(seed);
        std::mem::forget(running);
    }
}
