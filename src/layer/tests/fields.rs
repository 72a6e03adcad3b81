use std::error::Error;
use std::fmt;

use proptest::prelude::*;
use tracing::{Level, error, event, info};

use super::*;
use crate::json;

#[test]
fn a_record_is_a_line_up_to_its_timestamp() {
    let log = Log::new();
    info!(target: "audit", actor = "alice", rate_limit = 100, action = "token.issued", "token issued");
    error!(name: "login", target: "audit::web", ok = false);
    info!(target: "audit", "{} of {}", 1, 2);
    event!(target: "audit", Level::WARN, {});
    assert_eq!(
        log.bodies(),
        [
            r#"{"fields":{"action":"token.issued","actor":"alice","message":"token issued","rate_limit":100},"kind":"event","level":"INFO","target":"audit""#,
            r#"{"fields":{"ok":false},"kind":"event","level":"ERROR","name":"login","target":"audit::web""#,
            r#"{"fields":{"message":"1 of 2"},"kind":"event","level":"INFO","target":"audit""#,
            r#"{"fields":{},"kind":"event","level":"WARN","target":"audit""#,
        ]
    );
}

#[test]
fn events_that_are_not_ours_are_no_records() {
    let log = Log::new();
    info!("app");
    info!(target: "auditors", "no");
    tracing::debug!(target: "audit", "below the level");
    assert_eq!(log.bodies(), [""; 0]);
}

#[test]
fn values_are_as_the_format_has_them() {
    let log = Log::new();
    info!(
        target: "audit", a = u64::MAX, b = i64::MIN, c = 9_007_199_254_740_991_u64, d = u128::MAX, e = -7_i128, f = 0.5,
        g = f64::NAN, h = f64::INFINITY, i = f64::NEG_INFINITY, j = 1e21, k = -0.0, l = true, m = "q\"\n",
        n = &b"bytes"[..], o = ?Some("x"), p = %"plain", q = ?json(&["read", "pay"]), r = %json(&7),
        s = Option::<u8>::None,
    );
    assert_eq!(
        log.fields(),
        concat!(
            r#"{"a":"18446744073709551615","b":"-9223372036854775808","c":9007199254740991,"#,
            r#""d":"340282366920938463463374607431768211455","e":-7,"f":0.5,"g":"NaN","h":"Infinity","i":"-Infinity","#,
            r#""j":1e+21,"k":0,"l":true,"m":"q\"\n","n":"Ynl0ZXM=","o":"Some(\"x\")","p":"plain","q":["read","pay"],"r":7}"#
        )
    );
}

#[derive(Debug)]
struct Failed(&'static str, Option<Box<Failed>>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|error| error as _)
    }
}

#[test]
fn an_error_is_told_with_its_sources() {
    let log = Log::new();
    let failed = Failed(
        "payment refused",
        Some(Box::new(Failed("card expired", Some(Box::new(Failed("E51", None)))))),
    );
    info!(target: "audit", error = &failed as &(dyn Error + 'static));
    assert_eq!(log.fields(), r#"{"error":"payment refused: card expired: E51"}"#);
}

#[test]
fn a_name_with_a_hash_is_doubled_and_a_second_field_of_one_name_is_numbered() {
    let log = Log::new();
    let r#type = "raw";
    info!(target: "audit", r#type, "a#b" = 1, a = 1, a = 2, "a b" = 3, a = 4, user.r#type = 5);
    assert_eq!(log.fields(), r#"{"a":1,"a b":3,"a##b":1,"a#2":2,"a#3":4,"type":"raw","user.type":5}"#);
}

#[test]
fn a_value_beyond_its_limit_is_cut_and_says_how_long_it_was() {
    let log = Log::with(LayerConfig { value_limit: 10, ..LayerConfig::default() });
    info!(
        target: "audit", a = "éééééé", "a b" = "12345678", b = ?"x".repeat(100), c = &[0_u8; 9][..],
        d = ?json(&["123456789"]), e = u128::MAX,
    );
    assert_eq!(
        log.fields(),
        concat!(
            r#"{"a":"éééé","a b":"12345678","a#cut":14,"b":"\"xxxxxx","b#cut":106,"c":"AAAAAAAA","c#cut":14,"#,
            r#""d":"[\"12345","d#cut":13,"e":"340282366920938463463374607431768211455"}"#
        )
    );
}

#[test]
fn a_record_beyond_the_line_loses_the_end_of_its_longest_values_first() {
    let log = Log::with(LayerConfig { line_limit: 545, ..LayerConfig::default() });
    info!(target: "audit", a = "x".repeat(300), b = "short");
    let [body] = log.bodies().try_into().unwrap();
    assert_eq!(body.len(), 200);
    assert!(body.contains(r#"x","a#cut":302,"b":"short"},"kind""#), "{body}");
}

#[test]
fn no_record_takes_more_memory_than_a_line_may_have() {
    let log = Log::new();
    let value = "x".repeat(5_000);
    info!(target: "audit", a = value, "just below the limit of a line");
    info!(target: "audit", a = value, b = value, c = value, d = value, "far above it");
    let capacities = log.records.try_iter().map(|record| record.body.capacity()).collect::<Vec<_>>();
    let limit = LayerConfig::default().line_limit;
    assert!(capacities.len() == 2 && capacities.iter().all(|capacity| *capacity <= limit), "{capacities:?}");
}

#[test]
fn a_debug_that_fails_leaves_a_reason() {
    struct Broken;
    impl fmt::Debug for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far")?;
            Err(fmt::Error)
        }
    }
    let log = Log::new();
    info!(target: "audit", a = ?Broken);
    assert_eq!(log.fields(), r#"{"a":"so far","a#error":"its own formatting failed"}"#);
}

#[test]
fn a_debug_that_panics_spoils_its_own_field_and_no_more() {
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far")?;
            std::panic::resume_unwind(Box::new(()))
        }
    }
    impl serde::Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            std::panic::resume_unwind(Box::new(()))
        }
    }
    let log = Log::new();
    info!(target: "audit", a = ?Panics, b = ?json(&Panics), c = 1);
    assert_eq!(
        log.fields(),
        concat!(
            r#"{"a":"so far","a#error":"its own formatting panicked","#,
            r#""b":"","b#error":"its own formatting panicked","c":1}"#
        )
    );
}

#[test]
fn nothing_that_is_logged_while_we_are_at_work_is_recorded() {
    let log = Log::new();
    crate::quiet::quiet(|| {
        info!(target: "audit", "from a dependency");
        let _span = tracing::info_span!(target: "audit", "from a dependency").entered();
    });
    info!(target: "audit", a = 1);
    assert_eq!(log.fields(), r#"{"a":1}"#);
}

proptest! {
    #[test]
    fn values_are_as_another_implementation_writes_them(
        text: String, float in proptest::num::f64::NORMAL, int: i32, flag: bool, bytes in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        use base64::Engine as _;

        let log = Log::new();
        info!(target: "audit", text, int, nested = ?json(&[&text]), flag, float, bytes = bytes.as_slice(), debug = ?text);
        let theirs = serde_json::json!({
            "bytes": base64::engine::general_purpose::STANDARD.encode(&bytes), "debug": format!("{text:?}"), "flag": flag,
            "float": float, "int": int, "nested": [text], "text": text,
        });
        prop_assert_eq!(log.fields(), serde_json_canonicalizer::to_string(&theirs).unwrap());
    }
}
