//! What a line may be, and what is none.

use tracing_audit::trail::{Ended, MAX_LINE};

use crate::log::{Log, event};
use crate::shapes::{FIRST, closed, four, with};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    [lines(), spellings()].into_iter().flatten().collect()
}

fn lines() -> Vec<Vector> {
    let spans = closed("honest-spans", |log| {
        log.signed(
            br#"{"fields":{"action":"key.decrypt"},"kind":"event","level":"WARN","name":"decrypt","spans":[{"fields":{"request_id":"7f1c"},"name":"request"},{"fields":{},"name":"inner"}],"target":"audit::keys""#,
        );
        log.signed(
            br#"{"duration_ns":2400000,"fields":{"actor":"bob"},"kind":"span","level":"INFO","name":"request","target":"audit""#,
        );
    });
    let values = closed("honest-values", |log| {
        log.signed(
            br#"{"fields":{"big":"9007199254740993","bytes":"AAECAw==","cut":"abc","cut#cut":9000,"exact":9007199254740991,"negative":-9007199254740991,"nested":{"a":[1,2.5,null,true],"b":{}},"nothing":null,"size##1":1,"twice":1,"twice#2":2},"kind":"event","level":"DEBUG","target":"audit""#,
        );
    });
    let sealed = closed("honest-sealed-values", |log| {
        log.signed(
            br#"{"fields":{"email#sealed":{"c":"q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ","k":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},"ip#hmac":{"h":"q83vEjRWeJCrze8SNFZ4kA==","k":1}},"kind":"event","level":"INFO","target":"audit""#,
        );
    });
    let floats = closed("honest-floats", |log| {
        log.signed(
            br#"{"fields":{"a":0.5,"b":1e+21,"c":1e-7,"d":5e-324,"e":1.7976931348623157e+308,"f":-0.000001,"g":333333333.3333333,"h":"NaN","i":"-Infinity"},"kind":"event","level":"TRACE","target":"audit""#,
        );
    });
    let unicode = closed("honest-unicode-and-escapes", |log| {
        // U+E000 sorts after U+10000 by UTF-16 code units, and before it by UTF-8 bytes.
        log.signed(
            "{\"fields\":{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\u{80}\u{2028}é🔒\",\"é\":1,\"\u{10000}\":2,\"\u{e000}\":3},\"kind\":\"event\",\"level\":\"INFO\",\"target\":\"audit\""
                .as_bytes(),
        );
    });
    let hostile = closed("honest-control-characters", |log| {
        log.signed(&event("\\u001b[2J\\n{\\\"forged\\\":1}\\r\u{202e}\u{2028}\u{9b}"));
    });
    let longest = closed("honest-longest-line", |log| {
        let before = log.clone();
        log.event("");
        let fixed = log.file().len() - before.files[0].len();
        *log = before;
        log.event(&"x".repeat(MAX_LINE - fixed));
    });
    assert_eq!(longest.lines(0)[2].len(), MAX_LINE);
    let mut clock = Log::new("honest-clock-set-back");
    clock.clock = 3_600_000;
    clock.event("alice");
    clock.clock = 0;
    clock.event("bob");
    clock.close(Ended::Shutdown);
    let mut overtaken = Log::new("honest-records-overtake-each-other");
    overtaken.clock = 9_000;
    overtaken.event("alice");
    overtaken.clock = 0;
    overtaken.event("bob");
    overtaken.clock = 9_500;
    overtaken.close(Ended::Shutdown);
    let unknown = closed("honest-unknown-kind", |log| {
        log.signed(br#"{"fields":{"n":1},"kind":"seal","level":"INFO","target":"audit""#);
    });
    let mut members = Log::new("honest-unknown-members");
    members.signed(
        br#"{"fields":{"later":{"x":1},"reason":"shutdown"},"kind":"close","level":"INFO","target":"audit""#,
    );
    let vector = |log: &Log, title, done| Vector::new(log.name, title, done).log(log);
    vec![
        vector(&spans, "Spans, around an event and by themselves.", "Nothing.").intact(0, 4),
        vector(&values, "Values of each kind, and names with a `#`.", "Nothing.").intact(0, 3),
        vector(&sealed, "Names with a single `#` that a verifier does not know are left alone.", "Nothing.")
            .intact(0, 3),
        vector(&floats, "Floats as RFC 8785 spells them.", "Nothing.").intact(0, 3),
        vector(
            &unicode,
            "Text of all kinds; members in the order of their UTF-16 code units.",
            "Nothing. U+E000 stands after U+10000.",
        )
        .intact(0, 3),
        vector(
            &hostile,
            "Control characters, escapes of a terminal and marks of direction stay within one line.",
            "Nothing.",
        )
        .intact(0, 3),
        vector(&longest, "A line may have 65,535 bytes with its newline.", "Nothing.").intact(0, 3),
        vector(&clock, "A clock that was set back by an hour is a notice.", "The clock was set back.")
            .intact(0, 3)
            .notice("clock-back"),
        vector(
            &overtaken,
            "Records of several threads overtake each other by seconds: no notice.",
            "The second record is nine seconds older than the first.",
        )
        .intact(0, 3),
        vector(&unknown, "A control line of a kind that a later version added is proved.", "Nothing.")
            .intact(0, 3)
            .notice("unknown-kind"),
        vector(&members, "Members that a later version added to a control line are proved.", "Nothing.")
            .intact(0, 1)
            .notice("unknown-members")
            .whole(true),
    ]
}

fn spellings() -> Vec<Vector> {
    let title = "The same meaning in other bytes is no line of the format.";
    let spelled = |name, done: &str, spell: fn(&str) -> String| {
        let log = four(name);
        Vector::new(name, title, done).log(&log).file(FIRST, &with(&log.files[0], 2, spell))
    };
    let other = |name, done: &str, spell: fn(&str) -> String| {
        spelled(name, done, spell).tampered(&[(0, 0), (2, 3)]).missing(&[(1, 1)]).find_at(
            "malformed",
            FIRST,
            2,
            1,
        )
    };
    let holder = "only a holder of the key can do it; it does not ask for the canonical form";
    let signed = |name, done: &str, body: &[u8]| {
        let mut log = Log::new(name);
        log.signed(body);
        log.event("bob");
        log.close(Ended::Shutdown);
        Vector::new(name, title, done)
            .log(&log)
            .tampered(&[(0, 0), (2, 3)])
            .missing(&[(1, 1)])
            .find_at("malformed", FIRST, 2, 1)
            .python_skips(holder)
    };
    let mut longest = Log::new("spelled-too-long");
    let fixed = {
        let mut log = longest.clone();
        let begins = log.file().len();
        log.event("");
        log.file().len() - begins
    };
    longest.event(&"x".repeat(MAX_LINE + 1 - fixed));
    longest.event("bob");
    longest.close(Ended::Shutdown);
    assert_eq!(longest.lines(0)[1].len(), MAX_LINE + 1);
    vec![
        other("spelled-member-twice", "A member stands twice.", |line| {
            line.replace("\"actor\"", "\"action\"")
        }),
        other("spelled-unknown-member", "A line has a member more.", |line| {
            line.replace(",\"kind\"", ",\"extra\":1,\"kind\"")
        }),
        other("spelled-member-missing", "A line lacks its level.", |line| {
            line.replace("\"level\":\"INFO\",", "")
        }),
        other("spelled-members-in-another-order", "`level` stands before `kind`.", |line| {
            line.replace("\"kind\":\"event\",\"level\":\"INFO\"", "\"level\":\"INFO\",\"kind\":\"event\"")
        }),
        other("spelled-number-as-float", "`seq` is 1.0.", |line| line.replace("\"seq\":1", "\"seq\":1.0")),
        other("spelled-number-with-zero", "`seq` is 01.", |line| line.replace("\"seq\":1", "\"seq\":01")),
        other("spelled-number-as-string", "`seq` is a string.", |line| {
            line.replace("\"seq\":1", "\"seq\":\"1\"")
        }),
        other("spelled-letter-as-escape", "A letter is written as `\\u0061`.", |line| {
            line.replace("alice", "\\u0061lice")
        }),
        other("spelled-slash-as-escape", "A slash is escaped.", |line| line.replace("alice", "al\\/ice")),
        other("spelled-hash-in-capitals", "`prev` is in capital letters.", |line| {
            let at = line.find("\"prev\":\"").unwrap() + 8;
            format!("{}{}{}", &line[..at], line[at..at + 64].to_uppercase(), &line[at + 64..])
        }),
        other("spelled-base64-with-bits-left-over", "The signature's padding leaves other bits.", |line| {
            let at = line.find("==\"}}").unwrap() - 1;
            // The last digit has four bits that count for nothing: they must be zeros.
            let other = char::from(line.as_bytes()[at] + 1);
            format!("{}{other}{}", &line[..at], &line[at + 1..])
        }),
        other("spelled-space-between-members", "A space after a colon.", |line| {
            line.replace("\":{", "\": {")
        }),
        other("spelled-space-at-the-end", "A space before the newline.", |line| line.replace('\n', " \n")),
        other("spelled-crlf", "A carriage return before the newline.", |line| line.replace('\n', "\r\n")),
        other("spelled-byte-order-mark", "A byte order mark before a line.", |line| {
            format!("\u{feff}{line}")
        }),
        other("spelled-timestamp-without-nanoseconds", "Three digits after the point.", |line| {
            line.replace("000000Z\"", "Z\"")
        }),
        spelled("spelled-blank-line", "A blank line stands before line 1.", |line| format!("\n{line}"))
            .tampered(&[(0, 3)])
            .find_at("malformed", FIRST, 2, 1),
        signed(
            "spelled-by-the-holder-of-the-key",
            "A space after a colon, signed as it stands.",
            br#"{"fields": {"actor":"alice"},"kind":"event","level":"INFO","target":"audit""#,
        ),
        signed(
            "spelled-float-by-the-holder-of-the-key",
            "A float that RFC 8785 spells otherwise, signed as it stands.",
            br#"{"fields":{"ratio":0.50},"kind":"event","level":"INFO","target":"audit""#,
        ),
        Vector::new(
            longest.name,
            "A line has at most 65,535 bytes with its newline.",
            "A signed line of one byte more.",
        )
        .log(&longest)
        .tampered(&[(0, 0), (2, 3)])
        .missing(&[(1, 1)])
        .find_at("malformed", FIRST, 2, 1)
        .python_skips("only a holder of the key can do it; it does not ask for the length"),
    ]
}
