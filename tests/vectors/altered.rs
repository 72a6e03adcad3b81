//! Lines that somebody altered who has no key.

use tracing_audit::trail::{Chain, Close, Control, Ended};

use crate::log::Log;
use crate::shapes::{FIRST, SECOND, four, replaced, six, with};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [altered()].into_iter().flatten().collect()
}

fn altered() -> Vec<Vector> {
    let one = |name, title: &str, done: &str, line, change: &dyn Fn(&str) -> String| {
        let log = six(name);
        Vector::new(name, title, done).log(&log).file(FIRST, &with(&log.files[0], line, change))
    };
    let title = "An altered line is named, and the lines around it stay proved.";
    let signature = |line: &str| line[line.find("\"sig\":\"").unwrap() + 7..][..86].to_owned();
    let swapped = six("altered-signature-of-another-line");
    let [alice, dave] = [1, 4].map(|at| String::from_utf8(swapped.lines(0)[at].clone()).unwrap());
    let hand_off = Log::of_three_files("altered-hand-off");
    let without = Log::of_three_files("altered-hand-off-without-copies");
    let bad_hand_off = |log: &Log| with(&log.files[1], 3, replaced("interval", "intervab"));
    let repaired = six("altered-unsigned-lines-chained-again");
    let mut forged = repaired.clone();
    forged.files[0].clear();
    let prev = repaired.hash(1);
    forged.chain = Chain::after(repaired.pin().id(), 2, prev);
    forged.unsigned("eve");
    forged.unsigned("carol");
    let rows = repaired.lines(0);
    let repaired_file = [&rows[0][..], &rows[1], &forged.files[0], &rows[4], &rows[5]].concat();
    let stripped = four("altered-all-signatures-stripped");
    let strip = |line: Vec<u8>| {
        let line = String::from_utf8(line).unwrap();
        let (start, _) = line.split_once(",\"sig\":").unwrap();
        let (start, rest) = start.split_once("\"key\":\"").unwrap();
        format!("{start}{}}}}}\n", &rest[18..])
    };
    let stripped_file = stripped.lines(0).into_iter().map(strip).collect::<String>();
    let mut unsigned_close = Log::new("altered-close-without-a-signature");
    unsigned_close.event("alice");
    let body = Control::Close(Close { reason: Ended::Shutdown }).body();
    let now = unsigned_close.now();
    unsigned_close.chain.unsigned(&body, now, unsigned_close.files.last_mut().unwrap());
    let bit = |name, title: &str, at: usize, file_line: usize| {
        let log = four(name);
        let mut rows = log.lines(0);
        rows[file_line - 1][at] ^= 0x80;
        Vector::new(name, title, "The highest bit of one byte was flipped: the line is no text any more.")
            .log(&log)
            .file(FIRST, &rows.concat())
    };
    vec![
        one("altered-record", title, "A name in a signed record.", 2, &|line| line.replace("alice", "malle"))
            .tampered(&[(0, 0), (2, 5)])
            .unproved(&[(1, 1)])
            .find_at("signature", FIRST, 2, 1),
        one("altered-unsigned-record", title, "A name in a record without a signature.", 3, &|line| {
            line.replace("bob", "eve")
        })
        .tampered(&[(0, 1), (3, 5)])
        .unproved(&[(2, 2)])
        .find_at("altered", FIRST, 3, 2),
        one("altered-genesis", title, "The origin in line 0.", 1, &|line| {
            line.replace("payments\"", "payment5\"")
        })
        .tampered(&[(1, 5)])
        .unproved(&[(0, 0)])
        .find_at("signature", FIRST, 1, 0),
        one("altered-prev", title, "The link of an unsigned record.", 4, &|line| {
            let at = line.find("\"prev\":\"").unwrap() + 8;
            format!("{}00000000{}", &line[..at], &line[at + 8..])
        })
        .tampered(&[(0, 1), (4, 5)])
        .unproved(&[(2, 3)])
        .find_at("link", FIRST, 4, 3),
        one("altered-number", title, "The number of an unsigned record.", 4, &|line| {
            line.replace("\"seq\":3", "\"seq\":7")
        })
        .tampered(&[(0, 1), (4, 5)])
        .unproved(&[(2, 2), (7, 7)])
        .missing(&[(3, 3)])
        .find_at("sequence", FIRST, 4, 7),
        one("altered-timestamp", title, "The time of a signed record.", 5, &|line| {
            line.replace("2026-11-21", "2026-11-20")
        })
        .tampered(&[(0, 1), (5, 5)])
        .unproved(&[(2, 4)])
        .find_at("signature", FIRST, 5, 4),
        Vector::new(swapped.name, title, "A record has the signature of another one.")
            .log(&swapped)
            .file(FIRST, &with(&swapped.files[0], 5, replaced(&signature(&dave), &signature(&alice))))
            .tampered(&[(0, 1), (5, 5)])
            .unproved(&[(2, 4)])
            .find_at("signature", FIRST, 5, 4),
        Vector::new(
            hand_off.name,
            "Where a hand-off is altered its copy leads on.",
            "The reason in a hand-off.",
        )
        .log(&hand_off)
        .file(SECOND, &bad_hand_off(&hand_off))
        .tampered(&[(0, 5), (7, 13)])
        .unproved(&[(6, 6)])
        .find_at("signature", SECOND, 3, 6),
        Vector::new(
            without.name,
            "Where a hand-off is altered and no copy of it is there, nothing leads to the next key.",
            "The reason in a hand-off; `audit.keys` was deleted.",
        )
        .log_without_copies(&without)
        .file(SECOND, &bad_hand_off(&without))
        .tampered(&[(0, 5)])
        .unproved(&[(6, 13)])
        .find_at("signature", SECOND, 3, 6)
        .find("key-not-proved")
        .notice("open"),
        Vector::new(
            repaired.name,
            "Unsigned lines that were rewritten chain, up to the next signature.",
            "Lines 2 and 3 were written again, with the right links between them.",
        )
        .log(&repaired)
        .file(FIRST, &repaired_file)
        .tampered(&[(0, 1), (4, 5)])
        .unproved(&[(2, 3)])
        .find_at("altered", FIRST, 4, 3),
        Vector::new(
            stripped.name,
            "Without signatures nothing is proved.",
            "All `key` and `sig` were taken out.",
        )
        .log(&stripped)
        .file(FIRST, stripped_file.as_bytes())
        .tampered(&[])
        .unproved(&[(0, 3)])
        .find_at("unsigned", FIRST, 1, 0)
        .find_at("link", FIRST, 3, 2)
        .find_at("unsigned", FIRST, 4, 3)
        .find("nothing"),
        Vector::new(
            unsigned_close.name,
            "A control line that nobody signed was not the writer's.",
            "A close chains, and has no signature.",
        )
        .log(&unsigned_close)
        .tampered(&[(0, 1)])
        .unproved(&[(2, 2)])
        .find_at("unsigned", FIRST, 3, 2)
        .notice("open"),
        bit("altered-bit", "A line that can't be read is named.", 20, 3)
            .tampered(&[(0, 1), (3, 3)])
            .missing(&[(2, 2)])
            .find_at("malformed", FIRST, 3, 2),
        bit("altered-bit-of-the-last-line", "The last line is as good as any.", 20, 4)
            .tampered(&[(0, 2)])
            .find_at("malformed", FIRST, 4, 3)
            .notice("open"),
    ]
}
