//! A service that is started again and again, its disk, and what it was told of its records.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use super::super::hand_over::Reason;
use super::super::{LogOptions, WriteError, Writer};
use super::oracle::{Oracle, Proved};
use super::{KEYS, options, record};
use crate::clock::{Clock as _, ManualClock};
use crate::files::memory::{Fault, MemoryFiles, Moment, Storage};
use crate::keys::Store;
use crate::promises::Durability;
use crate::recorder::Record;
use crate::rotation::Rotation;
use crate::trail::Timestamp;

type Opened = Writer<MemoryFiles, ManualClock>;
type Outcome<T> = Result<T, Box<dyn Error>>;

pub(super) struct Service {
    pub(super) files: MemoryFiles,
    clock: ManualClock,
    rotation: Rotation,
    /// How long it is down between two lives.
    pause: Duration,
    max_files: Option<u64>,
    /// How often the machine was started.
    boots: u64,
    next: u64,
    /// What was done to it, for the oracle's complaints.
    pub(super) context: String,
    pub(super) oracle: Oracle,
}

impl Service {
    pub(super) fn new() -> Service {
        Service {
            files: MemoryFiles::default(),
            clock: ManualClock::default(),
            rotation: Rotation::NEVER,
            pause: Duration::from_secs(7),
            max_files: None,
            boots: 1,
            next: 0,
            context: String::new(),
            oracle: Oracle::default(),
        }
    }

    /// Each life begins on another day, and so in another file; not all are kept.
    pub(super) fn rarely_up() -> Service {
        let pause = Duration::from_secs(25 * 3600);
        Service { rotation: Rotation::DAILY, pause, max_files: Some(4), ..Service::new() }
    }

    /// After a life without faults.
    pub(super) fn lived(mut self) -> Service {
        self.live().unwrap();
        self
    }

    /// The same service, had its disk then held this, and had it been told no more than that.
    pub(super) fn with(&self, storage: Storage, oracle: Oracle, context: String) -> Service {
        let clock = ManualClock::default();
        clock.advance(self.clock.elapsed());
        Service { files: MemoryFiles::with(storage), clock, oracle, context, ..*self }
    }

    /// The same service, after its machine was started again.
    pub(super) fn rebooted(self) -> Service {
        Service { boots: self.boots + 1, ..self }
    }

    /// One life: start, records, a rotation, hand-offs, the end. After each step the oracle proves the log, unless a
    /// fault is still to come: then nothing has happened that a life without faults hasn't.
    pub(super) fn live(&mut self) -> Outcome<()> {
        let mut writer = self.start()?;
        self.record(&mut writer, Durability::Synced)?;
        self.step(writer.turn_over())?;
        self.record(&mut writer, Durability::Written)?;
        self.record(&mut writer, Durability::Synced)?;
        self.step(writer.hand_over(Reason::Requested))?;
        self.record(&mut writer, Durability::Written)?;
        self.clock.advance(Duration::from_secs(901));
        self.step(writer.maintain())?;
        self.record(&mut writer, Durability::Written)?;
        self.step(writer.close())
    }

    /// A life in which nothing goes wrong for good: what fails is tried again, as the writer's thread does.
    pub(super) fn get_through(&mut self) -> Outcome<()> {
        let mut writer = match self.start() {
            Ok(writer) => writer,
            Err(_) => self.start()?,
        };
        self.persist(&mut writer, Durability::Synced)?;
        self.again(&mut writer, Writer::turn_over)?;
        self.persist(&mut writer, Durability::Written)?;
        self.again(&mut writer, |writer| writer.hand_over(Reason::Requested))?;
        self.persist(&mut writer, Durability::Synced)?;
        self.clock.advance(Duration::from_secs(901));
        self.again(&mut writer, Writer::maintain)?;
        self.persist(&mut writer, Durability::Synced)?;
        self.again(&mut writer, Writer::close)
    }

    /// A short life behind whatever happened; the oracle finds the log whole in the end.
    pub(super) fn go_on(&mut self) -> Proved {
        self.live_briefly().unwrap_or_else(|error| panic!("{}: {error}", self.context));
        self.prove_intact()
    }

    /// A short life whose records have numbers that were given before.
    pub(super) fn record_from(&mut self, number: u64) {
        self.next = number;
        let mut writer = self.start().unwrap();
        self.append(&mut writer);
        writer.seal().1.unwrap();
    }

    fn live_briefly(&mut self) -> Outcome<()> {
        let mut writer = self.start()?;
        self.record(&mut writer, Durability::Synced)?;
        self.step(writer.close())
    }

    pub(super) fn prove(&self) -> Proved {
        self.oracle.prove(&self.files, &self.context)
    }

    pub(super) fn prove_intact(&self) -> Proved {
        self.oracle.prove_intact(&self.files, &self.context)
    }

    /// [`Service::live`], and each operation on the way, with what was acknowledged before it.
    pub(super) fn remembered_life(&mut self) -> Vec<(Moment, Oracle)> {
        self.remembered(Service::live)
    }

    /// Likewise of a short life.
    pub(super) fn remembered_brief_life(&mut self) -> Vec<(Moment, Oracle)> {
        self.remembered(Service::live_briefly)
    }

    /// Likewise of a life in which the operation of this number fails once, and is got over; none where it has fewer.
    pub(super) fn remembered_life_with_failure(&mut self, at: usize) -> Option<Vec<(Moment, Oracle)>> {
        self.files.fail(at, Fault::Failed, false);
        let life = self.remembered(Service::get_through);
        self.files.mend().then_some(life)
    }

    fn remembered(&mut self, live: impl Fn(&mut Service) -> Outcome<()>) -> Vec<(Moment, Oracle)> {
        self.oracle.forget_when();
        self.files.remember();
        live(self).unwrap_or_else(|error| panic!("{}: {error}", self.context));
        let moments = self.files.moments().into_iter().enumerate();
        moments.map(|(at, moment)| (moment, self.oracle.at(at))).collect()
    }

    fn start(&mut self) -> Outcome<Opened> {
        self.clock.advance(self.pause);
        let store = Store::open_or_create(&self.files, Path::new(KEYS))?;
        let options = LogOptions {
            rotation: self.rotation,
            max_file_size: Some(65_536),
            max_files: self.max_files,
            latest_symlink: Some("audit.current".into()),
            boot: Some(format!("boot {}", self.boots)),
            ..options()
        };
        let writer = Writer::open(&self.files, self.clock.clone(), store, options)?;
        self.step(Ok(()))?;
        Ok(writer)
    }

    fn record(&mut self, writer: &mut Opened, how: Durability) -> Outcome<()> {
        let from = self.append(writer);
        writer.seal().1?;
        self.acknowledge(Durability::Written, from);
        if how == Durability::Synced {
            writer.sync()?;
            self.acknowledge(how, from);
        }
        self.step(Ok(()))
    }

    fn append(&mut self, writer: &mut Opened) -> u64 {
        let from = self.next;
        self.next += 3;
        for number in from..self.next {
            let time = Timestamp::from_nanos(1_795_293_660_000_000_000 + number);
            writer.append(Record { time, ..record(number) });
        }
        from
    }

    /// [`Service::record`], until it is done.
    fn persist(&mut self, writer: &mut Opened, how: Durability) -> Outcome<()> {
        let from = self.append(writer);
        let failed_syncs = writer.progress().failed_syncs;
        self.again(writer, |writer| writer.seal().1)?;
        self.acknowledge(Durability::Written, from);
        if how == Durability::Synced {
            self.again(writer, Writer::sync)?;
            // A sync that succeeds behind one that failed says nothing of what that one was to bring to the disk.
            if writer.progress().failed_syncs == failed_syncs {
                self.acknowledge(how, from);
            }
        }
        self.step(Ok(()))
    }

    fn acknowledge(&mut self, how: Durability, from: u64) {
        self.oracle.acknowledge(self.files.remembered(), how, from..self.next);
    }

    fn again(
        &mut self,
        writer: &mut Opened,
        mut step: impl FnMut(&mut Opened) -> Result<(), WriteError>,
    ) -> Outcome<()> {
        for _ in 0..5 {
            let result = step(writer);
            self.step(Ok(()))?;
            if result.is_ok() && writer.lasting_error().is_none() {
                return Ok(());
            }
            self.clock.advance(Duration::from_secs(2));
            let _ = writer.turn_over_if_due();
            let _ = writer.maintain();
        }
        self.step(step(writer))
    }

    fn step(&self, result: Result<(), WriteError>) -> Outcome<()> {
        result?;
        if !self.files.awaits_fault() {
            self.prove();
        }
        Ok(())
    }
}
