//! Everything that there is to verify: the worked example, the corpora of the fuzzers, the vectors for other verifiers, and
//! logs whose writers mean ill. And what the command says of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{LazyLock, Mutex};
use std::{fs, thread};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tracing_audit::trail::{
    Chain, Close, Control, Ended, Gap, Genesis, Hash, Previous, PublicKey, SecretKey, Torn, WriterIdentity,
};

use super::log::{self, File, Log, secret};

#[allow(dead_code)] // the checks ask for the rest
#[path = "../fuzz/checks/files.rs"]
mod files;

/// Files, and what is known of them.
struct Vector {
    name: String,
    folder: Folder,
    /// Shipped lines: their order and their files say nothing.
    shipped: bool,
    known: Known,
    /// What is known, nothing, a wrong key: the first so many of these ways to verify it.
    ways: usize,
}

enum Folder {
    Kept(PathBuf),
    Made(TempDir),
}

/// What the verifier is told to trust.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) pins: Vec<PublicKey>,
    /// Logs of the trust file.
    pub(crate) trusted: Vec<PublicKey>,
    pub(crate) fleets: Vec<PublicKey>,
}

/// What the command says of a vector.
pub(crate) struct Said {
    pub(crate) name: String,
    pub(crate) files: Vec<File>,
    pub(crate) shipped: bool,
    /// Whether all lines stand in the files as they were written, and not as values of JSON or CSV.
    pub(crate) raw: bool,
    pub(crate) known: Known,
    pub(crate) json: String,
    pub(crate) text: String,
}

/// The key of the worked example, and of the corpora, by its number.
fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&Sha256::digest(format!("example key {number}")).into())
}

/// What is said of all vectors: with what is known of each, with nothing, and with a wrong key.
pub(crate) static SAID: LazyLock<Vec<Said>> = LazyLock::new(|| {
    let waiting = Mutex::new(vectors());
    let said = Mutex::new(Vec::new());
    thread::scope(|scope| {
        // Mostly the command waits: whether a writer ends a write that is cut off.
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let Some(vector) = waiting.lock().unwrap().pop() else { return };
                    let all = of(&vector);
                    said.lock().unwrap().extend(all);
                }
            });
        }
    });
    let mut said = said.into_inner().unwrap();
    said.sort_by(|one, other| one.name.cmp(&other.name));
    said
});

fn of(vector: &Vector) -> Vec<Said> {
    let folder = match &vector.folder {
        Folder::Kept(path) => path.as_path(),
        Folder::Made(folder) => folder.path(),
    };
    let wrong = Known { pins: vec![secret("of nobody", 0).public()], ..Known::default() };
    let ways = [("known", vector.known.clone()), ("no key", Known::default()), ("wrong key", wrong)];
    ways.into_iter()
        .take(vector.ways)
        .filter_map(|(way, known)| {
            let run = |json: bool| verify(folder, vector, &known, json);
            let (json, text) = (run(true), run(false));
            let name = format!("{}, {way}", vector.name);
            assert_eq!(json.status, text.status, "{name}");
            // What is refused has no report.
            let is_refused = json.status.code() == Some(2) && json.stdout.is_empty();
            let utf8 = |output: Output| String::from_utf8(output.stdout).unwrap();
            let files = read(folder);
            (!is_refused).then(|| Said {
                name,
                files,
                shipped: vector.shipped,
                raw: !vector.shipped || !vector.name.starts_with("shipped/"),
                known,
                json: utf8(json),
                text: utf8(text),
            })
        })
        .collect()
}

fn verify(folder: &Path, vector: &Vector, known: &Known, json: bool) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
    command.arg("verify").arg(folder);
    for pin in &known.pins {
        command.args(["--key", &pin.to_string()]);
    }
    for fleet in &known.fleets {
        command.args(["--fleet-key", &fleet.to_string()]);
    }
    command.args(vector.shipped.then_some("--shipped")).args(json.then_some("--json"));
    let output = command.output().unwrap();
    assert_ne!(
        output.status.code(),
        Some(101),
        "{}: {}",
        vector.name,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The files of a folder, decompressed as far as they can be.
fn read(folder: &Path) -> Vec<File> {
    use std::io::Read as _;
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let mut bytes = fs::read(&path).unwrap();
        let mut plain = Vec::new();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let _ = flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain);
            bytes = plain;
        } else if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let mut left = bytes.as_slice();
            while !left.is_empty() {
                let Ok(mut decoder) = ruzstd::decoding::StreamingDecoder::new(&mut left) else { break };
                if decoder.read_to_end(&mut plain).is_err() {
                    break;
                }
            }
            bytes = plain;
        }
        files.push((path.file_name().unwrap().to_string_lossy().into_owned(), bytes));
    }
    files
}

fn vectors() -> Vec<Vector> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let example = Known { pins: vec![key(0).public()], ..Known::default() };
    let mut all = vec![Vector {
        name: "the worked example".into(),
        folder: Folder::Kept(root.join("example-log")),
        shipped: false,
        known: example.clone(),
        ways: 3,
    }];
    for (corpus, shipped) in [("folder", false), ("shipped", true)] {
        let inputs = sorted(&root.join("fuzz/corpus").join(corpus));
        assert!(inputs.len() > 5, "{corpus}");
        for input in inputs {
            all.push(Vector {
                name: format!("{corpus}/{}", name(&input)),
                folder: Folder::Made(files::folder(&files::files(&fs::read(&input).unwrap()))),
                shipped,
                known: example.clone(),
                ways: 3,
            });
        }
    }
    all.extend(stored(&root.join("vectors/logs")));
    all.extend(of_ill_will());
    let names = all.iter().map(|vector| vector.name.clone()).collect::<BTreeSet<_>>();
    assert_eq!(names.len(), all.len());
    all
}

/// Folders of logs, each with a file `NAME.expect.json` beside it that says what is given with it.
fn stored(folder: &Path) -> Vec<Vector> {
    let folders = sorted(folder).into_iter().filter(|path| path.is_dir());
    let vector = |folder: PathBuf| {
        let expect = folder.with_file_name(format!("{}.expect.json", name(&folder)));
        let expect: serde_json::Value = serde_json::from_str(&fs::read_to_string(expect).unwrap()).unwrap();
        let given = &expect["given"];
        let texts = |member: &str| -> Vec<String> {
            let all = given[member].as_array().into_iter().flatten();
            all.map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let mut known = Known {
            pins: texts("pins").iter().map(|pin| pin.parse().unwrap()).collect(),
            ..Known::default()
        };
        for line in texts("trust") {
            let words = line.split_whitespace().filter(|word| !word.starts_with('@')).collect::<Vec<_>>();
            let trusted = if words[0] == "*" { &mut known.fleets } else { &mut known.trusted };
            trusted.push(words[2].parse().unwrap());
        }
        // A trusted log is pinned here: what is proved is the same.
        known.pins.append(&mut known.trusted.clone());
        Vector {
            name: format!("logs/{}", name(&folder)),
            folder: Folder::Kept(folder),
            shipped: false,
            known,
            ways: 2,
        }
    };
    let all = folders.map(vector).collect::<Vec<_>>();
    // Their lines, and nothing of their files, say the same through other hands.
    let shipped = all.iter().map(|vector| {
        let Folder::Kept(folder) = &vector.folder else { panic!() };
        let (name, folder) = (format!("{}, shipped", vector.name), Folder::Kept(folder.clone()));
        Vector { name, folder, shipped: true, known: vector.known.clone(), ways: 1 }
    });
    let shipped = shipped.collect::<Vec<_>>();
    all.into_iter().chain(shipped).collect()
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths = entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// What an outsider would have a report say.
const LIE: &str = "payments: INTACT\n  7 lines are proved, 0 to 6. It chains from the pinned key.\u{85}\u{9b}2J\u{202e}\u{2028}\u{feff}";

/// Logs of outsiders, and of the thief of a key: with names and words that are made to deceive.
fn of_ill_will() -> Vec<Vector> {
    let honest = Log::of_three_files("honest");
    let pinned = |name: &str, files: Vec<File>| Vector {
        name: format!("ill will: {name}"),
        folder: made(&files),
        shipped: false,
        known: Known { pins: vec![honest.pin()], ..Known::default() },
        ways: 3,
    };
    let lying = || (String::from("audit.0.jsonl"), lying("liar", 0, None));
    let copies = || ("audit.keys".to_owned(), honest.copies.clone());
    let with = |more: Vec<File>| [honest.files(), vec![copies()], more].concat();
    let of_three = |name: &str, change: &dyn Fn(&mut Vec<File>)| {
        let mut files = with(Vec::new());
        change(&mut files);
        pinned(name, files)
    };
    let after = forged_file(&honest);
    let mut all = vec![
        pinned("an honest log", with(Vec::new())),
        pinned("a log of somebody else's, which calls itself whole", vec![lying()]),
        pinned("a file that somebody without a key makes the next of a log", vec![after.clone()]),
        pinned("such a file after an honest log", with(vec![after])),
        pinned(
            "a file with a name that reads like a report",
            with(vec![(LIE.replace('\n', " "), b"no log".to_vec())]),
        ),
        pinned("nothing", Vec::new()),
        of_three("no first file", &|files| drop(files.remove(0))),
        of_three("no second file", &|files| drop(files.remove(1))),
        of_three("no last file", &|files| drop(files.remove(2))),
        of_three("only copies of hand-offs", &|files| drop(files.drain(..3))),
        of_three("no copies, and no file with the hand-off", &|files| {
            files.retain(|(name, _)| name == "audit.2.jsonl");
        }),
        pinned("the latest key, before its hand-off", vec![copies(), forged_before_hand_off(&honest)]),
        pinned("the first key, after its hand-off", vec![copies(), forged_after_hand_off()]),
        of_three("such files beside honest ones", &|files| files.extend([forged_before_hand_off(&honest)])),
        of_three("an altered line", &|files| files[1].1[300] ^= 1),
        of_three("an unsigned line at the end", &|files| {
            let (_, file) = &mut files[2];
            honest.chain.clone().unsigned(&log::event("mallory"), log_time(), file);
        }),
    ];
    all.push(Vector {
        known: Known { pins: vec![secret("liar", 0).public()], ..Known::default() },
        ..pinned("a log whose own writer lies, pinned", vec![lying()])
    });
    all.push(Vector {
        known: Known { pins: vec![secret("stolen", 0).public()], ..Known::default() },
        ..pinned(
            "control lines that say what no kind says",
            vec![(
                "audit.0.jsonl".into(),
                self::lying(
                    "stolen",
                    0,
                    Some(r#"{"lost":"\u202e7 lines are proved","reason":1,"since":"INTACT"}"#),
                ),
            )],
        )
    });
    let shipped = all.iter().map(|vector| {
        let Folder::Made(folder) = &vector.folder else { panic!() };
        Vector {
            name: format!("{}, shipped", vector.name),
            folder: made(&read(folder.path())),
            shipped: true,
            known: vector.known.clone(),
            ways: 3,
        }
    });
    let shipped = shipped.collect::<Vec<_>>();
    all.extend(shipped);
    all
}

fn made(files: &[File]) -> Folder {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    Folder::Made(folder)
}

fn log_time() -> tracing_audit::trail::Timestamp {
    Log::new("clock").now()
}

/// A log that agrees with itself, and of which each word is a lie. `odd`: the fields of one more control line.
fn lying(name: &str, file: u64, odd: Option<&str>) -> Vec<u8> {
    let (key, time) = (secret(name, 0), log_time());
    let mut bytes = Vec::new();
    let mut chain = Chain::new(key.id());
    let writer = WriterIdentity::new(LIE, 7, LIE);
    let genesis = Genesis::new(file, LIE, (0, key.public()), None, writer);
    chain.signed(&Control::Genesis(genesis).body(), time, &key, &mut bytes);
    let gap = Gap { lost: 3, reason: LIE.into(), since: time };
    chain.signed(&Control::Gap(gap).body(), time, &key, &mut bytes);
    let kind = r#"{"fields":{},"kind":"7 lines are proved, INTACT","level":"INFO","target":"audit""#;
    chain.signed(kind.as_bytes(), time, &key, &mut bytes);
    if let Some(fields) = odd {
        let fields = fields.replace("\\u202e", "\u{202e}");
        let body = format!(r#"{{"fields":{fields},"kind":"gap","level":"ERROR","target":"audit""#);
        chain.signed(body.as_bytes(), time, &key, &mut bytes);
    }
    chain.signed(&Control::Close(Close { reason: Ended::Shutdown }).body(), time, &key, &mut bytes);
    bytes
}

/// File 9 of a log, by somebody who has its public key alone.
fn forged_file(log: &Log) -> (String, Vec<u8>) {
    let (key, time) = (secret("forger", 0), log_time());
    let mut bytes = Vec::new();
    let mut chain = Chain::after(log.pin().id(), 40, Hash::of_line(b"before"));
    let torn = Torn { bytes: 7, sha256: Hash::ZERO };
    let genesis =
        Genesis { torn: Some(torn), ..Genesis::new(9, LIE, (3, key.public()), None, log::writer()) };
    chain.signed(&Control::Genesis(genesis).body(), time, &key, &mut bytes);
    chain.signed(&log::event("mallory"), time, &key, &mut bytes);
    chain.signed(&Control::Close(Close { reason: Ended::Shutdown }).body(), time, &key, &mut bytes);
    ("audit.9.jsonl".into(), bytes)
}

/// A file of old numbers, by the thief of the latest key, who says that retention gave up all before.
fn forged_before_hand_off(log: &Log) -> (String, Vec<u8>) {
    let (key, time) = (log.key(), log_time());
    let mut bytes = Vec::new();
    let mut chain = Chain::after(log.pin().id(), 1, Hash::of_line(b"before"));
    let previous =
        Previous { bytes: 7, ended: Ended::Rotated, name: "x".into(), torn: None, unsynced_from: None };
    let genesis = Genesis::new(7, "example.com/payments", (1, key.public()), Some(previous), log::writer());
    chain.signed(&Control::Genesis(Genesis { oldest: 7, ..genesis }).body(), time, &key, &mut bytes);
    (0..20).for_each(|_| chain.signed(&log::event("mallory"), time, &key, &mut bytes));
    ("audit.7.jsonl".into(), bytes)
}

/// The whole log, written again by the thief of its first key.
fn forged_after_hand_off() -> (String, Vec<u8>) {
    let mut forged = Log::new("honest");
    (0..20).for_each(|_| forged.event("mallory"));
    forged.close(Ended::Shutdown);
    forged.files().remove(0)
}
