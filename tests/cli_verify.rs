//! The command `tracing-audit verify`: what it prints, and its exit codes.

#[path = "common/example.rs"]
mod example;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use example::{FIRST, KEY, SECOND, example};

const HEAD: &str = "d5b072cb9b963cbfb604208602c707d38658eebb767fc2caf3c97e119c9a0bb8";

fn verify(folder: &Path, arguments: &[&str]) -> Output {
    let command = env!("CARGO_BIN_EXE_tracing-audit");
    Command::new(command).arg("verify").arg(folder).args(arguments).output().unwrap()
}

fn printed(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn an_intact_log_exits_with_0_and_says_what_holds() {
    let output = verify(example().path(), &["--key", KEY, "--expect-head", &format!("10:{HEAD}")]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for said in [
        "Log b1541897b6ad297c of \"example.com/payments\": INTACT",
        "11 lines are proved, 0 to 10, in 2 files; 2 keys in force, 10 signatures",
        "What is proved is from 2026-11-21T20:41:00.000000000Z to 2026-11-21T20:41:02.750000000Z, closed by shutdown.",
        HEAD,
        "61 torn bytes attested, 3 records declared lost; 1 crash, which may have taken what was queued.",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("does not hold"), "{text}");
}

#[test]
fn a_tampered_log_exits_with_1_and_names_the_line() {
    let folder = example();
    let file = folder.path().join(FIRST);
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("bob\",\"outcome", "eve\",\"outcome"))
        .unwrap();
    let output = verify(folder.path(), &["--key", KEY]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    // Who takes the numbers of a damaged log for all of it is told.
    assert!(text.contains("So say the lines that are proved; others may say more."), "{text}");
    let named = format!(
        "{}, line 3 (seq 2): its content was changed after it was written; there stands actor \"eve\", action \"key.decrypt\"; the line after it",
        file.display()
    );
    let (holds, not) = (text.find("are proved").unwrap(), text.find(&named).unwrap());
    assert!(holds < not, "{text}");
    // JSON has the same sentence.
    let json = printed(&verify(folder.path(), &["--key", KEY, "--json"]));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let finding = &report["logs"][0]["findings"][0];
    assert!(text.contains(finding["message"].as_str().unwrap()), "{finding}");
    assert_eq!((&finding["finding"], &finding["changed"]), (&"altered".into(), &"this".into()));
}

#[test]
fn an_incomplete_log_exits_with_3() {
    let folder = example();
    assert_eq!(verify(folder.path(), &[]).status.code(), Some(3));
    let output = verify(folder.path(), &["--key", KEY, "--max-silence", "90m"]);
    assert_eq!(output.status.code(), Some(3));
    let (text, last) = (printed(&output), "2026-11-21T20:41:02.750000000Z");
    let silent = text.lines().find(|line| line.contains(&format!("with a last line of {last}, "))).unwrap();
    assert!(silent.ends_with(" ago; it may be 1 h 30 min old at most."), "{silent}");
    // A writer that shut its log down runs no more, and need not.
    assert!(!text.contains("Is the writer running?"), "{text}");
    fs::remove_file(folder.path().join(SECOND)).unwrap();
    let output = verify(folder.path(), &["--key", KEY]);
    assert_eq!(output.status.code(), Some(3));
    assert!(printed(&output).contains("file 1 is missing"));
    assert_eq!(verify(tempfile::tempdir().unwrap().path(), &["--key", KEY]).status.code(), Some(3));
}

#[test]
fn usage_and_files_that_cannot_be_read_exit_with_2() {
    let folder = example();
    for arguments in [
        &["--key", "no key"][..],
        &["--expect-head", "12"],
        &["--max-silence", "soon"],
        &["--key-file", "/nowhere"],
        &["--unknown"],
        &["--part", "--from-start"],
        &["--part", "--shipped"],
    ] {
        let output = verify(folder.path(), arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
    assert_eq!(verify(&folder.path().join("nothing here"), &["--key", KEY]).status.code(), Some(2));
}

#[test]
fn a_pin_that_is_no_key_is_told_why() {
    let folder = example();
    let file = folder.path().join("pins");
    for (pin, why) in [
        ("zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WE_-", "is no base64 (standard alphabet, padded)"),
        ("zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WA==", "is the base64 of 31 bytes"),
        ("AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "has 32 bytes that are no point of the curve"),
        ("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "has 32 bytes that are a point of small order"),
    ] {
        fs::write(&file, format!("example.com/payments b1541897b6ad297c {pin}\n")).unwrap();
        let trust = file.to_str().unwrap().to_owned();
        let keys = folder.path().join("keys");
        fs::write(&keys, format!("{pin}\n")).unwrap();
        for arguments in [["--key", pin], ["--trust", &trust], ["--key-file", keys.to_str().unwrap()]] {
            let output = verify(folder.path(), &arguments);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.code() == Some(2) && said.contains(why), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn keys_may_come_from_a_file() {
    let folder = example();
    let keys = tempfile::NamedTempFile::new().unwrap();
    fs::write(keys.path(), format!("# payments\n{KEY}\n")).unwrap();
    let output = verify(folder.path(), &["--key-file", keys.path().to_str().unwrap(), "--every-signature"]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
}

#[test]
fn the_report_is_json_on_request() {
    let output = verify(example().path(), &["--key", KEY, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&printed(&output)).unwrap();
    assert_eq!(report["verdict"], "intact");
    let log = &report["logs"][0];
    assert_eq!((&log["lines"], &log["closed"]), (&11.into(), &"shutdown".into()));
    assert_eq!(log["head"]["hash"], HEAD);
    assert_eq!(log["began"], "2026-11-21T20:41:00.000000000Z");
    assert_eq!(log["notices"][0]["notice"], "torn");
}

#[test]
fn row_26_a_terminal_sees_no_control_character_of_a_log() {
    let folder = example();
    let file = folder.path().join(FIRST);
    let text =
        fs::read_to_string(&file).unwrap().replace("\"kind\":\"span\"", "\"kind\":\"\u{9b}2J\u{202e}\"");
    fs::write(&file, text).unwrap();
    fs::rename(&file, folder.path().join("\x1b[2Jaudit.jsonl")).unwrap();
    let text = printed(&verify(folder.path(), &["--key", KEY]));
    assert!(text.contains("\\u001b[2Jaudit.jsonl"), "{text}");
    assert!(!text.chars().any(|char| char.is_control() && char != '\n' || char == '\u{202e}'), "{text:?}");
}

#[test]
fn a_part_of_a_log_is_intact_where_it_is_asked_as_one() {
    let folder = example();
    let second = folder.path().join(SECOND);
    // The line that hands over to the second file's key, and line 0.
    let first = fs::read_to_string(folder.path().join(FIRST)).unwrap();
    let is_copied = |line: &&str| line.contains("\"kind\":\"handoff\"") || line.contains("\"seq\":0,");
    let copies = first.lines().filter(is_copied).fold(String::new(), |all, line| all + line + "\n");
    fs::write(folder.path().join("audit.keys"), copies).unwrap();
    fs::remove_file(folder.path().join(FIRST)).unwrap();
    let output = verify(folder.path(), &["--key", KEY]);
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    assert!(printed(&output).contains("--part"), "{}", printed(&output));
    let output = verify(folder.path(), &["--key", KEY, "--part"]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for said in [
        "a part of the log, as was asked: lines 8 to 10, of 2026-11-21T",
        ", in file 1; ",
        "\nAsked: --part.\n",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    // By time the command chooses the files itself. What was written before is gone, and asked for here.
    for (since, code) in [("2026-11-22T00:00:00Z", 0), ("2026-11-20", 3)] {
        let output =
            verify(folder.path(), &["--key", KEY, "--part", "--since", since, "--until", "2026-11-23"]);
        let text = printed(&output);
        let asked = "--until 2026-11-23T00:00:00.000000000Z.\n";
        assert!(output.status.code() == Some(code) && text.contains(asked), "{since}: {text}");
    }
    assert_eq!(verify(folder.path(), &["--key", KEY, "--since", "2026-11-22"]).status.code(), Some(2));
    // Without copies nothing leads to its key.
    assert_eq!(verify(&second, &["--key", KEY, "--part"]).status.code(), Some(3));
}
