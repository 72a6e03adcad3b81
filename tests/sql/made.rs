//! Logs made by hand, by writers and by forgers.

use tracing_audit::trail::{Chain, Hash, Line, SecretKey, Timestamp};

pub(crate) const RESUME: &str = r#"{"fields":{"ended":"crash","writer":{"host":"db1","pid":1,"program":"test"}},"kind":"resume","level":"INFO","target":"audit""#;

/// The lines of a log, each without its newline; the index of each is its number, as long as nothing was taken out.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) lines: Vec<String>,
    chain: Chain,
    name: String,
    epoch: u64,
}

impl Made {
    /// Its genesis; each name's key is another.
    pub(crate) fn new(name: &str) -> Made {
        let (chain, name) = (Chain::new(key(name, 0).id()), name.to_owned());
        let made = Made { lines: Vec::new(), chain, name, epoch: 0 };
        made.signed(&control("genesis", r#""format":"tracing-audit/v1""#))
    }

    pub(crate) fn id(&self) -> String {
        self.chain.log().to_string()
    }

    pub(crate) fn signed(mut self, body: &str) -> Made {
        let mut line = Vec::new();
        let time = self.time();
        self.chain.signed(body.as_bytes(), time, &key(&self.name, self.epoch), &mut line);
        self.push(line)
    }

    pub(crate) fn unsigned(mut self, body: &str) -> Made {
        let mut line = Vec::new();
        let time = self.time();
        self.chain.unsigned(body.as_bytes(), time, &mut line);
        self.push(line)
    }

    /// Events, of which the last is signed, as a writer signs the last of each write.
    pub(crate) fn write(mut self, events: usize) -> Made {
        for left in (0..events).rev() {
            let body = event(self.lines.len());
            self = if left == 0 { self.signed(&body) } else { self.unsigned(&body) };
        }
        self
    }

    /// Events that nobody signed.
    pub(crate) fn tail(mut self, events: usize) -> Made {
        for _ in 0..events {
            let body = event(self.lines.len());
            self = self.unsigned(&body);
        }
        self
    }

    pub(crate) fn hand_over(self) -> Made {
        let epoch = self.epoch + 1;
        let made = self.signed(&control("handoff", &format!(r#""epoch":{epoch}"#)));
        Made { epoch, ..made }
    }

    /// Goes on with a line that was written otherwise.
    pub(crate) fn forged(mut self, line: &str) -> Made {
        let next = self.chain.next() + 1;
        self.chain = Chain::after(self.chain.log(), next, Hash::of_line(line.as_bytes()));
        self.lines.push(line.to_owned());
        self
    }

    /// This line as number 0.
    pub(crate) fn instead_of_all(mut self, line: &str) -> Made {
        self.lines.clear();
        self.chain = Chain::new(self.chain.log());
        self.forged(line)
    }

    /// Goes on right after this line, in the place of those after it, which are given back.
    pub(crate) fn back_to(mut self, last: usize) -> (Made, Vec<String>) {
        let gone = self.lines.split_off(last + 1);
        let before = &self.lines[last];
        let seq = Line::parse(before.as_bytes()).unwrap().link.seq;
        self.chain = Chain::after(self.chain.log(), seq + 1, Hash::of_line(before.as_bytes()));
        (self, gone)
    }

    /// As `verify --json` has its last line.
    pub(crate) fn head(&self) -> String {
        format!("{},{},{}", self.id(), self.chain.next() - 1, self.chain.head())
    }

    fn push(mut self, mut line: Vec<u8>) -> Made {
        line.pop();
        self.lines.push(String::from_utf8(line).unwrap());
        self
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_nanos(1_780_000_000_000_000_000 + self.lines.len() as u64)
    }
}

pub(crate) fn event(number: usize) -> String {
    format!(
        r#"{{"fields":{{"message":"read é日😀","number":{number}}},"kind":"event","level":"INFO","target":"audit""#
    )
}

pub(crate) fn control(kind: &str, fields: &str) -> String {
    format!(r#"{{"fields":{{{fields}}},"kind":"{kind}","level":"INFO","target":"audit""#)
}

/// The line that goes on after a crash, which attests so many torn bytes.
pub(crate) fn resume(torn: usize) -> String {
    let hash = "0".repeat(64);
    control("resume", &format!(r#""ended":"crash","torn":{{"bytes":{torn},"sha256":"{hash}"}}"#))
}

/// Without its signature, and with the hash that follows.
pub(crate) fn without_signature(line: &str) -> String {
    let (start, _) = line.split_once(r#","sig":""#).unwrap();
    format!("{start}}}}}")
}

fn key(name: &str, epoch: u64) -> SecretKey {
    SecretKey::from_seed(Hash::of_line(format!("{name} {epoch}").as_bytes()).as_bytes())
}
