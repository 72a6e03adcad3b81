//! Whose log it is: pins, trust files, fleets, successions.

use tracing_audit::trail::{Close, Control, Ended, EndorsedKey, Endorsement, Hash, Keeps, Succeeds};

use crate::log::{Log, ORIGIN, event, secret};
use crate::shapes::{FIRST, THIRD, closed, open};
use crate::vector::{Vector, trusted};

pub(crate) fn vectors() -> Vec<Vector> {
    [known(), incomplete(), of_somebody_else(), claims()].into_iter().flatten().collect()
}

pub(crate) fn endorsement(fleet: &str, origin: &str, log: &str) -> Endorsement {
    EndorsedKey::sign(&secret(fleet, 0), origin, secret(log, 0).public()).endorsement().clone()
}

/// The line of a trust file that names a fleet's key.
pub(crate) fn fleet(name: &str) -> String {
    format!("* * {}", secret(name, 0).public())
}

/// A log of two lines, and the one that replaces it.
pub(crate) fn succeeded(name: &'static str, end: impl FnOnce(&mut Log)) -> (Log, Log) {
    let mut old = Log::new(name);
    old.event("alice");
    end(&mut old);
    let successor: &'static str = Box::leak(format!("{name}, the new one").into_boxed_str());
    let mut new = Log::begun(successor, |_, genesis| genesis.succeeds = Some(old.succeeds()));
    new.close(Ended::Shutdown);
    (old, new)
}

fn known() -> Vec<Vector> {
    let name = "trust-endorsed";
    let mut endorsed =
        Log::begun(name, |_, genesis| genesis.fleet = Some(endorsement("a fleet", ORIGIN, name)));
    endorsed.go_through_three_files();
    let name = "trust-endorsed-pruned";
    let mut pruned = Log::begun(name, |log, genesis| {
        log.keeps = Keeps::Newest(2);
        genesis.fleet = Some(endorsement("a fleet", ORIGIN, name));
    });
    pruned.go_on_pruned();
    let named = closed("trust-by-name", |_| ());
    let (old, new) = succeeded("succession-claimed", |_| ());
    let (named_old, named_new) = succeeded("succession-named", |log| log.close(Ended::Rotated));
    let succession = format!("{}={}", named_old.pin().id(), named_new.pin().id());
    vec![
        Vector::new(
            "trust-endorsed",
            "A fleet's key endorsed the log's first key and name, in line 0.",
            "Nothing. No key of the log is pinned.",
        )
        .log(&endorsed)
        .pins(&[])
        .trust(&fleet("a fleet"))
        .intact(0, 13),
        Vector::new(
            "trust-endorsed-pruned",
            "The copy of line 0 has the endorsement when file 0 is gone.",
            "Files 0 and 1 are gone.",
        )
        .log(&pruned)
        .without(FIRST)
        .without("audit.1.jsonl")
        .pins(&[])
        .trust(&fleet("a fleet"))
        .intact(8, 14)
        .notice("pruned"),
        Vector::new("trust-by-name", "A trust file names the log's key and its origin.", "Nothing.")
            .log(&named)
            .pins(&[])
            .trust(&trusted(ORIGIN, named.pin()))
            .intact(0, 2),
        Vector::new(
            "succession-claimed",
            "A log that replaces another one of the same origin explains its open end.",
            "The keys of the first were lost.",
        )
        .log_named("old", &old)
        .intact(0, 1)
        .notice("open")
        .notice("succeeded-by")
        .log_named("new", &new)
        .intact(0, 1)
        .notice("succeeds"),
        Vector::new(
            "succession-named",
            "A succession that the caller names explains that no file follows.",
            "The keys of the first were lost after its close with `rotated`.",
        )
        .log_named("old", &named_old)
        .intact(0, 2)
        .whole(false)
        .notice("succeeded-by")
        .log_named("new", &named_new)
        .intact(0, 1)
        .notice("succeeds")
        .given(|given| given.successions.push(succession)),
    ]
}

fn incomplete() -> Vec<Vector> {
    let mut misnamed = open("trust-other-name");
    misnamed.close(Ended::Shutdown);
    let name = "trust-name-changed-later";
    let mut renamed =
        Log::begun(name, |_, genesis| genesis.fleet = Some(endorsement("a fleet", ORIGIN, name)));
    renamed.event("alice");
    renamed.rotate();
    renamed.origin = "example.com/orders";
    renamed.rotate();
    renamed.close(Ended::Shutdown);
    let name = "trust-endorsement-missing";
    let mut pruned = Log::begun(name, |log, genesis| {
        log.keeps = Keeps::Newest(1);
        genesis.fleet = Some(endorsement("a fleet", ORIGIN, name));
    });
    pruned.event("alice");
    pruned.oldest = 1;
    pruned.rotate();
    pruned.close(Ended::Shutdown);
    let from_start = Log::pruned("trust-from-start");
    let (unexplained_old, unexplained_new) =
        succeeded("succession-claimed-next-file-missing", |log| log.close(Ended::Rotated));
    let not_so = open("succession-named-not-claimed");
    let other = open("the log that does not claim it");
    let not_so_named = format!("{}={}", not_so.pin().id(), other.pin().id());
    let (cut_old, cut_new) = succeeded("succession-named-end-cut", |log| log.event("bob"));
    let cut_named = format!("{}={}", cut_old.pin().id(), cut_new.pin().id());
    vec![
        Vector::new(
            misnamed.name,
            "A log under another name than it is known by: true, and perhaps not the one that was asked for.",
            "The trust file has another origin for its key.",
        )
        .log(&misnamed)
        .pins(&[])
        .trust(&trusted("example.com/orders", misnamed.pin()))
        .intact(0, 2)
        .verdict("incomplete")
        .find_at("origin-differs", FIRST, 1, 0),
        Vector::new(
            from_start.name,
            "A trust file may ask for a log from line 0 on.",
            "Files 0 and 1 are gone; its line in the trust file begins with `@from-start`.",
        )
        .log(&from_start)
        .without(FIRST)
        .without("audit.1.jsonl")
        .pins(&[])
        .trust(&format!("@from-start {}", trusted(ORIGIN, from_start.pin())))
        .intact(8, 14)
        .verdict("incomplete")
        .find("not-from-start")
        .notice("pruned"),
        Vector::new(
            renamed.name,
            "An endorsement binds the name of each file.",
            "File 2 has another origin than the endorsed one.",
        )
        .log(&renamed)
        .pins(&[])
        .trust(&fleet("a fleet"))
        .intact(0, 6)
        .verdict("incomplete")
        .find_at("origin-differs", "audit.2.jsonl", 1, 5),
        Vector::new(
            pruned.name,
            "Without line 0 nobody can tell whose log it is.",
            "File 0 is gone, and `audit.keys`. Only the fleet's key is given.",
        )
        .log_without_copies(&pruned)
        .without(FIRST)
        .pins(&[])
        .unknown()
        .trust(&fleet("a fleet"))
        .incomplete(&[])
        .unproved(&[(3, 4)])
        .find("endorsement-missing")
        .notice("pruned"),
        Vector::new(
            unexplained_old.name,
            "A claim to replace a log explains nothing that the caller does not know of.",
            "After the close with `rotated` no file follows; another log claims to go on from there.",
        )
        .log_named("old", &unexplained_old)
        .incomplete(&[(0, 2)])
        .find("next-file-missing")
        .notice("succeeded-by")
        .log_named("new", &unexplained_new)
        .intact(0, 1)
        .notice("succeeds"),
        Vector::new(
            not_so.name,
            "A succession that the caller names must be claimed by the new log.",
            "The log that is named as the new one is a log like any other.",
        )
        .log_named("old", &not_so)
        .intact(0, 1)
        .verdict("incomplete")
        .find("not-succeeded")
        .notice("open")
        .log_named("new", &other)
        .intact(0, 1)
        .notice("open")
        .given(|given| given.successions.push(not_so_named)),
        Vector::new(
            cut_old.name,
            "The successor shows that the end of the log before was cut since.",
            "Line 2 of the old log is gone; the new one goes on from it.",
        )
        .log_named("old", &cut_old)
        .file("old.0.jsonl", &cut_old.lines(0)[..2].concat())
        .intact(0, 1)
        .verdict("incomplete")
        .find_seq("succession-differs", 1)
        .notice("open")
        .log_named("new", &cut_new)
        .intact(0, 1)
        .notice("succeeds")
        .given(|given| given.successions.push(cut_named)),
    ]
}

fn of_somebody_else() -> Vec<Vector> {
    let wrong = Log::of_three_files("trust-wrong-pin");
    let other = secret("another log", 0).public();
    let not_endorsed = |name: &'static str, done: &str, fleet_of: fn(&'static str) -> Option<Endorsement>| {
        let mut log = Log::begun(name, |_, genesis| genesis.fleet = fleet_of(name));
        log.signed(&event("alice"));
        log.close(Ended::Shutdown);
        Vector::new(
            name,
            "A log that the fleet's key did not endorse under its name is none of the fleet's.",
            done,
        )
        .log(&log)
        .pins(&[])
        .unknown()
        .trust(&fleet("a fleet"))
        .tampered(&[])
        .unproved(&[(0, 2)])
        .find("not-endorsed")
    };
    let head = Log::of_three_files("expected-head-differs");
    let (old, new) = succeeded("succession-named-differs", |_| ());
    let named = format!("{}={}", old.pin().id(), new.pin().id());
    let mut longer = old.clone();
    longer.event("mallory");
    vec![
        Vector::new(wrong.name, "A log of another key than the pinned one is not the one that was meant.", "Another key is pinned.")
            .log(&wrong)
            .pins(&[other])
            .unknown()
            .tampered(&[])
            .unproved(&[(0, 13)])
            .find("not-pinned")
            .find_of_no_log("log-missing", None),
        not_endorsed("trust-not-endorsed", "Line 0 names no fleet.", |_| None),
        not_endorsed("trust-endorsed-by-another-fleet", "Another fleet's key endorsed it.", |name| {
            Some(endorsement("another fleet", ORIGIN, name))
        }),
        not_endorsed("trust-endorsement-of-another-log", "The endorsement is of another log's key.", |_| {
            Some(endorsement("a fleet", ORIGIN, "another log"))
        }),
        not_endorsed("trust-endorsement-of-another-name", "The endorsement is of another origin.", |name| {
            Some(endorsement("a fleet", "example.com/orders", name))
        }),
        Vector::new(
            head.name,
            "A line that was kept elsewhere shows that its number has another one now.",
            "Line 10 is expected to have the hash of line 12.",
        )
        .log(&head)
        .given(|given| given.expect_head = Some(format!("10:{}", head.hash(12))))
        .intact(0, 13)
        .verdict("tampered")
        .find_at("head-differs", THIRD, 2, 10),
        Vector::new(
            old.name,
            "Of a succession that the caller names the old log's end must be the one that the new one records.",
            "The old log goes on after the line from which the new one succeeds it.",
        )
        .log_named("old", &longer)
        .intact(0, 2)
        .verdict("tampered")
        .find_seq("succession-differs", 2)
        .notice("open")
        .log_named("new", &new)
        .intact(0, 1)
        .notice("succeeds")
        .given(|given| given.successions.push(named)),
    ]
}

fn claims() -> Vec<Vector> {
    let claim = |name: &'static str, change: fn(&mut Log, &mut Succeeds)| {
        let mut old = Log::new(name);
        old.event("alice");
        old.close(Ended::Shutdown);
        let successor: &'static str = Box::leak(format!("{name}, the other one").into_boxed_str());
        let mut new = Log::begun(successor, |log, genesis| {
            let mut succeeds = old.succeeds();
            change(log, &mut succeeds);
            genesis.succeeds = Some(succeeds);
        });
        new.close(Ended::Shutdown);
        (old, new)
    };
    let (wrong, wrong_new) = claim("forged-succession-of-another-log", |_, succeeds| {
        succeeds.hash = Hash::of_line(b"any");
    });
    let (origin, origin_new) =
        claim("forged-succession-under-another-name", |log, _| log.origin = "example.com/orders");
    let (gone, gone_new) = succeeded("forged-succession-hides-no-finding", |log| log.close(Ended::Shutdown));
    let gone_file = gone.lines(0);
    let mut later = Log::new("forged-succession-in-a-later-file");
    later.close(Ended::Rotated);
    let before = Log::new("the log that is not succeeded");
    let succeeds = before.succeeds();
    later.next_file_with(Ended::Rotated, |genesis| genesis.succeeds = Some(succeeds));
    later.control(&Control::Close(Close { reason: Ended::Shutdown }));
    vec![
        Vector::new(
            wrong.name,
            "Who has one log's key can claim anything of another: that adds no finding to it.",
            "A second pinned log claims to replace the first, from a line that it does not have.",
        )
        .log_named("old", &wrong)
        .intact(0, 2)
        .notice("claimed-by")
        .log_named("new", &wrong_new)
        .intact(0, 1)
        .notice("succeeds"),
        Vector::new(
            origin.name,
            "A succession is between logs of one origin: between others it is not heard.",
            "A second pinned log, of another origin, claims to replace the first.",
        )
        .log_named("old", &origin)
        .intact(0, 2)
        .log_named("new", &origin_new)
        .intact(0, 1)
        .notice("succeeds"),
        Vector::new(
            gone.name,
            "A claim takes no finding back.",
            "Line 1 of the old log was taken out; the new one claims to go on from its end.",
        )
        .log_named("old", &gone)
        .file("old.0.jsonl", &[&gone_file[0][..], &gone_file[2]].concat())
        .tampered(&[(0, 0), (2, 2)])
        .missing(&[(1, 1)])
        .find_at("missing", "old.0.jsonl", 2, 2)
        .notice("succeeded-by")
        .log_named("new", &gone_new)
        .intact(0, 1)
        .notice("succeeds"),
        Vector::new(
            later.name,
            "Only line 0 records which log this one replaces.",
            "The genesis of file 1 claims to replace the other log.",
        )
        .log_named("new", &later)
        .intact(0, 3)
        .log_named("old", &before)
        .intact(0, 0)
        .notice("open"),
    ]
}
