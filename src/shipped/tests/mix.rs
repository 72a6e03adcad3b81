//! Lines of many logs, in any order, wrapped in any way.

use super::*;
use crate::verify::{Look, NoticeKind};

/// A line as one of several shippers would deliver it.
pub(super) fn wrap(line: &str, way: usize) -> String {
    let string = serde_json::to_string(line).unwrap();
    let with_newline = serde_json::to_string(&format!("{line}\n")).unwrap();
    let parsed = line.strip_prefix('{').unwrap();
    match way {
        0 => line.to_owned(),
        1 => format!("{{\"message\":{string},\"host\":{{\"name\":\"a\"}}}}"),
        2 => format!("{{\"stream\":\"stdout\",\"log\":{with_newline}}}"),
        3 => format!("{{\"@timestamp\":\"now\",\"event\":{{\"original\":{string}}}}}"),
        4 => format!("<134>1 2026-11-22T00:00:00Z host app 7 - [a@1 b=\"c\"] {line}"),
        5 => format!("{{ \"date\": 1.5, {}", parsed.replace("\":", "\": ").replace('/', "\\/")),
        6 => string,
        _ => format!("{{\"_index\":\"i\",\"_source\":{{\"_raw\":{string}}}}}"),
    }
}

pub(super) const WAYS: usize = 8;

fn ten_logs() -> Vec<Log> {
    (0..10).map(|name| Log::new(name).events(40, 7).hand_over().events(30 + u64::from(name), 5)).collect()
}

#[test]
fn a_shuffled_doubled_rewrapped_mix_of_ten_logs_gives_ten_right_reports() {
    let mut logs = ten_logs();
    let pins: Vec<_> = logs.iter().map(Log::pin).collect();
    // Each stands otherwise: whole, altered, cut, forked …
    logs[1] = logs[1].clone().with(20, |line| line.replace("INFO", "WARN"));
    logs[2] = logs[2].clone().without(30..=33);
    logs[3] = logs[3].clone().without(41..=41);
    let fork = logs[4].clone().resume().events(5, 1);
    logs[4] = logs[4].clone().events(5, 2);
    logs[5] = logs[5].clone().event("\"a\":1", false);
    let mut numbers = Numbers(88_172_645_463_325_252);
    let lines = logs.iter().flat_map(|log| &log.lines);
    let mut items: Vec<String> =
        lines.flat_map(|line| [line, line]).map(|line| wrap(line, numbers.below(WAYS))).collect();
    items.extend(fork.lines[72..].iter().map(|line| wrap(line, 1)));
    items.extend(["no line of ours".to_owned(), "{\"level\":\"info\",\"fields\":{}}".to_owned()]);
    numbers.shuffle(&mut items);

    // A third as lines, a third as an array, a third as a table.
    let third = items.len() / 3;
    let lines = items[..third].join("\n");
    let is_json = |item: &&String| item.starts_with(['{', '"']);
    let array: Vec<&str> = items[third..2 * third].iter().filter(is_json).map(String::as_str).collect();
    let array = format!("[\n  {}\n]\n", array.join(",\n  "));
    let rest = items[third..2 * third].iter().filter(|item| !is_json(item));
    let mut table = "time,payload\n".to_owned(); // a line of none
    for item in items[2 * third..].iter().chain(rest) {
        table.extend(["now,\"", &item.replace('"', "\"\""), "\"\n"]);
    }
    for memory in [2_000, 1 << 20] {
        let options = Options { keys: pins.clone(), memory, ..Options::default() };
        let report = verify_with(&[&lines, &array, &table], &options);
        assert_eq!((report.logs.len(), report.others), (10, 3));
        let of = |name: usize| report.logs.iter().find(|log| log.log == pins[name].id()).unwrap();
        for name in [0, 6, 7, 8, 9] {
            is_whole(of(name), 72 + name as u64);
            assert_eq!(of(name).doubles, 72 + name as u64);
        }
        assert_eq!((of(1).verdict, of(1).findings[0].seq), (Verdict::Tampered, Some(20)));
        assert!(matches!(
            of(1).findings[0].kind,
            FindingKind::Altered { .. } | FindingKind::NotRestored { .. }
        ));
        assert_eq!((of(2).verdict, ranges(&of(2).missing)), (Verdict::Incomplete, vec![(30, 33)]));
        assert_eq!((of(3).verdict, of(3).keys), (Verdict::Incomplete, 1));
        assert_eq!((of(4).verdict, of(4).findings.len()), (Verdict::Forked, 1), "{:?}", of(4).findings);
        assert_eq!((of(5).verdict, ranges(&of(5).unproved)), (Verdict::Incomplete, vec![(77, 77)]));
        assert_eq!(report.verdict, Verdict::Tampered);
    }
}

#[test]
fn the_order_of_lines_and_the_memory_there_is_change_nothing() {
    let log = Log::new(1).events(300, 9).without(100..=110).with(50, |line| line.replace("INFO", "WARN"));
    let expected = log.verify();
    let mut numbers = Numbers(7);
    let mut lines = log.lines.clone();
    for memory in [1, 5_000, 1 << 30] {
        numbers.shuffle(&mut lines);
        let options = Options { keys: vec![log.pin()], memory, ..Options::default() };
        let mut report = verify_with(&[&lines.join("\n")], &options).logs.remove(0);
        for (found, expected) in report.findings.iter_mut().zip(&expected.findings) {
            found.at.clone_from(&expected.at);
        }
        report.notices.clone_from(&expected.notices);
        assert_eq!(report, expected);
    }
}

#[test]
fn a_query_that_takes_the_lines_out_of_another_member_says_which() {
    let log = Log::new(1).events(5, 2);
    let rows = log.lines.iter().map(|line| serde_json::json!({"doc": {"body": line, "id": 1}}).to_string());
    let text = rows.collect::<Vec<_>>().join("\n");
    let at = |at: Option<&str>| {
        let options = Options { keys: vec![log.pin()], at: at.map(str::to_owned), ..Options::default() };
        verify_with(&[&text], &options)
    };
    is_whole(&at(Some("doc.body")).logs[0], 6);
    is_whole(&at(None).logs[0], 6);
    let other = at(Some("doc.id"));
    assert_eq!((other.logs.len(), other.others, other.verdict), (0, 6, Verdict::Incomplete));
    // That they are there is said all the same, and where, and nothing else.
    let member = Some("doc.body".to_owned());
    let kind = NoticeKind::LooksLike { file: "0".into(), look: Look::OtherMember, member };
    assert_eq!(other.notices.iter().map(|notice| &notice.kind).collect::<Vec<_>>(), [&kind]);
}

#[test]
fn what_has_no_line_is_said_once_with_what_it_looks_like() {
    let log = Log::new(1).events(50, 2);
    let looks = |bytes: &[u8]| {
        let mut verifier = Verifier::new(&Options { keys: vec![log.pin()], ..Options::default() });
        verifier.read("input", bytes).unwrap();
        let report = verifier.finish(Timestamp::default()).unwrap();
        assert!(report.findings.len() <= 2 && report.notices.len() <= 2, "{report:?}");
        match report.notices.first().map(|notice| notice.kind.clone()) {
            Some(NoticeKind::LooksLike { look, .. }) => Some(look),
            _ => None,
        }
    };
    let noise: Vec<u8> =
        (0..100_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    for (first, look) in [
        (b"\x1f\x8b\x08".as_slice(), Look::Gzip),
        (b"\xfd7zXZ\0", Look::Xz),
        (b"BZh9", Look::Bzip2),
        (b"PK\x03\x04", Look::Zip),
        (b"age-encryption.org/v1\n", Look::Age),
        (b"words\n", Look::NoLines),
    ] {
        assert_eq!(looks(&[first, &noise].concat()), Some(look), "{look:?}");
    }
    assert_eq!((looks(b""), looks(log.text().as_bytes())), (None, None));
}

#[test]
fn cut_lines_are_noticed() {
    let log = Log::new(1).events(5, 2).with(3, |line| line[..60].to_owned());
    let report = verify(&[&log.text()], &[log.pin()]);
    assert_eq!(ranges(&report.logs[0].missing), [(3, 3)]);
    assert_eq!(report.notices[0].kind, NoticeKind::Cut { items: 1, member: None });
    assert_eq!(report.notices[0].at.as_ref().map(|at| at.line), Some(4));
}
