//! Logs of a thief of an old key, of one of another log's key, and of somebody who has none.

use tracing_audit::trail::{Chain, Control, Handoff, HandoffBefore, Hash};

use crate::log::{Log, event, lines, secret};
use crate::shapes::{FIRST, NINTH, SECOND, THIRD, alone, go_on};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [old_keys(), other_keys(), no_key()].into_iter().flatten().collect()
}

fn old_keys() -> Vec<Vector> {
    let title = "A key is over at its hand-off, wherever that is known from.";
    let name = "forged-old-key-rewrites-all";
    let victim = Log::pruned(name);
    let mut all = victim.thief(0, 1, victim.hash(0), 0);
    all.files.push(victim.lines(0)[0].clone());
    (0..10).for_each(|_| all.event("mallory"));
    let all = go_on(all);

    let name = "forged-old-key-alone";
    let over = Log::pruned(name);
    let mut late = over.thief(0, 100, over.hash(3), 9);
    late.oldest = 9;
    late.begin_alone();

    let name = "forged-old-key-last-file";
    let last = Log::pruned(name);
    let mut file = last.thief(1, 12, last.hash(11), 3);
    file.oldest = 2;
    file.begin_alone();
    let file = go_on(file);

    let after = Log::of_three_files("forged-old-key-after-its-hand-off");
    let mut rows = after.lines(1)[..3].concat();
    let mut one = after.thief(0, 7, after.hash(6), 1);
    one.files.push(Vec::new());
    one.event("mallory");
    rows.extend_from_slice(&one.files[0]);

    let instead = Log::pruned("forged-old-key-in-place-of-its-hand-off");
    let mut line_5 = instead.thief(0, 5, instead.hash(4), 1);
    line_5.files.push(Vec::new());
    line_5.event("mallory");
    let mut instead_rows = instead.lines(1);
    instead_rows[1].clone_from(&line_5.files[0]);

    let first = Log::pruned("forged-another-line-0");
    let mut again = first.thief(0, 0, Hash::ZERO, 0);
    again.hand_offs.clear();
    again.begin_file(None, |_| ());

    let mut over_it = Log::new("forged-old-key-and-a-line-of-the-next-after-it");
    over_it.hand_off();
    let new = over_it.keys.pop().unwrap();
    over_it.event("mallory");
    over_it.keys.push(new);
    over_it.event("alice");

    let without = Log::pruned("forged-old-key-all-of-one-epoch-without-copies");
    let mut unseen = without.thief(0, 0, Hash::ZERO, 0);
    unseen.hand_offs.clear();
    unseen.begin_file(None, |_| ());
    let unseen = go_on(unseen);
    vec![
        alone(victim.name, title, "Line 0 is kept; the key of epoch 0 writes lines 1 to 12 again, as if it had never handed over.", &victim, &all)
            .tampered(&[(0, 3)])
            .unproved(&[(4, 12)])
            .find_at("altered", FIRST, 5, 4)
            .find("end-missing")
            .notice("open")
            .python_proves(&[(0, 4)], "it does not compare line 4 with the `prev` of the hand-off, line 5"),
        alone(over.name, title, "All files are gone; a file 9 of the key of epoch 0 begins with line 100.", &over, &go_on(late))
            .tampered(&[])
            .unproved(&[(100, 102)])
            .find_at("after-hand-off", NINTH, 1, 100)
            .find("nothing"),
        Vector::new(last.name, title, "The last file was written again, with the key of epoch 1.")
            .log(&last)
            .file("audit.3.jsonl", &file.files[0])
            .tampered(&[(0, 11)])
            .unproved(&[(12, 14)])
            .find_at("wrong-key", "audit.3.jsonl", 1, 12)
            .find("next-file-missing"),
        Vector::new(after.name, title, "After the hand-off the old key signs one more record; all after it is gone.")
            .log(&after)
            .without(THIRD)
            .file(SECOND, &rows)
            .tampered(&[(0, 6)])
            .unproved(&[(7, 7)])
            .find_at("wrong-key", SECOND, 4, 7)
            .notice("open"),
        Vector::new(
            instead.name,
            "At the number of a known hand-off no other line is proved.",
            "Line 5, the hand-off, was replaced by a record that its key signed.",
        )
        .log(&instead)
        .file(SECOND, &instead_rows.concat())
        .tampered(&[(0, 4), (6, 14)])
        .unproved(&[(5, 5)])
        .find_at("not-the-hand-off", SECOND, 2, 5),
        alone(
            first.name,
            "At number 0 no other line than the known one is proved.",
            "All files are gone; the key of epoch 0 begins the log again. `audit.keys` has line 0.",
            &first,
            &go_on(again),
        )
        .tampered(&[])
        .unproved(&[(0, 2)])
        .find_at("not-the-hand-off", FIRST, 1, 0)
        .find("nothing"),
        Vector::new(
            over_it.name,
            "A line that fails ends what its run can prove, whatever key signs after it.",
            "After the hand-off the old key signs line 2; the next key goes on from there.",
        )
        .log(&over_it)
        .tampered(&[(0, 1)])
        .unproved(&[(2, 3)])
        .find_at("wrong-key", FIRST, 3, 2)
        .notice("open"),
        Vector::new(
            without.name,
            "The key of epoch 0 can rewrite all where no copy and no file shows its hand-off: nothing to find.",
            "All files are gone, and `audit.keys`; the key of epoch 0 begins the log again.",
        )
        .log_without_copies(&unseen)
        .intact(0, 2),
    ]
}

fn other_keys() -> Vec<Vector> {
    let name = "forged-key-of-another-trusted-log";
    let (victim, other) = (Log::of_three_files(name), Log::of_three_files("another trusted log"));
    let mut line = Vec::new();
    let mut clock = victim.clone();
    Chain::after(victim.pin().id(), 2, victim.hash(1)).signed(
        &event("mallory"),
        clock.now(),
        &secret(other.name, 0),
        &mut line,
    );
    let mut rows = victim.lines(0);
    rows[2] = line;

    let name = "forged-copies-of-own-hand-offs";
    let copied = Log::pruned(name);
    let mut own = copied.thief(2, 5, copied.hash(4), 1);
    own.files.push(Vec::new());
    own.keys = vec![0, 2];
    let mut handoff = Handoff::new((1, own.key().public()), "interval");
    handoff.handoff = Some(HandoffBefore::Line(copied.hand_offs[0]));
    own.control(&Control::Handoff(handoff));
    let two_lines = [&lines(&copied.copies)[0][..], &own.files[0]].concat();
    vec![
        Vector::new(
            victim.name,
            "A key of another log signs nothing in this one, however trusted it is.",
            "Line 2 was written again and signed with the key of another pinned log.",
        )
        .log_named("audit", &victim)
        .file(FIRST, &rows.concat())
        .tampered(&[(0, 1), (3, 13)])
        .unproved(&[(2, 2)])
        .find_at("wrong-key", FIRST, 3, 2)
        .log_named("other", &other)
        .intact(0, 13),
        Vector::new(
            copied.name,
            "A copy counts only where the key before it signed it.",
            "Files 0 and 1 are gone; the thief of the latest key made a hand-off from epoch 0 to it.",
        )
        .log(&copied)
        .without(FIRST)
        .without(SECOND)
        .file("audit.keys", &two_lines)
        .tampered(&[])
        .unproved(&[(8, 14)])
        .find_at("wrong-key", "audit.keys", 2, 5)
        .find("key-not-proved")
        .find("nothing"),
    ]
}

fn no_key() -> Vec<Vector> {
    let title = "What no hand-off leads to is not proved: anybody can have made it.";
    // The forger's own key, which claims to be of this epoch of the victim's log.
    let forge = |victim: &Log, epoch: usize, seq, prev, file| {
        let mut forged = victim.thief(0, seq, prev, file);
        forged.keys = vec![9; epoch + 1];
        forged.hand_offs = vec![*victim.hand_offs.last().unwrap(); epoch + 1];
        (forged.name, forged.oldest) = ("the forger", file);
        forged.begin_alone();
        let mut forged = go_on(forged);
        forged.name = victim.name;
        forged
    };
    let far = Hash::of_line(b"any");
    let plain = Log::pruned("forged-without-a-key");
    let without = forge(&plain, 3, 100, far, 9);
    let known = Log::pruned("forged-without-a-key-known-epoch");
    let of_known = forge(&known, 2, 100, far, 9);
    let later = Log::pruned("forged-without-a-key-later-epoch");
    let of_later = forge(&later, 3, 100, far, 9);
    let no_pin = Log::pruned("forged-without-a-key-no-pin");
    let unpinned = forge(&no_pin, 3, 100, far, 9);
    let appended = Log::pruned("forged-without-a-key-after-the-end");
    let after_end = forge(&appended, 2, 15, appended.chain.head(), 4);
    let hole = Log::pruned("forged-without-a-key-after-a-hole");
    let after_hole = forge(&hole, 3, 100, far, 9);
    let hidden = Log::of_three_files("forged-without-a-key-hides-no-finding");
    let hides = forge(&hidden, 2, 100, far, 9);
    let start = Log::pruned("forged-without-a-key-before-the-start");
    let mut before_start = start.thief(0, 0, Hash::ZERO, 0);
    before_start.name = "the forger";
    before_start.hand_offs.clear();
    before_start.begin_file(None, |_| ());
    let before_start = go_on(before_start);
    let claimed = Log::of_three_files("forged-signature-without-a-key");
    let mut rows = claimed.lines(0);
    let mut forger = claimed.thief(0, 2, claimed.hash(1), 0);
    (forger.name, forger.keys) = ("the forger", vec![9]);
    forger.files.push(Vec::new());
    forger.event("mallory");
    let [forgers, own] = [forger.key().id(), claimed.pin().id()].map(|id| format!("\"key\":\"{id}\""));
    let line = String::from_utf8(forger.files[0].clone()).unwrap();
    rows[2] = line.replace(&forgers, &own).into_bytes();
    vec![
        Vector::new(
            plain.name,
            title,
            "All is gone; a file 9 of a key that its own genesis names. The pin is given.",
        )
        .log_without_copies(&without)
        .incomplete(&[])
        .unproved(&[(100, 102)])
        .find("key-not-proved")
        .find("nothing"),
        alone(
            later.name,
            title,
            "All files are gone; a file 9 of a key of its own, of the epoch after the last that is known.",
            &later,
            &of_later,
        )
        .incomplete(&[])
        .unproved(&[(100, 102)])
        .find("key-not-proved")
        .find("nothing"),
        alone(
            known.name,
            title,
            "All files are gone; a file 9 of a key of its own, under the epoch of another that is known.",
            &known,
            &of_known,
        )
        .tampered(&[])
        .unproved(&[(100, 102)])
        .find("key-differs")
        .find("nothing"),
        Vector::new(
            no_pin.name,
            title,
            "All is gone; a file 9 of a key that its own genesis names. No key is given.",
        )
        .log_without_copies(&unpinned)
        .pins(&[])
        .unknown()
        .incomplete(&[])
        .unproved(&[(100, 102)])
        .find("key-not-proved")
        .find("no-pinned-key")
        .find("nothing"),
        Vector::new(
            appended.name,
            "A file of another key after the end is not the log's.",
            "A file 4 of a key of its own follows the last line.",
        )
        .log(&appended)
        .file("audit.4.jsonl", &after_end.files[0])
        .order(&[FIRST, SECOND, THIRD, "audit.3.jsonl", "audit.4.jsonl"])
        .tampered(&[(0, 14)])
        .unproved(&[(15, 17)])
        .find_at("wrong-key", "audit.4.jsonl", 1, 15),
        Vector::new(hole.name, title, "The log is there; a file 9 of a key of its own begins with line 100.")
            .log(&hole)
            .file(NINTH, &after_hole.files[0])
            .order(&[FIRST, SECOND, THIRD, "audit.3.jsonl", NINTH])
            .tampered(&[(0, 14)])
            .unproved(&[(100, 102)])
            .find_at("files-missing", NINTH, 1, 100)
            .find("key-not-proved"),
        Vector::new(
            hidden.name,
            "Lines that nothing proves take no finding back.",
            "File 2 is gone; a file 9 of a key of its own begins with line 100.",
        )
        .log(&hidden)
        .without(THIRD)
        .file(NINTH, &hides.files[0])
        .order(&[FIRST, SECOND, NINTH])
        .tampered(&[(0, 8)])
        .unproved(&[(100, 102)])
        .find_at("files-missing", NINTH, 1, 100)
        .find("key-not-proved")
        .find("next-file-missing"),
        Vector::new(
            start.name,
            "A file that retention gave up may be there, but what is there must prove.",
            "Files 0 and 1 are gone; a file 0 of a key of its own begins with line 0.",
        )
        .log(&start)
        .without(SECOND)
        .file(FIRST, &before_start.files[0])
        .tampered(&[(8, 14)])
        .unproved(&[(0, 2)])
        .find_at("wrong-key", FIRST, 1, 0)
        .notice("pruned"),
        Vector::new(
            claimed.name,
            "A signature is of the key that it names, or it is none.",
            "Line 2 was written again; it names the log's key and has another's signature.",
        )
        .log(&claimed)
        .file(FIRST, &rows.concat())
        .tampered(&[(0, 1), (3, 13)])
        .unproved(&[(2, 2)])
        .find_at("signature", FIRST, 3, 2),
    ]
}
