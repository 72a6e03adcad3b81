//! Whether audit events reach the log; and if not, who eats them.

use std::cell::Cell;
use std::env;
use std::ffi::OsString;
use std::fmt;

use tracing::callsite::{Callsite, Identifier};
use tracing::dispatcher::{self, Dispatch};
use tracing::field::FieldSet;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::metadata::Kind;
use tracing::subscriber::{Interest, NoSubscriber};
use tracing::{Level, Metadata, event};

use super::{AuditLayer, Selection, Sentinel};

impl Sentinel {
    /// Emits an event as the application does, target `audit`, at the least severe level that the log takes, and looks
    /// whether this log's layer was given it; then asks whether the log's other targets would pass as well. A stale
    /// cache of callsites is rebuilt on the way. The event stays in the log.
    pub(crate) fn self_test(&self) -> Result<(), SelfTestError> {
        let log = self.selection();
        if !emitted(log) {
            tracing::callsite::rebuild_interest_cache();
            if !emitted(log) {
                return Err(cause(log));
            }
        }
        let mut others = log.targets().iter().filter(|target| *target != TARGET);
        match others.find(|target| !would_pass(target, log.level())) {
            None => Ok(()),
            Some(target) => Err(filter_of_all(target, log.level())),
        }
    }
}

/// Whether this build has no events of this level: a feature of `tracing` such as `release_max_level_warn`, which any
/// crate in the build may have asked for.
pub(crate) fn static_max_level_refuses(level: LevelFilter) -> bool {
    level > STATIC_MAX_LEVEL
}

/// Whether the event is that of a self-test.
pub(super) fn is_test(metadata: &Metadata<'_>) -> bool {
    metadata.name() == NAME && metadata.target() == TARGET
}

/// Called by the layer that is given the event; whether it was meant for this log.
pub(super) fn arrived(log: u64) -> bool {
    AWAITED
        .try_with(|awaited| awaited.replace(awaited.get().filter(|id| *id != log)) == Some(log))
        .unwrap_or(false)
}

thread_local! {
    /// The log whose layer has still to be given this thread's event.
    static AWAITED: Cell<Option<u64>> = const { Cell::new(None) };
}

const NAME: &str = "audit.self_test";
const TARGET: &str = "audit";

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
    at!(log.level(), |LEVEL| event!(name: NAME, target: TARGET, LEVEL, "audit events reach the log"));
    AWAITED.try_with(Cell::take).is_ok_and(|awaited| awaited.is_none())
}

fn cause(log: &Selection) -> SelfTestError {
    if dispatcher::get_default(Dispatch::is::<NoSubscriber>) {
        return SelfTestError::NoSubscriber;
    }
    if !log.is_registered() || !dispatcher::get_default(Dispatch::is::<AuditLayer>) {
        return SelfTestError::NotRegistered;
    }
    if would_pass(TARGET, log.level()) {
        SelfTestError::FilterAround { level: log.level(), rust_log: env::var_os("RUST_LOG") }
    } else {
        filter_of_all(TARGET, log.level())
    }
}

fn filter_of_all(target: &str, level: LevelFilter) -> SelfTestError {
    SelfTestError::FilterOfAll { target: target.to_owned(), level, rust_log: env::var_os("RUST_LOG") }
}

/// Whether the subscriber as a whole enables events of this target.
fn would_pass(target: &str, level: LevelFilter) -> bool {
    struct Asking;
    static ASKING: Asking = Asking;
    static METADATA: Metadata<'static> = metadata(TARGET, Level::ERROR);
    const fn metadata(target: &str, level: Level) -> Metadata<'_> {
        let fields = FieldSet::new(&[], Identifier(&ASKING));
        Metadata::new(NAME, target, level, None, None, None, fields, Kind::EVENT)
    }
    impl Callsite for Asking {
        fn set_interest(&self, _: Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            &METADATA
        }
    }
    let asked = metadata(target, level.into_level().unwrap_or(Level::ERROR));
    dispatcher::get_default(|subscriber| subscriber.enabled(&asked))
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
        /// The target that it refuses.
        target: String,
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
            SelfTestError::FilterOfAll { target, level, rust_log } => {
                write!(
                    f,
                    "a filter of the whole subscriber refuses target `{target}` at {level}; give that filter to the \
                     other layers, `fmt::layer().with_filter(filter)`, or let `{target}={level}` pass; "
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
