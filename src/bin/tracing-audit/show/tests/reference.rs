//! The plain way to write a line: it parses all, and is compared with.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use tracing_audit::trail::Line;

use crate::terminal::harmless;

/// One line of text without a newline: number, time, level; then actor, what was done, and the rest, or a sentence on
/// a control line.
pub(in crate::show) fn shown(line: &Line<'_>) -> String {
    let mut text = format!("{:>6}  {}  {:<5}  ", line.link.seq, time(line.timestamp), line.level.as_str());
    if line.kind.is_control() {
        let mut control = Vec::new();
        crate::show::control::write(line, &mut control);
        text.push_str(std::str::from_utf8(&control).unwrap());
    } else {
        record(line, &mut text);
    }
    harmless(&text).into_owned()
}

fn record(line: &Line<'_>, text: &mut String) {
    let mut fields: Map<String, Value> = serde_json::from_str(line.fields).unwrap_or_default();
    let actor = fields.remove("actor").map_or_else(|| "-".to_owned(), |actor| value(&actor));
    let _ = write!(text, "{actor:<20}");
    if line.target != "audit" {
        let _ = write!(text, "  [{}]", word(&line.target));
    }
    if let Some(name) = &line.name {
        let _ = write!(text, "  {}", word(name));
    }
    if let Some(nanos) = line.duration_ns {
        let _ = write!(text, " took {:?}", Duration::from_nanos(nanos));
    }
    for first in ["action", "message"] {
        if let Some(first) = fields.remove(first) {
            let _ = write!(text, "  {}", value(&first));
        }
    }
    if !fields.is_empty() {
        text.push_str("  ");
        members(&fields, text);
    }
    let spans: Vec<Span> = line.spans.and_then(|spans| serde_json::from_str(spans).ok()).unwrap_or_default();
    for (number, span) in spans.iter().enumerate() {
        let _ = write!(text, "{}{}", if number == 0 { "  in " } else { " > " }, word(&span.name));
        if !span.fields.is_empty() {
            text.push('{');
            members(&span.fields, text);
            text.push('}');
        }
    }
}

#[derive(Deserialize)]
struct Span {
    fields: Map<String, Value>,
    name: String,
}

fn members(fields: &Map<String, Value>, text: &mut String) {
    for (number, (name, field)) in fields.iter().enumerate() {
        let space = if number == 0 { "" } else { " " };
        let _ = write!(text, "{space}{}={}", word(name), value(field));
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// Text that can't be taken for more than one word stands as it is, all else in quotes as JSON has it: a value must not
/// pass for its neighbours.
fn word(text: &str) -> String {
    let is_plain = |char: char| char.is_alphanumeric() || "-_.:/@#+*%&;~".contains(char);
    let looks_typed = text.parse::<f64>().is_ok() || matches!(text, "true" | "false" | "null" | "-");
    if !text.is_empty() && text.chars().all(is_plain) && !looks_typed {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

/// `2026-11-21 20:41:00.250`: UTC, to the millisecond; the line itself has nine digits.
fn time(timestamp: &str) -> String {
    format!("{} {}", &timestamp[..10], &timestamp[11..23])
}
