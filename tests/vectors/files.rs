//! The vectors' files on the disk.

use std::fs;
use std::path::{Path, PathBuf};

use crate::vector::{File, Packed, Vector};

/// Writes all of them, and nothing else stays there.
pub(crate) fn write(folder: &Path, vectors: &[Vector]) {
    for vector in vectors {
        // What a compressor makes of the same bytes is not the same for ever: a file that holds the same stays.
        let path = folder.join(vector.name);
        fs::create_dir_all(&path).unwrap();
        let is_there = |name: &str| vector.files.iter().any(|file| file.name == name);
        for entry in fs::read_dir(&path).unwrap().map(Result::unwrap) {
            if !is_there(entry.file_name().to_str().unwrap()) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        for file in vector.files.iter().filter(|file| !is_stored(&path, file)) {
            fs::write(path.join(&file.name), pack(file)).unwrap();
        }
        fs::write(folder.join(format!("{}.expect.json", vector.name)), expectation(vector)).unwrap();
    }
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if vectors.iter().any(|vector| vector.name == name.strip_suffix(".expect.json").unwrap_or(&name)) {
            continue;
        }
        match entry.path().is_dir() {
            true => fs::remove_dir_all(entry.path()).unwrap(),
            false => fs::remove_file(entry.path()).unwrap(),
        }
    }
}

/// Whether the folder has this vector and no more.
pub(crate) fn compare(folder: &Path, vector: &Vector) {
    let (name, path) = (vector.name, folder.join(vector.name));
    let stored = fs::read_to_string(folder.join(format!("{name}.expect.json"))).unwrap();
    assert_eq!(stored, expectation(vector), "{name}");
    assert_eq!(fs::read_dir(&path).unwrap().count(), vector.files.len(), "{name}");
    for file in vector.files.iter().filter(|file| file.packed.is_none() || cfg!(feature = "compressed")) {
        assert!(is_stored(&path, file), "{name}/{} is not as its inputs make it", file.name);
    }
}

fn expectation(vector: &Vector) -> String {
    let pretty = serde_json::to_string_pretty(&vector.expect).unwrap();
    let (mut text, mut lines) = (String::new(), pretty.lines().peekable());
    while let Some(line) = lines.next() {
        text.push_str(line);
        let is_number = |next: &&str| next.trim_start().starts_with(|first: char| first.is_ascii_digit());
        if line.ends_with('[') && lines.peek().is_some_and(is_number) {
            // A range takes one line.
            let (from, to, end) = (lines.next().unwrap(), lines.next().unwrap(), lines.next().unwrap());
            text.push_str(&[from.trim_start(), " ", to.trim_start(), end.trim_start()].concat());
        }
        text.push('\n');
    }
    text
}

fn is_stored(folder: &Path, file: &File) -> bool {
    let Ok(bytes) = fs::read(folder.join(&file.name)) else { return false };
    match file.packed {
        None => bytes == file.bytes,
        Some(_) => unpack(&bytes) == file.bytes,
    }
}

/// The path of the plain file: this one, or what it holds, written elsewhere.
pub(crate) fn plain(path: &Path, elsewhere: &Path) -> PathBuf {
    let bytes = fs::read(path).unwrap();
    if !bytes.starts_with(GZIP) && !bytes.starts_with(ZSTD) {
        return path.to_owned();
    }
    let plain = elsewhere.join(path.file_name().unwrap());
    fs::write(&plain, unpack(&bytes)).unwrap();
    plain
}

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// In two members, or frames: each format allows that.
#[cfg(feature = "compressed")]
fn pack(file: &File) -> Vec<u8> {
    use std::io::Write as _;

    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zstd =
        |bytes: &[u8]| ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest);
    let (start, end) = file.bytes.split_at(file.bytes.len() / 3);
    match file.packed {
        None => file.bytes.clone(),
        Some(Packed::Gzip) => [start, end].map(gzip).concat(),
        Some(Packed::Zstd) => [start, end].map(zstd).concat(),
    }
}

#[cfg(not(feature = "compressed"))]
fn pack(file: &File) -> Vec<u8> {
    assert!(!matches!(file.packed, Some(Packed::Gzip | Packed::Zstd)));
    file.bytes.clone()
}

/// As far as it can be read.
#[cfg(feature = "compressed")]
fn unpack(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read as _;

    let mut plain = Vec::new();
    if bytes.starts_with(GZIP) {
        let _ = flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain);
        return plain;
    }
    let mut rest = bytes;
    while rest.starts_with(ZSTD) {
        let mut decoder = ruzstd::decoding::StreamingDecoder::new(&mut rest).unwrap();
        decoder.read_to_end(&mut plain).unwrap();
    }
    plain
}

#[cfg(not(feature = "compressed"))]
fn unpack(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}
