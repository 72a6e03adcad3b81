//! The files of a log that cover a time.
//!
//! Threat: who may write the folder gives a file another time, so that it is left out. What is proved of the others then does
//! not reach as far as was asked, and that is found.

use super::contents::Contents;
use super::gather::{LogFile, LogFiles};
use super::opening::Opening;
use crate::trail::{Line, Timestamp};
use crate::verify::Options;

impl LogFiles {
    /// Leaves out what is not asked: files before the last one that begins by then, and those after the first that begins later.
    pub(super) fn narrow(&mut self, options: &Options) {
        if !options.part || options.since.is_none() && options.until.is_none() {
            return;
        }
        let times: Vec<_> = self.files.iter().map(begins).collect();
        let is_by = |limit: Timestamp| move |time: &Option<Timestamp>| time.is_some_and(|time| time <= limit);
        let is_past =
            |limit: Timestamp| move |time: &Option<Timestamp>| time.is_some_and(|time| time > limit);
        let first = options.since.and_then(|since| times.iter().rposition(is_by(since))).unwrap_or(0);
        let last = options.until.and_then(|until| times.iter().position(is_past(until)));
        let end = last.map_or(self.files.len(), |last| last + 1);
        self.files = self.files.drain(first.min(end)..end).collect();
    }
}

/// When a file begins, as its first line says; none where that can't be read.
fn begins(file: &LogFile) -> Option<Timestamp> {
    let mut contents = Contents::open_the(&file.source, file.id).ok()??;
    let mut start = Vec::new();
    Opening::read(&mut contents, &mut start, Opening::at_first_sight).ok()?;
    let line = start.split(|byte| *byte == b'\n').find_map(|line| Line::parse(line).ok())?;
    Timestamp::parse(line.timestamp)
}
