//! Control lines of the worked example, read and written again.

use super::super::{Chain, SecretKey};
use super::*;

const FILES: [&str; 2] = [
    include_str!("../../../tests/example-log/audit.2026-11-21.jsonl"),
    include_str!("../../../tests/example-log/audit.2026-11-22.jsonl"),
];

/// The control lines of the example, with what they say. It has torn bytes too.
fn example() -> Vec<(Line<'static>, Control)> {
    let lines = FILES.iter().flat_map(|file| file.lines());
    let lines = lines.filter_map(|line| Line::parse(line.as_bytes()).ok());
    lines.filter_map(|line| Control::parse(&line).unwrap().map(|control| (line, control))).collect()
}

#[test]
fn every_control_line_is_told_and_written_as_it_was() {
    let example = example();
    let kinds: Vec<_> = example.iter().map(|(line, _)| line.kind.as_str()).collect();
    assert_eq!(kinds, ["genesis", "resume", "handoff", "gap", "close", "genesis", "close"]);
    for (line, control) in &example {
        assert!(control.is_all_of(line));
        let (body, _) = line.text.split_once(",\"timestamp\":").unwrap();
        assert_eq!(String::from_utf8(control.body()).unwrap(), body);
    }
}

#[test]
fn a_member_of_a_later_version_is_passed_over_and_noticed() {
    for (line, control) in example() {
        let later = line.fields.replacen('{', r#"{"a_later_member":1,"#, 1);
        let line = Line { fields: &later, ..line };
        assert_eq!(Control::parse(&line).unwrap(), Some(control.clone()));
        assert!(!control.is_all_of(&line));
    }
}

#[test]
fn what_is_no_control_line_of_this_version_says_so() {
    let key = SecretKey::from_seed(&[7; 32]);
    let parsed = |body: &str| {
        let mut line = Vec::new();
        Chain::new(key.id()).signed(body.as_bytes(), Timestamp::default(), &key, &mut line);
        Control::parse(&Line::parse(&line[..line.len() - 1]).unwrap())
    };
    for kind in ["event", "seal"] {
        let body = format!(r#"{{"fields":{{}},"kind":"{kind}","level":"INFO","target":"audit""#);
        assert_eq!(parsed(&body), Ok(None));
    }
    let body = r#"{"fields":{"format":"tracing-audit/v2"},"kind":"genesis","level":"INFO","target":"audit""#;
    assert_eq!(
        parsed(body).unwrap_err().to_string(),
        r#"written in the format "tracing-audit/v2"; this version reads "tracing-audit/v1""#
    );
    let body = r#"{"fields":{"reason":"tired"},"kind":"close","level":"INFO","target":"audit""#;
    let error = parsed(body).unwrap_err().to_string();
    assert!(error.starts_with("fields that its kind does not have: unknown variant `tired`"), "{error}");
}

#[test]
fn an_end_is_told_by_its_word() {
    let words = [Ended::Rotated, Ended::Shutdown, Ended::Crash, Ended::Unsynced].map(|end| end.to_string());
    assert_eq!(words, ["rotated", "shutdown", "crash", "unsynced"]);
}
