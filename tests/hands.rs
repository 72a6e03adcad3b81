//! What people and their tools do to the files of a log, and what `verify` says of it: `docs/HANDS.md`, which this writes.
//!
//! `TRACING_AUDIT_MAKE_HANDS=1 cargo test --all-features --test hands` writes the page.
#![cfg(unix)]

#[path = "common/require.rs"]
mod require;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const KEY: &str = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=";
const PAGE: &str = "docs/HANDS.md";

/// What an act does to what is in the files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    /// Each byte that was written is still there: no accusation.
    Nothing,
    /// The bytes are there, and must be unpacked first.
    Packs,
    /// What was written is not as it was: no comfort.
    Changes,
    /// It was cut where a log may end: no file shows that, and the page says what does.
    CutsAtAnEnd,
}
use Does::{Changes, CutsAtAnEnd, Nothing, Packs};

/// An act: what people call it, the program that it needs, and what a shell does. `A` and `B` are the two files of the example
/// log, whose fifth line is a piece that a crash left.
const ACTS: &[(&str, &str, &str, Does)] = &[
    ("read, `touch`, `chmod`", "sh", "cat A > /dev/null; touch -d 2001-01-01 A; chmod 444 B", Nothing),
    ("renamed, so that the order of names is another", "sh", "mv A z.log; mv B a.log", Nothing),
    ("moved into a folder and back", "sh", "mkdir x; mv A x; mv x/A .; rmdir x", Nothing),
    ("a copy beside it: `cp A A.bak`, an editor's `A~`", "sh", "cp A A.bak; cp B B~", Nothing),
    ("a second name: `ln A C`", "sh", "ln A C", Nothing),
    ("a link to it: `ln -s A latest`", "sh", "ln -s A latest", Nothing),
    ("a copy that was broken off: `scp`, `rsync`, a full disk", "sh", "head -c 1500 A > A.part", Nothing),
    ("a part of it beside it: `tail -n 3 A > x`", "sh", "tail -n 3 A > x", Nothing),
    ("notes, a swap file, a lock beside it", "sh", "echo x > notes.txt; echo y > .A.swp; : > A.lck", Nothing),
    ("a folder with old files beside it", "sh", "mkdir old; cp A old; sed -i s/bob/eve/ old/A", Nothing),
    ("`gzip A`", "gzip", "gzip A", Nothing),
    ("`gzip -k A`: both are there", "gzip", "gzip -k A", Nothing),
    (
        "`gzip` of two parts, joined",
        "gzip",
        "(head -c 900 A | gzip; tail -c +901 A | gzip) > A.gz; rm A",
        Nothing,
    ),
    ("the newline at the very end taken away, as some editors do", "sh", "truncate -s -1 B", Nothing),
    (
        "`git` with its default settings: added, deleted, checked out",
        "git",
        "git init -q . && git -c user.name=x -c user.email=x@x add A B && git -c user.name=x -c user.email=x@x commit -qm x && rm A B && git checkout -q . && rm -rf .git",
        Nothing,
    ),
    ("`sed -i` that finds nothing", "sh", "sed -i s/nowhere/else/ A", Nothing),
    ("`uniq`, where no line is twice", "sh", "uniq A > x; mv x A", Nothing),
    ("`xz A`", "xz", "xz A", Packs),
    ("`bzip2 A`", "bzip2", "bzip2 A", Packs),
    ("`lz4 A`", "lz4", "lz4 -q --rm A A.lz4", Packs),
    ("`zip A.zip A`", "zip", "zip -qm A.zip A", Packs),
    ("`tar -cf A.tar A`", "tar", "tar -cf A.tar A --remove-files", Packs),
    ("`tar -czf all.tgz A B`", "tar", "tar -czf all.tgz A B --remove-files", Packs),
    (
        "`gpg -c A`",
        "gpg",
        "gpg --homedir . --batch --passphrase x --pinentry-mode loopback -c A && rm A",
        Packs,
    ),
    ("`iconv -t UTF-16`, an editor's \"Unicode\"", "iconv", "iconv -f UTF-8 -t UTF-16 A > x; mv x A", Packs),
    ("one word: `sed -i s/bob/eve/`", "sh", "sed -i s/bob/eve/ A", Changes),
    ("one digit of a time", "sh", "sed -i '2s/41:00/41:01/' A", Changes),
    ("a line deleted", "sh", "sed -i 2d A", Changes),
    ("the last line deleted", "sh", "sed -i '$d' B", CutsAtAnEnd),
    ("a line added in the middle, as it stands elsewhere", "sh", "sed -i '3{p}' A", Changes),
    ("a line typed at the end: `echo … >> B`", "sh", "echo hello >> B", Changes),
    ("an empty line in the middle", "sh", "sed -i '2G' A", Changes),
    ("an empty line at the end", "sh", "echo >> B", Changes),
    ("spaces at the ends of lines", "sh", "sed -i 's/$/ /' A", Changes),
    ("two lines swapped", "sh", "sed -i '2{h;d};3G' A", Changes),
    ("cut at the end: `truncate -s -100`", "sh", "truncate -s -100 B", Changes),
    ("cut in the middle of the log", "sh", "truncate -s -100 A", Changes),
    ("emptied: `: > A`", "sh", ": > A", Changes),
    (
        "zeros over a part of it: `dd`",
        "sh",
        "dd if=/dev/zero of=A bs=1 seek=900 count=40 conv=notrunc status=none",
        Changes,
    ),
    ("deleted: the first file", "sh", "rm A", Changes),
    ("deleted: the last file", "sh", "rm B", Changes),
    ("deleted: all", "sh", "rm A B", Changes),
    ("one copied over the other: `cp A B`", "sh", "cp A B", Changes),
    ("`cat A B > C`, and the two deleted", "sh", "cat A B > C; rm A B", Changes),
    ("`cat B >> A`", "sh", "cat B >> A; rm B", Changes),
    ("`split -b 1000 A`, and `A` deleted", "sh", "split -b 1000 A part.; rm A", Changes),
    ("`sort`", "sh", "sort -o A A", Changes),
    ("`sort -u`", "sh", "sort -u A B > C; rm A B", Changes),
    ("`tac`", "sh", "tac A > x; mv x A", Changes),
    ("`grep` for what is wanted", "sh", "grep alice A > x; mv x A", Changes),
    ("`unix2dos`, a transfer as text", "sh", "sed -i 's/$/\\r/' A B", Changes),
    (
        "a byte order mark: an editor on Windows",
        "sh",
        "printf '\\357\\273\\277' | cat - A > x; mv x A",
        Changes,
    ),
    ("`iconv -t LATIN1`", "iconv", "iconv -f UTF-8 -t LATIN1//TRANSLIT B > x; mv x B", Changes),
    ("JSON loaded and dumped: `json.dumps`, `jq`", "sh", "sed -i 's/\":/\": /g; s/,\"/, \"/g' A B", Changes),
    ("a spreadsheet's CSV", "sh", "sed -i 's/\"/\"\"/g; s/^/\"/; s/$/\"/' A B", Changes),
    ("`base64 A`", "sh", "base64 A > x; mv x A", Changes),
    ("`expand`: tabs made spaces", "sh", "sed -i 's/\\\\t/ /' B", Changes),
    ("an old copy put back over a file that went on", "sh", "head -n 3 A > x; mv x A", Changes),
];

/// What `verify` says.
struct Said {
    exit: i32,
    what: String,
}

fn said(folder: &Path) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_tracing-audit"))
        .args(["verify", "--json", "--key", KEY])
        .arg(folder)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let logs = report["logs"].as_array().unwrap();
    let list = |name: &str| {
        let of_logs = logs.iter().flat_map(|log| log[name].as_array().unwrap());
        report[name].as_array().unwrap().iter().chain(of_logs).cloned().collect::<Vec<_>>()
    };
    let kind = |one: &Value, name: &str| format!("`{}`", one[name].as_str().unwrap());
    let mut kinds: Vec<String> = list("findings").iter().map(|one| kind(one, "finding")).collect();
    if kinds.is_empty() {
        // What the example log has anyway.
        let usual = ["torn", "gap", "not-copied"];
        let notices = list("notices");
        let new = notices.iter().filter(|one| !usual.contains(&one["notice"].as_str().unwrap()));
        kinds = new.map(|one| kind(one, "notice")).collect();
    }
    let all = kinds.len();
    kinds.dedup();
    let more = all > kinds.len();
    Said {
        exit: output.status.code().unwrap(),
        what: format!("{}{}", kinds.join(", "), if more { " (several)" } else { "" }),
    }
}

/// What was done to a copy of the example log, and what is said of it.
fn act(script: &str) -> Said {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [("audit.2026-11-21.jsonl", "A"), ("audit.2026-11-22.jsonl", "B")] {
        fs::copy(Path::new("tests/example-log").join(from), folder.path().join(to)).unwrap();
    }
    let mut shell = Command::new("sh");
    shell.current_dir(folder.path()).env("LC_ALL", "C.UTF-8").args(["-c", script]);
    assert!(shell.status().unwrap().success(), "{script}");
    said(folder.path())
}

#[test]
fn nothing_is_accused_where_nothing_was_changed_and_nothing_comforted_where_something_was() {
    let page = fs::read_to_string(PAGE).unwrap_or_default();
    let mut made = String::new();
    for (what, program, script, does) in ACTS {
        let is_there =
            *program == "sh" || require::available(program, Command::new(program).arg("--version"));
        if !is_there {
            let row = page.lines().find(|line| line.starts_with(&format!("| {what} |")));
            made.extend([row.unwrap_or_default(), "\n"]);
            continue;
        }
        let Said { exit, what: says } = act(script);
        match does {
            Nothing | CutsAtAnEnd => assert_eq!(exit, 0, "{what}: {says}"),
            Packs => assert_eq!(exit, 2, "{what}: {says}"),
            Changes => assert!(matches!(exit, 1 | 3), "{what}: {exit}, {says}"),
        }
        made.extend(["| ", what, " | ", &exit.to_string(), " | ", &says, " |\n"]);
    }
    let (before, after) = ("| done | exit | said |\n|---|---|---|\n", "\n## ");
    let start = page.find(before).map(|at| at + before.len()).expect("the page has the table");
    let end = start + page[start..].find(after).expect("a heading stands after the table");
    if std::env::var_os("TRACING_AUDIT_MAKE_HANDS").is_some() {
        fs::write(PAGE, format!("{}{made}{}", &page[..start], &page[end..])).unwrap();
        return;
    }
    for (is, made) in page[start..end].lines().zip(made.lines()) {
        assert_eq!(is, made);
    }
    assert_eq!(page[start..end].lines().count(), made.lines().count());
}
