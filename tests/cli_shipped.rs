//! The command `tracing-audit verify --shipped`: what it takes, what it prints, and its exit codes.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const KEY: &str = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=";
const FIRST: &str = include_str!("example-log/audit.2026-11-21.jsonl");
const SECOND: &str = include_str!("example-log/audit.2026-11-22.jsonl");

/// The log's lines, but for what was torn.
fn lines() -> Vec<&'static str> {
    FIRST.lines().chain(SECOND.lines()).filter(|line| line.ends_with("}}")).collect()
}

fn shipped(paths: &[&Path], arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracing-audit"))
        .args(["verify", "--shipped"])
        .args(paths)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who refuses its arguments reads nothing.
    let _ = command.stdin.take().unwrap().write_all(input.as_bytes());
    command.wait_with_output().unwrap()
}

fn piped(input: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = shipped(&[Path::new("-")], arguments, input);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_pipe_in_any_order_is_intact_and_says_what_holds() {
    let mut lines = lines();
    lines.reverse();
    lines.push(lines[3]);
    let (code, text) = piped(&lines.join("\n"), &["--key", KEY]);
    assert_eq!(code, Some(0), "{text}");
    for said in [
        "Log b1541897b6ad297c of \"example.com/payments\": INTACT",
        "11 lines proved: 0 to 10.",
        "1 double that agrees; ",
        "3 records declared lost; 1 crash, which may have taken what was queued; 2 keys",
        "It leads back to the pinned key. Head: 10:d5b072cb9b963cbfb604208602c707d38658eebb767fc2caf3c97e119c9a0bb8",
        "INTACT: 12 lines of 1 log; 0 items of none",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn an_altered_line_is_named_with_its_place_and_exits_with_1() {
    let text = lines().join("\n").replace("bob\",\"outcome", "eve\",\"outcome");
    let (code, text) = piped(&text, &["--key", KEY]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains(
            "TAMPERED: \"standard input\", line 3 (seq 2): its content was changed after it was written; "
        ),
        "{text}"
    );
}

#[test]
fn missing_lines_and_a_missing_key_exit_with_3() {
    let mut lines = lines();
    lines.remove(4);
    let (code, text) = piped(&lines.join("\n"), &["--key", KEY]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("1 line missing: 4."), "{text}");
    assert!(text.contains("line 4 is not among those given"), "{text}");
    assert_eq!(piped(&lines.join("\n"), &[]).0, Some(3));
    assert_eq!(piped("nothing of ours\n", &["--key", KEY]).0, Some(3));
}

#[test]
fn a_table_and_a_folder_of_compressed_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let lines = lines();
    let table = lines[..6].iter().map(|line| format!("7,\"{}\"\n", line.replace('"', "\"\"")));
    fs::write(folder.path().join("export.csv"), format!("id,message\n{}", table.collect::<String>()))
        .unwrap();
    let file = fs::File::create(folder.path().join("rest.json.gz")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    let rest: Vec<_> =
        lines[6..].iter().map(|line| serde_json::json!({ "log": format!("{line}\n") })).collect();
    gzip.write_all(serde_json::to_string_pretty(&rest).unwrap().as_bytes()).unwrap();
    gzip.finish().unwrap();
    let output = shipped(&[folder.path()], &["--key", KEY, "--json"], "");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["verdict"]), (Some(0), &"intact".into()), "{report:#}");
    assert_eq!(report["logs"][0]["proved"]["listed"], serde_json::json!([{"from": 0, "to": 10}]));
}

#[test]
fn a_member_of_another_name_is_given_with_at() {
    let rows =
        lines().into_iter().map(|line| serde_json::json!({ "doc": { "body": line } }).to_string() + "\n");
    let text: String = rows.collect();
    assert_eq!(piped(&text, &["--key", KEY, "--at", "doc.body"]).0, Some(0));
    assert_eq!(piped(&text, &["--key", KEY, "--at", "doc.other"]).0, Some(3));
    // Where none is named, a string that is a line is one wherever it stands.
    assert_eq!(piped(&text, &["--key", KEY]).0, Some(0));
}

#[test]
fn restored_lines_are_counted_and_members_beside_ours_are_named_harmlessly() {
    let text =
        lines().into_iter().map(|line| format!("{{ \"\u{9b}host\": 1, {}\n", &line[1..].replace('/', "\\/")));
    let (code, text) = piped(&text.collect::<String>(), &["--key", KEY]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("written anew: 11 lines, as \"standard input\", line 1."), "{text}");
    assert!(text.contains("Members beside ours, not proved: \"\\u009bhost\" (11)."), "{text}");
}

#[test]
fn what_can_not_be_restored_comes_with_advice() {
    let text = lines().join("\n").replacen("\"level\":\"INFO\",\"target\"", "\"target\"", 1);
    let (code, text) = piped(&text, &["--key", KEY]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("member \"level\"") && text.contains("docs/SHIPPING.md"), "{text}");
}

#[test]
fn losses_and_crashes_are_found_where_none_was_to_be() {
    let (code, text) = piped(&lines().join("\n"), &["--key", KEY, "--no-losses"]);
    assert_eq!(code, Some(3), "{text}");
    for said in [
        "INCOMPLETE: 3 records declared lost; 1 crash, which may have taken what was queued.",
        "\nAsked: --no-losses.\n",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let (_, json) = piped(&lines().join("\n"), &["--key", KEY, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let log = &report["logs"][0];
    assert_eq!((&log["lost"], &log["crashes"], &log["verdict"]), (&3.into(), &1.into(), &"intact".into()));
    // Of lines that were given before a crash nothing of it can be said; and a copy that was not given says nothing.
    let (code, text) = piped(&lines()[..4].join("\n"), &["--key", KEY, "--no-losses"]);
    assert_eq!(code, Some(0), "{text}");
    // What nothing proves declares no loss.
    let (_, text) = piped(&lines().join("\n"), &["--no-losses"]);
    assert!(!text.contains("crash"), "{text}");
    // Chosen lines leave out what declares it.
    let output = shipped(&[Path::new("-")], &["--key", KEY, "--no-losses", "--sparse"], "");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
}

#[test]
fn how_long_a_log_is_silent_is_said_in_words_and_whether_it_was_shut_down() {
    let (code, text) = piped(&lines().join("\n"), &["--key", KEY, "--max-silence", "1h"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(
        text.contains("INCOMPLETE: closed by shutdown, with a last line of 2026-11-21T20:41:02.75"),
        "{text}"
    );
    assert!(text.contains(" ago; it may be 1 h old at most.") && !text.contains("Is the writer"), "{text}");
    let (_, text) = piped(&lines()[..10].join("\n"), &["--key", KEY, "--max-silence", "1h"]);
    assert!(text.contains("INCOMPLETE: the last line is of 2026-11-21T20:41:02.5"), "{text}");
    assert!(text.contains("Is the writer running?"), "{text}");
}

#[test]
fn usage_and_what_can_not_be_read_exit_with_2() {
    for (path, arguments) in [("/nowhere", &["--key", KEY][..]), ("-", &["--key", "no key"])] {
        let output = shipped(&[Path::new(path)], arguments, "");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{path}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn copies_prove_keys_and_sparse_lines_miss_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let lines = lines();
    let names_a_key = |line: &&&str| line.contains("\"kind\":\"handoff\"") || line.contains("\"seq\":0,");
    let keys = lines.iter().filter(names_a_key).copied().collect::<Vec<_>>().join("\n");
    let copies = folder.path().join("audit.keys");
    fs::write(&copies, &keys).unwrap();
    let with_copies = |input: &str, more: &[&str]| {
        piped(input, &[&["--key", KEY, "--copies", copies.to_str().unwrap()], more].concat())
    };
    let end = lines[8..].join("\n");
    assert_eq!(piped(&end, &["--key", KEY]).0, Some(3));
    let (code, text) = with_copies(&end, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("begins with line 8") && text.contains("Besides, 2 lines of copies"), "{text}");
    // All lines that name keys, and no other: as lines they miss those between, and as copies they are nothing given.
    let (code, text) = piped(&keys, &["--key", KEY]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("lines 1 to "), "{text}");
    assert_eq!(with_copies("", &[]).0, Some(3));
    let (code, text) = with_copies(&[lines[1], lines[10]].join("\n"), &["--sparse"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Sparse: numbers that were not given are not missed"), "{text}");
}

#[test]
fn with_no_pin_or_a_wrong_one_nothing_is_called_proved() {
    let text = lines()[8..].join("\n");
    let other = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    for (input, arguments) in [
        (&text, &[][..]),
        (&text, &["--key", other]),
        (&lines().join("\n"), &[]),
        (&lines().join("\n"), &["--key", other]),
    ] {
        let (code, said) = piped(input, arguments);
        assert!(matches!(code, Some(1 | 3)), "{said}");
        assert!(!said.contains("lines proved: ") && !said.contains("newest signature"), "{said}");
        assert!(said.contains("anybody can have made them") || said.contains("Nothing is proved"), "{said}");
        assert!(!said.contains("leads back"), "{said}");
        let (_, json) = piped(input, &[arguments, &["--json"]].concat());
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        let log = &report["logs"][0];
        assert_eq!(
            (&log["proved"]["lines"], &log["pinned"], &log["head"]),
            (&0.into(), &false.into(), &serde_json::Value::Null)
        );
    }
    let (_, said) = piped(&lines().join("\n"), &[]);
    assert!(
        said.contains(
            "11 lines agree with each other; nothing ties them to a pinned key: anybody can have made them."
        ),
        "{said}"
    );
}

#[test]
fn what_an_outsider_chose_is_quoted_and_escaped_in_text_and_json() {
    let documents = lines().into_iter().map(|line| {
        serde_json::json!({"message": line, "a: INTACT\u{9b}\u{202e}": 1, "trail": {"seq": "\u{202e}9"}})
            .to_string()
            + "\n"
    });
    let documents: String = documents.collect();
    let (code, text) = piped(&documents, &["--key", KEY]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("\"a: INTACT\\u009b\\u202e\" (11)"), "{text}");
    assert!(text.contains("member \"trail.seq\" with \"\\u202e9\"; the line says 3"), "{text}");
    let (_, json) = piped(&documents, &["--key", KEY, "--json"]);
    for text in [&text, &json] {
        assert!(!text.contains(['\u{9b}', '\u{202e}']), "{text}");
    }
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["logs"][0]["beside"]["unproved"][0]["member"], "a: INTACT\u{9b}\u{202e}");
}

#[test]
fn what_an_input_looks_like_comes_before_all_else() {
    let rows =
        lines().into_iter().map(|line| serde_json::json!({ "doc": { "body": line } }).to_string() + "\n");
    let (code, text) = piped(&rows.collect::<String>(), &["--key", KEY, "--at", "other"]);
    assert_eq!(code, Some(3), "{text}");
    let hint = "Worth knowing:\n- \"standard input\": lines stand in another member than --at names: in \"doc.body\".";
    let text = text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    assert!(text.trim_start().starts_with(hint), "{text}");
    assert!(!text.contains("something cuts"), "{text}");

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.xz"), b"\xfd7zXZ\0\0\x04\n{\"\n\n").unwrap();
    let output = shipped(&[folder.path()], &["--key", KEY], "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("looks like xz; give it unpacked: xz -dc FILE"), "{text}");
    assert!(text.lines().count() < 15, "{text}");
}

#[test]
fn a_line_with_a_value_that_none_can_have_is_not_called_missing() {
    let text = lines().join("\n").replacen("\"rate_limit\":100", "\"rate_limit\":1e309", 1);
    let (code, text) = piped(&text, &["--key", KEY]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("line 2 (seq 1)") && text.contains("member \"fields.rate_limit\""), "{text}");
    assert!(!text.contains("missing"), "{text}");
}
