//! The event that is measured: seven fields, as an audit event has them.

use tracing::info;

pub(crate) fn event(number: u64) {
    info!(
        target: "audit",
        actor = "alice@example.com",
        action = "token.issued",
        source_ip = "203.0.113.7",
        outcome = "success",
        request = number,
        admin = false,
        "token issued"
    );
}
