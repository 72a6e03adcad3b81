//! Moments that no run repeats.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::thread;
use std::time::Duration;

/// Sleeps for a random time below this.
pub(crate) fn sleep_below(limit: Duration) {
    let random = RandomState::new().build_hasher().finish() % 1_000;
    thread::sleep(limit * u32::try_from(random).unwrap() / 1_000);
}
