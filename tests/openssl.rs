//! Keys and signatures as OpenSSL sees them.

#[path = "common/require.rs"]
mod require;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tracing_audit::{AuditLayer, KeyStore};
use tracing_subscriber::Registry;

/// An X.509 `SubjectPublicKeyInfo` of an Ed25519 key, up to the key (RFC 8410, section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

fn openssl(arguments: &[&str], paths: &[&Path]) -> Output {
    Command::new("openssl").args(arguments).args(paths).output().unwrap()
}

#[test]
fn openssl_reads_the_key_and_verifies_a_line() {
    if !require::available("openssl 3", Command::new("openssl").args(["pkeyutl", "-help"])) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let spki = [SPKI.as_slice(), keys.pin().as_bytes()].concat();
    let shown =
        openssl(&["pkey", "-pubout", "-outform", "DER", "-in"], &[&folder.path().join("keys/epoch-0.pem")]);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    assert_eq!(shown.stdout, spki);

    let (_layer, guard) = AuditLayer::builder(folder.path().join("log"), keys).build::<Registry>().unwrap();
    guard.shutdown().unwrap();
    let log = fs::read_to_string(guard.status().file).unwrap();
    let (unsigned, signature) = log.lines().last().unwrap().split_once(",\"sig\":\"").unwrap();
    let digest = Sha256::digest(format!("{unsigned}}}}}"));
    let files = ["message", "signature", "key"].map(|name| folder.path().join(name));
    fs::write(&files[0], [b"tracing-audit/v1/line\n".as_slice(), &digest].concat()).unwrap();
    fs::write(&files[1], STANDARD.decode(signature.strip_suffix("\"}}").unwrap()).unwrap()).unwrap();
    fs::write(&files[2], spki).unwrap();
    let verify = || {
        let arguments = ["pkeyutl", "-verify", "-pubin", "-rawin", "-keyform", "DER"];
        let mut command = Command::new("openssl");
        command
            .args(arguments)
            .arg("-in")
            .arg(&files[0])
            .arg("-sigfile")
            .arg(&files[1])
            .arg("-inkey")
            .arg(&files[2]);
        command.output().unwrap().status.success()
    };
    assert!(verify());
    fs::write(&files[0], [b"tracing-audit/v1/line\n".as_slice(), &[0; 32]].concat()).unwrap();
    assert!(!verify());
}
