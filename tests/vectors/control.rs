//! Control lines, validly signed, that record what is not so.

use tracing_audit::trail::{Accepted, Control, Ended, Genesis, Handoff, HandoffBefore, PublicKey, Timestamp};

use crate::log::{Log, secret};
use crate::shapes::{FIRST, SECOND, replaced, with};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [closes(), geneses(), hand_offs(), copies()].into_iter().flatten().collect()
}

fn closes() -> Vec<Vector> {
    let title =
        "After a close with `rotated` nothing follows in the file; after one with `shutdown` only a resume.";
    let after = |name, reason, done: &str, write: fn(&mut Log)| {
        let mut log = Log::new(name);
        log.event("alice");
        log.close(reason);
        write(&mut log);
        Vector::new(name, title, done)
            .log(&log)
            .tampered(&[(0, 3)])
            .find_at("after-close", FIRST, 4, 3)
            .notice("open")
    };
    let mut odd = Log::new("close-of-another-reason");
    odd.close(Ended::Crash);
    let ended = |name, done: &str, write: fn(&mut Log)| {
        let mut log = Log::new(name);
        log.event("alice");
        write(&mut log);
        let line = log.lines(0).len() as u64;
        Vector::new(name, "A resume records how the process before ended.", done)
            .log(&log)
            .tampered(&[(0, line - 1)])
            .find_at("ended-differs", FIRST, line, line - 1)
            .notice("open")
            .python_skips("it leaves out how a resume records the end of the process before")
    };
    vec![
        after("close-rotated-then-resume", Ended::Rotated, "A resume follows `rotated`.", |log| {
            log.resume(Ended::Crash);
        }),
        after("close-rotated-then-record", Ended::Rotated, "A record follows `rotated`.", |log| {
            log.event("bob");
        }),
        after("close-shutdown-then-record", Ended::Shutdown, "A record follows `shutdown`.", |log| {
            log.event("bob");
        }),
        Vector::new(odd.name, "A close has the reason `rotated` or `shutdown`.", "A close with `crash`.")
            .log(&odd)
            .tampered(&[(0, 1)])
            .find_at("fields", FIRST, 2, 1)
            .python_skips("it leaves out the reason of a close"),
        ended("resume-records-a-shutdown-that-was-none", "There is no close.", |log| {
            log.resume(Ended::Shutdown);
        }),
        ended("resume-records-a-crash-that-was-none", "The file was closed with `shutdown`.", |log| {
            log.close(Ended::Shutdown);
            log.resume(Ended::Crash);
        }),
    ]
}

fn geneses() -> Vec<Vector> {
    let two = |name, closed: Option<Ended>, change: fn(&mut Genesis)| {
        let mut log = Log::new(name);
        log.event("alice");
        if let Some(reason) = closed {
            log.close(reason);
        }
        log.next_file_with(closed.unwrap_or(Ended::Crash), change);
        let last = log.chain.next();
        log.close(Ended::Shutdown);
        (log, last - 1)
    };
    let title = "A genesis is what its place in the log asks for.";
    let wrong = |name, finding: &str, done: &str, change: fn(&mut Genesis)| {
        let (log, seq) = two(name, Some(Ended::Rotated), change);
        Vector::new(name, title, done).log(&log).tampered(&[(0, seq + 1)]).find_at(finding, SECOND, 1, seq)
    };
    let mut within = Log::new("genesis-within-a-file");
    within.event("alice");
    let genesis = within.a_genesis(None);
    let previous = within.previous(Ended::Crash);
    within.control(&Control::Genesis(Genesis { previous: Some(previous), ..genesis }));
    let mut none = Log::new("genesis-missing");
    none.event("alice");
    none.files.push(Vec::new());
    none.event("bob");
    none.close(Ended::Shutdown);
    let lost = |name, accepted: bool| {
        let mut log = Log::new(name);
        log.event("alice");
        log.event("bob");
        log.next_file_with(Ended::Lost, |genesis| {
            genesis.accepted = accepted.then(|| Accepted {
                at: Timestamp::from_nanos(1_795_293_661_000_000_000),
                by: "root on db1".into(),
                reason: "disk replaced".into(),
            });
        });
        log.close(Ended::Shutdown);
        Vector::new(
            name,
            "Lines that were there at the last sync and were not at the next start: somebody meddled, or a disk is broken.",
            if accepted { "Line 2 is gone. An operator let the log go on." } else { "Line 2 is gone." },
        )
        .log(&log)
        .file(FIRST, &log.lines(0)[..2].concat())
        .tampered(&[(0, 1), (3, 4)])
        .missing(&[(2, 2)])
        .find_at("lost", SECOND, 1, 3)
    };
    let explained = |name, from, done: &str| {
        let mut log = Log::new(name);
        log.event("alice");
        log.event("bob");
        log.event("carol");
        log.next_file_with(Ended::Unsynced, |genesis| {
            genesis.previous.as_mut().unwrap().unsynced_from = from;
        });
        log.close(Ended::Shutdown);
        Vector::new(name, "A failed sync explains lines from `unsynced_from` on, and no others.", done)
            .log(&log)
            .file(FIRST, &log.lines(0)[..2].concat())
            .tampered(&[(0, 1), (4, 5)])
            .missing(&[(2, 3)])
            .find_at("missing", SECOND, 1, 4)
    };
    vec![
        Vector::new(within.name, title, "A genesis stands in the middle of a file.")
            .log(&within)
            .tampered(&[(0, 2)])
            .find_at("genesis-within", FIRST, 3, 2)
            .notice("open"),
        Vector::new(none.name, title, "The second file begins with a record.")
            .log(&none)
            .tampered(&[(0, 3)])
            .find_at("no-genesis", SECOND, 1, 2),
        wrong("genesis-of-another-number", "file-number", "It is file 2 and follows file 0.", |genesis| {
            genesis.file = 2;
        }),
        wrong("genesis-of-another-epoch", "key-differs", "It names epoch 1.", |genesis| genesis.epoch = 1),
        wrong("genesis-of-another-key", "key-differs", "It names another key.", |genesis| {
            genesis.public_key = secret("nobody", 0).public();
        }),
        wrong("genesis-of-another-length", "previous-bytes", "The file before has a byte less.", |genesis| {
            genesis.previous.as_mut().unwrap().bytes += 1;
        }),
        wrong(
            "genesis-of-another-end",
            "ended-differs",
            "The file before was closed with `rotated`.",
            |genesis| {
                genesis.previous.as_mut().unwrap().ended = Ended::Shutdown;
            },
        ),
        wrong("genesis-of-nothing-before", "fields", "`previous` is null in file 1.", |genesis| {
            genesis.previous = None;
        }),
        {
            let name = "genesis-names-another-hand-off";
            let (log, _) =
                two(name, Some(Ended::Rotated), |genesis| genesis.handoff = Some(HandoffBefore::None));
            Vector::new(name, title, "Its `handoff` is null, as it is in line 0 alone.")
                .log(&log)
                .tampered(&[(0, 2)])
                .unproved(&[(3, 4)])
                .find_at("hand-off-differs", SECOND, 1, 3)
                .find("next-file-missing")
        },
        wrong(
            "genesis-names-no-hand-off",
            "hand-off-not-named",
            "It lacks `handoff`, which line 0 has.",
            |genesis| genesis.handoff = None,
        )
        .python_proves(&[(0, 2)], "the page lets a verifier leave such a line unproved"),
        lost("lost-lines", false),
        lost("lost-lines-accepted", true).notice("accepted"),
        explained("lost-before-unsynced", Some(3), "Lines 2 and 3 are gone; the sync failed from line 3 on."),
        explained("lost-unsynced-from-nowhere", None, "Lines 2 and 3 are gone; `unsynced_from` is missing."),
    ]
}

fn hand_offs() -> Vec<Vector> {
    let missing = Log::of_three_files("hand-off-missing");
    let mut rows = missing.lines(1);
    rows.remove(2);
    let mut same = Log::new("hand-off-to-the-same-key");
    let public_key: PublicKey = same.pin();
    same.hand_off_with(|handoff| handoff.public_key = public_key);
    let mut skips = Log::new("hand-off-skips-an-epoch");
    skips.hand_off_with(|handoff: &mut Handoff| handoff.epoch = 2);
    skips.event("alice");
    let mut elsewhere = Log::new("hand-off-of-another-file");
    elsewhere.hand_off_with(|handoff: &mut Handoff| handoff.file = Some(1));
    elsewhere.event("alice");
    let mut differs = Log::new("hand-off-names-another");
    differs.hand_off();
    let line_0 = differs.hand_offs[0];
    let before = differs.clone();
    differs.hand_off_with(|handoff| handoff.handoff = Some(HandoffBefore::Line(line_0)));
    let mut not_named = Log::new("hand-off-names-none");
    not_named.hand_off_with(|handoff| handoff.handoff = None);
    not_named.event("alice");
    vec![
        Vector::new(
            missing.name,
            "A hand-off that is gone is missed, and its copy leads on.",
            "The hand-off was taken out.",
        )
        .log(&missing)
        .file(SECOND, &rows.concat())
        .tampered(&[(0, 5), (7, 13)])
        .missing(&[(6, 6)])
        .find_at("missing", SECOND, 3, 7),
        Vector::new(
            same.name,
            "A hand-off is to another key.",
            "A hand-off to the key that signs it. It is not copied.",
        )
        .log_without_copies(&same)
        .tampered(&[(0, 1)])
        .find_at("key-differs", FIRST, 2, 1)
        .notice("open"),
        Vector::new(
            skips.name,
            "A hand-off is to the next epoch.",
            "A hand-off from epoch 0 to epoch 2. It is not copied.",
        )
        .log_without_copies(&skips)
        .tampered(&[(0, 0)])
        .unproved(&[(1, 2)])
        .find_at("key-differs", FIRST, 2, 1)
        .notice("open"),
        Vector::new(
            elsewhere.name,
            "A hand-off names the file in which it stands.",
            "It names file 1 and stands in file 0.",
        )
        .log(&elsewhere)
        .tampered(&[(0, 2)])
        .find_at("file-number", FIRST, 2, 1)
        .notice("open"),
        Vector::new(
            differs.name,
            "A hand-off names the one before it.",
            "The second hand-off names line 0. It is not copied.",
        )
        .log(&differs)
        .file("audit.keys", &before.copies)
        .tampered(&[(0, 1)])
        .unproved(&[(2, 2)])
        .find_at("hand-off-differs", FIRST, 3, 2)
        .notice("open"),
        Vector::new(
            not_named.name,
            "From the first line with `handoff` on each genesis and hand-off has it.",
            "The hand-off lacks it; line 0 has it. It is not copied.",
        )
        .log_without_copies(&not_named)
        .tampered(&[(0, 2)])
        .find_at("hand-off-not-named", FIRST, 2, 1)
        .notice("not-copied")
        .notice("open")
        .python_proves(&[(0, 0)], "the page lets a verifier leave such a line unproved"),
    ]
}

fn copies() -> Vec<Vector> {
    let altered = Log::pruned("copies-altered");
    let mut log = Log::new("copies-of-another-hand-off");
    let mut other = log.clone();
    log.hand_off();
    log.close(Ended::Shutdown);
    other.hand_off_with(|handoff| handoff.public_key = secret("somebody else", 0).public());
    vec![
        Vector::new(
            altered.name,
            "A copy whose signature fails is found, and leads nowhere.",
            "The first hand-off in `audit.keys` was altered; files 0 and 1 are gone.",
        )
        .log(&altered)
        .without(FIRST)
        .without(SECOND)
        .file("audit.keys", &with(&altered.copies, 2, replaced("interval", "intervab")))
        .tampered(&[])
        .unproved(&[(8, 14)])
        .find_at("signature", "audit.keys", 2, 5)
        .find_at("key-not-proved", "audit.keys", 3, 9)
        .find("key-not-proved")
        .find("nothing"),
        Vector::new(
            log.name,
            "Two hand-offs from one epoch: nobody can tell which one is the log's.",
            "`audit.keys` has another hand-off, well signed, than the file.",
        )
        .log(&log)
        .file("audit.keys", &other.copies)
        .tampered(&[(0, 0)])
        .unproved(&[(1, 2)])
        .find_at("two-hand-offs", FIRST, 2, 1)
        .find("end-missing")
        .notice("open")
        .python_proves(&[], "it proves nothing after the hand-off before two from one epoch: there is none"),
    ]
}
