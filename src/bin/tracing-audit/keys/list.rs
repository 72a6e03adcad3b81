//! `keys list`: what a store holds.

use std::io::{self, Write};

use tracing_audit::Inspection;

use super::Store;
use crate::terminal::quoted;

/// What could be read; what is wrong with the rest is in the inspection.
pub(super) fn list(store: &Store, out: &mut impl Write) -> io::Result<Inspection> {
    let found = store.options().inspect(&store.folder);
    if let Some(pin) = found.pin {
        writeln!(out, "pin    {pin}, of log {}", pin.id())?;
    }
    if let Some(endorsed) = &found.endorsed {
        let (fleet, origin) = (endorsed.endorsement().public_key, quoted(endorsed.origin()));
        writeln!(out, "fleet  {fleet} endorses it, for a log named {origin}")?;
    }
    for key in &found.keys {
        let next = found.keys.iter().any(|other| other.in_force && other.epoch < key.epoch);
        let says = match (key.in_force, next) {
            (true, _) => "in force",
            (false, true) => "comes next",
            (false, false) => "handed over; the next start removes it",
        };
        writeln!(out, "key    {} of epoch {}: {says}", key.id, key.epoch)?;
    }
    match &found.head {
        Some(head) => {
            let (seq, hash, file, bytes) = (head.seq, head.hash, head.file, head.bytes);
            let name = quoted(&head.name);
            writeln!(out, "head   {seq}:{hash}, which ends at byte {bytes} of file {file}, {name}")?;
            writeln!(out, "       epoch {} began at {}", head.epoch, head.epoch_start)?;
        }
        None if found.problems.is_empty() => writeln!(out, "head   none: no log was begun")?,
        None => {}
    }
    Ok(found)
}
