//! Lines in, what is shown of them out: no I/O, so that many threads can do it at once.

use tracing_audit::trail::{Line, MalformedLine};

use super::members::Parts;
use super::read::read;
use super::record;
use super::wanted::Wanted;
use crate::terminal::write_harmless;

/// How a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For people.
    Text,
    /// As it is.
    Json,
    /// As it is, but that a terminal comes to no harm.
    HarmlessJson,
}

/// Bytes among lines that are no line.
pub(super) struct NoLine<'a> {
    /// Among those that were given with it, from 0.
    pub(super) number: u64,
    /// Without the newline.
    pub(super) bytes: &'a [u8],
    pub(super) why: MalformedLine,
}

/// How much was passed to a [`Formatter`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passed {
    /// What stands between newlines: lines, and what is none.
    pub(super) all: u64,
    /// Lines of a log.
    pub(super) lines: u64,
    /// Those of them that are wanted.
    pub(super) wanted: u64,
}

impl Passed {
    pub(super) fn add(&mut self, Passed { all, lines, wanted }: Passed) {
        self.all += all;
        self.lines += lines;
        self.wanted += wanted;
    }
}

/// Formats lines that are wanted.
pub(super) struct Formatter<'a> {
    pub(super) form: Form,
    pub(super) wanted: &'a Wanted,
}

impl Formatter<'_> {
    /// Appends what is shown of whole lines, each with a newline; the last may lack its own. `no_line` gets what is
    /// none, and appends what is to stand in its place. Lines that are `known` were
    /// taken by [`Line::parse`] before; of them less is asked.
    pub(super) fn lines(
        &self,
        bytes: &[u8],
        known: bool,
        out: &mut Vec<u8>,
        mut no_line: impl FnMut(&NoLine<'_>, &mut Vec<u8>),
    ) -> Passed {
        let rest = bytes.last().is_some_and(|byte| *byte != b'\n');
        if known && self.form == Form::Json && self.wanted.is_all() {
            out.extend_from_slice(bytes);
            out.extend(rest.then_some(b'\n'));
            let all = memchr::memchr_iter(b'\n', bytes).count() as u64 + u64::from(rest);
            return Passed { all, lines: all, wanted: all };
        }
        let mut parts = Parts::default();
        let (mut start, mut passed) = (0, Passed::default());
        for end in memchr::memchr_iter(b'\n', bytes).chain(rest.then_some(bytes.len())) {
            let line = &bytes[start..end];
            let is_wanted = match str::from_utf8(line).ok().and_then(|text| read(text, known, &mut parts)) {
                Some(line) => Some(self.line(&line, &parts, out)),
                None => match Line::parse(line) {
                    Ok(line) => {
                        parts.fill(line.fields, line.spans);
                        Some(self.line(&line, &parts, out))
                    }
                    Err(why) => {
                        no_line(&NoLine { number: passed.all, bytes: line, why }, out);
                        None
                    }
                },
            };
            let (lines, wanted) = (u64::from(is_wanted.is_some()), u64::from(is_wanted == Some(true)));
            passed.add(Passed { all: 1, lines, wanted });
            start = end + 1;
        }
        passed
    }

    /// Appends a line where it is wanted; whether it is.
    fn line(&self, line: &Line<'_>, parts: &Parts<'_>, out: &mut Vec<u8>) -> bool {
        if !self.wanted.wants(line, parts) {
            return false;
        }
        match self.form {
            Form::Text => record::write(line, parts, out),
            Form::Json => out.extend_from_slice(line.text.as_bytes()),
            Form::HarmlessJson => write_harmless(line.text, out),
        }
        out.push(b'\n');
        true
    }
}
