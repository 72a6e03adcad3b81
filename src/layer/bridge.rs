//! Events that come from the `log` crate. Through its bridge they all have the target `log`; the one that they were
//! given, and the place they come from, stand in fields `log.*`.

use tracing::{Event, Metadata};

/// The target that the event was given, where it came through the bridge.
pub(super) fn target<'a>(event: &'a Event<'_>) -> Option<&'a str> {
    if !is_bridged(event.metadata()) {
        return None;
    }
    normalized(event)
}

/// Whether this is the callsite of the bridge.
pub(super) fn is_bridged(metadata: &Metadata<'_>) -> bool {
    cfg!(feature = "log") && metadata.target() == "log" && metadata.name() == "log event"
}

#[cfg(feature = "log")]
fn normalized<'a>(event: &'a Event<'_>) -> Option<&'a str> {
    tracing_log::NormalizeEvent::normalized_metadata(event).map(|metadata| metadata.target())
}

#[cfg(not(feature = "log"))]
fn normalized<'a>(_: &'a Event<'_>) -> Option<&'a str> {
    None
}
