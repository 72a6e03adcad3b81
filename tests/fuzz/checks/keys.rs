use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tracing_audit::KeyStore;

use super::files::{self, InputFile};

/// A key store says something of any files in it, changes no key, and never shows one.
pub(crate) fn keys(input: &[u8]) {
    let files = files::files(input);
    let folder = files::folder(&[]);
    let store = folder.path().join("keys");
    fill(&store, &files);

    let inspection = KeyStore::inspect(&store);
    let pin = KeyStore::read_pin(&store);
    let mut said = vec![format!("{inspection:?} {pin:?}")];
    match KeyStore::open_or_create(&store) {
        Ok(opened) => {
            said.push(format!("{opened:?}"));
            assert!(pin.is_err() || pin.is_ok_and(|pin| pin == opened.pin()));
            let pin = opened.pin();
            drop(opened);
            assert_eq!(KeyStore::open_or_create(&store).unwrap().pin(), pin, "what opens once opens again");
        }
        Err(error) => said.push(format!("{error:?} {error}")),
    }
    for file in files.iter().filter(|file| file.name.starts_with("epoch-") && file.is_a("pem")) {
        assert_eq!(fs::read(store.join(&file.name)).unwrap(), file.bytes, "{} changed", file.name);
        let text = String::from_utf8_lossy(&file.bytes);
        // What stands in a name or in a public file as well is no secret.
        let is_public = |line: &str| {
            let in_bytes = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(line);
            files.iter().any(|file| file.name.contains(line) || !file.is_a("pem") && in_bytes(&file.bytes))
        };
        for line in text.lines().filter(|line| line.len() > 24 && !line.starts_with("--") && !is_public(line))
        {
            assert!(!said.iter().any(|said| said.contains(line)), "{said:?}");
        }
    }
}

/// Makes a folder with these files that nobody else may look into.
pub(super) fn fill(store: &Path, files: &[InputFile]) {
    fs::create_dir(store).unwrap();
    fs::set_permissions(store, fs::Permissions::from_mode(0o700)).unwrap();
    for file in files {
        let path = store.join(&file.name);
        fs::write(&path, &file.bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
