//! Validly signed lines in torn bytes: a power cut can leave them, nothing else.

use tracing_audit::trail::{Accepted, Ended, Timestamp};

use crate::log::{BOOT, Log, NEXT_BOOT, lines, with_zeros};
use crate::shapes::{FIRST, SECOND};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [power_cuts(), not_torn()].into_iter().flatten().collect()
}

/// A log, and the bytes of lines that it wrote after line 1, the first of them lost but for their place.
fn cut(name: &'static str, boot: Option<&'static str>) -> (Log, Vec<u8>) {
    let mut log = Log::begun(name, |log, _| log.boot = boot);
    log.event("alice");
    let begins = log.file().len();
    let mut lost = log.clone();
    (0..10).for_each(|_| lost.event("bob"));
    let (bytes, _) = with_zeros(lost.file().split_off(begins), begins);
    (log, bytes)
}

fn power_cuts() -> Vec<Vector> {
    let title =
        "Zeros that a power cut left, with signed lines after them, may be given up by the next start.";
    let resumed = |name, boot, next, done: &str| {
        let (mut log, bytes) = cut(name, boot);
        log.boot = next;
        log.crash(&bytes);
        log.close(Ended::Shutdown);
        Vector::new(name, title, done).log(&log).intact(0, 3).notice("torn").notice("given-up")
    };
    let (mut log, bytes) = cut("honest-power-cut-next-file", BOOT);
    log.boot = NEXT_BOOT;
    let torn_end = log.tear(&bytes);
    log.next_file_with(Ended::Crash, |genesis| genesis.previous.as_mut().unwrap().torn = Some(torn_end));
    log.close(Ended::Shutdown);
    let (mut zeros_last, mut bytes) = cut("honest-power-cut-zeros-at-the-end-too", BOOT);
    bytes.extend_from_slice(&[0; 77]);
    zeros_last.boot = NEXT_BOOT;
    zeros_last.crash(&bytes);
    zeros_last.close(Ended::Shutdown);
    // What comes after the cut hands over at number 3; of that there is a copy.
    let then_handed_over = |name, lose: fn(&mut Log), done: &str| {
        let mut log = Log::new(name);
        log.event("alice");
        let begins = log.file().len();
        let mut lost = log.clone();
        lose(&mut lost);
        let (bytes, _) = with_zeros(lost.file().split_off(begins), begins);
        log.boot = NEXT_BOOT;
        log.crash(&bytes);
        log.hand_off();
        log.event("dave");
        log.close(Ended::Shutdown);
        Vector::new(name, title, done).log(&log).intact(0, 5).notice("torn").notice("given-up")
    };
    vec![
        then_handed_over(
            "honest-power-cut-then-a-hand-off",
            |log| (0..10).for_each(|_| log.event("bob")),
            "The next process hands over at a lower number than those of lines that were given up.",
        ),
        then_handed_over(
            "honest-power-cut-hand-off-given-up",
            |log| {
                (0..8).for_each(|_| log.event("bob"));
                log.hand_off();
            },
            "The last line that was given up is a hand-off, of which there is no copy. The next one names the same key.",
        ),
        then_handed_over(
            "honest-power-cut-lines-of-the-next-key-given-up",
            |log| {
                (0..6).for_each(|_| log.event("bob"));
                log.hand_off();
                (0..2).for_each(|_| log.event("carol"));
            },
            "A hand-off is among the lines that were given up, and lines of the next key after it. No copy has it.",
        ),
        resumed(
            "honest-power-cut",
            BOOT,
            NEXT_BOOT,
            "Zeros up to the end of a sector, then lines; another boot.",
        ),
        resumed("honest-power-cut-boot-unknown", None, NEXT_BOOT, "The boot before it is not known."),
        Vector::new("honest-power-cut-next-file", title, "The next process began a file of its own.")
            .log(&log)
            .intact(0, 3)
            .notice("torn")
            .notice("given-up"),
        Vector::new(
            "honest-power-cut-zeros-at-the-end-too",
            title,
            "The file ends with zeros as well, within a sector: a file may end anywhere.",
        )
        .log(&zeros_last)
        .intact(0, 3)
        .notice("torn")
        .notice("given-up"),
    ]
}

/// Signed lines that a start gave up as torn, though no power cut explains it. `hand_off`: one of them is a hand-off.
fn given_up(
    name: &'static str,
    next_boot: Option<&'static str>,
    hand_off: bool,
    change: impl FnOnce(&mut Vec<u8>, usize),
) -> (Log, Log, u64) {
    let mut log = Log::new(name);
    log.event("alice");
    let begins = log.file().len();
    let mut lost = log.clone();
    (0..8).for_each(|_| lost.event("bob"));
    if hand_off {
        lost.hand_off();
    }
    lost.event("carol");
    let (mut bytes, end) = with_zeros(lost.file().split_off(begins), begins);
    change(&mut bytes, end);
    log.boot = next_boot;
    log.crash(&bytes);
    let line = log.lines(0).len() as u64;
    log.close(Ended::Shutdown);
    (log, lost, line)
}

fn not_torn() -> Vec<Vector> {
    let title = "Validly signed lines are torn bytes only after what a power cut leaves.";
    let vector = |name, done: &str, next_boot, change: &dyn Fn(&mut Vec<u8>, usize)| {
        let (log, _, line) = given_up(name, next_boot, false, change);
        Vector::new(name, title, done)
            .log(&log)
            .tampered(&[(0, 3)])
            .find_at("not-torn", FIRST, line, 2)
            .notice("torn")
    };
    let whole_line =
        |bytes: &[u8], end: usize| end + bytes[end..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let lost_lines = |name| {
        let mut log = Log::new(name);
        log.event("alice");
        let begins = log.file().len();
        (0..9).for_each(|_| log.event("bob"));
        log.file().split_off(begins)
    };
    let altered = lost_lines("not-torn-altered-line");
    let broken = lost_lines("not-torn-broken-line");
    let gone = lost_lines("not-torn-line-gone");
    let (copied, lost, line) = given_up("not-torn-copied-hand-off", NEXT_BOOT, true, |_, _| ());
    let with_boot = given_up("not-torn-same-boot", BOOT, false, |_, _| ());
    let name = "not-torn-accepted";
    let mut accepted = Log::new(name);
    accepted.event("alice");
    let mut bytes = lost_lines(name);
    bytes[40] ^= 1;
    accepted.boot = NEXT_BOOT;
    let attested = accepted.tear(&bytes);
    accepted.resume_with(Ended::Crash, |resume| {
        resume.torn = Some(attested);
        resume.accepted = Some(Accepted {
            at: Timestamp::from_nanos(1_795_293_661_000_000_000),
            by: "root on db1".into(),
            reason: "disk replaced".into(),
        });
    });
    let handed_over = |name| {
        let mut log = Log::new(name);
        log.event("alice");
        let mut bytes = lost_lines(name);
        bytes[40] ^= 1;
        log.boot = NEXT_BOOT;
        log.crash(&bytes);
        let line = log.lines(0).len() as u64;
        log.hand_off();
        log.event("bob");
        log.close(Ended::Shutdown);
        (log, line)
    };
    let (handed, handed_at) = handed_over("not-torn-then-a-hand-off");
    let (not_copied, not_copied_at) = handed_over("not-torn-then-a-hand-off-without-a-copy");
    let accepted_at = accepted.lines(0).len() as u64;
    accepted.close(Ended::Shutdown);
    let name = "not-torn-end-of-the-file-before";
    let mut before = Log::new(name);
    before.event("alice");
    let mut bytes = lost_lines(name);
    bytes[20] ^= 1;
    before.boot = NEXT_BOOT;
    let attested = before.tear(&bytes);
    before.next_file_with(Ended::Crash, |genesis| genesis.previous.as_mut().unwrap().torn = Some(attested));
    before.close(Ended::Shutdown);
    vec![
        vector(
            "not-torn-altered-line",
            "One bit of the first line after the last sync was flipped.",
            NEXT_BOOT,
            &|bytes, _| {
                bytes.clone_from(&altered);
                bytes[40] ^= 1;
            },
        ),
        vector(
            "not-torn-broken-line",
            "One byte of the first line after the last sync is no text.",
            NEXT_BOOT,
            &|bytes, _| {
                bytes.clone_from(&broken);
                bytes[40] = 0xff;
            },
        ),
        vector(
            "not-torn-line-gone",
            "The first line after the last sync was taken out.",
            NEXT_BOOT,
            &|bytes, _| {
                *bytes = gone[lines(&gone)[0].len()..].to_vec();
            },
        ),
        vector(
            "not-torn-zeros-within-a-sector",
            "The zeros end a byte before the end of a sector.",
            NEXT_BOOT,
            &|bytes, end| {
                bytes[end - 1] = b'x';
            },
        ),
        vector(
            "not-torn-altered-after-the-zeros",
            "A line after the zeros was altered.",
            NEXT_BOOT,
            &move |bytes, end| {
                let at = whole_line(bytes, end);
                bytes[at + 40] ^= 1;
            },
        ),
        vector(
            "not-torn-line-gone-after-the-zeros",
            "A line after the zeros was taken out.",
            NEXT_BOOT,
            &move |bytes, end| {
                let at = whole_line(bytes, end);
                let second = at + lines(&bytes[at..])[0].len();
                bytes.drain(second..second + lines(&bytes[second..])[0].len());
            },
        ),
        Vector::new(
            with_boot.0.name,
            title,
            "The machine was not started again in between: there was no power cut.",
        )
        .log(&with_boot.0)
        .tampered(&[(0, 3)])
        .find_at("not-torn", FIRST, with_boot.2, 2)
        .notice("torn"),
        Vector::new(
            handed.name,
            title,
            "One bit of the first line after the last sync was flipped; after the start the key hands over at a lower number.",
        )
        .log(&handed)
        .tampered(&[(0, 5)])
        .find_at("not-torn", FIRST, handed_at, 2)
        .notice("torn"),
        Vector::new(
            not_copied.name,
            title,
            "As in not-torn-then-a-hand-off, and `audit.keys` was deleted.",
        )
        .log_without_copies(&not_copied)
        .tampered(&[(0, 5)])
        .find_at("not-torn", FIRST, not_copied_at, 2)
        .notice("torn")
        .notice("not-copied"),
        Vector::new(
            accepted.name,
            "A loss that an operator accepted remains a loss.",
            "One bit of the first line after the last sync was flipped; an operator let the log go on.",
        )
        .log(&accepted)
        .tampered(&[(0, 3)])
        .find_at("not-torn", FIRST, accepted_at, 2)
        .notice("torn")
        .notice("accepted"),
        Vector::new(
            copied.name,
            "Torn bytes never have a hand-off that the copies have.",
            "A hand-off is among the lines that were given up, and in `audit.keys`.",
        )
        .log(&copied)
        .file("audit.keys", &lost.copies)
        .tampered(&[(0, 3)])
        .find_at("not-torn", FIRST, line, 2)
        .find("end-missing")
        .notice("torn"),
        Vector::new(
            before.name,
            title,
            "One bit was flipped at the end of a file; the next file attests what follows as torn.",
        )
        .log(&before)
        .tampered(&[(0, 3)])
        .find_at("not-torn", SECOND, 1, 2)
        .notice("torn"),
    ]
}
