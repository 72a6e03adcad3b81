//! Sorting more than memory holds: sorted runs go to temporary files, which are merged as they are read.
//!
//! Memory is bounded in bytes, whatever the length of the records, and open files in number: the crates that sort
//! outside of memory bound the count of records, and keep a file open for each run.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek as _, Write as _};

/// So many runs are read at once; where there are more, they are merged into one first.
const FAN_IN: usize = 128;

/// What of each run is read, or written, at once.
const BUFFER: usize = 64 << 10;

/// Takes records: bytes that are ordered as bytes are.
pub(super) struct Sorter {
    memory: usize,
    records: Vec<u8>,
    entries: Vec<Entry>,
    runs: Vec<File>,
}

/// A record of the run that is gathered.
pub(super) struct Entry {
    /// Its first bytes, which mostly decide.
    prefix: u128,
    start: usize,
    length: u32,
}

impl Sorter {
    /// `memory`: how many bytes a run may have.
    pub(super) fn new(memory: usize) -> Sorter {
        Sorter { memory, records: Vec::new(), entries: Vec::new(), runs: Vec::new() }
    }

    pub(super) fn push(&mut self, record: &[u8]) -> io::Result<()> {
        let taken = self.records.len() + (self.entries.len() + 1) * size_of::<Entry>();
        if taken + record.len() > self.memory && !self.entries.is_empty() {
            self.spill()?;
        }
        let mut prefix = [0; 16];
        let known = record.len().min(16);
        prefix[..known].copy_from_slice(&record[..known]);
        let length = u32::try_from(record.len()).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
        let start = self.records.len();
        self.entries.push(Entry { prefix: u128::from_be_bytes(prefix), start, length });
        self.records.extend_from_slice(record);
        Ok(())
    }

    /// All were given: they come in order now.
    pub(super) fn finish(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            self.order();
            return Ok(Sorted::InMemory { records: self.records, entries: self.entries, at: 0 });
        }
        if !self.entries.is_empty() {
            self.spill()?;
        }
        (self.records, self.entries) = (Vec::new(), Vec::new());
        Merge::of(self.runs).map(Sorted::Merged)
    }

    fn order(&mut self) {
        let records = &self.records;
        self.entries
            .sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| a.of(records).cmp(b.of(records))));
    }

    fn spill(&mut self) -> io::Result<()> {
        self.order();
        let mut run = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
        for entry in &self.entries {
            write(&mut run, entry.of(&self.records))?;
        }
        self.runs.push(rewound(run)?);
        self.records.clear();
        self.entries.clear();
        if self.runs.len() == FAN_IN {
            let mut merge = Merge::of(std::mem::take(&mut self.runs))?;
            let mut run = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
            let mut record = Vec::new();
            while merge.next(&mut record)? {
                write(&mut run, &record)?;
            }
            self.runs.push(rewound(run)?);
        }
        Ok(())
    }
}

impl Entry {
    fn of<'a>(&self, records: &'a [u8]) -> &'a [u8] {
        &records[self.start..self.start + self.length as usize]
    }
}

fn write(run: &mut BufWriter<File>, record: &[u8]) -> io::Result<()> {
    let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
    run.write_all(&length.to_le_bytes())?;
    run.write_all(record)
}

fn rewound(run: BufWriter<File>) -> io::Result<File> {
    let mut file = run.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

/// The records in their order.
pub(super) enum Sorted {
    InMemory { records: Vec<u8>, entries: Vec<Entry>, at: usize },
    Merged(Merge),
}

/// A place among the records, to go back to.
pub(super) enum Mark {
    InMemory(usize),
    /// Where in each run its next record begins.
    Merged(Vec<u64>),
}

impl Sorted {
    /// Puts the next record into `record`; false where there is none.
    pub(super) fn next(&mut self, record: &mut Vec<u8>) -> io::Result<bool> {
        match self {
            Sorted::InMemory { records, entries, at } => {
                let Some(entry) = entries.get(*at) else { return Ok(false) };
                *at += 1;
                record.clear();
                record.extend_from_slice(entry.of(records));
                Ok(true)
            }
            Sorted::Merged(merge) => merge.next(record),
        }
    }

    /// The place of the next record.
    pub(super) fn mark(&self) -> Mark {
        match self {
            Sorted::InMemory { at, .. } => Mark::InMemory(*at),
            Sorted::Merged(merge) => Mark::Merged(merge.mark()),
        }
    }

    /// Goes back to a place that was marked before.
    pub(super) fn go_back(&mut self, mark: &Mark) -> io::Result<()> {
        match (self, mark) {
            (Sorted::InMemory { at, .. }, Mark::InMemory(mark)) => *at = *mark,
            (Sorted::Merged(merge), Mark::Merged(mark)) => merge.go_back(mark)?,
            _ => {}
        }
        Ok(())
    }
}

/// The runs, the one with the smallest record on top, and those that ended.
pub(super) struct Merge {
    runs: BinaryHeap<Run>,
    ended: Vec<Run>,
}

struct Run {
    number: usize,
    record: Vec<u8>,
    /// Where the record begins in its file, and where it ends.
    begin: u64,
    end: u64,
    rest: BufReader<File>,
}

impl Merge {
    fn of(files: Vec<File>) -> io::Result<Merge> {
        let mut merge = Merge { runs: BinaryHeap::with_capacity(files.len()), ended: Vec::new() };
        for (number, file) in files.into_iter().enumerate() {
            let rest = BufReader::with_capacity(BUFFER, file);
            merge.enter(Run { number, record: Vec::new(), begin: 0, end: 0, rest })?;
        }
        Ok(merge)
    }

    fn enter(&mut self, mut run: Run) -> io::Result<()> {
        match run.advance()? {
            true => self.runs.push(run),
            false => self.ended.push(run),
        }
        Ok(())
    }

    fn next(&mut self, record: &mut Vec<u8>) -> io::Result<bool> {
        let Some(mut run) = self.runs.peek_mut() else { return Ok(false) };
        std::mem::swap(record, &mut run.record);
        if !run.advance()? {
            self.ended.push(PeekMut::pop(run));
        }
        Ok(true)
    }

    fn mark(&self) -> Vec<u64> {
        let mut mark = vec![0; self.runs.len() + self.ended.len()];
        for run in self.runs.iter().chain(&self.ended) {
            mark[run.number] = run.begin;
        }
        mark
    }

    fn go_back(&mut self, mark: &[u64]) -> io::Result<()> {
        let runs = std::mem::take(&mut self.runs).into_vec();
        for mut run in runs.into_iter().chain(std::mem::take(&mut self.ended)) {
            let to = mark[run.number];
            let back = i64::try_from(run.end - to).map_err(io::Error::other)?;
            run.rest.seek_relative(-back)?;
            run.end = to;
            self.enter(run)?;
        }
        Ok(())
    }
}

impl Run {
    /// Reads the record after this one; at the end of the file there is none, and the run stands at its end.
    fn advance(&mut self) -> io::Result<bool> {
        self.begin = self.end;
        let mut length = [0; 4];
        match self.rest.read_exact(&mut length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        let length = u32::from_le_bytes(length);
        self.record.resize(length as usize, 0);
        self.rest.read_exact(&mut self.record)?;
        self.end += 4 + u64::from(length);
        Ok(true)
    }
}

/// The smallest is the greatest: it is what a heap has on top.
impl Ord for Run {
    fn cmp(&self, other: &Run) -> Ordering {
        other.record.cmp(&self.record)
    }
}

impl PartialOrd for Run {
    fn partial_cmp(&self, other: &Run) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Run {
    fn eq(&self, other: &Run) -> bool {
        self.record == other.record
    }
}

impl Eq for Run {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(records: &[Vec<u8>], memory: usize) -> Vec<Vec<u8>> {
        let mut sorter = Sorter::new(memory);
        for record in records {
            sorter.push(record).unwrap();
        }
        let mut merged = sorter.finish().unwrap();
        let (mut all, mut record) = (Vec::new(), Vec::new());
        while merged.next(&mut record).unwrap() {
            all.push(record.clone());
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn records_come_in_order_whatever_memory_there_is(
            mut records in prop::collection::vec(prop::collection::vec(0..3u8, 0..40), 0..400),
            memory in prop_oneof![Just(1), 100..4_000usize, Just(1 << 20)],
        ) {
            let all = sorted(&records, memory);
            records.sort();
            prop_assert_eq!(all, records);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn going_back_gives_the_same_records_again(
            mut records in prop::collection::vec(prop::collection::vec(0..3u8, 0..40), 1..200),
            memory in prop_oneof![Just(1), 100..4_000usize, Just(1 << 20)],
            marks in prop::collection::vec((0..200usize, 0..200usize), 1..6),
        ) {
            let mut sorter = Sorter::new(memory);
            for record in &records {
                sorter.push(record).unwrap();
            }
            records.sort();
            let (mut sorted, mut record) = (sorter.finish().unwrap(), Vec::new());
            let mut at = 0;
            for (ahead, further) in marks {
                while at < ahead && sorted.next(&mut record).unwrap() {
                    at += 1;
                }
                let (mark, marked) = (sorted.mark(), at);
                for expected in records.iter().skip(at).take(further) {
                    prop_assert!(sorted.next(&mut record).unwrap());
                    prop_assert_eq!(&record, expected);
                }
                sorted.go_back(&mark).unwrap();
                at = marked;
            }
            for expected in &records[at..] {
                prop_assert!(sorted.next(&mut record).unwrap());
                prop_assert_eq!(&record, expected);
            }
            prop_assert!(!sorted.next(&mut record).unwrap());
        }
    }

    #[test]
    fn more_runs_than_are_read_at_once_become_one() {
        let records: Vec<_> = (0..3 * FAN_IN).rev().map(|n| n.to_be_bytes().to_vec()).collect();
        let all = sorted(&records, 1);
        assert!(all.is_sorted() && all.len() == records.len());
    }
}
