//! Members beside the raw line: what people query.

use serde_json::{Value, json};

use super::*;

/// Documents with the raw line and what a parser made of it.
fn documents(log: &Log, nested: &str) -> Vec<Value> {
    let parse = |line: &String| {
        let parsed: Value = serde_json::from_str(line).unwrap();
        let time = parsed["timestamp"].as_str().unwrap()[..23].to_owned() + "Z";
        let mut document = json!({"event": {"original": line}, "@timestamp": time, "host": {"name": "db1"}});
        match nested {
            "flat" => {
                for (name, value) in parsed.as_object().unwrap() {
                    document[name] = value.clone();
                }
            }
            "fields" => {
                for (name, value) in parsed["fields"].as_object().unwrap() {
                    document[name] = value.clone();
                    document[format!("fields.{name}")] = value.clone();
                }
                document["trail.seq"] = parsed["trail"]["seq"].clone();
                document["level"] = parsed["level"].as_str().unwrap().to_lowercase().into();
            }
            name => document[name] = parsed,
        }
        document
    };
    log.lines.iter().map(parse).collect()
}

fn report(log: &Log, documents: &[Value]) -> LogReport {
    let text = documents.iter().map(|document| format!("{document}\n")).collect::<Vec<_>>().concat();
    verify(&[&text], &[log.pin()]).logs.remove(0)
}

fn names(members: &[crate::shipped::Named]) -> Vec<(&str, u64)> {
    members.iter().map(|named| (named.member.as_str(), named.lines)).collect()
}

#[test]
fn members_that_a_parser_made_of_the_lines_are_compared_and_the_others_named() {
    let log = Log::new(1).events(5, 2).hand_over().events(2, 1);
    for nested in ["flat", "fields", "audit"] {
        let report = report(&log, &documents(&log, nested));
        is_whole(&report, 9);
        let compared = names(&report.beside.compared);
        assert!(compared.contains(&("@timestamp", 9)), "{nested}: {compared:?}");
        let seq = match nested {
            "audit" => "audit.trail.seq",
            _ => "trail.seq",
        };
        assert!(compared.contains(&(seq, 9)), "{nested}: {compared:?}");
        assert_eq!(names(&report.beside.unproved), [("host.name", 9)], "{nested}");
    }
}

#[test]
fn a_member_that_was_altered_is_found_with_both_values() {
    let log = Log::new(1).events(5, 2).hand_over().events(2, 1);
    for (nested, member, alter) in [
        ("flat", "fields.count", "/fields/count"),
        ("flat", "level", "/level"),
        ("flat", "timestamp", "/timestamp"),
        ("flat", "@timestamp", "/@timestamp"),
        ("flat", "trail.seq", "/trail/seq"),
        ("fields", "count", "/count"),
        ("fields", "fields.count", "/fields.count"),
        ("fields", "level", "/level"),
        ("fields", "trail.seq", "/trail.seq"),
        ("audit", "audit.fields.count", "/audit/fields/count"),
        ("audit", "audit.target", "/audit/target"),
    ] {
        let mut documents = documents(&log, nested);
        *documents[3].pointer_mut(alter).unwrap() = json!("2031-01-01T00:00:00Z");
        let report = report(&log, &documents);
        assert_eq!((report.verdict, ranges(&report.proved)), (Verdict::Tampered, vec![(0, 8)]), "{alter}");
        let [finding] = report.findings.as_slice() else { panic!("{alter}: {report:?}") };
        let FindingKind::MemberDiffers { member: named, found, line } = &finding.kind else {
            panic!("{finding}")
        };
        assert_eq!((named.as_str(), found.as_str()), (member, "\"2031-01-01T00:00:00Z\""));
        assert_ne!(line, found);
        assert_eq!((finding.seq, finding.at.as_ref().map(|at| at.line)), (Some(3), Some(4)));
    }
}

#[test]
fn a_line_in_any_member_is_compared_with_what_stands_beside_it() {
    let log = Log::new(1).events(5, 2);
    let with = |line: &String| {
        let seq = serde_json::from_str::<Value>(line).unwrap()["trail"]["seq"].clone();
        json!({"resourceLogs": [{"body": {"stringValue": line}, "trail.seq": seq}]})
    };
    let mut documents: Vec<_> = log.lines.iter().map(with).collect();
    let whole = report(&log, &documents);
    is_whole(&whole, 6);
    assert!(whole.beside.unproved.is_empty(), "{:?}", whole.beside);
    documents[2]["resourceLogs"][0]["trail.seq"] = json!(9);
    let altered = report(&log, &documents);
    assert_eq!((altered.verdict, altered.findings.len()), (Verdict::Tampered, 1), "{altered:?}");
}

#[test]
fn what_is_the_shippers_own_is_no_finding() {
    let log = Log::new(1).events(5, 2);
    let own = |line: &String| {
        json!({"message": line, "@timestamp": "2027-01-01T00:00:00.123Z", "level": "warn", "name": "filebeat", "target": "x",
               "fields": {"env": "prod", "count": "many"}, "kind": "log", "trail": "none"})
    };
    let report = report(&log, &log.lines.iter().map(own).collect::<Vec<_>>());
    is_whole(&report, 6);
    assert_eq!(report.beside.compared, []);
    let unproved = names(&report.beside.unproved);
    for member in ["@timestamp", "level", "target", "kind"] {
        assert!(unproved.contains(&(member, 6)), "{member}: {unproved:?}");
    }
}

#[test]
fn each_document_of_an_answer_is_compared_with_its_own_line() {
    let log = Log::new(1).events(5, 2);
    let mut documents = documents(&log, "flat");
    let answer = |documents: &[Value]| {
        let hits: Vec<_> =
            documents.iter().map(|document| json!({"_index": "a", "_source": document})).collect();
        json!({"took": 1, "hits": {"hits": hits}})
    };
    is_whole(&report(&log, &[answer(&documents)]), 6);
    documents[2]["fields"]["count"] = json!(77);
    let report = report(&log, &[answer(&documents)]);
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!(finding.seq, Some(2));
    let expected = "beside the line stands member \"_source.fields.count\" with 77; the line says 2";
    assert_eq!(finding.kind.to_string(), expected);
}

#[test]
fn names_and_values_of_members_are_bounded() {
    let log = Log::new(1).events(2, 1);
    let with = |line: &String| {
        let mut document = json!({"message": line, "trail": {"seq": "x".repeat(10_000)}});
        for number in 0..150 {
            document[format!("{number}{}", "n".repeat(5_000))] = json!("v".repeat(100));
        }
        document
    };
    let report = report(&log, &log.lines.iter().map(with).collect::<Vec<_>>());
    assert!(serde_json::to_string(&report).unwrap().len() < 40_000);
    assert_eq!((report.findings.len(), report.beside.unproved.len()), (3, 65));
}

#[test]
fn a_document_that_is_too_long_to_be_compared_is_said() {
    let log = Log::new(1).events(2, 1);
    let with = |line: &String| json!({"actor": "x".repeat(2 << 20), "message": line}).to_string();
    let report = verify(&[&log.lines.iter().map(with).collect::<Vec<_>>().join("\n")], &[log.pin()]);
    is_whole(&report.logs[0], 3);
    assert_eq!(report.notices[0].kind, crate::verify::NoticeKind::NotCompared { lines: 3 });
}

#[test]
fn another_true_line_in_a_document_hides_no_member_of_it() {
    let log = Log::new(1).events(4, 1);
    let document = json!({"message": log.lines[2], "log": log.lines[1], "fields": {"actor": "mallory"}});
    let rest = log.clone().without(2..=2).text();
    let report = verify(&[&format!("{rest}{document}\n")], &[log.pin()]);
    is_whole(&report.logs[0], 5);
    assert_eq!(report.notices[0].kind, crate::verify::NoticeKind::NotCompared { lines: 1 });
}
