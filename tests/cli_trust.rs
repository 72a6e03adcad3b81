//! Trust for many logs: `verify --trust`, and the lines of its file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use tracing_audit::trail::PublicKey;
use tracing_audit::{AuditLayer, BuildError, KeyStore};

const KEY: &str = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=";
const LOG: &str = "b1541897b6ad297c";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tracing-audit")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A folder with a trust file.
fn trusting(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trusted");
    fs::write(&file, text).unwrap();
    (folder, file)
}

/// `verify` of the example log with a trust file, where it lies and as shipped lines.
fn verify(trust: &Path) -> [(Option<i32>, String); 2] {
    [&["verify", "tests/example-log"][..], &["verify", "--shipped", "tests/example-log"]].map(|arguments| {
        let output = run(&[arguments, &["--trust", trust.to_str().unwrap()]].concat());
        (output.status.code(), said(&output))
    })
}

#[test]
fn a_log_that_a_trust_file_has_is_intact_and_others_in_it_are_not_missed() {
    let (_folder, file) = trusting(&format!("# the fleet\n\nexample.com/payments {LOG} {KEY} db1\n"));
    for (code, text) in verify(&file) {
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("pinned key"), "{text}");
    }
    let store = file.with_file_name("keys");
    let made = run(&["keys", "new", store.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let line = run(&["keys", "show", store.to_str().unwrap(), "--trust", "the orders"]);
    let line = String::from_utf8(line.stdout).unwrap();
    assert!(line.starts_with("\"the orders\" ") && line.ends_with(&said(&made)), "{line}");
    fs::write(&file, format!("{line}example.com/payments {LOG} {KEY}\n")).unwrap();
    for (code, text) in verify(&file) {
        assert_eq!(code, Some(0), "{text}");
    }
    // Alone it does not do.
    fs::write(&file, line).unwrap();
    for (code, text) in verify(&file) {
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("is of none of the pinned keys"), "{text}");
    }
}

#[test]
fn a_log_of_another_name_than_the_file_has_is_incomplete() {
    let (_folder, file) = trusting(&format!("example.com/orders {LOG} {KEY}\n"));
    for (code, text) in verify(&file) {
        assert_eq!(code, Some(3), "{text}");
        let named =
            "the log says that it is of \"example.com/payments\"; it is known as \"example.com/orders\"";
        assert_eq!(text.matches(named).count(), 1, "{text}");
    }
}

#[test]
fn what_is_no_trust_file_is_an_error_that_names_file_and_line() {
    for (text, why) in [
        (format!("\nexample.com/payments {KEY}\n"), "line 2: expected the id of a log"),
        (format!("a {LOG} {KEY}\nb {LOG} {KEY}\n"), "line 2: expected the origin that an earlier line has"),
        ("# nobody\n".to_owned(), "nobody in it"),
    ] {
        let (_folder, file) = trusting(&text);
        for (code, text) in verify(&file) {
            assert_eq!(code, Some(2), "{text}");
            assert!(text.contains(&format!("{}: {why}", file.display())), "{text}");
        }
    }
    assert_eq!(verify(Path::new("/nowhere"))[0].0, Some(2));
}

/// A fleet's key in `fleet/epoch-0.pem`, and two new stores, `one` and `two`; the public keys of all three.
fn fleet(folder: &Path) -> [String; 3] {
    ["fleet", "one", "two"].map(|store| {
        let made = run(&["keys", "new", folder.join(store).to_str().unwrap()]);
        String::from_utf8(made.stdout).unwrap().trim_end().to_owned()
    })
}

/// Endorses a key; the file with the endorsement.
fn endorse(folder: &Path, origin: &str, key: &str) -> PathBuf {
    let file = folder.join("fleet/epoch-0.pem");
    let endorsed =
        run(&["keys", "endorse", "--fleet-key-file", file.to_str().unwrap(), "--origin", origin, key]);
    assert_eq!(endorsed.status.code(), Some(0), "{}", said(&endorsed));
    assert_eq!(said(&endorsed).lines().count(), 1);
    let file = folder.join("endorsement");
    fs::write(&file, endorsed.stdout).unwrap();
    file
}

fn install(store: &Path, endorsement: &Path) -> (Option<i32>, String) {
    let output =
        run(&["keys", "install-endorsement", store.to_str().unwrap(), endorsement.to_str().unwrap()]);
    (output.status.code(), said(&output))
}

fn writes(folder: &Path, store: &str, origin: Option<&str>) -> Result<(), BuildError> {
    let keys = KeyStore::open_or_create(folder.join(store)).unwrap();
    let builder = AuditLayer::builder(folder.join("log"), keys).filename_prefix(store);
    let builder = match origin {
        Some(origin) => builder.origin(origin),
        None => builder,
    };
    let (_layer, guard) = builder.build::<tracing_subscriber::Registry>()?;
    guard.rotate_key().unwrap();
    guard.shutdown().unwrap();
    Ok(())
}

#[test]
fn a_store_is_listed_with_its_endorsement_and_checked_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let [fleet, one, two] = fleet(path);
    let store = path.join("one");
    let keys = |command: &str| {
        let output = run(&["keys", command, store.to_str().unwrap()]);
        (output.status.code(), said(&output))
    };
    let says = format!("fleet  {fleet} endorses it, for a log named \"payments\"\n");
    assert!(!keys("list").1.contains("fleet"), "{}", keys("list").1);
    install(&store, &endorse(path, "payments", &one));
    assert!(keys("list").1.contains(&says), "{}", keys("list").1);
    assert_eq!(keys("check").0, Some(0), "{}", keys("check").1);

    fs::copy(endorse(path, "payments", &two), store.join("endorsement.json")).unwrap();
    let (code, text) = keys("check");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("the endorsement for") && !keys("list").1.contains(&says), "{text}");
    fs::write(store.join("endorsement.json"), "{}").unwrap();
    let (code, text) = keys("check");
    assert!(code == Some(1) && text.contains("endorsement.json"), "{text}");
}

#[test]
fn one_fleet_key_proves_each_log_that_it_endorsed_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let [fleet, one, two] = fleet(path);
    let log = path.join("log");
    for (store, key) in [("one", &one), ("two", &two)] {
        let (code, text) = install(&path.join(store), &endorse(path, store, key));
        assert_eq!((code, text.trim_end()), (Some(0), fleet.as_str()));
        writes(path, store, None).unwrap();
        writes(path, store, Some(store)).unwrap();
    }
    let trust = path.join("trusted");
    fs::write(&trust, format!("* * {fleet} the fleet\n")).unwrap();
    let verify = |arguments: &[&str]| {
        let output = run(&[&["verify", log.to_str().unwrap()], arguments].concat());
        (output.status.code(), said(&output))
    };
    for shipped in [&[][..], &["--shipped"]] {
        for trusted in [["--fleet-key", &fleet], ["--trust", trust.to_str().unwrap()]] {
            let (code, text) = verify(&[shipped, &trusted].concat());
            assert_eq!(code, Some(0), "{text}");
            assert_eq!(text.matches("endorsed by fleet key").count(), 2, "{text}");
            assert!(!text.contains("does not know"), "{text}");
        }
        let (code, text) = verify(&[shipped, &["--fleet-key", &one]].concat());
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("and its endorsement, in the name of fleet key"), "{text}");
        let (code, text) = verify(&[shipped, &["--key", &one, "--fleet-key", &fleet]].concat());
        assert_eq!(code, Some(0), "{text}");
    }
    fs::remove_dir_all(path.join("log")).unwrap();
    assert_eq!(verify(&["--fleet-key", &fleet]).0, Some(2));
}

#[test]
fn an_endorsement_goes_only_into_the_store_that_it_is_for_and_before_its_log_begins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let [_, one, two] = fleet(path);
    let endorsement = endorse(path, "payments", &one);
    let (code, text) = install(&path.join("two"), &endorsement);
    assert_eq!(code, Some(2));
    let id = |key: &str| key.parse::<PublicKey>().unwrap().id();
    let both = format!("is of key {}: expected that of {}", id(&one), id(&two));
    assert!(text.contains(&both), "{text}");

    let altered = path.join("altered");
    fs::write(&altered, fs::read_to_string(&endorsement).unwrap().replace("payments", "orders")).unwrap();
    let (code, text) = install(&path.join("one"), &altered);
    assert!(code == Some(2) && text.contains("the signature is not that of the fleet key"), "{text}");

    assert_eq!(install(&path.join("one"), &endorsement).0, Some(0));
    let refused = writes(path, "one", Some("orders")).unwrap_err();
    assert!(
        matches!(&refused, BuildError::Origin { endorsed, found } if endorsed == "payments" && found == "orders")
    );
    writes(path, "two", Some("orders")).unwrap();
    let (code, text) = install(&path.join("two"), &endorse(path, "orders", &two));
    assert!(code == Some(2) && text.contains("has been used"), "{text}");
}
