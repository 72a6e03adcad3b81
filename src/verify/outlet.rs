//! The bytes of a log handed on, once it is known which of them are proved.
//!
//! A line is proved by a signature after it; and behind a hole that a power cut may have left, a later start may still give
//! lines up. So bytes wait here until what they are is decided for good. What waits is bounded: where it would be more, the
//! oldest goes as not proved.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crate::trail::KeyId;

/// So many bytes wait at most.
const HELD: u64 = 64 << 20;

/// Bytes of a file, in the order of the log.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// The log that is read. Only where the bytes are proved, each line of them is its own.
    pub log: KeyId,
    /// How many logs are read, one after the other: more than one only where they come from paths.
    pub logs: usize,
    /// The file, as it was named to the verifier.
    pub file: Arc<str>,
    /// Where the bytes stand in the file.
    pub offset: u64,
    /// What they lie in; nothing is copied.
    pub bytes: Arc<Vec<u8>>,
    /// Where in it they lie. Where they are proved these are whole lines, of which the last one of a file may lack its
    /// newline.
    pub range: Range<usize>,
    /// Whether they are proved.
    pub is_proved: bool,
}

impl Stretch {
    /// The bytes.
    pub fn text(&self) -> &[u8] {
        &self.bytes[self.range.clone()]
    }
}

/// Bytes that wait.
struct Held {
    file: Arc<str>,
    offset: u64,
    /// Where they begin, counted through all files.
    start: u64,
    bytes: Arc<Vec<u8>>,
}

pub(super) struct Outlet {
    log: KeyId,
    held: VecDeque<Held>,
    file: Arc<str>,
    /// What was taken: of the file, and of all.
    offset: u64,
    end: u64,
    /// Up to where it was decided.
    decided: u64,
    /// The start of a line whose rest lies in the next bytes.
    begun: Option<Begun>,
    ready: Vec<Stretch>,
}

struct Begun {
    file: Arc<str>,
    offset: u64,
    bytes: Vec<u8>,
    is_proved: bool,
}

impl Outlet {
    pub(super) fn of(log: KeyId) -> Outlet {
        Outlet {
            log,
            held: VecDeque::new(),
            file: Arc::from(""),
            offset: 0,
            end: 0,
            decided: 0,
            begun: None,
            ready: Vec::new(),
        }
    }

    pub(super) fn begin_file(&mut self, name: &str) {
        (self.file, self.offset) = (Arc::from(name), 0);
    }

    pub(super) fn hold(&mut self, bytes: &Arc<Vec<u8>>) {
        let (file, bytes) = (Arc::clone(&self.file), Arc::clone(bytes));
        let length = bytes.len() as u64;
        self.held.push_back(Held { file, offset: self.offset, start: self.end, bytes });
        (self.offset, self.end) = (self.offset + length, self.end + length);
    }

    /// So many bytes of the file were taken.
    pub(super) fn taken(&self) -> u64 {
        self.offset
    }

    /// Whether more waits than may.
    pub(super) fn is_full(&self) -> bool {
        self.end - self.decided > HELD
    }

    /// All bytes before `end` are decided: those of these ranges, which are in order, are proved.
    pub(super) fn decide(&mut self, proved: &[Range<u64>], end: u64) {
        for range in proved {
            self.release(range.start.min(end), false);
            self.release(range.end.min(end), true);
        }
        self.release(end, false);
    }

    /// Half of what waits is decided: nothing of it is proved.
    pub(super) fn give_up(&mut self) {
        let end = self.decided + (self.end - self.decided) / 2;
        self.release(end, false);
    }

    /// All that was taken.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn take(&mut self) -> Vec<Stretch> {
        std::mem::take(&mut self.ready)
    }

    fn release(&mut self, to: u64, is_proved: bool) {
        while self.decided < to {
            let Some(held) = self.held.front() else { break };
            let from = to_index(self.decided - held.start);
            let length = held.bytes.len();
            let until = to_index((to - held.start).min(length as u64));
            let (file, bytes, offset) = (Arc::clone(&held.file), Arc::clone(&held.bytes), held.offset);
            self.decided = held.start + until as u64;
            if until == length {
                self.held.pop_front();
            }
            self.pass(&file, offset, &bytes, from..until, is_proved);
        }
        // What follows is decided otherwise, or not yet: no line goes on in it.
        if self.begun.as_ref().is_some_and(|begun| begun.is_proved == is_proved) {
            self.end_line();
        }
    }

    /// Hands on whole lines. One that lies in two pieces is put together.
    fn pass(
        &mut self,
        file: &Arc<str>,
        offset: u64,
        bytes: &Arc<Vec<u8>>,
        range: Range<usize>,
        is_proved: bool,
    ) {
        let mut start = range.start;
        if self.begun.as_ref().is_some_and(|begun| begun.is_proved != is_proved || begun.file != *file) {
            self.end_line();
        }
        if let Some(begun) = &mut self.begun {
            let end = memchr::memchr(b'\n', &bytes[range.clone()]).map(|newline| start + newline + 1);
            begun.bytes.extend_from_slice(&bytes[start..end.unwrap_or(range.end)]);
            // No line is longer: what goes on is handed on as it comes.
            if end.is_none() && begun.bytes.len() < crate::trail::MAX_LINE {
                return;
            }
            start = end.unwrap_or(range.end);
            self.end_line();
        }
        let whole =
            memchr::memrchr(b'\n', &bytes[start..range.end]).map_or(start, |newline| start + newline + 1);
        if start < whole {
            let (file, bytes) = (Arc::clone(file), Arc::clone(bytes));
            self.hand_on((file, offset + start as u64), bytes, start..whole, is_proved);
        }
        if whole < range.end {
            let (file, offset) = (Arc::clone(file), offset + whole as u64);
            self.begun = Some(Begun { file, offset, bytes: bytes[whole..range.end].to_vec(), is_proved });
        }
    }

    fn end_line(&mut self) {
        let Some(Begun { file, offset, bytes, is_proved }) = self.begun.take() else { return };
        let range = 0..bytes.len();
        self.hand_on((file, offset), Arc::new(bytes), range, is_proved);
    }

    fn hand_on(
        &mut self,
        (file, offset): (Arc<str>, u64),
        bytes: Arc<Vec<u8>>,
        range: Range<usize>,
        is_proved: bool,
    ) {
        self.ready.push(Stretch { log: self.log, logs: 1, file, offset, bytes, range, is_proved });
    }
}

/// Within bytes that are in memory.
fn to_index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // one stretch is proved
mod tests {
    use super::*;

    fn outlet() -> Outlet {
        Outlet::of(KeyId::parse(b"b1541897b6ad297c").unwrap())
    }

    /// Hands on a file of these pieces, of which these ranges are proved.
    fn passed(pieces: &[&str], decisions: &[(&[Range<u64>], u64)]) -> Vec<(u64, String, bool)> {
        let mut outlet = outlet();
        outlet.begin_file("audit.jsonl");
        for piece in pieces {
            outlet.hold(&Arc::new(piece.as_bytes().to_vec()));
        }
        for (proved, end) in decisions {
            outlet.decide(proved, *end);
        }
        let text = |stretch: &Stretch| String::from_utf8(stretch.text().to_vec()).unwrap();
        outlet.take().iter().map(|stretch| (stretch.offset, text(stretch), stretch.is_proved)).collect()
    }

    fn expected(stretches: &[(u64, &str, bool)]) -> Vec<(u64, String, bool)> {
        stretches.iter().map(|(offset, text, proved)| (*offset, (*text).to_owned(), *proved)).collect()
    }

    #[test]
    fn lines_are_handed_on_whole_wherever_the_pieces_end() {
        let whole = [(0, "ab\ncd\n", true)];
        assert_eq!(passed(&["ab\ncd\n"], &[(&[0..6], 6)]), expected(&whole));
        let parts = [(0, "ab\n", true), (3, "cd\n", true)];
        assert_eq!(passed(&["ab\nc", "d\n"], &[(&[0..6], 6)]), expected(&parts));
        assert_eq!(passed(&["ab\n", "c", "d\n"], &[(&[0..6], 6)]), expected(&parts));
        let begun = [(0, "ab\n", true), (3, "cd\n", true)];
        assert_eq!(passed(&["a", "b", "\ncd\n"], &[(&[0..3], 3), (&[3..6], 6)]), expected(&begun));
    }

    #[test]
    fn what_is_not_proved_stands_in_its_place() {
        let decisions: &[(&[Range<u64>], u64)] = &[(&[0..3, 6..9], 9), (&[], 12)];
        let all = [(0, "ab\n", true), (3, "cd\n", false), (6, "ef\n", true), (9, "gh", false)];
        assert_eq!(passed(&["ab\ncd\nef\ngh"], decisions), expected(&all));
        assert_eq!(passed(&["ab\ncd\ne", "f\ngh"], decisions), expected(&all));
    }

    #[test]
    fn a_piece_that_no_newline_ends_is_handed_on_where_it_is_decided() {
        assert_eq!(passed(&["ab"], &[(&[0..2], 2)]), expected(&[(0, "ab", true)]));
        assert_eq!(passed(&["abc"], &[(&[], 2)]), expected(&[(0, "ab", false)]));
        // What was decided stays so.
        assert_eq!(passed(&["ab\n"], &[(&[], 3), (&[0..3], 3)]), expected(&[(0, "ab\n", false)]));
    }

    #[test]
    fn of_too_much_the_oldest_half_is_given_up() {
        let mut outlet = outlet();
        outlet.begin_file("audit.jsonl");
        let piece = Arc::new(vec![b'\n'; 1 << 20]);
        while !outlet.is_full() {
            outlet.hold(&piece);
        }
        outlet.give_up();
        let given_up: usize = outlet.take().iter().map(|stretch| stretch.range.len()).sum();
        assert!(!outlet.is_full() && given_up as u64 > HELD / 2);
        let end = outlet.end();
        outlet.decide(&[0..end], end);
        let stretches = outlet.take();
        assert!(stretches.iter().all(|stretch| stretch.is_proved));
        assert_eq!(stretches.iter().map(|stretch| stretch.range.len()).sum::<usize>() + given_up, 65 << 20);
    }
}
