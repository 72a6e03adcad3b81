//! Killed at random moments, and started again on the same log.

use std::time::Duration;

use tracing_audit::verify::Verdict;

use crate::program::{Program, Proof};
use crate::proved::{holds, total};
use crate::random::sleep_below;

#[test]
fn what_was_acknowledged_outlives_ten_kills() {
    outlives(10, 1);
}

#[test]
#[ignore = "takes minutes"]
fn what_was_acknowledged_outlives_a_thousand_kills() {
    outlives(1_000, 25);
}

/// The log is proved anew behind every so many kills.
fn outlives(kills: u64, every: u64) {
    let folder = tempfile::tempdir().unwrap();
    let proofs = [Proof::Flush, Proof::Receipt, Proof::Written, Proof::Synced];
    let mut runs =
        (0..).zip(proofs.into_iter().cycle()).map(|(run, proof)| Program::busy(folder.path(), run, proof));
    let mut told = Vec::new();
    for (run, program) in (0..kills).zip(&mut runs) {
        let mut process = program.start();
        // Each third may die before its log is open; not the first, which makes the keys.
        if run % 3 != 1 {
            process.hear_a_proof();
        }
        sleep_below(Duration::from_millis(200));
        told.push(process.kill());
        if run % every == every - 1 {
            holds(folder.path(), &told);
        }
    }
    let mut last = runs.next().unwrap().start();
    last.hear_a_proof();
    told.push(last.end());

    let history = holds(folder.path(), &told);
    assert_eq!(history.report.verdict, Verdict::Intact);
    let (proved, report) = (total(&told), history.report);
    println!(
        "{kills} kills: {proved} records proved to their threads, {} lines, {} files, {} keys, {} torn bytes",
        report.lines, report.files, report.keys, report.torn_bytes,
    );
    assert!(proved > kills && report.files > kills / 5 && report.keys > kills / 5);
}
