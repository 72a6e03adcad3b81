//! What is proved, computed again: simple, slow, and with nothing of the verifier but its parser of lines.
//!
//! A signature by the key of epoch e proves only numbers above the hand-off to e, up to the one from e. At the number of a
//! hand-off, or of line 0, no other line is proved, nor what chains through it; the line after it has its hash as `prev`.
//! Where a key handed over several times, each history is gone through: no report may claim more than one of them proves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use tracing_audit::trail::{Control, Genesis, Handoff, Hash, KeyId, Line, Link, PublicKey};

use super::vectors::Known;

/// All lines that stand anywhere in some files.
pub(crate) struct Lines {
    all: HashMap<Hash, Raw>,
}

struct Raw {
    text: String,
    log: KeyId,
    seq: u64,
    prev: Hash,
    genesis: Option<Genesis>,
    handoff: Option<Handoff>,
    /// In a file that has more than copies.
    in_file: bool,
}

/// What one history of hand-offs proves.
#[derive(Debug, Default)]
pub(crate) struct Proved {
    /// The numbers of lines that stand in files.
    pub(crate) lines: BTreeSet<u64>,
    /// All hashes.
    pub(crate) hashes: BTreeSet<[u8; 32]>,
    /// What geneses among them say.
    pub(crate) origins: BTreeSet<String>,
}

/// The lines that bind keys to numbers: of each epoch its key, and line 0 or the hand-off to it.
#[derive(Clone)]
struct History {
    keys: Vec<PublicKey>,
    /// Of epoch 0 line 0, where it is there.
    begins: Vec<Option<(u64, Hash)>>,
}

impl Lines {
    /// Of shipped lines copies count as given, unless the caller calls them copies.
    pub(crate) fn of(files: &[(String, Vec<u8>)], shipped: bool) -> Lines {
        let mut lines = Lines { all: HashMap::new() };
        for (name, bytes) in files {
            let pieces = bytes.split(|byte| *byte == b'\n');
            let pieces = pieces.map(|piece| if shipped { without_wrapping(piece) } else { piece });
            let of_file: Vec<_> = pieces.filter_map(Raw::parse).collect();
            let names_keys = |raw: &Raw| raw.seq == 0 || raw.handoff.is_some();
            let only_copies = Path::new(name).extension().is_some_and(|end| end == "keys")
                && of_file.iter().all(names_keys);
            for raw in of_file {
                let known = lines.all.entry(Hash::of_line(raw.text.as_bytes())).or_insert(raw);
                known.in_file |= shipped || !only_copies;
            }
        }
        lines
    }

    /// What is proved of a log, by each history of its keys; nothing where its first key is not known.
    pub(crate) fn proved(&self, log: KeyId, known: &Known) -> Vec<Proved> {
        let Some(first) = self.first_key(log, known) else { return Vec::new() };
        let begins = self
            .lines_of(log)
            .filter(|(_, raw)| raw.genesis.is_some() && raw.seq == 0 && raw.is_signed_by(&first));
        let mut begins: Vec<_> = begins.map(|(hash, raw)| Some((raw.seq, *hash))).collect();
        if begins.is_empty() {
            begins.push(None);
        }
        let mut whole = Vec::new();
        for begin in begins {
            self.grow(log, History { keys: vec![first], begins: vec![begin] }, &mut whole);
        }
        assert!(whole.len() < 1_000, "{} histories", whole.len());
        whole.iter().map(|history| self.proved_by(log, history)).collect()
    }

    /// The pinned key, or the one that a trusted fleet endorsed in line 0.
    fn first_key(&self, log: KeyId, known: &Known) -> Option<PublicKey> {
        let pinned = known.pins.iter().find(|key| key.id() == log).copied();
        pinned.or_else(|| {
            self.lines_of(log).find_map(|(_, raw)| {
                let genesis = raw.genesis.as_ref().filter(|genesis| genesis.public_key.id() == log)?;
                let fleet = genesis.fleet.as_ref()?;
                let is_endorsed = known.fleets.contains(&fleet.public_key)
                    && fleet.endorses(genesis.public_key, &genesis.origin)
                    && raw.seq == 0
                    && raw.is_signed_by(&genesis.public_key);
                is_endorsed.then_some(genesis.public_key)
            })
        })
    }

    /// All ways to go on from a history.
    fn grow(&self, log: KeyId, history: History, whole: &mut Vec<History>) {
        let (epoch, key) = (history.keys.len() as u64, *history.keys.last().unwrap());
        let after = history.begins.iter().flatten().map(|(seq, _)| *seq).max();
        let next = self.lines_of(log).filter_map(|(hash, raw)| {
            let handoff = raw.handoff.as_ref().filter(|handoff| handoff.epoch == epoch)?;
            let is_later = after.is_none_or(|after| raw.seq > after);
            (is_later && raw.is_signed_by(&key)).then_some((handoff.public_key, (raw.seq, *hash)))
        });
        let mut is_last = true;
        for (key, begin) in next {
            is_last = false;
            let mut longer = history.clone();
            longer.keys.push(key);
            longer.begins.push(Some(begin));
            self.grow(log, longer, whole);
        }
        if is_last {
            whole.push(history);
        }
    }

    fn proved_by(&self, log: KeyId, history: &History) -> Proved {
        let mut proved = Proved::default();
        for (hash, raw) in self.lines_of(log) {
            if !history.signs(raw) || self.is_void(hash, history) {
                continue;
            }
            let mut at = Some(*hash);
            while let Some(raw) = at.and_then(|hash| self.all.get(&hash)) {
                if !proved.hashes.insert(*at.unwrap().as_bytes()) {
                    break;
                }
                if raw.in_file {
                    proved.lines.insert(raw.seq);
                }
                proved.origins.extend(raw.genesis.as_ref().map(|genesis| genesis.origin.clone()));
                at = self.before(raw);
            }
        }
        proved
    }

    /// Whether the line, or one that it chains through, stands where another is known to.
    fn is_void(&self, hash: &Hash, history: &History) -> bool {
        let mut at = Some(*hash);
        while let Some(hash) = at {
            let raw = &self.all[&hash];
            let stands_beside = |(seq, known): &(u64, Hash)| {
                raw.seq == *seq && hash != *known || raw.seq == *seq + 1 && raw.prev != *known
            };
            if history.begins.iter().flatten().any(stands_beside) {
                return true;
            }
            at = self.before(raw);
        }
        false
    }

    /// The line that it follows, where that is there.
    fn before(&self, raw: &Raw) -> Option<Hash> {
        let before = self.all.get(&raw.prev)?;
        (before.log == raw.log && before.seq + 1 == raw.seq).then_some(raw.prev)
    }

    fn lines_of(&self, log: KeyId) -> impl Iterator<Item = (&Hash, &Raw)> {
        self.all.iter().filter(move |(_, raw)| raw.log == log)
    }

    /// The logs of which lines are there, and how many.
    pub(crate) fn logs(&self) -> BTreeMap<KeyId, usize> {
        let mut logs = BTreeMap::new();
        for raw in self.all.values() {
            *logs.entry(raw.log).or_default() += 1;
        }
        logs
    }
}

impl History {
    /// Whether the line is signed by the key whose number it has.
    fn signs(&self, raw: &Raw) -> bool {
        let begin = |epoch: usize| self.begins.get(epoch).copied().flatten().map(|(seq, _)| seq);
        self.keys.iter().enumerate().any(|(epoch, key)| {
            (epoch == 0 || begin(epoch).is_some_and(|begin| raw.seq > begin))
                && begin(epoch + 1).is_none_or(|end| raw.seq <= end)
                && raw.is_signed_by(key)
        })
    }
}

impl Raw {
    fn parse(bytes: &[u8]) -> Option<Raw> {
        let line = Line::parse(bytes).ok()?;
        let control = Control::parse(&line).ok().flatten();
        let (genesis, handoff) = match control {
            Some(Control::Genesis(genesis)) => (Some(genesis), None),
            Some(Control::Handoff(handoff)) => (None, Some(handoff)),
            _ => (None, None),
        };
        let Link { log, seq, prev, .. } = line.link;
        Some(Raw { text: line.text.to_owned(), log, seq, prev, genesis, handoff, in_file: false })
    }

    fn is_signed_by(&self, key: &PublicKey) -> bool {
        Line::parse(self.text.as_bytes()).is_ok_and(|line| line.is_signed_by(key))
    }
}

/// What a shipper may put around a line: a prefix, a carriage return.
fn without_wrapping(piece: &[u8]) -> &[u8] {
    let begin = piece.iter().position(|byte| *byte == b'{').unwrap_or(0);
    piece[begin..].trim_ascii_end()
}

#[test]
fn of_an_honest_log_all_is_proved_and_of_a_forged_one_nothing() {
    use super::log::Log;
    let log = Log::of_three_files("recomputed");
    let known = |key| Known { pins: vec![key], ..Known::default() };
    let (files, pin) = (log.files(), log.pin());
    let lines = Lines::of(&files, false);
    assert_eq!(lines.logs(), BTreeMap::from([(pin.id(), 14)]));
    let [proved] = lines.proved(pin.id(), &known(pin)).try_into().unwrap();
    assert_eq!(proved.lines, (0..14).collect());
    assert!(lines.proved(pin.id(), &Known::default()).is_empty());
    assert!(lines.proved(pin.id(), &known(log.key().public())).is_empty());
    // Without the file of the hand-off the second key proves nothing; with its copy all that is there.
    let cut = [files[0].clone(), files[2].clone()];
    let [proved] = Lines::of(&cut, false).proved(pin.id(), &known(pin)).try_into().unwrap();
    assert_eq!(proved.lines, (0..4).collect());
    let copied = [cut.to_vec(), vec![("audit.keys".to_owned(), log.copies.clone())]].concat();
    let [proved] = Lines::of(&copied, false).proved(pin.id(), &known(pin)).try_into().unwrap();
    assert_eq!(proved.lines, (0..4).chain(9..14).collect());
}
