//! What a control line says, in a sentence.

use std::fmt::Write as _;

use serde_json::Value;
use tracing_audit::trail::{
    Control, Ended, Genesis, InvalidControl, Line, Previous, Timestamp, Torn, WriterIdentity,
};

use super::text;
use crate::terminal::{count, write_harmless};

/// Writes `-- ` and the sentence.
pub(super) fn write(line: &Line<'_>, out: &mut Vec<u8>) {
    let text = match Control::parse(line) {
        Ok(Some(control)) => sentence(&control),
        Ok(None) => {
            format!("{}, which this version does not know: {}", line.kind.as_str(), line.fields)
        }
        Err(InvalidControl::Format(format)) => {
            format!("file of the format {format:?}, which this version does not read")
        }
        Err(error) => format!("{}: {error}", line.kind.as_str()),
    };
    out.extend_from_slice(b"-- ");
    write_harmless(&text, out);
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
    torn.map_or_else(String::new, |torn| format!("; {}", count(torn.bytes, "torn byte")))
}

/// What was decoded, as a value stands in a record.
fn word(decoded: &str) -> String {
    if text::is_one_word(decoded) { decoded.to_owned() } else { Value::from(decoded).to_string() }
}

/// `2026-11-21 20:41:00.250`: UTC, to the millisecond.
fn instant(instant: Timestamp) -> String {
    let text = instant.to_string();
    format!("{} {}", &text[..10], &text[11..23])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_audit::trail::Hash;

    fn written(fields: &str, kind: &str) -> String {
        let trail = format!(r#"{{"log":"b1541897b6ad297c","prev":"{}","seq":0}}"#, "0".repeat(64));
        let line = format!(
            r#"{{"fields":{fields},"kind":"{kind}","level":"INFO","target":"audit","timestamp":"2026-11-21T20:41:00.250000000Z","trail":{trail}}}"#
        );
        let mut out = Vec::new();
        write(&Line::parse(line.as_bytes()).unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_is_one() {
        let gap = |lost| {
            let fields = r#""reason":"overflow","since":"2026-11-21T20:41:00.000000000Z""#;
            written(&format!("{{\"lost\":{lost},{fields}}}"), "gap")
        };
        assert_eq!(gap(1), "-- 1 record was lost since 2026-11-21 20:41:00.000: overflow");
        assert_eq!(gap(2), "-- 2 records were lost since 2026-11-21 20:41:00.000: overflow");
        let left = |bytes| torn(Some(Torn { bytes, sha256: Hash::ZERO }));
        assert_eq!((left(1), left(2)), ("; 1 torn byte".to_owned(), "; 2 torn bytes".to_owned()));
    }

    #[test]
    fn what_a_later_version_wrote_is_shown_as_far_as_it_can_be() {
        assert_eq!(
            written("{\"a\":\"\u{202e}\"}", "later"),
            r#"-- later, which this version does not know: {"a":"\u202e"}"#
        );
        assert_eq!(
            written(r#"{"format":"tracing-audit/v2"}"#, "genesis"),
            r#"-- file of the format "tracing-audit/v2", which this version does not read"#
        );
        assert_eq!(written(r#"{"reason":"rotated"}"#, "close"), "-- closed; another file follows");
        assert!(written("{}", "close").starts_with("-- close: "), "{}", written("{}", "close"));
    }
}
