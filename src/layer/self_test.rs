//! Whether audit events reach the log; and if not, who eats them.

use std::cell::Cell;
use std::ffi::OsString;
use std::fmt;

use tracing::dispatcher;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::subscriber::NoSubscriber;
use tracing::{Level, Metadata, event};

use super::filter::Sentinel;
use super::{AuditLayer, Selection};

/// Names the events by which a log is tested; the macros want it written out.
const NAME: &str = "audit.self_test";

/// Emits an event as the application does, target `audit`, at the least severe level that the log takes, and looks
/// whether this log's layer was given it. A stale cache of callsites is rebuilt on the way. The event stays in the log.
pub(crate) fn self_test(sentinel: &Sentinel) -> Result<(), SelfTestError> {
    let log = sentinel.selection();
    if static_max_level_refuses(log.level()) {
        return Err(SelfTestError::CompiledOut { level: log.level() });
    }
    if emitted(log) {
        return Ok(());
    }
    tracing::callsite::rebuild_interest_cache();
    if emitted(log) { Ok(()) } else { Err(cause(log)) }
}

/// Whether this build has no events of this level: a feature of `tracing` such as `release_max_level_warn`, which any
/// crate in the build may have asked for.
pub(crate) fn static_max_level_refuses(level: LevelFilter) -> bool {
    level > STATIC_MAX_LEVEL
}

/// Called by the layer for each event that it recorded.
pub(super) fn arrived(metadata: &Metadata<'_>, log: u64) {
    if metadata.name() == NAME {
        let _ = AWAITED.try_with(|awaited| awaited.set(awaited.get().filter(|id| *id != log)));
    }
}

thread_local! {
    /// The log whose layer has still to be given this thread's event.
    static AWAITED: Cell<Option<u64>> = const { Cell::new(None) };
}

fn emitted(log: &Selection) -> bool {
    macro_rules! emit {
        ($level:expr) => {
            event!(name: "audit.self_test", target: "audit", $level, "audit events reach the log")
        };
    }
    let _ = AWAITED.try_with(|awaited| awaited.set(Some(log.id())));
    match log.level().into_level() {
        Some(Level::ERROR) | None => emit!(Level::ERROR),
        Some(Level::WARN) => emit!(Level::WARN),
        Some(Level::INFO) => emit!(Level::INFO),
        Some(Level::DEBUG) => emit!(Level::DEBUG),
        Some(Level::TRACE) => emit!(Level::TRACE),
    }
    AWAITED.try_with(Cell::take).is_ok_and(|awaited| awaited.is_none())
}

fn cause(log: &Selection) -> SelfTestError {
    dispatcher::get_default(|subscriber| {
        if subscriber.is::<NoSubscriber>() {
            return SelfTestError::NoSubscriber;
        }
        if !log.is_registered() || !subscriber.is::<AuditLayer>() {
            return SelfTestError::NotRegistered;
        }
        let max = LevelFilter::current();
        if max < log.level() {
            return SelfTestError::MaxLevel { level: log.level(), max };
        }
        SelfTestError::Filtered { level: log.level(), rust_log: std::env::var_os("RUST_LOG") }
    })
}

/// Why audit events do not reach the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelfTestError {
    /// This build has no events of the log's level.
    CompiledOut {
        /// The log's level.
        level: LevelFilter,
    },
    /// The thread has no subscriber, and the process has no global one.
    NoSubscriber,
    /// The subscriber of this thread does not have the log's layer.
    NotRegistered,
    /// The process's maximum level is below the log's.
    MaxLevel {
        /// The log's level.
        level: LevelFilter,
        /// What `LevelFilter::current()` says.
        max: LevelFilter,
    },
    /// The layer is there, but a filter refuses the events: one that is global, or one around the layer.
    Filtered {
        /// The log's level.
        level: LevelFilter,
        /// The variable of that name, if it is set; `EnvFilter` is usually made of it.
        rust_log: Option<OsString>,
    },
}

impl fmt::Display for SelfTestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("audit events do not reach the log: ")?;
        match self {
            SelfTestError::CompiledOut { level } => write!(
                f,
                "this build has no {level} events, its static maximum is {STATIC_MAX_LEVEL}; find the crate that asks \
                 for a feature `max_level_*` or `release_max_level_*` of `tracing` (`cargo tree -e features -i tracing`)"
            ),
            SelfTestError::NoSubscriber => f.write_str(
                "this thread has no subscriber; install the one that has the audit layer for the whole process, with \
                 `.init()` or `set_global_default`, not for one thread with `set_default`",
            ),
            SelfTestError::NotRegistered => f.write_str(
                "the subscriber of this thread does not have the log's layer; add it with `.with(audit)`, before \
                 `.init()`, and not through a `reload::Handle`",
            ),
            SelfTestError::MaxLevel { level, max } => write!(
                f,
                "the process's maximum level is {max}, the log's is {level}; raise the level of the filter that is set"
            ),
            SelfTestError::Filtered { level, rust_log } => {
                write!(
                    f,
                    "the layer is there, but a filter refuses target `audit` at {level}; let it pass \
                     (`audit={level}` in an `EnvFilter`), or give that filter to the other layers one by one, with \
                     `.with_filter(…)`, and never to the audit layer; "
                )?;
                match rust_log {
                    Some(value) => write!(f, "RUST_LOG is {}", value.display()),
                    None => f.write_str("RUST_LOG is not set, so an `EnvFilter` made of it lets only ERROR pass"),
                }
            }
        }
    }
}

impl std::error::Error for SelfTestError {}
