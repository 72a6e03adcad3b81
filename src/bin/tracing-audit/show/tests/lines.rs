//! Lines of logs, at random.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tracing_audit::trail::Timestamp;

use crate::show::wanted::Wanted;

type Fields = Map<String, Value>;

/// Records of any spelling, and lines of a kind that a later version may have.
pub(super) fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let parts = (members(value()), spans(value()), text(), prop::option::of(text()));
    (parts, how()).prop_map(|((fields, spans, target, name), how)| line(&fields, &spans, &target, name, &how))
}

/// Records as an application makes them.
pub(super) fn ordinary_line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::option::of("[a-z.é ]{0,8}");
    let parts = (members(ordinary_value()), spans(ordinary_value()), "audit(::[a-z]{1,5})?", name);
    (parts, how()).prop_map(|((fields, spans, target, name), how)| {
        let ordinary =
            |fields: Fields| fields.into_iter().filter(|(name, _)| is_ordinary(name)).collect::<Fields>();
        let spans =
            spans.into_iter().map(|(fields, _)| (ordinary(fields), "in".to_owned())).collect::<Vec<_>>();
        line(&ordinary(fields), &spans, &target, name, &How { is_later: false, ..how })
    })
}

fn is_ordinary(name: &str) -> bool {
    name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\')
}

#[derive(Debug, Clone)]
struct How {
    level: &'static str,
    duration: Option<u64>,
    time: String,
    seq: u64,
    signature: Option<Vec<u8>>,
    is_later: bool,
}

fn how() -> impl Strategy<Value = How> {
    let level = prop::sample::select(vec!["ERROR", "WARN", "INFO", "DEBUG", "TRACE"]);
    let number = || prop_oneof![0..100_u64, 0..1_000_000_000_000_000_u64];
    let signature = prop::option::of(prop::collection::vec(any::<u8>(), 64));
    let time = (0..1_u64 << 63).prop_map(|nanos| Timestamp::from_nanos(nanos).to_string());
    let time = prop_oneof![9 => time, 1 => Just("2026-02-30T25:00:00.123456789Z".to_owned())];
    (level, prop::option::of(number()), time, number(), signature, prop::bool::weighted(0.05)).prop_map(
        |(level, duration, time, seq, signature, is_later)| How {
            level,
            duration,
            time,
            seq,
            signature,
            is_later,
        },
    )
}

fn line(
    fields: &Fields,
    spans: &[(Fields, String)],
    target: &str,
    name: Option<String>,
    how: &How,
) -> Vec<u8> {
    let mut line = Map::new();
    let mut add = |name: &str, value: Value| drop(line.insert(name.to_owned(), value));
    let duration = how.duration.filter(|_| !how.is_later);
    if let Some(duration) = duration {
        add("duration_ns", duration.into());
    }
    let kind = match duration {
        _ if how.is_later => "later",
        Some(_) => "span",
        None => "event",
    };
    add("kind", kind.into());
    add("fields", fields.clone().into());
    add("level", how.level.into());
    if !how.is_later {
        let name = name.or_else(|| duration.map(|_| "unnamed".to_owned()));
        if let Some(name) = name {
            add("name", name.into());
        }
        let each = |(fields, name): &(Fields, String)| json!({"fields": fields, "name": name});
        if !spans.is_empty() {
            add("spans", spans.iter().map(each).collect());
        }
    }
    add("target", target.into());
    add("timestamp", how.time.as_str().into());
    let mut trail = json!({"log": "b1541897b6ad297c", "prev": "e2".repeat(32), "seq": how.seq});
    if let Some(signature) = &how.signature {
        trail["key"] = "ccc244e304c6da4a".into();
        trail["sig"] = STANDARD.encode(signature).into();
    }
    add("trail", trail);
    (serde_json_canonicalizer::to_string(&line).unwrap() + "\n").into_bytes()
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Fields> {
    prop::collection::vec((name(), value), 0..8).prop_map(Map::from_iter)
}

fn spans(value: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Vec<(Fields, String)>> {
    prop_oneof![Just(Vec::new()), prop::collection::vec((members(value), text()), 1..4)]
}

fn name() -> impl Strategy<Value = String> {
    let known =
        vec!["actor", "action", "message", "actor#cut", "a", "a.b", "b", "é", "\u{fb33}", "\u{1f600}"];
    prop_oneof![4 => prop::sample::select(known).prop_map(str::to_owned), 1 => text()]
}

/// What looks like another value, what a terminal obeys, what canonical JSON escapes, and anything.
fn text() -> impl Strategy<Value = String> {
    let odd = vec![
        "",
        "-",
        "true",
        "false",
        "null",
        "1",
        "-1",
        "+1",
        ".5",
        "5.",
        "1e5",
        "inf",
        "-Infinity",
        "NaN",
        "nan",
        "nano",
        "0x1",
        "203.0.113.7",
        "t",
        "a b",
        "a=b",
        "\u{7f}",
        "é",
        "日本語",
        "né à Zürich",
        "\u{115f}",
        "\u{202e}x",
        "\u{e0041}",
        "\\",
        "\"",
    ];
    prop_oneof![
        prop::sample::select(odd).prop_map(str::to_owned),
        "[a-zA-Z0-9_.:/@#+*%&;~-]{0,12}",
        "[ -~]{0,12}",
        prop::collection::vec(any::<char>(), 0..6).prop_map(String::from_iter),
        prop::collection::vec((0..0x100_u32).prop_map(|char| char::from_u32(char).unwrap()), 0..6)
            .prop_map(String::from_iter),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    let limit = 1_i64 << 53;
    prop_oneof![
        (-limit + 1..limit).prop_map(Value::from),
        (-1000..1000_i64).prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        (-1_000_000..1_000_000_i32, 0..12)
            .prop_map(|(digits, scale)| (f64::from(digits) / 10_f64.powi(scale)).into()),
        (1..10_i32, -30..30).prop_map(|(digit, power)| (f64::from(digit) * 10_f64.powi(power)).into()),
    ]
}

fn simple() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        4 => text().prop_map(Value::from),
        2 => number(),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ]
    .boxed()
}

fn value() -> impl Strategy<Value = Value> + Clone {
    simple().prop_recursive(3, 12, 4, |inner| {
        let object = prop::collection::vec((name(), inner.clone()), 0..4).prop_map(Fields::from_iter);
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::from), object.prop_map(Value::from)]
    })
}

fn ordinary_value() -> impl Strategy<Value = Value> + Clone {
    prop_oneof![
        "[ -~é日🔒\n\t]{0,12}".prop_map(Value::from),
        (-999_999_999_999_999..999_999_999_999_999_i64).prop_map(Value::from),
        (1_000..1_000_000_i32).prop_map(|thousandths| (f64::from(thousandths) / 1_000.0).into()),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ]
    .boxed()
}

/// Lines of few times, names and values.
pub(super) fn line_of_few() -> impl Strategy<Value = Vec<u8>> {
    let value =
        prop::sample::select(vec![json!("x"), json!("a\n"), json!(1), json!(0.5), json!(true), Value::Null]);
    let name = || prop::sample::select(vec!["a", "b", "a.b", "", "a\n"]).prop_map(str::to_owned);
    let value = value.prop_recursive(3, 8, 3, move |inner| {
        let object = prop::collection::vec((name(), inner.clone()), 1..3).prop_map(Fields::from_iter);
        prop_oneof![
            1 => prop::collection::vec(inner, 0..3).prop_map(Value::from),
            3 => object.prop_map(Value::from),
        ]
    });
    let parts =
        (prop::collection::vec((name(), value), 0..4).prop_map(Fields::from_iter), few_times(), how());
    parts.prop_map(|(fields, time, how)| {
        line(&fields, &[], "audit", Some("n".to_owned()), &How { time, ..how })
    })
}

/// Of which some hold of lines of few times, names and values.
pub(super) fn wanted() -> impl Strategy<Value = Wanted> {
    let fields =
        ["a", "b", "a.b", "a.a", "b.a.b", "a.", ".a", "a\n", "ab", "kind", "level", "name", "target"];
    let values = ["x", "a\n", "1", "0.5", "true", "null", "event", "info", "INFO", "n", "audit", "later"];
    let select =
        |of: &[&str]| prop::sample::select(of.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    let conditions = prop::collection::vec((select(&fields), select(&values)), 0..3);
    let time = || prop::option::of(few_times().prop_filter_map("a time", |time| Timestamp::parse(&time)));
    (time(), time(), conditions).prop_map(|(since, until, conditions)| Wanted::of(since, until, &conditions))
}

fn few_times() -> impl Strategy<Value = String> {
    let times = [
        "2026-11-21T20:41:00.250000000Z",
        "2026-11-21T20:41:00.250000001Z",
        "2026-11-31T00:00:00.000000000Z",
    ];
    prop::sample::select(times.map(str::to_owned).to_vec())
}
