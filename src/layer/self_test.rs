//! Whether audit events reach the log; and if not, who eats them.

use std::cell::Cell;
use std::ffi::OsString;
use std::fmt;

use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;
use tracing::{Level, Metadata, enabled, event};

use super::{AuditLayer, Selection, Sentinel};

impl Sentinel {
    /// Emits an event as the application does, target `audit`, at the least severe level that the log takes, and looks
    /// whether this log's layer was given it. A stale cache of callsites is rebuilt on the way. The event stays in the
    /// log.
    pub(crate) fn self_test(&self) -> Result<(), SelfTestError> {
        let log = self.selection();
        if emitted(log) {
            return Ok(());
        }
        tracing::callsite::rebuild_interest_cache();
        if emitted(log) { Ok(()) } else { Err(cause(log)) }
    }
}

/// Called by the layer for each event that it recorded.
pub(super) fn arrived(metadata: &Metadata<'_>, log: u64) {
    if metadata.name() == "audit.self_test" {
        let _ = AWAITED.try_with(|awaited| awaited.set(awaited.get().filter(|id| *id != log)));
    }
}

thread_local! {
    /// The log whose layer has still to be given this thread's event.
    static AWAITED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The macros want their level to be a constant.
macro_rules! at {
    ($level:expr, |$constant:ident| $macro:ident!($($argument:tt)*)) => {
        match $level.into_level() {
            Some(Level::TRACE) => { const $constant: Level = Level::TRACE; $macro!($($argument)*) }
            Some(Level::DEBUG) => { const $constant: Level = Level::DEBUG; $macro!($($argument)*) }
            Some(Level::INFO) => { const $constant: Level = Level::INFO; $macro!($($argument)*) }
            Some(Level::WARN) => { const $constant: Level = Level::WARN; $macro!($($argument)*) }
            Some(Level::ERROR) | None => { const $constant: Level = Level::ERROR; $macro!($($argument)*) }
        }
    };
}

fn emitted(log: &Selection) -> bool {
    let _ = AWAITED.try_with(|awaited| awaited.set(Some(log.id())));
    at!(
        log.level(),
        |LEVEL| event!(name: "audit.self_test", target: "audit", LEVEL, "audit events reach the log")
    );
    AWAITED.try_with(Cell::take).is_ok_and(|awaited| awaited.is_none())
}

fn cause(log: &Selection) -> SelfTestError {
    if dispatcher::get_default(Dispatch::is::<NoSubscriber>) {
        return SelfTestError::NoSubscriber;
    }
    if !log.is_registered() || !dispatcher::get_default(Dispatch::is::<AuditLayer>) {
        return SelfTestError::NotRegistered;
    }
    let (level, rust_log) = (log.level(), std::env::var_os("RUST_LOG"));
    if at!(level, |LEVEL| enabled!(target: "audit", LEVEL)) {
        SelfTestError::FilterAround { level, rust_log }
    } else {
        SelfTestError::FilterOfAll { level, rust_log }
    }
}

/// Why audit events do not reach the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelfTestError {
    /// The thread has no subscriber, and the process has no global one.
    NoSubscriber,
    /// The subscriber of this thread does not have the log's layer.
    NotRegistered,
    /// A filter that holds for all layers refuses the events, for all layers.
    FilterOfAll {
        /// The level at which it does.
        level: LevelFilter,
        /// The variable of that name, where it is set; an `EnvFilter` is usually made of it.
        rust_log: Option<OsString>,
    },
    /// A filter around the audit layer refuses the events.
    FilterAround {
        /// The level at which it does.
        level: LevelFilter,
        /// The variable of that name, where it is set.
        rust_log: Option<OsString>,
    },
}

impl fmt::Display for SelfTestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("audit events do not reach the log: ")?;
        match self {
            SelfTestError::NoSubscriber => f.write_str(
                "this thread has no subscriber; install the one that has the audit layer for the whole process, with \
                 `.init()` or `set_global_default`, not for one thread with `set_default`",
            ),
            SelfTestError::NotRegistered => f.write_str(
                "the subscriber of this thread does not have the log's layer; add the layer with `.with(audit)` before \
                 `.init()`, not later through a `reload::Handle`",
            ),
            SelfTestError::FilterOfAll { level, rust_log } => {
                write!(
                    f,
                    "a filter of the whole subscriber refuses target `audit` at {level}; give that filter to the other \
                     layers, `fmt::layer().with_filter(filter)`, or let `audit={level}` pass; "
                )?;
                write_rust_log(rust_log.as_ref(), f)
            }
            SelfTestError::FilterAround { level, rust_log } => {
                write!(
                    f,
                    "a filter around the audit layer refuses target `audit` at {level}; register the layer as `build()` \
                     gives it, without `.with_filter(…)`; "
                )?;
                write_rust_log(rust_log.as_ref(), f)
            }
        }
    }
}

fn write_rust_log(rust_log: Option<&OsString>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match rust_log {
        Some(value) => write!(f, "RUST_LOG is {:?}", value.display().to_string()),
        None => f.write_str("RUST_LOG is not set, so an `EnvFilter` made of it lets only ERROR pass"),
    }
}

impl std::error::Error for SelfTestError {}
