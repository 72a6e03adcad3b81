//! A file that is there twice: it is being compressed, or copied, or was and the first was kept.

use std::io;

use super::contents::{Contents, read_up_to};
use super::gather::LogFile;
use crate::trail::MAX_LINE;
use crate::verify::hand_offs::CopyLines;

/// How much of each is compared at once.
const PIECE: usize = 64 << 10;

/// Which of two files can be passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Double {
    /// The first: the other has all of it, and more.
    First,
    /// The second: the other has all of it.
    Second,
    /// Neither: they differ.
    Neither,
    /// The first is gone, or has another name.
    FirstIsGone,
    /// The second is.
    SecondIsGone,
}

/// Compares two files that say that they are the same one. A compressed one whose end can't be read, yet or any more,
/// counts as far as it goes.
pub(super) fn double(first: &LogFile, second: &LogFile) -> io::Result<Double> {
    let Some(first) = Contents::open_the(&first.source, first.id)? else { return Ok(Double::FirstIsGone) };
    match Contents::open_the(&second.source, second.id)? {
        Some(second) => compare(first, second),
        None => Ok(Double::SecondIsGone),
    }
}

fn compare(mut first: Contents, mut second: Contents) -> io::Result<Double> {
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

/// Whether all of one file stands in another: `tail`, `split`. Its first line may lack its beginning, its last line its end.
pub(super) fn is_part(part: &LogFile, whole: &LogFile) -> io::Result<bool> {
    let opened = (Contents::open_the(&part.source, part.id)?, Contents::open_the(&whole.source, whole.id)?);
    let (Some(part), Some(whole)) = opened else { return Ok(false) };
    let (mut part, mut whole) = (CopyLines::new(part), CopyLines::new(whole));
    let Some(first) = part.next()? else { return Ok(false) };
    loop {
        let Some(line) = whole.next()? else { return Ok(false) };
        if line.is_ended && line.text().ends_with(first.text()) {
            break;
        }
    }
    while let Some(line) = part.next()? {
        let Some(there) = whole.next()? else { return Ok(false) };
        // Of what is longer than any line only a start is known.
        let is_same = line.text().len() < MAX_LINE
            && match line.is_ended {
                true => there.text() == line.text(),
                false => there.text().starts_with(line.text()),
            };
        if !is_same {
            return Ok(false);
        }
    }
    Ok(first.is_ended && first.text().len() < MAX_LINE)
}

/// The next [`PIECE`]; fewer bytes at the end, or where the rest can't be decompressed.
fn piece(from: &mut Contents, into: &mut Vec<u8>) -> io::Result<()> {
    match read_up_to(from, into, 0, PIECE) {
        Err(error) if !from.is_damage(&error) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(all(test, feature = "compressed"))]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_one_that_has_less_is_passed_over_wherever_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<u8> = (0..=255).cycle().take(3 * PIECE).collect();
        let lengths = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 3 * PIECE];
        for length in lengths {
            fs::write(folder.path().join(format!("{length}")), &all[..length]).unwrap();
            fs::write(folder.path().join(format!("{length}.gz")), gzip(&all[..length])).unwrap();
        }
        for (a, b) in lengths.iter().flat_map(|a| lengths.map(|b| (*a, b))) {
            let open = |name: &str| Contents::open(folder.path().join(name)).unwrap();
            let expected = if b <= a { Double::Second } else { Double::First };
            for (of_first, of_second) in [("", ""), ("", ".gz"), (".gz", ""), (".gz", ".gz")] {
                let (first, second) = (format!("{a}{of_first}"), format!("{b}{of_second}"));
                let said = compare(open(&first), open(&second)).unwrap();
                assert_eq!(said, expected, "{first}, {second}");
            }
        }
    }

    #[test]
    fn one_that_can_not_be_read_to_its_end_counts_as_far_as_it_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, cut) = (folder.path().join("plain"), folder.path().join("cut.gz"));
        let all: Vec<u8> = (0u32..60_000).flat_map(u32::to_le_bytes).collect();
        let compressed = gzip(&all);
        fs::write(&plain, &all).unwrap();
        fs::write(&cut, &compressed[..compressed.len() / 2]).unwrap();
        let open = |path| Contents::open(path).unwrap();
        assert_eq!(compare(open(&cut), open(&plain)).unwrap(), Double::First);
        assert_eq!(compare(open(&plain), open(&cut)).unwrap(), Double::Second);
    }
}
