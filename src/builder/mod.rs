//! From options to a log that is open, and the layer that writes it.

mod error;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tracing::Subscriber;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::Layer as _;
use tracing_subscriber::registry::LookupSpan;

pub use self::error::BuildError;
use crate::clock::SystemClock;
use crate::failure::{Alarm, Failure};
use crate::files::Disk;
use crate::guard::Guard;
use crate::identity;
use crate::keys::KeyStore;
use crate::layer::{AuditFilter, AuditLayer, LayerConfig, static_max_level_refuses};
use crate::promises::{Durability, Overflow, QueueOptions};
use crate::recorder::Recorder;
use crate::rotation::{Names, Rotation};
use crate::trail::MAX_LINE;
use crate::trail::canonical::write;
use crate::writer::{self, LogOptions, OnTruncation, Writer};

/// The shortest line limit: a genesis with long names still fits.
const MIN_LINE_LIMIT: usize = 2_048;

/// Longest `origin` and `program`, in encoded bytes.
const MAX_NAME: usize = 255;

/// Options of a log. Made by [`AuditLayer::builder`]; every option has a default.
#[derive(Debug)]
#[must_use = "nothing is written before `build`"]
pub struct Builder {
    keys: KeyStore,
    origin: Option<String>,
    log: LogOptions,
    layer: LayerConfig,
    queue: QueueOptions,
    seal_interval: Duration,
    alarm: Option<Alarm>,
}

impl AuditLayer {
    /// Options of a log in the folder `directory`, signed with `keys`.
    ///
    /// A relative path is of the working directory that the process has now.
    pub fn builder(directory: impl AsRef<Path>, keys: KeyStore) -> Builder {
        let directory = directory.as_ref();
        Builder {
            keys,
            origin: None,
            log: LogOptions {
                // What can't be found is refused when the log is built.
                folder: std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned()),
                names: Names { prefix: "audit".to_owned(), suffix: "jsonl".to_owned() },
                origin: String::new(),
                keeps_origin: false,
                program: identity::program(),
                boot: identity::boot(),
                rotation: Rotation::default(),
                max_file_size: None,
                max_files: None,
                latest_symlink: None,
                key_interval: Duration::from_secs(15 * 60),
                key_lines: 1_000_000,
                sync_interval: Duration::from_secs(1),
                on_truncation: OnTruncation::default(),
            },
            layer: LayerConfig::default(),
            queue: QueueOptions {
                length: 8_192,
                overflow: Overflow::default(),
                durability: Durability::default(),
            },
            seal_interval: Duration::from_millis(4),
            alarm: None,
        }
    }
}

impl Builder {
    /// Who writes, as the log's first line says it: a name that you choose, such as `example.com/payments`. By
    /// default the name that the store's endorsement has; else the one that the log has, in a new log that of the program.
    pub fn origin(mut self, origin: impl Into<String>) -> Builder {
        self.origin = Some(origin.into());
        self
    }

    /// The program's name and version, as the log's first line says it. The name of its file by default.
    pub fn program(mut self, program: impl Into<String>) -> Builder {
        self.log.program = program.into();
        self
    }

    /// What the names of the log's files begin with: `audit` by default.
    pub fn filename_prefix(mut self, prefix: impl Into<String>) -> Builder {
        self.log.names.prefix = prefix.into();
        self
    }

    /// What the names of the log's files end with, behind a dot: `jsonl` by default.
    pub fn filename_suffix(mut self, suffix: impl Into<String>) -> Builder {
        self.log.names.suffix = suffix.into();
        self
    }

    /// When the log goes on in the next file: each day by default. Takes `tracing_appender`'s `Rotation` too.
    ///
    /// A file is begun with the first record of its period, not before. Files are named as `tracing_appender` names them,
    /// and are never renamed. [`Rotation::EXTERNAL`] leaves all that to logrotate.
    pub fn rotation(mut self, rotation: impl Into<Rotation>) -> Builder {
        self.log.rotation = rotation.into();
        self
    }

    /// The length in bytes from which on the log goes on in the next file, 64 KiB at least; no limit by default. A file
    /// exceeds it by a line or two.
    pub fn max_file_size(mut self, bytes: u64) -> Builder {
        self.log.max_file_size = Some(bytes);
        self
    }

    /// How many files are kept, the live one among them, 1 to 1,000,000,000; all by default. The oldest are deleted at each rotation, and
    /// only those whose first line says that they are of this log.
    ///
    /// With [`Rotation::EXTERNAL`] it is logrotate that deletes: this says how many it leaves, one more than its `rotate`,
    /// so that `verify` knows that the others are gone by plan.
    pub fn max_log_files(mut self, files: u64) -> Builder {
        self.log.max_files = Some(files);
        self
    }

    /// Keeps a symbolic link of this name to the file that is written, such as `audit.current`. The name must not end
    /// as the log's files do: a shipper that follows `*.jsonl` would send each line twice.
    pub fn latest_symlink(mut self, name: impl Into<String>) -> Builder {
        self.log.latest_symlink = Some(name.into());
        self
    }

    /// How long a key signs: 15 minutes by default, by a monotonic clock, idle or not. Its last line hands over to the
    /// next key and is the log's heartbeat; then the secret is erased.
    pub fn key_interval(mut self, interval: Duration) -> Builder {
        self.log.key_interval = interval;
        self
    }

    /// How many lines a key signs for at most: 1,000,000 by default.
    pub fn key_lines(mut self, lines: u64) -> Builder {
        self.log.key_lines = lines;
        self
    }

    /// What a start does that finds synced lines gone: by default it refuses.
    pub fn on_truncation(mut self, on_truncation: OnTruncation) -> Builder {
        self.log.on_truncation = on_truncation;
        self
    }

    /// The targets that are recorded, instead of `audit`: each as it stands, and all below it (`audit::login`).
    pub fn targets<T: Into<String>>(mut self, targets: impl IntoIterator<Item = T>) -> Builder {
        self.layer.targets = targets.into_iter().map(Into::into).collect();
        self
    }

    /// The least important level that is recorded: `INFO` by default.
    pub fn level(mut self, level: impl Into<LevelFilter>) -> Builder {
        self.layer.level = level.into();
        self
    }

    /// Whether a span of these targets becomes a record when it closes: so by default. Otherwise it is only context of
    /// the events within it.
    pub fn span_records(mut self, span_records: bool) -> Builder {
        self.layer.span_records = span_records;
        self
    }

    /// Whether a record carries all the spans around it, or, by default, only those of these targets.
    pub fn all_spans(mut self, all_spans: bool) -> Builder {
        self.layer.all_spans = all_spans;
        self
    }

    /// The longest value, in bytes of JSON: 4,096 by default, from 64 to 65,535. A longer one is cut and marked.
    pub fn value_limit(mut self, bytes: usize) -> Builder {
        self.layer.value_limit = bytes;
        self
    }

    /// The longest line, in bytes with its newline: 8,000 by default, from 2,048 to 65,535. Of a longer one the longest
    /// values are cut and marked. What ships the log must take such lines: rsyslog cuts at 8,096 unless told otherwise.
    pub fn line_limit(mut self, bytes: usize) -> Builder {
        self.layer.line_limit = bytes;
        self
    }

    /// How many records may wait for the writer: 8,192 by default. Times the line limit, it bounds the memory that the
    /// layer takes under a flood.
    pub fn queue_length(mut self, records: usize) -> Builder {
        self.queue.length = records;
        self
    }

    /// What holds when the macro returns: by default that the record is enqueued.
    pub fn durability(mut self, durability: Durability) -> Builder {
        self.queue.durability = durability;
        self
    }

    /// What a full queue does to those who emit: by default they wait up to 5 seconds.
    pub fn overflow(mut self, overflow: Overflow) -> Builder {
        self.queue.overflow = overflow;
        self
    }

    /// How long a written line may stay unsynced: 1 second by default, a millisecond at least.
    pub fn sync_interval(mut self, interval: Duration) -> Builder {
        self.log.sync_interval = interval;
        self
    }

    /// The shortest time from one signature to the next, but for records that somebody waits for: 4 milliseconds by
    /// default. A longer one costs less under load; a record may stay that long in memory, and is lost with a process
    /// that is killed. It is shorter where records come so fast that a thousand would wait, and at most a microsecond for
    /// each that the queue can hold.
    pub fn seal_interval(mut self, interval: Duration) -> Builder {
        self.seal_interval = interval;
        self
    }

    /// What is called when the writer meets an error, and when records are lost: to raise an alarm. The log goes on by
    /// itself; [`crate::Handle::status`] says how it fares.
    ///
    /// Called on the writer's thread: at once for an error that was not there before (not for each attempt), at most once
    /// a second for losses, and a last time at the end of the log; after that, at most once a second, on a thread whose
    /// record comes too late. While it runs that thread writes nothing, so it should hand on what takes time. Audit events
    /// that it emits are not recorded; a panic in it ends nothing.
    ///
    /// Without it a thread of its own says the same as `tracing::error!` at the target `tracing_audit`, or on stderr where no
    /// subscriber takes that: an error at most once a minute.
    pub fn on_error(mut self, on_error: impl Fn(&Failure) + Send + 'static) -> Builder {
        self.alarm = Some(Alarm::new(Box::new(on_error)));
        self
    }

    /// Opens the log and starts its writer: gives the layer to register, and the guard to keep.
    ///
    /// Blocks on the disk; on return the log's first line is durable.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: an option out of its bounds; audit events that were compiled out; a folder that holds a log
    /// already or is locked; a disk that fails.
    pub fn build<S>(mut self) -> Result<(Filtered<AuditLayer, AuditFilter, S>, Guard), BuildError>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let endorsed = self.keys.endorsed_origin().map(str::to_owned);
        let origin = self.origin.take().or_else(|| endorsed.clone());
        self.log.keeps_origin = origin.is_none();
        self.log.origin = origin.unwrap_or_else(|| self.log.program.clone());
        self.check()?;
        if let Some(endorsed) = endorsed.filter(|endorsed| *endorsed != self.log.origin) {
            return Err(BuildError::Origin { endorsed, found: self.log.origin });
        }
        let clock = SystemClock::new();
        let writer = Writer::open(&Disk, clock, self.keys.into_store(), self.log)?;
        let alarm = Some(self.alarm.unwrap_or_else(Alarm::heralded));
        let (recorder, commands) = Recorder::new(self.queue, writer.path());
        let recorder = Arc::new(recorder);
        let thread = thread::Builder::new().name("tracing-audit".to_owned()).spawn({
            let recorder = Arc::clone(&recorder);
            move || writer::run(writer, &recorder, commands, self.seal_interval, alarm)
        });
        let thread = thread.map_err(BuildError::Thread)?;
        let layer = AuditLayer::new(Arc::clone(&recorder), self.layer);
        let (filter, sentinel) = (layer.filter(), layer.sentinel());
        Ok((layer.with_filter(filter), Guard::new(recorder, thread, sentinel)))
    }

    fn check(&self) -> Result<(), BuildError> {
        let Builder { log, layer, queue, .. } = self;
        if static_max_level_refuses(layer.level) {
            return Err(BuildError::CompiledOut { level: layer.level, static_max_level: STATIC_MAX_LEVEL });
        }
        let plain = |name: &str| {
            !name.is_empty()
                && name.len() <= 100
                && !name.contains(['/', '\\', '\0'])
                && !name.starts_with('.')
        };
        let named = |name: &str| !name.is_empty() && write::escaped_length(name) <= MAX_NAME;
        let ends = |name: &str, end: &str| name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
        let link = log.latest_symlink.as_deref().is_none_or(|link| {
            plain(link) && !["keys", "lock", &log.names.suffix].iter().any(|end| ends(link, end))
        });
        let options: [(&'static str, &'static str, bool); 19] = [
            (
                "filename_prefix",
                "a name of 1 to 100 bytes, without slashes or a leading dot",
                plain(&log.names.prefix),
            ),
            (
                "filename_suffix",
                "a name of 1 to 100 bytes, without slashes or a leading dot",
                plain(&log.names.suffix),
            ),
            (
                "filename_suffix",
                "neither `keys` nor `lock` nor `tmp`, which other files beside the log end with",
                !["keys", "lock", "tmp"].contains(&log.names.suffix.as_str()),
            ),
            ("directory", "a path, of a working directory that is there", log.folder.is_absolute()),
            (
                "directory",
                "a folder that is neither the key store's, nor in it, nor around it: who may write the log must not reach the keys",
                is_apart(&log.folder, self.keys.folder()),
            ),
            ("program", "a name of 1 to 255 bytes", named(&log.program)),
            ("origin", "a name of 1 to 255 bytes", named(&log.origin)),
            (
                "targets",
                "at least one, and none that is empty",
                !layer.targets.is_empty() && !layer.targets.iter().any(String::is_empty),
            ),
            ("value_limit", "from 64 to 65,535", (64..=MAX_LINE).contains(&layer.value_limit)),
            ("line_limit", "from 2,048 to 65,535", (MIN_LINE_LIMIT..=MAX_LINE).contains(&layer.line_limit)),
            ("rotation", "a period that this version knows", log.rotation.is_known()),
            ("max_file_size", "at least 65,536", log.max_file_size.is_none_or(|size| size >= 65_536)),
            (
                "max_file_size",
                "no limit where `Rotation::EXTERNAL` leaves rotation to others",
                log.max_file_size.is_none() || !log.rotation.is_external(),
            ),
            (
                "max_log_files",
                "from 1 to 1,000,000,000",
                log.max_files.is_none_or(|files| (1..=1_000_000_000).contains(&files)),
            ),
            (
                "latest_symlink",
                "a name of 1 to 100 bytes, without slashes, a leading dot or the ending of the log's files, of its keys or of \
                 its lock",
                link,
            ),
            ("sync_interval", "at least a millisecond", log.sync_interval >= Duration::from_millis(1)),
            ("key_interval", "at least a second", log.key_interval >= Duration::from_secs(1)),
            ("key_lines", "at least 100", log.key_lines >= 100),
            ("queue_length", "from 1 to 1,048,576", (1..=1 << 20).contains(&queue.length)),
        ];
        match options.into_iter().find(|(_, _, holds)| !holds) {
            Some((option, expected, _)) => Err(BuildError::Option { option, expected }),
            None => Ok(()),
        }
    }
}

/// Whether neither of two folders is the other, or within it, under any of their names.
fn is_apart(log: &Path, keys: &Path) -> bool {
    let (log, keys) = (resolved(log), resolved(keys));
    !log.starts_with(&keys) && !keys.starts_with(&log)
}

/// A path without links, as far as it is there.
fn resolved(path: &Path) -> PathBuf {
    let (there, rest) = path
        .ancestors()
        .find_map(|there| Some((there.canonicalize().ok()?, path.strip_prefix(there).ok()?)))
        .unwrap_or_else(|| (PathBuf::new(), path));
    there.join(rest)
}
