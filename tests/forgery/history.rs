//! What an honest writer wrote: files, crashes, hand-offs, retention, and each line by its number.

use tracing_audit::trail::{
    Control, Ended, EndorsedKey, Genesis, Hash, Keeps, KeyId, Line, Previous, SecretKey, Succeeds,
};

use crate::log::{Log, secret, torn};
use crate::random::Random;

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
        if random.chance(50) {
            let ended = *random.pick(&[Ended::Shutdown, Ended::Rotated]);
            if ended == Ended::Shutdown || random.chance(30) {
                history.add(|log| log.close(ended));
            }
        }
        history
    }

    pub(crate) fn id(&self) -> KeyId {
        self.log.chain.log()
    }

    /// The hash of a line that was written.
    pub(crate) fn hash(&self, seq: u64) -> Option<Hash> {
        self.written.get(usize::try_from(seq).ok()?).map(|line| Hash::of_line(line))
    }

    /// The files that retention left, with their numbers.
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        self.log.files[self.first_file..].to_vec()
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
            16 | 17 => {
                self.tear(random);
                self.restart(random, Ended::Crash);
            }
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
        self.handed_over.push(Some(self.written.len() as u64 - 1));
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
