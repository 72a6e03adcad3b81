//! Nested data in a field: `scopes = ?json(&["read", "pay"])`.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::Serialize;

use crate::trail::canonical::value::{self, ValueError};

/// How deep a value may nest and still be told as text, where it is too deep for a line.
const TEXT_DEPTH: usize = 256;

/// Bytes that a thread keeps after a large value.
const KEEP: usize = 64 * 1024;

/// Records any [`Serialize`] as nested JSON, by the rules of the format for numbers (section 1 of `docs/FORMAT.md`).
///
/// ```
/// use tracing_audit::json;
///
/// tracing::info!(target: "audit", actor = "alice", scopes = ?json(&["read", "pay"]), "token issued");
/// // {"fields":{"actor":"alice","message":"token issued","scopes":["read","pay"]},…
/// ```
///
/// For every other layer it is its canonical JSON text, with `?` and with `%`. So it is for the audit log where it is
/// part of another type's `Debug`, such as `?Some(json(&value))`.
///
/// A value that has no canonical JSON (its `serialize` fails, two members of one object have the same name, a member's
/// name is no string, it is nested deeper than 64) is recorded as a string of what JSON text it has, else as `null`,
/// with the reason beside it as `name#error`.
pub fn json<T: Serialize + ?Sized>(value: &T) -> Json<'_, T> {
    Json(value)
}

/// What [`json`] returns: a value whose text is its canonical JSON.
#[derive(Clone, Copy)]
pub struct Json<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> fmt::Debug for Json<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = TEXT.try_with(RefCell::take).unwrap_or_default();
        text.clear();
        let (form, error) = write(self.0, &mut text);
        let result = hand_over(&text, form, error, |text| f.write_str(text));
        if text.capacity() <= KEEP {
            let _ = TEXT.try_with(|kept| kept.replace(text));
        }
        result
    }
}

impl<T: Serialize + ?Sized> fmt::Display for Json<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> (Form, Option<ValueError>) {
    let Err(error) = value::value(value, out) else { return (Form::Nested, None) };
    let told = match &error {
        // `serde_json` would recurse as deep as the value does.
        ValueError::Depth => value::value_within(TEXT_DEPTH, value, out).is_ok(),
        _ => serde_json::to_writer(&mut *out, value).is_ok(),
    };
    if told {
        return (Form::Text, Some(error));
    }
    out.clear();
    out.extend_from_slice(b"null");
    (Form::Nested, Some(error))
}

/// What a text that [`Json`] writes is to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Canonical JSON.
    Nested,
    /// What could be said of a value that has no canonical JSON.
    Text,
}

/// What a [`Json`] says of the text that it is writing right now.
#[derive(Debug)]
pub(crate) struct Handed {
    text: (*const u8, usize),
    pub(crate) form: Form,
    pub(crate) error: Option<ValueError>,
}

thread_local! {
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static HANDED: Cell<Option<Handed>> = const { Cell::new(None) };
}

/// `Debug` is the only way from a field's value to a visitor, so the text goes that way, and a note beside it says at
/// which address it stands: a visitor that is given these very bytes knows that they are JSON. Whoever copied them
/// (into a `String`, or line by line) hands over another address, and then it is text like any other.
fn hand_over(
    text: &[u8],
    form: Form,
    error: Option<ValueError>,
    write: impl FnOnce(&str) -> fmt::Result,
) -> fmt::Result {
    let text = std::str::from_utf8(text).map_err(|_| fmt::Error)?;
    let note = Handed { text: (text.as_ptr(), text.len()), form, error };
    let _ = HANDED.try_with(|handed| handed.set(Some(note)));
    let result = write(text);
    let _ = HANDED.try_with(Cell::take);
    result
}

/// What the [`Json`] that writes `text`, if it is one, says of it.
pub(crate) fn handed(text: &str) -> Option<Handed> {
    HANDED
        .try_with(|handed| {
            let note = handed.take()?;
            if note.text == (text.as_ptr(), text.len()) {
                return Some(note);
            }
            handed.set(Some(note));
            None
        })
        .ok()?
}
