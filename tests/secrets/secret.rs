//! What is secret of a key, and the ways to spell it.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use sha2::{Digest as _, Sha512};

/// The characters of a PEM's one line that all such keys have.
const PREFIX: usize = 24;

pub(crate) struct Secret {
    /// The seed; both halves of its SHA-512, which sign; the scalar that the first of them becomes.
    raw: Vec<[u8; 32]>,
    /// What is the key's own of the file's text.
    text: String,
}

impl Secret {
    /// Of a store's key.
    pub(crate) fn read(path: &Path) -> Secret {
        let pem = fs::read_to_string(path).unwrap();
        let key = SigningKey::from_pkcs8_pem(&pem).unwrap();
        let hash = Sha512::digest(key.as_bytes());
        let half = |at: usize| hash[at..at + 32].try_into().unwrap();
        let raw = vec![*key.as_bytes(), half(0), half(32), key.to_scalar().to_bytes()];
        Secret { raw, text: pem.lines().nth(1).unwrap()[PREFIX..].to_owned() }
    }

    /// The bytes that it must not leave anywhere.
    pub(crate) fn forms(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let names = ["the seed", "its hash, first half", "its hash, second half", "the scalar"];
        let raw = names.into_iter().zip(self.raw.iter().map(<[u8; 32]>::as_slice));
        raw.chain([("the text of its file", self.text.as_bytes())])
    }

    /// Fails where a part of it stands in `text`: as text of its file, in hex, in base64, as a list of numbers.
    pub(crate) fn is_not_in(&self, text: &str) {
        let lower = text.to_lowercase();
        for raw in &self.raw {
            for part in raw.windows(6) {
                let hex = const_hex::encode(part);
                let list = part.iter().map(ToString::to_string).collect::<Vec<_>>();
                let lines = list.join(",\n        ");
                for spelling in [hex, list.join(", "), lines] {
                    assert!(!lower.contains(&spelling), "{spelling} of a secret key in {text}");
                }
            }
            for start in 0..3 {
                let base64 = STANDARD.encode(&raw[start..start + 30]);
                for part in base64.as_bytes().windows(10) {
                    assert!(!text.contains(std::str::from_utf8(part).unwrap()), "a secret key in {text}");
                }
            }
        }
        assert!(!text.contains(&self.text[..20]) && !text.contains("PRIVATE"), "a secret key in {text}");
    }
}

#[test]
fn a_secret_is_found_however_it_is_spelt() {
    let seed: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7 + 1).unwrap());
    let secret = Secret { raw: vec![seed], text: "a text that is the key's own".to_owned() };
    secret.is_not_in("nothing of it");
    let hex = seed.map(|byte| format!("{byte:02X}")).concat();
    for shown in [
        format!("{:?}", &seed[3..12]),
        format!("{:#?}", [seed]),
        hex[9..40].to_owned(),
        format!("x{}", STANDARD.encode(&seed[5..20])),
        secret.text.clone(),
    ] {
        assert!(std::panic::catch_unwind(|| secret.is_not_in(&shown)).is_err(), "{shown}");
    }
}
