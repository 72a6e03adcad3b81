//! Which events and spans are a log's, and how the layer says so without changing anything for other layers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber, level_filters::LevelFilter, span};
use tracing_subscriber::layer::{Context, Filter};

use super::self_test;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Which events and spans are one log's.
#[derive(Debug)]
pub(crate) struct Selection {
    id: u64,
    targets: Vec<String>,
    level: LevelFilter,
    all_spans: bool,
    registered: AtomicBool,
}

impl Selection {
    pub(super) fn new(targets: Vec<String>, level: LevelFilter, all_spans: bool) -> Selection {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Selection { id, targets, level, all_spans, registered: AtomicBool::new(false) }
    }

    pub(super) fn targets(&self) -> &[String] {
        &self.targets
    }

    /// Tells this log from the others in the process.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn level(&self) -> LevelFilter {
        self.level
    }

    /// Whether it becomes a record: an event when it comes, a span when it closes.
    pub(super) fn records(&self, metadata: &Metadata<'_>) -> bool {
        self.records_target(metadata.target()) && *metadata.level() <= self.level
    }

    /// As [`Selection::records`] for an event whose target is another than its callsite's.
    pub(super) fn records_target(&self, target: &str) -> bool {
        self.targets.iter().any(|root| is_below(target, root))
    }

    /// Whether the span is told with the events within it.
    pub(super) fn tells(&self, metadata: &Metadata<'_>) -> bool {
        (self.all_spans || self.records_target(metadata.target())) && *metadata.level() <= self.level
    }

    /// A callsite that is cached as `always` skips `enabled`, and with it the reset of the filters' state that an
    /// `enabled!` of another callsite has left on the thread; so ours are never `always`.
    fn interest(&self, metadata: &'static Metadata<'static>) -> Interest {
        let ours = if metadata.is_span() {
            self.tells(metadata)
        } else {
            self.records(metadata) || self_test::is_test(metadata)
        };
        if ours { Interest::sometimes() } else { Interest::never() }
    }

    /// The layer was put into a subscriber.
    pub(super) fn set_registered(&self) {
        self.registered.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_registered(&self) -> bool {
        self.registered.load(Ordering::Relaxed)
    }
}

/// `audit` itself and `audit::…`, but not `auditors`.
fn is_below(target: &str, root: &str) -> bool {
    target.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The filter that [`crate::AuditLayer`] comes with: it lets the layer see its events and spans whatever other filters
/// do, and leaves the level and the callsites of everybody else as they are.
#[derive(Debug, Clone)]
pub struct AuditFilter {
    selection: Arc<Selection>,
}

impl AuditFilter {
    pub(super) fn new(selection: Arc<Selection>) -> AuditFilter {
        AuditFilter { selection }
    }
}

impl<S> Filter<S> for AuditFilter {
    /// Always: what a filter disables it marks in a state of the thread, where the mark outlives an `enabled!` that no
    /// event follows, and would disable the next audit event. The layer looks at the target itself.
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.selection.interest(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.selection.level)
    }
}

/// Keeps the process from caching that nobody wants the log's callsites.
///
/// A callsite's interest is asked for when it is first reached, of the dispatchers that are registered; on a thread
/// without a subscriber the answer may be `never`, for all threads and for good. This dispatcher is registered for as
/// long as the log is open, is never anybody's default, and answers `sometimes`.
#[derive(Debug)]
pub(crate) struct Sentinel {
    selection: Arc<Selection>,
    _registered: Dispatch,
}

impl Sentinel {
    pub(super) fn new(selection: Arc<Selection>) -> Sentinel {
        let dispatch = Dispatch::new(Interested { selection: Arc::clone(&selection) });
        Sentinel { selection, _registered: dispatch }
    }

    pub(super) fn selection(&self) -> &Selection {
        &self.selection
    }
}

struct Interested {
    selection: Arc<Selection>,
}

impl Subscriber for Interested {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.selection.interest(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.selection.level)
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_ours_itself_or_below_and_never_by_its_first_letters() {
        let selection = Selection::new(vec!["audit".into(), "billing".into()], LevelFilter::INFO, false);
        for ours in ["audit", "audit::login", "audit::login::web", "billing", "billing::refund"] {
            assert!(selection.records_target(ours), "{ours}");
        }
        for other in ["", "auditors::x", "audit_other", "audit:", "Audit", "app::audit", "billings"] {
            assert!(!selection.records_target(other), "{other}");
        }
    }
}
