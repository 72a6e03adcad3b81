use proptest::prelude::*;

use super::*;
use crate::trail::Hash;

/// Values, canonical and others.
fn value() -> impl Strategy<Value = String> {
    let listed = prop::sample::select(vec![
        "0",
        "-0",
        "7",
        "-7",
        "01",
        "1.5",
        "1.0",
        "1e+21",
        "1e3",
        "9007199254740991",
        "9007199254740992",
        "true",
        "false",
        "null",
        "nul",
        "\"\"",
        "\"a\"",
        "\"é\"",
        "\"\\n\"",
        "\"\\u000a\"",
        "\"\\\"\"",
        "\"\\",
        "\"a\"b\"",
        "{}",
        "[]",
        "[1,2]",
        "{\"b\":1,\"a\":2}",
        "\"\u{1f600}\"",
        "\"a\nb\"",
    ]);
    prop_oneof![3 => listed.prop_map(str::to_owned), 2 => (0u32..200).prop_map(|n| n.to_string()), 2 => "\"[a-zé\\\\]{0,9}\""]
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let start = prop::sample::select(vec![
        "",
        "",
        "\"duration_ns\":12,",
        "\"duration_ns\":7,",
        "\"duration_ns\":1.5,",
    ]);
    let kind = prop::sample::select(vec!["event", "event", "span", "handoff"]);
    let level = prop::sample::select(vec!["INFO", "WARN", "LOUD"]);
    let more = prop::sample::select(vec![
        "",
        "\"name\":\"x\",",
        "\"name\":\"yy\",",
        "\"spans\":[{\"fields\":{\"a\":1},\"name\":\"s\"}],",
    ]);
    let time = prop::sample::select(vec![
        "2026-11-21T20:41:00.250000000Z",
        "2026-11-21T20:41:00.25000000xZ",
        "2026-13-21T20:41:00.250000000Z",
    ]);
    let seq = prop::sample::select(vec!["0", "7", "8", "07", "9007199254740992"]);
    let key = prop::sample::select(vec![None, None, Some("b1541897b6ad297c"), Some("B1541897b6ad297c")]);
    let damage = prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>()));
    ((start, kind, level, more), (time, seq, key), (value(), value()), damage).prop_map(
        |((start, kind, level, more), (time, seq, key), (a, b), damage)| {
            let prev = "e2".repeat(32);
            let id = key.map(|key| format!("\"key\":\"{key}\",")).unwrap_or_default();
            let sig = key.map(|_| format!(",\"sig\":\"{}==\"", "A".repeat(86))).unwrap_or_default();
            let mut line = format!(
                "{{{start}\"fields\":{{\"a\":{a},\"kind\":{b}}},\"kind\":\"{kind}\",\"level\":\"{level}\",{more}\"target\":\"audit\",\
                 \"timestamp\":\"{time}\",\"trail\":{{{id}\"log\":\"b1541897b6ad297c\",\"prev\":\"{prev}\",\"seq\":{seq}{sig}}}}}"
            )
            .into_bytes();
            if let Some((at, byte)) = damage {
                *at.get_mut(&mut line) = byte;
            }
            line
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 2_000 } else { 100_000 }))]

    #[test]
    fn whatever_was_read_before_exactly_what_parses_as_a_record_is_taken(lines in prop::collection::vec(line(), 1..12)) {
        let mut records = Records::default();
        for line in &lines {
            let taken = records.read(line).filter(|record| Hash::parse(record.prev).is_some());
            let parsed = Line::parse(line).ok().filter(|line| !line.kind.is_control());
            let expected = parsed.and_then(|line| Some((line.link, Timestamp::parse(line.timestamp)?)));
            let taken = taken.map(|record| {
                let Record { log, seq, prev, signature, time } = record;
                (crate::trail::Link { log, seq, prev: Hash::parse(prev).unwrap(), signature }, time)
            });
            prop_assert_eq!(taken, expected, "{}", String::from_utf8_lossy(line));
        }
    }
}

#[test]
fn a_line_like_the_one_before_is_not_read_whole() {
    let line = |request: &str, actor: &str| {
        format!(
            "{{\"fields\":{{\"actor\":\"{actor}\",\"ok\":true,\"request\":{request}}},\"kind\":\"event\",\"level\":\"INFO\",\
             \"target\":\"audit\",\"timestamp\":\"2026-11-21T20:41:00.250000000Z\",\"trail\":{{\"log\":\"b1541897b6ad297c\",\
             \"prev\":\"{}\",\"seq\":7}}}}",
            "e2".repeat(32)
        )
    };
    let mut records = Records::default();
    for (request, actor) in
        [("1", "alice"), ("10", "bob"), ("9", ""), ("0", "al"), ("1.5", "é"), ("-7", "a\\nb")]
    {
        assert!(records.read(line(request, actor).as_bytes()).is_some());
        assert_eq!(records.shapes.len(), 1, "{request}, {actor}");
    }
    assert!(records.read(line("01", "alice").as_bytes()).is_none());
    assert!(records.read(line("1", "al\u{1}ce").as_bytes()).is_none());
}

#[test]
fn each_record_is_of_the_log_that_it_names() {
    let line = |log: &str| {
        format!(
            r#"{{"fields":{{}},"kind":"event","level":"INFO","target":"audit","timestamp":"2026-11-21T20:41:00.250000000Z","trail":{{"log":"{log}","prev":"{}","seq":7}}}}"#,
            "e2".repeat(32)
        )
    };
    let mut records = Records::default();
    for log in ["b1541897b6ad297c", "b1541897b6ad297c", "fe812c12f3ab4ce6", "b1541897b6ad297c"] {
        let line = line(log);
        assert_eq!(
            records.read(line.as_bytes()).map(|record| record.log),
            KeyId::parse(log.as_bytes()),
            "{log}"
        );
    }
    assert_eq!(records.read(line("FE812C12F3AB4CE6").as_bytes()), None);
}

#[test]
fn a_number_of_a_line_has_one_spelling() {
    for (digits, value) in [("0", 0), ("7", 7), ("10", 10), ("9007199254740991", MAX_SAFE_INTEGER)] {
        assert_eq!(number(digits.as_bytes()), Some(value));
    }
    for digits in
        ["", "00", "01", "9007199254740992", "10000000000000000", "99999999999999999999", "1a", "a", "-1"]
    {
        assert_eq!(number(digits.as_bytes()), None, "{digits}");
    }
}
