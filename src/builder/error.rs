//! Why no layer could be built.

use std::fmt;

use tracing::level_filters::LevelFilter;

use crate::writer::OpenError;

/// Why no layer could be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// Audit events of the layer's level don't exist in this build: some dependency enables one of `tracing`'s features
    /// `max_level_…` or `release_max_level_…`.
    CompiledOut {
        /// What the layer records.
        level: LevelFilter,
        /// What the build has.
        static_max_level: LevelFilter,
    },
    /// An option is out of its bounds.
    Option {
        /// The method of [`crate::Builder`].
        option: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// The log's first key is endorsed for another name than the one that the builder was given.
    Origin {
        /// The name in the store's endorsement.
        endorsed: String,
        /// The name that the builder was given.
        found: String,
    },
    /// The log could not be opened.
    Open(OpenError),
    /// The system gave no thread for the writer.
    Thread(std::io::Error),
}

impl From<OpenError> for BuildError {
    fn from(error: OpenError) -> BuildError {
        BuildError::Open(error)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::CompiledOut { level, static_max_level } => write!(
                f,
                "audit log: CompiledOut: events of level {level} are compiled out of this build, which keeps those up to {static_max_level}: \
                 a feature `max_level_…` or `release_max_level_…` of `tracing` is on"
            ),
            BuildError::Option { option, expected } => {
                write!(f, "audit log: Option: `{option}`: expected {expected}")
            }
            BuildError::Origin { endorsed, found } => {
                write!(
                    f,
                    "audit log: Origin: its key is endorsed for the origin {endorsed:?}: expected that, found {found:?}. Leave \
                     `origin` out"
                )
            }
            BuildError::Open(error) => error.fmt(f),
            BuildError::Thread(error) => {
                write!(
                    f,
                    "audit log: Thread: the system gave none for the writer: {error}. Look at the limits of the service"
                )
            }
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // What is in the message is not said twice.
            BuildError::Open(error) => error.source(),
            BuildError::Thread(error) => error.source(),
            BuildError::CompiledOut { .. } | BuildError::Option { .. } | BuildError::Origin { .. } => None,
        }
    }
}
