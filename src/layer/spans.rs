//! What is kept of a span while it is open, in its extensions.

use std::time::Instant;

use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::layout::Layout;
use super::values::Values;
use crate::trail::canonical::MAX_SAFE_INTEGER;

/// One span as one log sees it.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) layout: &'static Layout,
    since: Instant,
    values: Values,
    /// `{"actor":"bob"}`: the values as they stand in a record, so that an event within the span only copies.
    pub(super) fields: Vec<u8>,
}

impl Recorded {
    pub(super) fn new(layout: &'static Layout, since: Instant, values: &Values) -> Recorded {
        let mut recorded = Recorded { layout, since, values: values.clone(), fields: Vec::new() };
        recorded.write_fields();
        recorded
    }

    /// Takes later values of its fields.
    pub(super) fn update(&mut self, newer: &Values) {
        self.values = self.values.updated(newer);
        self.write_fields();
    }

    fn write_fields(&mut self) {
        self.fields.clear();
        self.fields.reserve(self.layout.names + self.values.length());
        self.layout.write(&self.values, &mut self.fields);
    }

    /// From its creation to now, in nanoseconds.
    pub(super) fn duration(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX).min(MAX_SAFE_INTEGER)
    }

    /// `{"fields":{…},"name":"…"}`
    pub(super) fn write_context(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"fields\":");
        out.extend_from_slice(&self.fields);
        out.extend_from_slice(&self.layout.context);
    }
}

/// The extension: what each of the logs in the process keeps of the span. Extensions are found by their type, and the
/// logs are of one.
#[derive(Debug, Default)]
struct Kept(Vec<(u64, Recorded)>);

impl Kept {
    fn place(&self, log: u64) -> Option<usize> {
        self.0.iter().position(|(of, _)| *of == log)
    }
}

pub(super) fn insert<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>, log: u64, recorded: Recorded) {
    let mut extensions = span.extensions_mut();
    match extensions.get_mut::<Kept>() {
        Some(kept) => kept.0.push((log, recorded)),
        None => extensions.insert(Kept(vec![(log, recorded)])),
    }
}

pub(super) fn read<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>, log: u64, read: impl FnOnce(&Recorded)) {
    let extensions = span.extensions();
    let Some(kept) = extensions.get::<Kept>() else { return };
    if let Some(at) = kept.place(log) {
        read(&kept.0[at].1);
    }
}

pub(super) fn update<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>, log: u64, newer: &Values) {
    let mut extensions = span.extensions_mut();
    let Some(kept) = extensions.get_mut::<Kept>() else { return };
    if let Some(at) = kept.place(log) {
        kept.0[at].1.update(newer);
    }
}

pub(super) fn remove<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>, log: u64) -> Option<Recorded> {
    let mut extensions = span.extensions_mut();
    let kept = extensions.get_mut::<Kept>()?;
    let at = kept.place(log)?;
    Some(kept.0.swap_remove(at).1)
}
