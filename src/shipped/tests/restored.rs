//! Lines whose JSON was parsed and written anew.

use super::*;

/// A log whose lines have what shippers spell otherwise.
fn spelled() -> Log {
    let fields = r#""amount":1.5,"big":"9007199254740993","empty":{},"far":1e+21,"note":"é/\u001f\t\"🔒","ok":true,"small":1e-7"#;
    Log::new(1).events(2, 1).event(fields, false).event(fields, true).hand_over().events(3, 3)
}

fn each(log: &Log, change: impl Fn(&str) -> String) -> LogReport {
    let text = log.lines.iter().map(|line| change(line) + "\n").collect::<String>();
    verify(&[&text], &[log.pin()]).logs.remove(0)
}

fn is_restored(report: &LogReport, log: &Log) {
    is_whole(report, log.lines.len() as u64);
    assert_eq!(report.restored.lines, log.lines.len() as u64);
    assert_eq!(report.restored.example.as_ref().map(|at| at.line), Some(1));
}

fn foreign(report: &LogReport) -> Vec<(&str, u64)> {
    report.restored.foreign.iter().map(|named| (named.member.as_str(), named.lines)).collect()
}

/// As `"a": 1, "b": 2`.
fn spaced(line: &str) -> String {
    let mut out = String::new();
    let (mut within, mut escaped) = (false, false);
    for char in line.chars() {
        out.push(char);
        match char {
            '"' if !escaped => within = !within,
            ':' | ',' if !within => out.push(' '),
            _ => {}
        }
        escaped = char == '\\' && !escaped;
    }
    out
}

/// With members in the opposite order.
fn reversed(line: &str) -> String {
    fn write(tree: &crate::shipped::tree::Tree, out: &mut String) {
        use crate::shipped::tree::Tree;
        match tree {
            Tree::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().rev().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    out.push_str(&serde_json::to_string(name).unwrap());
                    out.push(':');
                    write(value, out);
                }
                out.push('}');
            }
            other => {
                let mut text = Vec::new();
                other.write(&mut text).unwrap();
                out.push_str(std::str::from_utf8(&text).unwrap());
            }
        }
    }
    let mut out = String::new();
    write(&crate::shipped::tree::Tree::parse(line.as_bytes()).unwrap(), &mut out);
    out
}

#[test]
fn as_rsyslog_mmjsonparse_writes_it() {
    let log = spelled();
    let report = each(&log, |line| format!("{{ \"msg\": \"\", {}", &spaced(line)[1..]).replace('/', "\\/"));
    is_restored(&report, &log);
    assert_eq!(foreign(&report), [("msg", 9)]);
}

#[test]
fn as_fluent_bit_writes_it() {
    let log = spelled();
    let report = each(&log, |line| {
        let line = line.replace('é', "\\u00e9").replace('🔒', "\\ud83d\\udd12").replace("1e+21", "1.0e+21");
        format!("{{\"date\":1795305600.25,{}", &line[1..])
    });
    is_restored(&report, &log);
    assert_eq!(foreign(&report), [("date", 9)]);
}

#[test]
fn as_fluentd_writes_it() {
    let log = spelled();
    let report = each(&log, |line| {
        let line = line.replace("1e+21", "1.0e+21").replace("1.5,", "1.50,").replace("1e-7", "1.0e-07");
        format!("2026-11-22T00:00:00+00:00\taudit\t{},\"tag\":\"audit\"}}", &line[..line.len() - 1])
    });
    is_restored(&report, &log);
    assert_eq!(foreign(&report), [("tag", 9)]);
}

#[test]
fn as_jq_writes_it() {
    let log = spelled();
    is_restored(
        &each(&log, |line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            serde_json::to_string_pretty(&value).unwrap().replace("1e21", "1000000000000000000000")
        }),
        &log,
    );
    is_restored(&each(&log, reversed), &log);
}

#[test]
fn a_line_that_came_raw_as_well_is_not_called_restored() {
    let log = spelled();
    let both = log.text() + &log.lines.iter().map(|line| spaced(line) + "\n").collect::<String>();
    let report = &verify(&[&both], &[log.pin()]).logs[0];
    is_whole(report, 9);
    assert_eq!((report.doubles, report.restored.lines), (9, 0));
}

#[test]
fn values_that_became_strings_are_found_by_the_hash() {
    let log = spelled();
    let report = each(&log, |line| {
        let line = line.replace("1.5,", "\"1.5\",").replace("true", "\"true\"").replace("\"fields\":{},", "");
        let at = line.find("\"seq\":").unwrap() + 6;
        let digits = line[at..].chars().take_while(char::is_ascii_digit).count();
        format!("{}\"{}\"{}", &line[..at], &line[at..at + digits], &line[at + digits..])
    });
    is_restored(&report, &log);
    let retyped: Vec<_> =
        report.restored.retyped.iter().map(|named| (named.member.as_str(), named.lines)).collect();
    assert_eq!(retyped, [("fields.amount", 2), ("fields.ok", 2)]);
}

#[test]
fn values_that_became_strings_are_found_by_the_signature_where_no_line_follows() {
    let log = spelled().event("\"amount\":7,\"name\":\"x\"", true);
    let report = log.clone().with(9, |line| spaced(&line.replace(":7,", ":\"7\","))).verify();
    is_whole(&report, 10);
    assert_eq!(report.restored.retyped[0].member, "fields.amount");
}

#[test]
fn what_a_pipeline_adds_to_each_line_is_taken_away_again() {
    let log = spelled();
    for (members, to) in [
        ("{\"name\":null}", ""),
        ("{\"name\":\"\"}", ""),
        ("{\"spans\":null}", ""),
        ("{\"spans\":[]}", ""),
        ("{\"duration_ns\":null}", ""),
        ("{\"duration_ns\":0}", ""),
        ("{\"key\":null,\"sig\":null}", "trail"),
        ("{\"user\":null}", "fields"),
        ("{\"user\":null,\"at\":null}", "fields"),
    ] {
        // Its neighbours are as little lines as itself.
        let report = each(&log, |line| with_members(line, members, to));
        is_whole(&report, log.lines.len() as u64);
        assert!(report.restored.lines > 0, "{members}");
    }
}

/// Adds members that are not there to a line, or to an object of it.
fn with_members(line: &str, members: &str, to: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
    let more: serde_json::Map<String, serde_json::Value> = serde_json::from_str(members).unwrap();
    let object = if to.is_empty() { &mut value } else { &mut value[to] };
    for (name, more) in more {
        object.as_object_mut().unwrap().entry(name).or_insert(more);
    }
    value.to_string()
}

#[test]
fn a_line_is_restored_by_its_own_signature_where_its_neighbours_are_broken() {
    let log = spelled();
    let mut restored = 0;
    for seq in 0..5 {
        let text = log.lines.iter().enumerate().map(|(at, line)| match at == seq {
            true => spaced(&line.replace("1.5,", "\"1.5\",").replace("true", "\"true\"")),
            false => spaced(&line.replacen("\"target\":", "\"tarjet\":", 1).replacen(
                "\"prev\":\"",
                "\"prev\":\"0",
                1,
            )),
        });
        let text = text.collect::<Vec<_>>().join("\n");
        let report = &verify(&[&text], &[log.pin()]).logs[0];
        if log.lines[seq].contains("\"sig\"") {
            assert_eq!(ranges(&report.proved), [(seq as u64, seq as u64)], "{report:?}");
            restored += 1;
        } else {
            assert_eq!(ranges(&report.proved), []);
        }
    }
    assert!(restored >= 4);
}

#[test]
fn a_value_that_no_line_can_have_is_named_with_its_line() {
    let log = spelled();
    for (to, why) in [
        ("\"amount\":1e309", "a number that no line can have"),
        ("\"amount\":NaN", "no value of JSON"),
        ("\"amount\":\"\\ud800\"", "half of a character"),
        ("\"amount\":\"\\x\"", "an escape that JSON does not have"),
    ] {
        for change in [|line: &str| line.to_owned(), spaced] {
            let report = log.clone().with(3, |line| change(&line.replace("\"amount\":1.5", to))).verify();
            let [finding] = report.findings.as_slice() else { panic!("{to}: {:?}", report.findings) };
            let FindingKind::NotRestored { member, why: said, .. } = &finding.kind else {
                panic!("{finding:?}")
            };
            assert_eq!(
                (finding.seq, member.as_deref(), said.as_str()),
                (Some(3), Some("fields.amount"), why)
            );
            assert_eq!((ranges(&report.proved), report.missing.lines), (vec![(0, 2), (4, 8)], 0), "{to}");
        }
    }
}

#[test]
fn what_can_not_be_restored_is_named_with_its_member() {
    let log = spelled();
    for (from, to, member) in [
        ("\"level\":\"INFO\",", "", Some("level")),
        (",\"target\":\"audit\"", "", Some("target")),
        ("\"kind\":\"event\",", "", Some("kind")),
        ("\"timestamp\":\"2026", "\"timestamp\":\"26", Some("timestamp")),
        ("1e-7", "0", None),
        ("\"9007199254740993\"", "9007199254740993", Some("fields.big")),
        ("\"ok\":true", "\"ok\":\"yes\",\"n\":\"7\"", Some("fields.n")),
    ] {
        let altered = log.clone().with(3, |line| spaced(&line.replace(from, to)));
        let report = altered.verify();
        assert_eq!(report.verdict, Verdict::Tampered, "{to}");
        let [finding] = report.findings.as_slice() else { panic!("{to}: {:?}", report.findings) };
        let FindingKind::NotRestored { member: named, .. } = &finding.kind else { panic!("{finding:?}") };
        assert_eq!((finding.seq, named.as_deref()), (Some(3), member), "{finding}");
        assert_eq!(ranges(&report.proved), [(0, 2), (4, 8)], "{to}");
    }
}

#[test]
fn a_re_emitted_line_that_was_altered_is_found() {
    for seq in 0..9 {
        let altered = spelled().with(seq, |line| spaced(&line.replace("INFO", "WARN")));
        let report = altered.verify();
        assert_eq!(report.verdict, Verdict::Tampered);
        let named: Vec<_> =
            report.findings.iter().filter(|f| f.kind.verdict() == Verdict::Tampered).map(|f| f.seq).collect();
        assert_eq!(named, [Some(seq as u64)], "{:?}", report.findings);
    }
}
