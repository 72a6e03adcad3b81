//! Lines that the writer saw go.

use tracing_audit::trail::{Ended, Genesis};

use crate::log::Log;
use crate::shapes::{FIRST, SECOND, open};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [losses()].into_iter().flatten().collect()
}

/// Lines 0 to 3; the second file, lines 4 and 5, records that the first ended so.
fn lossy(name: &'static str, ended: Ended, unsynced_from: Option<u64>) -> Log {
    let mut log = open(name);
    log.event("bob");
    log.event("carol");
    log.next_file_with(ended, |genesis| genesis.previous.as_mut().unwrap().unsynced_from = unsynced_from);
    log.close(Ended::Shutdown);
    log
}

fn losses() -> Vec<Vector> {
    let title = "Lines that the writer saw go are missing, and no more.";
    let cut = |name, ended, unsynced_from, done: &str| {
        let log = lossy(name, ended, unsynced_from);
        Vector::new(name, title, done)
            .log(&log)
            .file(FIRST, &log.lines(0)[..2].concat())
            .incomplete(&[(0, 1), (4, 5)])
            .missing(&[(2, 3)])
            .find_at("gone", SECOND, 1, 4)
    };
    let batch = lossy("lost-truncated-one-write-after", Ended::Truncated, None);
    let rows = batch.lines(0);
    let removed = lossy("lost-removed-first-file", Ended::Removed, None);
    let replaced = lossy("lost-replaced-first-file", Ended::Replaced, None);
    let handed = |name, hand_offs| {
        let mut log = open(name);
        (0..hand_offs).for_each(|_| log.hand_off());
        log.next_file_with(Ended::Unsynced, |genesis| {
            genesis.previous.as_mut().unwrap().unsynced_from = Some(2);
        });
        log.close(Ended::Shutdown);
        let kept = log.lines(0)[..2].concat();
        (log, kept)
    };
    let (one, one_kept) = handed("lost-unsynced-hand-off", 1);
    let (two, two_kept) = handed("lost-unsynced-two-hand-offs", 2);
    let mut later = open("later-format");
    later.close(Ended::Rotated);
    let previous = later.previous(Ended::Rotated);
    later.begin_file(Some(previous), |genesis: &mut Genesis| genesis.format = "tracing-audit/v2".into());
    vec![
        cut(
            "lost-truncated",
            Ended::Truncated,
            None,
            "The live file was cut after line 1; the next one records it.",
        ),
        cut("lost-removed", Ended::Removed, None, "The live file was deleted, and an older copy put back."),
        cut("lost-replaced", Ended::Replaced, None, "An older copy was put in the place of the live file."),
        cut(
            "lost-unsynced",
            Ended::Unsynced,
            Some(2),
            "The sync of lines 2 and 3 failed, and the disk does not have them.",
        ),
        Vector::new(
            batch.name,
            "In a file that was cut under the writer, one write may stand before it noticed.",
            "Line 2 was cut out; line 3 was written after that.",
        )
        .log(&batch)
        .file(FIRST, &[&rows[0][..], &rows[1], &rows[3]].concat())
        .incomplete(&[(0, 1), (3, 5)])
        .missing(&[(2, 2)])
        .find_at("gone", SECOND, 1, 4),
        Vector::new(
            removed.name,
            title,
            "The first file was deleted under the writer, with all that it had.",
        )
        .log(&removed)
        .without(FIRST)
        .incomplete(&[(4, 5)])
        .find_at("gone", SECOND, 1, 4),
        Vector::new(replaced.name, title, "Something else was put in the place of the first file.")
            .log(&replaced)
            .without(FIRST)
            .file(FIRST, b"hello\n")
            .incomplete(&[(4, 5)])
            .find_at("gone", SECOND, 1, 4)
            .notice_of_no_log("not-a-log"),
        Vector::new(
            one.name,
            "A hand-off whose sync failed is known by its copy, and the log goes on from it.",
            "The disk has lines 0 and 1 of file 0. `audit.keys` has the hand-off, line 2.",
        )
        .log(&one)
        .file(FIRST, &one_kept)
        .incomplete(&[(0, 1), (3, 4)])
        .missing(&[(2, 2)])
        .find_at("gone", SECOND, 1, 3),
        Vector::new(
            two.name,
            "At most one hand-off lies in a range whose sync failed: no writer hands over again before.",
            "Lines 2 and 3, two hand-offs, are missing; the next file records `unsynced` from line 2 on.",
        )
        .log(&two)
        .file(FIRST, &two_kept)
        .tampered(&[(0, 1), (4, 5)])
        .missing(&[(2, 3)])
        .find_at("missing", SECOND, 1, 4),
        Vector::new(
            later.name,
            "A genesis of another format, validly signed, asks for a later version.",
            "The second file begins with a genesis of `tracing-audit/v2`.",
        )
        .log(&later)
        .verdict("error")
        .ranges(&[(0, 2)])
        .find_at("needs-version", SECOND, 1, 3),
    ]
}
