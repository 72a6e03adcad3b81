use std::fs;
use std::path::Path;

use tracing_audit::trail::{KeyId, Kind, Line, PublicKey};
use tracing_audit::verify::{Options, verify_paths};
use tracing_audit::{AuditLayer, KeyStore};
use tracing_subscriber::Registry;

use super::files::{self, InputFile};
use super::keys;

/// A start upon any log and any store goes on or refuses: it never begins anew where there was something, and takes no
/// byte away.
pub(crate) fn start(input: &[u8]) {
    let (store, log): (Vec<_>, Vec<_>) = files::files(input).into_iter().partition(is_of_store);
    let folder = files::folder(&[]);
    let (keys, logs) = (folder.path().join("keys"), folder.path().join("log"));
    keys::fill(&keys, &store);
    fs::create_dir(&logs).unwrap();
    for file in &log {
        fs::write(logs.join(&file.name), &file.bytes).unwrap();
    }

    let Ok(keys) = KeyStore::open_or_create(&keys) else { return };
    let pin = keys.pin();
    let had_begun = log.iter().any(|file| is_begun(file, &pin));
    let geneses = first_lines(&logs, pin.id());
    let built = AuditLayer::builder(&logs, keys).build::<Registry>();
    if let Ok((_layer, guard)) = built {
        guard.shutdown().unwrap();
        if had_begun {
            assert_eq!(first_lines(&logs, pin.id()), geneses, "the log began anew");
        }
    }
    for file in log.iter().filter(|file| file.is_a("jsonl")) {
        let now = fs::read(logs.join(&file.name)).unwrap();
        assert!(now.starts_with(&file.bytes), "{} was not only appended to", file.name);
    }
    let options = Options { keys: vec![pin], patience: std::time::Duration::ZERO, ..Options::default() };
    verify_paths(&[&logs], &options).unwrap();
}

/// Whether it is the key store's; the rest lies in the log's folder.
fn is_of_store(file: &InputFile) -> bool {
    ["pem", "pub", "json"].iter().any(|extension| file.is_a(extension))
}

/// Whether a file of the log, by its name and place, has a line that the first key signed.
fn is_begun(file: &InputFile, pin: &PublicKey) -> bool {
    let mut lines = file.bytes.split(|byte| *byte == b'\n').filter_map(|line| Line::parse(line).ok());
    file.name.starts_with("audit.") && file.is_a("jsonl") && lines.any(|line| line.is_signed_by(pin))
}

/// How many lines of number 0 the log has.
fn first_lines(folder: &Path, log: KeyId) -> usize {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_first = |line: Line<'_>| line.kind == Kind::Genesis && (line.link.log, line.link.seq) == (log, 0);
    let of_file = |path| {
        let bytes = fs::read(path).unwrap();
        bytes.split(|byte| *byte == b'\n').filter(|line| Line::parse(line).is_ok_and(is_first)).count()
    };
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).map(of_file).sum()
}
