//! Opening a log for writing: its folder, its lock, its first file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{WriteError, Writer};
use crate::clock::Clock;
use crate::files::{self, Access, FileSystem};
use crate::identity;
use crate::keys::Store;
use crate::trail::{Chain, Control, FORMAT, Genesis};

/// What a log is called and where it lies.
#[derive(Debug, Clone)]
pub(crate) struct LogOptions {
    pub(crate) folder: PathBuf,
    pub(crate) prefix: String,
    pub(crate) suffix: String,
    pub(crate) origin: String,
    pub(crate) program: String,
    pub(crate) sync_interval: Duration,
}

impl LogOptions {
    fn is_log_file(&self, name: &str) -> bool {
        let rest = name.strip_prefix(&self.prefix).and_then(|rest| rest.strip_suffix(&self.suffix));
        rest.is_some_and(|middle| middle.starts_with('.') && middle.ends_with('.'))
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.{}", self.prefix, self.suffix))
    }
}

/// A log that was opened, and where its records go.
pub(crate) struct Opened<F: FileSystem, C: Clock> {
    pub(crate) writer: Writer<F, C>,
    pub(crate) path: PathBuf,
}

impl<F: FileSystem, C: Clock> Writer<F, C> {
    /// Creates a log: its first line, the genesis, is durable on return.
    pub(crate) fn create(
        files: &F,
        clock: C,
        store: Store<F>,
        options: &LogOptions,
    ) -> Result<Opened<F, C>, OpenError> {
        let folder = &options.folder;
        files.create_folder(folder, Access::Group).map_err(OpenError::io("create", folder))?;
        let lock = lock(files, &folder.join(format!("{}.lock", options.prefix)))?;
        let names = files.list(folder).map_err(OpenError::io("list", folder))?;
        if let Some(name) = names.iter().find(|name| options.is_log_file(name)) {
            return Err(OpenError::LogExists { path: folder.join(name) });
        }
        let path = options.path();
        let file = files.create_new(&path, Access::Group).map_err(OpenError::io("create", &path))?;
        let mut writer = Writer {
            chain: Chain::new(store.pin().id()),
            clock,
            store,
            _lock: lock,
            sync_interval: options.sync_interval,
            file,
            path: path.clone(),
            length: 0,
            pending: Vec::new(),
            appended: 0,
            held: None,
            unsynced: None,
            sync_failed: None,
            progress: super::Progress::default(),
        };
        let genesis = Control::Genesis(writer.genesis(options));
        writer.control(&genesis);
        writer.write_pending().and_then(|()| writer.sync()).map_err(OpenError::Write)?;
        files.sync_folder(folder).map_err(OpenError::io("sync", folder))?;
        Ok(Opened { writer, path })
    }

    fn genesis(&self, options: &LogOptions) -> Genesis {
        Genesis {
            epoch: self.store.epoch(),
            file: 0,
            format: FORMAT.to_owned(),
            oldest: 0,
            origin: options.origin.clone(),
            previous: None,
            public_key: self.store.key().public(),
            succeeds: None,
            torn: None,
            writer: identity::writer(&options.program),
        }
    }
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

/// Why a log could not be opened for writing.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The disk, or its permissions.
    Io {
        /// `create`, `list`, …
        doing: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The first line could not be written.
    Write(WriteError),
    /// Another writer, in this process or another, has the log open.
    Locked {
        /// The file of the lock.
        path: PathBuf,
        /// The process that holds it, where it could be read.
        holder: Option<String>,
    },
    /// The folder holds a log already.
    LogExists {
        /// A file of it.
        path: PathBuf,
    },
}

impl OpenError {
    fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
        let path = path.to_owned();
        move |error| OpenError::Io { doing, path, error }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Io { doing, path, error } => {
                write!(f, "audit log: could not {doing} {}: {error}", path.display())
            }
            OpenError::Write(error) => error.fmt(f),
            OpenError::Locked { path, holder } => {
                let holder = holder.as_deref().unwrap_or("another process");
                write!(f, "audit log: {} is held by {holder}; one log has one writer", path.display())
            }
            OpenError::LogExists { path } => {
                write!(
                    f,
                    "audit log: {} is there already; this version writes only into a folder without a log",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OpenError::Io { error, .. } => Some(error),
            OpenError::Write(error) => Some(error),
            _ => None,
        }
    }
}
