//! The hand-offs of a log, found before it is verified.
//!
//! Threat: a hand-off that stands in a later file takes lines of earlier ones back, when they were handed on long ago. Who
//! knows where all of them stand hands nothing on that one of them may take back.

use std::io::{self, Read};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use memchr::{memchr, memmem, memrchr};

use super::contents::Contents;
use super::gather::LogFile;
use super::{VerifyError, io_error};
use crate::trail::{Control, Hash, KeyId, Line, MAX_LINE};
use crate::verify::Head;
use crate::verify::chunk::CHUNK;

/// Such a part of a file is looked through at once.
const PART: u64 = 64 << 20;

/// So many threads look at most.
const MOST_THREADS: usize = 8;

/// So many hand-offs are kept of a log: a new key each 15 minutes makes them in 28 years. Of one that has more, nothing is
/// handed on before all of it was verified.
const MOST: usize = 1_000_000;

/// What looks like a hand-off of a log. Nobody has asked yet whether it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// The file, by its place among those of the log.
    file: usize,
    /// Where in it the line ends.
    end: u64,
    seq: u64,
    epoch: u64,
    hash: Hash,
    /// The hash of the line before it.
    prev: Hash,
}

/// The hand-offs that are still to come while a log is read.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    marks: Vec<Mark>,
    /// How many were passed.
    passed: usize,
    /// Each hands over to the next epoch, at a higher number than the one before.
    in_order: bool,
}

impl Ahead {
    /// Looks through the files of a log.
    pub(super) fn of(log: KeyId, files: &[LogFile]) -> Result<Ahead, VerifyError> {
        match marks(log, files)? {
            Some(marks) if marks.len() <= MOST => Ok(Ahead::among(marks)),
            _ => Ok(Ahead::default()),
        }
    }

    pub(super) fn among(marks: Vec<Mark>) -> Ahead {
        let follows = |pair: &[Mark]| pair[0].seq < pair[1].seq && pair[0].epoch + 1 == pair[1].epoch;
        let in_order = marks.windows(2).all(follows);
        Ahead { marks, passed: 0, in_order }
    }

    /// Whether what is proved on the way stays so, as far as hand-offs go that are not met yet.
    pub(super) fn is_in_order(&self) -> bool {
        self.in_order
    }

    /// Whether one of them is another than copies have.
    pub(super) fn contradict(&self, know_another: impl Fn(u64, Hash) -> bool) -> bool {
        self.marks.iter().any(|mark| know_another(mark.epoch, mark.hash))
    }

    /// All lines that end at this place or before it were taken.
    pub(super) fn pass(&mut self, file: usize, end: u64) {
        while self.marks.get(self.passed).is_some_and(|mark| (mark.file, mark.end) <= (file, end)) {
            self.passed += 1;
        }
    }

    /// Whether one that is still to come, where they are in order, may take this line back: one of its number or a lower one,
    /// or one that follows another line of its number.
    pub(super) fn may_take_back(&self, line: Head) -> bool {
        self.marks.get(self.passed).is_some_and(|next| {
            next.seq <= line.seq || next.seq == line.seq.saturating_add(1) && next.prev != line.hash
        })
    }
}

/// Looks through files part by part, on several threads; more than [`MOST`] marks are not all of them. None where a file has
/// another name by now.
fn marks(log: KeyId, files: &[LogFile]) -> Result<Option<Vec<Mark>>, VerifyError> {
    let mut parts = Vec::new();
    for (file, named) in files.iter().enumerate() {
        let opened = open(named)?;
        let Some(contents) = opened else { return Ok(None) };
        let length = contents.length().map_err(|error| io_error(&named.path, error))?;
        let starts = (0..length.unwrap_or(0).div_ceil(PART)).map(|part| part * PART);
        match length {
            Some(_) => parts.extend(starts.map(|start| (file, Some(start)))),
            None => parts.push((file, None)),
        }
    }
    let found = Mutex::new(Ok(Some(Vec::new())));
    let next = AtomicUsize::new(0);
    let look = || {
        while let Some((file, start)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let marks = open(&files[*file]).and_then(|contents| match contents {
                Some(contents) => part(log, *file, contents, *start)
                    .map(Some)
                    .map_err(|error| io_error(&files[*file].path, error)),
                None => Ok(None),
            });
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            match (&mut *found, marks) {
                (Ok(Some(all)), Ok(Some(marks))) if all.len() <= MOST => all.extend(marks),
                (Ok(Some(_)), Ok(None)) => *found = Ok(None),
                (Ok(_), Err(error)) => *found = Err(error),
                _ => return,
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS).min(parts.len());
    thread::scope(|scope| {
        for _ in 1..threads {
            // One thread is enough.
            if thread::Builder::new().spawn_scoped(scope, look).is_err() {
                break;
            }
        }
        look();
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    if let Some(found) = &mut found {
        found.sort_unstable();
        // A line on the border of two parts is met in both.
        found.dedup();
    }
    Ok(found)
}

fn open(file: &LogFile) -> Result<Option<Contents>, VerifyError> {
    Contents::open_the(&file.source, file.id).map_err(|error| io_error(&file.path, error))
}

/// The marks of a part of a file, or of all of it.
fn part(log: KeyId, file: usize, mut contents: Contents, start: Option<u64>) -> io::Result<Vec<Mark>> {
    let before = start.unwrap_or(0).saturating_sub(MAX_LINE as u64);
    let length = start.map_or(u64::MAX, |start| start - before + PART + MAX_LINE as u64);
    if before > 0 {
        contents.seek(before)?;
    }
    let mut marks = Vec::new();
    let each = each_hand_off(&mut contents.by_ref().take(length), |end, bytes| {
        let Ok(line) = Line::parse(bytes) else { return };
        if line.link.log != log || marks.len() > MOST {
            return;
        }
        if let Ok(Some(Control::Handoff(handoff))) = Control::parse(&line) {
            let (end, epoch, hash) = (before + end, handoff.epoch, line.hash());
            marks.push(Mark { file, end, seq: line.link.seq, epoch, hash, prev: line.link.prev });
        }
    });
    match each {
        // What can't be decompressed is found when the file is verified.
        Err(error) if !contents.is_damage(&error) => Err(error),
        _ => Ok(marks),
    }
}

/// Gives each line that may be a hand-off, and where it ends, without its newline. Of others it reads no more than it must.
pub(super) fn each_hand_off(reader: &mut impl Read, mut take: impl FnMut(u64, &[u8])) -> io::Result<()> {
    let kind = memmem::Finder::new(b"\"kind\":\"handoff\"");
    let mut buffer = vec![0; MAX_LINE + CHUNK];
    let (mut filled, mut offset) = (0, 0);
    loop {
        let read = reader.read(&mut buffer[filled..])?;
        filled += read;
        let is_end = read == 0;
        let whole = match memrchr(b'\n', &buffer[filled - read..filled]) {
            _ if is_end => filled,
            Some(newline) => filled - read + newline + 1,
            None => 0,
        };
        let lines = &buffer[..whole];
        let mut at = 0;
        while let Some(hit) = kind.find(&lines[at..]).map(|hit| at + hit) {
            let start = memrchr(b'\n', &lines[..hit]).map_or(0, |newline| newline + 1);
            let end = memchr(b'\n', &lines[hit..]).map_or(whole, |newline| hit + newline);
            take(offset + end as u64, &lines[start..end]);
            at = end;
        }
        if is_end {
            return Ok(());
        }
        // A start that is as long as any line is none.
        let gone = if filled - whole >= MAX_LINE { filled } else { whole };
        buffer.copy_within(gone..filled, 0);
        (filled, offset) = (filled - gone, offset + gone as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trail::Timestamp;

    const HAND_OFF: &str = r#"{"kind":"handoff"}"#;

    /// A reader that gives so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            self.0.read(&mut buffer[..length])
        }
    }

    fn found(bytes: &[u8], at_a_time: usize) -> Vec<(u64, usize)> {
        let mut found = Vec::new();
        each_hand_off(&mut Slow(bytes, at_a_time), |end, line| {
            assert!(line.ends_with(HAND_OFF.as_bytes()));
            found.push((end, line.len()));
        })
        .unwrap();
        found
    }

    #[test]
    fn hand_offs_are_found_wherever_a_read_ends() {
        let file = format!("{{}}\n{HAND_OFF}\n\n{{}}\nab{HAND_OFF}\n{HAND_OFF}");
        for at_a_time in [1, 2, 7, 20, 1000] {
            let length = HAND_OFF.len();
            let expected =
                [(21, length), (21 + 5 + 2 + length as u64, length + 2), (47 + length as u64, length)];
            assert_eq!(found(file.as_bytes(), at_a_time), expected, "{at_a_time}");
        }
    }

    #[test]
    fn what_is_longer_than_any_line_is_passed_over() {
        let long = "x".repeat(3 * (MAX_LINE + CHUNK));
        let file = format!("{long}\n{HAND_OFF}\n{long}");
        let end = (long.len() + 1 + HAND_OFF.len()) as u64;
        assert_eq!(found(file.as_bytes(), usize::MAX), [(end, HAND_OFF.len())]);
    }

    fn mark(end: u64, seq: u64, epoch: u64) -> Mark {
        Mark { file: 0, end, seq, epoch, hash: Hash::ZERO, prev: Hash::ZERO }
    }

    fn line(seq: u64) -> Head {
        Head { seq, hash: Hash::ZERO, time: Timestamp::default() }
    }

    #[test]
    fn a_line_may_be_taken_back_as_long_as_a_hand_off_of_its_number_is_to_come() {
        let mut ahead = Ahead::among(vec![mark(10, 5, 1), mark(20, 7, 2)]);
        assert!(ahead.is_in_order() && !ahead.may_take_back(line(4)) && ahead.may_take_back(line(5)));
        ahead.pass(0, 9);
        assert!(ahead.may_take_back(line(5)));
        ahead.pass(0, 10);
        assert!(!ahead.may_take_back(line(6)) && ahead.may_take_back(line(7)));
        ahead.pass(1, 0);
        assert!(!ahead.may_take_back(line(u64::MAX)));
    }

    #[test]
    fn two_to_one_epoch_and_numbers_that_go_back_are_out_of_order() {
        for marks in [[mark(1, 5, 1), mark(2, 7, 1)], [mark(1, 5, 1), mark(2, 4, 2)]] {
            assert!(!Ahead::among(marks.into()).is_in_order());
        }
    }

    #[test]
    fn a_hand_off_takes_back_another_line_than_the_one_that_it_follows() {
        let ahead = Ahead::among(vec![mark(10, 5, 1)]);
        let other = Head { hash: Hash::of_line(b"another"), ..line(4) };
        assert!(ahead.may_take_back(other) && !ahead.may_take_back(line(4)));
        assert!(!ahead.may_take_back(Head { seq: 3, ..other }));
    }
}
