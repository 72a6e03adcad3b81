//! A line as a person reads it.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use tracing_audit::trail::{
    Control, Ended, Genesis, InvalidControl, Line, Previous, Timestamp, Torn, WriterIdentity,
};

use crate::terminal::harmless;

/// One line of text without a newline: number, time, level; then actor, what was done, and the rest, or a sentence on
/// a control line.
pub(super) fn shown(line: &Line<'_>) -> String {
    let mut text = format!("{:>6}  {}  {:<5}  ", line.link.seq, time(line.timestamp), line.level.as_str());
    match Control::parse(line) {
        Ok(None) if line.kind.is_control() => {
            let _ =
                write!(text, "-- {}, which this version does not know: {}", line.kind.as_str(), line.fields);
        }
        Ok(None) => record(line, &mut text),
        Ok(Some(control)) => {
            let _ = write!(text, "-- {}", sentence(&control));
        }
        Err(InvalidControl::Format(format)) => {
            let _ = write!(text, "-- file of the format {format:?}, which this version does not read");
        }
        Err(error) => {
            let _ = write!(text, "-- {}: {error}", line.kind.as_str());
        }
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

fn sentence(control: &Control) -> String {
    match control {
        Control::Genesis(genesis) => opening(genesis),
        Control::Resume(resume) => {
            let how = match resume.ended {
                Ended::Shutdown => "a shutdown",
                _ => "a crash",
            };
            format!("{} goes on after {how}{}", writer(&resume.writer), torn(resume.torn))
        }
        Control::Handoff(handoff) => format!(
            "from here on key {} signs (epoch {}; {})",
            handoff.public_key.id(),
            handoff.epoch,
            word(&handoff.reason)
        ),
        Control::Gap(gap) => {
            let records = if gap.lost == 1 { "1 record was" } else { &format!("{} records were", gap.lost) };
            format!("{records} lost since {}: {}", instant(gap.since), word(&gap.reason))
        }
        Control::Close(close) => match close.reason {
            Ended::Rotated => "closed; another file follows".to_owned(),
            Ended::Shutdown => "closed; the writer shut down".to_owned(),
            other => format!("closed; {other}"),
        },
    }
}

fn opening(genesis: &Genesis) -> String {
    let Genesis { file, origin, epoch, public_key, .. } = genesis;
    let mut text = format!(
        "file {file} of {}, written by {}, signed by key {} (epoch {epoch})",
        word(origin),
        writer(&genesis.writer),
        public_key.id()
    );
    if let Some(Previous { name, ended, torn: left, .. }) = &genesis.previous {
        let _ = write!(text, "; before it {} ({ended}{})", word(name), torn(*left));
    }
    if let Some(succeeds) = &genesis.succeeds {
        let _ = write!(text, "; in place of log {}, whose last line was {}", succeeds.log, succeeds.seq);
    }
    text.push_str(&torn(genesis.torn));
    text
}

fn writer(writer: &WriterIdentity) -> String {
    format!("{} (process {} on {})", word(&writer.program), writer.pid, word(&writer.host))
}

fn torn(torn: Option<Torn>) -> String {
    torn.map_or_else(String::new, |torn| format!("; {} torn bytes", torn.bytes))
}

fn instant(instant: Timestamp) -> String {
    time(&instant.to_string())
}
