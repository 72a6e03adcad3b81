//! Of which log a file is, from how it opens.

use std::io::{self, Read};

use serde::Deserialize;

use super::contents::{Contents, read_up_to};
use crate::trail::{KeyId, Kind, Line, PublicKey};
use crate::verify::hand_offs::CopyLines;

/// How far into a file the first line that can be read is looked for; torn bytes may stand before it.
const OPENING: usize = 1 << 20;

/// How far it is looked for first: a genesis is shorter.
const NEAR: usize = 4 << 10;

/// What the first lines of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// A file of this log.
    Log {
        log: KeyId,
        /// Its number, as a genesis says that is signed by the key that it names.
        file: Option<u64>,
        /// The number of its first line that can be read.
        seq: Option<u64>,
    },
    /// It looks like one of a log, but no line says of which.
    Damaged,
    /// Nothing of a log.
    Other,
}

#[derive(Deserialize)]
struct GenesisSays<'a> {
    file: u64,
    public_key: &'a str,
}

impl Opening {
    /// Reads as far into a file as it takes. `among` says what its first bytes are.
    pub(super) fn read(
        contents: &mut Contents,
        start: &mut Vec<u8>,
        among: fn(&[u8]) -> Opening,
    ) -> io::Result<Opening> {
        for up_to in [NEAR, OPENING / 16, OPENING] {
            let known = start.len();
            match read_up_to(contents, start, known, up_to) {
                Err(error) if !contents.is_damage(&error) => return Err(error),
                _ => {}
            }
            let opening = among(start);
            let is_all = start.len() < up_to;
            if is_all || matches!(opening, Opening::Log { file: Some(_), .. }) {
                return Ok(opening);
            }
        }
        Ok(among(start))
    }

    /// From the first bytes of a file, whoever signed its genesis: the number that it gives may be somebody else's.
    pub(super) fn at_first_sight(bytes: &[u8]) -> Opening {
        Opening::among(bytes, |_, _| true)
    }

    /// From the first bytes of a file. They prove nothing yet: a damaged first line must not hide its file.
    pub(super) fn of(bytes: &[u8]) -> Opening {
        Opening::among(bytes, |line, says| {
            says.public_key.parse::<PublicKey>().is_ok_and(|key| line.is_signed_by(&key))
        })
    }

    fn among(bytes: &[u8], is_sound: impl Fn(&Line<'_>, &GenesisSays<'_>) -> bool) -> Opening {
        let mut unsound = None;
        let mut whole = false;
        // What a tool did to all of it is found when it is verified, and takes the file from its place no more than a name does.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            whole |= line.ends_with(b"\n");
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let Ok(line) = Line::parse(line.strip_suffix(b"\r").unwrap_or(line)) else { continue };
            let (log, seq) = (line.link.log, Some(line.link.seq));
            if line.kind == Kind::Genesis {
                match serde_json::from_str::<GenesisSays<'_>>(line.fields) {
                    Ok(says) if is_sound(&line, &says) => {
                        return Opening::Log { log, file: Some(says.file), seq };
                    }
                    _ => unsound = unsound.or(Some((log, seq))),
                }
            } else {
                let seq = unsound.and_then(|(_, seq)| seq).or(seq);
                return Opening::Log { log, file: None, seq };
            }
        }
        if let Some((log, seq)) = unsound {
            return Opening::Log { log, file: None, seq };
        }
        if !whole || !looks_like_a_log(bytes) {
            return Opening::Other;
        }
        match named_log(bytes) {
            Some(log) => Opening::Log { log, file: None, seq: None },
            None => Opening::Damaged,
        }
    }
}

/// So many logs are looked for in one file of copies: it is shared by those that replaced each other.
const LOGS: usize = 1_000;

/// What a file holds that is named as copies of hand-offs are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Copies {
    /// Copies for these logs, in their order there.
    Of(Vec<KeyId>),
    /// No line that can be read.
    Unreadable,
    /// Most are other lines: it is a file of a log.
    Records,
}

impl Copies {
    pub(super) fn among(mut lines: CopyLines<impl Read>) -> Copies {
        let mut logs: Vec<KeyId> = Vec::new();
        // Who adds a line to copies makes no other file of them.
        let (mut copied, mut others) = (0_u64, 0_u64);
        while let Ok(Some(copy)) = lines.next() {
            let Ok(line) = Line::parse(copy.text()) else { continue };
            let is_copy = line.kind == Kind::Handoff || line.kind == Kind::Genesis && line.link.seq == 0;
            (copied, others) = (copied + u64::from(is_copy), others + u64::from(!is_copy));
            if logs.len() < LOGS && !logs.contains(&line.link.log) {
                logs.push(line.link.log);
            }
        }
        match logs.is_empty() {
            true => Copies::Unreadable,
            false if others > copied => Copies::Records,
            false => Copies::Of(logs),
        }
    }
}

/// Whether bytes have the members of a line, spelled otherwise than a line spells them: they were loaded and dumped.
pub(super) fn looks_reformatted(bytes: &[u8]) -> bool {
    const NAMES: [&[u8]; 5] = [b"\"trail\"", b"\"prev\"", b"\"log\"", b"\"seq\"", b"\"timestamp\""];
    let stands = |name: &[u8]| memchr::memmem::find(bytes, name).is_some();
    // A piece of a line is spelled as lines are.
    NAMES.iter().all(|name| stands(name)) && !stands(b"\"trail\":{")
}

/// Whether bytes have most of what each line has: one that is damaged has the rest still.
fn looks_like_a_log(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 5] = [b"\"trail\":{", b"\"prev\":\"", b"\"log\":\"", b"\"seq\":", b"\"kind\":\""];
    MARKS.iter().filter(|mark| bytes.windows(mark.len()).any(|window| window == **mark)).count() >= 3
}

fn named_log(bytes: &[u8]) -> Option<KeyId> {
    const MARK: &[u8] = b"\"log\":\"";
    let start = bytes.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    KeyId::parse(bytes.get(start..start + 16)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = include_bytes!("../../../tests/example-log/audit.2026-11-22.jsonl");

    fn log() -> KeyId {
        KeyId::parse(b"b1541897b6ad297c").unwrap()
    }

    #[test]
    fn a_genesis_says_log_number_and_place() {
        assert_eq!(Opening::of(FILE), Opening::Log { log: log(), file: Some(1), seq: Some(8) });
    }

    #[test]
    fn a_single_damaged_line_is_still_of_its_log() {
        let genesis = FILE.iter().position(|byte| *byte == b'\n').unwrap();
        let mut line = FILE[..=genesis].to_vec();
        for at in 0..genesis {
            line[at] ^= 1;
            assert_ne!(Opening::of(&line), Opening::Other, "byte {at}");
            line[at] ^= 1;
        }
    }

    #[test]
    fn behind_a_damaged_genesis_the_next_line_says_the_log() {
        let mut file = FILE.to_vec();
        file[0] ^= 1;
        assert_eq!(Opening::of(&file), Opening::Log { log: log(), file: None, seq: Some(9) });
    }

    #[test]
    fn other_files_are_of_no_log() {
        for other in [
            "",
            "\n",
            "# notes\n",
            "{\"timestamp\":\"x\",\"level\":\"INFO\",\"fields\":{\"message\":\"x\"}}\n",
        ] {
            assert_eq!(Opening::of(other.as_bytes()), Opening::Other, "{other}");
        }
    }
}
