use tracing_audit::trail::{Chain, Control, Genesis, Line, SecretKey, Timestamp, WriterIdentity};
use tracing_audit::verify::{Options, Verdict, Verifier};

use super::key;

/// So many bodies teach the verifier shapes, and are compared with them.
const BODIES: usize = 16;

/// The parser takes canonical lines alone, and the verifier's quick way takes what the parser does.
pub(crate) fn line(input: &[u8]) {
    is_canonical(input);
    let pieces: Vec<_> = input.split(|byte| *byte == b'\n').take(BODIES).collect();
    for piece in &pieces {
        is_canonical(piece);
    }
    is_read_alike(&pieces);
}

/// What is accepted comes back the same from another implementation of RFC 8785.
fn is_canonical(bytes: &[u8]) {
    let Ok(line) = Line::parse(bytes) else { return };
    assert_eq!(line.text.as_bytes(), bytes);
    let _ = (Control::parse(&line), Timestamp::parse(line.timestamp));
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(value) => assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), line.text),
        // That reader's limit is 127 deep, ours 128.
        Err(error) => assert!(error.to_string().contains("recursion limit"), "{error}: {}", line.text),
    }
}

/// Puts bodies of lines into a sound chain. The verifier finds fault where the parser refuses one, and nowhere else.
fn is_read_alike(pieces: &[&[u8]]) {
    let key = key(0);
    let mut chain = Chain::new(key.id());
    let mut log = Vec::new();
    chain.signed(&genesis(&key).body(), Timestamp::from_nanos(1), &key, &mut log);
    let mut all_are_lines = true;
    for (at, body) in pieces.iter().map(|piece| body(piece)).enumerate() {
        let start = log.len();
        match at % 3 {
            2 => chain.signed(body, Timestamp::from_nanos(2), &key, &mut log),
            _ => chain.unsigned(body, Timestamp::from_nanos(2), &mut log),
        }
        match Line::parse(&log[start..log.len() - 1]) {
            // Control lines say more than their place; `folder` has those.
            Ok(line) if line.kind.is_control() => return,
            Ok(_) => {}
            Err(_) => all_are_lines = false,
        }
    }
    let last = br#"{"fields":{},"kind":"event","level":"INFO","target":"audit""#;
    chain.signed(last, Timestamp::from_nanos(3), &key, &mut log);

    let mut verifier = Verifier::new(key.id(), &Options { keys: vec![key.public()], ..Options::default() });
    verifier.begin_file("audit.jsonl");
    verifier.bytes(&log);
    let report = verifier.finish(Timestamp::from_nanos(4));
    let text = String::from_utf8_lossy(&log);
    if all_are_lines {
        assert_eq!((report.verdict, report.findings.as_slice()), (Verdict::Intact, &[][..]), "{text}");
        assert_eq!(report.lines, chain.next(), "{text}");
    } else {
        assert_eq!(report.verdict, Verdict::Tampered, "{text}\n{:?}", report.findings);
    }
}

/// A line up to its timestamp.
fn body(piece: &[u8]) -> &[u8] {
    let mark = b",\"timestamp\":\"";
    let end = piece.windows(mark.len()).rposition(|window| window == mark);
    &piece[..end.unwrap_or(piece.len())]
}

fn genesis(key: &SecretKey) -> Control {
    Control::Genesis(Genesis::new(
        0,
        "example.com/fuzz",
        (0, key.public()),
        None,
        WriterIdentity::new("db1", 1, "fuzz"),
    ))
}
