use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::canonical::value;
use super::*;

fn body(fields: &Value, spans: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    let record =
        json!({"fields": fields, "kind": "event", "level": "INFO", "spans": spans, "target": "audit"});
    value::value(&record, &mut body).unwrap();
    body.pop();
    body
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_str(&format!("{}}}", std::str::from_utf8(body).unwrap())).unwrap()
}

#[test]
fn the_longest_is_cut_and_the_rest_stays() {
    let mut fitted = body(&json!({"actor": "bob", "query": "S".repeat(100), "n": 7}), &json!([]));
    let max = fitted.len() - 50;
    assert!(fit(&mut fitted, max));
    assert_eq!(fitted.len(), max);
    let expected = json!({"actor": "bob", "n": 7, "query": "S".repeat(34), "query#cut": 102});
    assert_eq!(parsed(&fitted)["fields"], expected);
}

#[test]
fn a_value_that_was_cut_keeps_the_number_it_had() {
    let mut fitted = body(&json!({"a": "x".repeat(60), "a#cut": 5000}), &json!([]));
    let max = fitted.len() - 10;
    assert!(fit(&mut fitted, max));
    assert_eq!(parsed(&fitted)["fields"], json!({"a": "x".repeat(50), "a#cut": 5000}));
}

#[test]
fn numbers_and_remarks_are_never_cut() {
    let fields = json!({"a": "x".repeat(60), "b#error": "e".repeat(50), "n": 1.234_567_890_123_456_7e-300});
    let mut fitted = body(&fields, &json!([]));
    let max = fitted.len() - 40;
    assert!(fit(&mut fitted, max));
    assert_eq!(fitted.len(), max);
    let cut = json!({"a": "xxxxxxxxx", "a#cut": 62, "b#error": fields["b#error"], "n": fields["n"]});
    assert_eq!(parsed(&fitted)["fields"], cut);
}

#[test]
fn nested_json_becomes_the_start_of_its_text() {
    let mut fitted = body(&json!({"a": {"k": ["v".repeat(80)]}}), &json!([]));
    let max = fitted.len() - 40;
    assert!(fit(&mut fitted, max));
    let fields = &parsed(&fitted)["fields"];
    assert!(fields["a"].as_str().unwrap().starts_with(r#"{"k":["vvv"#), "{fields}");
    assert_eq!(fields["a#cut"], 90);
}

#[test]
fn what_a_span_says_is_cut_too() {
    let spans = json!([{"fields": {"query": "S".repeat(100)}, "name": "n".repeat(90)}]);
    let mut fitted = body(&json!({"actor": "bob"}), &spans);
    let max = fitted.len() - 50;
    assert!(fit(&mut fitted, max));
    let expected = json!([{"fields": {"query": "S".repeat(34), "query#cut": 102}, "name": "n".repeat(90)}]);
    assert_eq!((fitted.len(), &parsed(&fitted)["spans"]), (max, &expected));
}

#[test]
fn a_mark_stands_where_its_name_belongs() {
    // `a b` sorts before `a#cut`: a space comes before `#`.
    let mut fitted = body(&json!({"a": "x".repeat(90), "a b": 1, "a##": 2, "a.b": 3}), &json!([]));
    let max = fitted.len() - 20;
    assert!(fit(&mut fitted, max));
    let text = String::from_utf8(fitted).unwrap();
    assert!(text.contains(r#","a b":1,"a##":2,"a#cut":92,"a.b":3}"#), "{text}");
}

#[test]
fn names_of_applications_are_never_taken_for_ours() {
    for (name, ours) in [
        ("a#cut", true),
        ("a#2#cut", true),
        ("a###cut", true),
        ("a##cut", false),
        ("cut", false),
        ("a#2", false),
    ] {
        assert_eq!(is_remark(name), ours, "{name}");
    }
}

#[test]
fn what_cannot_fit_is_left_alone() {
    let numbers: Map<String, Value> = (0..100).map(|n| (format!("field{n}"), n.into())).collect();
    let mut numbers = body(&numbers.into(), &json!([]));
    let before = numbers.clone();
    assert!(!fit(&mut numbers, 300));
    assert_eq!(numbers, before);
}

/// Of all levels to which longer values can be cut, the highest that is enough, tried one by one.
#[test]
fn as_much_is_kept_as_one_level_for_all_allows() {
    // A mark takes more than some of these cuts give.
    let names = ["a", "bb", "a.name.as.long.as.its.mark.is.costly"];
    let lengths = [0, 1, 5, 9, 10, 30, 49];
    for at in 0..lengths.len().pow(3) {
        let values = [at / 49, at / 7 % 7, at % 7].map(|at| lengths[at]);
        let fields =
            names.iter().zip(values).map(|(name, length)| ((*name).to_owned(), "x".repeat(length).into()));
        let whole = body(&Value::Object(fields.collect()), &json!([]));
        let cut_to = |level: usize| {
            names.iter().zip(values).fold(whole.len(), |total, (name, length)| {
                if length <= level {
                    return total;
                }
                let mark = format!(r#","{name}#cut":{}"#, length + 2).len();
                total - length + level + mark
            })
        };
        for max in whole.len() - 60..whole.len() {
            let enough = (0..50).rev().map(cut_to).find(|length| *length <= max);
            let mut fitted = whole.clone();
            assert_eq!(fit(&mut fitted, max), enough.is_some(), "{values:?} in {max} of {}", whole.len());
            assert_eq!(fitted.len(), enough.unwrap_or(whole.len()), "{values:?} in {max} of {}", whole.len());
        }
    }
}

fn fields() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        "[a-z\\n\"\\x01é🔒]{0,80}".prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::collection::vec("[a-z\"]{0,20}", 0..6).prop_map(Value::from),
    ];
    prop::collection::btree_map("[a-c.é]{1,3}", value, 0..6).prop_map(|members| members.into_iter().collect())
}

proptest! {
    #[test]
    fn a_fitted_record_is_canonical_and_says_what_it_said(
        own in fields(), spans in prop::collection::vec(fields(), 0..3), less in 1..400usize,
    ) {
        let named: Vec<Value> = spans.iter().map(|fields| json!({"fields": fields, "name": "s"})).collect();
        let whole = body(&own, &named.into());
        let max = whole.len().saturating_sub(less);
        let mut fitted = whole.clone();
        if !fit(&mut fitted, max) {
            prop_assert_eq!(fitted, whole);
            return Ok(());
        }
        prop_assert!(fitted.len() <= max);
        let text = format!("{}}}", std::str::from_utf8(&fitted).unwrap());
        prop_assert_eq!(Scanner::new(&text).value(), Ok(text.as_str()));
        let fitted = parsed(&fitted);
        let pairs = std::iter::once((&fitted["fields"], &own))
            .chain(fitted["spans"].as_array().unwrap().iter().map(|span| &span["fields"]).zip(&spans));
        for (fitted, whole) in pairs {
            for (name, value) in whole.as_object().unwrap() {
                let mut encoded = Vec::new();
                value::value(value, &mut encoded).unwrap();
                match fitted.get(format!("{name}{CUT}")) {
                    None => prop_assert_eq!(&fitted[name], value),
                    Some(cut) => {
                        prop_assert_eq!(cut.as_u64(), Some(encoded.len() as u64));
                        let start = fitted[name].as_str().unwrap();
                        let text = std::str::from_utf8(&encoded).unwrap();
                        prop_assert!(value.as_str().unwrap_or(text).starts_with(start));
                    }
                }
            }
            let marks = fitted.as_object().unwrap().keys().filter(|name| is_remark(name)).count();
            prop_assert_eq!(fitted.as_object().unwrap().len(), whole.as_object().unwrap().len() + marks);
        }
    }
}
