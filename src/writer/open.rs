//! Opening a log for writing: its folder, its lock, its first file or the place where the last writer stopped.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::chores::Chores;
use super::copies::{self, Copies};
use super::next_file::{NextFile, create};
use super::start::{self, Start};
use super::turn_over::Stage;
use super::watch::Watch;
use super::{Epoch, FailedSyncs, Live, OpenError, Progress, Unsynced, WriteError, Writer};
use crate::clock::Clock;
use crate::files::{self, Access, FileSystem, LogFile};
use crate::identity;
use crate::keys::{Head, Store};
use crate::rotation::{Names, Rotation};
use crate::trail::{Control, Ended, HandoffBefore, Line, Previous, Resume};

/// What a log is called, where it lies and when it goes on.
#[derive(Debug, Clone)]
pub(crate) struct LogOptions {
    pub(crate) folder: PathBuf,
    pub(crate) names: Names,
    pub(crate) origin: String,
    /// Nobody chose that name: a log that goes on keeps the one that it has.
    pub(crate) keeps_origin: bool,
    pub(crate) program: String,
    /// The machine's boot, where it has a name. Handed in, as the clock is.
    pub(crate) boot: Option<String>,
    pub(crate) rotation: Rotation,
    pub(crate) max_file_size: Option<u64>,
    pub(crate) max_files: Option<u64>,
    pub(crate) latest_symlink: Option<String>,
    pub(crate) key_interval: Duration,
    pub(crate) key_lines: u64,
    pub(crate) sync_interval: Duration,
    pub(crate) on_truncation: OnTruncation,
}

/// What a start does that finds synced lines gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnTruncation {
    /// Refuses: [`OpenError::Truncated`].
    #[default]
    Refuse,
    /// Goes on in a new file behind the last synced line. The hole stays visible, and the log `tampered`: only an
    /// intruder or a broken disk explains it.
    Record,
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Opens a log: on return its first line, or the line that says who goes on, is durable.
    pub(crate) fn open(
        files: &F,
        clock: C,
        mut store: Store<F>,
        mut options: LogOptions,
    ) -> Result<Writer<F, C>, OpenError> {
        let origin = store.head().filter(|_| options.keeps_origin).and_then(|head| head.origin.clone());
        options.origin = origin.unwrap_or(options.origin);
        let folder = &options.folder;
        files::create_folders(files, folder, Access::Group).map_err(OpenError::io("create", folder))?;
        let lock = lock(files, &folder.join(options.names.lock()))?;
        let start = start::find(files, &mut store, &options)?;
        let mut writer = Writer::stopped(files, clock, store, options, lock, &start)?;
        writer.secure_genesis(&start)?;
        writer.take_back_hand_off(&start)?;
        writer.go_on(start)?;
        writer.write_pending()?;
        writer.sync()?;
        if let Some((error, _)) = &writer.trouble {
            return Err(error.clone().into());
        }
        writer.secure()?;
        writer.store.forget_accepted();
        writer.do_chores();
        Ok(writer)
    }

    /// The writer as the last one left it: at the end of its file, or before the first.
    fn stopped(
        files: &F,
        clock: C,
        store: Store<F>,
        options: LogOptions,
        lock: F::Lock,
        start: &Start,
    ) -> Result<Writer<F, C>, OpenError> {
        let now = clock.now();
        let number = start.last.as_ref().map_or(0, |last| last.number + 1);
        let live = match (&start.last, &start.vacant) {
            (Some(last), _) if !last.lost => {
                Live { length: last.length, ..reopen(files, &options, &last.name, last.number)? }
            }
            (_, Some(name)) => reopen(files, &options, name, number)?,
            (_, None) => {
                let date = options.rotation.date(now);
                let (file, name, ordinal) = create(files, &options, date.as_deref(), 0, &mut None)?;
                Live { file, name, number, date, ordinal, length: 0 }
            }
        };
        let elapsed = clock.elapsed();
        // An epoch goes on through a restart.
        let (started, first_seq) = match store.head().filter(|head| head.epoch == store.epoch()) {
            Some(head) => (head.epoch_start, head.epoch_seq),
            None => (now, start.chain.next()),
        };
        let left = options.key_interval.saturating_sub(now.since(started));
        Ok(Writer {
            epoch: Epoch { started, due: elapsed.saturating_add(left), first_seq },
            files: files.clone(),
            clock,
            store,
            _lock: lock,
            chain: start.chain.clone(),
            live,
            stage: Stage::Writing,
            watch: Watch::default(),
            oldest: start.oldest,
            handoff: start.handoff.map(HandoffBefore::Line),
            pending: Vec::new(),
            appended: 0,
            held: None,
            // The last writer may not have synced what this one builds upon.
            unsynced: start.last.as_ref().map(|_| Unsynced { since: elapsed, bytes: 0 }),
            folder_unsynced: true,
            next_file: NextFile::default(),
            chores: Chores::all(),
            dated: 0,
            undurable: start.chain.next(),
            failed_syncs: FailedSyncs::default(),
            copies: Copies::default(),
            head_stored: elapsed,
            head_due: false,
            trouble: None,
            no_next_key: None,
            progress: Progress::default(),
            options,
        })
    }

    /// Only a head within a file says that its genesis is on the disk. No line comes to stand behind one before: a power
    /// cut could take the first and leave the second.
    fn secure_genesis(&mut self, start: &Start) -> Result<(), OpenError> {
        let Some(last) = start.last.as_ref().filter(|last| !last.lost) else { return Ok(()) };
        if self.store.head().is_some_and(|head| head.file == last.number) {
            return Ok(());
        }
        self.live.file.sync().map_err(OpenError::io("sync", &self.path()))
    }

    /// A hand-off that is copied and does not stand in the log was given up with a file whose sync failed, and the power
    /// went before another took its place. The old key signs on.
    fn take_back_hand_off(&self, start: &Start) -> Result<(), OpenError> {
        if start.last.as_ref().is_none_or(|last| last.lost) || !self.store.awaits_hand_over() {
            return Ok(());
        }
        let path = self.options.folder.join(self.options.names.keys());
        let is_void = |line: &Line<'_>| {
            line.link.log == self.chain.log()
                && line.link.seq >= self.chain.next()
                && matches!(Control::parse(line), Ok(Some(Control::Handoff(handoff)))
                    if self.store.has_next(handoff.public_key))
        };
        copies::take_back(&self.files, &path, is_void).map_err(OpenError::io("write", &path))
    }

    /// Composes the line with which this process goes on.
    fn go_on(&mut self, start: Start) -> Result<(), OpenError> {
        start.copies.iter().for_each(|line| self.copies.add(line));
        let Some(last) = start.last else {
            return Ok(self.begin_here(None)?);
        };
        let previous = |bytes, ended| Previous {
            bytes,
            ended,
            name: last.name.clone(),
            torn: last.torn,
            unsynced_from: None,
        };
        if last.lost {
            return Ok(self.begin_here(Some(previous(last.length, Ended::Lost)))?);
        }
        // A close for a next file that has no genesis is not the end that the last process wanted: what it took since is lost.
        let is_shut = last.closed == Some(Ended::Shutdown);
        let ended = if is_shut { Ended::Shutdown } else { Ended::Crash };
        let is_over = self.options.rotation.date(self.clock.now()) != self.live.date
            || !self.options.is_at_home(&last.name);
        let repair: &[u8] = if last.torn.is_some() || last.lacks_newline { b"\n" } else { b"" };
        if last.closed != Some(Ended::Rotated) && !is_over && !self.is_full() && start.vacant.is_none() {
            self.pending.extend_from_slice(repair);
            let resume = Resume { torn: last.torn, ..Resume::new(ended, self.identity()) };
            self.control(&Control::Resume(resume));
            return Ok(());
        }
        // No head is stored from here to the genesis: no line ends where torn bytes do.
        self.stage = Stage::Closing;
        self.pending.extend_from_slice(repair);
        self.write_pending()?;
        self.sync()?;
        let previous = previous(self.live.length, ended);
        match start.vacant {
            None => {
                // The next start looks for files behind a shutdown only where it is told to. A process that crashed may
                // have stored this already, and not have made it durable.
                if let Some(head) = self.store.head() {
                    let head = Head { file_follows: true, ..head.clone() };
                    self.store.store_head(head).map_err(|error| WriteError::store(&error))?;
                }
                self.stage = Stage::Between(previous);
                Ok(self.begin_file()?)
            }
            Some(name) => {
                self.watch.begin_anew();
                self.live = reopen(&self.files, &self.options, &name, last.number + 1)?;
                Ok(self.begin_here(Some(previous))?)
            }
        }
    }

    /// Composes the genesis of the file that is open, behind what a genesis torn before left in it.
    fn begin_here(&mut self, previous: Option<Previous>) -> Result<(), WriteError> {
        let path = self.path();
        let torn = start::torn_of(&self.files, &path, self.live.length)
            .map_err(|error| WriteError::io("read", &path, &error))?;
        if torn.is_some() {
            self.pending.push(b'\n');
        }
        self.open_with(previous, torn);
        Ok(())
    }
}

/// A file of the log that is there, to go on in.
fn reopen<F: FileSystem>(
    files: &F,
    options: &LogOptions,
    name: &str,
    number: u64,
) -> Result<Live<F::File>, OpenError> {
    let path = options.folder.join(name);
    let file = files.open(&path).map_err(OpenError::io("open", &path))?;
    let length = file.len().map_err(OpenError::io("look at", &path))?;
    let (date, ordinal) = options.names.parts(name).unwrap_or((None, 0));
    Ok(Live { file, name: name.to_owned(), number, date, ordinal, length })
}

fn lock<F: FileSystem>(files: &F, path: &Path) -> Result<F::Lock, OpenError> {
    files.lock(path, Access::Group, &identity::this_process()).map_err(|error| {
        if error.kind() == io::ErrorKind::WouldBlock {
            OpenError::Locked { path: path.to_owned(), holder: files::holder(files, path) }
        } else {
            OpenError::io("lock", path)(error)
        }
    })
}
