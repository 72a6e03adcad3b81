//! A few lines in another order: `tac`, `sort`, `shuf`. Of many, their findings tell it; of a file with few, the file itself.
//!
//! Threat: who shuffles what he altered. What this says comes before the findings, takes none of them away, and changes no
//! verdict. A line that was altered, but the last, breaks the link of the one after it, and then nothing is said here.

use std::collections::BTreeSet;
use std::io;

use super::contents::{Contents, read_up_to};
use super::gather::LogFile;
use crate::trail::{Hash, KeyId, Line};
use crate::verify::{FindingKind, LogReport, Verdict};

/// A file of few lines is no longer, and so many of them are looked at.
const BYTES: usize = 1 << 20;
const FILES: usize = 16;

/// Of a log that is tampered with, says first which files seem to have all their lines in another order.
pub(super) fn look(report: &mut LogReport, files: &[LogFile]) {
    let is_summed_up =
        report.findings.iter().any(|found| matches!(found.kind, FindingKind::Rewritten { .. }));
    if report.verdict != Verdict::Tampered || is_summed_up {
        return;
    }
    let blamed = report.findings.iter().filter_map(|finding| Some(&*finding.at.as_ref()?.file));
    let blamed = blamed.collect::<BTreeSet<_>>();
    let named = files.iter().map(|file| (file.path.display().to_string(), file));
    let looked_at = named.filter(|(name, _)| blamed.contains(&**name)).take(FILES);
    // What can't be read now is not said to be anything.
    let found = looked_at.filter(|(_, file)| is_in_another_order(report.log, file).unwrap_or(false));
    let found = found.map(|(name, _)| name).collect::<Vec<_>>();
    if let Some(first) = found.first() {
        report.put_reordered_first(first.clone(), found.len() as u64);
    }
}

fn is_in_another_order(log: KeyId, file: &LogFile) -> io::Result<bool> {
    let Some(mut contents) = Contents::open_the(&file.source, file.id)? else { return Ok(false) };
    let mut bytes = Vec::new();
    read_up_to(&mut contents, &mut bytes, 0, BYTES + 1)?;
    Ok(bytes.len() <= BYTES && is_shuffled(log, &bytes))
}

/// Whether whole lines of the log stand here, of numbers that follow each other, each with the hash of the one before, and
/// most of them not after it.
fn is_shuffled(log: KeyId, bytes: &[u8]) -> bool {
    let parsed = bytes.split(|byte| *byte == b'\n').filter_map(|line| Line::parse(line).ok());
    let mut lines = parsed
        .filter(|line| line.link.log == log)
        .map(|line| (line.link.seq, line.link.prev, line.hash(), line.link.signature.is_some()))
        .collect::<Vec<(u64, Hash, Hash, bool)>>();
    let apart = lines.windows(2).filter(|pair| pair[0].0.checked_add(1) != Some(pair[1].0)).count();
    if lines.len() < 3 || 2 * apart < lines.len() - 1 {
        return false;
    }
    lines.sort_unstable_by_key(|line| line.0);
    let follows = |pair: &[(u64, Hash, Hash, bool)]| {
        pair[0].0.checked_add(1) == Some(pair[1].0) && pair[0].2 == pair[1].1
    };
    // The end is signed in each file that was written to its end.
    lines.windows(2).all(follows) && lines.last().is_some_and(|last| last.3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = include_str!("../../../tests/example-log/audit.2026-11-21.jsonl");

    fn shuffled(lines: &[&str]) -> bool {
        let log = KeyId::parse(b"b1541897b6ad297c").unwrap();
        is_shuffled(log, lines.join("\n").as_bytes())
    }

    #[test]
    fn all_lines_in_another_order_are_known_and_nothing_else_is() {
        let lines = FIRST.lines().collect::<Vec<_>>();
        let reversed = lines.iter().rev().copied().collect::<Vec<_>>();
        let mut sorted = lines.clone();
        sorted.sort_unstable();
        assert!(shuffled(&reversed) && shuffled(&sorted));
        // As it was written; two that changed places; nothing.
        let mut swapped = lines.clone();
        swapped.swap(1, 2);
        for other in [&lines[..], &swapped, &[], &lines[..1]] {
            assert!(!shuffled(other), "{other:?}");
        }
    }

    #[test]
    fn where_a_line_is_gone_doubled_or_altered_nothing_is_said() {
        let reversed = FIRST.lines().rev().collect::<Vec<_>>();
        let without = |at: usize| [&reversed[..at], &reversed[at + 1..]].concat();
        assert!(shuffled(&without(4)), "a torn piece is no line");
        assert!(!shuffled(&without(2)) && !shuffled(&without(6)));
        assert!(!shuffled(&[&reversed[..], &reversed[5..6]].concat()));
        let altered = FIRST.replace("bob", "eve");
        assert!(!shuffled(&altered.lines().rev().collect::<Vec<_>>()));
        let other = KeyId::parse(b"ccc244e304c6da4a").unwrap();
        assert!(!is_shuffled(other, reversed.join("\n").as_bytes()));
    }
}
