//! What a record's fields hold, visited into a buffer of our own before any lock is taken: a field's `Debug` is
//! somebody else's code, and may log.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::ops::Range;

use tracing::field::{Field, Visit};

use super::text::{Remarks, Text};
use crate::trail::canonical::write;

/// Sources of an error that are told; a chain that ends in itself has an end here.
const MAX_SOURCES: usize = 64;

/// Encoded values, by the number of their field in the callsite.
#[derive(Debug, Default)]
pub(super) struct Values {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
    remarked: bool,
}

/// Where a field's value stands in the bytes; JSON is never empty, so an empty range is a field that was not recorded.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    pub(super) value: Range<usize>,
    /// Bytes of the whole value, where it was cut.
    pub(super) cut: Option<usize>,
    /// Why the value is not all that it should be: a JSON string, or nothing.
    pub(super) error: Range<usize>,
}

impl Values {
    pub(super) fn reset(&mut self, fields: usize) {
        self.bytes.clear();
        self.slots.clear();
        self.slots.resize(fields, Slot::default());
        self.remarked = false;
    }

    pub(super) fn visitor(&mut self, limit: usize) -> Visitor<'_> {
        Visitor { values: self, limit }
    }

    /// Whether a value has a remark beside it.
    pub(super) fn remarked(&self) -> bool {
        self.remarked
    }

    pub(super) fn slot(&self, field: usize) -> Option<&Slot> {
        self.slots.get(field).filter(|slot| !slot.value.is_empty())
    }

    pub(super) fn text(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes[range.clone()]
    }

    /// Takes over the value of a field from `other`.
    pub(super) fn copy(&mut self, field: usize, other: &Values) {
        let Some(slot) = other.slot(field) else { return };
        let (value, error) = (self.append(other.text(&slot.value)), self.append(other.text(&slot.error)));
        self.put(field, Slot { value, cut: slot.cut, error });
    }

    /// What holds of the same fields once `newer` is recorded as well.
    pub(super) fn updated(&self, newer: &Values) -> Values {
        let mut updated = Values::default();
        updated.reset(self.slots.len());
        for field in 0..self.slots.len() {
            updated.copy(field, if newer.slot(field).is_some() { newer } else { self });
        }
        updated
    }

    /// Drops a buffer that one large record has made large.
    pub(super) fn trim(&mut self, keep: usize) {
        if self.bytes.capacity() > keep {
            self.bytes = Vec::new();
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    fn put(&mut self, field: usize, slot: Slot) {
        self.remarked |= slot.cut.is_some() || !slot.error.is_empty();
        if let Some(place) = self.slots.get_mut(field) {
            *place = slot;
        }
    }
}

/// Encodes values as it is shown them.
pub(super) struct Visitor<'a> {
    values: &'a mut Values,
    limit: usize,
}

impl Visitor<'_> {
    /// A value that is short whatever it is.
    fn short(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.values.bytes.len();
        write(&mut self.values.bytes);
        let value = start..self.values.bytes.len();
        self.values.put(field.index(), Slot { value, ..Slot::default() });
    }

    fn text(&mut self, field: &Field, write: impl FnOnce(&mut Text<'_>)) {
        let start = self.values.bytes.len();
        let mut text = Text::new(&mut self.values.bytes, self.limit);
        write(&mut text);
        let remarks = text.finish();
        self.remark(field, start, remarks);
    }

    fn remark(&mut self, field: &Field, start: usize, Remarks { cut, error }: Remarks) {
        let bytes = &mut self.values.bytes;
        let end = bytes.len();
        if let Some(error) = error {
            write::string(&error, bytes);
        }
        let error = end..bytes.len();
        self.values.put(field.index(), Slot { value: start..end, cut, error });
    }
}

impl Visit for Visitor<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.short(field, |out| write::boolean(value, out));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.short(field, |out| write::signed(value, out));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.short(field, |out| write::unsigned(value, out));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.short(field, |out| write::signed_wide(value, out));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.short(field, |out| write::unsigned_wide(value, out));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.short(field, |out| write::float(value, out));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, |text| text.push(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        let start = self.values.bytes.len();
        let whole = write::bytes_length(value.len());
        if whole <= self.limit {
            write::bytes(value, &mut self.values.bytes);
            return self.remark(field, start, Remarks::default());
        }
        // Four characters for three bytes: enough to fill the limit is encoded, and no more.
        write::bytes(&value[..value.len().min(self.limit)], &mut self.values.bytes);
        self.values.bytes.truncate(start + self.limit - 1);
        self.values.bytes.push(b'"');
        self.remark(field, start, Remarks { cut: Some(whole), error: None });
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let sources = std::iter::successors(value.source(), |&error| error.source()).take(MAX_SOURCES);
        self.text(field, |text| {
            told(text, format_args!("{value}"));
            sources.for_each(|source| told(text, format_args!(": {source}")));
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, |text| told(text, format_args!("{value:?}")));
    }
}

fn told(text: &mut Text<'_>, value: fmt::Arguments<'_>) {
    if text.write_fmt(value).is_err() {
        text.failed(&"its own formatting failed");
    }
}
