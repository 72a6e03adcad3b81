//! One log, its lines in the order of their numbers: what is proved, and what does not hold.

use std::collections::{BTreeMap, BTreeSet};

use super::attested::Attested;
use super::chain::Chain;
use super::dispute::{Blame, Claim, Decision, Dispute};
use super::fact::Fact;
use super::group::Group;
use super::heed::Names;
use super::history::History;
use super::meet::{Expected, Given};
use super::parted::Parted;
use super::{Options, Sources};
use crate::trail::{Hash, KeyId};
use crate::verify::{Coverage, FindingKind, Head, Identity, LISTED, Ledger, NoticeKind, Place, Range};

/// Disputes that may be open; where there are more, those who dispute are asked for their signatures.
const DISPUTES: usize = 64;

/// Where they take even more bytes, what is known must do.
const DISPUTES_AT_MOST: usize = 4 << 20;

pub(super) struct Walk<'a> {
    pub(super) log: KeyId,
    pub(super) options: &'a Options,
    pub(super) sources: &'a Sources,
    pub(super) identity: Identity,
    pub(super) ledger: Ledger,
    pub(super) history: History,
    /// Whether anything ties the log to a pinned key; where nothing does, no line is proved, whatever agrees.
    pub(super) trusted: bool,
    pub(super) coverage: Coverage,
    /// Lines that a key proves to which nothing pinned leads: they agree with each other.
    pub(super) agreed: Coverage,
    /// Chains that end with the line met last.
    live: Vec<Chain>,
    chains: u32,
    pub(super) disputes: Vec<Dispute>,
    /// What is wrong with lines by themselves; where a dispute blames one of them, it says more.
    faults: Vec<Blame>,
    blamed: BTreeSet<(u64, Hash)>,
    /// Torn bytes, as proved starts attest them.
    pub(super) attested: Attested,
    /// Where branches of unsigned lines begin that end so, which a crash may have left; the last line of others.
    unsigned_ends: BTreeMap<(u64, Hash), u64>,
    other_end: Option<u64>,
    /// Where unsigned lines begin that a crash left.
    torn: BTreeSet<(u64, Hash)>,
    /// Faults of unsigned branches, each with where its branch begins: a crash may have left them.
    unless_torn: Vec<((u64, Hash), Blame)>,
    pub(super) last: Option<u64>,
    pub(super) given: Given,
    /// Branches of it are known.
    forked: bool,
    /// Keys that two writers had, one of which began after a crash.
    forked_keys: BTreeSet<KeyId>,
    /// What is known where hand-offs lead to different keys.
    pub(super) parted: Parted,
    pub(super) names: Names,
    /// A line is signed by a key to which no hand-off leads.
    pub(super) unknown_key: bool,
    /// The newest line that is proved.
    pub(super) newest: Option<u64>,
    /// The newest signed one of those that were given.
    pub(super) head: Option<Head>,
    pub(super) origin: Option<String>,
    /// The last line with which the writer shut the log down.
    pub(super) closed: Option<u64>,
    pub(super) lost: u64,
    pub(super) crashes: u64,
    pub(super) doubles: u64,
    /// Lines that came re-emitted, and the first of them.
    pub(super) restored: (u64, Option<Place>),
    pub(super) expected: Expected,
}

/// Whether a finding is of a line that is not the one that belongs there.
fn is_a_rival(kind: &FindingKind) -> bool {
    use FindingKind::{Altered, Conflict, Link, NotTheHandOff};
    matches!(kind, Altered { .. } | Conflict { .. } | Link { .. } | NotTheHandOff { .. })
}

/// A chain that goes on.
struct Parent {
    chain: Chain,
    /// So many lines follow it,
    heirs: usize,
    /// and so many of them were not taken yet.
    left: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        log: KeyId,
        options: &'a Options,
        sources: &'a Sources,
        identity: Identity,
        history: History,
    ) -> Walk<'a> {
        Walk {
            log,
            options,
            sources,
            ledger: Ledger::for_log(&identity, &options.keys),
            history,
            trusted: identity.is_known(),
            identity,
            coverage: Coverage::new(),
            agreed: Coverage::new(),
            live: Vec::new(),
            chains: 0,
            disputes: Vec::new(),
            faults: Vec::new(),
            blamed: BTreeSet::new(),
            attested: Attested::default(),
            unsigned_ends: BTreeMap::new(),
            other_end: None,
            torn: BTreeSet::new(),
            unless_torn: Vec::new(),
            last: None,
            given: Given::default(),
            forked: false,
            forked_keys: BTreeSet::new(),
            parted: Parted::default(),
            names: Names::default(),
            unknown_key: false,
            newest: None,
            head: None,
            origin: None,
            closed: None,
            lost: 0,
            crashes: 0,
            doubles: 0,
            restored: (0, None),
            expected: Expected::default(),
        }
    }

    /// Takes the lines of the next number.
    pub(super) fn take(&mut self, group: Group) {
        let seq = group.seq;
        self.meet(&group);
        if self.last.is_some_and(|last| last + 1 < seq) {
            self.end_chains();
        }
        self.last = Some(seq);
        if let ([chain], [line]) = (self.live.as_slice(), group.lines.as_slice())
            && chain.leads_to(line)
        {
            return self.go_on(group);
        }
        let (several, more) = (group.lines.len() > 1, group.more);
        let (parents, ends): (Vec<Chain>, Vec<Chain>) = std::mem::take(&mut self.live)
            .into_iter()
            .partition(|chain| group.lines.iter().any(|line| chain.leads_to(line)));
        let ends: Vec<Claim> = ends.into_iter().map(|chain| self.end(chain)).collect();
        let nobody_goes_on = parents.is_empty();
        let mut parents: Vec<Parent> = parents
            .into_iter()
            .map(|mut chain| {
                let heirs = group.lines.iter().filter(|line| chain.leads_to(line)).count();
                if heirs > 1 {
                    self.settle(&mut chain); // so that no signature waits twice
                    if std::mem::take(&mut chain.signed) {
                        self.disputes.iter_mut().for_each(|dispute| dispute.signed(chain.id));
                    }
                }
                Parent { chain, heirs, left: heirs }
            })
            .collect();
        let mut claims = Vec::new();
        for line in group.lines {
            let prev = line.prev;
            let parent = parents.iter().position(|parent| parent.left > 0 && parent.chain.leads_to(&line));
            let (chain, begins) = match parent {
                Some(at) if parents[at].left == 1 => {
                    let Parent { chain, heirs, .. } = parents.swap_remove(at);
                    self.disputes.iter_mut().for_each(|dispute| dispute.followed(seq, chain.id));
                    let id = chain.id;
                    match heirs > 1 {
                        true => (chain.branch_off(id, line), true),
                        false => (chain.with(id, line), false),
                    }
                }
                Some(at) => {
                    parents[at].left -= 1;
                    (self.branch(parents[at].chain.clone(), line), true)
                }
                None => {
                    let mut chain = Chain::begin(self.next_id(), line);
                    chain.lineage = self.history.parted.as_ref().map(|_| Vec::new());
                    (chain, true)
                }
            };
            let is_new = parent.is_none();
            let chain = self.extend(chain);
            let claim = || Claim { begins, detached: is_new, ..Claim::of(&chain) };
            if several {
                claims.push(claim());
            }
            if is_new && nobody_goes_on && !ends.is_empty() {
                let (begin, ends) = (Box::new(claim()), ends.clone());
                self.disputes.push(Dispute::Break { begin, prev, confirmed: false, ends });
            }
            self.live.push(chain);
        }
        if claims.iter().any(|claim| claim.begins) {
            if more > 0 {
                let Claim { seq, hash, at, .. } = claims[0];
                let kind = FindingKind::Conflict { lines: claims.len() as u64 + more };
                self.blame(Blame { seq, hash, at, kind, excuse: None });
            }
            self.disputes.push(Dispute::Rivals(claims));
        }
        self.settle_disputes();
    }

    /// The one chain goes on with the one line.
    fn go_on(&mut self, group: Group) {
        for (chain, line) in self.live.pop().into_iter().zip(group.lines) {
            self.disputes.iter_mut().for_each(|dispute| dispute.followed(group.seq, chain.id));
            let id = chain.id;
            let chain = self.extend(chain.with(id, line));
            self.live.push(chain);
        }
        self.settle_disputes();
    }

    /// All lines were taken.
    pub(super) fn end_all(&mut self) {
        self.end_chains();
        self.decide(|_| true);
        self.judge_parting();
        for (branch, fault) in std::mem::take(&mut self.unless_torn) {
            if !self.torn.contains(&branch) {
                self.fault(fault);
            }
        }
        self.flush_faults();
        self.settle_coverage(u64::MAX);
        self.forget_torn();
    }

    /// Torn lines never were the log's: it ends before those of numbers that no other line has.
    fn forget_torn(&mut self) {
        let others = self.unsigned_ends.iter().filter(|(branch, _)| !self.torn.contains(branch));
        let last = others.map(|(_, end)| *end).max().max(self.other_end).max(self.newest);
        let unproved = &mut self.coverage.unproved;
        if unproved.more > 0 || last >= self.last {
            return;
        }
        self.last = last;
        while let Some(range) = unproved.listed.pop_if(|range| Some(range.to) > last) {
            let from = last.map_or(0, |last| last + 1).max(range.from);
            unproved.lines -= range.to - from + 1;
            if range.from < from {
                unproved.listed.push(Range { to: from - 1, ..range });
            }
        }
    }

    /// A chain that goes on from one from which others go on as well.
    fn branch(&mut self, chain: Chain, line: Fact) -> Chain {
        let branch = self.next_id();
        for dispute in &mut self.disputes {
            dispute.branched(chain.id, branch);
            dispute.followed(line.seq, chain.id);
        }
        chain.branch_off(branch, line)
    }

    fn next_id(&mut self) -> u32 {
        self.chains = self.chains.wrapping_add(1);
        self.chains
    }

    fn end_chains(&mut self) {
        for chain in std::mem::take(&mut self.live) {
            self.end(chain);
        }
    }

    /// No line follows the chain.
    fn end(&mut self, mut chain: Chain) -> Claim {
        self.settle(&mut chain);
        for dispute in &mut self.disputes {
            if chain.signed {
                dispute.signed(chain.id);
            }
            dispute.ended(&chain);
        }
        match chain.branch.filter(|_| chain.may_be_torn() && self.unsigned_ends.len() < LISTED) {
            Some(branch) => {
                let end = self.unsigned_ends.entry(branch).or_default();
                *end = chain.tip.seq.max(*end);
            }
            None => self.other_end = self.other_end.max(Some(chain.tip.seq)),
        }
        let mut claim = Claim::of(&chain);
        claim.chains.clear();
        claim
    }

    fn settle_disputes(&mut self) {
        if self.disputes.len() > DISPUTES || self.coverage.is_full() {
            let mut live = std::mem::take(&mut self.live);
            for chain in &mut live {
                self.settle(chain);
            }
            self.live = live;
        }
        if !self.disputes.is_empty() {
            let too_many = self.disputes.iter_mut().map(Dispute::size).sum::<usize>() > DISPUTES_AT_MOST;
            self.decide(|dispute| too_many || dispute.is_settled());
        }
        if self.coverage.is_full() {
            let open = self.live.iter().map(|chain| chain.unproved).min();
            self.settle_coverage(open.or(self.last).unwrap_or(0));
        }
    }

    fn settle_coverage(&mut self, before: u64) {
        self.coverage.settle(before);
        self.agreed.settle(before);
        self.parted.settled = before;
    }

    fn decide(&mut self, is_ripe: impl FnMut(&mut Dispute) -> bool) {
        let mut is_ripe = is_ripe;
        let (mut ripe, mut open) = (Vec::new(), Vec::new());
        for mut dispute in std::mem::take(&mut self.disputes) {
            if is_ripe(&mut dispute) { ripe.push(dispute) } else { open.push(dispute) }
        }
        self.disputes = open;
        for mut dispute in ripe {
            let parted = dispute.seq().is_some_and(|seq| self.history.is_parted(seq));
            if parted && !dispute.is_any_proved() {
                self.parted.crash |= dispute.tells_of_a_crash();
                continue; // one finding says that nobody knows which of them is the log
            }
            let history = &self.history;
            let signs = |key, seq| history.epoch(key) == Some(history.epoch_at(seq));
            let Decision { blames, torn, unless_torn } =
                dispute.verdict(self.forked, signs, &mut self.attested);
            for (branch, blame) in unless_torn {
                self.unless_torn(Some(branch), blame);
            }
            for (seq, hash, at) in torn {
                self.torn.insert((seq, hash));
                if self.torn.len() > LISTED {
                    self.torn.pop_first();
                }
                self.ledger.notice(Some(self.sources.place(at)), Some(seq), NoticeKind::TornLine);
            }
            for blame in blames {
                self.forked |= matches!(blame.kind, FindingKind::Forked { .. });
                if matches!(blame.kind, FindingKind::Forked { crash: true, .. }) {
                    self.forked_keys.extend(self.history.in_force(blame.seq).map(|key| key.id));
                }
                self.blame(blame);
            }
        }
    }

    /// Blames a line, once.
    pub(super) fn blame(&mut self, Blame { seq, hash, at, kind, excuse }: Blame) {
        if excuse.is_some_and(|key| self.is_of_a_branch(key, &kind, seq)) {
            return;
        }
        let kind = match self.history.own(hash) {
            Some(own) if is_a_rival(&kind) => FindingKind::OtherHandOff { expected: own.hash, found: hash },
            _ => kind,
        };
        let is_line = !matches!(kind, FindingKind::Forked { .. });
        if is_line && !self.blamed.insert((seq, hash)) {
            return;
        }
        if self.blamed.len() > LISTED {
            self.blamed.pop_first();
        }
        self.ledger.find(Some(self.sources.place(at)), Some(seq), kind);
    }

    /// Whether a line of another branch of a forked log looks so, once the log went on without that branch's key.
    fn is_of_a_branch(&self, key: KeyId, kind: &FindingKind, seq: u64) -> bool {
        let looks = is_a_rival(kind) || matches!(kind, FindingKind::AfterHandOff { .. });
        // The line before a hand-off is the first in which a branch can contradict it.
        let is_over = || self.history.epoch(key).is_some_and(|epoch| epoch < self.history.epoch_at(seq + 2));
        looks && self.forked_keys.contains(&key) && is_over()
    }

    pub(super) fn fault(&mut self, fault: Blame) {
        self.faults.push(fault);
        if self.faults.len() > LISTED {
            self.flush_faults();
        }
    }

    /// A fault of the last line of a chain, unless a crash left it: which is known once all disputes are decided.
    pub(super) fn fault_unless_torn(&mut self, chain: &Chain, fault: Blame) {
        self.unless_torn(chain.branch.filter(|_| !chain.signed), fault);
    }

    fn unless_torn(&mut self, branch: Option<(u64, Hash)>, fault: Blame) {
        match branch {
            Some(branch) if self.unless_torn.len() < LISTED => self.unless_torn.push((branch, fault)),
            _ => self.fault(fault),
        }
    }

    fn flush_faults(&mut self) {
        for fault in std::mem::take(&mut self.faults) {
            self.blame(fault);
        }
    }
}
