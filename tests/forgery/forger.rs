//! Somebody who holds some of a log's keys, and all that is public, and writes what he likes.

use std::rc::Rc;

use tracing_audit::trail::{
    Chain, Close, Control, Ended, Genesis, Handoff, HandoffBefore, Hash, Keeps, KeyId, Line, Position,
    Previous, PublicKey, Resume, SecretKey, Timestamp, Torn,
};

use crate::history::History;
use crate::log::{event, secret, torn, writer};
use crate::random::Random;

/// The log as he leaves it, files as pieces that end with a newline, mostly.
pub(crate) struct Forged {
    pub(crate) files: Vec<Vec<Vec<u8>>>,
    pub(crate) copies: Option<Vec<Vec<u8>>>,
}

pub(crate) struct Forger<'a> {
    history: &'a History,
    random: &'a mut Random,
    /// His keys, each with the epoch that he claims for it.
    keys: Vec<(u64, Rc<SecretKey>)>,
    pub(crate) forged: Forged,
    marks: u64,
}

impl<'a> Forger<'a> {
    /// `stolen`: epochs of the log whose keys he has; he has others besides.
    pub(crate) fn new(
        history: &'a History,
        random: &'a mut Random,
        stolen: &[usize],
        others: Vec<SecretKey>,
    ) -> Self {
        let epochs = history.handed_over.len() as u64;
        let of_log = stolen
            .iter()
            .map(|epoch| (*epoch as u64, secret(history.log.name, u8::try_from(*epoch).unwrap())));
        let all = of_log.chain(others.into_iter().map(|key| (epochs, key)));
        let keys = all.map(|(epoch, key)| (epoch, Rc::new(key))).collect();
        let files = history.files().iter().map(|file| pieces(file)).collect();
        let copies = Some(pieces(&history.log.copies));
        Forger { history, random, keys, forged: Forged { files, copies }, marks: 0 }
    }

    /// Some acts of his.
    pub(crate) fn act(&mut self) {
        for _ in 0..=self.random.below(5) {
            match self.random.below(19) {
                0 => self.delete_files(),
                1 | 2 => self.delete_pieces(),
                3 => self.double(),
                4 => self.damage(),
                5 | 6 => self.rewrite(),
                7..9 => self.insert(),
                9..13 => self.begin_a_file(),
                13 => self.attest(),
                14 => self.go_round(),
                15 => self.hand_over_twice(),
                _ => self.edit_copies(),
            }
        }
    }

    fn delete_files(&mut self) {
        let gone = match self.random.chance(25) {
            true => 0..self.forged.files.len(),
            false => self.random.range(self.forged.files.len()),
        };
        self.forged.files.drain(gone);
    }

    /// A file, if there is one.
    fn some_file(&mut self) -> Option<usize> {
        let files = self.forged.files.len();
        (files > 0).then(|| self.random.below(files))
    }

    fn delete_pieces(&mut self) {
        let Some(file) = self.some_file() else { return };
        let pieces = &mut self.forged.files[file];
        let mut gone = self.random.range(pieces.len());
        if self.random.chance(50) {
            gone.end = (gone.start + 2).min(gone.end);
        }
        pieces.drain(gone);
    }

    fn double(&mut self) {
        let Some(file) = self.some_file() else { return };
        if self.random.chance(30) {
            let copy = self.forged.files[file].clone();
            let at = self.random.below(self.forged.files.len() + 1);
            return self.forged.files.insert(at, copy);
        }
        let range = self.random.range(self.forged.files[file].len());
        let copied = self.forged.files[file][range].to_vec();
        if let Some(file) = self.some_file() {
            let at = self.random.below(self.forged.files[file].len() + 1);
            self.forged.files[file].splice(at..at, copied);
        }
    }

    fn damage(&mut self) {
        let Some(file) = self.some_file().filter(|file| !self.forged.files[*file].is_empty()) else { return };
        let at = self.random.below(self.forged.files[file].len());
        let piece = &mut self.forged.files[file][at];
        if piece.is_empty() {
            return;
        }
        let range = self.random.range(piece.len());
        match self.random.below(4) {
            0 => {
                piece.drain(range);
            }
            1 => piece[range].fill(0),
            2 => {
                let at = self.random.below(piece.len());
                piece[at] ^= 1 << self.random.below(7);
            }
            _ => {
                piece.splice(range, *b"junk\n");
            }
        }
    }

    /// Other lines in place of some.
    fn rewrite(&mut self) {
        let Some(file) = self.some_file().filter(|file| !self.forged.files[*file].is_empty()) else { return };
        let at = self.random.below(self.forged.files[file].len());
        let Some((seq, prev)) = parsed(&self.forged.files[file][at], |line| (line.link.seq, line.link.prev))
        else {
            return;
        };
        let count = self.random.below(4) + 1;
        let mut lines = Lines::after(self.history.id(), seq, prev);
        self.go_on(&mut lines, count);
        let rest = self.forged.files[file].len() - at;
        let end = at + if self.random.chance(70) { count.min(rest) } else { self.random.below(rest + 1) };
        self.forged.files[file].splice(at..end, lines.done);
    }

    /// Lines where none stood.
    fn insert(&mut self) {
        let Some(file) = self.some_file() else { return };
        let pieces = self.forged.files[file].len();
        let at = if self.random.chance(50) { pieces } else { self.random.below(pieces + 1) };
        let mut lines = self.place(file, at);
        if self.random.chance(20) {
            let ended = self.ended();
            self.resume(&mut lines, ended);
        }
        let most = if self.random.chance(25) { 20 } else { 5 };
        let count = self.random.below(most) + 1;
        self.go_on(&mut lines, count);
        self.forged.files[file].splice(at..at, lines.done);
    }

    /// Where lines of his begin: a number, and the line that they are to follow.
    fn place(&mut self, file: usize, at: usize) -> Lines {
        let log = self.history.id();
        let before = self.forged.files.get(file).and_then(|pieces| pieces[..at].last());
        let before = before.and_then(|piece| parsed(piece, |line| (line.link.seq, line.hash())));
        if let Some((seq, hash)) = before.filter(|_| self.random.chance(40)) {
            return Lines::after(log, seq + 1, hash);
        }
        let end = self.history.written.len() as u64;
        let handed_over: Vec<u64> = self.history.handed_over.iter().copied().flatten().collect();
        let seq = match self.random.below(6) {
            0 | 1 if !handed_over.is_empty() => {
                (*self.random.pick(&handed_over) + self.random.number(5)).saturating_sub(2)
            }
            2 => end,
            3 => self.random.number(4),
            _ => self.random.number(end + 2),
        };
        let prev = match self.random.below(8) {
            0 => Hash::ZERO,
            1 => Hash::of_line(b"nothing"),
            2 => before.map_or(Hash::ZERO, |(_, hash)| hash),
            _ => seq.checked_sub(1).and_then(|before| self.history.hash(before)).unwrap_or(Hash::ZERO),
        };
        Lines::after(log, seq, prev)
    }

    fn begin_a_file(&mut self) {
        let at = match self.random.chance(60) {
            true => self.forged.files.len(),
            false => self.random.below(self.forged.files.len() + 1),
        };
        let mut lines = match at.checked_sub(1) {
            Some(before) if self.random.chance(50) => self.place(before, self.forged.files[before].len()),
            _ => self.place(usize::MAX, 0),
        };
        if self.random.chance(90) {
            self.genesis(&mut lines, at);
        }
        let count = self.random.below(6);
        self.go_on(&mut lines, count);
        self.forged.files.insert(at, lines.done);
    }

    /// Attests what stands at the end of a file as torn, truly.
    fn attest(&mut self) {
        let Some(file) = self.some_file() else { return };
        let pieces = &self.forged.files[file];
        let from = self.random.below(pieces.len() + 1);
        let mut bytes = pieces[from..].concat();
        let mut lines = self.place(file, from);
        let attested = torn(&bytes);
        if bytes.is_empty() {
            return;
        }
        bytes.push(b'\n');
        if self.random.chance(50) {
            let resume = Resume { torn: Some(attested), ..Resume::new(Ended::Crash, writer()) };
            self.control(&mut lines, &Control::Resume(resume));
            self.forged.files[file].push(b"\n".to_vec());
            let count = self.random.below(4);
            self.go_on(&mut lines, count);
            self.forged.files[file].append(&mut lines.done);
        } else {
            self.forged.files[file].push(b"\n".to_vec());
            let length = self.forged.files[file].concat().len() as u64;
            let previous = Previous {
                bytes: length,
                ended: Ended::Crash,
                name: String::new(),
                torn: Some(attested),
                unsynced_from: None,
            };
            self.genesis_after(&mut lines, file + 1, Some(previous));
            let count = self.random.below(4);
            self.go_on(&mut lines, count);
            self.forged.files.insert(file + 1, lines.done);
        }
    }

    /// Where the line of a number stands.
    fn find(&self, seq: u64) -> Option<(usize, usize)> {
        let hash = self.history.hash(seq)?;
        let is_it = |piece: &Vec<u8>| parsed(piece, |line| line.hash() == hash) == Some(true);
        let in_file = |(file, pieces): (usize, &Vec<Vec<u8>>)| Some((file, pieces.iter().position(is_it)?));
        self.forged.files.iter().enumerate().find_map(in_file)
    }

    /// One of the keys of the log that he has, and its epoch.
    fn stolen(&mut self) -> Option<(usize, usize)> {
        let of_log = |(_, key): &(u64, Rc<SecretKey>)| {
            (0..self.history.handed_over.len())
                .find(|epoch| secret(self.history.log.name, u8::try_from(*epoch).unwrap()).id() == key.id())
        };
        let stolen: Vec<_> =
            self.keys.iter().enumerate().filter_map(|(at, key)| Some((at, of_log(key)?))).collect();
        (!stolen.is_empty()).then(|| *self.random.pick(&stolen))
    }

    /// Deletes lines before the hand-off to one of his keys, and has others in their place run past it, to one that he signs.
    fn go_round(&mut self) {
        let Some((key, epoch)) = self.stolen() else { return };
        let Some(handed_over) = self.history.handed_over[epoch] else { return };
        let Some((file, at)) = self.find(handed_over) else { return };
        let gone = self.random.below(at + 1).min(4);
        self.forged.files[file].drain(at - gone..at);
        if self.random.chance(50) {
            self.forged.copies = None;
        }
        let first = handed_over.saturating_sub(self.random.number(gone as u64 + 1));
        let mut lines = Lines::after(self.history.id(), first, Hash::of_line(b"any"));
        while lines.next() <= handed_over + self.random.number(3) {
            let (body, time) = (self.record(), self.time());
            lines.add(&body, time, None);
        }
        lines.key = Some(key);
        let (body, time, key) = (self.record(), self.time(), Rc::clone(&self.keys[key].1));
        lines.add(&body, time, Some(&key));
        let at = at - gone + 1;
        self.forged.files[file].splice(at..at, lines.done);
    }

    /// Hands over with one of his keys again, under any epoch, and signs past the hand-off that it made.
    fn hand_over_twice(&mut self) {
        let Some((key, epoch)) = self.stolen() else { return };
        let (from, end) = (self.history.handed_over[epoch].unwrap_or(0), self.history.written.len() as u64);
        let until = self.history.handed_over.get(epoch + 1).copied().flatten().unwrap_or(end);
        let before = from + self.random.number(until - from);
        let (Some((file, at)), Some(hash)) = (self.find(before), self.history.hash(before)) else { return };
        let own = self.keys.len() - 1;
        let mut lines = Lines::after(self.history.id(), before + 1, hash);
        lines.key = Some(key);
        let says = self.random.number(epoch as u64 + 4);
        let handoff = Handoff {
            handoff: self.named(epoch as u64),
            ..Handoff::new((says, self.keys[own].1.public()), "interval")
        };
        self.control(&mut lines, &Control::Handoff(handoff));
        // Some numbers are left out.
        let first = until + self.random.number(5);
        let mut more = Lines::after(self.history.id(), first, Hash::of_line(b"any"));
        more.key = Some(own);
        for _ in 0..2 {
            let (body, time, own) = (self.record(), self.time(), Rc::clone(&self.keys[own].1));
            more.add(&body, time, Some(&own));
        }
        lines.done.append(&mut more.done);
        self.forged.files[file].splice(at + 1.., lines.done);
        self.forged.files.truncate(file + 1);
    }

    fn edit_copies(&mut self) {
        let Some(copies) = &mut self.forged.copies else { return };
        let random = &mut *self.random;
        match random.below(8) {
            0 => self.forged.copies = None,
            1 | 2 => {
                let gone = random.range(copies.len());
                copies.drain(gone);
            }
            3 => random.shuffle(copies),
            4 => {
                let doubled = copies.clone();
                copies.extend(doubled);
            }
            5 => {
                if let Some(last) = copies.last_mut() {
                    last.truncate(random.below(last.len()));
                }
            }
            _ => {
                let at = if random.chance(60) { copies.len() } else { random.below(copies.len() + 1) };
                let mut lines = self.place(usize::MAX, 0);
                if self.random.chance(70) {
                    self.hand_off(&mut lines);
                } else {
                    self.genesis(&mut lines, 0);
                }
                if let Some(copies) = &mut self.forged.copies {
                    copies.splice(at..at, lines.done);
                }
            }
        }
    }

    /// Lines that follow.
    fn go_on(&mut self, lines: &mut Lines, count: usize) {
        for _ in 0..count {
            match self.random.below(20) {
                0..8 => {
                    let (body, time) = (self.record(), self.time());
                    let key = self.key(lines);
                    lines.add(&body, time, Some(&key));
                }
                8..15 => {
                    let (body, time) = (self.record(), self.time());
                    lines.add(&body, time, None);
                }
                15 | 16 => self.hand_off(lines),
                17 => {
                    let reason = self.ended();
                    self.control(lines, &Control::Close(Close { reason }));
                }
                18 => {
                    let ended = self.ended();
                    self.resume(lines, ended);
                }
                _ => self.genesis(lines, 1),
            }
        }
    }

    fn record(&mut self) -> Vec<u8> {
        self.marks += 1;
        event(&format!("mallory {}", self.marks))
    }

    /// Mostly between the log's.
    fn time(&mut self) -> Timestamp {
        let clock = match self.random.chance(90) {
            true => self.random.number(self.history.log.clock + 5),
            false => self.random.number(1_000_000),
        };
        Timestamp::from_nanos(1_795_293_660_000_000_000 + clock * 1_000_000)
    }

    fn ended(&mut self) -> Ended {
        use Ended::{Crash, Lost, Removed, Replaced, Rotated, Shutdown, Truncated, Unsynced};
        *self.random.pick(&[Crash, Rotated, Shutdown, Unsynced, Truncated, Removed, Replaced, Lost])
    }

    /// The key that he signs with there.
    fn key(&mut self, lines: &mut Lines) -> Rc<SecretKey> {
        let at = match lines.key {
            Some(at) if self.random.chance(85) => at,
            _ => self.random.below(self.keys.len()),
        };
        lines.key = Some(at);
        Rc::clone(&self.keys[at].1)
    }

    fn control(&mut self, lines: &mut Lines, control: &Control) {
        let (key, time) = (self.key(lines), self.time());
        lines.add(&control.body(), time, Some(&key));
    }

    fn resume(&mut self, lines: &mut Lines, ended: Ended) {
        let torn = self.random.chance(20).then(|| torn(b"torn"));
        self.control(lines, &Control::Resume(Resume { torn, ..Resume::new(ended, writer()) }));
    }

    /// Hands over to one of his keys, from one of them.
    fn hand_off(&mut self, lines: &mut Lines) {
        let from = self.key(lines);
        let epoch = self.keys[lines.key.unwrap()].0;
        let to = self.random.below(self.keys.len());
        let next = self.keys[to].1.public();
        let says = if self.random.chance(85) { epoch + 1 } else { self.random.number(epoch + 4) };
        let handoff = Handoff {
            file: self.random.chance(60).then(|| self.random.number(6)),
            handoff: self.named(epoch),
            keeps: self.keeps(),
            oldest: self.random.chance(60).then(|| self.random.number(4)),
            ..Handoff::new((says, next), "interval")
        };
        let time = self.time();
        lines.add(&Control::Handoff(handoff).body(), time, Some(&from));
        lines.key = Some(to);
        // Where it is a key of the log's own, he may claim either epoch for it from here on.
        if self.keys[to].1.public() == next && self.random.chance(70) {
            self.keys[to].0 = says;
        }
    }

    fn genesis(&mut self, lines: &mut Lines, at: usize) {
        let ended = self.ended();
        let bytes = match at.checked_sub(1).and_then(|before| self.forged.files.get(before)) {
            Some(before) if self.random.chance(80) => before.concat().len() as u64,
            _ => self.random.number(10_000),
        };
        let previous = Previous {
            bytes,
            ended,
            name: String::new(),
            torn: None,
            unsynced_from: (ended == Ended::Unsynced).then(|| self.random.number(lines.next() + 1)),
        };
        let previous = (at > 0 || self.random.chance(70)).then_some(previous);
        self.genesis_after(lines, at, previous);
    }

    fn genesis_after(&mut self, lines: &mut Lines, at: usize, previous: Option<Previous>) {
        let key = self.key(lines);
        let epoch = self.keys[lines.key.unwrap()].0;
        let last = self.last_number(at);
        let file = if self.random.chance(70) { last + 1 } else { self.random.number(last + 4) };
        let public_key: PublicKey = match self.random.chance(95) {
            true => key.public(),
            false => self.random.pick(&self.keys).1.public(),
        };
        let oldest = if self.random.chance(60) { file } else { self.random.number(file + 2) };
        let genesis = Genesis {
            handoff: self.named(epoch),
            keeps: self.keeps(),
            oldest,
            torn: self.random.chance(5).then(|| Torn { bytes: 4, sha256: Hash::of_bytes(b"torn") }),
            ..Genesis::new(
                file,
                "example.com/payments",
                (if self.random.chance(92) { epoch } else { self.random.number(epoch + 3) }, public_key),
                previous,
                writer(),
            )
        };
        let mut body = Control::Genesis(genesis).body();
        if self.random.chance(4) {
            body =
                String::from_utf8(body).unwrap().replace("tracing-audit/v1", "tracing-audit/v2").into_bytes();
        }
        let time = self.time();
        lines.add(&body, time, Some(&key));
    }

    /// The highest number of the files before.
    fn last_number(&self, at: usize) -> u64 {
        let files = self.forged.files.iter().take(at);
        let numbers = files.filter_map(|file| {
            parsed(file.first()?, |line| match Control::parse(line) {
                Ok(Some(Control::Genesis(genesis))) => Some(genesis.file),
                _ => None,
            })?
        });
        numbers.max().unwrap_or(0)
    }

    /// The hand-off before, as he names it: mostly the true one.
    fn named(&mut self, epoch: u64) -> Option<HandoffBefore> {
        if self.random.chance(20) {
            return None;
        }
        let handed_over = usize::try_from(epoch).ok().and_then(|epoch| self.history.handed_over.get(epoch));
        let seq = match handed_over {
            Some(handed_over) if self.random.chance(80) => handed_over.unwrap_or(0),
            _ => self.random.number(self.history.written.len() as u64),
        };
        let hash = self.history.hash(seq).filter(|_| self.random.chance(95)).unwrap_or(Hash::ZERO);
        Some(match self.random.chance(95) {
            true => HandoffBefore::Line(Position { hash, seq }),
            false => HandoffBefore::None,
        })
    }

    fn keeps(&mut self) -> Option<Keeps> {
        self.random.chance(60).then(|| match self.random.chance(50) {
            true => Keeps::All,
            false => Keeps::Newest(self.random.number(4)),
        })
    }
}

/// Lines that chain from each other.
struct Lines {
    chain: Chain,
    done: Vec<Vec<u8>>,
    /// Which of the forger's keys is in force.
    key: Option<usize>,
}

impl Lines {
    fn after(log: KeyId, seq: u64, prev: Hash) -> Lines {
        Lines { chain: Chain::after(log, seq, prev), done: Vec::new(), key: None }
    }

    fn next(&self) -> u64 {
        self.chain.next()
    }

    fn add(&mut self, body: &[u8], time: Timestamp, key: Option<&SecretKey>) {
        let mut line = Vec::new();
        match key {
            Some(key) => self.chain.signed(body, time, key, &mut line),
            None => self.chain.unsigned(body, time, &mut line),
        }
        self.done.push(line);
    }
}

fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn parsed<T>(piece: &[u8], look: impl FnOnce(&Line<'_>) -> T) -> Option<T> {
    let line = Line::parse(piece.strip_suffix(b"\n").unwrap_or(piece)).ok()?;
    Some(look(&line))
}
