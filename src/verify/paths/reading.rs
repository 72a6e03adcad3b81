//! Reading one log: its files in their order, as far as they are now.

use std::collections::HashSet;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use super::contents::{Contents, read_up_to};
use super::crew::{Buffers, Crew, Passage};
use super::gather::{LogFile, LogFiles};
use super::hand_on::HandOn;
use super::listing::FileId;
use super::snapshot::Snapshot;
use super::{LOOK_AGAIN, Progress, VerifyError, ahead, io_error, reordered};
use crate::trail::KeyId;
use crate::verify::chunk::CHUNK;
use crate::verify::{FindingKind, LogReport, Options, Verifier};

/// One log, while it is read.
pub(super) struct Reading<'a> {
    pub(super) snapshot: &'a mut Snapshot,
    pub(super) options: &'a Options,
    pub(super) progress: &'a mut dyn FnMut(Progress<'_>),
    pub(super) hand_on: Option<HandOn<'a>>,
    pub(super) crew: &'a Crew,
    pub(super) buffers: &'a mut Buffers,
    /// Patience with all logs together that nothing pinned leads to: anybody can put any number of them into a folder.
    pub(super) for_strangers: &'a mut Duration,
    pub(super) verifier: Verifier,
}

impl Reading<'_> {
    pub(super) fn verify(mut self, files: LogFiles) -> Result<LogReport, VerifyError> {
        let all = files.files.clone();
        // Only one of two files is read as the log, and nobody knows which was written: what either hands over to counts.
        let twice =
            files.files.windows(2).any(|pair| pair[0].number.is_some() && pair[0].number == pair[1].number);
        self.read(files.clone(), twice)?;
        let knows = twice || self.was_unaware(&files)?;
        if knows && !twice {
            self.again();
            self.read(files.clone(), true)?;
        }
        if self.hand_on.as_ref().is_some_and(HandOn::is_shut) {
            self.again_handing_on();
            self.read(files, knows)?;
        }
        let mut report = self.finish()?;
        reordered::look(&mut report, &all);
        Ok(report)
    }

    /// Reads a log to its end. `know_hand_offs`: its hand-offs count wherever they stand, before its first line is verified.
    fn read(&mut self, mut files: LogFiles, know_hand_offs: bool) -> Result<(), VerifyError> {
        if let Some(hand_on) = &self.hand_on {
            hand_on.prepare(&mut self.verifier);
        }
        if know_hand_offs {
            self.know_hand_offs(&files.files)?;
        }
        self.read_copies(&files.copies)?;
        if let Some(hand_on) = &mut self.hand_on {
            hand_on.compare(&mut self.verifier);
        }
        let mut known: HashSet<FileId> = HashSet::new();
        let mut last: Option<(u64, PathBuf)> = None;
        let mut patience = self.options.patience;
        let mut passage = Passage::through(self.crew);
        loop {
            let (begun, count) = (known.len(), files.files.len());
            for (at, mut file) in std::mem::take(&mut files.files).into_iter().enumerate() {
                known.insert(file.id);
                match &last {
                    Some((number, other)) if file.number == Some(*number) => {
                        let (file, other) = (file.path.display().to_string(), other.display().to_string());
                        passage.end(&mut self.verifier);
                        self.verifier.find(FindingKind::FileTwice { file, number: *number, other });
                        continue;
                    }
                    _ => {}
                }
                // What is missing where it is gone is asked at the end.
                let opened = self.snapshot.open(files.log, &mut file);
                let Some(contents) = opened.map_err(|error| io_error(&file.path, error))? else { continue };
                known.insert(file.id);
                self.read_file(&mut passage, begun + at, &file.path, contents, at + 1 == count)?;
                last = file.number.map(|number| (number, file.path)).or(last);
            }
            passage.end(&mut self.verifier);
            self.verifier.end_file();
            let number = last.as_ref().map(|last| last.0);
            files.files = self.next_files(files.log, &known, number, &mut patience)?;
            if files.files.is_empty() {
                return Ok(());
            }
        }
    }

    /// Reads all copies of hand-offs. One file may begin where another ends: then all are read again, and said to be what
    /// they are once as much is known as can be.
    fn read_copies(&mut self, paths: &[PathBuf]) -> Result<(), VerifyError> {
        let rounds = if paths.len() > 1 { 2 } else { 1 };
        for round in 1..=rounds {
            for path in paths {
                let name = path.display().to_string();
                let mut copies = match Contents::open(path) {
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        self.snapshot.has_slipped = true;
                        continue;
                    }
                    opened => opened.map_err(|error| io_error(path, error))?,
                };
                match self.verifier.read_hand_offs(&name, &mut copies, round == rounds) {
                    Err(error) if copies.is_damage(&error) => {
                        let (file, why) = (name, error.to_string());
                        if round == rounds {
                            self.verifier.find(FindingKind::Undecodable { file, why });
                        }
                    }
                    read => read.map_err(|error| io_error(path, error))?,
                }
            }
        }
        Ok(())
    }

    /// Takes the hand-offs that stand in files for copies, before the files are verified: a key is over at its hand-off,
    /// wherever that stands.
    fn know_hand_offs(&mut self, files: &[LogFile]) -> Result<(), VerifyError> {
        for file in files {
            let opened = self.snapshot.open(self.verifier.log(), &mut file.clone());
            let Some(mut contents) = opened.map_err(|error| io_error(&file.path, error))? else { continue };
            // What can't be decompressed, or read, is found when the file is verified.
            let _ = ahead::each_hand_off(&mut contents, |_, line| self.verifier.know_hand_off(line));
        }
        Ok(())
    }

    /// Whether the log, read to its end, has hand-offs that would have made lines of it another's, had they been known.
    fn was_unaware(&mut self, files: &LogFiles) -> Result<bool, VerifyError> {
        if self.verifier.met_late_hand_off() || !self.verifier.met_stray_hand_off() {
            return Ok(self.verifier.met_late_hand_off());
        }
        // Anybody can leave a line that looks like one: those count that a key of the log signed.
        let aware = Verifier::new(self.verifier.log(), self.options);
        let verifier = std::mem::replace(&mut self.verifier, aware);
        self.know_hand_offs(&files.files)?;
        self.read_copies(&files.copies)?;
        let aware = std::mem::replace(&mut self.verifier, verifier);
        Ok(aware.knows_dispute())
    }

    /// The files that follow one that was closed for them, where they come in time.
    fn next_files(
        &mut self,
        log: KeyId,
        known: &HashSet<FileId>,
        last: Option<u64>,
        patience: &mut Duration,
    ) -> Result<Vec<LogFile>, VerifyError> {
        let until = self.options.until.filter(|_| self.options.part);
        let is_covered = until.zip(self.verifier.head()).is_some_and(|(until, head)| until <= head.time);
        let may_follow = !is_covered && self.snapshot.paths.iter().any(|path| path.is_dir());
        while may_follow && self.verifier.expects_file() {
            let mut files = self.snapshot.new_files(log, known)?;
            // A known one may have been compressed meanwhile.
            files.retain(|file| file.number.is_none() || file.number > last);
            if !files.is_empty() {
                return Ok(files);
            }
            if !self.wait(patience) {
                break;
            }
        }
        Ok(Vec::new())
    }

    /// Feeds a file, as long as it is now; of the last one, up to the end of the write that is under way. Of others, bytes may
    /// still be on their way then.
    fn read_file(
        &mut self,
        passage: &mut Passage<'_>,
        number: usize,
        path: &Path,
        mut contents: Contents,
        is_last: bool,
    ) -> Result<(), VerifyError> {
        let fail = |error| io_error(path, error);
        passage.begin_file(path.display().to_string(), &mut self.verifier);
        let live = if is_last { contents.length().map_err(fail)? } else { None };
        let (mut damage, mut is_end) = (None, false);
        let mut bytes = 0;
        while live.is_none_or(|length| bytes < length) && damage.is_none() && !is_end {
            let left =
                live.map_or(CHUNK, |length| usize::try_from(length - bytes).unwrap_or(CHUNK).min(CHUNK));
            let mut buffer = self.buffers.take();
            let filled = Arc::make_mut(&mut buffer);
            match read_up_to(&mut contents, filled, 0, left) {
                Ok(()) => is_end = filled.len() < left,
                Err(error) if contents.is_damage(&error) => {
                    let (file, why) = (path.display().to_string(), error.to_string());
                    damage = Some(FindingKind::Undecodable { file, why });
                }
                Err(error) => return Err(fail(error)),
            }
            self.buffers.keep(&buffer);
            if buffer.is_empty() {
                break;
            }
            bytes += buffer.len() as u64;
            passage.send(buffer, &mut self.verifier);
            if let Some(hand_on) = &mut self.hand_on {
                hand_on.pass(number, path, &mut self.verifier)?;
            }
            (self.progress)(Progress { file: path, bytes });
        }
        if live.is_some() || damage.is_some() || self.hand_on.is_some() {
            passage.end(&mut self.verifier);
        }
        if live.is_some() {
            self.read_on(&mut contents).map_err(fail)?;
        }
        if let Some(kind) = damage {
            self.verifier.find_cut(kind);
        }
        Ok(())
    }

    /// Ready to read the log once more, before anything else of it is handed on.
    fn again(&mut self) {
        self.verifier = Verifier::new(self.verifier.log(), self.options);
        self.hand_on.iter_mut().for_each(HandOn::shut);
    }

    /// Ready to read the log once more, as it was read to its end, and to hand it on.
    fn again_handing_on(&mut self) {
        self.verifier.end_log(SystemTime::now().into());
        let given_up = self.verifier.given_up();
        self.again();
        if let Some(hand_on) = &mut self.hand_on {
            hand_on.begin_again(given_up);
        }
    }

    /// The log was read to its end.
    fn finish(self) -> Result<LogReport, VerifyError> {
        let (report, rest) = self.verifier.finish_with_lines(SystemTime::now().into());
        if let Some(mut hand_on) = self.hand_on {
            let file = rest.last().map(|stretch| PathBuf::from(&*stretch.file)).unwrap_or_default();
            hand_on.take(rest).map_err(|error| io_error(&file, error))?;
        }
        Ok(report)
    }

    /// Reads on, line by line, until the log could end there.
    fn read_on(&mut self, contents: &mut Contents) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK];
        let mut patience = self.options.patience;
        while !self.verifier.at_signed_line() {
            let read = contents.read(&mut buffer)?;
            for line in buffer[..read].split_inclusive(|byte| *byte == b'\n') {
                self.verifier.bytes(line);
                if self.verifier.at_signed_line() {
                    return Ok(());
                }
            }
            if read == 0 && !self.wait(&mut patience) {
                break;
            }
        }
        Ok(())
    }

    /// Waits a moment, unless all patience is spent.
    fn wait(&mut self, patience: &mut Duration) -> bool {
        let left = if self.verifier.is_known() { patience } else { &mut *self.for_strangers };
        let moment = LOOK_AGAIN.min(*left);
        *left -= moment;
        if !moment.is_zero() {
            thread::sleep(moment);
        }
        !moment.is_zero()
    }
}
