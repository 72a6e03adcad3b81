//! The tables that queries are run over, as files from which an engine loads them.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Writes `lines.jsonl`, `known.jsonl` and `heads.csv` into a folder of the target folder: what is made once for all tests
/// is never dropped.
pub(crate) fn written(name: &str, lines: &[Vec<u8>], known: &[Vec<u8>], heads: &[String]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    write_lines(&folder.join("lines.jsonl"), lines);
    write_lines(&folder.join("known.jsonl"), known);
    write_lines(&folder.join("heads.csv"), heads);
    folder
}

fn write_lines(path: &Path, lines: &[impl AsRef<[u8]>]) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    for line in lines {
        file.write_all(line.as_ref()).unwrap();
        file.write_all(b"\n").unwrap();
    }
    file.flush().unwrap();
}

/// The same way each time.
pub(crate) fn shuffle<T>(items: &mut [T]) {
    let mut state = 1_u64;
    for place in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(place, usize::try_from(state >> 33).unwrap() % (place + 1));
    }
}
