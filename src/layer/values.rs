//! What a record's fields hold, visited into a buffer of our own before any lock is taken: a field's `Debug` is
//! somebody else's code, and may log.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::field::{Field, Visit};

use super::text::{Remarks, Text};
use crate::trail::canonical::write;

/// Sources of an error that are told; a chain that ends in itself has an end here.
const MAX_SOURCES: usize = 64;

/// Encoded values, by the number of their field in the callsite.
#[derive(Debug, Default, Clone)]
pub(super) struct Values {
    bytes: Vec<u8>,
    /// Where each value stands. JSON is never empty: what is empty was not recorded.
    places: Vec<Range<usize>>,
    remarks: Vec<Remark>,
}

/// What stands beside a value that is not all that it should be. Few have one.
#[derive(Debug, Clone)]
pub(super) struct Remark {
    field: usize,
    /// Bytes of the whole value, where it was cut.
    pub(super) cut: Option<usize>,
    /// Why it could not be written, as a JSON string.
    pub(super) error: Option<Range<usize>>,
}

impl Values {
    pub(super) fn reset(&mut self, fields: usize) {
        self.bytes.clear();
        self.places.clear();
        self.places.resize(fields, 0..0);
        self.remarks.clear();
    }

    pub(super) fn visitor(&mut self, limit: usize) -> Visitor<'_> {
        Visitor { values: self, limit }
    }

    /// The encoded value of a field that was recorded.
    pub(super) fn value(&self, field: usize) -> Option<&[u8]> {
        let value = self.text(self.places.get(field)?);
        (!value.is_empty()).then_some(value)
    }

    pub(super) fn has_remarks(&self) -> bool {
        !self.remarks.is_empty()
    }

    pub(super) fn remark(&self, field: usize) -> Option<&Remark> {
        self.remarks.iter().find(|remark| remark.field == field)
    }

    pub(super) fn text(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes[range.clone()]
    }

    /// Bytes of all values.
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// What holds of the same fields once `newer` is recorded as well.
    pub(super) fn updated(&self, newer: &Values) -> Values {
        let mut updated = Values::default();
        updated.reset(self.places.len());
        for field in 0..self.places.len() {
            updated.copy(field, if newer.value(field).is_some() { newer } else { self });
        }
        updated
    }

    /// Drops a buffer that one large record has made large.
    pub(super) fn trim(&mut self, keep: usize) {
        if self.bytes.capacity() > keep {
            self.bytes = Vec::new();
        }
    }

    fn copy(&mut self, field: usize, other: &Values) {
        let Some(value) = other.value(field) else { return };
        self.places[field] = self.append(value);
        if let Some(Remark { cut, error, .. }) = other.remark(field) {
            let error = error.as_ref().map(|error| self.append(other.text(error)));
            self.remarks.push(Remark { field, cut: *cut, error });
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}

/// Encodes values as it is shown them.
pub(super) struct Visitor<'a> {
    values: &'a mut Values,
    limit: usize,
}

impl Visitor<'_> {
    fn encode<R>(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let start = self.values.bytes.len();
        let result = write(&mut self.values.bytes);
        if let Some(place) = self.values.places.get_mut(field.index()) {
            *place = start..self.values.bytes.len();
        }
        result
    }

    fn text(&mut self, field: &Field, write: impl FnOnce(&mut Text<'_>)) {
        let limit = self.limit;
        let remarks = self.encode(field, |out| {
            let mut text = Text::new(out, limit);
            write(&mut text);
            text.finish()
        });
        self.remark(field, remarks);
    }

    fn remark(&mut self, field: &Field, Remarks { cut, error }: Remarks) {
        if cut.is_none() && error.is_none() {
            return;
        }
        let start = self.values.bytes.len();
        let error = error.map(|error| {
            write::string(&error, &mut self.values.bytes);
            start..self.values.bytes.len()
        });
        self.values.remarks.push(Remark { field: field.index(), cut, error });
    }
}

impl Visit for Visitor<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.encode(field, |out| write::boolean(value, out));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.encode(field, |out| write::signed(value, out));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.encode(field, |out| write::unsigned(value, out));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.encode(field, |out| write::signed_wide(value, out));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.encode(field, |out| write::unsigned_wide(value, out));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.encode(field, |out| write::float(value, out));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if write::longest_string(value) <= self.limit {
            return self.encode(field, |out| write::string(value, out));
        }
        self.text(field, |text| text.push(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        let (whole, limit) = (write::bytes_length(value.len()), self.limit);
        if whole <= limit {
            return self.encode(field, |out| write::bytes(value, out));
        }
        self.encode(field, |out| {
            let start = out.len();
            // Each byte takes more than one: so many are enough.
            write::bytes(&value[..value.len().min(limit)], out);
            out.truncate(start + limit - 1);
            out.push(b'"');
        });
        self.remark(field, Remarks { cut: Some(whole), error: None });
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

/// A `Debug` that panics spoils its own field and no more: the record must not be lost with it, nor those of the layers
/// behind this one.
fn told(text: &mut Text<'_>, value: fmt::Arguments<'_>) {
    match catch_unwind(AssertUnwindSafe(|| text.write_fmt(value))) {
        Ok(Ok(())) => {}
        Ok(Err(_)) => text.failed(&"its own formatting failed"),
        Err(_) => text.failed(&"its own formatting panicked"),
    }
}
