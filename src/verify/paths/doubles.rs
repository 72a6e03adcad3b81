//! A file that is there twice because it is being compressed, or was and the first was kept.

use std::io::{self, Read};
use std::path::Path;

use super::contents::Contents;

/// How much of each is compared at once.
const PIECE: usize = 64 << 10;

/// Which of two files can be passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Double {
    /// The first: the other has all of it, and more.
    First,
    /// The second: the other has all of it.
    Second,
    /// Neither: they differ, or both are plain; then no compressing explains that there are two.
    Neither,
}

/// Compares two files that say that they are the same one. A compressed one whose end can't be read, yet or any more,
/// counts as far as it goes.
pub(super) fn double(first: &Path, second: &Path) -> io::Result<Double> {
    let (mut first, mut second) = (Contents::open(first)?, Contents::open(second)?);
    if !first.is_compressed() && !second.is_compressed() {
        return Ok(Double::Neither);
    }
    let (mut of_first, mut of_second) = (Vec::new(), Vec::new());
    loop {
        piece(&mut first, &mut of_first)?;
        piece(&mut second, &mut of_second)?;
        let common = of_first.len().min(of_second.len());
        if of_first[..common] != of_second[..common] {
            return Ok(Double::Neither);
        }
        if of_second.len() < PIECE && of_second.len() <= of_first.len() {
            return Ok(Double::Second);
        }
        if of_first.len() < PIECE {
            return Ok(Double::First);
        }
    }
}

/// The next [`PIECE`]; fewer bytes at the end, or where the rest can't be decompressed.
fn piece(from: &mut Contents, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    match from.by_ref().take(PIECE as u64).read_to_end(into) {
        Err(error) if !from.is_damage(&error) => Err(error),
        _ => Ok(()),
    }
}
