//! Logs whose first files are gone, and copies of hand-offs.

use tracing_audit::trail::{Ended, Keeps};

use crate::log::{Log, lines};
use crate::shapes::{FIRST, SECOND, THIRD};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [pruned(), older(), starts(), parts()].into_iter().flatten().collect()
}

fn parts() -> Vec<Vector> {
    let title = "Of a part of a log, asked as one, what came before and after is not missed; all else is.";
    let asked = |name, done: &str| {
        let log = Log::of_three_files(name);
        Vector::new(name, title, done).log(&log).given(|given| given.part = true)
    };
    vec![
        asked("part-one-file-with-copies", "Only the second file is given.")
            .without(FIRST)
            .without(THIRD)
            .intact(4, 8)
            .whole(false)
            .notice("part"),
        asked("part-with-a-hole", "The second file is gone.")
            .without(SECOND)
            .tampered(&[(0, 3), (9, 13)])
            .missing(&[(4, 8)])
            .find_at("files-missing", THIRD, 1, 9)
            .notice("part"),
    ]
}

fn pruned() -> Vec<Vector> {
    let title =
        "Retention deleted the oldest files; the copies of hand-offs lead from the pin to what is left.";
    let gone = |vector: Vector| vector.without(FIRST).without("audit.1.jsonl");
    let simple = |name, done: &str| gone(Vector::new(name, title, done).log(&Log::pruned(name)));
    let rows = |name| lines(&Log::pruned(name).copies);
    let whole = |vector: Vector| vector.intact(8, 14).notice("pruned");

    let doubled = rows("pruned-copies-doubled");
    let doubled = [&doubled[0][..], &doubled[1], &doubled[1], &doubled[2], &doubled[2]].concat();
    let torn_copies = rows("pruned-copies-torn");
    let torn_copies = [
        &torn_copies[0],
        &torn_copies[1][..99],
        b"\n",
        &torn_copies[1],
        &torn_copies[2],
        &torn_copies[2][..200],
    ]
    .concat();
    let merged = rows("pruned-copies-in-two-files");
    let (start, end) = ([&merged[0][..], &merged[1]].concat(), [&merged[1][..], &merged[2]].concat());
    let without_first = rows("pruned-copies-without-line-0");

    let name = "pruned-without-hand-offs";
    let mut first_key = Log::begun(name, |log, _| log.keeps = Keeps::Newest(1));
    first_key.event("alice");
    first_key.oldest = 1;
    first_key.rotate();
    first_key.event("bob");
    first_key.close(Ended::Shutdown);

    let mut names_another = Log::new("pruned-names-another-than-line-0");
    names_another.event("alice");
    names_another.oldest = 1;
    names_another.hand_offs[0].seq = 2;
    names_another.rotate();
    names_another.event("bob");
    names_another.close(Ended::Shutdown);

    let name = "pruned-one-old-file-left";
    let left = Log::pruned(name);
    let before_genesis = Log::pruned("pruned-line-before-genesis");
    let shared = Log::pruned("pruned-copies-of-two-logs-in-one-file");
    let former = Log::of_three_files("the log of which the file has copies too");
    let mut raised = Log::begun("pruned-oldest-raised", |log, _| log.keeps = Keeps::Newest(3));
    raised.event("alice");
    raised.rotate();
    raised.oldest = 2;
    raised.rotate();
    raised.close(Ended::Shutdown);
    vec![
        whole(simple("pruned-with-copies", "Files 0 and 1 are gone; the last genesis keeps from file 2 on.")),
        whole(
            simple("pruned-copies-doubled", "Each hand-off stands twice in `audit.keys`.")
                .file("audit.keys", &doubled),
        ),
        whole(
            simple("pruned-copies-torn", "Two copies are cut short, one of them written again.")
                .file("audit.keys", &torn_copies),
        )
        .notice("torn-copy"),
        whole(
            simple("pruned-copies-in-two-files", "One file of copies goes on where the other ends.")
                .file("audit.keys", &end)
                .file("older.keys", &start)
                .copies(&["audit.keys", "older.keys"]),
        ),
        whole(
            simple("pruned-copies-without-line-0", "The copy of line 0 is missing: the pin does without.")
                .file("audit.keys", &without_first[1..].concat()),
        ),
        Vector::new(
            name,
            "A file that retention gave up may be there or not.",
            "File 1 is gone; file 0 was put back.",
        )
        .log(&left)
        .without("audit.1.jsonl")
        .verdict("intact")
        .whole(true)
        .ranges(&[(0, 3), (8, 14)])
        .missing(&[(4, 7)])
        .notice("pruned"),
        Vector::new(
            before_genesis.name,
            "Retention explains what the file before lacks, and nothing that stands before a genesis.",
            "`{}` stands on a line before the genesis of file 2, from which on all are kept. All files are there.",
        )
        .log(&before_genesis)
        .file("audit.2.jsonl", &[b"{}\n", &before_genesis.files[2][..]].concat())
        .tampered(&[(0, 14)])
        .find_at("malformed", "audit.2.jsonl", 1, 8),
        Vector::new(
            shared.name,
            "Lines of another log in a file of copies are passed over.",
            "Files 0 and 1 are gone. `audit.keys` goes on after the copies of a log that was there before.",
        )
        .log(&shared)
        .without(FIRST)
        .without(SECOND)
        .file("audit.keys", &[&former.copies[..], &shared.copies].concat())
        .intact(8, 14)
        .notice("pruned"),
        Vector::new(
            "pruned-without-hand-offs",
            "Of epoch 0 the pin proves all.",
            "File 0 is gone, and `audit.keys`.",
        )
        .log_without_copies(&first_key)
        .without(FIRST)
        .intact(3, 5)
        .notice("pruned"),
        Vector::new(
            "pruned-names-another-than-line-0",
            "In epoch 0 `handoff` names line 0, whether that is there or not.",
            "File 0 is gone, and `audit.keys`. The genesis of file 1 names a line of number 2.",
        )
        .log_without_copies(&names_another)
        .without(FIRST)
        .tampered(&[])
        .unproved(&[(3, 5)])
        .find_at("hand-off-differs", SECOND, 1, 3)
        .find("nothing"),
        Vector::new(
            "pruned-oldest-raised",
            "More files were given up than retention explains: a notice.",
            "The genesis of file 2 keeps three files, and from file 2 on. Files 0 and 1 are gone.",
        )
        .log(&raised)
        .without(FIRST)
        .without("audit.1.jsonl")
        .intact(5, 6)
        .notice("oldest-raised")
        .notice("pruned"),
        Vector::new(
            "pruned-oldest-raised-all-there",
            "More files are given up than retention explains: a notice.",
            "The genesis of file 2 keeps three files, and from file 2 on. All files are there.",
        )
        .log(&{
            let mut log = Log::begun("pruned-oldest-raised-all-there", |log, _| log.keeps = Keeps::Newest(3));
            log.event("alice");
            log.rotate();
            log.oldest = 2;
            log.rotate();
            log.close(Ended::Shutdown);
            log
        })
        .intact(0, 6)
        .notice("oldest-raised"),
    ]
}

fn older() -> Vec<Vector> {
    let mut older = Log::older("older-lines");
    older.go_through_three_files();
    let mut gains = Log::older("older-log-gains-the-members");
    gains.event("alice");
    gains.hand_off();
    gains.rotate();
    gains.names_hand_offs = true;
    gains.resume(Ended::Crash);
    gains.hand_off();
    gains.rotate();
    gains.close(Ended::Shutdown);
    let mut pruned = Log::older("older-pruned-with-copies");
    pruned.go_on_pruned();
    vec![
        Vector::new(
            "older-lines",
            "Lines from before November 2026 lack `boot`, `keeps`, `handoff`, and `file` and `oldest` of hand-offs.",
            "Nothing.",
        )
        .log(&older)
        .intact(0, 13),
        Vector::new(
            "older-log-gains-the-members",
            "A newer writer goes on with an older log: from its first line with `handoff` on, each has it.",
            "Nothing.",
        )
        .log(&gains)
        .intact(0, 9),
        Vector::new(
            "older-pruned-with-copies",
            "Copies of older hand-offs lead to the key as newer ones do.",
            "Files 0 and 1 are gone.",
        )
        .log(&pruned)
        .without(FIRST)
        .without("audit.1.jsonl")
        .intact(8, 14)
        .notice("pruned"),
    ]
}

fn starts() -> Vec<Vector> {
    let beyond = Log::pruned("start-pruned-beyond-oldest");
    let without = Log::pruned("start-pruned-without-copies");
    let broken = Log::pruned("start-pruned-copy-missing");
    let rows = lines(&broken.copies);
    let without_a_row = [&rows[0][..], &rows[2]].concat();
    let no_pin = Log::of_three_files("start-no-pin");
    let gone = |vector: Vector| vector.without(FIRST).without(SECOND);
    vec![
        gone(
            Vector::new(
                beyond.name,
                "More files are gone than retention gave up.",
                "Files 0 to 2 are gone; file 2 was to be kept.",
            )
            .log(&beyond),
        )
        .without("audit.2.jsonl")
        .incomplete(&[(12, 14)])
        .find("start-missing"),
        gone(
            Vector::new(
                without.name,
                "Without copies of the hand-offs no later key is proved, and nothing that it signed.",
                "Files 0 and 1 are gone, and `audit.keys`.",
            )
            .log_without_copies(&without),
        )
        .incomplete(&[])
        .unproved(&[(8, 14)])
        .find("key-not-proved")
        .find("nothing"),
        gone(
            Vector::new(
                broken.name,
                "Where one hand-off is missing from the copies, no later one leads from the pin.",
                "Files 0 and 1 are gone, and the first hand-off from `audit.keys`.",
            )
            .log(&broken),
        )
        .file("audit.keys", &without_a_row)
        .incomplete(&[])
        .unproved(&[(8, 14)])
        .find_at("key-not-proved", "audit.keys", 2, 9)
        .find("key-not-proved")
        .find("nothing"),
        Vector::new(
            no_pin.name,
            "Without a pinned key a log at best agrees with itself: nothing is proved.",
            "Nothing. No key is given.",
        )
        .log(&no_pin)
        .pins(&[])
        .unknown()
        .incomplete(&[])
        .unproved(&[(0, 13)])
        .find("no-pinned-key"),
    ]
}
