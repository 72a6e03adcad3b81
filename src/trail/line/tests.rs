//! What a line must have, and what no line has.

use super::super::{Chain, SecretKey, Timestamp};
use super::*;

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

/// A line of this body, signed.
fn line(body: &str) -> String {
    let mut line = Vec::new();
    let time = Timestamp::from_nanos(1_795_293_660_000_000_000);
    Chain::new(key().id()).signed(body.as_bytes(), time, &key(), &mut line);
    assert_eq!(line.pop(), Some(b'\n'));
    String::from_utf8(line).unwrap()
}

/// Why a line of this body is none.
fn refused(body: &str) -> &'static str {
    Line::parse(line(body).as_bytes()).expect_err(body).why
}

fn event(members: &str) -> String {
    format!(r#"{{"fields":{{}},"kind":"event","level":"INFO"{members},"target":"audit""#)
}

fn kind(kind: &str, before: &str, behind: &str) -> String {
    format!(r#"{{{before}"fields":{{}},"kind":"{kind}","level":"INFO"{behind},"target":"audit""#)
}

#[test]
fn each_member_is_told() {
    let spans = r#"[{"fields":{"id":1},"name":"outer"},{"fields":{},"name":"inner"}]"#;
    let body = format!(
        r#"{{"duration_ns":42,"fields":{{"a":"b"}},"kind":"span","level":"WARN","name":"request","spans":{spans},"target":"audit::\"x\"""#
    );
    let text = line(&body);
    let line = Line::parse(text.as_bytes()).unwrap();
    assert_eq!((line.kind, line.level, line.duration_ns), (Kind::Span, Level::Warn, Some(42)));
    assert_eq!((line.name.as_deref(), line.spans), (Some("request"), Some(spans)));
    assert_eq!((line.fields, &*line.target), (r#"{"a":"b"}"#, r#"audit::"x""#));
    assert_eq!((line.timestamp, line.link.seq), ("2026-11-21T20:41:00.000000000Z", 0));
    assert!(line.is_signed_by(&key().public()));
    #[cfg(feature = "shipped")]
    {
        let (unsigned, _) = text.split_once(r#","sig":"#).unwrap();
        assert_eq!(line.unsigned_hash(), Some(Hash::of_bytes(format!("{unsigned}}}}}").as_bytes())));
    }
}

#[test]
fn each_kind_and_level_is_known_by_its_word() {
    for word in ["event", "genesis", "resume", "handoff", "gap", "close", "seal"] {
        let text = line(&kind(word, "", ""));
        let line = Line::parse(text.as_bytes()).unwrap();
        assert_eq!((line.kind.as_str(), line.kind.is_control()), (word, word != "event"));
        assert_eq!(matches!(line.kind, Kind::Other(_)), word == "seal");
    }
    for word in ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"] {
        let text = line(&event("").replace("INFO", word));
        assert_eq!(Line::parse(text.as_bytes()).unwrap().level.as_str(), word);
    }
    assert_eq!(refused(&event("").replace("INFO", "info")), "no such level");
}

#[test]
fn a_span_has_a_name_and_a_duration_and_nothing_else_a_duration() {
    let duration = r#""duration_ns":1,"#;
    let name = r#","name":"n""#;
    assert!(Line::parse(line(&kind("span", duration, name)).as_bytes()).is_ok());
    assert_eq!(refused(&kind("span", duration, "")), "a span without `name`");
    let belongs = "`duration_ns` belongs on spans, and on all of them";
    assert_eq!(refused(&kind("span", "", name)), belongs);
    assert_eq!(refused(&kind("event", duration, "")), belongs);
    assert!(Line::parse(line(&event(name)).as_bytes()).is_ok());
}

#[test]
fn a_control_line_has_no_name_and_no_spans() {
    let why = "a control line with `name` or `spans`";
    for member in [r#","name":"n""#, r#","spans":[{"fields":{},"name":"n"}]"#] {
        assert_eq!(refused(&kind("gap", "", member)), why);
        assert!(Line::parse(line(&event(member)).as_bytes()).is_ok());
    }
}

#[test]
fn spans_have_fields_and_names_and_are_never_none() {
    let of = |spans: &str| refused(&event(&format!(r#","spans":{spans}"#)));
    assert_eq!(of("[]"), "`spans` is left out where there are none");
    for span in [r#"{"fields":{}}"#, r#"{"name":"n"}"#, "{}"] {
        assert_eq!(of(&format!("[{span}]")), "a span without `fields` or `name`");
    }
    assert_eq!(of(r#"[{"fields":{},"id":1,"name":"n"}]"#), "a member that no span has");
}

#[test]
fn what_is_missing_or_strange_is_named() {
    let whole = line(&event(""));
    let without = |member: &str| {
        let text = whole.replace(member, "");
        Line::parse(text.as_bytes()).expect_err(member).why
    };
    assert_eq!(without(r#""fields":{},"#), "`fields` is missing");
    assert_eq!(without(r#""kind":"event","#), "`kind` is missing");
    assert_eq!(without(r#""level":"INFO","#), "`level` is missing");
    assert_eq!(without(r#""target":"audit","#), "`target` is missing");
    assert_eq!(without(r#""timestamp":"2026-11-21T20:41:00.000000000Z","#), "`timestamp` is missing");
    assert_eq!(without(r#","seq":0"#), "a trail without `log`, `prev` or `seq`");
    let end = whole.find(r#","trail":"#).unwrap();
    assert_eq!(Line::parse(format!("{}}}", &whole[..end]).as_bytes()).unwrap_err().why, "`trail` is missing");
    let changed = |from: &str, to: &str| Line::parse(whole.replace(from, to).as_bytes()).unwrap_err();
    assert_eq!(changed("{}", "[]").why, "`fields` is no object");
    assert_eq!(changed("00Z", "00z").why, "not a timestamp in UTC with nine digits");
    assert_eq!(changed("\"kind\"", "\"kinds\"").why, "a member that no line has");
    let error = changed("\"event\"", "\"e\\\"vent\"");
    assert_eq!(error.why, "no kind of line has such a name");
    assert_eq!(error.to_string(), "no kind of line has such a name (byte 21 of the line)");
}

#[test]
fn a_signature_is_of_its_key_and_of_every_byte() {
    let whole = line(&event(""));
    let signed = Line::parse(whole.as_bytes()).unwrap();
    let signature = signed.link.signature.unwrap();
    assert!(signature.is_of(whole.as_bytes(), &key().public()));
    let other = SecretKey::from_seed(&[8; 32]).public();
    assert!(!signature.is_of(whole.as_bytes(), &other));
    assert!(!LineSignature { key: other.id(), ..signature }.is_of(whole.as_bytes(), &key().public()));
    assert!(!signature.is_of(whole.replace("audit", "Audit").as_bytes(), &key().public()));
}
