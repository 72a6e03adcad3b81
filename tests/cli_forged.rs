//! What the command says of forged logs: nothing of them is proved, and no sentence claims it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tracing_audit::trail::{
    Chain, Close, Control, Ended, Genesis, HandoffBefore, Hash, Keeps, SecretKey, Timestamp,
};

use self::log::{Log, event, secret, writer};

#[path = "attacks/log.rs"]
#[allow(dead_code)] // the attacks ask for the rest
mod log;

/// `verify` of a folder: the exit code, and what was printed.
fn verify(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let command = env!("CARGO_BIN_EXE_tracing-audit");
    let output = Command::new(command).arg("verify").arg(folder).args(arguments).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// A file that a key begins at a number, with a payment and a close.
fn begun_by(log: &Log, key: &SecretKey, epoch: u64, (seq, prev): (u64, Hash)) -> Vec<u8> {
    let mut chain = Chain::after(log.pin().id(), seq, prev);
    let genesis = Genesis {
        handoff: Some(log.handoff),
        keeps: Some(Keeps::All),
        oldest: 9,
        ..Genesis::new(
            9,
            "example.com/payments",
            (epoch, key.public()),
            Some(log.clone().previous(Ended::Rotated)),
            writer(),
        )
    };
    let mut out = Vec::new();
    let bodies = [
        Control::Genesis(genesis).body(),
        event("mallory"),
        Control::Close(Close { reason: Ended::Shutdown }).body(),
    ];
    for body in bodies {
        let time = Timestamp::from_nanos(1_795_293_660_000_000_000 + chain.next() * 1_000_000);
        chain.signed(&body, time, key, &mut out);
    }
    out
}

/// A log of two keys, of which only the copies of its hand-offs are left.
fn log() -> Log {
    let mut log = Log::full("cli forged");
    log.event("alice");
    log.event("bob");
    log.hand_off();
    log
}

fn folder(log: &Log, file: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("audit.keys"), &log.copies).unwrap();
    fs::write(folder.path().join("audit.9.jsonl"), file).unwrap();
    folder
}

#[test]
fn row_31_of_a_file_that_the_latest_key_begins_below_its_hand_off_no_line_is_proved() {
    let log = log();
    let pin = log.pin().to_string();
    let folder = folder(&log, &begun_by(&log, &log.key(), 1, (1, Hash::of_line(b"any"))));
    for arguments in [&["--key", &*pin][..], &["--key", &*pin, "--every-signature"]] {
        let (code, text) = verify(folder.path(), arguments);
        assert_eq!(code, Some(1), "{text}");
        let signer = log.key().id();
        for said in [
            "No line is proved.".to_owned(),
            format!("signed in the name of key {signer} of epoch 1, which signs from line 4 on"),
            "3 lines are there, and not proved: 1 to 3.".to_owned(),
        ] {
            assert!(text.contains(&said), "{said}\n{text}");
        }
        assert!(!text.contains("It chains from"), "{text}");
    }
}

#[test]
fn row_31_what_the_thief_of_the_latest_key_cut_off_an_expectation_finds() {
    let log = log();
    let HandoffBefore::Line(last) = log.handoff else { panic!() };
    let folder = folder(&log, &begun_by(&log, &log.key(), 1, (last.seq + 1, last.hash)));
    let pin = log.pin().to_string();
    let (code, text) = verify(folder.path(), &["--key", &pin]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("3 lines are proved, 4 to 6"), "{text}");
    assert!(text.contains("which the retention does not explain"), "{text}");
    let trust = folder.path().join("trust");
    fs::write(&trust, format!("@from-start example.com/payments {} {pin}\n", log.pin().id())).unwrap();
    for arguments in [&["--key", &*pin, "--from-start"][..], &["--trust", trust.to_str().unwrap()]] {
        let (code, text) = verify(&folder.path().join("audit.9.jsonl"), arguments);
        let (with_copies, all) = verify(folder.path(), arguments);
        assert_eq!((code, with_copies), (Some(3), Some(3)), "{text}\n{all}");
        assert!(all.contains("the log begins with line 4; it was expected from line 0 on"), "{all}");
        // What the verdict rests on stands in the report.
        assert_eq!(all.contains("\nAsked: --from-start.\n"), arguments.len() == 3, "{all}");
    }
    assert!(!text.contains("Asked:"), "{text}");
}

#[test]
fn a_report_says_what_was_asked() {
    let log = log();
    let folder = folder(&log, &log.files[0]);
    let (pin, head) = (log.pin().to_string(), Hash::of_line(b"any"));
    let (id, other) = (log.pin().id(), secret("another", 0).id());
    let [silence, head, succession] = ["90s".to_owned(), format!("7:{head}"), format!("{other}={id}")];
    let asked =
        ["--no-losses", "--max-silence", &silence, "--expect-head", &head, "--succession", &succession];
    let (_, text) = verify(folder.path(), &[&["--key", &pin][..], &asked].concat());
    let all = format!(
        "Asked: --no-losses, --expect-head {head}, --max-silence 1m 30s, --succession {succession}.\n"
    );
    assert!(text.contains(&all), "{text}");
}

#[test]
fn row_41_what_nothing_but_the_public_key_made_is_never_said_to_be_proved() {
    let log = log();
    let forged = begun_by(&log, &secret("mallory", 0), 1, (900, Hash::of_line(b"any")));
    let folder = folder(&log, &forged);
    fs::remove_file(folder.path().join("audit.keys")).unwrap();
    let (pin, wrong) = (log.pin().to_string(), secret("another", 0).public().to_string());
    for (arguments, exit_code, tied) in [
        (&["--key", &*pin][..], 3, "the pinned key"),
        (&[], 3, "a pinned key"),
        (&["--key", &*wrong], 1, "a pinned key"),
    ] {
        let (code, text) = verify(folder.path(), arguments);
        assert_eq!(code, Some(exit_code), "{text}");
        assert!(text.contains("No line is proved."), "{text}");
        let agree = format!(
            "3 lines agree with each other, 900 to 902; nothing ties them to {tied}: anybody can have made them."
        );
        assert!(text.contains(&agree), "{text}");
        for claim in ["are proved,", "chains from", "INTACT"] {
            assert!(!text.contains(claim), "{claim}\n{text}");
        }
        let (_, json) = verify(folder.path(), &[arguments, &["--json"]].concat());
        let report: Value = serde_json::from_str(&json).unwrap();
        let of_log = report["logs"].as_array().unwrap().iter();
        let of_log = of_log.filter(|of| of["log"] == log.pin().id().to_string()).collect::<Vec<_>>();
        assert_eq!(of_log.len(), 1);
        assert_eq!((&of_log[0]["lines"], &of_log[0]["head"]), (&Value::from(0), &Value::Null));
        assert_eq!(of_log[0]["proved"]["lines"], 0);
    }
}
