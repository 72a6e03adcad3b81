//! What happens on the caller's thread: is it ours? fields and spans → canonical JSON → hand over.
//!
//! The layer makes the body of a line (see [`crate::trail::Chain::unsigned`]) and hands it over with its time; number,
//! hash and signature are the writer's. It logs nothing, takes no lock while a field's `Debug` runs, and allocates
//! nothing once a callsite is known to a thread.

mod bridge;
mod filter;
mod layout;
mod scratch;
mod self_test;
mod spans;
mod text;
mod values;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber, span};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Scope};

pub use self::filter::AuditFilter;
use self::filter::Selection;
pub(crate) use self::filter::Sentinel;
use self::layout::Layout;
use self::scratch::Scratch;
pub use self::self_test::SelfTestError;
pub(crate) use self::self_test::static_max_level_refuses;
use self::spans::Recorded;
use crate::losses::Loss;
use crate::quiet::{is_quiet, quiet};
use crate::recorder::{Record, Recorder};
use crate::require;
use crate::trail::canonical::write;
use crate::trail::{self, fit};

/// A layer that records audit events and spans in a log.
///
/// It comes from its builder with its [`AuditFilter`] around it, and composes with any other layers, in any order. It
/// changes nothing for them. Do not put a filter of your own around it: that filter decides what is audited.
///
/// ```
/// use tracing::info;
///
/// info!(target: "audit", actor = "alice", action = "token.issued", "token issued");
/// // A name with a dot needs braces around the fields when a message follows:
/// info!(target: "audit", { actor.id = 7, action = "login" }, "logged in");
/// ```
///
/// A span becomes a record when it closes; one that is still open when the process dies leaves none. A field's `Debug`
/// that emits an audit event of its own is recorded under a global subscriber; under a scoped one (`set_default`)
/// `tracing` drops the inner event.
#[derive(Debug)]
pub struct AuditLayer {
    recorder: Arc<Recorder>,
    selection: Arc<Selection>,
    span_records: bool,
    /// How many spans are open that become records.
    open: AtomicUsize,
    value_limit: usize,
    body_limit: usize,
}

/// What the builder has set for the layer.
#[derive(Debug, Clone)]
pub(crate) struct LayerConfig {
    /// Targets that are recorded, and what is below them.
    pub(crate) targets: Vec<String>,
    /// The least severe level that is recorded.
    pub(crate) level: LevelFilter,
    /// Whether a span becomes a record when it closes.
    pub(crate) span_records: bool,
    /// Whether events tell spans of other targets, too.
    pub(crate) all_spans: bool,
    /// Bytes that an encoded value takes at most, its quotes included.
    pub(crate) value_limit: usize,
    /// Bytes that a line takes at most, its newline included.
    pub(crate) line_limit: usize,
}

impl Default for LayerConfig {
    fn default() -> LayerConfig {
        LayerConfig {
            targets: vec!["audit".to_owned()],
            level: LevelFilter::INFO,
            span_records: true,
            all_spans: false,
            value_limit: 4096,
            line_limit: trail::DEFAULT_LINE_LIMIT,
        }
    }
}

impl AuditLayer {
    pub(crate) fn new(recorder: Arc<Recorder>, config: LayerConfig) -> AuditLayer {
        let LayerConfig { targets, level, span_records, all_spans, value_limit, line_limit } = config;
        AuditLayer {
            recorder,
            selection: Arc::new(Selection::new(targets, level, all_spans)),
            span_records,
            open: AtomicUsize::new(0),
            value_limit,
            body_limit: line_limit.saturating_sub(trail::CHAIN_RESERVE),
        }
    }

    /// The filter that has to be around the layer.
    pub(crate) fn filter(&self) -> AuditFilter {
        AuditFilter::new(Arc::clone(&self.selection))
    }

    /// What has to live as long as the log is open.
    pub(crate) fn sentinel(&self) -> Sentinel {
        Sentinel::new(Arc::clone(&self.selection))
    }

    fn event<S>(&self, event: &Event<'_>, target: Option<&str>, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut body = self.recorder.buffer();
        scratch::with(|scratch| {
            let layout = layout::of(event.metadata(), &mut scratch.layouts);
            scratch.values.reset(layout.fields);
            event.record(&mut scratch.values.visitor(self.value_limit));

            body.extend_from_slice(b"{\"fields\":");
            layout.write(&scratch.values, &mut body);
            self.finish(layout, target, ctx.event_scope(event), scratch, &mut body);
        });
        self.hand_over(body);
    }

    fn span<'a, S: LookupSpan<'a>>(&self, span: &Recorded, around: Option<Scope<'a, S>>) {
        let mut body = self.recorder.buffer();
        body.extend_from_slice(b"{\"duration_ns\":");
        write::unsigned(span.duration(), &mut body);
        body.extend_from_slice(b",\"fields\":");
        body.extend_from_slice(&span.fields);
        scratch::with(|scratch| self.finish(span.layout, None, around, scratch, &mut body));
        self.hand_over(body);
    }

    /// What stands behind the fields.
    fn finish<'a, S: LookupSpan<'a>>(
        &self,
        layout: &Layout,
        target: Option<&str>,
        around: Option<Scope<'a, S>>,
        scratch: &mut Scratch,
        body: &mut Vec<u8>,
    ) {
        body.extend_from_slice(&layout.kind);
        if let Some(around) = around {
            self.spans(around, scratch, body);
        }
        match target {
            None => body.extend_from_slice(&layout.target),
            Some(target) => layout::target(target, body),
        }
    }

    /// `,"spans":[…]`, root first, where there are any. The way leads from the leaf, hence the detour.
    fn spans<'a, S: LookupSpan<'a>>(&self, around: Scope<'a, S>, scratch: &mut Scratch, body: &mut Vec<u8>) {
        let Scratch { spans, starts, .. } = scratch;
        spans.clear();
        starts.clear();
        for span in around.filter(|span| self.selection.tells(span.metadata())) {
            spans::read(&span, self.selection.id(), |recorded| {
                starts.push(spans.len());
                recorded.write_context(spans);
            });
        }
        let Some(_) = starts.first() else { return };
        body.extend_from_slice(b",\"spans\":");
        let mut end = spans.len();
        let mut before = b'[';
        for start in starts.iter().rev() {
            body.push(before);
            body.extend_from_slice(&spans[*start..end]);
            (end, before) = (*start, b',');
        }
        body.push(b']');
    }

    fn hand_over(&self, mut body: Vec<u8>) {
        quiet(|| {
            let collecting = require::is_collecting().then(|| self.recorder.board.failed_syncs());
            let handed_over = if fit::fit(&mut body, self.body_limit) {
                // The queue holds no more than its length times the line limit, whatever the records grew to first.
                body.shrink_to(self.body_limit);
                self.recorder.record(Record { body, time: self.recorder.now() }, collecting.is_some())
            } else {
                Err(self.recorder.lose(Loss::TooLarge))
            };
            if let Some(failed_syncs) = collecting {
                require::note(&self.recorder, failed_syncs, handed_over);
            }
        });
    }
}

impl<S> Layer<S> for AuditLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_layer(&mut self, _: &mut S) {
        self.selection.set_registered();
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let metadata = event.metadata();
        let target = bridge::target(event);
        let ours = match target {
            None => self.selection.records(metadata),
            Some(target) => {
                self.selection.records_target(target) && *metadata.level() <= self.selection.level()
            }
        };
        // The event of a self-test belongs to the log that is tested, whatever its targets are, and to no other.
        let ours = if self_test::is_test(metadata) { self_test::arrived(self.selection.id()) } else { ours };
        if ours && !is_quiet() {
            self.event(event, target, &ctx);
        }
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, ctx: Context<'_, S>) {
        let metadata = attributes.metadata();
        if !self.selection.tells(metadata) || is_quiet() {
            return;
        }
        let since = Instant::now();
        let recorded = scratch::with(|scratch| {
            let layout = layout::of(metadata, &mut scratch.layouts);
            scratch.values.reset(layout.fields);
            attributes.record(&mut scratch.values.visitor(self.value_limit));
            Recorded::new(layout, since, &scratch.values)
        });
        if let Some(span) = ctx.span(id) {
            spans::insert(&span, self.selection.id(), recorded);
            if self.selection.records(metadata) {
                self.open.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, ctx: Context<'_, S>) {
        let Some(metadata) = ctx.metadata(id) else { return };
        if !self.selection.tells(metadata) || is_quiet() {
            return;
        }
        scratch::with(|scratch| {
            scratch.values.reset(metadata.fields().len());
            values.record(&mut scratch.values.visitor(self.value_limit));
            if let Some(span) = ctx.span(id) {
                spans::update(&span, self.selection.id(), &scratch.values);
            }
        });
    }

    fn on_close(&self, id: span::Id, ctx: Context<'_, S>) {
        // Spares the spans of others a look-up. Whoever closes a span has seen its creation, so that the count has it.
        if !self.span_records || self.open.load(Ordering::Relaxed) == 0 {
            return;
        }
        let Some(span) = ctx.span(&id) else { return };
        if !self.selection.records(span.metadata()) || is_quiet() {
            return;
        }
        let Some(recorded) = spans::remove(&span, self.selection.id()) else { return };
        self.open.fetch_sub(1, Ordering::Relaxed);
        self.span(&recorded, span.parent().map(|parent| parent.scope()));
    }
}

#[cfg(test)]
mod tests;
