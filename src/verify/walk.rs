//! The way from the last proved line to the next one, and whom to blame where it is broken.
//!
//! Where a line's `prev` fails, that line is blamed, unless its own signature or the link after it confirms it; then
//! the one before. A broken link next to a line that is blamed already is explained by it. That a line was changed is
//! said only where a signature covers what stood in its place: the link after it alone may have been written by the same hand.

use super::measure::Measure;
use super::piece::{Piece, PieceEnd, begins_like_a_line, is_start_of_a_line};
use super::stands::{in_bytes, in_fields};
use super::{Changed, Finding, FindingKind, LISTED, Place};
use crate::trail::{Hash, Line, MalformedLine, Torn};

/// No more starts of a log die one after the other in their first write.
const MOST_STARTS: usize = 16;

/// The place in the chain that the next line should take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) seq: u64,
    pub(super) prev: Hash,
}

impl Next {
    pub(super) const FIRST: Next = Next { seq: 0, prev: Hash::ZERO };

    pub(super) fn after(seq: u64, hash: Hash) -> Next {
        Next { seq: seq + 1, prev: hash }
    }

    pub(super) fn is_taken_by(self, line: &Line<'_>) -> bool {
        line.link.seq == self.seq && line.link.prev == self.prev
    }
}

/// What was met since the last proved line. Bounded: findings beyond [`LISTED`] are only counted.
#[derive(Clone)]
pub(super) struct Walk {
    last: Last,
    /// The link into `last` is broken, and nothing has confirmed `last` yet.
    pending: Option<Broken>,
    bad: Vec<Finding>,
    more: u64,
    /// A piece without a newline, where a file ended with one.
    piece: Option<Finding>,
    /// Each bad line is the start of one: of a write that was cut short, or of the first one of a start that died in it,
    /// after the newline that ends what the write before left.
    is_cut_short: bool,
    /// What stands behind the first bad line and the pieces of it.
    behind_first: Measure,
    /// The line met last is that line, or a piece of it.
    at_first: bool,
    /// The first line that a signature on the line met last proves: the unbroken run up to it, as far as its numbers are not
    /// those of proved lines.
    run_from: u64,
    /// Where in the bytes of all files that line stands.
    run_at: u64,
    /// The number behind the last proved line.
    unproved_from: u64,
}

#[derive(Clone)]
enum Last {
    /// The proved line.
    Head(Next),
    Line {
        place: Place,
        hash: Hash,
        next: Next,
        stands: String,
    },
    /// A blamed line: the link from it says nothing.
    Bad,
    /// A blamed line, or one that chains from it: whatever goes on from here chains through a line that can't be the log's.
    Void(Next),
}

/// What is wrong with a line by itself. `voids`: it stands where only another line can stand, so that whatever chains from
/// it is not the log's either.
pub(super) struct Fault {
    pub(super) kind: FindingKind,
    pub(super) voids: bool,
}

impl Fault {
    pub(super) fn of(kind: FindingKind) -> Fault {
        Fault { kind, voids: false }
    }
}

#[derive(Clone)]
struct Broken {
    place: Place,
    expected: Next,
    seq: u64,
    prev: Hash,
    stands: String,
    /// The line before, where it is not proved; and what stands there.
    before: Option<(Place, Hash, String)>,
}

impl Walk {
    pub(super) fn from(head: Next) -> Walk {
        Walk {
            last: Last::Head(head),
            pending: None,
            bad: Vec::new(),
            more: 0,
            piece: None,
            is_cut_short: true,
            behind_first: Measure::default(),
            at_first: false,
            run_from: head.seq,
            run_at: 0,
            unproved_from: head.seq,
        }
    }

    /// Meets a line that is canonical. `confirmed`: it is validly signed. `fault`: it is bad in itself.
    pub(super) fn line(
        &mut self,
        (place, position): (&Place, u64),
        line: &Line<'_>,
        confirmed: bool,
        fault: Option<Fault>,
    ) {
        self.settle(Some(line.link.prev));
        self.is_cut_short &= self.bad.is_empty();
        if confirmed {
            self.confirm_changed(line);
        }
        let expected = self.next();
        let goes_on = expected.is_some_and(|next| next.is_taken_by(line));
        if !goes_on || self.run_from < self.unproved_from && self.unproved_from == line.link.seq {
            (self.run_from, self.run_at) = (line.link.seq, position);
        }
        self.at_first = fault.is_some() && self.bad.is_empty();
        if let Some(Fault { kind, voids }) = fault {
            // The line after a hand-off follows it, whoever wrote this one.
            let is_link = matches!(kind, FindingKind::Link { .. });
            let changed = is_link.then_some(Changed::ThisOrAdded);
            // A line that stands in another's place may be as it was written.
            let is_moved = matches!(kind, FindingKind::Sequence { .. });
            let stands = (!is_moved).then(|| in_fields(line.fields));
            self.blame(place.clone(), Some(line.link.seq), kind, changed, stands);
            self.last = if voids { Last::Void(Next::after(line.link.seq, line.hash())) } else { Last::Bad };
            return;
        }
        if let Some(expected) = expected.filter(|next| !next.is_taken_by(line)) {
            let before = match &self.last {
                Last::Line { place, hash, stands, .. } => Some((place.clone(), *hash, stands.clone())),
                _ => None,
            };
            let (seq, prev, stands) = (line.link.seq, line.link.prev, in_fields(line.fields));
            let broken = Broken { place: place.clone(), expected, seq, prev, stands, before };
            if confirmed {
                self.blame_before(broken, true);
            } else {
                self.pending = Some(broken);
            }
        }
        let (hash, stands) = (line.hash(), in_fields(line.fields));
        self.last = Last::Line { place: place.clone(), hash, next: Next::after(line.link.seq, hash), stands };
    }

    /// A validly signed line follows a blamed one, and another than stands there: that one was changed.
    fn confirm_changed(&mut self, line: &Line<'_>) {
        let Last::Void(next) = self.last else { return };
        if next.seq != line.link.seq || next.prev == line.link.prev {
            return;
        }
        let blamed = self.bad.last_mut().filter(|bad| bad.seq.is_some_and(|seq| seq + 1 == next.seq));
        if let Some(blamed) = blamed.filter(|bad| bad.changed == Some(Changed::ThisOrAdded)) {
            blamed.changed = Some(Changed::This);
        }
    }

    /// Whether a line chains through one that can't be the log's.
    pub(super) fn is_void(&self, line: &Line<'_>) -> bool {
        matches!(self.last, Last::Void(next) if next.is_taken_by(line))
    }

    /// Meets such a line: it needs no finding of its own.
    pub(super) fn void(&mut self, line: &Line<'_>) {
        self.at_first = false;
        self.last = Last::Void(Next::after(line.link.seq, line.hash()));
    }

    /// Meets a line that is none. Where it doesn't begin like one, it is taken for a piece of the bad line before.
    pub(super) fn malformed(&mut self, place: &Place, piece: Piece<'_>, why: MalformedLine) {
        let bytes = piece.bytes;
        self.settle(None);
        // No start ends a line that has its newline.
        let ends_nothing = bytes.is_empty() && matches!(self.last, Last::Head(_));
        self.is_cut_short &= piece.end == PieceEnd::Newline
            && !ends_nothing
            && self.bad.len() < MOST_STARTS
            && is_start_of_a_line(bytes);
        let after_malformed = matches!(self.last, Last::Bad)
            && self.bad.last().is_some_and(|bad| matches!(bad.kind, FindingKind::Malformed(_)));
        if begins_like_a_line(bytes) || !after_malformed {
            self.at_first = self.bad.is_empty();
            let seq = self.next().map(|next| next.seq);
            self.blame(place.clone(), seq, FindingKind::Malformed(why), None, Some(in_bytes(bytes)));
        } else {
            self.at_first = self.bad.len() == 1;
            if self.at_first {
                self.behind_first = Measure::default();
            }
        }
        self.last = Last::Bad;
    }

    /// What was malformed up to here was torn: a signed line that follows the proved one is about to be met, damaged.
    pub(super) fn forget_pieces(&mut self) {
        self.settle(None);
        self.bad.retain(|bad| !matches!(bad.kind, FindingKind::Malformed(_)));
        self.behind_first = Measure::default();
    }

    /// Meets a piece without newline at the end of a file: to blame only where a file follows that doesn't attest it.
    pub(super) fn piece(&mut self, place: &Place, bytes: &[u8], why: MalformedLine) {
        self.settle(None);
        let seq = self.next().map(|next| next.seq);
        let finding = Finding::new(Some(place.clone()), seq, FindingKind::Malformed(why));
        self.piece = Some(Finding { stands: Some(in_bytes(bytes)), ..finding });
        self.at_first = false;
        self.last = Last::Bad;
    }

    /// Counts the bytes of the line that was just met.
    pub(super) fn measure(&mut self, bytes: &[u8], newline: bool) {
        if !self.bad.is_empty() && !self.at_first {
            self.behind_first.add(None, bytes, newline);
        }
    }

    /// Whether nothing but a piece at the end is wrong with what was met: the file may be the beginning of one.
    pub(super) fn is_cut(&self) -> bool {
        self.bad.is_empty() && self.more == 0 && self.pending.is_none()
    }

    /// Whether something is wrong with what was met, and all of it is that writes were cut short.
    pub(super) fn is_cut_short(&self) -> bool {
        let is_piece = |bad: &Finding| matches!(bad.kind, FindingKind::Malformed(_));
        self.is_cut_short && !self.bad.is_empty() && self.bad.iter().all(is_piece) && self.pending.is_none()
    }

    /// A file follows.
    pub(super) fn next_file(&mut self) {
        self.is_cut_short &= self.bad.is_empty();
        if let Some(piece) = self.piece.take() {
            self.push(piece);
        }
    }

    /// Whether `line` follows, link by link, from the proved line.
    pub(super) fn leads_to(&self, line: &Line<'_>) -> bool {
        let clean = self.bad.is_empty() && self.pending.is_none() && self.piece.is_none();
        clean && self.next().is_some_and(|next| next.is_taken_by(line))
    }

    /// The place behind the line met last; none where that line is bad.
    pub(super) fn next(&self) -> Option<Next> {
        match &self.last {
            Last::Head(next) | Last::Line { next, .. } => Some(*next),
            Last::Bad | Last::Void(_) => None,
        }
    }

    /// The first line that a signature on the line met last proves.
    pub(super) fn run_from(&self) -> u64 {
        self.run_from
    }

    /// Where that line stands.
    pub(super) fn run_at(&self) -> u64 {
        self.run_at
    }

    /// Whom to blame, at a validly signed line that was met last.
    ///
    /// Of more malformed lines than numbers are missing, the first ones were torn pieces whose attestation is gone
    /// with a later one. And what the signed line attests as torn was no line.
    pub(super) fn blame_at(self, proved: Next, torn: Option<Torn>) -> (Vec<Finding>, u64) {
        let Walk { mut bad, more, behind_first, run_from, .. } = self;
        if torn.is_some() && behind_first.is(torn) {
            bad.truncate(1);
            return (bad, 0);
        }
        let room = usize::try_from(run_from.saturating_sub(proved.seq).max(1)).unwrap_or(usize::MAX);
        let surplus = bad.len().saturating_sub(room);
        let torn = bad.iter().take(surplus).take_while(|bad| matches!(bad.kind, FindingKind::Malformed(_)));
        let torn = torn.count();
        bad.drain(..torn);
        // The signature proves the lines that follow these.
        let is_followed = |bad: &Finding| bad.seq.is_some_and(|seq| seq + 1 >= run_from);
        for bad in bad.iter_mut().filter(|bad| is_followed(bad)) {
            if bad.changed == Some(Changed::ThisOrNext) {
                bad.changed = Some(Changed::This);
            }
        }
        (bad, more)
    }

    /// Whom to blame at the end of the log.
    pub(super) fn blame_at_end(mut self) -> (Vec<Finding>, u64) {
        self.settle(None);
        (self.bad, self.more)
    }

    /// Decides on a broken link, now that the `prev` of the line after is known, or that there is none.
    fn settle(&mut self, prev: Option<Hash>) {
        let Some(broken) = self.pending.take() else { return };
        let hash = match &self.last {
            Last::Line { hash, .. } => Some(*hash),
            _ => None,
        };
        if prev.is_some() && prev == hash {
            self.blame_before(broken, false);
        } else {
            let Broken { place, expected, seq, prev, stands, before } = broken;
            if seq == expected.seq {
                let kind = FindingKind::Link { expected: expected.prev, found: prev };
                let changed = if before.is_some() { Changed::ThisOrPrevious } else { Changed::ThisOrAdded };
                self.blame(place, Some(seq), kind, Some(changed), Some(stands));
            } else {
                let kind = FindingKind::Sequence { expected: expected.seq, found: seq };
                self.blame(place, Some(seq), kind, None, None);
            }
            self.last = Last::Bad;
        }
    }

    /// The line after the broken link is confirmed: `signed`, or by nothing but the link after it.
    fn blame_before(&mut self, broken: Broken, signed: bool) {
        let Broken { place, expected, seq, prev, stands, before } = broken;
        if seq > expected.seq {
            let kind = FindingKind::Missing { from: expected.seq, to: seq - 1 };
            self.blame(place, Some(seq), kind, None, None);
        } else if seq < expected.seq {
            let kind = FindingKind::Sequence { expected: expected.seq, found: seq };
            self.blame(place, Some(seq), kind, None, None);
        } else if let Some((before, found, stands)) = before {
            let kind = FindingKind::Altered { expected: prev, found };
            let changed = if signed { Changed::This } else { Changed::ThisOrNext };
            self.blame(before, Some(seq - 1), kind, Some(changed), Some(stands));
        } else {
            let kind = FindingKind::Link { expected: expected.prev, found: prev };
            // Of two signed lines that contradict each other, neither was changed.
            let changed = (!signed).then_some(Changed::ThisOrAdded);
            self.blame(place, Some(seq), kind, changed, Some(stands));
        }
    }

    /// `changed`: what is known beyond the kind.
    fn blame(
        &mut self,
        place: Place,
        seq: Option<u64>,
        kind: FindingKind,
        changed: Option<Changed>,
        stands: Option<String>,
    ) {
        // One finding for a run of lines that the same wrong key signed.
        if self.bad.last().is_some_and(|last| is_one_run(&last.kind, &kind)) {
            return;
        }
        let finding = Finding::new(Some(place), seq, kind);
        self.push(Finding { changed: changed.or(finding.changed), stands, ..finding });
    }

    fn push(&mut self, finding: Finding) {
        if self.bad.len() < LISTED {
            self.bad.push(finding);
        } else {
            self.more += 1;
        }
    }
}

/// Whether the same key signed two lines that follow each other, where it must not.
fn is_one_run(last: &FindingKind, next: &FindingKind) -> bool {
    use FindingKind::{AfterHandOff, BeforeHandOff, WrongKey};
    match (last, next) {
        (WrongKey { found: last, .. }, WrongKey { found: next, .. })
        | (BeforeHandOff { key: last, .. }, BeforeHandOff { key: next, .. })
        | (AfterHandOff { key: last, .. }, AfterHandOff { key: next, .. }) => last == next,
        _ => false,
    }
}
