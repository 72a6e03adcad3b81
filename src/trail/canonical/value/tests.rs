use std::collections::{BTreeMap, HashMap};

use super::*;
use proptest::prelude::*;

fn written<T: Serialize + ?Sized>(of: &T) -> Result<String> {
    let mut out = b"before".to_vec();
    value(of, &mut out)?;
    Ok(String::from_utf8(out.split_off(6)).unwrap())
}

#[derive(Serialize)]
struct Transfer {
    to: &'static str,
    amount: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    kind: Kind,
    more: Vec<Kind>,
}

#[derive(Serialize)]
enum Kind {
    Wire,
    Cash(f64),
    Split(i8, i128),
    Check { no: u64, bank: char },
}

#[test]
fn structs_and_enums_are_as_serde_json_has_them_but_canonical() {
    let transfer = Transfer {
        to: "bob",
        amount: u64::MAX,
        note: None,
        kind: Kind::Wire,
        more: vec![Kind::Cash(f64::NAN), Kind::Split(-1, i128::MIN), Kind::Check { no: 7, bank: '"' }],
    };
    let expected = format!(
        r#"{{"amount":"18446744073709551615","kind":"Wire","more":[{{"Cash":"NaN"}},{{"Split":[-1,"{}"]}},{{"Check":{{"bank":"\"","no":7}}}}],"to":"bob"}}"#,
        i128::MIN
    );
    assert_eq!(written(&transfer), Ok(expected));
}

#[test]
fn keys_of_maps_become_names() {
    assert_eq!(written(&BTreeMap::from([(10, "a"), (9, "b")])), Ok(r#"{"10":"a","9":"b"}"#.into()));
    assert_eq!(written(&HashMap::from([(true, None::<u8>)])), Ok(r#"{"true":null}"#.into()));
    assert_eq!(written(&BTreeMap::<u8, u8>::new()), Ok("{}".into()));
    assert_eq!(written(&BTreeMap::from([(Some('x'), 1)])), Ok(r#"{"x":1}"#.into()));
    assert_eq!(written(&BTreeMap::from([([1], 1)])), Err(ValueError::Name));
    assert_eq!(ValueError::Name.to_string(), "a member's name that is not a string");
    assert_eq!(written(&[Some("x"), None]), Ok(r#"["x",null]"#.into()));
}

#[test]
fn an_error_leaves_nothing_behind() {
    struct Twice;
    impl Serialize for Twice {
        fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("a", 1), ("b", 2), ("a", 3)])
        }
    }
    let mut out = b"before".to_vec();
    assert_eq!(value(&[Twice], &mut out), Err(ValueError::Duplicate("a".into())));
    assert_eq!(out, b"before");
}

#[test]
fn depth_is_bounded() {
    #[derive(Serialize)]
    struct Nested(Vec<Nested>);
    let nest = |depth| (1..depth).fold(Nested(Vec::new()), |inner, _| Nested(vec![inner]));
    assert_eq!(written(&nest(64)), Ok("[".repeat(64) + &"]".repeat(64)));
    assert_eq!(written(&nest(65)), Err(ValueError::Depth));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Into::into),
        proptest::num::f64::NORMAL.prop_map(Into::into),
        "\\PC{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(".{0,3}|[\u{E000}-\u{10FFFF}]", inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn trees_are_as_another_implementation_writes_them(tree in json()) {
        let ours = written(&tree).unwrap();
        prop_assert_eq!(&ours, &serde_json_canonicalizer::to_string(&tree).unwrap());
        prop_assert_eq!(super::super::scan::Scanner::new(&ours).value(), Ok(ours.as_str()));
    }
}
