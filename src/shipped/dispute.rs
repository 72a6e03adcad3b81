//! Lines that can't all be true, until it is known which of them are proved; then, whom to blame.

use super::fact::{At, Fact, Shape};
use super::restore;
use crate::trail::{Control, Ended, Hash, Line};
use crate::verify::FindingKind;

/// A line in a dispute.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) at: At,
    pub(super) shape: Shape,
    /// Its text, where it is at hand.
    pub(super) text: Vec<u8>,
    /// The chains that have it, and may prove it yet.
    pub(super) chains: Vec<u32>,
    pub(super) proved: bool,
    /// It begins a chain of its own here,
    pub(super) begins: bool,
    /// and follows none of the lines before it: a branch may go on so, behind a hole.
    pub(super) detached: bool,
}

/// What one has to find out.
#[derive(Debug)]
pub(super) enum Dispute {
    /// Different lines of one number.
    Rivals(Vec<Claim>),
    /// A line that follows none of the lines before it.
    Break {
        begin: Claim,
        prev: Hash,
        /// A line chains from it.
        confirmed: bool,
        ends: Vec<Claim>,
    },
}

/// Who is to blame, and for what.
pub(super) struct Blame {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) at: At,
    pub(super) kind: FindingKind,
}

impl Claim {
    pub(super) fn of(fact: &Fact, chain: u32, proved: bool) -> Claim {
        Claim {
            seq: fact.seq,
            hash: fact.hash,
            at: fact.at,
            shape: fact.shape,
            text: fact.text.clone(),
            chains: vec![chain],
            proved,
            begins: false,
            detached: false,
        }
    }

    fn is_settled(&self) -> bool {
        self.proved || self.chains.is_empty()
    }

    /// The line is not the one that was written.
    fn altered(&self, expected: Hash) -> Blame {
        self.blame(differs(self.shape, &self.text, expected, self.hash))
    }

    fn blame(&self, kind: FindingKind) -> Blame {
        Blame { seq: self.seq, hash: self.hash, at: self.at, kind }
    }

    /// Whether it says that its writer goes on after a crash: so does one that was started from a copy of the keys.
    fn tells_of_a_crash(&self) -> bool {
        let control = Line::parse(&self.text).ok().and_then(|line| Control::parse(&line).ok().flatten());
        match control {
            Some(Control::Resume(resume)) => resume.ended == Ended::Crash,
            Some(Control::Genesis(genesis)) => {
                genesis.previous.is_some_and(|previous| previous.ended == Ended::Crash)
            }
            _ => false,
        }
    }
}

/// What a line that has not the expected hash is.
pub(super) fn differs(shape: Shape, text: &[u8], expected: Hash, found: Hash) -> FindingKind {
    match shape {
        Shape::Raw => FindingKind::Altered { expected, found },
        Shape::Restored | Shape::Broken => not_restored(text, Some(expected)),
    }
}

/// What a re-emitted line is that can't be brought back.
pub(super) fn not_restored(text: &[u8], expected: Option<Hash>) -> FindingKind {
    let (member, why) = restore::doubt(text);
    FindingKind::NotRestored { expected, member, why }
}

impl Dispute {
    fn claims(&mut self) -> impl Iterator<Item = &mut Claim> {
        let (begin, others) = match self {
            Dispute::Rivals(claims) => (None, claims),
            Dispute::Break { begin, ends, .. } => (Some(begin), ends),
        };
        begin.into_iter().chain(others)
    }

    /// The lines of a chain up to `seq` are proved.
    pub(super) fn proved(&mut self, chain: u32, seq: u64) {
        for claim in self.claims().filter(|claim| claim.seq <= seq && claim.chains.contains(&chain)) {
            claim.proved = true;
        }
    }

    /// A chain has ended.
    pub(super) fn ended(&mut self, chain: u32) {
        self.claims().for_each(|claim| claim.chains.retain(|known| *known != chain));
    }

    /// A chain goes on as another one too.
    pub(super) fn branched(&mut self, chain: u32, branch: u32) {
        for claim in self.claims().filter(|claim| claim.chains.contains(&chain)) {
            claim.chains.push(branch);
        }
    }

    /// A line chains from this one.
    pub(super) fn followed(&mut self, seq: u64, chain: u32) {
        if let Dispute::Break { begin, confirmed, .. } = self {
            *confirmed |= begin.seq + 1 == seq && begin.chains.contains(&chain);
        }
    }

    pub(super) fn is_settled(&mut self) -> bool {
        self.claims().all(|claim| claim.is_settled())
    }

    /// Whom to blame, as far as is known.
    pub(super) fn verdict(self, known_fork: bool) -> Vec<Blame> {
        match self {
            Dispute::Rivals(claims) => rivals(&claims, known_fork),
            Dispute::Break { begin, prev, confirmed, ends } => broken(&begin, prev, confirmed, &ends),
        }
    }
}

/// `known_fork`: branches of the log are known, which may go on here behind a hole.
fn rivals(claims: &[Claim], known_fork: bool) -> Vec<Blame> {
    let (proved, others): (Vec<&Claim>, Vec<&Claim>) = claims.iter().partition(|claim| claim.proved);
    let Some(first) = proved.first() else {
        let lines = claims.len() as u64;
        let restored = others.iter().find(|claim| claim.shape == Shape::Broken);
        let blamed = restored.map(|claim| claim.blame(not_restored(&claim.text, None)));
        let conflict =
            || others.iter().find(|claim| claim.begins).map(|c| c.blame(FindingKind::Conflict { lines }));
        return blamed.or_else(conflict).into_iter().collect();
    };
    let mut blames: Vec<_> = others.iter().map(|claim| claim.altered(first.hash)).collect();
    if proved.len() > 1
        && let Some(branch) = proved.iter().rev().find(|claim| claim.begins)
    {
        let crash = proved.iter().any(|claim| claim.begins && claim.tells_of_a_crash());
        let goes_on = proved.iter().all(|claim| claim.detached || !claim.begins);
        if !(known_fork && goes_on) {
            blames.push(branch.blame(FindingKind::Forked { branches: proved.len() as u64, crash }));
        }
    }
    blames
}

fn broken(begin: &Claim, prev: Hash, confirmed: bool, ends: &[Claim]) -> Vec<Blame> {
    let unproved = ends.iter().filter(|end| !end.proved).map(|end| end.altered(prev));
    let proved = ends.iter().find(|end| end.proved);
    let link = |end: &Claim| match begin.shape {
        Shape::Raw => begin.blame(FindingKind::Link { expected: end.hash, found: prev }),
        Shape::Restored | Shape::Broken => begin.blame(not_restored(&begin.text, None)),
    };
    match proved {
        // What is proved is true: who follows another line is not, or is of another branch.
        Some(end) => vec![link(end)],
        None if begin.proved || confirmed => unproved.collect(),
        None => ends.first().map(link).into_iter().collect(),
    }
}
