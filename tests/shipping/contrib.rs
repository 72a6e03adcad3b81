//! The configurations that users copy: a test runs them as they stand, but for its own folders and ports.

use std::fs;
use std::path::{Path, PathBuf};

/// `file` below `contrib/`, with each of `ours` in the place of what the file has, written into `folder`.
pub(crate) fn configuration(file: &str, folder: &Path, ours: &[(&str, &str)]) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(file);
    let mut text = fs::read_to_string(&path).unwrap();
    for (theirs, ours) in ours {
        assert!(text.contains(theirs), "{file} has no {theirs}");
        text = text.replace(theirs, ours);
    }
    let copy = folder.join(file.replace('/', "-"));
    fs::write(&copy, text).unwrap();
    copy
}
