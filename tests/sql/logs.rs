//! A table of lines: of real logs, some altered, some gone, some twice, in no order.

use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use tracing::{Dispatch, dispatcher, info};
use tracing_audit::trail::{Kind, Line};
use tracing_audit::{AuditLayer, KeyStore, Overflow, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use crate::tables;

/// Lines of three logs in one file, and what queries must say of them.
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    /// The rows of `chain.sql`, in order.
    pub(crate) breaks: Vec<String>,
    /// The rows of `signed.sql`, in order.
    pub(crate) signed: Vec<String>,
}

impl Table {
    /// Of a log with so many records, and two small ones.
    pub(crate) fn of_broken_logs(records: u64) -> Table {
        let mut large = log(records);
        let mut small = log(200);
        let whole = log(500);
        let (of_large, of_small) = (id(&large), id(&small));

        // The number of a line is its index.
        let (signed_of_large, signed_of_small) = (signed(&large), signed(&small));
        let places = usize::try_from(records).unwrap();
        let altered = (places / 2..places).find(|place| large[*place].contains("\"number\":")).unwrap();
        let gone = places * 7 / 10;
        alter(&mut large[altered], "\"number\":");
        large.drain(gone..gone + 3);
        // Its own link altered: the line before is innocent.
        alter(&mut small[50], "\"prev\":\"");
        let mut twin = small[60].clone();
        alter(&mut twin, "\"number\":");
        small.remove(70);
        let proving = [&large, &small, &whole].into_iter().flat_map(|log| proving(log));
        let mut signed: Vec<_> = proving.collect();
        signed.sort_unstable();
        small.push(twin);

        let mut breaks = vec![
            format!("{of_large}|altered|{altered}|{altered}"),
            format!("{of_large}|missing|{gone}|{}", gone + 2),
            format!("{of_small}|altered|50|50"),
            format!("{of_small}|branched|60|60"),
            format!("{of_small}|missing|70|70"),
            "|malformed||4".into(),
        ];
        // No signature reaches across a break.
        let in_large =
            [0..=altered, altered + 1..=gone - 1].map(|lines| tail(&of_large, &signed_of_large, lines));
        let in_small = [0..=49, 50..=50, 51..=69].map(|lines| tail(&of_small, &signed_of_small, lines));
        breaks.extend(in_large.into_iter().chain(in_small).flatten());
        breaks.sort_unstable();

        let mut lines = [large, small, whole.clone(), whole.clone()].concat();
        lines.extend(["{\"fields\":{}}".into(), "not a line, \\N \\x41 \"'%$".into()]);
        // An id that is none, a number that no integer holds.
        lines.push(whole[9].replace(&format!(r#""log":"{}""#, id(&whole)), r#""log":"x|torn|x|torn|xx""#));
        lines.push(whole[9].replace(r#""seq":9"#, r#""seq":9223372036854775807"#));
        tables::shuffle(&mut lines);
        let lines: Vec<_> = lines.into_iter().map(String::into_bytes).collect();
        let path = tables::written(&format!("tables-{records}"), &lines, &[], &[]);
        Table { path, breaks, signed }
    }
}

/// The lines of a log with so many records, the index of each its number.
fn log(records: u64) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(folder.path().join("keys")).unwrap();
    let builder = AuditLayer::builder(folder.path().join("log"), keys).rotation(Rotation::NEVER);
    let builder = builder.key_lines((records / 10).max(100)).overflow(Overflow::Block);
    let (layer, guard) = builder.sync_interval(Duration::from_secs(10)).build().unwrap();
    let dispatch = Dispatch::new(registry().with(layer));
    dispatcher::with_default(&dispatch, || {
        (0..records)
            .for_each(|number| info!(target: "audit", number, text = "a\\b\n\u{7f} é日😀 %$'\"", "read"));
    });
    guard.shutdown().unwrap();
    let text = fs::read_to_string(folder.path().join("log/audit.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn id(log: &[String]) -> String {
    Line::parse(log[0].as_bytes()).unwrap().link.log.to_string()
}

/// Another digit behind the mark.
fn alter(line: &mut String, mark: &str) {
    let at = line.find(mark).unwrap() + mark.len();
    let digit = if line[at..].starts_with('7') { "8" } else { "7" };
    line.replace_range(at..=at, digit);
}

/// What names keys, and the newest signed line.
fn proving(log: &[String]) -> Vec<String> {
    let signed = log.iter().filter(|line| line.ends_with("==\"}}"));
    let names_keys =
        |line: &&String| matches!(Line::parse(line.as_bytes()).unwrap().kind, Kind::Genesis | Kind::Handoff);
    let newest = signed.clone().next_back().unwrap();
    signed.filter(names_keys).chain([newest]).cloned().collect()
}

/// The numbers of the signed lines.
fn signed(log: &[String]) -> Vec<usize> {
    (0..log.len()).filter(|place| log[*place].ends_with("==\"}}")).collect()
}

/// The row for those of some lines that hang together which no signed line among them follows.
fn tail(id: &str, signed: &[usize], lines: RangeInclusive<usize>) -> Option<String> {
    let newest = signed.iter().rfind(|place| lines.contains(place));
    let first = newest.map_or(*lines.start(), |newest| newest + 1);
    (first <= *lines.end()).then(|| format!("{id}|unsigned|{first}|{}", lines.end()))
}
