//! The format's worked example, rebuilt byte for byte from its inputs. Ed25519 is deterministic.

use sha2::{Digest, Sha256};
use tracing_audit::trail::{
    Chain, Close, Control, Ended, Gap, Genesis, Handoff, Hash, Line, Previous, Resume, SecretKey, Timestamp,
    Torn, WriterIdentity,
};

const FIRST_FILE: &[u8] = include_bytes!("example-log/audit.2026-11-21.jsonl");
const SECOND_FILE: &[u8] = include_bytes!("example-log/audit.2026-11-22.jsonl");

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&Sha256::digest(format!("example key {number}")).into())
}

fn at(millis: u64) -> Timestamp {
    let start = Timestamp::parse("2026-11-21T20:41:00.000000000Z").unwrap();
    Timestamp::from_nanos(start.as_nanos() + millis * 1_000_000)
}

fn writer(pid: u32) -> WriterIdentity {
    WriterIdentity::new("db1", pid, "payments 2.3.0")
}

fn genesis(file: u64, epoch: u8, previous: Option<Previous>, pid: u32) -> Control {
    Control::Genesis(Genesis::new(
        file,
        "example.com/payments",
        (epoch.into(), key(epoch).public()),
        previous,
        writer(pid),
    ))
}

#[test]
fn the_example_is_rebuilt_from_its_inputs() {
    let (first, second) = (key(0), key(1));
    let mut chain = Chain::new(first.id());
    let mut file = Vec::new();

    chain.signed(&genesis(0, 0, None, 4711).body(), at(0), &first, &mut file);
    let issued = r#"{"fields":{"action":"token.issued","actor":"alice@example.com","message":"token issued","rate_limit":100,"source_ip":"203.0.113.7"},"kind":"event","level":"INFO","target":"audit""#;
    chain.signed(issued.as_bytes(), at(250), &first, &mut file);
    let failed = r#"{"fields":{"action":"key.decrypt","actor":"bob","outcome":"failure","ratio":0.5,"reason":"422 Unprocessable Entity"},"kind":"event","level":"INFO","spans":[{"fields":{"request_id":"7f1c"},"name":"request"}],"target":"audit""#;
    chain.unsigned(failed.as_bytes(), at(500), &mut file);
    let span = r#"{"duration_ns":2400000,"fields":{"actor":"bob","object_uid":"417fe2de"},"kind":"span","level":"INFO","name":"key.decrypt","target":"audit""#;
    chain.signed(span.as_bytes(), at(750), &first, &mut file);

    let piece = br#"{"fields":{"action":"token.used","actor":"alice@example.com"}"#;
    let torn = Torn { bytes: piece.len() as u64, sha256: Hash::of_bytes(piece) };
    file.extend_from_slice(piece);
    file.push(b'\n');
    let resume = Control::Resume(Resume { torn: Some(torn), ..Resume::new(Ended::Crash, writer(4812)) });
    chain.signed(&resume.body(), at(1250), &first, &mut file);
    let handoff = Control::Handoff(Handoff::new((1, second.public()), "interval"));
    chain.signed(&handoff.body(), at(1500), &first, &mut file);
    let gap = Control::Gap(Gap { lost: 3, reason: "queue full".into(), since: at(1000) });
    chain.signed(&gap.body(), at(1750), &second, &mut file);
    chain.signed(&Control::Close(Close { reason: Ended::Rotated }).body(), at(2000), &second, &mut file);
    assert_eq!(String::from_utf8_lossy(&file), String::from_utf8_lossy(FIRST_FILE));

    let previous = Previous {
        bytes: file.len() as u64,
        ended: Ended::Rotated,
        name: "audit.2026-11-21.jsonl".into(),
        torn: None,
        unsynced_from: None,
    };
    let mut file = Vec::new();
    chain.signed(&genesis(1, 1, Some(previous), 4812).body(), at(2250), &second, &mut file);
    let revoked = r#"{"fields":{"action":"token.revoked","actor":"root","message":"quote \" slash \\ tab \t é 🔒","token_jti":"9007199254740993"},"kind":"event","level":"INFO","target":"audit""#;
    chain.signed(revoked.as_bytes(), at(2500), &second, &mut file);
    chain.signed(&Control::Close(Close { reason: Ended::Shutdown }).body(), at(2750), &second, &mut file);
    assert_eq!(String::from_utf8_lossy(&file), String::from_utf8_lossy(SECOND_FILE));

    assert_eq!(first.public().to_string(), "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=");
    assert_eq!(chain.head().to_string(), "d5b072cb9b963cbfb604208602c707d38658eebb767fc2caf3c97e119c9a0bb8");
    assert_eq!(chain.next(), 11);
}

#[test]
fn each_control_line_of_the_example_says_again_what_it_said() {
    let lines = [FIRST_FILE, SECOND_FILE].concat();
    let lines = lines.split(|byte| *byte == b'\n').filter_map(|line| Line::parse(line).ok());
    let controls = lines.filter_map(|line| {
        let control = Control::parse(&line).unwrap()?;
        assert!(control.is_all_of(&line), "{}", line.text);
        Some(line.kind.as_str().to_owned())
    });
    assert_eq!(
        controls.collect::<Vec<_>>(),
        ["genesis", "resume", "handoff", "gap", "close", "genesis", "close"]
    );
}
