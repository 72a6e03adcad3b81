//! Logs of a thief of the latest key.

use tracing_audit::trail::{Control, Ended, Genesis, Handoff, HandoffBefore, Keeps};

use crate::log::{Log, secret};
use crate::shapes::{FIRST, NINTH, SECOND, THIRD, alone, go_on};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [latest_key(), latest_key_in_the_log(), unseen()].into_iter().flatten().collect()
}

fn latest_key() -> Vec<Vector> {
    let title = "The latest key proves nothing at or below the number of the hand-off to it.";
    // H(2) is line 9, in file 2.
    let forge = |name, seq, prev: u64, file, change: fn(&mut Genesis)| {
        let victim = Log::pruned(name);
        let mut forged = victim.thief(2, seq, victim.hash(prev), file);
        forged.oldest = file;
        forged.begin_alone_with(change);
        (victim, go_on(forged))
    };
    let vector = |name, done: &str, seq, prev, change: fn(&mut Genesis)| {
        let (victim, forged) = forge(name, seq, prev, 9, change);
        alone(name, title, done, &victim, &forged).tampered(&[]).unproved(&[(seq, seq + 2)]).find("nothing")
    };
    let done = "All files are gone; a file 9 of the latest key has lines 1 to 3.";
    let at = "All files are gone; a file 9 of the latest key begins with the number of the hand-off to it.";
    let names_another = |genesis: &mut Genesis| genesis.handoff = Some(HandoffBefore::None);
    let names_none = |genesis: &mut Genesis| genesis.handoff = None;
    let low = {
        let name = "forged-latest-key-low-file";
        let (victim, forged) = forge(name, 10, 9, 1, |_| ());
        let done = "It begins right after the hand-off, as file 1; the hand-off stands in file 2.";
        alone(
            name,
            "A genesis has a number above that of the file of the hand-off to its key.",
            done,
            &victim,
            &forged,
        )
    };
    let later = |genesis: &mut Genesis| genesis.format = "tracing-audit/v2".into();
    let next = {
        let name = "forged-latest-key-then-its-own-hand-offs";
        let victim = Log::pruned(name);
        let mut forged = victim.thief(2, 1, victim.hash(0), 9);
        forged.oldest = 9;
        forged.begin_alone();
        forged.event("mallory");
        forged.hand_off();
        let done = "All files are gone; lines 1 to 4 are of the latest key, line 3 hands over to another, which goes on.";
        alone(name, title, done, &victim, &go_on(forged))
            .tampered(&[])
            .unproved(&[(1, 5)])
            .find_at("before-hand-off", NINTH, 1, 1)
            .find("nothing")
    };
    vec![
        vector("forged-latest-key-seq-1", done, 1, 0, |_| ()).find_at("before-hand-off", NINTH, 1, 1),
        vector("forged-latest-key-at-its-hand-off", at, 9, 8, |_| ()).find_at("before-hand-off", NINTH, 1, 9),
        vector(
            "forged-latest-key-another-line-before",
            "It begins right after the hand-off, and its `prev` is another line's hash.",
            10,
            8,
            |_| (),
        )
        .find_at("link", NINTH, 1, 10),
        vector(
            "forged-latest-key-names-no-hand-off-before",
            "It begins right after the hand-off; its `handoff` is null.",
            10,
            9,
            names_another,
        )
        .find_at("hand-off-differs", NINTH, 1, 10),
        {
            let name = "forged-latest-key-lacks-the-hand-off";
            let (victim, forged) = forge(name, 10, 9, 9, names_none);
            let done =
                "It begins right after the hand-off; its genesis lacks `handoff`, which the copies have.";
            alone(
                name,
                "From the first line with `handoff` on each genesis and hand-off has it.",
                done,
                &victim,
                &forged,
            )
            .tampered(&[(10, 12)])
            .find_at("hand-off-not-named", NINTH, 1, 10)
            .notice("oldest-raised")
            .notice("pruned")
            .python_proves(&[], "the page lets a verifier leave such a line unproved")
        },
        low.tampered(&[])
            .unproved(&[(10, 12)])
            .find_at("file-before-hand-off", SECOND, 1, 10)
            .find("nothing"),
        vector(
            "forged-latest-key-later-format",
            "All files are gone; a genesis of another format has the number 1.",
            1,
            0,
            later,
        )
        .find_at("before-hand-off", NINTH, 1, 1),
        next,
    ]
}

fn latest_key_in_the_log() -> Vec<Vector> {
    let name = "forged-latest-key-earlier-line";
    let line = Log::of_three_files(name);
    let mut forged = line.thief(1, 1, line.hash(0), 0);
    forged.files.push(Vec::new());
    forged.clock = 1;
    forged.event("mallory");
    let mut rows = line.lines(0);
    rows[1].clone_from(&forged.files[0]);

    let cut_name = "forged-latest-key-goes-on-from-an-earlier-line";
    let cut = Log::of_three_files(cut_name);
    let mut on = cut.thief(1, 3, cut.hash(2), 0);
    on.files.push(cut.lines(0)[..3].concat());
    on.event("mallory");
    on.close(Ended::Shutdown);

    let name = "forged-latest-key-declares-older-files-removed";
    let removed = Log::pruned(name);
    let mut forged_file = removed.thief(2, 10, removed.hash(9), 3);
    (forged_file.oldest, forged_file.keeps) = (0, Keeps::Newest(2));
    forged_file.begin_alone_with(|genesis| genesis.previous.as_mut().unwrap().ended = Ended::Removed);
    let forged_file = go_on(forged_file);

    let two = Log::of_three_files("forged-second-hand-off-by-the-old-key");
    let mut doubled = two.thief(0, 7, two.hash(6), 1);
    doubled.files.push(two.lines(1)[..3].concat());
    doubled.control(&Control::Handoff(Handoff::new((1, secret("mallory", 0).public()), "interval")));
    vec![
        Vector::new(
            line.name,
            "What an earlier key signed the latest one can't rewrite.",
            "Line 1, of epoch 0, was written again and signed with the key of epoch 1.",
        )
        .log(&line)
        .file(FIRST, &rows.concat())
        .tampered(&[(0, 0), (2, 13)])
        .unproved(&[(1, 1)])
        .find_at("wrong-key", FIRST, 2, 1),
        Vector::new(
            cut.name,
            "A log that was cut back does not go on with a later key.",
            "All after line 2 is gone; lines 3 and 4 are signed with the key of epoch 1.",
        )
        .log(&cut)
        .without(SECOND)
        .without(THIRD)
        .file(FIRST, &on.files[0])
        .tampered(&[(0, 2)])
        .unproved(&[(3, 4)])
        .find_at("wrong-key", FIRST, 4, 3)
        .find("end-missing")
        .notice("open"),
        Vector::new(
            removed.name,
            "A genesis explains the loss of the file right before it, and of no other.",
            "Files 1 and 2 are gone; a file 3 of the latest key records that file 2 was removed.",
        )
        .log(&removed)
        .without(SECOND)
        .without(THIRD)
        .file("audit.3.jsonl", &forged_file.files[0])
        .tampered(&[(0, 3), (10, 12)])
        .missing(&[(4, 9)])
        .find_at("files-missing", "audit.3.jsonl", 1, 10),
        Vector::new(
            two.name,
            "A key's last line is its hand-off.",
            "After the hand-off its key signs another one; nothing follows.",
        )
        .log(&two)
        .without(THIRD)
        .file(SECOND, &doubled.files[0])
        .tampered(&[(0, 6)])
        .unproved(&[(7, 7)])
        .find_at("wrong-key", SECOND, 4, 7)
        .notice("open")
        .python_proves(&[], "it proves nothing after the hand-off before two from one epoch: there is none"),
    ]
}

fn unseen() -> Vec<Vector> {
    let cut = Log::of_three_files("unseen-cut-after-a-signed-line");
    let mut shutdown = Log::new("unseen-cut-at-an-earlier-shutdown");
    shutdown.event("alice");
    shutdown.close(Ended::Shutdown);
    let kept = shutdown.file().clone();
    shutdown.resume(Ended::Shutdown);
    shutdown.event("bob");
    let name = "unseen-latest-key-rewrites-its-epoch";
    let rewritten = Log::of_three_files(name);
    let mut thief = rewritten.thief(1, 7, rewritten.hash(6), 1);
    thief.files.push(rewritten.lines(1)[..3].concat());
    thief.event("mallory");
    thief.close(Ended::Shutdown);
    let name = "unseen-latest-key-claims-oldest";
    let claimed = Log::pruned(name);
    let mut oldest = claimed.thief(2, 10, claimed.hash(9), 9);
    oldest.oldest = 9;
    oldest.begin_alone();
    let oldest = go_on(oldest);
    vec![
        Vector::new(
            cut.name,
            "What no file can show: cut right after a signed line a log looks open.",
            "Lines 11 to 13 are gone. A head that was kept elsewhere would show it.",
        )
        .log(&cut)
        .file(THIRD, &cut.lines(2)[..2].concat())
        .intact(0, 10)
        .notice("open"),
        Vector::new(
            shutdown.name,
            "What no file can show: cut at an earlier shutdown a log looks closed.",
            "All after line 2 is gone.",
        )
        .log(&shutdown)
        .file(FIRST, &kept)
        .intact(0, 2),
        Vector::new(
            rewritten.name,
            "What no file can show: the thief of the latest key writes again what it signed.",
            "All after line 6, the hand-off, was written again with the key of epoch 1.",
        )
        .log(&rewritten)
        .without(THIRD)
        .file(SECOND, &thief.files[0])
        .intact(0, 8)
        .ends_in(SECOND),
        alone(
            claimed.name,
            "What no file can show: the thief of the latest key claims any `oldest`. A notice names what retention does not explain.",
            "All files are gone; a file 9 of the latest key begins right after the hand-off to it and keeps from file 9 on.",
            &claimed,
            &oldest,
        )
        .intact(10, 12)
        .notice("oldest-raised")
        .notice("pruned"),
    ]
}
