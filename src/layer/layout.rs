//! What is the same in all records of a callsite, made once: the members of `fields` in canonical order, and the text
//! around them.
//!
//! ```json
//! {"fields":{"actor":"alice","outcome":"failure"},"kind":"event","level":"INFO","target":"audit"
//!            ^^^^^^^^        ^^^^^^^^^^^         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^,^^^^^^^^^^^^^^^^^
//! ```

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{PoisonError, RwLock};

use tracing::Metadata;

use super::values::Values;
use crate::trail::canonical::{member_order, write};
use crate::trail::fit::{CUT, ERROR};

/// A callsite's constant parts.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) fields: usize,
    /// Bytes of all values' names, and the braces around them.
    pub(super) names: usize,
    /// The values, in order.
    members: Vec<Member>,
    /// The values and what may stand beside them, in order.
    remarked: Vec<Member>,
    /// `,"kind":"event","level":"INFO"`, and `,"name":"…"` where there is one.
    pub(super) kind: Vec<u8>,
    /// `,"name":"…"}`: how a span ends within the `spans` of others.
    pub(super) context: Vec<u8>,
    /// `,"target":"audit"`
    pub(super) target: Vec<u8>,
}

#[derive(Debug)]
struct Member {
    field: usize,
    part: Part,
    /// `,"actor":`
    name: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Value,
    Cut,
    Error,
}

impl Layout {
    fn new(metadata: &'static Metadata<'static>) -> Layout {
        let names = names(metadata);
        let of = |part: Part, remark: &str| {
            let recorded = names.iter().enumerate().filter_map(|(at, name)| Some((at, name.as_ref()?)));
            recorded.map(|(field, name)| (format!("{name}{remark}"), field, part)).collect::<Vec<_>>()
        };
        let values = of(Part::Value, "");
        let remarked = [values.clone(), of(Part::Cut, CUT), of(Part::Error, ERROR)].concat();
        let text = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            out
        };
        let members = sorted(values);
        Layout {
            fields: names.len(),
            names: members.iter().map(|member| member.name.len()).sum::<usize>() + 2,
            members,
            remarked: sorted(remarked),
            kind: text(&|out| kind(metadata, out)),
            context: text(&|out| {
                out.extend_from_slice(b",\"name\":");
                write::string(metadata.name(), out);
                out.push(b'}');
            }),
            target: text(&|out| target(metadata.target(), out)),
        }
    }

    /// The object `fields`.
    pub(super) fn write(&self, values: &Values, out: &mut Vec<u8>) {
        let start = out.len();
        if values.has_remarks() {
            self.remarked.iter().for_each(|member| member.write_remarked(values, out));
        } else {
            self.members.iter().for_each(|member| member.write(values, out));
        }
        if out.len() == start {
            out.push(b'{');
        } else {
            // In the place of the first member's comma.
            out[start] = b'{';
        }
        out.push(b'}');
    }
}

impl Member {
    fn write(&self, values: &Values, out: &mut Vec<u8>) {
        if let Some(value) = values.value(self.field) {
            out.extend_from_slice(&self.name);
            out.extend_from_slice(value);
        }
    }

    fn write_remarked(&self, values: &Values, out: &mut Vec<u8>) {
        let remark = values.remark(self.field);
        match self.part {
            Part::Value => self.write(values, out),
            Part::Cut => {
                if let Some(cut) = remark.and_then(|remark| remark.cut) {
                    out.extend_from_slice(&self.name);
                    write::unsigned(cut as u64, out);
                }
            }
            Part::Error => {
                if let Some(error) = remark.and_then(|remark| remark.error.as_ref()) {
                    out.extend_from_slice(&self.name);
                    out.extend_from_slice(values.text(error));
                }
            }
        }
    }
}

/// `,"target":"audit"`
pub(super) fn target(target: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"target\":");
    write::string(target, out);
}

fn kind(metadata: &Metadata<'_>, out: &mut Vec<u8>) {
    let kind: &[u8] = if metadata.is_span() { b"span" } else { b"event" };
    out.extend_from_slice(b",\"kind\":\"");
    out.extend_from_slice(kind);
    out.extend_from_slice(b"\",\"level\":\"");
    out.extend_from_slice(metadata.level().as_str().as_bytes());
    out.push(b'"');
    if metadata.is_span() || !is_made_up(metadata) {
        out.extend_from_slice(b",\"name\":");
        write::string(metadata.name(), out);
    }
}

/// Whether the event's name is the one that the macros give where they are given none: `event src/main.rs:7`.
fn is_made_up(metadata: &Metadata<'_>) -> bool {
    let place = metadata.name().strip_prefix("event ").and_then(|place| place.rsplit_once(':'));
    let named = place.is_some_and(|(file, line)| {
        metadata.file() == Some(file) && line.parse().ok().is_some_and(|line| metadata.line() == Some(line))
    });
    named || super::bridge::is_bridged(metadata)
}

/// Each field's name in the record; none for what is not recorded.
fn names(metadata: &'static Metadata<'static>) -> Vec<Option<String>> {
    let mut seen = HashMap::<String, usize>::new();
    let bridged = super::bridge::is_bridged(metadata);
    let name = |field: tracing::field::Field| {
        if bridged && field.name().starts_with("log.") {
            return None;
        }
        let name = field.name().split('.').map(|part| part.strip_prefix("r#").unwrap_or(part));
        let name = name.collect::<Vec<_>>().join(".").replace('#', "##");
        let times = match seen.entry(name.clone()) {
            Entry::Occupied(mut seen) => {
                *seen.get_mut() += 1;
                *seen.get()
            }
            Entry::Vacant(seen) => *seen.insert(1),
        };
        Some(if times == 1 { name } else { format!("{name}#{times}") })
    };
    metadata.fields().iter().map(name).collect()
}

fn sorted(mut members: Vec<(String, usize, Part)>) -> Vec<Member> {
    members.sort_by(|(a, ..), (b, ..)| member_order(a, b));
    let member = |(name, field, part): (String, usize, Part)| {
        let mut text = vec![b','];
        write::string(&name, &mut text);
        text.push(b':');
        Member { field, part, name: text }
    };
    members.into_iter().map(member).collect()
}

/// Layouts by the address of their callsite's metadata.
pub(super) type Layouts = HashMap<usize, &'static Layout, BuildHasherDefault<AddressHasher>>;

static LAYOUTS: RwLock<Option<Layouts>> = RwLock::new(None);

/// The callsite's layout. Metadata is never freed, and no more is its layout.
pub(super) fn of(metadata: &'static Metadata<'static>, nearby: &mut Layouts) -> &'static Layout {
    nearby.entry(address(metadata)).or_insert_with(|| shared(metadata))
}

fn shared(metadata: &'static Metadata<'static>) -> &'static Layout {
    let known = LAYOUTS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(layout) = known.as_ref().and_then(|layouts| layouts.get(&address(metadata))) {
        return layout;
    }
    drop(known);
    let mut layouts = LAYOUTS.write().unwrap_or_else(PoisonError::into_inner);
    layouts
        .get_or_insert_default()
        .entry(address(metadata))
        .or_insert_with(|| Box::leak(Box::new(Layout::new(metadata))))
}

fn address(metadata: &'static Metadata<'static>) -> usize {
    std::ptr::from_ref(metadata) as usize
}

/// Addresses are spread enough by one multiplication (Fibonacci hashing; Knuth, volume 3, 6.4).
#[derive(Debug, Default)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = (self.0 ^ address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }
}
