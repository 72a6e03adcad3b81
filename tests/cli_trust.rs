//! Trust for many logs: `verify --trust`, and the lines of its file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const KEY: &str = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=";
const LOG: &str = "b1541897b6ad297c";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tracing-audit")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A folder with a trust file.
fn trusting(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trusted");
    fs::write(&file, text).unwrap();
    (folder, file)
}

/// `verify` of the example log with a trust file, where it lies and as shipped lines.
fn verify(trust: &Path) -> [(Option<i32>, String); 2] {
    [&["verify", "tests/example-log"][..], &["verify", "--shipped", "tests/example-log"]].map(|arguments| {
        let output = run(&[arguments, &["--trust", trust.to_str().unwrap()]].concat());
        (output.status.code(), said(&output))
    })
}

#[test]
fn a_log_that_a_trust_file_has_is_intact_and_others_in_it_are_not_missed() {
    let (_folder, file) = trusting(&format!("# the fleet\n\nexample.com/payments {LOG} {KEY} db1\n"));
    for (code, text) in verify(&file) {
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("pinned key"), "{text}");
    }
    let store = file.with_file_name("keys");
    let made = run(&["keys", "new", store.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let line = run(&["keys", "show", store.to_str().unwrap(), "--trust", "the orders"]);
    let line = String::from_utf8(line.stdout).unwrap();
    assert!(line.starts_with("\"the orders\" ") && line.ends_with(&said(&made)), "{line}");
    fs::write(&file, format!("{line}example.com/payments {LOG} {KEY}\n")).unwrap();
    for (code, text) in verify(&file) {
        assert_eq!(code, Some(0), "{text}");
    }
    // Alone it does not do.
    fs::write(&file, line).unwrap();
    for (code, text) in verify(&file) {
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("is of none of the pinned keys"), "{text}");
    }
}

#[test]
fn a_log_of_another_name_than_the_file_has_is_incomplete() {
    let (_folder, file) = trusting(&format!("example.com/orders {LOG} {KEY}\n"));
    for (code, text) in verify(&file) {
        assert_eq!(code, Some(3), "{text}");
        let named =
            "the log says that it is of \"example.com/payments\"; it is known as \"example.com/orders\"";
        assert_eq!(text.matches(named).count(), 1, "{text}");
    }
}

#[test]
fn what_is_no_trust_file_is_an_error_that_names_file_and_line() {
    for (text, why) in [
        (format!("\nexample.com/payments {KEY}\n"), "line 2: expected the id of a log"),
        (format!("a {LOG} {KEY}\nb {LOG} {KEY}\n"), "line 2: expected the origin that an earlier line has"),
        ("# nobody\n".to_owned(), "nobody in it"),
    ] {
        let (_folder, file) = trusting(&text);
        for (code, text) in verify(&file) {
            assert_eq!(code, Some(2), "{text}");
            assert!(text.contains(&format!("{}: {why}", file.display())), "{text}");
        }
    }
    assert_eq!(verify(Path::new("/nowhere"))[0].0, Some(2));
}
