//! Torn bytes: attested, and not.

use tracing_audit::trail::{Control, Ended, Genesis};

use crate::log::{Log, torn};
use crate::shapes::{FIRST, PIECE, closed};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [attested(), not_attested()].into_iter().flatten().collect()
}

fn attested() -> Vec<Vector> {
    let title = "Torn bytes that the next start attests are no records, and take nothing from the log.";
    let simple = |name, done: &str, bytes: &[u8]| {
        let log = closed(name, |log| {
            log.crash(bytes);
            log.event("bob");
        });
        Vector::new(name, title, done).log(&log).intact(0, 4).notice("torn")
    };
    let unsigned = |name, count: usize| {
        let mut lost = Log::new(name);
        lost.event("alice");
        let begins = lost.file().len();
        (0..count).for_each(|_| lost.unsigned("mallory"));
        lost.file()[begins..].to_vec()
    };
    let name = "honest-torn-bad-signatures";
    let mut forged = Log::new(name);
    forged.event("alice");
    let begins = forged.file().len();
    (0..2).for_each(|_| forged.event("mallory"));
    let forged = forged.file()[begins..].to_vec();
    // The first character of each signature.
    let forged = String::from_utf8(forged).unwrap();
    let forged = forged.split("\"sig\":\"").map(|part| {
        let mut part = part.to_owned();
        if !part.starts_with('{') {
            let other = if part.starts_with('A') { "B" } else { "A" };
            part.replace_range(..1, other);
        }
        part
    });
    let forged = forged.collect::<Vec<_>>().join("\"sig\":\"");

    let twice = closed("honest-torn-twice", |log| {
        log.crash(PIECE);
        log.crash(&PIECE[..9]);
    });
    let after_close = closed("honest-torn-after-shutdown", |log| {
        log.close(Ended::Shutdown);
        let torn = log.tear(b"hello");
        log.resume_with(Ended::Shutdown, |resume| resume.torn = Some(torn));
    });
    let mut in_next = Log::new("honest-torn-end-of-the-file-before");
    in_next.event("alice");
    let torn_end = in_next.tear(PIECE);
    in_next.next_file_with(Ended::Crash, |genesis| genesis.previous.as_mut().unwrap().torn = Some(torn_end));
    in_next.close(Ended::Shutdown);
    let genesis_piece = br#"{"fields":{"epoch":0,"file":0,"for"#;
    let mut first = Log::begun("honest-torn-genesis", |log, genesis| {
        genesis.torn = Some(log.tear(genesis_piece));
    });
    first.close(Ended::Shutdown);
    let mut second = Log::new("honest-torn-genesis-of-a-later-file");
    second.event("alice");
    second.close(Ended::Rotated);
    let previous = second.previous(Ended::Crash);
    second.files.push([genesis_piece, &b"\n"[..]].concat());
    let genesis = second.a_genesis(Some(previous));
    let genesis = Genesis { torn: Some(torn(genesis_piece)), ..genesis };
    second.control(&Control::Genesis(genesis));
    second.close(Ended::Shutdown);
    vec![
        simple("honest-torn-piece", "A write was cut short: half a line.", PIECE),
        simple("honest-torn-zeros", "The file was lengthened and not written: 700 zeros.", &[0; 700]),
        simple("honest-torn-newlines", "Two newlines, and the one that is not counted.", b"\n\n"),
        simple("honest-torn-garbage", "Bytes that are no text.", b"\xff\xfe\x00{\n\x80\xc3"),
        simple(
            "honest-torn-unsigned-lines",
            "Five whole lines without a signature, which chain: more than follow later.",
            &unsigned("honest-torn-unsigned-lines", 5),
        ),
        simple(
            "honest-torn-bad-signatures",
            "Two lines that chain and name the key in force; their signatures are altered.",
            forged.as_bytes(),
        ),
        Vector::new("honest-torn-twice", title, "Two processes died, each within a write.")
            .log(&twice)
            .intact(0, 4)
            .notice("torn"),
        Vector::new(
            "honest-torn-after-shutdown",
            "Bytes that somebody appended while no process ran are attested by the next start.",
            "Five bytes were appended after the close.",
        )
        .log(&after_close)
        .intact(0, 4)
        .notice("torn"),
        Vector::new(
            "honest-torn-end-of-the-file-before",
            "The next file attests what is torn at the end of the one before.",
            "A write was cut short; the next process began a file of its own.",
        )
        .log(&in_next)
        .intact(0, 3)
        .notice("torn"),
        Vector::new(
            "honest-torn-genesis",
            "A first write that was torn: the file's own genesis attests it.",
            "A piece of a genesis stands before line 0.",
        )
        .log(&first)
        .intact(0, 1)
        .notice("torn"),
        Vector::new(
            "honest-torn-genesis-of-a-later-file",
            "The first write of a later file was torn: the genesis that follows in it attests it.",
            "A piece of a genesis stands before the genesis of file 1.",
        )
        .log(&second)
        .intact(0, 4)
        .notice("torn"),
    ]
}

fn not_attested() -> Vec<Vector> {
    let crashed = |name| {
        let mut log = Log::new(name);
        log.event("alice");
        log.crash(PIECE);
        log.close(Ended::Shutdown);
        log
    };
    let title = "Torn bytes are exactly those that the next start attests.";
    let changed = |name, done: &str, piece: &[u8]| {
        let log = crashed(name);
        let mut rows = log.lines(0);
        rows[2] = piece.to_vec();
        Vector::new(name, title, done).log(&log).file(FIRST, &rows.concat()).tampered(&[(0, 3)])
    };
    let mut not_attested = Log::new("torn-not-attested");
    not_attested.event("alice");
    not_attested.tear(PIECE);
    not_attested.resume(Ended::Crash);
    not_attested.close(Ended::Shutdown);
    let mut unsigned = Log::new("torn-unsigned-line-not-attested");
    unsigned.event("alice");
    let before = unsigned.chain.clone();
    unsigned.unsigned("mallory");
    unsigned.chain = before;
    unsigned.resume(Ended::Crash);
    unsigned.close(Ended::Shutdown);
    let mut of_event = Log::new("torn-before-a-record");
    of_event.event("alice");
    of_event.tear(PIECE);
    of_event.event("bob");
    of_event.close(Ended::Shutdown);
    let mut end = Log::new("torn-end-of-the-file-before-differs");
    end.event("alice");
    end.tear(PIECE);
    end.next_file_with(Ended::Crash, |genesis| {
        genesis.previous.as_mut().unwrap().torn = Some(torn(b"other"));
    });
    end.close(Ended::Shutdown);
    let closed_file = |name, append: fn(&mut Log)| {
        let mut log = Log::new(name);
        log.event("alice");
        log.close(Ended::Rotated);
        let previous = log.previous(Ended::Rotated);
        let before = log.chain.clone();
        append(&mut log);
        log.chain = before;
        log.begin_file(Some(previous), |_| ());
        log.close(Ended::Shutdown);
        let done = "They were appended to a file that was closed with `rotated`; the next one had begun.";
        Vector::new(name, title, done).log(&log).tampered(&[(0, 4)])
    };
    let mut never = Log::new("torn-attested-and-never-there");
    never.event("alice");
    never.resume_with(Ended::Crash, |resume| resume.torn = Some(torn(PIECE)));
    never.close(Ended::Shutdown);
    vec![
        changed(
            "torn-bytes-altered",
            "One bit of them was flipped.",
            &[&PIECE[..20], &[PIECE[20] ^ 1], &PIECE[21..], b"\n"].concat(),
        )
        .find_at("torn-differs", FIRST, 3, None),
        changed("torn-bytes-lengthened", "A byte was put after them.", &[PIECE, b"x\n"].concat()).find_at(
            "torn-differs",
            FIRST,
            3,
            None,
        ),
        changed("torn-bytes-removed", "They were taken out.", b"").find_at("torn-differs", FIRST, 3, 2),
        Vector::new(never.name, title, "The writer attests bytes that were never there.")
            .log(&never)
            .tampered(&[(0, 3)])
            .find_at("torn-differs", FIRST, 3, 2),
        Vector::new(
            end.name,
            title,
            "The next file attests other bytes than stand at the end of the one before.",
        )
        .log(&end)
        .tampered(&[(0, 3)])
        .find_at("torn-differs", FIRST, 3, None),
        Vector::new(not_attested.name, title, "Half a line; the process that went on does not attest it.")
            .log(&not_attested)
            .tampered(&[(0, 3)])
            .find_at("malformed", FIRST, 3, 2),
        Vector::new(unsigned.name, title, "A line that chains; the process that went on does not attest it.")
            .log(&unsigned)
            .tampered(&[(0, 3)])
            .find_at("unattested", FIRST, 3, None),
        Vector::new(
            of_event.name,
            "Only a resume or a genesis goes on after torn bytes.",
            "A record follows half a line.",
        )
        .log(&of_event)
        .tampered(&[(0, 3)])
        .find_at("malformed", FIRST, 3, 2),
        closed_file("torn-junk-in-a-closed-file", |log| log.file().extend_from_slice(b"hello\n")).find_at(
            "malformed",
            FIRST,
            4,
            3,
        ),
        closed_file("torn-unsigned-line-in-a-closed-file", |log| log.unsigned("mallory")).find_at(
            "unattested",
            FIRST,
            4,
            None,
        ),
        closed_file("torn-zeros-in-a-closed-file", |log| log.file().extend_from_slice(&[0; 512])).find_at(
            "malformed",
            FIRST,
            4,
            3,
        ),
    ]
}
