//! Real logs after crashes: what these left is loaded as the page has it, and told from forks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use tracing_audit::trail::{Chain, Line, Timestamp};

use crate::host::Host;
use crate::{Engine, tables};

const PAGE: &str = include_str!("../../contrib/sql/README.md");

const EVENT: &str = r#"{"fields":{"text":"a\\b é日😀"},"kind":"event","level":"INFO","target":"audit""#;

/// What a crash leaves: so many whole lines, and this after them.
const TAILS: [(&str, usize, &[u8]); 12] = [
    ("nothing", 0, b""),
    ("whole", 3, b""),
    ("newline", 2, b"\n"),
    ("half", 2, br#"{"fields":{"text":"a\\b"#),
    ("alone", 0, br#"{"fields":{"text":"a\\b"#),
    ("character", 1, b"{\"fields\":{\"text\":\"\xe6\x97"),
    ("surrogate", 1, b"{\"fields\":{\"text\":\"\xed\xa0\x80"),
    ("zeros", 1, &[0; 700]),
    ("zeros within", 0, b"{\"fields\":{\"te\0\0\0\0\"},\"kind\":\"event\""),
    ("carriage return", 1, b"{\"fields\":{\"text\":\"\r"),
    ("delimiters", 1, b"\x01\x02\x01\x02\"'"),
    ("end of copy", 1, b"\\."),
];

/// Logs as they lie after crashes, and after the next start; in one table each.
pub(crate) struct Crashes {
    lying: Case,
    started: Case,
    forked: Case,
}

struct Case {
    path: PathBuf,
    rows: Vec<String>,
    /// The row of what is no line, up to how many there are.
    pieces: &'static str,
}

/// Made once for all engines.
static CRASHES: LazyLock<Crashes> = LazyLock::new(Crashes::new);

pub(crate) fn are_told_from_forks(engine: Engine) {
    let mut loaded = None;
    for case in [&CRASHES.lying, &CRASHES.started, &CRASHES.forked] {
        let Some(rows) = crate::rows(engine, "chain", &case.path) else { return };
        let (pieces, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.starts_with('|'));
        assert_eq!(rows, case.rows, "{}", case.path.display());
        // An engine may leave out what is no text; what it has, it names, each time alike.
        let [row] = &pieces[..] else { panic!("{pieces:?}") };
        let count: usize = row.strip_prefix(case.pieces).expect(row).parse().unwrap();
        assert!((2..TAILS.len()).contains(&count), "{row}");
        assert_eq!(*loaded.get_or_insert(count), count, "{}", case.path.display());
    }
}

impl Crashes {
    fn new() -> Crashes {
        let hosts: Vec<_> = TAILS.iter().map(|(name, ..)| running(name)).collect();
        let crashed =
            || hosts.iter().zip(TAILS).map(|(host, (_, whole, end))| host.crashed(tail(whole, end)));

        let lying: Vec<_> = crashed().collect();
        let rows = lying.iter().filter_map(|host| torn(host, "unsigned"));
        let lying = Case::of("lying", &lying, rows.collect(), "|malformed||");

        let mut started: Vec<_> = crashed().collect();
        let torn: Vec<_> = started.iter().filter_map(|host| torn(host, "torn")).collect();
        for (at, host) in started.iter_mut().enumerate() {
            host.start().records(20);
            if at % 2 == 0 {
                host.rotate().records(3);
            }
            host.stop();
        }
        let forks = started.iter().zip(&hosts).take(4).map(|(host, running)| {
            // Two that go on from one copy, each after a crash of its own.
            let mut other = running.crashed(|_| Vec::new());
            other.start().records(9).stop();
            (branched(&[host, &other]), other)
        });
        let (rows, others): (Vec<_>, Vec<_>) = forks.unzip();
        let rows = torn.iter().cloned().chain(rows.into_iter().flatten()).collect();
        let all: Vec<_> = started.iter().chain(&others).collect();
        let forked = Case::of("forked", &all, rows, "|torn||");
        let started = Case::of("started", &started, torn, "|torn||");
        Crashes { lying, started, forked }
    }
}

impl Case {
    /// The files are put together as the page has it.
    fn of(
        name: &str,
        hosts: &[impl std::borrow::Borrow<Host>],
        mut rows: Vec<String>,
        pieces: &'static str,
    ) -> Case {
        let path = tables::written(&format!("crash-{name}"), &[], &[], &[]);
        for entry in fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with("audit")) {
                fs::remove_file(entry).unwrap();
            }
        }
        let files = hosts.iter().flat_map(|host| host.borrow().files());
        for (number, file) in files.enumerate() {
            fs::copy(file, path.join(format!("audit{number}.jsonl"))).unwrap();
        }
        let (_, script) = PAGE.split_once("```sh\nLC_ALL=C grep").expect("the page puts files together");
        let (script, _) = script.split_once("```").expect("it ends");
        let status =
            Command::new("sh").args(["-euc", &format!("LC_ALL=C grep{script}")]).current_dir(&path).status();
        assert!(status.unwrap().success());
        rows.sort_unstable();
        Case { path, rows, pieces }
    }
}

fn running(name: &'static str) -> Host {
    let mut host = Host::new(name);
    host.start().records(5).hand_over().records(5);
    host
}

/// Unsigned lines that go on after the last one, and an end.
fn tail(whole: usize, end: &'static [u8]) -> impl FnOnce(&Line<'_>) -> Vec<u8> {
    move |last| {
        let mut chain = Chain::after(last.link.log, last.link.seq + 1, last.hash());
        let mut bytes = Vec::new();
        for _ in 0..whole {
            chain.unsigned(EVENT.as_bytes(), Timestamp::from_nanos(1_790_000_000_000_000_000), &mut bytes);
        }
        bytes.extend(end);
        bytes
    }
}

/// Lines of a log that are lines, each with its number.
fn lines(host: &Host) -> Vec<(String, u64, Vec<u8>, bool)> {
    let texts = host.shipped().into_iter();
    let lines = texts.filter_map(|text| {
        let line = Line::parse(&text).ok()?;
        Some((line.link.log.to_string(), line.link.seq, text.clone(), line.link.signature.is_some()))
    });
    lines.collect()
}

/// The row for the unsigned lines at the end.
fn torn(host: &Host, finding: &str) -> Option<String> {
    let lines = lines(host);
    let tail: Vec<_> = lines.iter().rev().take_while(|(.., signed)| !signed).collect();
    let ((log, last, ..), (_, first, ..)) = (tail.first()?, tail.last()?);
    Some(format!("{log}|{finding}|{first}|{last}"))
}

/// A row for each number that differs, among the lines that are not torn.
fn branched(hosts: &[&Host]) -> Vec<String> {
    let mut numbers: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for host in hosts {
        let lines = lines(host);
        for (at, (log, seq, text, _)) in lines.iter().enumerate() {
            // What a line that goes on takes the number of is no record.
            let again = lines[at + 1..].iter().any(|(_, later, ..)| later == seq);
            if !again {
                numbers.entry((log.clone(), *seq)).or_default().insert(text.clone());
            }
        }
    }
    let differ = numbers.into_iter().filter(|(_, lines)| lines.len() > 1);
    let rows: Vec<_> = differ.map(|((log, seq), _)| format!("{log}|branched|{seq}|{seq}")).collect();
    assert!(rows.len() > 5, "{rows:?}");
    rows
}
