//! Lines are taken out of what is shipped, whatever is around them: nothing is missing in silence.

use super::*;
use crate::verify::NoticeKind;

#[test]
fn nothing_is_missing_in_silence() {
    each_case(2_000, delete);
}

#[test]
#[ignore = "takes minutes"]
fn not_in_a_hundred_thousand_streams() {
    each_case(100_000, delete);
}

/// As shippers, stores and parsers deliver lines, those of others between them; the last is a table's own way.
fn wrap(line: &str, way: usize, numbers: &mut Numbers) -> String {
    let string = || serde_json::to_string(line).unwrap();
    let doubled = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    match way {
        0..8 => mix::wrap(line, way),
        8 => format!(
            "{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{\"body\":{{\"stringValue\":{}}}}}]}}]}}]}}",
            string()
        ),
        9 => format!("7,{},host", doubled(line)),
        10 => format!("{};x", doubled(&format!("{{\"message\":{}}}", string()))),
        11 => {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            if numbers.one_in(2) { pretty } else { format!("1,{},2", doubled(&pretty)) }
        }
        12 => format!("{{\"result\":[{{\"values\":[[\"1\",{}]]}}]}}", string()),
        _ => format!("Nov 22 host app[7]: {{3}} of {{4}} {line} (1 ms)"),
    }
}

const WAYS: usize = 14;

fn others(numbers: &mut Numbers) -> &'static str {
    let all = [
        "time,message,host",
        "{\"a\":[",
        "{",
        "\"open",
        "message,log",
        "a \"quoted\" word, and a \"half",
        "x,\"{",
        "{\"message\":\"of another trail\",\"prev\":1}",
        "12 <13>",
        "]",
        "}",
    ];
    all[numbers.below(all.len())]
}

fn delete(seed: u64) {
    let mut numbers = Numbers::of(seed);
    let mut log = Log::new(1);
    for _ in 0..numbers.below(3) {
        log = log.events(numbers.below(5) as u64, 1 + numbers.below(3) as u64).hand_over();
    }
    let log = log.events(1 + numbers.below(6) as u64, 1 + numbers.below(3) as u64);
    let keep = 1 + numbers.below(5);
    let kept: Vec<usize> = (0..log.lines.len()).filter(|_| !numbers.one_in(keep + 1)).collect();
    let mut streams = vec![String::new(); 1 + numbers.below(3)];
    let mut order = kept.clone();
    if numbers.one_in(2) {
        numbers.shuffle(&mut order);
    }
    let only = numbers.one_in(3).then(|| numbers.below(WAYS));
    let noise = numbers.one_in(2);
    for seq in order {
        let way = only.unwrap_or_else(|| numbers.below(WAYS));
        let at = numbers.below(streams.len());
        if noise && numbers.one_in(3) {
            streams[at].extend([others(&mut numbers), "\n"]);
        }
        let item = wrap(&log.lines[seq], way, &mut numbers);
        streams[at].extend([item.as_str(), "\n"]);
    }
    let copies: String = log
        .lines
        .iter()
        .enumerate()
        .filter(|(at, line)| *at == 0 || line.contains("\"handoff\""))
        .filter(|_| numbers.one_in(2))
        .map(|(_, line)| line.clone() + "\n")
        .collect();
    let is_copied = |seq: u64| copies.contains(&log.lines[usize::try_from(seq).unwrap()]);
    let streams: Vec<&str> = streams.iter().map(String::as_str).collect();
    let options = Options { keys: vec![log.pin()], ..Options::default() };
    let report = verify_all(&streams, &[&copies], &options);
    let all = || format!("{report:?}\n{}", streams.join("\n---\n"));
    let (Some(first), Some(last)) = (kept.first(), kept.last()) else {
        assert_ne!(report.verdict, Verdict::Intact);
        return;
    };
    assert!(!report.notices.iter().any(|notice| matches!(notice.kind, NoticeKind::Cut { .. })), "{}", all());
    let one = &report.logs[0];
    each_number_is_said_once(one, false);
    for seq in *first as u64..=*last as u64 {
        let holds =
            |ranges: &crate::verify::Ranges| ranges.listed.iter().any(|r| (r.from..=r.to).contains(&seq));
        let is_there = kept.contains(&usize::try_from(seq).unwrap()) || is_copied(seq);
        assert_eq!(holds(&one.missing), !is_there, "{seq}: {}", all());
        assert_eq!(holds(&one.proved) || holds(&one.unproved), is_there, "{seq}: {}", all());
    }
    // Nobody altered a line.
    assert!(matches!(one.verdict, Verdict::Intact | Verdict::Incomplete), "{}", all());
    let whole = kept.len() == log.lines.len();
    assert!(!whole || one.verdict == Verdict::Intact, "{}", all());
}

#[test]
fn what_others_write_into_a_stream_hides_no_line() {
    let log = Log::new(1).events(5, 2);
    for decoy in [
        "time,message,host",
        "message\tlog",
        "{\"a\":[",
        "{\"a\":{\"b\":\"",
        "\"{\"\"fields\"\":{},\"\"trail\"\":{}}\",7",
        "7,\"{\"\"fields\"\":{",
        "\"",
        "x,\"{",
    ] {
        for at in 0..3 {
            for prefix in ["", "<134>1 2026-11-22T00:00:00Z host app 7 - - "] {
                let mut lines: Vec<String> = log.lines.iter().map(|line| format!("{prefix}{line}")).collect();
                lines.insert(at, decoy.to_owned());
                let report = verify(&[&lines.join("\n")], &[log.pin()]);
                is_whole(&report.logs[0], 6);
            }
        }
    }
}

#[test]
fn a_search_answer_of_many_megabytes_is_read() {
    let log = Log::new(1).events(60, 20);
    let filler = "x".repeat(100_000);
    let hits = |wrap: &dyn Fn(&str) -> String| {
        let hits = log
            .lines
            .iter()
            .map(|line| format!("{{\"_source\":{{\"filler\":\"{filler}\",{}}}}}", wrap(line)));
        format!("{{\"took\":3,\"hits\":{{\"total\":61,\"hits\":[{}]}}}}", hits.collect::<Vec<_>>().join(","))
    };
    let raw = hits(&|line| format!("\"message\":{}", serde_json::to_string(line).unwrap()));
    let parsed = hits(&|line| line[1..line.len() - 1].replace("\":", "\" : "));
    for text in [raw, parsed] {
        assert!(text.len() > 6_000_000);
        let report = verify(&[&text], &[log.pin()]);
        is_whole(&report.logs[0], 61);
        assert_eq!(report.lines, 61);
    }
}
