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
    /// Leaves out what is not asked: files before the one after which the first begins later than `since`, and those after the
    /// one that follows the last that begins by `until`. A file whose clock, or whose hand, was wrong only adds files.
    pub(super) fn narrow(&mut self, options: &Options) {
        if !options.part || options.since.is_none() && options.until.is_none() {
            return;
        }
        let times: Vec<_> = self.files.iter().map(begins).collect();
        let is_by = |limit: Timestamp| move |time: &Option<Timestamp>| time.is_some_and(|time| time <= limit);
        let is_past =
            |limit: Timestamp| move |time: &Option<Timestamp>| time.is_some_and(|time| time > limit);
        let all = self.files.len();
        let first = options
            .since
            .map_or(0, |since| times.iter().position(is_past(since)).unwrap_or(all).saturating_sub(1));
        let end = options
            .until
            .map_or(all, |until| times.iter().rposition(is_by(until)).map_or(1, |last| last + 2).min(all));
        self.files = self.files.drain(first.min(end.saturating_sub(1))..end).collect();
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
