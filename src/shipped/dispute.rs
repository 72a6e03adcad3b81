//! Lines that can't all be true, until it is known which of them are proved; then, whom to blame.

use super::attested::Attested;
use super::chain::Chain;
use super::compare::cut;
use super::fact::{At, Fact, Shape};
use super::restore;
use crate::trail::{Control, Ended, Hash, KeyId, Line};
use crate::verify::FindingKind;

/// A line in a dispute.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // facts about a line
pub(super) struct Claim {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) at: At,
    pub(super) shape: Shape,
    /// Why it can't be brought back, where it was re-emitted.
    pub(super) doubt: Option<Box<(Option<String>, String)>>,
    /// It says that its writer goes on after a crash, or a power cut left it there.
    pub(super) crash: bool,
    /// A key that signed its chain, and was over or not in force yet.
    pub(super) excuse: Option<KeyId>,
    /// Its chain is signed behind where it branched off.
    pub(super) signed: bool,
    /// Where the branch begins that it is of, so many bytes of it are known, and a crash may have left them.
    pub(super) branch: Option<(u64, Hash)>,
    pub(super) bytes: u64,
    pub(super) may_be_torn: bool,
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
        begin: Box<Claim>,
        prev: Hash,
        /// A line chains from it.
        confirmed: bool,
        ends: Vec<Claim>,
    },
}

/// What is known of a dispute, once it is settled.
pub(super) struct Decision {
    pub(super) blames: Vec<Blame>,
    /// Where branches of unsigned lines begin that a crash left, and that the line in their place attests as torn.
    pub(super) torn: Vec<(u64, Hash, At)>,
    /// Blames that count unless the branch that begins there is torn.
    pub(super) unless_torn: Vec<((u64, Hash), Blame)>,
}

impl From<Vec<Blame>> for Decision {
    fn from(blames: Vec<Blame>) -> Decision {
        Decision { blames, torn: Vec::new(), unless_torn: Vec::new() }
    }
}

/// Who is to blame, and for what.
pub(super) struct Blame {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) at: At,
    pub(super) kind: FindingKind,
    /// The key that signed the line: where two writers had it after a crash, the line is one of the other branch.
    pub(super) excuse: Option<KeyId>,
}

impl Blame {
    pub(super) fn of(fact: &Fact, kind: FindingKind) -> Blame {
        Blame { seq: fact.seq, hash: fact.hash, at: fact.at, kind, excuse: None }
    }
}

impl Claim {
    /// The last line of a chain.
    pub(super) fn of(chain: &Chain) -> Claim {
        let fact = &chain.tip;
        Claim {
            seq: fact.seq,
            hash: fact.hash,
            at: fact.at,
            shape: fact.shape,
            doubt: (fact.shape != Shape::Raw).then(|| Box::new(doubt(&fact.text))),
            crash: fact.control && goes_on_after_a_crash(&fact.text),
            excuse: chain.signer,
            signed: chain.signed,
            branch: chain.branch,
            bytes: chain.bytes,
            may_be_torn: chain.may_be_torn(),
            chains: vec![chain.id],
            proved: chain.is_proved(),
            begins: false,
            detached: false,
        }
    }

    /// So many bytes it takes, at most about.
    pub(super) fn size(&self) -> usize {
        size_of::<Claim>()
            + 4 * self.chains.len()
            + self.doubt.as_ref().map_or(0, |doubt| doubt.1.len() + 128)
    }

    fn is_settled(&self) -> bool {
        self.proved || self.chains.is_empty()
    }

    fn is_start_of_branch(&self) -> bool {
        self.branch == Some((self.seq, self.hash))
    }

    /// Whether a branch begins here that a crash left: whole lines that no signature followed when the process died, whose
    /// numbers its successor took.
    fn is_torn(&self, attested: &mut Attested) -> bool {
        let from_there = !self.detached;
        self.may_be_torn
            && !self.proved
            && self.is_start_of_branch()
            && attested.take(self.seq, from_there, self.bytes)
    }

    /// The line is not the one that was written.
    fn altered(&self, expected: Hash) -> Blame {
        let kind = self.not_restored(Some(expected));
        self.blame(kind.unwrap_or(FindingKind::Altered { expected, found: self.hash }))
    }

    fn not_restored(&self, expected: Option<Hash>) -> Option<FindingKind> {
        let (member, why) = self.doubt.as_deref()?.clone();
        Some(FindingKind::NotRestored { expected, member, why })
    }

    fn blame(&self, kind: FindingKind) -> Blame {
        Blame { seq: self.seq, hash: self.hash, at: self.at, kind, excuse: self.excuse }
    }
}

/// Whether a line says that its writer goes on after a crash, or after a failed sync: so does one that was started from a
/// copy of the keys, and one whose last lines a power cut took.
fn goes_on_after_a_crash(text: &[u8]) -> bool {
    let control = Line::parse(text).ok().and_then(|line| Control::parse(&line).ok().flatten());
    let ended = match control {
        Some(Control::Resume(resume)) => Some(resume.ended),
        Some(Control::Genesis(genesis)) => genesis.previous.map(|previous| previous.ended),
        _ => None,
    };
    matches!(ended, Some(Ended::Crash | Ended::Unsynced))
}

/// What a line that has not the expected hash is.
pub(super) fn differs(shape: Shape, text: &[u8], expected: Hash, otherwise: FindingKind) -> FindingKind {
    match shape {
        Shape::Raw => otherwise,
        Shape::Restored | Shape::Broken => not_restored(text, Some(expected)),
    }
}

fn doubt(text: &[u8]) -> (Option<String>, String) {
    let (member, why) = restore::doubt(text);
    (member.map(cut), why)
}

/// What a re-emitted line is that can't be brought back.
pub(super) fn not_restored(text: &[u8], expected: Option<Hash>) -> FindingKind {
    let (member, why) = doubt(text);
    FindingKind::NotRestored { expected, member, why }
}

impl Dispute {
    fn claims(&mut self) -> impl Iterator<Item = &mut Claim> {
        let (begin, others) = match self {
            Dispute::Rivals(claims) => (None, claims),
            Dispute::Break { begin, ends, .. } => (Some(&mut **begin), ends),
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
    pub(super) fn ended(&mut self, chain: &Chain) {
        for claim in self.claims() {
            let chains = claim.chains.len();
            claim.chains.retain(|known| *known != chain.id);
            if claim.chains.len() < chains {
                claim.excuse = claim.excuse.or(chain.signer);
                claim.bytes = claim.bytes.max(chain.bytes);
                claim.may_be_torn &= chain.may_be_torn() && claim.branch == chain.branch;
            }
        }
    }

    /// A good signature stands in a chain, behind where it branched off.
    pub(super) fn signed(&mut self, chain: u32) {
        for claim in self.claims().filter(|claim| claim.chains.contains(&chain)) {
            claim.signed = true;
        }
    }

    pub(super) fn size(&mut self) -> usize {
        self.claims().map(|claim| claim.size()).sum()
    }

    /// The number of the line that began it.
    pub(super) fn seq(&self) -> Option<u64> {
        match self {
            Dispute::Rivals(claims) => claims.first().map(|claim| claim.seq),
            Dispute::Break { begin, .. } => Some(begin.seq),
        }
    }

    pub(super) fn is_any_proved(&mut self) -> bool {
        self.claims().any(|claim| claim.proved)
    }

    /// Whether a branch that begins here says that its writer goes on after a crash.
    pub(super) fn tells_of_a_crash(&mut self) -> bool {
        self.claims().any(|claim| claim.begins && claim.crash)
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

    /// Whom to blame, as far as is known. `signs`: whether a key signs lines of a number. `attested`: what starts said of
    /// torn bytes.
    pub(super) fn verdict(
        self,
        known_fork: bool,
        signs: impl Fn(KeyId, u64) -> bool,
        attested: &mut Attested,
    ) -> Decision {
        match self {
            Dispute::Rivals(claims) => {
                let (torn, mut others): (Vec<Claim>, Vec<Claim>) =
                    claims.into_iter().partition(|claim| claim.is_torn(attested));
                for claim in others.iter_mut().filter(|claim| claim.detached && claim.signed) {
                    claim.crash |= attested.take(claim.seq, false, claim.bytes);
                }
                let mut decision = rivals(&others, known_fork, signs);
                decision.torn = torn.iter().map(|claim| (claim.seq, claim.hash, claim.at)).collect();
                decision
            }
            Dispute::Break { begin, ends, .. }
                if ends.iter().any(|end| end.proved) && begin.is_torn(attested) =>
            {
                let torn = vec![(begin.seq, begin.hash, begin.at)];
                Decision { torn, ..Decision::from(Vec::new()) }
            }
            Dispute::Break { begin, prev, confirmed, ends } => broken(&begin, prev, confirmed, &ends).into(),
        }
    }
}

/// `known_fork`: branches of the log are known, which may go on here behind a hole.
fn rivals(claims: &[Claim], known_fork: bool, signs: impl Fn(KeyId, u64) -> bool) -> Decision {
    // The key's own line, though not the one that its hand-off follows: of a branch that ends where the log hands over.
    let is_signed = |claim: &Claim| claim.signed && claim.excuse.is_some_and(|key| signs(key, claim.seq));
    let crash = claims.iter().any(|claim| claim.begins && claim.crash && (claim.proved || is_signed(claim)));
    let goes_on = claims.iter().any(|claim| claim.proved);
    let (proved, others): (Vec<&Claim>, Vec<&Claim>) =
        claims.iter().partition(|claim| claim.proved || goes_on && crash && is_signed(claim));
    let Some(first) = proved.first() else {
        let lines = claims.len() as u64;
        let restored = others.iter().find(|claim| claim.shape == Shape::Broken);
        let blamed = restored.and_then(|claim| Some(claim.blame(claim.not_restored(None)?)));
        let conflict =
            || others.iter().find(|claim| claim.begins).map(|c| c.blame(FindingKind::Conflict { lines }));
        return blamed.or_else(conflict).into_iter().collect::<Vec<_>>().into();
    };
    let expected = claims.iter().find(|claim| claim.proved).map_or(first.hash, |claim| claim.hash);
    // What is of a branch that began before is torn where that is.
    let (later, now): (Vec<&Claim>, Vec<&Claim>) =
        others.iter().partition(|claim| claim.may_be_torn && !claim.is_start_of_branch());
    let later = later.iter().filter_map(|claim| Some((claim.branch?, claim.altered(expected))));
    let unless_torn = later.collect();
    let mut blames: Vec<_> = now.iter().map(|claim| claim.altered(expected)).collect();
    if proved.len() > 1
        && let Some(branch) = proved.iter().rev().find(|claim| claim.begins)
    {
        let goes_on = proved.iter().all(|claim| claim.detached || !claim.begins);
        if !(known_fork && goes_on) {
            blames.push(branch.blame(FindingKind::Forked { branches: proved.len() as u64, crash }));
        }
    }
    Decision { blames, torn: Vec::new(), unless_torn }
}

fn broken(begin: &Claim, prev: Hash, confirmed: bool, ends: &[Claim]) -> Vec<Blame> {
    let unproved = ends.iter().filter(|end| !end.proved).map(|end| end.altered(prev));
    let proved = ends.iter().find(|end| end.proved);
    let link = |end: &Claim| {
        let otherwise = FindingKind::Link { expected: end.hash, found: prev };
        begin.blame(begin.not_restored(None).unwrap_or(otherwise))
    };
    match proved {
        // What is proved is true: who follows another line is not, or is of another branch.
        Some(end) => vec![link(end)],
        None if begin.proved || confirmed => unproved.collect(),
        None => ends.first().map(link).into_iter().collect(),
    }
}
