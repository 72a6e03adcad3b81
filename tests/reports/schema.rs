//! `docs/schema` describes each report, and nothing else.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tracing_audit::trail::{Control, Ended, Line};
use tracing_audit::verify::{Changed, Finding, Notice, Place, Range};

use super::vectors::SAID;
use super::{examples, json, require};

const FINDINGS: &str = include_str!("../../src/verify/finding.rs");
const NOTICES: &str = include_str!("../../src/verify/notice.rs");
const VERIFY: &str = include_str!("../../docs/schema/verify.v1.json");

/// A text, what it is, and the schema that it must be valid against.
type Item = (String, &'static str, String);

/// What is not valid, a line each. `None` where there is nothing to validate with: the test that asks must return.
fn invalid(items: &[Item]) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut probe = Command::new("python3");
    if !require::available("python3 with `jsonschema`", probe.args(["-c", "import jsonschema, referencing"]))
    {
        return None;
    }
    let mut command = Command::new("python3");
    command.arg(root.join("tests/reports/validate.py")).arg(root.join("docs/schema"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: String = items
        .iter()
        .map(|(name, schema, text)| json!({"name": name, "schema": schema, "text": text}).to_string() + "\n")
        .collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn each_report_is_valid_and_has_no_member_twice_and_no_raw_character() {
    let mut items = Vec::new();
    for said in SAID.iter() {
        assert_eq!(json::fault(&said.json), None, "{}", said.name);
        assert!(said.json.ends_with("}\n"), "{}", said.name);
        let schema = if said.shipped { "shipped.v1.json" } else { "verify.v1.json" };
        items.push((said.name.clone(), schema, said.json.clone()));
    }
    assert!(items.len() > 100, "{}", items.len());
    assert_eq!(invalid(&items).unwrap_or_default(), "");
}

#[test]
fn a_report_names_its_schema_first_and_what_it_was_made_with() {
    for said in SAID.iter() {
        let name = if said.shipped { "shipped" } else { "verify" };
        let begin = format!("{{\n  \"schema\": \"tracing-audit/{name}/v1\",\n");
        assert!(said.json.starts_with(&begin), "{}", said.name);
        let report: Value = serde_json::from_str(&said.json).unwrap();
        let basis = &report["basis"];
        let pins: Vec<_> =
            said.known.pins.iter().map(|key| json!({"id": key.id(), "public_key": key})).collect();
        assert_eq!(basis["pins"], json!(pins), "{}", said.name);
        assert_eq!(basis["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(basis["paths"].as_array().unwrap().len(), 1, "{}", said.name);
        let path = basis["paths"][0].as_str().unwrap();
        assert!(
            said.text.contains(&format!(" by tracing-audit {}: \"{path}\".\n", env!("CARGO_PKG_VERSION"))),
            "{}",
            said.text
        );
        for pin in &said.known.pins {
            assert!(said.text.contains(&format!("{pin} of log {}", pin.id())), "{}", said.text);
        }
        let trusts_nobody = said.known.pins.is_empty() && said.known.fleets.is_empty();
        assert!(!trusts_nobody || said.text.contains("\nTrusted: no key.\n"), "{}", said.text);
    }
}

#[test]
fn the_schema_has_each_finding_and_notice_and_no_other() {
    let schema: Value = serde_json::from_str(VERIFY).unwrap();
    for (tag, name, source) in [("finding", "FindingKind", FINDINGS), ("notice", "NoticeKind", NOTICES)] {
        let kinds = schema["$defs"][tag]["oneOf"].as_array().unwrap();
        let described: Vec<_> =
            kinds.iter().map(|kind| kind["properties"][tag]["const"].as_str().unwrap().to_owned()).collect();
        let variants = variants(name, source);
        assert!(variants.len() > 20, "{name}");
        assert_eq!(described, variants, "{name}");
    }
}

#[test]
fn an_example_of_each_finding_and_notice_is_valid() {
    let at = || Some(Place { file: "audit.jsonl".into(), line: 7, offset: 700 });
    let mut items = Vec::new();
    let mut kinds = [BTreeSet::new(), BTreeSet::new()];
    let mut add = |which: usize, tag: &str, schema, value: Value| {
        kinds[which].insert(value[tag].as_str().unwrap().to_owned());
        items.push((value.to_string(), schema, value.to_string()));
    };
    for kind in examples::findings() {
        let schema = "verify.v1.json#/$defs/finding";
        add(
            0,
            "finding",
            schema,
            serde_json::to_value(Finding {
                at: at(),
                seq: None,
                changed: Some(Changed::ThisOrNext),
                stands: Some("fields \"{}\"".into()),
                unproved: Some(Range { from: 3, to: 7 }),
                kind: kind.clone(),
            })
            .unwrap(),
        );
        let finding = Finding { at: None, seq: Some(7), changed: None, stands: None, unproved: None, kind };
        add(0, "finding", schema, serde_json::to_value(finding).unwrap());
    }
    for kind in examples::notices() {
        add(
            1,
            "notice",
            "verify.v1.json#/$defs/notice",
            serde_json::to_value(Notice { at: at(), seq: Some(7), kind }).unwrap(),
        );
    }
    assert_eq!(kinds[0], variants("FindingKind", FINDINGS).into_iter().collect());
    assert_eq!(kinds[1], variants("NoticeKind", NOTICES).into_iter().collect());
    assert_eq!(invalid(&items).unwrap_or_default(), "");
    // And the schema leaves nothing open.
    for (_, _, text) in &mut items {
        let mut value: Value = serde_json::from_str(text).unwrap();
        match value.get_mut("details").and_then(Value::as_object_mut) {
            Some(details) => drop(details.insert("more".into(), 1.into())),
            None => value["details"] = json!({}),
        }
        *text = value.to_string();
    }
    let Some(refused) = invalid(&items) else { return };
    assert_eq!(refused.lines().count(), items.len());
}

#[test]
fn what_no_report_says_is_not_valid() {
    let report = &SAID.iter().find(|said| said.name == "the worked example, known").unwrap().json;
    let sound: Value = serde_json::from_str(report).unwrap();
    let changed = |path: &str, to: Value| {
        let mut report = sound.clone();
        let (parent, member) = path.rsplit_once('/').unwrap();
        report.pointer_mut(parent).unwrap()[member] = to;
        (path.to_owned(), "verify.v1.json", report.to_string())
    };
    let items = [
        changed("/schema", "tracing-audit/verify/v2".into()),
        changed("/more", 1.into()),
        changed("/verdict", "sound".into()),
        changed("/logs/0/more", 1.into()),
        changed("/logs/0/head", 1.into()),
        changed("/logs/0/log", "B1541897B6AD297C".into()),
        changed("/logs/0/proved/lines", json!(-1)),
        // With nothing proved, nothing is claimed.
        changed("/logs/0/proved/lines", json!(0)),
        changed("/logs/0/notices/0/notice", "later".into()),
        changed("/basis/time", "2026-11-27".into()),
    ];
    let Some(refused) = invalid(&items) else { return };
    assert_eq!(refused.lines().count(), items.len(), "{refused}");
}

#[test]
fn each_line_of_a_log_is_valid() {
    let mut items = BTreeSet::new();
    for said in SAID.iter() {
        for bytes in said.files.iter().flat_map(|(_, bytes)| bytes.split(|byte| *byte == b'\n')) {
            let Ok(line) = Line::parse(bytes) else { continue };
            let is_bare = line.kind.is_control() && line.link.signature.is_none();
            if Control::parse(&line).is_ok_and(|control| says_what_it_may(control.as_ref())) && !is_bare {
                items.insert((line.text.to_owned(), "line.v1.json", line.text.to_owned()));
            }
        }
    }
    let mut items = items.into_iter().collect::<Vec<_>>();
    assert!(items.len() > 50, "{}", items.len());
    assert_eq!(invalid(&items).unwrap_or_default(), "");
    let first = items.iter().find(|item| item.2.contains("\"level\":\"INFO\"")).unwrap().2.clone();
    for (part, other) in [
        ("\"trail\":{", "\"trail\":{\"more\":1,"),
        ("\"level\":\"INFO\"", "\"level\":\"info\""),
        ("\"level\":\"INFO\"", "\"level\":\"INFO\",\"more\":1"),
    ] {
        assert!(first.contains(part), "{first}");
        items.push((format!("REFUSED {part}"), "line.v1.json", first.replacen(part, other, 1)));
    }
    let Some(refused) = invalid(&items) else { return };
    assert_eq!(refused.lines().filter(|line| line.starts_with("REFUSED")).count(), 3, "{refused}");
}

/// The parser takes each end in any place; the verifier finds what is out of place.
fn says_what_it_may(control: Option<&Control>) -> bool {
    match control {
        Some(Control::Close(close)) => matches!(close.reason, Ended::Rotated | Ended::Shutdown),
        Some(Control::Resume(resume)) => matches!(resume.ended, Ended::Crash | Ended::Shutdown),
        _ => true,
    }
}

/// The names of an enum's variants, as they are serialised: what stands four spaces in, and begins with a capital.
fn variants(name: &str, source: &str) -> Vec<String> {
    let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let named = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    named.map(|line| kebab(line.split(|char: char| !char.is_ascii_alphanumeric()).next().unwrap())).collect()
}

fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for char in name.chars() {
        if char.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(char.to_ascii_lowercase());
    }
    kebab
}
