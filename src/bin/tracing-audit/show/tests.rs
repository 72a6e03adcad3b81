//! The quick way against the plain one.

mod lines;
mod reference;

use std::fmt::Write as _;

use proptest::prelude::*;
use tracing_audit::trail::{Line, MAX_LINE};

use super::format::{Form, Formatter, NoLine, Passed};
use super::members::Parts;
use super::read::read;
use super::wanted::Wanted;

/// A text, or `!! ` and the number of what is no line.
fn formatted(bytes: &[u8], known: bool, wanted: &Wanted) -> String {
    let mut out = Vec::new();
    let formatter = Formatter { form: Form::Text, wanted };
    formatter.lines(bytes, known, &mut out, |NoLine { number, bytes, why }, out| {
        assert_eq!(Line::parse(bytes).as_ref(), Err(why));
        out.extend_from_slice(format!("!! {number}\n").as_bytes());
    });
    String::from_utf8(out).unwrap()
}

/// As [`formatted`], line by line in the plain way.
fn expected(bytes: &[u8], wanted: &Wanted) -> String {
    let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut out = String::new();
    for (number, line) in whole.split(|byte| *byte == b'\n').enumerate() {
        match Line::parse(line) {
            Ok(line) if wanted.wants_plainly(&line) => out += &(reference::shown(&line) + "\n"),
            Ok(_) => {}
            Err(_) => writeln!(out, "!! {number}").unwrap(),
        }
    }
    out
}

#[derive(Debug, Clone)]
enum Change {
    Put(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = || {
        prop_oneof![
            prop::sample::select(b"{}[]\",:\\0123456789.-eEtfnu /\x01\x7f\n\xc3".to_vec()),
            any::<u8>()
        ]
    };
    prop_oneof![
        (any::<prop::sample::Index>(), byte()).prop_map(|(at, byte)| Change::Put(at, byte)),
        (any::<prop::sample::Index>(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<prop::sample::Index>().prop_map(Change::Remove),
    ]
}

fn changed(mut line: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes.iter().filter(|_| !line.is_empty()).cloned().collect::<Vec<_>>() {
        let length = line.len();
        match change {
            Change::Put(at, byte) => line[at.index(length)] = byte,
            Change::Insert(at, byte) => line.insert(at.index(length), byte),
            Change::Remove(at) => drop(line.remove(at.index(length))),
        }
        line.extend_from_slice(if line.is_empty() { b"x" } else { b"" });
    }
    line
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 20_000 }))]

    #[test]
    fn each_line_is_shown_as_in_the_plain_way(line in lines::any_line()) {
        let all = Wanted::default();
        let expected = expected(&line, &all);
        prop_assert!(!expected.starts_with("!!"), "the generator makes lines: {}", String::from_utf8_lossy(&line));
        prop_assert_eq!(&formatted(&line, false, &all), &expected);
        prop_assert_eq!(&formatted(&line, true, &all), &expected);
    }

    #[test]
    fn ordinary_lines_are_read_quickly_and_as_parsing_reads_them(line in lines::ordinary_line()) {
        let line = str::from_utf8(line.strip_suffix(b"\n").unwrap()).unwrap();
        let parsed = Line::parse(line.as_bytes()).ok();
        prop_assert!(parsed.is_some());
        prop_assert_eq!(&read(line, false, &mut Parts::default()), &parsed);
        prop_assert_eq!(&read(line, true, &mut Parts::default()), &parsed);
    }

    #[test]
    fn nothing_is_taken_for_a_line_that_parsing_refuses(
        line in prop_oneof![lines::any_line(), lines::ordinary_line()],
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let bytes = changed(line, &changes);
        let all = Wanted::default();
        prop_assert_eq!(formatted(&bytes, false, &all), expected(&bytes, &all));
        for line in str::from_utf8(&bytes).unwrap_or_default().split('\n') {
            if let Some(quick) = read(line, false, &mut Parts::default()) {
                prop_assert_eq!(Ok(quick), Line::parse(line.as_bytes()));
            }
        }
        // Wherever the caller is wrong, nothing worse than a wrong line comes of it.
        formatted(&bytes, true, &all);
    }

    #[test]
    fn the_same_lines_are_wanted_as_in_the_plain_way(
        lines in prop::collection::vec(lines::line_of_few(), 1..16),
        wanted in lines::wanted(),
    ) {
        let lines = lines.concat();
        prop_assert_eq!(formatted(&lines, false, &wanted), expected(&lines, &wanted));
    }
}

const LINE: &str = r#"{"fields":{"a":1},"kind":"event","level":"INFO","spans":[{"fields":{},"name":"s"}],"target":"audit","timestamp":"2026-11-21T20:41:00.250000000Z","trail":{"log":"b1541897b6ad297c","prev":"e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2","seq":7}}"#;

#[test]
fn each_other_spelling_is_refused() {
    assert_eq!(read(LINE, false, &mut Parts::default()), Line::parse(LINE.as_bytes()).ok());
    let long = "x".repeat(MAX_LINE - LINE.len() - 1);
    for (that, this) in [
        ("{\"a\":1}", "{\"a\":1,\"a\":1}"),
        ("{\"a\":1}", "{\"b\":1,\"a\":1}"),
        ("{\"a\":1}", "{\"\\\\\":1,\"\\n\":1}"),
        ("{\"a\":1}", "{\"a\":1,}"),
        ("{\"a\":1}", "{\"a\" :1}"),
        ("{\"a\":1}", "{\"a\":}"),
        ("{\"a\":1}", "[]"),
        (":1}", ":-0}"),
        (":1}", ":01}"),
        (":1}", ":1.}"),
        (":1}", ":.5}"),
        (":1}", ":-}"),
        (":1}", ":1.0}"),
        (":1}", ":1.50}"),
        (":1}", ":1e3}"),
        (":1}", ":0.0000001}"),
        (":1}", ":1.23456789012345678}"),
        (":1}", ":9007199254740993}"),
        (":1}", ":tru}"),
        (":1}", ":[1,]}"),
        (":1}", ":\"\\/\"}"),
        (":1}", ":\"\\u0041\"}"),
        (":1}", ":\"\t\"}"),
        ("\"spans\":[{\"fields\":{},\"name\":\"s\"}],", "\"spans\":[],"),
        ("\"name\":\"s\"", "\"name\":1"),
        ("{\"fields\":{\"a\"", "{\"duration_ns\":1,\"fields\":{\"a\""),
        ("event", "span"),
        ("INFO", "info"),
        ("20:41:00.25", "20-41:00.25"),
        ("b1541897", "B1541897"),
        ("prev\":\"e", "prev\":\"E"),
        ("prev\":\"e", "prev\":\"x"),
        ("7}}", "07}}"),
        ("7}}", "9007199254740993}}"),
        ("7}}", "}}"),
        ("7}}", "7}} "),
        ("7}}", "7,\"sig\":\"\"}}"),
        ("{\"log\"", "{\"key\":\"b1541897b6ad297c\",\"log\""),
        (":1}", &format!(":\"{long}\"}}")),
    ] {
        assert!(LINE.contains(that), "{that}");
        let line = LINE.replacen(that, this, 1);
        assert!(Line::parse(line.as_bytes()).is_err(), "{line}");
        assert_eq!(read(&line, false, &mut Parts::default()), None, "{line}");
    }
    let unnamed = LINE.replacen('{', "{\"duration_ns\":1,", 1).replacen("event", "span", 1);
    assert_eq!(read(&unnamed, false, &mut Parts::default()), None);
    let longest = LINE.replacen(":1}", &format!(":\"{}\"}}", &long[1..]), 1);
    assert_eq!(longest.len(), MAX_LINE - 1);
    assert_eq!(read(&longest, false, &mut Parts::default()), Line::parse(longest.as_bytes()).ok());
}

#[test]
fn a_condition_holds_of_the_field_and_the_value_that_it_names() {
    let fields = r#"{"a":"x","a\nb":{"c":"q\"","d.e":[1,"y"]},"n":1,"o":{"p":null}}"#;
    let line = LINE.replace("{\"a\":1}", fields);
    let is_wanted = |field: &str, value: &str| {
        let wanted = Wanted::of(None, None, &[(field.to_owned(), value.to_owned())]);
        let is_wanted = !formatted(line.as_bytes(), false, &wanted).is_empty();
        assert_eq!(
            is_wanted,
            wanted.wants_plainly(&Line::parse(line.as_bytes()).unwrap()),
            "{field}={value}"
        );
        is_wanted
    };
    let met =
        [("a", "x"), ("a\nb.c", "q\""), ("a\nb.d.e", "y"), ("a\nb.d.e", "1"), ("n", "1"), ("o.p", "null")];
    for (field, value) in met {
        assert!(is_wanted(field, value), "{field}={value}");
        assert!(!is_wanted(field, "z") && !is_wanted(field, ""), "{field}");
        for other in
            [field.to_owned() + "b", field.to_owned() + ".", format!("x{field}"), field[1..].to_owned()]
        {
            assert!(!is_wanted(&other, value), "{other}={value}");
        }
    }
    assert!(is_wanted("level", "info") && !is_wanted("kind", "EVENT") && !is_wanted("name", ""));
}

#[test]
fn what_is_no_line_is_told_by_its_number() {
    let example = include_bytes!("../../../../tests/example-log/audit.2026-11-21.jsonl");
    let all = Wanted::default();
    let shown = formatted(example, false, &all);
    assert_eq!(shown, expected(example, &all));
    assert_eq!(shown.lines().position(|line| line == "!! 4"), Some(4), "{shown}");
    let bytes = [b"\n\xff\n".as_slice(), example, b"{"].concat();
    assert!(formatted(&bytes, false, &all).starts_with("!! 0\n!! 1\n"));
    assert!(
        formatted(&bytes, false, &all)
            .ends_with(&format!("!! {}\n", example.split(|byte| *byte == b'\n').count() + 1))
    );
    let formatter = Formatter { form: Form::Json, wanted: &all };
    let (mut out, mut none) = (Vec::new(), 0);
    let whole = example.strip_suffix(b"\n").unwrap();
    let of = |all, lines, wanted| Passed { all, lines, wanted };
    assert_eq!(formatter.lines(whole, true, &mut out, |_, _| none += 1), of(9, 9, 9));
    assert_eq!((out.as_slice(), none), (example.as_slice(), 0));
    out.clear();
    assert_eq!(formatter.lines(b"", false, &mut out, |_, _| none += 1), Passed::default());
    assert_eq!(formatter.lines(b"{}\n{}", false, &mut out, |_, _| none += 1), of(2, 0, 0));
    assert_eq!((out.len(), none), (0, 2));
    let bob = Wanted::of(None, None, &[("actor".to_owned(), "bob".to_owned())]);
    let formatter = Formatter { form: Form::Json, wanted: &bob };
    assert_eq!(formatter.lines(whole, false, &mut out, |_, _| none += 1), of(9, 8, 2));
}
