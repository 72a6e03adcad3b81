//! What a file begins with: its genesis, or what a crash left of one.

use std::io;
use std::path::Path;

use crate::files::FileSystem;
use crate::trail::{Control, Genesis, Line, MAX_LINE};

/// Bytes that nearly always hold the first line of a file.
const OPENING: usize = 4 << 10;

/// What every genesis begins with, as its members' names sort; a file that holds a start of one was begun by a writer that
/// died.
const GENESIS_STARTS: [&[u8]; 2] = [b"{\"fields\":{\"accepted\":", b"{\"fields\":{\"epoch\":"];

/// Empty, or the start of a genesis without its end, or several of them: each start of the log may have been cut short.
/// (One that lacks only its newline is whole.) Where the power went zeros stand for any part that the disk did not get.
pub(super) fn is_vacant(start: &[u8]) -> bool {
    start.len() < MAX_LINE && start.split(|byte| *byte == b'\n').all(is_start_of_genesis)
}

/// A whole line without zeros that does not parse is none: it was altered.
fn is_start_of_genesis(piece: &[u8]) -> bool {
    let is_whole = piece.ends_with(b"\"}}") && piece.windows(7).any(|bytes| bytes == b",\"sig\":");
    let is_what_was_written = |(byte, written): (&u8, &u8)| byte == written || *byte == 0;
    let begins_so = |start: &&[u8]| piece.iter().zip(*start).all(is_what_was_written);
    GENESIS_STARTS.iter().any(begins_so) && (!is_whole || piece.contains(&0))
}

/// The first whole line, behind what a crash may have torn.
pub(super) fn first_line(start: &[u8]) -> Option<Line<'_>> {
    start.split(|byte| *byte == b'\n').find_map(|line| Line::parse(line).ok())
}

/// The start of a file, with its first line. Reads little, since each start of the log looks at all files.
pub(super) fn opening<F: FileSystem>(files: &F, path: &Path) -> io::Result<Vec<u8>> {
    let start = files.read(path, 0, OPENING)?;
    if start.len() < OPENING || first_line(&start).is_some() {
        return Ok(start);
    }
    files.read(path, 0, MAX_LINE)
}

/// Looks at the first line of a file, where it is a genesis.
pub(super) fn first_genesis<F: FileSystem, T>(
    files: &F,
    path: &Path,
    look: impl FnOnce(&Line<'_>, &Genesis) -> T,
) -> Option<T> {
    let start = opening(files, path).ok()?;
    let line = first_line(&start)?;
    match Control::parse(&line) {
        Ok(Some(Control::Genesis(genesis))) => Some(look(&line, &genesis)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity;
    use crate::trail::{Accepted, Chain, EndorsedKey, HandoffBefore, Keeps, SecretKey, Timestamp};

    #[test]
    fn every_start_of_a_genesis_is_vacant_and_the_whole_is_not() {
        let (key, fleet) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let endorsed = Genesis {
            fleet: Some(EndorsedKey::sign(&fleet, "payments", key.public()).endorsement().clone()),
            handoff: Some(HandoffBefore::None),
            keeps: Some(Keeps::All),
            ..Genesis::new(0, "payments", (0, key.public()), None, identity::writer("payments"))
        };
        let accepted = Accepted { at: Timestamp::default(), by: "root".into(), reason: "disk".into() };
        let accepted = Genesis { accepted: Some(accepted), ..endorsed.clone() };
        for genesis in [endorsed, accepted] {
            let mut line = Vec::new();
            let body = Control::Genesis(genesis).body();
            Chain::new(key.id()).signed(&body, Timestamp::default(), &key, &mut line);
            let whole = line.len() - 1;
            for length in 0..whole {
                assert!(is_vacant(&line[..length]), "{length}");
            }
            assert!(!is_vacant(&line[..whole]));
        }
    }
}
