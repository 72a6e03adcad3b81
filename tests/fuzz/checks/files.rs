//! Input that says several files, as text that a fuzzer can cut and splice:
//!
//! ```text
//! == audit.2026-11-21.jsonl sealed
//! {"fields":{…},"kind":"genesis",…
//! == audit.2026-11-22.jsonl.gz gz
//! …
//! ```
//!
//! Words behind the name say what becomes of the bytes: `gz`, `zst` compress them; `sealed` takes them for lines and
//! signs each with a new place in the chain, so that what is said in a line is reached behind a good signature.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use tempfile::TempDir;
use tracing_audit::trail::{Chain, Control, Line, Timestamp};

use super::key;

/// So many files are enough to say anything with.
const FILES: usize = 8;

pub(super) struct InputFile {
    /// Of plain characters; no path.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

impl InputFile {
    pub(super) fn is_a(&self, extension: &str) -> bool {
        Path::new(&self.name).extension().is_some_and(|its| its == extension)
    }
}

/// The files that an input says, each name once. Without any header it is one file.
pub(super) fn files(input: &[u8]) -> Vec<InputFile> {
    let mut sealer = Sealer::new();
    let mut files: Vec<InputFile> = Vec::new();
    for (header, content) in sections(input) {
        let mut words = header.split(|byte| *byte == b' ');
        let name = plain(words.next().unwrap_or_default());
        if files.iter().any(|file| file.name == name) {
            continue;
        }
        let mut bytes = content.to_vec();
        for word in words {
            bytes = match word {
                b"sealed" => sealer.seal(&bytes),
                b"gz" => gzip(&bytes),
                b"zst" => zstd(&bytes),
                _ => bytes,
            };
        }
        files.push(InputFile { name, bytes });
    }
    files
}

/// Puts files into a new folder, in memory where there is such a file system.
pub(super) fn folder(files: &[InputFile]) -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    for file in files {
        fs::write(folder.path().join(&file.name), &file.bytes).unwrap();
    }
    folder
}

fn sections(input: &[u8]) -> Vec<(&[u8], &[u8])> {
    const MARK: &[u8] = b"== ";
    let mut sections: Vec<(&[u8], &[u8])> = Vec::new();
    let mut at = 0;
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        match line.strip_prefix(MARK) {
            Some(header) if sections.len() < FILES => {
                sections.push((header.strip_suffix(b"\n").unwrap_or(header), &input[at..at]));
            }
            _ => match sections.last_mut() {
                Some((_, content)) => *content = &input[start - content.len()..at],
                None => sections.push((b"audit.jsonl", &input[start..at])),
            },
        }
    }
    sections
}

fn plain(name: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_~".contains(byte);
    let name: String =
        name.iter().filter(|byte| is_plain(byte)).take(64).map(|byte| char::from(*byte)).collect();
    if name.bytes().all(|byte| byte == b'.') { "audit.jsonl".to_owned() } else { name }
}

/// Signs lines again: one chain through all files, of the worked example's keys.
struct Sealer {
    chain: Chain,
    /// The number of the key in force.
    epoch: u8,
    time: Timestamp,
}

impl Sealer {
    fn new() -> Sealer {
        let time = Timestamp::parse("2026-11-21T20:41:00.000000000Z").unwrap();
        Sealer { chain: Chain::new(key(0).id()), epoch: 0, time }
    }

    /// Each line with a new `timestamp` and `trail`; signed if it was, or had none. What has no `timestamp` to be
    /// replaced stays as it is: torn.
    fn seal(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in bytes.split(|byte| *byte == b'\n').filter(|piece| !piece.is_empty()) {
            let mark = b",\"timestamp\":\"";
            let Some(end) = piece.windows(mark.len()).rposition(|window| window == mark) else {
                out.extend_from_slice(piece);
                out.push(b'\n');
                continue;
            };
            let is_signed = piece[end..].windows(7).any(|window| window == b",\"sig\":");
            let start = out.len();
            if is_signed {
                self.chain.signed(&piece[..end], self.time, &key(self.epoch), &mut out);
            } else {
                self.chain.unsigned(&piece[..end], self.time, &mut out);
            }
            let line = Line::parse(&out[start..out.len() - 1]).ok();
            if let Some(Ok(Some(Control::Handoff(handoff)))) = line.map(|line| Control::parse(&line)) {
                self.epoch = u8::try_from(handoff.epoch).unwrap_or(self.epoch);
            }
        }
        out
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}
