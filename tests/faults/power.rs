//! The power of a real file system is cut under load.

use std::time::Duration;

use tracing_audit::verify::Verdict;

use crate::disk::Disk;
use crate::program::{Program, Proof, Said};
use crate::proved::{holds, total};
use crate::random::sleep_below;

const CUTS: usize = 20;

#[test]
#[ignore = "needs root and xfsprogs, and mounts a file system"]
fn what_was_acknowledged_as_synced_outlives_twenty_power_cuts() {
    let Some(mut disk) = Disk::xfs() else { return };
    let (folder, mut told) = (disk.path(), Vec::new());
    // What is `Written` is with the kernel, which dies too.
    let proofs = [Proof::Flush, Proof::Receipt, Proof::Synced];
    let mut runs =
        (0..).zip(proofs.into_iter().cycle()).map(|(run, proof)| Program::busy(&folder, run, proof));
    for program in runs.by_ref().take(CUTS) {
        let mut process = program.start();
        process.hear_a_proof();
        sleep_below(Duration::from_millis(500));
        // XFS answers some syncs with success that its shutdown overtakes, so that only those count that were heard of
        // before. A real power cut leaves nobody to hear the others.
        let heard = process.heard();
        disk.cut_power();
        process.hear_until(|said, _| matches!(said, Said::Refused { .. } | Said::Failed { .. }));
        process.kill();
        told.push(heard);
        disk.restore_power();
        holds(&folder, &told);
    }
    let mut last = runs.next().unwrap().start();
    last.hear_a_proof();
    told.push(last.end());

    let history = holds(&folder, &told);
    assert_eq!(history.report.verdict, Verdict::Intact);
    let (proved, report) = (total(&told), history.report);
    println!(
        "{CUTS} power cuts: {proved} records proved to their threads, {} lines, {} files, {} keys, {} torn bytes",
        report.lines, report.files, report.keys, report.torn_bytes,
    );
}
