//! What an honest writer wrote: files, crashes, hand-offs, retention, and each line by its number.

use std::collections::HashSet;
use std::ops::Range;

use tracing_audit::trail::{
    Control, Ended, EndorsedKey, Genesis, Hash, Keeps, KeyId, Kind, Line, Previous, SecretKey, Succeeds,
};

use crate::log::{Log, secret, torn};
use crate::random::Random;

/// Disks write whole sectors.
const SECTOR: usize = 512;

/// A log, and what is true of it.
pub(crate) struct History {
    pub(crate) log: Log,
    /// Each line by its number, without its newline.
    pub(crate) written: Vec<Vec<u8>>,
    /// The number of the hand-off to each epoch; none to the first.
    pub(crate) handed_over: Vec<Option<u64>>,
    /// Whether its first key is endorsed.
    pub(crate) is_endorsed: bool,
    /// The number of the first file that retention left.
    pub(crate) first_file: usize,
    /// Lines that were signed and given up: a power cut took lines before them.
    pub(crate) given_up: HashSet<(u64, Hash)>,
    /// The lowest number that a hand-off to each epoch had, one that was given up too.
    pub(crate) first_handed_over: Vec<Option<u64>>,
    /// Numbers that a sync that failed may have lost.
    pub(crate) lost: Vec<Range<u64>>,
    /// Nothing follows its last signed line, and no file is missing.
    pub(crate) is_clean: bool,
    /// Where the bytes begin that the next start attests.
    torn_from: usize,
}

impl History {
    /// A log of up to so many steps.
    pub(crate) fn of(name: &'static str, random: &mut Random, steps: usize) -> History {
        let mut history = History {
            log: Log::empty(name),
            written: Vec::new(),
            handed_over: vec![None],
            is_endorsed: random.chance(15),
            first_file: 0,
            given_up: HashSet::new(),
            first_handed_over: vec![None],
            lost: Vec::new(),
            is_clean: true,
            torn_from: usize::MAX,
        };
        history.log.is_full = random.chance(60);
        history.log.boot = random.chance(60).then(|| "boot 0".to_owned());
        history.begin(random);
        // From here on a newer writer goes on, at times.
        let newer = random.below(2 * steps);
        for step in 0..random.below(steps) + 3 {
            history.log.is_full |= step == newer;
            history.step(random);
        }
        let end = random.below(10);
        history.is_clean = !(4..=6).contains(&end);
        match end {
            0..4 => history.add(|log| log.close(Ended::Shutdown)),
            4 => history.add(|log| log.close(Ended::Rotated)),
            5 => history.tear(random),
            6 => history.cut_power(random),
            _ => {}
        }
        history
    }

    pub(crate) fn id(&self) -> KeyId {
        self.log.chain.log()
    }

    /// Whether a line was written, at times to be given up.
    pub(crate) fn has(&self, seq: u64, hash: Hash) -> bool {
        self.hash(seq) == Some(hash) || self.given_up.contains(&(seq, hash))
    }

    /// The hash of a line that was written.
    pub(crate) fn hash(&self, seq: u64) -> Option<Hash> {
        self.written.get(usize::try_from(seq).ok()?).map(|line| Hash::of_line(line))
    }

    /// The files that retention left, with their numbers.
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        self.log.files[self.first_file..].to_vec()
    }

    /// The first line of the first file that retention left.
    pub(crate) fn first_seq(&self) -> u64 {
        let mut lines = self.log.files[self.first_file].split(|byte| *byte == b'\n');
        lines.find_map(|line| Line::parse(line).ok()).unwrap().link.seq
    }

    fn begin(&mut self, random: &mut Random) {
        let (is_endorsed, succeeds) = (self.is_endorsed, random.chance(10));
        self.add(|log| {
            let mut genesis = log.a_genesis(None);
            if is_endorsed {
                let endorsed = EndorsedKey::sign(&fleet(), &genesis.origin, log.pin());
                genesis.fleet = Some(endorsed.endorsement().clone());
            }
            if succeeds {
                let log = secret("before", 0).id();
                genesis.succeeds = Some(Succeeds { hash: Hash::of_line(b"x"), log, seq: 41 });
            }
            log.control(&Control::Genesis(genesis));
            log.note_first();
            log.copies = log.file().clone();
        });
    }

    fn step(&mut self, random: &mut Random) {
        match random.below(20) {
            0..11 => self.write(random),
            11..14 => self.hand_off(),
            14 => self.add(|log| log.gap(3)),
            15 => {
                self.add(|log| log.close(Ended::Shutdown));
                self.restart(random, Ended::Shutdown);
            }
            16 => {
                self.tear(random);
                self.restart(random, Ended::Crash);
            }
            17 => {
                self.cut_power(random);
                self.restart(random, Ended::Crash);
            }
            18 => self.fail_to_sync(random),
            _ => {
                self.add(|log| log.close(Ended::Rotated));
                self.retain(random);
                self.add(|log| log.next_file(Ended::Rotated));
            }
        }
    }

    /// One write: it ends with a signed line.
    pub(crate) fn write(&mut self, random: &mut Random) {
        let actor = format!("alice {}", "a".repeat(random.below(200)));
        for _ in 0..random.below(3) {
            self.add(|log| log.unsigned(&actor));
        }
        self.add(|log| log.event(&actor));
    }

    pub(crate) fn hand_off(&mut self) {
        self.add(Log::hand_off);
        self.note_hand_off(self.written.len() as u64 - 1);
    }

    fn note_hand_off(&mut self, seq: u64) {
        self.handed_over.push(Some(seq));
        let epoch = self.handed_over.len() - 1;
        self.may_hand_over(epoch, seq);
    }

    fn may_hand_over(&mut self, epoch: usize, seq: u64) {
        self.first_handed_over.resize(self.first_handed_over.len().max(epoch + 1), None);
        let first = &mut self.first_handed_over[epoch];
        *first = Some(first.map_or(seq, |first| first.min(seq)));
    }

    /// Retention is changed at times; what it gives up is deleted at once.
    fn retain(&mut self, random: &mut Random) {
        if random.chance(25) {
            self.log.keeps = match self.log.keeps {
                Keeps::All => Keeps::Newest(1 + random.number(3)),
                Keeps::Newest(_) => Keeps::All,
            };
        }
        if let Keeps::Newest(kept) = self.log.keeps {
            let oldest = (self.log.files.len() as u64 + 1).saturating_sub(kept);
            self.log.oldest = self.log.oldest.max(oldest);
            self.first_file = usize::try_from(self.log.oldest).unwrap();
        }
    }

    /// A crash tears what was being written: whole unsigned lines, a piece.
    pub(crate) fn tear(&mut self, random: &mut Random) {
        self.torn_from = self.log.file().len();
        let (mut log, before) = (self.log.clone(), self.torn_from);
        for _ in 0..random.below(3) {
            log.unsigned("torn");
        }
        if random.chance(60) {
            match random.chance(70) {
                true => log.event("torn"),
                false => log.hand_off(),
            }
            // All but a signature's end: it would be whole.
            let length = log.file().len();
            let cut = length - 2 - random.below(length - before - 2);
            log.file().truncate(cut);
        }
        *self.log.file() = std::mem::take(log.file());
    }

    /// The power goes while lines are not synced: any sectors of them are zeros then, and the file may be shorter. What is
    /// whole up to a signed line stays; the next start gives up the rest.
    pub(crate) fn cut_power(&mut self, random: &mut Random) {
        let start = self.log.file().len();
        let mut states = vec![self.log.clone()];
        for _ in 0..=random.below(6) {
            let mut log = states.last().unwrap().clone();
            match random.below(8) {
                0 => log.hand_off(),
                1..4 => {
                    log.unsigned("unsynced");
                    log.event("unsynced");
                }
                _ => log.event("unsynced"),
            }
            // It is synced before anything follows it.
            let is_synced = log.keys.len() > self.log.keys.len();
            states.push(log);
            if is_synced {
                break;
            }
        }
        let written = states.last_mut().unwrap().file().clone();
        let mut left = written.clone();
        for sector in start / SECTOR..=left.len() / SECTOR {
            if random.chance(30) {
                let end = left.len().min((sector + 1) * SECTOR);
                left[start.max(sector * SECTOR)..end].fill(0);
            }
        }
        if random.chance(30) {
            let sectors = left.len() / SECTOR;
            left.truncate(start.max(random.below(sectors + 1) * SECTOR));
        }
        let is_whole = |log: &Log| {
            let bytes = log.files.last().unwrap();
            left.starts_with(bytes) || left.len() + 1 == bytes.len() && bytes.starts_with(&left)
        };
        let kept = states.iter().rposition(is_whole).unwrap();
        for log in &states[kept + 1..] {
            let line = Line::parse(
                log.files.last().unwrap().trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap(),
            );
            let line = line.unwrap();
            self.given_up.insert((line.link.seq, line.hash()));
            if log.keys.len() > states[kept].keys.len() {
                self.may_hand_over(log.keys.len() - 1, line.link.seq);
            }
        }
        // Of unsigned lines, too: they chain to those.
        for line in written.split(|byte| *byte == b'\n').filter_map(|line| Line::parse(line).ok()) {
            if line.link.seq >= states[kept].chain.next() {
                self.given_up.insert((line.link.seq, line.hash()));
            }
        }
        let boot = self.log.boot.as_ref().map(|boot| format!("{boot}+"));
        let whole = states.swap_remove(kept);
        self.add(|log| *log = whole);
        if self.log.keys.len() > self.handed_over.len() {
            let is_hand_off = |line: &Vec<u8>| Line::parse(line).unwrap().kind == Kind::Handoff;
            let seq = self.written.iter().rposition(is_hand_off).unwrap() as u64;
            self.note_hand_off(seq);
        }
        self.log.boot = boot;
        self.torn_from = self.log.file().len();
        if left.len() > self.torn_from {
            *self.log.file() = left;
        }
    }

    /// A sync fails: what was written since the one before may be lost, at most one hand-off in it, and the log goes on in
    /// a new file.
    fn fail_to_sync(&mut self, random: &mut Random) {
        let (start, from) = (self.log.file().len(), self.written.len() as u64);
        for _ in 0..random.below(4) {
            self.write(random);
        }
        // It is synced before anything follows it.
        match random.chance(30) {
            true => self.hand_off(),
            false => self.write(random),
        }
        let (until, previous) = (self.written.len() as u64, self.log.previous(Ended::Unsynced));
        if random.chance(60) {
            let file = self.log.file();
            let kept = start + random.below(file.len() - start);
            if random.chance(50) {
                file.truncate(kept);
            } else {
                let end = file.len().min((kept / SECTOR + 1) * SECTOR);
                file[kept.max(kept / SECTOR * SECTOR)..end].fill(0);
            }
            self.lost.push(from..until);
        }
        self.retain(random);
        self.open_with(Vec::new(), Previous { unsynced_from: Some(from), ..previous });
    }

    /// A process goes on, in the same file or in a next one, and attests what is torn.
    pub(crate) fn restart(&mut self, random: &mut Random, ended: Ended) {
        let before = std::mem::replace(&mut self.torn_from, usize::MAX);
        let bytes = self.log.file().get(before..).filter(|bytes| !bytes.is_empty()).map(torn);
        if bytes.is_some() {
            self.log.file().push(b'\n');
        }
        if random.chance(50) {
            return self.add(|log| log.resume(ended, bytes));
        }
        self.retain(random);
        let previous = Previous { torn: bytes, ..self.log.previous(ended) };
        let mut start = Vec::new();
        if random.chance(20) {
            // So far a start came that died too.
            let mut died = Log { files: vec![Vec::new()], ..self.log.clone() };
            died.genesis(Some(previous.clone()));
            let length = random.below(died.file().len() - 2) + 1;
            start = [&died.file()[..length], b"\n"].concat();
        }
        self.open_with(start, previous);
    }

    /// Begins a file, in which these bytes stand already.
    fn open_with(&mut self, start: Vec<u8>, previous: Previous) {
        let attested = start.strip_suffix(b"\n").map(torn);
        self.log.files.push(start);
        self.add(|log| {
            let genesis = log.a_genesis(Some(previous));
            log.control(&Control::Genesis(Genesis { torn: attested, ..genesis }));
            log.note_first();
        });
    }

    /// Takes note of the lines that the log gains.
    pub(crate) fn add(&mut self, add: impl FnOnce(&mut Log)) {
        let (file, length) = (self.log.files.len(), self.log.file().len());
        add(&mut self.log);
        let added = match self.log.files.len() == file {
            true => &self.log.files[file - 1][length..],
            false => &self.log.files[file][..],
        };
        for line in added.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            assert_eq!(Line::parse(line).unwrap().link.seq, self.written.len() as u64);
            self.written.push(line.to_vec());
        }
    }
}

/// The key of the fleet that endorses logs.
pub(crate) fn fleet() -> SecretKey {
    secret("fleet", 0)
}
