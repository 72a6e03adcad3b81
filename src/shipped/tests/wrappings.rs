//! Each way in which lines are wrapped that shippers, stores and queries have, with each kind of line: whole, one altered,
//! ten gone. The verdict and the numbers are the same in each.

use serde_json::{Value, json};

use super::*;
use crate::trail::{Close, Gap};

type Wrap = fn(&[String]) -> Vec<u8>;

/// A log with each kind of line, and ten events from line 5 on.
fn of_all_kinds() -> Log {
    let mut log = Log::new(1).events(4, 2);
    for number in 0..10 {
        log = log.event(
            &format!(r#""n":{number},"path":"C:\\x","said":"\"a\"\n\té🔒","small":1e-7"#),
            number % 3 == 0,
        );
    }
    let span = r#"{"duration_ns":1500,"fields":{"ok":true},"kind":"span","level":"INFO","name":"request","spans":[{"fields":{"id":7},"name":"root"}],"target":"audit""#;
    log.add(span.as_bytes(), true);
    let since = Timestamp::from_nanos(log.time);
    log.control(&Control::Gap(Gap { lost: 3, reason: "queue full".into(), since }));
    let log = log.hand_over().resume();
    let mut log = log.events(3, 3);
    log.control(&Control::Close(Close { reason: Ended::Shutdown }));
    log
}

fn joined(lines: &[String], wrap: impl Fn(&str) -> String) -> Vec<u8> {
    lines.iter().map(|line| wrap(line)).collect::<String>().into_bytes()
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

fn quoted(line: &str) -> String {
    serde_json::to_string(line).unwrap()
}

/// Its members in the opposite order.
fn turned(line: &str) -> String {
    let members = object(line);
    let members = members.as_object().unwrap().iter().rev();
    let members: Vec<_> = members.map(|(name, value)| format!("{}: {value}", quoted(name))).collect();
    format!("{{ {} }}", members.join(", "))
}

#[allow(clippy::too_many_lines)] // one each
fn wrappings() -> Vec<(&'static str, Wrap)> {
    vec![
        ("raw", |lines| joined(lines, |line| format!("{line}\n"))),
        ("CRLF", |lines| joined(lines, |line| format!("{line}\r\n"))),
        ("byte order mark", |lines| {
            [b"\xef\xbb\xbf".to_vec(), joined(lines, |line| format!("{line}\n"))].concat()
        }),
        ("UTF-16", |lines| {
            let text = lines.join("\r\n");
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        }),
        ("syslog", |lines| joined(lines, |line| format!("<134>Nov 22 00:00:00 host app[7]: {line}\n"))),
        ("RFC 5424", |lines| {
            joined(lines, |line| format!("<134>1 2026-11-22T00:00:00Z h a 7 - [x@1 y=\"z\"] {line}\n"))
        }),
        ("octet counting", |lines| {
            joined(lines, |line| {
                let message = format!("<13>1 - h a - - - {line}");
                format!("{} {message}", message.len())
            })
        }),
        ("octet counting, written anew", |lines| {
            joined(lines, |line| {
                let message = format!("<13>1 - h a - - - {}", turned(line));
                format!("{} {message}", message.len())
            })
        }),
        ("zero bytes", |lines| joined(lines, |line| format!("<13>{line}\0"))),
        ("length before", |lines| {
            let framed =
                |line: &String| [&u32::try_from(line.len()).unwrap().to_be_bytes(), line.as_bytes()].concat();
            lines.iter().flat_map(framed).collect()
        }),
        ("string in a member", |lines| {
            joined(lines, |line| json!({"log": format!("{line}\n")}).to_string() + "\n")
        }),
        ("nested", |lines| joined(lines, |line| json!({"a": {"b": [{"c": line}]}}).to_string() + "\n")),
        ("string in a string", |lines| {
            joined(lines, |line| json!({"x": quoted(&quoted(line))}).to_string() + "\n")
        }),
        ("one array", |lines| json!(lines).to_string().into_bytes()),
        ("OTLP", |lines| {
            let records: Vec<_> = lines.iter().map(|line| json!({"body": {"stringValue": line}})).collect();
            json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).to_string().into_bytes()
        }),
        ("Loki", |lines| {
            let values: Vec<_> = lines.iter().map(|line| json!(["1", line])).collect();
            json!({"streams": [{"stream": {}, "values": values}]}).to_string().into_bytes()
        }),
        ("bulk", |lines| joined(lines, |line| format!("{{\"index\":{{}}}}\n{}\n", json!({"message": line})))),
        ("search answer, pretty", |lines| {
            let hits: Vec<_> = lines.iter().map(|line| json!({"_source": {"message": line}})).collect();
            serde_json::to_vec_pretty(&json!({"took": 1, "hits": {"hits": hits}})).unwrap()
        }),
        ("written anew", |lines| joined(lines, |line| turned(line) + "\n")),
        ("written anew, pretty", |lines| {
            joined(lines, |line| serde_json::to_string_pretty(&object(line)).unwrap() + "\n")
        }),
        ("written anew, long and pretty", |lines| {
            let pad = "x".repeat((1 << 20) / 4);
            let hits: Vec<_> =
                lines.iter().map(|line| json!({"_source": object(line), "pad": pad})).collect();
            serde_json::to_vec_pretty(&json!({"hits": hits})).unwrap()
        }),
        ("written anew, with nulls", |lines| {
            joined(lines, |line| {
                let mut value = object(line);
                for name in ["duration_ns", "name", "spans"] {
                    value.as_object_mut().unwrap().entry(name).or_insert(Value::Null);
                }
                value.to_string() + "\n"
            })
        }),
        ("CSV", |lines| joined(lines, |line| format!("7,\"{}\",x\n", line.replace('"', "\"\"")))),
        ("CSV of strings", |lines| {
            joined(lines, |line| format!("7;\"{}\"\n", quoted(line).replace('"', "\"\"")))
        }),
        ("CSV with backslashes", |lines| {
            joined(lines, |line| format!("7,\"{}\",x\n", line.replace('"', "\\\"")))
        }),
        ("CSV with backslashes, doubled", |lines| {
            joined(lines, |line| format!("7,\"{}\"\n", line.replace('\\', "\\\\").replace('"', "\\\"")))
        }),
        ("COPY", |lines| joined(lines, |line| format!("7\t{}\t\\N\n", line.replace('\\', "\\\\")))),
        ("COPY of JSON", |lines| {
            joined(lines, |line| {
                format!("7\t{}\n", json!({"message": line}).to_string().replace('\\', "\\\\"))
            })
        }),
        ("journal", |lines| {
            let field = |line: &String| {
                let length = (line.len() as u64).to_le_bytes();
                [b"_PID=1\nMESSAGE\n", &length[..], line.as_bytes(), b"\n\n"].concat()
            };
            lines.iter().flat_map(field).collect()
        }),
        ("journal, written anew", |lines| {
            let field = |line: &String| {
                // Its length begins with a quote.
                let mut line = turned(line);
                let to = (line.len() / 256 + 1) * 256 + 0x22;
                line = format!("{}{}}}", &line[..line.len() - 1], " ".repeat(to - line.len()));
                let length = (line.len() as u64).to_le_bytes();
                [b"_PID=1\nMESSAGE\n", &length[..], line.as_bytes(), b"\n\n"].concat()
            };
            lines.iter().flat_map(field).collect()
        }),
    ]
}

fn verified(wrap: Wrap, lines: &[String], log: &Log) -> Report {
    let mut verifier = Verifier::new(&Options { keys: vec![log.pin()], ..Options::default() });
    verifier.read("input", wrap(lines).as_slice()).unwrap();
    verifier.finish(Timestamp::from_nanos(1_790_000_000_000_000_000)).unwrap()
}

#[test]
fn whole_lines_are_proved_in_each_wrapping() {
    let log = of_all_kinds();
    for (name, wrap) in wrappings() {
        let report = verified(wrap, &log.lines, &log);
        let [of_log] = report.logs.as_slice() else { panic!("{name}: {report:?}") };
        assert_eq!((of_log.verdict, &of_log.findings), (Verdict::Intact, &vec![]), "{name}");
        assert_eq!(ranges(&of_log.proved), [(0, log.lines.len() as u64 - 1)], "{name}");
        assert_eq!((of_log.unproved.lines, of_log.missing.lines, of_log.doubles), (0, 0, 0), "{name}");
        assert_eq!((of_log.lost, report.verdict), (3, Verdict::Intact), "{name}");
    }
}

#[test]
fn one_altered_line_of_any_kind_is_found_in_each_wrapping() {
    let log = of_all_kinds();
    let last = log.lines.len() - 1;
    for (name, wrap) in wrappings() {
        // The last line is the only one with no other after it.
        for seq in 0..=last {
            let mut lines = log.lines.clone();
            lines[seq] = lines[seq].replace("INFO", "WARN").replace("ERROR", "INFO");
            assert_ne!(lines[seq], log.lines[seq]);
            let report = verified(wrap, &lines, &log);
            let of_log = &report.logs[0];
            assert_eq!(of_log.verdict, Verdict::Tampered, "{name}, {seq}: {report:?}");
            let mut blamed = of_log.findings.iter().filter(|f| f.kind.verdict() == Verdict::Tampered);
            assert!(blamed.any(|finding| finding.seq == Some(seq as u64)), "{name}, {seq}: {report:?}");
            let names_a_key = log.lines[seq].contains("\"kind\":\"handoff\"");
            // Lines before it that only its chain would have proved are not.
            let signed = (0..seq).rev().find(|before| log.lines[*before].contains("\"sig\""));
            let (seq, last) = (seq as u64, last as u64);
            let before = signed.map(|signed| (0, signed as u64));
            // Nor is any after it, where no later key is known.
            let after = (seq < last && !names_a_key).then_some((seq + 1, last));
            let others: Vec<_> = before.into_iter().chain(after).collect();
            assert_eq!(ranges(&of_log.proved), others, "{name}, {seq}: {report:?}");
            assert_eq!(of_log.missing.lines, 0, "{name}, {seq}");
        }
    }
}

#[test]
fn ten_lines_that_are_gone_are_named_in_each_wrapping() {
    let log = of_all_kinds();
    for (name, wrap) in wrappings() {
        let lines = log.clone().without(5..=14).lines;
        let report = verified(wrap, &lines, &log);
        let of_log = &report.logs[0];
        assert_eq!(of_log.verdict, Verdict::Incomplete, "{name}: {report:?}");
        assert_eq!((ranges(&of_log.missing), of_log.unproved.lines), (vec![(5, 14)], 0), "{name}");
        assert_eq!(ranges(&of_log.proved), [(0, 4), (15, log.lines.len() as u64 - 1)], "{name}");
    }
}
