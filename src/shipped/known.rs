//! The hand-offs of a log, found before its lines are judged: a hand-off that stands later bounds what its key signs.
//!
//! A line counts as a hand-off from epoch e where the key of e signed it, its number is above h(e), it names the epoch
//! after, and no known line contradicts it. Whether its neighbours are there does not matter.

use std::io;

use super::fact::{Fact, Shape};
use super::group::Group;
use super::groups::Groups;
use super::history::{History, KnownLine};
use crate::trail::{Control, Handoff, HandoffBefore, Hash, InvalidControl, Kind, Line, Position, PublicKey};
use crate::verify::Identity;

/// So many hand-offs from one epoch are told apart.
const RIVALS: usize = 16;

/// So often the lines are gone over. Each pass settles one epoch with several hand-offs to one key.
const PASSES: usize = 16;

/// What is known of a log before its lines are judged.
pub(super) fn hand_offs(groups: &mut Groups<'_>, identity: &Identity) -> io::Result<(Identity, History)> {
    let mut chosen = Vec::new();
    loop {
        let mut search = Search::new(identity.clone(), &chosen);
        groups.each(&mut search, Search::is_signed, |search, group, _| search.take(&group))?;
        groups.again()?;
        match search.twins {
            Some(twins) if chosen.len() < PASSES => {
                chosen.push(Choice { epoch: twins.epoch, hash: followed(groups, &twins)? });
            }
            _ => return Ok((search.identity, search.history)),
        }
    }
}

/// Of several hand-offs from one epoch to the same key, the one that the key's lines chain from.
struct Choice {
    epoch: u64,
    /// None: of none, or of several.
    hash: Option<Hash>,
}

/// Hand-offs from one epoch to the same key.
struct Twins {
    epoch: u64,
    to: PublicKey,
    lines: Vec<KnownLine>,
}

struct Search<'a> {
    identity: Identity,
    history: History,
    chosen: &'a [Choice],
    /// Lines of number 0, each signed by the first key.
    starts: Vec<KnownLine>,
    /// Of the first epoch that has several, unless one was chosen.
    twins: Option<Twins>,
}

impl<'a> Search<'a> {
    fn new(identity: Identity, chosen: &'a [Choice]) -> Search<'a> {
        let history = History::new(identity.pinned());
        Search { identity, history, chosen, starts: Vec::new(), twins: None }
    }

    fn is_signed(&self, line: &Line<'_>) -> bool {
        let key = line.link.signature.and_then(|signature| self.history.epoch(signature.key));
        key.and_then(|epoch| self.history.key(epoch)).is_some_and(|key| line.is_signed_by(&key.public))
    }

    fn take(&mut self, group: &Group) {
        for fact in group.lines.iter().filter(|fact| fact.control && fact.shape != Shape::Broken) {
            let Ok(line) = Line::parse(&fact.text) else { continue };
            match line.kind {
                Kind::Genesis if fact.seq == 0 => self.start(fact, &line),
                Kind::Handoff => {
                    if let Ok(Some(Control::Handoff(handoff))) = Control::parse(&line) {
                        self.hand_off(fact, &line, &handoff);
                    }
                }
                _ => {}
            }
        }
    }

    /// Line 0. Where no key is pinned it names the first one, of which the log's id is the hash.
    fn start(&mut self, fact: &Fact, line: &Line<'_>) {
        let control = Control::parse(line);
        let genesis = match &control {
            Ok(Some(Control::Genesis(genesis))) => Some(genesis),
            // The first key signed it all the same, whatever it says.
            Err(InvalidControl::Format(_)) => None,
            _ => return,
        };
        if let Some(genesis) = genesis {
            if self.identity.awaits_endorsement() {
                self.identity.see(line, genesis);
            }
            if self.history.latest().is_none() && genesis.public_key.id() == fact.log {
                self.history = History::new(Some(genesis.public_key));
            }
        }
        if self.is_signed(line) && self.starts.len() < RIVALS {
            self.starts.push(known(fact, genesis.map(|genesis| genesis.file)));
            self.history.begin(Some(self.starts[0]).filter(|_| self.starts.len() == 1));
        }
    }

    fn hand_off(&mut self, fact: &Fact, line: &Line<'_>, handoff: &Handoff) {
        let Some(from) = line.link.signature.and_then(|signature| self.history.epoch(signature.key)) else {
            return;
        };
        let after = self.history.hand_off(from).is_none_or(|before| before.seq < fact.seq);
        let names_next =
            handoff.epoch == from + 1 && self.history.epoch(handoff.public_key.id()) != Some(from);
        if !after || !names_next || !self.is_signed(line) {
            return;
        }
        if let Some(HandoffBefore::Line(before)) = handoff.handoff.filter(|_| from == 0) {
            self.name_start(before);
        }
        let new = known(fact, handoff.file);
        if from == self.history.ended() {
            let contradicted = self.history.contradict(fact.seq, fact.hash, fact.prev).is_some();
            if self.history.parted.is_none() && !contradicted {
                self.history.hand_over(new, handoff.public_key);
            } else if let Some(rivals) = self.history.parted.as_mut().filter(|_| !contradicted) {
                also(rivals, new);
            }
        } else {
            self.rival(from, new, handoff.public_key);
        }
    }

    /// A second hand-off from an epoch.
    fn rival(&mut self, from: u64, new: KnownLine, to: PublicKey) {
        let Some(old) = self.history.hand_off(from + 1).filter(|old| old.hash != new.hash) else { return };
        if self.history.epoch(to.id()) != Some(from + 1) {
            return self.part(from, &[old, new]);
        }
        match self.chosen.iter().find(|choice| choice.epoch == from) {
            Some(Choice { hash: None, .. }) => self.part(from, &[old, new]),
            Some(Choice { hash: Some(hash), .. }) if *hash == new.hash => {
                // What was found after the other one is found again, after this one.
                self.history.cut(from);
                self.history.hand_over(new, to);
                self.history.beside(from + 1, old);
            }
            Some(_) => self.history.beside(from + 1, new),
            None => match &mut self.twins {
                Some(twins) if twins.epoch == from => {
                    if twins.lines.len() < RIVALS {
                        twins.lines.push(new);
                    }
                }
                Some(twins) if twins.epoch < from => {}
                _ => self.twins = Some(Twins { epoch: from, to, lines: vec![old, new] }),
            },
        }
    }

    /// From this epoch hand-offs lead to different keys: none of them is the log's.
    fn part(&mut self, epoch: u64, lines: &[KnownLine]) {
        self.history.cut(epoch);
        self.twins.take_if(|twins| twins.epoch >= epoch);
        let mut rivals = Vec::new();
        for line in lines {
            also(&mut rivals, *line);
        }
        self.history.parted = Some(rivals);
    }

    /// Of several lines of number 0, a hand-off names the one before it.
    fn name_start(&mut self, named: Position) {
        if self.starts.len() > 1 && named.seq == 0 {
            self.history.begin(self.starts.iter().find(|start| start.hash == named.hash).copied());
        }
    }
}

fn also(rivals: &mut Vec<Position>, line: KnownLine) {
    let position = Position { hash: line.hash, seq: line.seq };
    if rivals.len() < RIVALS && !rivals.contains(&position) {
        rivals.push(position);
    }
}

fn known(fact: &Fact, file: Option<u64>) -> KnownLine {
    KnownLine { seq: fact.seq, hash: fact.hash, prev: fact.prev, file }
}

/// The one of several hand-offs to a key that a line of this key chains from, through lines that follow each other.
fn followed(groups: &mut Groups<'_>, twins: &Twins) -> io::Result<Option<Hash>> {
    /// The hand-off, and the last line of a chain that begins after it.
    struct Tip {
        from: usize,
        seq: u64,
        hash: Hash,
    }
    let begin = |(from, line): (usize, &KnownLine)| Tip { from, seq: line.seq, hash: line.hash };
    let id = twins.to.id();
    let mut state =
        (twins.lines.iter().enumerate().map(begin).collect::<Vec<_>>(), vec![false; twins.lines.len()]);
    groups.each(
        &mut state,
        |_, line| line.is_signed_by(&twins.to),
        |(tips, signed), group, _| {
            let mut next = Vec::new();
            for fact in &group.lines {
                let parents = tips.iter().filter(|tip| tip.seq + 1 == fact.seq && tip.hash == fact.prev);
                for from in parents.map(|tip| tip.from).filter(|from| !signed[*from]).collect::<Vec<_>>() {
                    match &fact.signature {
                        Some(signature) if signature.key == id => {
                            signed[from] |= twins.to.verifies_hash(signature.unsigned, &signature.bytes);
                        }
                        Some(_) => {}
                        None => next.push(Tip { from, seq: fact.seq, hash: fact.hash }),
                    }
                }
            }
            tips.retain(|tip| tip.seq >= group.seq);
            tips.append(&mut next);
        },
    )?;
    groups.again()?;
    let mut followed =
        twins.lines.iter().zip(&state.1).filter(|(_, signed)| **signed).map(|(line, _)| line.hash);
    Ok(followed.next().filter(|_| followed.next().is_none()))
}
