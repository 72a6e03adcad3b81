//! How a log ends, and what the caller expects of it.

use tracing_audit::trail::Ended;

use crate::log::{Log, lines, with_zeros};
use crate::shapes::{FIRST, SECOND, open};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [ends(), expectations()].into_iter().flatten().collect()
}

fn ends() -> Vec<Vector> {
    let mut unsigned = open("end-unsigned-lines");
    unsigned.unsigned("bob");
    unsigned.unsigned("carol");
    let mut after_close = open("end-unsigned-lines-after-a-close");
    after_close.close(Ended::Shutdown);
    after_close.unsigned("mallory");
    let mut own_file = open("end-unsigned-line-in-a-file-of-its-own");
    own_file.files.push(Vec::new());
    own_file.unsigned("bob");
    let mut no_newline = open("end-unsigned-line-without-newline");
    no_newline.unsigned("bob");
    no_newline.file().pop();
    let mut piece = open("end-piece");
    piece.file().extend_from_slice(br#"{"fields":{"action":"tok"#);
    let mut piece_ended = open("end-piece-ended");
    piece_ended.unsigned("bob");
    piece_ended.file().extend_from_slice(b"{\"fields\":{\"action\":\"tok\n");
    let mut starts = open("end-piece-and-pieces-of-starts");
    starts.file().extend_from_slice(
        b"{\"fields\":{\"action\":\"tok\n{\"fields\":{\"en\n\n{\"fields\":{\"ended\":\"cr",
    );
    let mut not_ended = open("end-piece-and-a-line");
    not_ended.file().extend_from_slice(b"{\"fields\":{\"action\":\"tok\n");
    not_ended.unsigned("bob");
    let mut zeros = open("end-zeros");
    zeros.file().extend_from_slice(&[0; 700]);
    let mut cut = open("end-power-cut");
    let begins = cut.file().len();
    let mut lost = cut.clone();
    (0..10).for_each(|_| lost.event("bob"));
    let (bytes, end) = with_zeros(lost.file().split_off(begins), begins);
    // Of the line in which the zeros end a piece is left.
    let whole = lines(&bytes[end..]).len() as u64 - 1;
    cut.file().extend_from_slice(&bytes);
    let next = Log::of_three_files("end-next-file-missing");
    let copied = Log::of_three_files("end-cut-before-a-copied-hand-off");
    let all_gone = Log::of_three_files("end-all-files-gone");
    let (one, other) = (Log::of_three_files("log-missing"), Log::new("the log that is missing"));
    let title = "What no signature follows may still be written, or was cut short.";
    let at_end = |log: &Log, done: &str| {
        Vector::new(log.name, title, done).log(log).incomplete(&[(0, 1)]).find_at(
            "unsigned-end",
            FIRST,
            3,
            None,
        )
    };
    vec![
        at_end(&unsigned, "Two lines at the end chain and are not signed.")
            .unproved(&[(2, 3)])
            .notice("open"),
        Vector::new(
            after_close.name,
            title,
            "After the close somebody appended a line that chains, without any key.",
        )
        .log(&after_close)
        .incomplete(&[(0, 2)])
        .unproved(&[(3, 3)])
        .find_at("unsigned-end", FIRST, 4, None),
        Vector::new(own_file.name, title, "The unsigned line stands in a second file, without a genesis.")
            .log(&own_file)
            .incomplete(&[(0, 1)])
            .unproved(&[(2, 2)])
            .find_at("unsigned-end", SECOND, 1, None)
            .notice("open"),
        at_end(&no_newline, "An unsigned line that lacks its newline.").unproved(&[(2, 2)]).notice("open"),
        at_end(&piece, "Half a line.").notice("open"),
        at_end(
            &piece_ended,
            "A line that is not signed, half a line, and the newline after it of a start that died.",
        )
        .unproved(&[(2, 2)])
        .notice("open"),
        at_end(&starts, "Half a line, and after it what three starts wrote that died in their first write.")
            .notice("open"),
        Vector::new(
            not_ended.name,
            title,
            "Half a line, ended, and a line that is not signed: no start writes that.",
        )
        .log(&not_ended)
        .tampered(&[(0, 1)])
        .unproved(&[(2, 2)])
        .find_at("malformed", FIRST, 3, Some(2))
        .notice("open"),
        at_end(&zeros, "700 zeros: the file was lengthened and not written.").notice("open"),
        Vector::new(
            cut.name,
            "Zeros that a power cut left, with signed lines after them; no start has attested them yet.",
            "Of ten lines the disk has the first 100 bytes and what stands from a later sector on.",
        )
        .log(&cut)
        .incomplete(&[(0, 1)])
        .unproved(&[(12 - whole, 11)])
        .find_at("power-cut", FIRST, 3, None)
        .python_proves(
            &[(0, 1), (12 - whole, 11)],
            "its steps prove what is signed after the zeros, as long as no start has given it up",
        )
        .notice("open"),
        Vector::new(
            next.name,
            "A file that was closed because another follows, and none does.",
            "File 2 is gone.",
        )
        .log(&next)
        .without("audit.2.jsonl")
        .incomplete(&[(0, 8)])
        .find("next-file-missing"),
        Vector::new(
            copied.name,
            "A copy of a later hand-off shows that the end was cut.",
            "Files 1 and 2 are gone, and the close of file 0.",
        )
        .log(&copied)
        .without(SECOND)
        .without("audit.2.jsonl")
        .file(FIRST, &copied.lines(0)[..3].concat())
        .incomplete(&[(0, 2)])
        .find("end-missing")
        .notice("open"),
        Vector::new(
            all_gone.name,
            "The copies of hand-offs still show that there was a log.",
            "All files are gone.",
        )
        .log(&all_gone)
        .without(FIRST)
        .without(SECOND)
        .without("audit.2.jsonl")
        .incomplete(&[])
        .find("nothing"),
        Vector::new(
            "log-missing",
            "A pinned log that is not there is missed.",
            "Two keys are pinned; one log is there.",
        )
        .log(&one)
        .intact(0, 13)
        .pins(&[one.pin(), other.pin()])
        .find_of_no_log("log-missing", None),
    ]
}

fn expectations() -> Vec<Vector> {
    let behind = Log::of_three_files("expected-head-behind");
    let unknown = Log::of_three_files("expected-head-not-found");
    let met = Log::of_three_files("expected-head-met");
    let cut = |log: &Log| log.lines(2)[..2].concat();
    let long_ago = |name, start| {
        let mut log = Log::begun(name, |log, _| log.start = start);
        log.event("alice");
        log
    };
    // 2020 and 2200.
    let silent = long_ago("expected-silence-exceeded", 1_577_836_800_000_000_000);
    let future = long_ago("expected-silence-head-from-the-future", 7_258_118_400_000_000_000);
    let pruned = Log::pruned("expected-from-start");
    let mut lost = open("expected-no-losses-gap");
    lost.gap(3);
    let mut crashed = open("expected-no-losses-crash");
    crashed.resume(Ended::Crash);
    let whole = |vector: Vector, from, to| vector.intact(from, to).verdict("incomplete");
    vec![
        whole(
            Vector::new(
                behind.name,
                "A head that was kept elsewhere shows that the end was cut.",
                "Lines 11 to 13 are gone. Line 13 is expected, by number and hash.",
            )
            .log(&behind)
            .file("audit.2.jsonl", &cut(&behind))
            .given(|given| given.expect_head = Some(format!("13:{}", behind.hash(13)))),
            0,
            10,
        )
        .find("head-behind")
        .notice("open"),
        whole(
            Vector::new(
                unknown.name,
                "A head that was kept elsewhere shows that the end was cut.",
                "Lines 11 to 13 are gone. A line of the hash of line 13 is expected.",
            )
            .log(&unknown)
            .file("audit.2.jsonl", &cut(&unknown))
            .given(|given| given.expect_head = Some(unknown.hash(13).to_string())),
            0,
            10,
        )
        .find("head-not-found")
        .notice("open"),
        Vector::new(
            met.name,
            "An expected line may be any that is proved.",
            "Nothing. Line 11, unsigned, is expected.",
        )
        .log(&met)
        .given(|given| given.expect_head = Some(format!("11:{}", met.hash(11))))
        .intact(0, 13),
        whole(
            Vector::new(
                silent.name,
                "A log that has been silent for longer than it may.",
                "Its last line is of 2020.",
            )
            .log(&silent)
            .given(|given| given.max_silence_seconds = Some(3_600)),
            0,
            1,
        )
        .find("silent")
        .notice("open"),
        whole(
            Vector::new(
                future.name,
                "Of a last line from the future nobody can say how long ago it was written.",
                "Its last line is of 2200.",
            )
            .log(&future)
            .given(|given| given.max_silence_seconds = Some(3_600)),
            0,
            1,
        )
        .find("from-the-future")
        .notice("open"),
        whole(
            Vector::new(
                pruned.name,
                "A log without retention must be there from line 0 on.",
                "Files 0 and 1 are gone, and the caller asks for the start.",
            )
            .log(&pruned)
            .without(FIRST)
            .without(SECOND)
            .given(|given| given.from_start = true),
            8,
            14,
        )
        .find("not-from-start")
        .notice("pruned"),
        whole(
            Vector::new(
                lost.name,
                "The caller asks that no record was lost.",
                "Three records were declared lost.",
            )
            .log(&lost)
            .given(|given| given.no_losses = true),
            0,
            2,
        )
        .find("losses")
        .notice("gap")
        .notice("open"),
        whole(
            Vector::new(
                crashed.name,
                "The caller asks that no record was lost: a crash may have taken some.",
                "A process died.",
            )
            .log(&crashed)
            .given(|given| given.no_losses = true),
            0,
            2,
        )
        .find("losses")
        .notice("open"),
    ]
}
