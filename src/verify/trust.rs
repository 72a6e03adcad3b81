//! The trust file: which logs, by which names, whoever verifies takes for genuine.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::trail::{InvalidPublicKey, KeyId, PublicKey};

/// What a trust file says, in the manner of `known_hosts`: one log a line, `origin log public-key [comment]`, between
/// spaces or tabs. Blank lines and those that begin with `#` say nothing.
///
/// ```text
/// # payments, db1, since 2026-11-21
/// example.com/payments b1541897b6ad297c zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ= db1
/// ```
///
/// `log` must be the id of the key. An origin with spaces is written as a JSON string.
///
/// `@from-start` before the origin: the log must be there from its line 0 on, since its retention keeps all files.
///
/// `* * public-key` names the key of a fleet: all logs are trusted whose first key it endorsed, each under the name that
/// it endorsed.
///
/// It says whom to trust, not what must be there: a log that it names and that isn't given is no finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustFile {
    // Shared: each log's verifier has its own options.
    logs: Arc<BTreeMap<KeyId, Trusted>>,
    fleets: Arc<Vec<PublicKey>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Trusted {
    origin: Arc<str>,
    key: PublicKey,
    from_start: bool,
}

/// What stands before the origin of a log that must be there from its line 0 on.
const FROM_START: &str = "@from-start";

/// A line of a trust file. Its `Display` is to be appended to one, with a newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustLine {
    /// A log.
    Log {
        /// Who writes it, as each of its files says.
        origin: String,
        /// Its first public key.
        key: PublicKey,
        /// It must be there from its line 0 on.
        from_start: bool,
        /// Anything else; empty where there is nothing.
        comment: String,
    },
    /// The key of a fleet.
    Fleet {
        /// Its public key.
        key: PublicKey,
        /// Anything else; empty where there is nothing.
        comment: String,
    },
}

impl TrustFile {
    /// What the text of a file says.
    ///
    /// # Errors
    ///
    /// The first line that says nothing, or other than one before it.
    pub fn parse(text: &str) -> Result<TrustFile, InvalidTrust> {
        let mut trust = TrustFile::default();
        trust.read(text)?;
        Ok(trust)
    }

    /// Takes the text of one more file.
    ///
    /// # Errors
    ///
    /// As [`TrustFile::parse`]; what stands before that line was taken.
    pub fn read(&mut self, text: &str) -> Result<(), InvalidTrust> {
        let lines = text.lines().map(str::trim).enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let wrong = |why| InvalidTrust { line: at as u64 + 1, why };
            let line = line.parse().map_err(wrong)?;
            self.add(line).map_err(wrong)?;
        }
        Ok(())
    }

    /// Takes one more line.
    ///
    /// # Errors
    ///
    /// It gives a log another origin than one before.
    pub fn add(&mut self, line: TrustLine) -> Result<(), InvalidTrustLine> {
        let (origin, key, from_start) = match line {
            TrustLine::Log { origin, key, from_start, .. } => (origin, key, from_start),
            TrustLine::Fleet { key, .. } => {
                if !self.fleets.contains(&key) {
                    Arc::make_mut(&mut self.fleets).push(key);
                }
                return Ok(());
            }
        };
        let mut new = Trusted { origin: Arc::from(origin), key, from_start };
        match self.logs.get(&key.id()) {
            Some(known) if (&known.origin, known.key) != (&new.origin, new.key) => {
                let expected =
                    format!("the origin that an earlier line has for this log, {:?}", known.origin);
                Err(InvalidTrustLine { expected, found: new.origin.to_string() })
            }
            known => {
                new.from_start |= known.is_some_and(|known| known.from_start);
                Arc::make_mut(&mut self.logs).insert(key.id(), new);
                Ok(())
            }
        }
    }

    /// Whether it names nobody.
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty() && self.fleets.is_empty()
    }

    /// The keys of fleets.
    pub fn fleets(&self) -> &[PublicKey] {
        &self.fleets
    }

    /// How many logs it names.
    pub(crate) fn logs(&self) -> u64 {
        self.logs.len() as u64
    }

    /// The first key of a log.
    pub fn key(&self, log: KeyId) -> Option<PublicKey> {
        self.logs.get(&log).map(|trusted| trusted.key)
    }

    /// Whether a log must be there from its line 0 on.
    pub(crate) fn is_from_start(&self, log: KeyId) -> bool {
        self.logs.get(&log).is_some_and(|trusted| trusted.from_start)
    }

    /// Who writes a log.
    pub(crate) fn origin(&self, log: KeyId) -> Option<Arc<str>> {
        self.logs.get(&log).map(|trusted| Arc::clone(&trusted.origin))
    }
}

impl FromStr for TrustLine {
    type Err = InvalidTrustLine;

    fn from_str(text: &str) -> Result<TrustLine, InvalidTrustLine> {
        let text = text.trim();
        let (text, from_start) = match word(text) {
            (FROM_START, rest) => (rest, true),
            _ => (text, false),
        };
        let (is_fleet, (origin, rest)) = (text.starts_with('*') && !from_start, origin(text)?);
        let (log, rest) = word(rest);
        let (key, comment) = word(rest);
        let comment = comment.to_owned();
        let wrong = |expected: &str, found: &str| InvalidTrustLine {
            expected: expected.to_owned(),
            found: found.to_owned(),
        };
        if is_fleet && origin == "*" {
            if log != "*" {
                return Err(wrong("`*` in the place of a log, behind the `*` of a fleet", log));
            }
            let key = key.parse().map_err(|why| wrong(&public_key("a fleet's", "", why), key))?;
            return Ok(TrustLine::Fleet { key, comment });
        }
        let id = KeyId::parse(log.as_bytes())
            .ok_or_else(|| wrong("the id of a log, 16 lower-case hex digits, behind the origin", log))?;
        let key: PublicKey =
            key.parse().map_err(|why| wrong(&public_key("the log's", " behind its id", why), key))?;
        if key.id() != id {
            return Err(wrong(&format!("{}, the id of the key on this line", key.id()), log));
        }
        Ok(TrustLine::Log { origin, key, from_start, comment })
    }
}

/// What is expected in the place of a text that is no key.
fn public_key(whose: &str, place: &str, why: InvalidPublicKey) -> String {
    format!("{whose} public key{place}, 44 characters of base64: what stands there {why:#}")
}

/// The origin at the start of a line, and what follows it.
fn origin(text: &str) -> Result<(String, &str), InvalidTrustLine> {
    if !text.starts_with('"') {
        let (origin, rest) = word(text);
        return Ok((origin.to_owned(), rest));
    }
    let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
    match strings.next() {
        Some(Ok(origin)) if !origin.is_empty() => Ok((origin, text[strings.byte_offset()..].trim_start())),
        _ => {
            let expected = "an origin: a name without spaces, or a JSON string".to_owned();
            Err(InvalidTrustLine { expected, found: text.to_owned() })
        }
    }
}

/// What stands before the first space, and what behind it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

impl fmt::Display for TrustLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (origin, key, comment) = match self {
            TrustLine::Log { origin, key, comment, from_start } => {
                if *from_start {
                    write!(f, "{FROM_START} ")?;
                }
                (origin, key, comment)
            }
            TrustLine::Fleet { key, comment } => {
                write!(f, "* * {key}")?;
                return if comment.is_empty() { Ok(()) } else { write!(f, " {comment}") };
            }
        };
        let is_plain = !origin.starts_with(['"', '#', '*', '@'])
            && !origin.is_empty()
            && !origin.contains(|char: char| char.is_whitespace() || char.is_control());
        match is_plain {
            true => f.write_str(origin)?,
            false => f.write_str(&serde_json::to_string(origin).map_err(|_| fmt::Error)?)?,
        }
        write!(f, " {} {key}", key.id())?;
        if comment.is_empty() { Ok(()) } else { write!(f, " {comment}") }
    }
}

/// A text that is no trust file: where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTrust {
    /// Number of the line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: InvalidTrustLine,
}

impl fmt::Display for InvalidTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for InvalidTrust {}

/// A line that is none of a trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTrustLine {
    /// What should stand there.
    pub expected: String,
    /// What does.
    pub found: String,
}

impl fmt::Display for InvalidTrustLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.found.is_empty() {
            true => write!(f, "expected {}, found nothing", self.expected),
            false => write!(f, "expected {}, found {:?}", self.expected, self.found),
        }
    }
}

impl std::error::Error for InvalidTrustLine {}

#[cfg(test)]
mod tests;
