//! One small log for each way to go wrong, and some that only look so: what the queries must say of each.

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::made::{Made, RESUME, control, resume, without_signature};
use crate::tables;

/// Many logs, and the rows that queries must give, in order.
pub(crate) struct Cases {
    pub(crate) path: PathBuf,
    pub(crate) chain: Vec<String>,
    pub(crate) heads: Vec<String>,
}

/// What a crash leaves, or somebody puts between the lines: torn within a character, zeros, what looks like a delimiter, a
/// carriage return, what ends a `copy`, nothing. Two more are a line after whose end something
/// follows, and one without its beginning.
const PIECES: [&[u8]; 6] = [
    b"{\"fields\":{\"t\":\"\xe6\x97",
    &[0; 600],
    b"{\"fields\":{\"a\x01\x02",
    b"{\"fields\":{\"a\r",
    b"\\.",
    b"",
];

/// Made once for all engines.
pub(crate) static CASES: LazyLock<Cases> = LazyLock::new(Cases::all);

#[derive(Default)]
struct Parts {
    lines: Vec<Vec<u8>>,
    known: Vec<Vec<u8>>,
    heads: Vec<String>,
    chain: Vec<String>,
    found_by_heads: Vec<String>,
}

impl Cases {
    fn all() -> Cases {
        let mut parts = Parts::default();
        honest(&mut parts);
        stripped(&mut parts);
        tails(&mut parts);
        torn(&mut parts);
        ends(&mut parts);
        let Parts { mut lines, known, heads, mut chain, mut found_by_heads } = parts;
        let line = &Made::new("other").tail(1).lines[1];
        let (stretched, half) = (format!("{line}x"), &line[line.len() - 75..]);
        let of_a_line = [stretched.as_bytes(), half.as_bytes()];
        lines.extend(PIECES.into_iter().chain(of_a_line).map(<[u8]>::to_vec));
        tables::shuffle(&mut lines);
        chain.sort_unstable();
        found_by_heads.sort_unstable();
        let path = tables::written("cases", &lines, &known, &heads);
        Cases { path, chain, heads: found_by_heads }
    }
}

impl Parts {
    /// A log whose head was proved, as far as its own lines go; the findings, each as `finding|first|last`.
    fn log(&mut self, log: &Made, more: &[String], rows: &[&str]) {
        self.heads.push(log.head());
        self.lines.extend(log.lines.iter().chain(more).map(|line| line.clone().into_bytes()));
        self.chain.extend(rows.iter().map(|row| format!("{}|{row}", log.id())));
    }

    /// Of the log before: what was proved is another line.
    fn proved(&mut self, head: String) {
        *self.heads.last_mut().unwrap() = head;
    }

    fn known(&mut self, lines: &[&String]) {
        self.known.extend(lines.iter().map(|line| (*line).clone().into_bytes()));
    }

    fn found_by_heads(&mut self, log: &Made, rows: &[&str]) {
        self.found_by_heads.extend(rows.iter().map(|row| format!("{}|{row}", log.id())));
    }
}

fn honest(parts: &mut Parts) {
    let whole = Made::new("whole").write(5).hand_over().write(300).write(1).hand_over();
    parts.log(&whole, &whole.lines, &[]);
    // Records whose own values look like the end of a control line.
    let end = r#"{"a":{},"kind":"genesis","level":"INFO","target":"audit","timestamp":"2026-11-21T20:41:00.250000000Z","trail":{"log":"b1541897b6ad297c","prev":"0""#;
    let lookalikes = Made::new("lookalikes")
        .unsigned(&format!(r#"{{"fields":{{"x":{end}}}}}}},"kind":"event","level":"INFO","target":"audit""#))
        .unsigned(&format!(
            r#"{{"fields":{{}},"kind":"event","level":"INFO","spans":[{{"fields":{{"x":{end}}}}}}},"name":"s"}}],"target":"audit""#
        ))
        .unsigned(r#"{"fields":{},"kind":"event","level":"INFO","name":"close","target":"audit""#)
        .unsigned(r#"{"duration_ns":1,"fields":{},"kind":"span","level":"ERROR","name":"handoff","target":"audit::x""#)
        .write(1);
    parts.log(&lookalikes, &[], &[]);
    // Characters of two to four bytes wherever a query may cut.
    let wide = (0..12).fold(Made::new("wide"), |log, pad| {
        let text = format!("{}{}", "é日😀".repeat(60), "x".repeat(pad));
        log.unsigned(&format!(
            r#"{{"fields":{{"message":"{text}"}},"kind":"event","level":"INFO","target":"audit""#
        ))
    });
    parts.log(&wide.write(1), &[], &[]);
}

fn stripped(parts: &mut Parts) {
    // The chain was computed again, and a signature after them is good: only the kinds tell.
    let kinds = ["genesis", "handoff", "close", "gap", "resume", "seal"];
    let controls = kinds.iter().fold(Made::new("controls").write(2), |log, kind| {
        let body = control(kind, r#""reason":"rotated""#)
            .replace("INFO", if *kind == "gap" { "ERROR" } else { "INFO" });
        log.unsigned(&body)
    });
    let rows: Vec<_> = (3..9).map(|seq| format!("stripped|{seq}|{seq}")).collect();
    parts.log(&controls.write(1), &[], &rows.iter().map(String::as_str).collect::<Vec<_>>());

    // Half a signature.
    let log = Made::new("key without sig").write(4);
    let (log, gone) = log.back_to(3);
    let log = log.forged(&without_signature(&gone[0])).write(2);
    parts.log(&log, &[], &["stripped|4|4"]);
    let log = Made::new("sig without key").write(4);
    let (log, gone) = log.back_to(3);
    let (start, rest) = gone[0].split_once(r#""key":""#).unwrap();
    let log = log.forged(&format!("{start}{}", &rest[18..])).write(2);
    parts.log(&log, &[], &["stripped|4|4"]);
    for (name, from, to) in [("long sig", r#","sig":""#, r#","sig":"A"#), ("no padding", "==\"}}", "AA\"}}")]
    {
        let (log, gone) = Made::new(name).write(4).back_to(3);
        let log = log.forged(&gone[0].replace(from, to)).write(2);
        parts.log(&log, &[], &["stripped|4|4"]);
    }

    // In place, the rest as it was: the next line was written after another.
    let mut log = Made::new("in place").write(3).write(3).write(3);
    log.lines[6] = without_signature(&log.lines[6]);
    parts.log(&log, &[], &["altered|6|6", "stripped|6|6", "unsigned|4|6"]);
}

fn tails(parts: &mut Parts) {
    // Each line after a signed one written again, without signatures, and `prev` computed.
    let log = Made::new("after the hand-off").write(5).hand_over().write(4).write(4);
    let (log, _) = log.back_to(6);
    let log = log.tail(8);
    parts.log(&log, &[], &["unsigned|7|14"]);
    let (log, _) = Made::new("after a record").write(5).write(5).back_to(5);
    parts.log(&log.tail(1), &[], &["unsigned|6|6"]);

    // No signature at all.
    let log = Made::new("nothing signed").write(5).write(9);
    let (log, _) = log.back_to(5);
    let mut log = log.tail(4);
    log.lines.drain(..6);
    parts.log(&log, &[], &["unsigned|6|9"]);
    let log = Made::new("unsigned genesis");
    let signed = &log.lines[0];
    let genesis = without_signature(&signed.replace(&format!(r#""key":"{}","#, log.id()), ""));
    parts.log(&log.instead_of_all(&genesis).tail(3), &[], &["stripped|0|0", "unsigned|0|3"]);

    // Two: before what is missing, and at the end.
    let mut log = Made::new("two").write(3).tail(3).write(3).write(1).tail(2);
    log.lines.remove(8);
    parts.log(&log, &[], &["missing|8|8", "unsigned|11|12", "unsigned|4|7"]);

    // All but the lines that name keys deleted.
    let log = Made::new("keys").write(5).hand_over().write(5).hand_over().hand_over();
    let named = [0, 6, 12, 13].map(|seq: usize| log.lines[seq].clone());
    parts.heads.push(log.head());
    parts.lines.extend(named.map(String::into_bytes));
    parts.chain.extend(["missing|1|5", "missing|7|11"].map(|row| format!("{}|{row}", log.id())));

    // Before a line that was signed and stayed: the last of them is blamed, and none is proved.
    let log = Made::new("before").write(3).write(3).write(3).write(3);
    let (head, (log, gone)) = (log.head(), log.back_to(3));
    parts.log(&log.tail(6), &gone[6..], &["altered|9|9", "unsigned|4|9"]);
    parts.proved(head);
}

fn torn(parts: &mut Parts) {
    // Three whole lines and a piece, which the next start attests.
    let (log, lines) = Made::new("torn").write(3).tail(3).back_to(3);
    let bytes = lines.iter().map(|line| line.len() + 1).sum::<usize>();
    let log = log.signed(&resume(bytes + 100)).tail(4).write(1);
    parts.log(&log, &lines, &["torn|4|6"]);
    // The last has no newline, nothing follows.
    let (log, lines) = Made::new("torn end").write(3).tail(9).back_to(3);
    let bytes = lines.iter().map(|line| line.len() + 1).sum::<usize>() - 1;
    parts.log(&log.signed(&resume(bytes)), &lines, &["torn|4|12"]);
    // Attested by the genesis of the next file.
    let (log, lines) = Made::new("torn file").write(3).tail(1).back_to(3);
    let previous = format!(
        r#""previous":{{"bytes":9999,"ended":"crash","name":"x","torn":{{"bytes":{},"sha256":"0"}}}}"#,
        lines[0].len() + 1
    );
    let log = log.signed(&control("genesis", &previous)).write(2);
    parts.log(&log, &lines, &["torn|4|4"]);

    // More of them than was torn.
    let (log, lines) = Made::new("more than torn").write(3).tail(3).back_to(3);
    let log = log.signed(&resume(lines[0].len() + 1)).tail(4).write(1);
    parts.log(&log, &lines, &["branched|5|5", "branched|6|6", "torn|4|4"]);
    // Nothing was torn.
    let (log, lines) = Made::new("nothing torn").write(3).tail(1).back_to(3);
    let log = log.signed(RESUME).write(2);
    parts.log(&log, &lines, &["branched|4|4"]);
    // A signed line is no torn one, nor what follows it.
    let (log, lines) = Made::new("fork").write(3).write(1).tail(1).back_to(3);
    let log = log.signed(&resume(9999)).write(2);
    parts.log(&log, &lines, &["branched|4|4", "branched|5|5"]);
    // They branch off elsewhere.
    let (log, lines) = Made::new("elsewhere").write(1).write(2).tail(1).back_to(1);
    let log = log.signed(RESUME).write(1).signed(&resume(9999)).write(1);
    parts.log(&log, &lines[2..], &["branched|4|4"]);
    // Who attests has no signature.
    let (log, lines) = Made::new("unsigned resume").write(3).tail(1).back_to(3);
    let log = log.unsigned(&resume(9999)).write(1);
    parts.log(&log, &lines, &["branched|4|4", "stripped|4|4"]);
}

/// For `heads.sql`; the chains hold.
fn ends(parts: &mut Parts) {
    // From the last check on: the old head, and more.
    let mut log = Made::new("a window").write(3).hand_over().write(4).write(3).hand_over().write(2);
    parts.known(&[&log.lines[0], &log.lines[4], &log.lines[8]]);
    log.lines.drain(..7);
    parts.log(&log, &[], &[]);
    // It begins right after a line that was proved.
    let mut log = Made::new("right after").write(3).hand_over().write(4).write(3);
    parts.known(&[&log.lines[4], &log.lines[8]]);
    log.lines.drain(..5);
    parts.log(&log, &[], &[]);
    let log = Made::new("right after another").write(2).hand_over().write(1);
    parts.known(&[&log.lines[3], &log.lines[4]]);
    let mut log = log.back_to(2).0.tail(1).write(2);
    log.lines.drain(..4);
    parts.log(&log, &[], &[]);
    parts.found_by_heads(&log, &["altered|4|4", "replaced|4|4"]);

    // Where a hand-off stood, a record stands; where the old head stood, another line; lines end before it; none is there.
    let log = Made::new("no hand-off").write(3).hand_over().write(4);
    parts.known(&[&log.lines[0], &log.lines[4]]);
    let log = log.back_to(3).0.write(1).write(4);
    parts.log(&log, &[], &[]);
    parts.found_by_heads(&log, &["replaced|4|4"]);
    let log = Made::new("another head").write(3).write(4);
    parts.known(&[&log.lines[0], &log.lines[7]]);
    let log = log.back_to(3).0.tail(3).write(9);
    parts.log(&log, &[], &[]);
    parts.found_by_heads(&log, &["replaced|7|7"]);
    let log = Made::new("cut").write(3).write(4);
    parts.known(&[&log.lines[0], &log.lines[7]]);
    let log = log.back_to(3).0;
    parts.log(&log, &[], &[]);
    parts.found_by_heads(&log, &["gone|7|7"]);
    let log = Made::new("gone").write(3).write(4);
    parts.known(&[&log.lines[0], &log.lines[3], &log.lines[7]]);
    parts.found_by_heads(&log, &["gone|7|7"]);

    // What the verifier proved is not where the lines end.
    let log = Made::new("proved before").write(3).write(4);
    let before = log.clone().back_to(3).0.head();
    parts.log(&log.clone().tail(2), &[], &["unsigned|8|9"]);
    parts.proved(before);
    parts.found_by_heads(&log, &["unproved|4|7"]);
    let log = Made::new("proved another").write(3).write(4);
    parts.log(&log, &[], &[]);
    parts.proved(log.clone().back_to(3).0.write(1).write(3).head());
    parts.found_by_heads(&log, &["unproved|0|7"]);
    let log = Made::new("proved nothing").write(3);
    parts.log(&log, &[], &[]);
    parts.heads.pop();
    parts.found_by_heads(&log, &["unproved|0|3"]);
}
