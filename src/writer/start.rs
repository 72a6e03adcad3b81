//! Where the last writer stopped. Reads what stands behind the head, and no more: a start costs the same however long
//! the log is.

use std::io;
use std::path::Path;

use super::OpenError;
use super::one_path::adopt;
use super::open::{LogOptions, OnTruncation};
use super::opening::{first_genesis, first_line, is_vacant, opening};
use super::tail::{Signed, Tail};
use crate::files::FileSystem;
use crate::keys::{Head, Store};
use crate::trail::{Chain, Control, Ended, Genesis, Hash, Hasher, Line, Position, PublicKey, Torn};

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// Where a log goes on.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) chain: Chain,
    /// The file that was written last; none where there is no log yet.
    pub(super) last: Option<Last>,
    /// A file that was created for a genesis that it didn't get.
    pub(super) vacant: Option<String>,
    pub(super) oldest: u64,
    /// The hand-off to the key in force, in epoch 0 line 0, where it is known.
    pub(super) handoff: Option<Position>,
    /// Lines whose copies may be missing from `<prefix>.keys`.
    pub(super) copies: Vec<Vec<u8>>,
}

/// The file that was written last.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) length: u64,
    pub(super) closed: Option<Ended>,
    pub(super) torn: Option<Torn>,
    pub(super) lacks_newline: bool,
    /// Synced lines are gone from it; the log goes on behind them all the same.
    pub(super) lost: bool,
}

impl Last {
    /// Whether no file can follow: it was shut down for good, with a head that says so and knows of no start that was about
    /// to begin another. To look for one costs a look into each file.
    fn is_the_end(&self, head: Option<&Head>) -> bool {
        let ends_here = |head: &Head| head.file == self.number && head.bytes == self.length;
        let none_follows = head.is_some_and(|head| ends_here(head) && !head.file_follows);
        self.closed == Some(Ended::Shutdown) && self.torn.is_none() && none_follows
    }
}

/// Finds where the log goes on, and brings the store to the key that is in force there.
pub(super) fn find<F: FileSystem>(
    files: &F,
    store: &mut Store<F>,
    options: &LogOptions,
) -> Result<Start, OpenError> {
    let folder = &options.folder;
    let mut all = files.list(folder).map_err(OpenError::io("list", folder))?;
    all.sort_unstable();
    let names: Vec<String> = all.iter().filter(|name| options.may_be_file(name)).cloned().collect();
    let finder = Finder { files, options, names: &names, all: &all };
    let (last, mut tail) = match store.head().cloned() {
        Some(head) => match finder.at_head(store, &head)? {
            Ok(found) => found,
            Err(found) if options.on_truncation == OnTruncation::Refuse && store.accepted().is_none() => {
                if let Some(error) = finder.other_log(store) {
                    return Err(error);
                }
                let path = folder.join(&head.name);
                return Err(OpenError::Truncated { path, seq: head.seq, bytes: head.bytes, found });
            }
            Err(_) => return Ok(Start::behind_hole(store, &head)),
        },
        None => match finder.first_file(store)? {
            Some(found) => found,
            None => {
                let chain = Chain::new(store.pin().id());
                return Ok(Start {
                    chain,
                    last: None,
                    vacant: finder.vacant(),
                    oldest: 0,
                    handoff: None,
                    copies: Vec::new(),
                });
            }
        },
    };
    let (last, copies) = finder.to_the_end(store, last, &mut tail)?;
    if tail.signed.is_none() {
        // A first file that is no longer what was written: the log must not start over as if nothing had been.
        return Err(OpenError::Unreadable { path: folder.join(&last.name) });
    }
    let vacant = if last.is_the_end(store.head()) { None } else { finder.vacant() };
    let (next, prev) = tail.signed.map_or((0, Hash::ZERO), |signed| (signed.seq + 1, signed.hash));
    let oldest = store.head().map_or(0, |head| head.oldest);
    let oldest = tail.genesis.as_ref().map_or(oldest, |genesis| genesis.oldest.max(oldest));
    let chain = Chain::after(store.pin().id(), next, prev);
    let handoff = last_hand_off(store, &copies, tail.genesis.as_ref());
    Ok(Start { chain, last: Some(last), vacant, oldest, handoff, copies })
}

impl Start {
    /// Synced lines are gone, and the operator wants the log to go on.
    fn behind_hole<F: FileSystem>(store: &Store<F>, head: &Head) -> Start {
        let chain = Chain::after(store.pin().id(), head.seq + 1, head.hash);
        let last = Last {
            name: head.name.clone(),
            number: head.file,
            length: head.bytes,
            closed: None,
            torn: None,
            lacks_newline: false,
            lost: true,
        };
        let (oldest, handoff) = (head.oldest, head.handoff);
        Start { chain, last: Some(last), vacant: None, oldest, handoff, copies: Vec::new() }
    }
}

struct Finder<'a, F: FileSystem> {
    files: &'a F,
    options: &'a LogOptions,
    /// What may be of the log, by its name.
    names: &'a [String],
    /// Whatever lies in its folder.
    all: &'a [String],
}

/// The file that follows another.
struct Successor {
    name: String,
    number: u64,
    /// The key that signs there.
    key: PublicKey,
    /// Whether it is the stored next one.
    has_handed_over: bool,
}

/// A file, by name and number, to be read on by a [`Tail`].
type Found = ((String, u64), Tail);

impl<F: FileSystem> Finder<'_, F> {
    /// The file of the head, if the line that the store remembers stands there; else what stands there.
    fn at_head(&self, store: &mut Store<F>, head: &Head) -> Result<Result<Found, &'static str>, OpenError> {
        if head.epoch == store.epoch() + 1 {
            // The last process ended between the head and the removal of the old key.
            store.hand_over();
        }
        if head.epoch != store.epoch() {
            return Err(store_behind(store, head.epoch));
        }
        match self.head_in(&head.name, store, head)? {
            Err(why) => match self.moved_to(store, head) {
                Some(name) => Ok(self.head_in(name, store, head)?.map_err(|_| why)),
                None => Ok(Err(self.compressed(&head.name).unwrap_or(why))),
            },
            found => Ok(found),
        }
    }

    /// The folder has files of another log, and none of this store's: it is another's store.
    fn other_log(&self, store: &Store<F>) -> Option<OpenError> {
        let (expected, mut other) = (store.pin().id(), None);
        for name in self.names {
            let path = self.options.folder.join(name);
            let start = opening(self.files, &path).ok()?;
            match first_line(&start).map(|line| line.link.log) {
                Some(log) if log == expected => return None,
                Some(found) => other = other.or(Some(OpenError::OtherLog { path, found, expected })),
                None => {}
            }
        }
        other
    }

    /// Where the file is not there under its name, and one is that a compressor made of it: what to do.
    fn compressed(&self, name: &str) -> Option<&'static str> {
        const ENDINGS: [(&str, &str); 4] = [
            (".gz", "the file was compressed: `gunzip` the one of its name and `.gz`"),
            (".zst", "the file was compressed: `unzstd` the one of its name and `.zst`"),
            (".xz", "the file was compressed: `unxz` the one of its name and `.xz`"),
            (".bz2", "the file was compressed: `bunzip2` the one of its name and `.bz2`"),
        ];
        let is_there = |there: &dyn Fn(&str) -> bool| self.all.iter().any(|other| there(other));
        if is_there(&|other| other == name) {
            return None;
        }
        let made = |ending: &str| is_there(&|other| other.strip_suffix(ending) == Some(name));
        ENDINGS.into_iter().find(|(ending, _)| made(ending)).map(|(_, what)| what)
    }

    /// The name that the head's file has now, where another file has its name, or none.
    fn moved_to(&self, store: &Store<F>, head: &Head) -> Option<&str> {
        let is_it = |name: &str| {
            let is_it = first_genesis(self.files, &self.options.folder.join(name), |line, genesis| {
                line.link.log == store.pin().id() && genesis.file == head.file
            });
            is_it == Some(true)
        };
        if is_it(&head.name) {
            return None;
        }
        let copies = self.options.names.keys();
        self.all.iter().find(|name| **name != copies && is_it(name)).map(String::as_str)
    }

    fn head_in(
        &self,
        name: &str,
        store: &Store<F>,
        head: &Head,
    ) -> Result<Result<Found, &'static str>, OpenError> {
        let path = self.options.folder.join(name);
        let line = match head.line_in(self.files, &path).map_err(OpenError::io("read", &path))? {
            Ok(line) => line,
            Err(why) => return Ok(Err(why)),
        };
        if let Ok(line) = Line::parse(&line) {
            refuse_others(&path, &line, store)?;
        }
        let signed = Signed { seq: head.seq, hash: head.hash, end: head.bytes };
        let mut tail = Tail::after(store.pin().id(), store.key().public(), Some(signed), head.bytes);
        if let Ok(Some(Control::Close(close))) =
            Line::parse(&line).map(|line| Control::parse(&line).unwrap_or(None))
        {
            tail.closed = Some(close.reason);
        }
        Ok(Ok(((name.to_owned(), head.file), tail)))
    }

    /// The first file of a log whose first start ended before the head was stored. What stands in the folder must be
    /// of this store, or the log would start over as if nothing had been.
    fn first_file(&self, store: &Store<F>) -> Result<Option<Found>, OpenError> {
        let log = store.pin().id();
        for name in self.names {
            let path = self.options.folder.join(name);
            let start = opening(self.files, &path).map_err(OpenError::io("read", &path))?;
            if is_vacant(&start) {
                continue;
            }
            match first_line(&start) {
                // The log that this one succeeds lies there too, as that one's predecessors may.
                Some(line) if line.link.log != log && store.succeeds().is_some() => {}
                None if store.succeeds().is_some() => {}
                Some(line) if line.link.log != log => {
                    return Err(OpenError::OtherLog { path, found: line.link.log, expected: log });
                }
                Some(line) if line.link.seq == 0 => {
                    let tail = Tail::after(log, store.key().public(), None, 0);
                    return Ok(Some(((name.clone(), 0), tail)));
                }
                Some(_) => return Err(store_behind(store, store.epoch())),
                None => return Err(OpenError::Unreadable { path }),
            }
        }
        Ok(None)
    }

    /// Reads to the end of the log, through files that follow.
    fn to_the_end(
        &self,
        store: &mut Store<F>,
        (mut name, mut number): (String, u64),
        tail: &mut Tail,
    ) -> Result<(Last, Vec<Vec<u8>>), OpenError> {
        let mut copies = Vec::new();
        loop {
            let path = self.options.folder.join(&name);
            read_from(self.files, &path, tail.length, |bytes| tail.bytes(bytes))
                .map_err(OpenError::io("read", &path))?;
            let (torn, lacks_newline) = tail.end();
            if number == 0 && tail.genesis.is_some() && store.head().is_none() {
                let genesis = first_genesis(self.files, &path, |line, _| format!("{}\n", line.text));
                copies.extend(genesis.map(String::into_bytes));
            }
            if let Some((handoff, line)) = tail.handoff.take() {
                // The key that the line names must be the stored next one; the old one is removed when all is synced.
                if store.epoch() + 1 != handoff.epoch || !store.has_next(handoff.public_key) {
                    return Err(store_behind(store, handoff.epoch));
                }
                store.hand_over();
                copies.push([line.as_slice(), b"\n"].concat());
            }
            let last = Last {
                name,
                number,
                length: tail.length,
                closed: tail.closed,
                torn,
                lacks_newline,
                lost: false,
            };
            let is_the_end = last.is_the_end(store.head());
            let Some(next) = (if is_the_end { None } else { self.successor(store, tail, number) }) else {
                return Ok((last, copies));
            };
            if next.has_handed_over {
                store.hand_over();
            }
            (name, number) = (next.name, next.number);
            *tail = Tail::after(store.pin().id(), next.key, tail.signed, 0);
        }
    }

    /// The file whose genesis goes on from the last signed line: the next one, but where files between were given up.
    fn successor(&self, store: &Store<F>, tail: &Tail, number: u64) -> Option<Successor> {
        tail.signed?;
        let follows = |name: &String| {
            let path = self.options.folder.join(name);
            let follows = first_genesis(self.files, &path, |line, genesis| {
                let is_later = genesis.file > number && tail.is_followed_by(line, genesis);
                // The hand-off may be among the lines that are given up.
                let has_handed_over =
                    genesis.epoch == store.epoch() + 1 && store.has_next(genesis.public_key);
                let key = if has_handed_over { genesis.public_key } else { tail.key() };
                (is_later && line.is_signed_by(&key)).then_some((genesis.file, key, has_handed_over))
            });
            let (number, key, has_handed_over) = follows??;
            Some(Successor { name: name.clone(), number, key, has_handed_over })
        };
        self.names.iter().filter_map(follows).min_by_key(|successor| successor.number)
    }

    /// A file that a writer created and did not get to begin.
    fn vacant(&self) -> Option<String> {
        let is_vacant = |name: &&String| {
            let path = self.options.folder.join(name);
            self.options.is_at_home(name)
                && opening(self.files, &path).is_ok_and(|start| {
                    is_vacant(&start) && (!start.is_empty() || adopt(self.files, &path).is_ok())
                })
        };
        self.names.iter().find(is_vacant).cloned()
    }
}

/// The hand-off to the key in force: behind the head it was met, or the genesis of a file knows it; else the head does.
fn last_hand_off<F: FileSystem>(
    store: &Store<F>,
    met: &[Vec<u8>],
    genesis: Option<&Genesis>,
) -> Option<Position> {
    let met = met.last().and_then(|line| Line::parse(line.trim_ascii_end()).ok());
    if let Some(line) = met {
        return Some(Position { hash: line.hash(), seq: line.link.seq });
    }
    let named =
        genesis.filter(|genesis| genesis.epoch == store.epoch()).and_then(|genesis| genesis.handoff?.line());
    named.or_else(|| store.head().filter(|head| head.epoch == store.epoch()).and_then(|head| head.handoff))
}

/// The line of the head is this store's: its log, and the key that it leaves in force. A store may have another's pin, or
/// another key under the right name; all that it signed would be tampered, for good.
fn refuse_others<F: FileSystem>(path: &Path, line: &Line<'_>, store: &Store<F>) -> Result<(), OpenError> {
    let (expected, found) = (store.pin().id(), line.link.log);
    if found != expected {
        return Err(OpenError::OtherLog { path: path.to_owned(), found, expected });
    }
    let handed_to = match Control::parse(line) {
        Ok(Some(Control::Handoff(handoff))) => Some(handoff.public_key.id()),
        _ => None,
    };
    let in_force = handed_to.or(line.link.signature.map(|signature| signature.key));
    let found = store.key().id();
    match in_force.filter(|expected| *expected != found) {
        Some(expected) => {
            Err(OpenError::OtherKey { path: path.to_owned(), seq: line.link.seq, expected, found })
        }
        None => Ok(()),
    }
}

fn store_behind<F: FileSystem>(store: &Store<F>, needs: u64) -> OpenError {
    OpenError::StoreBehind { folder: store.folder().to_owned(), has: store.epoch(), needs }
}

/// The torn bytes that a file of this length consists of; none where it is empty.
pub(super) fn torn_of<F: FileSystem>(files: &F, path: &Path, length: u64) -> io::Result<Option<Torn>> {
    if length == 0 {
        return Ok(None);
    }
    let (mut hasher, mut read) = (Hasher::default(), 0);
    read_from(files, path, 0, |bytes| {
        hasher.update(bytes);
        read += bytes.len() as u64;
    })?;
    Ok(Some(Torn { bytes: read, sha256: hasher.finish() }))
}

fn read_from<F: FileSystem>(
    files: &F,
    path: &Path,
    mut offset: u64,
    mut take: impl FnMut(&[u8]),
) -> io::Result<()> {
    loop {
        let bytes = files.read(path, offset, CHUNK)?;
        if bytes.is_empty() {
            return Ok(());
        }
        offset += bytes.len() as u64;
        take(&bytes);
    }
}

#[cfg(test)]
mod tests;
