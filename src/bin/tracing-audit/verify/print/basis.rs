//! What a report was made with.

use std::io::{self, Write};
use std::path::Path;

use tracing_audit::verify::{Basis, Succession};

use super::PRINTED;
use crate::terminal::{count, named, quoted};

/// What the report was made with.
pub(in super::super) fn basis(basis: &Basis, out: &mut impl Write) -> io::Result<()> {
    let path = |path: &String| quoted(&named(Path::new(path)));
    let copies = basis.copies.iter().map(|copies| format!("copies {}", path(copies)));
    writeln!(
        out,
        "Read at {} by tracing-audit {}: {}.",
        basis.time,
        basis.version,
        listed(basis.paths.iter().map(path).chain(copies))
    )?;
    let pins = basis.pins.iter().map(|pin| format!("{} of log {}", pin.public_key, pin.id));
    let fleets = basis.fleet_keys.iter().map(|key| format!("fleet key {} ({})", key.public_key, key.id));
    let trusted = (basis.trusted > 0).then(|| format!("{} of trust files", count(basis.trusted, "log")));
    let trusted = listed(pins.chain(fleets).chain(trusted));
    writeln!(out, "Trusted: {}.", if trusted.is_empty() { "no key" } else { &trusted })?;
    match listed(asked(basis).into_iter()) {
        asked if asked.is_empty() => Ok(()),
        asked => writeln!(out, "Asked: {asked}."),
    }
}

/// What the caller asked beyond that: the verdict rests on it.
fn asked(basis: &Basis) -> Vec<String> {
    let given = |option: &str, is_given: bool| is_given.then(|| option.to_owned());
    let head = basis.expect_head.map(|head| format!("--expect-head {head}"));
    let silence = basis.max_silence.map(|most| format!("--max-silence {}", humantime::format_duration(most)));
    let successions = basis.successions.iter();
    let successions = successions.map(|Succession { old, new }| format!("--succession {old}={new}"));
    let options = [
        given("--from-start", basis.from_start),
        given("--part", basis.part),
        basis.since.map(|since| format!("--since {since}")),
        basis.until.map(|until| format!("--until {until}")),
        given("--no-losses", basis.no_losses),
        given("--every-signature", basis.every_signature),
        given("--sparse", basis.sparse),
        basis.at.as_deref().map(|at| format!("--at {}", quoted(at))),
        head,
        silence,
    ];
    options.into_iter().flatten().chain(successions).collect()
}

/// The first of them, and how many more there are.
fn listed(all: impl Iterator<Item = String>) -> String {
    let all = all.collect::<Vec<_>>();
    let shown = all[..all.len().min(PRINTED)].join(", ");
    match all.len() - all.len().min(PRINTED) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}
