//! What lies in a folder, and what was moved about.

use tracing_audit::trail::Ended;

use crate::log::Log;
use crate::shapes::{FIRST, SECOND, THIRD, closed, four};
use crate::vector::{Packed, Vector};

pub(crate) fn vectors() -> Vec<Vector> {
    [folders(), moved()].into_iter().flatten().collect()
}

fn folders() -> Vec<Vector> {
    let names = Log::of_three_files("folder-names-mean-nothing");
    let gzip = Log::of_three_files("compressed-gzip");
    let zstd = Log::of_three_files("compressed-zstd");
    let both = Log::of_three_files("compressed-beside-the-plain-file");
    let (one, two) =
        (Log::of_three_files("folder-of-two-logs"), Log::of_three_files("the other of two logs"));
    let strange = closed("folder-with-other-files", |_| ());
    vec![
        Vector::new(
            "folder-names-mean-nothing",
            "Files are ordered by the number in their genesis.",
            "The files have the names of each other, one of them that of the year 2099.",
        )
        .log(&names)
        .without(FIRST)
        .file("audit.1.jsonl", &names.files[2])
        .file("audit.2.jsonl", &names.files[1])
        .file("audit.2099-01-01.jsonl", &names.files[0])
        .order(&["audit.2099-01-01.jsonl", "audit.2.jsonl", "audit.1.jsonl"])
        .intact(0, 13),
        Vector::new("compressed-gzip", "Rotated files may be compressed.", "File 0 has two members of gzip.")
            .log(&gzip)
            .packed(FIRST, "audit.0.jsonl.gz", Packed::Gzip)
            .intact(0, 13),
        Vector::new(
            "compressed-zstd",
            "Rotated files may be compressed.",
            "File 1 has two frames of Zstandard.",
        )
        .log(&zstd)
        .packed("audit.1.jsonl", "audit.1.jsonl.zst", Packed::Zstd)
        .intact(0, 13),
        Vector::new(
            "compressed-beside-the-plain-file",
            "A file that is there both plain and compressed is one file.",
            "File 0 was compressed and kept.",
        )
        .log(&both)
        .packed(FIRST, "audit.0.jsonl.gz", Packed::Gzip)
        .file(FIRST, &both.files[0])
        .order(&[FIRST, "audit.1.jsonl", "audit.2.jsonl"])
        .intact(0, 13)
        .notice_of_no_log("double"),
        Vector::new(
            "folder-of-two-logs",
            "Several logs in one folder are told apart by their ids.",
            "Nothing.",
        )
        .log_named("one", &one)
        .intact(0, 13)
        .log_named("two", &two)
        .intact(0, 13),
        Vector::new(
            "folder-with-other-files",
            "What is no file of a log is passed over; the writer's lock is not even worth a word.",
            "A lock and notes lie beside the log.",
        )
        .log(&strange)
        .file("audit.lock", b"payments (process 4711 on db1)\n")
        .file("notes.txt", b"hello\n")
        .intact(0, 2)
        .notice_of_no_log("not-a-log"),
    ]
}

fn moved() -> Vec<Vector> {
    let rows = |name| {
        let log = four(name);
        let rows = log.lines(0);
        (log, rows)
    };
    let (removed, mut removed_rows) = rows("moved-line-removed");
    removed_rows.remove(1);
    let (again, mut again_rows) = rows("moved-line-again");
    again_rows.insert(2, again_rows[1].clone());
    let (junk, mut junk_rows) = rows("moved-junk-appended");
    junk_rows.push(b"hello\n".to_vec());
    let (old, mut old_rows) = rows("moved-old-line-appended");
    old_rows.push(old_rows[1].clone());
    let mut alike = Log::new("moved-second-of-two-alike-removed");
    for _ in 0..2 {
        alike.clock = 5;
        alike.event("alice");
    }
    alike.close(Ended::Shutdown);
    let mut alike_rows = alike.lines(0);
    alike_rows.remove(2);
    let (first, mut first_rows) = rows("moved-genesis-removed");
    first_rows.remove(0);
    let (foreign, mut foreign_rows) = rows("moved-line-of-another-log");
    foreign_rows[1].clone_from(&four("another log").lines(0)[1]);
    let middle = Log::of_three_files("moved-middle-file-gone");
    let of_another = Log::of_three_files("moved-file-of-another-log");
    let other = four("a log of one file");
    let mut fork = Log::new("moved-two-writers");
    fork.event("alice");
    fork.close(Ended::Rotated);
    let mut second = fork.clone();
    fork.next_file(Ended::Rotated);
    fork.event("bob");
    second.clock += 1_000;
    second.next_file(Ended::Rotated);
    second.event("mallory");
    let unreadable = four("moved-file-that-can-not-be-read");
    let packed = Log::of_three_files("moved-middle-file-packed");
    let twice = Log::of_three_files("moved-middle-file-copied");
    let cut = Log::of_three_files("compressed-cut-short");
    let gz = {
        // A member whose only block is stored, cut after two lines.
        let plain = &cut.files[0];
        let length = u16::try_from(plain.len()).unwrap();
        let kept = cut.lines(0)[..2].concat();
        let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
        [&header[..], &length.to_le_bytes(), &(!length).to_le_bytes(), &kept].concat()
    };
    vec![
        Vector::new(removed.name, "A line that is gone is missed.", "Line 1 was taken out.")
            .log(&removed)
            .file(FIRST, &removed_rows.concat())
            .tampered(&[(0, 0), (2, 3)])
            .missing(&[(1, 1)])
            .find_at("missing", FIRST, 2, 2),
        Vector::new(again.name, "A line that stands twice is found.", "Line 1 was put in again.")
            .log(&again)
            .file(FIRST, &again_rows.concat())
            .tampered(&[(0, 3)])
            .find_at("sequence", FIRST, 3, 1)
            .python_proves(&[(0, 1)], "it takes what follows the second copy of the line for a part of it"),
        Vector::new(
            junk.name,
            "A whole line after the end that does not chain is tampering.",
            "A line of text was appended.",
        )
        .log(&junk)
        .file(FIRST, &junk_rows.concat())
        .tampered(&[(0, 3)])
        .find_at("malformed", FIRST, 5, 4),
        Vector::new(
            old.name,
            "A whole line after the end that does not chain is tampering.",
            "Line 1 was appended again.",
        )
        .log(&old)
        .file(FIRST, &old_rows.concat())
        .tampered(&[(0, 3)])
        .find_at("sequence", FIRST, 5, 1),
        Vector::new(
            alike.name,
            "Of two records that are alike the second one is missed.",
            "Line 2 was taken out.",
        )
        .log(&alike)
        .file(FIRST, &alike_rows.concat())
        .tampered(&[(0, 1), (3, 3)])
        .missing(&[(2, 2)])
        .find_at("missing", FIRST, 3, 3),
        Vector::new(
            first.name,
            "The pin proves what epoch 0 signed after a genesis that is gone.",
            "Line 0 was taken out.",
        )
        .log(&first)
        .file(FIRST, &first_rows.concat())
        .tampered(&[(1, 3)])
        .find_at("missing", FIRST, 1, 1),
        Vector::new(
            foreign.name,
            "A line of another log is none of this one.",
            "Line 1 is that of another log.",
        )
        .log(&foreign)
        .file(FIRST, &foreign_rows.concat())
        .tampered(&[(0, 0), (2, 3)])
        .unproved(&[(1, 1)])
        .find_at("another-log", FIRST, 2, 1),
        Vector::new(middle.name, "A file that is gone from the middle is missed.", "File 1 is gone.")
            .log(&middle)
            .without(SECOND)
            .tampered(&[(0, 3), (9, 13)])
            .missing(&[(4, 8)])
            .find_at("files-missing", THIRD, 1, 9),
        Vector::new(
            of_another.name,
            "A file of another log in the place of one leaves that one missing, and is not trusted itself.",
            "File 1 was replaced by a whole log of somebody else.",
        )
        .log_without_copies(&other)
        .without(FIRST)
        .order(&[SECOND])
        .unknown()
        .tampered(&[])
        .unproved(&[(0, 3)])
        .find("not-pinned")
        .python_skips("it is given the pin of the other log")
        .log(&of_another)
        .pins(&[of_another.pin()])
        .file(SECOND, &other.files[0])
        .order(&[FIRST, THIRD])
        .tampered(&[(0, 3), (9, 13)])
        .missing(&[(4, 8)])
        .find_at("files-missing", THIRD, 1, 9),
        Vector::new(
            fork.name,
            "Two files of one number, each signed as it should be: two writers had the keys.",
            "The key store was copied; both went on from file 0.",
        )
        .log(&fork)
        .file("audit.1b.jsonl", &second.files[1])
        .order(&[FIRST, SECOND, "audit.1b.jsonl"])
        .tampered(&[(0, 4)])
        .ends_in(SECOND)
        .find_file("file-twice", "audit.1b.jsonl")
        .notice("open"),
        Vector::new(
            packed.name,
            "A file that is packed in a way that nobody reads here is not missing: nothing is judged before it is unpacked.",
            "File 1 was replaced by a file that begins as `xz` begins one.",
        )
        .log(&packed)
        .without(SECOND)
        .file("audit.1.jsonl.xz", b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\0\0\0\0\x1c\xdf\x44\x21\x1f\xb6\xf3\x7d\x01\0\0\0\0\x04YZ")
        .order(&[FIRST, THIRD])
        .verdict("error")
        .ranges(&[(0, 3), (9, 13)])
        .missing(&[(4, 8)])
        .find("maybe-packed")
        .find_of_no_log("packed", Some("audit.1.jsonl.xz")),
        Vector::new(
            twice.name,
            "Of copies of one file one is read, that which has all that the others have.",
            "File 1 was copied twice, once not to its end.",
        )
        .log(&twice)
        .file("audit.1.jsonl.copy", &twice.files[1])
        .file("audit.1.jsonl.tmp", &twice.files[1][..1_000])
        .order(&[FIRST, SECOND, THIRD])
        .intact(0, 13)
        .notice_of_no_log("double"),
        Vector::new(
            unreadable.name,
            "A file that looks like one of a log and has no line that can be read is not passed over.",
            "A second file begins like a line.",
        )
        .log(&unreadable)
        .file(SECOND, b"{\"fields\":{},\"kind\":\"event\",\"level\":\"INFO\",\"trail\":{\"log\":\"\n")
        .intact(0, 3)
        .find_of_no_log("unreadable", Some(SECOND)),
        Vector::new(
            cut.name,
            "A compressed file that ends too soon is found, and what stands in it is verified.",
            "File 0 was compressed with gzip and cut.",
        )
        .log(&cut)
        .without(FIRST)
        .file("audit.0.jsonl.gz", &gz)
        .order(&["audit.0.jsonl.gz", SECOND, THIRD])
        .needs("gzip")
        .tampered(&[(0, 1), (4, 13)])
        .missing(&[(2, 3)])
        .find_file("undecodable", "audit.0.jsonl.gz")
        .find_at("missing", SECOND, 1, 4),
    ]
}
