//! `json(&value)`: nested in the log, text everywhere else.

#[path = "common/log.rs"]
mod log;

use std::io;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use tracing::info;
use tracing_audit::json;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Serialize)]
struct Transfer {
    to: &'static str,
    amount: u64,
}

#[test]
fn other_layers_print_the_text_of_what_the_log_nests() {
    let printed = Printed::default();
    let writer = printed.clone();
    let others = fmt::layer().with_ansi(false).without_time().with_writer(move || writer.clone());
    let (layer, log) = log::open(|builder| builder);
    tracing::subscriber::with_default(registry().with(layer).with(others), || {
        let transfer = Transfer { to: "bob", amount: u64::MAX };
        info!(target: "audit", transfer = ?json(&transfer), some = ?Some(json(&transfer)), scopes = %json(&["read"]));
    });
    let text = r#"{"amount":"18446744073709551615","to":"bob"}"#;
    assert_eq!(
        String::from_utf8(printed.0.lock().unwrap().clone()).unwrap(),
        format!(" INFO audit: transfer={text} some=Some({text}) scopes=[\"read\"]\n")
    );
    let fields = serde_json::json!({
        "scopes": ["read"], "some": format!("Some({text})"), "transfer": {"amount": u64::MAX.to_string(), "to": "bob"},
    });
    assert_eq!(log.records()[0]["fields"], fields);
}
