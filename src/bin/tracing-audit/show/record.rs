//! A line as a person reads it.

use std::io::Write as _;
use std::time::Duration;

use tracing_audit::trail::Line;

use super::control;
use super::members::{Member, Parts};
use super::text;

/// Appends one line of text without a newline: number, time, level; then actor, what was done, and the rest, or a
/// sentence on a control line. None of it is harmful to a terminal.
pub(super) fn write(line: &Line<'_>, parts: &Parts<'_>, out: &mut Vec<u8>) {
    let mut number = itoa::Buffer::new();
    let number = number.format(line.link.seq);
    pad(number.len(), 6, out);
    out.extend_from_slice(number.as_bytes());
    out.extend_from_slice(b"  ");
    // `2026-11-21 20:41:00.250`: UTC, to the millisecond; the line itself has nine digits.
    out.extend_from_slice(&line.timestamp.as_bytes()[..10]);
    out.push(b' ');
    out.extend_from_slice(&line.timestamp.as_bytes()[11..23]);
    out.extend_from_slice(b"  ");
    let level = line.level.as_str();
    out.extend_from_slice(level.as_bytes());
    pad(level.len(), 5, out);
    out.extend_from_slice(b"  ");
    if line.kind.is_control() {
        control::write(line, out);
    } else {
        record(line, parts, out);
    }
}

fn record(line: &Line<'_>, parts: &Parts<'_>, out: &mut Vec<u8>) {
    let (mut actor, mut action, mut message) = (None, None, None);
    for member in parts.fields() {
        match member.name.raw {
            "actor" => actor = Some(&member.value),
            "action" => action = Some(&member.value),
            "message" => message = Some(&member.value),
            _ => {}
        }
    }
    let width = match actor {
        Some(actor) => {
            actor.write(out);
            actor.width()
        }
        None => {
            out.push(b'-');
            1
        }
    };
    pad(width, 20, out);
    if line.target != "audit" {
        out.extend_from_slice(b"  [");
        text::write(&line.target, out);
        out.push(b']');
    }
    if let Some(name) = &line.name {
        out.extend_from_slice(b"  ");
        text::write(name, out);
    }
    if let Some(nanos) = line.duration_ns {
        write!(out, " took {:?}", Duration::from_nanos(nanos)).expect("a Vec takes what is written");
    }
    for first in [action, message].into_iter().flatten() {
        out.extend_from_slice(b"  ");
        first.write(out);
    }
    let rest =
        parts.fields().iter().filter(|member| !matches!(member.name.raw, "actor" | "action" | "message"));
    members(rest, b"  ", out);
    for (number, (name, fields)) in parts.spans().enumerate() {
        out.extend_from_slice(if number == 0 { b"  in " } else { b" > " });
        name.write(out);
        if !fields.is_empty() {
            out.push(b'{');
            members(fields.iter(), b"", out);
            out.push(b'}');
        }
    }
}

fn members<'a, 'm: 'a>(members: impl Iterator<Item = &'a Member<'m>>, mut before: &[u8], out: &mut Vec<u8>) {
    for Member { name, value } in members {
        out.extend_from_slice(before);
        name.write(out);
        out.push(b'=');
        value.write(out);
        before = b" ";
    }
}

/// Spaces after text that is narrower.
fn pad(width: usize, least: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + least.saturating_sub(width), b' ');
}
