//! What stands after the last proved line, and whether a power cut explains it.
//!
//! A power cut loses what was not synced, in sectors and in any order: zeros are left in their place, and whole lines may
//! stand after them. A hand leaves other traces: an altered line, one that is gone without zeros, zeros that end anywhere.
//! Where validly signed lines stand in bytes that a start attests as torn, each break before them must be of the first kind,
//! or somebody had records that were written taken for torn bytes.

use serde::Serialize;

use super::piece::{Piece, PieceEnd};
use super::walk::Next;
use crate::trail::{Control, Line, PublicKey};

/// Disks write whole sectors.
const SECTOR: u64 = 512;

/// No more hand-offs are lost in one power cut.
const MOST_KEYS: usize = 8;

/// Why no power cut explains that validly signed lines are attested as torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NotTorn {
    /// A line before them was altered: it is whole, and not what was written.
    Altered,
    /// Lines before them are gone or broken, and no zeros stand there.
    NoZeros,
    /// Zeros before them end within a sector of the disk.
    WithinSector,
    /// The machine was not started again in between.
    SameBoot,
    /// Copies have a hand-off that is among them.
    HandOff,
}

/// How a line was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// Validly signed, of a number that the chain had not reached.
    Signed,
    /// Such a line, a hand-off that the copies have.
    HandOff,
    /// Whole, and nothing speaks against it by itself.
    Whole,
    /// Whole, and not what was written.
    Altered,
}

#[derive(Debug, Clone)]
pub(super) struct Debris {
    /// The place after the line met last; none after one that was altered.
    next: Option<Next>,
    /// A broken piece with zeros stands after that line,
    zeros: bool,
    /// or anywhere.
    any_zeros: bool,
    /// The broken piece that is not at its end yet has zeros.
    piece_has_zeros: bool,
    /// Where a run of zeros ended, if the piece, or the file, may end there.
    open: Option<u64>,
    /// The first trace that no power cut leaves.
    trace: Option<NotTorn>,
    /// The keys that hand-offs among them lead to.
    handed_to: Vec<PublicKey>,
    /// Validly signed lines,
    signed: u64,
    /// and the first trace before the last of them.
    before_signed: Option<NotTorn>,
}

impl Debris {
    pub(super) fn after(next: Next) -> Debris {
        Debris {
            next: Some(next),
            zeros: false,
            any_zeros: false,
            piece_has_zeros: false,
            open: None,
            trace: None,
            handed_to: Vec::new(),
            signed: 0,
            before_signed: None,
        }
    }

    /// Validly signed lines that were met.
    pub(super) fn signed(&self) -> u64 {
        self.signed
    }

    /// Whether a power cut explains all of it.
    pub(super) fn is_of_a_power_cut(&self) -> bool {
        self.any_zeros && self.trace.is_none()
    }

    /// Why no power cut explains what stands before the signed lines.
    pub(super) fn of_a_hand(&self) -> Option<NotTorn> {
        self.before_signed
    }

    /// Whether a key signed a line that hand-offs among what was met lead to.
    pub(super) fn leads_to_signer(&self, line: &Line<'_>) -> bool {
        self.handed_to.iter().any(|key| line.is_signed_by(key))
    }

    /// A line was met that is whole.
    pub(super) fn line(&mut self, line: &Line<'_>, met: Met) {
        self.close_run();
        if !self.next.is_some_and(|next| next.is_taken_by(line)) && !self.zeros {
            self.leave(NotTorn::NoZeros);
        }
        self.next = match met {
            Met::Altered => {
                self.leave(NotTorn::Altered);
                None
            }
            _ => Some(Next::after(line.link.seq, line.hash())),
        };
        self.zeros = false;
        if matches!(met, Met::Signed | Met::HandOff) {
            self.signed += 1;
            if let Ok(Some(Control::Handoff(handoff))) = Control::parse(line)
                && self.handed_to.len() < MOST_KEYS
            {
                self.handed_to.push(handoff.public_key);
            }
            if met == Met::HandOff {
                self.leave(NotTorn::HandOff);
            }
            self.before_signed = self.trace;
        }
    }

    /// A piece was met that is no line, at this offset of its file.
    pub(super) fn piece(&mut self, piece: Piece<'_>, offset: u64) {
        if piece.begins {
            self.close_run();
            self.piece_has_zeros = false;
        } else if piece.bytes.first().is_some_and(|byte| *byte != 0) {
            self.close_run();
        }
        let mut at = 0;
        while let Some(start) = memchr::memchr(0, &piece.bytes[at..]) {
            self.piece_has_zeros = true;
            let run = piece.bytes[at + start..].iter().take_while(|byte| **byte == 0).count();
            at += start + run;
            self.open = Some(offset + at as u64);
            if at < piece.bytes.len() {
                self.close_run();
            }
        }
        match piece.end {
            PieceEnd::TooLong => return,
            PieceEnd::Newline => {}
            // Where the file ends, so may zeros.
            PieceEnd::File => self.open = None,
        }
        if self.piece_has_zeros {
            (self.zeros, self.any_zeros) = (true, true);
        } else if piece.end == PieceEnd::Newline {
            // At the end of the file it is what was not written to its end.
            self.leave(NotTorn::NoZeros);
        }
    }

    /// The file ends here: so may zeros.
    pub(super) fn end_file(&mut self) {
        self.open = None;
    }

    /// Something stands after the last run of zeros.
    fn close_run(&mut self) {
        if self.open.take().is_some_and(|end| end % SECTOR != 0) {
            self.leave(NotTorn::WithinSector);
        }
    }

    fn leave(&mut self, trace: NotTorn) {
        self.trace.get_or_insert(trace);
    }
}

#[cfg(test)]
mod tests;
