//! Torn bytes, as starts attest them: so many of the unsigned lines that a crash left are explained by them, and no more.
//!
//! Threat: lines that somebody invents beside the log's own would pass for torn ones without an end.

use crate::trail::{Control, Genesis};

/// So many starts are remembered.
const STARTS: usize = 64;

/// What proved starts said, the latest last.
#[derive(Default)]
pub(super) struct Attested {
    starts: Vec<Start>,
}

struct Start {
    /// Its number: the torn lines had it, and those after it.
    seq: u64,
    /// Bytes that no line explained yet.
    left: u64,
}

impl Attested {
    /// A proved line may attest torn bytes.
    pub(super) fn heed(&mut self, seq: u64, control: Option<&Control>) {
        let of_file = |genesis: &Genesis| {
            let before = genesis.previous.as_ref().and_then(|previous| previous.torn);
            [before, genesis.torn]
        };
        let torn = match control {
            Some(Control::Resume(resume)) => [resume.torn, None],
            Some(Control::Genesis(genesis)) => of_file(genesis),
            _ => return,
        };
        if torn.iter().any(Option::is_some) {
            self.add(seq, torn.into_iter().flatten().fold(0, |sum, torn| sum.saturating_add(torn.bytes)));
        }
    }

    fn add(&mut self, seq: u64, bytes: u64) {
        if self.starts.len() == STARTS {
            self.starts.remove(0);
        }
        // The newline before the line that attests them is not counted.
        self.starts.push(Start { seq, left: bytes.saturating_add(1) });
    }

    /// Takes lines of so many bytes, newlines and all, the first of which has this number. `from_there`: it follows the line
    /// that the start follows; otherwise what stood between is gone, as a power cut leaves it.
    pub(super) fn take(&mut self, seq: u64, from_there: bool, bytes: u64) -> bool {
        let fits = |start: &&mut Start| {
            let here = if from_there { start.seq == seq } else { start.seq < seq };
            here && start.left >= bytes
        };
        let start = self.starts.iter_mut().rev().find(fits);
        start.map(|start| start.left -= bytes).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_lines_are_torn_than_bytes_are_attested() {
        let mut attested = Attested::default();
        attested.add(7, 299);
        assert!(!attested.take(7, true, 301) && !attested.take(6, true, 10) && !attested.take(7, false, 10));
        assert!(attested.take(7, true, 200) && attested.take(9, false, 100));
        assert!(!attested.take(7, true, 1) && !attested.take(9, false, 1));
    }

    #[test]
    fn of_many_starts_the_latest_are_remembered() {
        let mut attested = Attested::default();
        for seq in 0..10_000 {
            attested.add(seq, 100);
        }
        assert!(attested.take(9_999, true, 50) && !attested.take(3, true, 50));
        assert_eq!(attested.starts.len(), STARTS);
    }
}
