//! Logs that are whole: files, keys, starts.

use tracing_audit::trail::{Ended, Keeps};

use crate::log::Log;
use crate::shapes::closed;
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [files(), keys(), restarts()].into_iter().flatten().collect()
}

fn files() -> Vec<Vector> {
    let one = closed("honest-one-file", |log| {
        log.unsigned("bob");
        log.event("carol");
    });
    let mut open = Log::new("honest-open");
    open.event("alice");
    let begun = Log::new("honest-just-begun");
    let mut sparse = Log::new("honest-one-signature-for-many-lines");
    (0..20).for_each(|_| sparse.unsigned("alice"));
    sparse.close(Ended::Shutdown);
    let mut rotated = Log::new("honest-rotations");
    rotated.event("alice");
    (0..4).for_each(|_| rotated.rotate());
    rotated.close(Ended::Shutdown);
    let mut no_newline = Log::new("honest-no-newline");
    no_newline.event("alice");
    no_newline.file().pop();
    let mut made_ready = Log::new("honest-next-file-made-ready");
    made_ready.event("alice");
    let mut gap = Log::new("honest-gap");
    gap.event("alice");
    gap.gap(3);
    gap.event("bob");
    gap.close(Ended::Shutdown);
    let mut unsynced = Log::new("honest-unsynced-all-there");
    unsynced.event("alice");
    unsynced.event("bob");
    unsynced.next_file_with(Ended::Unsynced, |genesis| {
        genesis.previous.as_mut().unwrap().unsynced_from = Some(2);
    });
    unsynced.close(Ended::Shutdown);
    let meddled = [
        ("honest-removed-all-there", Ended::Removed),
        ("honest-truncated-all-there", Ended::Truncated),
        ("honest-replaced-all-there", Ended::Replaced),
    ]
    .map(|(name, ended)| {
        let mut log = Log::new(name);
        log.event("alice");
        log.next_file(ended);
        log.close(Ended::Shutdown);
        Vector::new(
            name,
            "A loss that the writer feared and that did not happen takes nothing.",
            &format!("The live file was renamed under the writer, which records `{ended}`; all its lines are there."),
        )
        .log(&log)
        .intact(0, 3)
        .notice("meddled")
    });
    let mut vectors = vec![
        Vector::new("honest-one-file", "A log of one file, one line of it not signed.", "Nothing.")
            .log(&one)
            .intact(0, 4),
        Vector::new("honest-open", "A log that is being written has no close yet.", "Nothing.")
            .log(&open)
            .intact(0, 1)
            .notice("open"),
        Vector::new("honest-just-begun", "A log of its first line alone.", "Nothing.")
            .log(&begun)
            .intact(0, 0)
            .notice("open"),
        Vector::new(
            "honest-one-signature-for-many-lines",
            "Twenty records are proved by the signature on the line after them.",
            "Nothing.",
        )
        .log(&sparse)
        .intact(0, 21),
        Vector::new("honest-rotations", "Five files of one key.", "Nothing.").log(&rotated).intact(0, 10),
        Vector::new(
            "honest-no-newline",
            "A signed last line that lacks only its newline is whole.",
            "The last byte, a newline, was not written.",
        )
        .log(&no_newline)
        .intact(0, 1)
        .notice("open")
        .notice("no-newline"),
        Vector::new(
            "honest-next-file-made-ready",
            "The next file is created before the one before is closed.",
            "An empty file stands at the next name.",
        )
        .log(&made_ready)
        .file("audit.1.jsonl", b"")
        .intact(0, 1)
        .notice("open"),
        Vector::new("honest-gap", "Records that the writer declares lost.", "The queue was full.")
            .log(&gap)
            .intact(0, 4)
            .notice("gap"),
        Vector::new(
            "honest-unsynced-all-there",
            "A sync failed, and the lines are there all the same.",
            "The second file records `unsynced` of the first, from line 2 on.",
        )
        .log(&unsynced)
        .intact(0, 4)
        .notice("meddled"),
    ];
    vectors.extend(meddled);
    vectors
}

fn keys() -> Vec<Vector> {
    let one = closed("honest-hand-off", |log| {
        log.hand_off();
        log.event("bob");
    });
    let mut many = Log::new("honest-hand-offs-in-three-files");
    for _ in 0..3 {
        many.event("alice");
        many.hand_off();
        many.hand_off();
        many.rotate();
    }
    many.close(Ended::Shutdown);
    let mut last = Log::new("honest-ends-with-a-hand-off");
    last.hand_off();
    let not_copied = closed("honest-hand-offs-without-copies", |log| {
        log.hand_off();
        log.event("bob");
        log.hand_off();
    });
    let mut retained = Log::new("honest-retention-changed");
    retained.event("alice");
    retained.rotate();
    retained.keeps = Keeps::Newest(2);
    retained.rotate();
    retained.close(Ended::Shutdown);
    vec![
        Vector::new("honest-hand-off", "One key hands the log over to the next one.", "Nothing.")
            .log(&one)
            .intact(0, 4),
        Vector::new(
            "honest-hand-offs-in-three-files",
            "Seven epochs, two of them of no line but their hand-off.",
            "Nothing.",
        )
        .log(&many)
        .intact(0, 16),
        Vector::new(
            "honest-ends-with-a-hand-off",
            "A hand-off is the last line: nothing is missing after it.",
            "Nothing.",
        )
        .log(&last)
        .intact(0, 1)
        .notice("open"),
        Vector::new(
            "honest-hand-offs-without-copies",
            "The hand-offs in the files do, where all files are there.",
            "`audit.keys` was deleted.",
        )
        .log_without_copies(&not_copied)
        .intact(0, 5)
        .notice("not-copied"),
        Vector::new(
            "honest-retention-changed",
            "The operator has fewer files kept from a line on.",
            "`keeps` is null in files 0 and 1, and 2 in file 2.",
        )
        .log(&retained)
        .intact(0, 6)
        .notice("retention-changed"),
    ]
}

fn restarts() -> Vec<Vector> {
    let shutdown = closed("honest-restart-after-shutdown", |log| {
        log.close(Ended::Shutdown);
        log.resume(Ended::Shutdown);
        log.event("bob");
    });
    let crash = closed("honest-restart-after-crash", |log| {
        log.resume(Ended::Crash);
        log.event("bob");
    });
    let mut next = Log::new("honest-shutdown-then-next-file");
    next.event("alice");
    next.close(Ended::Shutdown);
    next.next_file(Ended::Shutdown);
    next.close(Ended::Shutdown);
    let mut crashed = Log::new("honest-crash-then-next-file");
    crashed.event("alice");
    crashed.next_file(Ended::Crash);
    crashed.close(Ended::Shutdown);
    let mut between = Log::new("honest-crash-between-two-files");
    between.event("alice");
    between.close(Ended::Rotated);
    between.next_file(Ended::Crash);
    between.close(Ended::Shutdown);
    let handed = closed("honest-crash-right-after-a-hand-off", |log| {
        log.hand_off();
        log.resume(Ended::Crash);
    });
    vec![
        Vector::new(
            "honest-restart-after-shutdown",
            "After a close with `shutdown` a process may go on in the same file.",
            "Nothing.",
        )
        .log(&shutdown)
        .intact(0, 5),
        Vector::new(
            "honest-restart-after-crash",
            "A process that died left nothing torn.",
            "The process was killed.",
        )
        .log(&crash)
        .intact(0, 4),
        Vector::new(
            "honest-shutdown-then-next-file",
            "After a close with `shutdown` the next process begins a file of its own.",
            "Nothing.",
        )
        .log(&next)
        .intact(0, 4),
        Vector::new(
            "honest-crash-then-next-file",
            "A file without a close, of which the next one records `crash`.",
            "The process was killed.",
        )
        .log(&crashed)
        .intact(0, 3),
        Vector::new(
            "honest-crash-between-two-files",
            "After a close with `rotated` the process died before the next file began.",
            "The process was killed. The next file records `crash`, though the one before is closed.",
        )
        .log(&between)
        .intact(0, 4),
        Vector::new(
            "honest-crash-right-after-a-hand-off",
            "The next process goes on with the key that was handed the log.",
            "The process was killed after the hand-off was written.",
        )
        .log(&handed)
        .intact(0, 4),
    ]
}
