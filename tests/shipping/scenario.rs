//! What a shipper goes through.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Process, wait_until};
use crate::source::Source;

/// How often it is killed.
const KILLS: usize = 3;

/// The log grows and rotates while it is shipped; the shipper is killed under load, is away for a while, and starts
/// again. `arrived` gives the lines that came, in the order in which they did.
pub(crate) fn killed_under_load(source: &Source, shipper: &mut Process, arrived: impl Fn() -> Vec<Vec<u8>>) {
    source.under_load(|| {
        for _ in 0..KILLS {
            let before = arrived().len();
            wait_until("more lines arrived", || arrived().len() > before + 500);
            shipper.kill();
            let before = source.emitted();
            wait_until("the log grew meanwhile", || source.emitted() > before + 500);
            shipper.start_again();
        }
        let before = source.emitted();
        wait_until("the log grew", || source.emitted() > before + 500);
    });
    all_arrived(source, &arrived);
}

/// Waits for the last line, or until no more come.
pub(crate) fn all_arrived(source: &Source, arrived: impl Fn() -> Vec<Vec<u8>>) {
    let ours: Vec<_> = source.files().into_iter().flatten().collect();
    let (mut most, mut since) = (0, Instant::now());
    while since.elapsed() < Duration::from_secs(20) {
        let arrived: HashSet<_> = arrived().into_iter().collect();
        if ours.iter().all(|line| arrived.contains(line)) {
            return;
        }
        if arrived.len() > most {
            (most, since) = (arrived.len(), Instant::now());
        }
        thread::sleep(Duration::from_millis(100));
    }
}
