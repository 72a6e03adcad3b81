//! No sentence, count or member claims more than was proved.

use serde_json::Value;
use tracing_audit::trail::KeyId;

use super::json::is_unseen;
use super::proved::Lines;
use super::vectors::{SAID, Said};

#[test]
fn no_report_proves_a_line_that_is_not_proved() {
    let (mut proved_any, mut proved_none, mut wrong) = (0, 0, String::new());
    for said in SAID.iter() {
        let report: Value = serde_json::from_str(&said.json).unwrap();
        let lines = Lines::of(&said.files, said.shipped);
        for log in report["logs"].as_array().unwrap() {
            match log["proved"]["lines"].as_u64().unwrap() {
                0 => proved_none += 1,
                _ => proved_any += 1,
            }
            // What came as JSON that was written anew stands in no file as a line.
            if said.raw {
                wrong.extend(claimed_too_much(said, log, &lines));
            }
            is_of_one_mind(said, log, report["logs"].as_array().unwrap().len());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(proved_any > 20 && proved_none > 20, "{proved_any}, {proved_none}");
}

/// Each number that is called proved is proved, by one history of the log's keys; or else what was claimed.
fn claimed_too_much(said: &Said, log: &Value, lines: &Lines) -> Option<String> {
    let id = log_id(log);
    let histories = lines.proved(id, &said.known);
    let claimed = log["proved"]["lines"].as_u64().unwrap();
    let ranges = log["proved"]["listed"].as_array().unwrap();
    let numbers = ranges.iter().flat_map(|range| {
        range["from"].as_u64().unwrap()
            ..=range["to"].as_u64().unwrap().min(range["from"].as_u64().unwrap() + 100_000)
    });
    let numbers = numbers.collect::<Vec<_>>();
    let head = &log["head"];
    // A shipped line whose JSON was written anew stands in no file; its hash is that of the line that was.
    let restored = log["restored"]["lines"].as_u64().unwrap_or(0);
    let holds = histories.iter().any(|proved| {
        let not_there = numbers.iter().filter(|number| !proved.lines.contains(number)).count() as u64;
        claimed <= proved.lines.len() as u64 + restored
            && not_there <= restored
            && (head.is_null() || proved.hashes.contains(&hash(&head["hash"])))
            && log["origin"].as_str().is_none_or(|origin| proved.origins.contains(origin))
    });
    let most = histories.iter().map(|proved| &proved.lines).max_by_key(|lines| lines.len());
    let holds = holds || claimed == 0 && head.is_null() && log["origin"].is_null();
    let is_known = said.known.pins.iter().any(|key| key.id() == id) || !histories.is_empty();
    assert!(is_known || log["pinned"] == false, "{}: {log}", said.name);
    (!holds).then(|| {
        format!("{}: log {id}: claimed {}, proved {most:?}\n{}\n", said.name, log["proved"], said.text)
    })
}

/// The counts agree with each other, and with the text.
fn is_of_one_mind(said: &Said, log: &Value, logs: usize) {
    let (name, id) = (&said.name, log_id(log).to_string());
    let proved = log["proved"]["lines"].as_u64().unwrap();
    let text = section(&said.text, &id);
    let claims = without_quotes(&text);
    if proved == 0 {
        for member in ["origin", "head", "key", "epoch"] {
            assert!(log[member].is_null(), "{name}: {member}: {log}");
        }
        assert_ne!(log["verdict"], "intact", "{name}");
        sounds_like_nothing(name, &claims, said.shipped);
    }
    if log["pinned"] == false {
        assert_eq!(proved, 0, "{name}: {log}");
    }
    if said.shipped {
        return;
    }
    assert_eq!(log["lines"], proved, "{name}");
    assert_eq!(log["first_seq"].is_null(), proved == 0, "{name}");
    if proved == 0 {
        for member in ["signatures", "keys", "torn_bytes", "lost", "crashes"] {
            assert_eq!(log[member], 0, "{name}: {member}: {log}");
        }
        for member in ["closed", "succeeds"] {
            assert!(log[member].is_null(), "{name}: {member}: {log}");
        }
        assert!(claims.contains("\n  No line is proved.\n"), "{name}: {claims}");
    } else {
        let are = if proved == 1 {
            "1 line is proved, ".to_owned()
        } else {
            format!("{proved} lines are proved, ")
        };
        // Among others, an intact log has a line.
        let (begin, claims) = match logs > 1 && log["verdict"] == "intact" {
            true => ("INTACT: ", claims.lines().next().unwrap()),
            false => ("\n  ", claims.as_str()),
        };
        assert!(claims.contains(&format!("{begin}{are}")), "{name}: {claims}");
        let head = format!("Head: {}:{}", log["head"]["seq"], log["head"]["hash"].as_str().unwrap());
        assert!(claims.contains(&head), "{name}: {claims}");
    }
}

/// Words that make somebody believe in lines. How many signatures were checked, of shipped lines is said in any case.
fn sounds_like_nothing(name: &str, claims: &str, shipped: bool) {
    let mut left = claims.to_lowercase();
    if shipped {
        left = left.replace("signature checked.", "").replace("signatures checked.", "");
    }
    for negation in [
        "no line is proved",
        "nothing is proved",
        "nothing in them is proved",
        "not proved",
        "unproved",
        "none of them is proved",
        "no proved line",
        "can't be proved",
    ] {
        left = left.replace(negation, "");
    }
    for word in [
        "proved",
        "proven",
        "verified",
        "chains from",
        "leads back",
        "intact",
        "head:",
        "genuine",
        "checked.",
    ] {
        assert!(!left.contains(word), "{name}: {word:?} in {claims}");
    }
}

#[test]
fn where_nothing_is_proved_no_text_sounds_like_it() {
    for said in SAID.iter() {
        let report: Value = serde_json::from_str(&said.json).unwrap();
        let logs = report["logs"].as_array().unwrap();
        if logs.iter().all(|log| log["proved"]["lines"] == 0) {
            assert_ne!(report["verdict"], "intact", "{}", said.name);
            sounds_like_nothing(&said.name, &without_quotes(&said.text), said.shipped);
        }
    }
}

#[test]
fn what_outsiders_chose_is_quoted_and_no_raw_character_of_theirs_is_printed() {
    let mut lies = 0;
    for said in SAID.iter() {
        assert_eq!(said.text.chars().find(|char| *char != '\n' && is_unseen(*char)), None, "{}", said.name);
        lies += usize::from(said.text.contains("payments: INTACT"));
        let left = without_quotes(&said.text);
        assert!(!left.contains("payments: INTACT"), "{}: {}", said.name, said.text);
    }
    assert!(lies > 5, "{lies}");
}

/// What the text says of a log, up to the empty line; the first line too.
fn section(text: &str, id: &str) -> String {
    let begin = text.find(&format!("Log {id}")).unwrap_or_else(|| panic!("{id}: {text}"));
    let section = &text[begin..];
    section.split("\n\n").next().unwrap().to_owned() + "\n"
}

/// The text without what stands between quotes.
fn without_quotes(text: &str) -> String {
    let mut out = String::new();
    let (mut quoted, mut chars) = (false, text.chars());
    while let Some(char) = chars.next() {
        match char {
            '"' => quoted = !quoted,
            '\\' if quoted => drop(chars.next()),
            '\n' => {
                assert!(!quoted, "a quote without its end: {text}");
                out.push(char);
            }
            _ if !quoted => out.push(char),
            _ => {}
        }
    }
    out
}

fn log_id(log: &Value) -> KeyId {
    KeyId::parse(log["log"].as_str().unwrap().as_bytes()).unwrap()
}

fn hash(text: &Value) -> [u8; 32] {
    let hash: tracing_audit::trail::Hash = text.as_str().unwrap().parse().unwrap();
    *hash.as_bytes()
}
