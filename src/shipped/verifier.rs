//! Takes streams, and says what holds of the logs in them.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::fact::{At, Fact, Shape};
use super::find::{self, Finder, Found, Outcome};
use super::groups::Groups;
use super::items::Items;
use super::names::{Besides, Names};
use super::report::{Options, Report, SCHEMA};
use super::restore::{self, Restored};
use super::sort::Sorter;
use super::walk::Walk;
use super::{Sources, judge, known, utf16};
use crate::trail::{Hash, KeyId, Line, Timestamp};
use crate::verify::{Basis, Finding, FindingKind, Identity, LISTED, Look, Notice, NoticeKind, Verdict};

/// Verifies the lines of any logs, in any order, as they come out of streams. It reads no clock; what its memory does
/// not hold goes to temporary files, in the system's folder for them (`TMPDIR`), which nobody else can open.
///
/// ```
/// use tracing_audit::shipped::{Options, Verifier};
/// use tracing_audit::verify::Verdict;
///
/// let key: tracing_audit::trail::PublicKey = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=".parse()?;
/// let mut verifier = Verifier::new(&Options { keys: vec![key], ..Options::default() });
/// verifier.read("second", include_bytes!("../../tests/example-log/audit.2026-11-22.jsonl").as_slice())?;
/// verifier.read("first", include_bytes!("../../tests/example-log/audit.2026-11-21.jsonl").as_slice())?;
/// let report = verifier.finish(std::time::SystemTime::now().into())?;
/// assert_eq!((report.verdict, report.logs[0].proved.lines), (Verdict::Intact, 11));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Verifier {
    options: Options,
    intake: Intake,
    findings: Vec<Finding>,
    /// Inputs without a line.
    looks: Vec<NoticeKind>,
}

impl Verifier {
    /// Verifies against these keys and expectations.
    pub fn new(options: &Options) -> Verifier {
        let intake = Intake {
            sorter: Sorter::new(options.memory),
            sources: Sources::default(),
            record: Vec::new(),
            foreign: BTreeMap::new(),
            besides: BTreeMap::new(),
            lines: 0,
            copies: 0,
            others: 0,
            cut: None,
            elsewhere: None,
            uncompared: None,
            named: 0,
            failed: None,
        };
        Verifier { options: options.clone(), intake, findings: Vec::new(), looks: Vec::new() }
    }

    /// Takes a stream to its end; `name` is what findings call it. It may mix lines of text, JSON values and CSV, with
    /// lines of logs in them; what others write into it hides none of them.
    ///
    /// All its lines count as given: what is missing between them is missing, whatever they are.
    ///
    /// # Errors
    ///
    /// What the reader says, and temporary files.
    pub fn read(&mut self, name: &str, reader: impl Read) -> io::Result<()> {
        self.read_as(name, reader, false)
    }

    /// Takes a stream of copies of lines that name keys, as `<prefix>.keys` is one. They prove keys; they don't count as
    /// given, so that nothing is missing between them. Which streams are copies is for the caller to say: who could
    /// delete lines could leave those that name keys.
    ///
    /// # Errors
    ///
    /// As [`Verifier::read`].
    pub fn read_copies(&mut self, name: &str, reader: impl Read) -> io::Result<()> {
        self.read_as(name, reader, true)
    }

    pub(super) fn read_as(&mut self, name: &str, reader: impl Read, copies: bool) -> io::Result<()> {
        let source = self.intake.sources.add(name, copies);
        let at = self.options.at.as_deref();
        let intake = &mut self.intake;
        let (text, first) = utf16::Text::new(reader)?;
        let before = (intake.lines + intake.copies, intake.others);
        intake.elsewhere = None;
        let mut items = Items::new(source, text);
        while let Some((place, item)) = items.next()? {
            let outcome = intake.item(place, item, at);
            intake.count(place, item, at, outcome);
            intake.failed.take().map_or(Ok(()), Err)?;
        }
        let any = intake.lines + intake.copies > before.0;
        if !any && intake.others > before.1 && self.looks.len() < LISTED {
            let member = intake.elsewhere.take();
            let look = if member.is_some() { Look::OtherMember } else { Look::of(&first) };
            self.looks.push(NoticeKind::LooksLike { file: name.to_owned(), look, member });
        }
        Ok(())
    }

    /// A stream ended before its end.
    pub(super) fn find(&mut self, kind: FindingKind) {
        self.findings.push(Finding::new(None, None, kind));
    }

    /// All streams were taken. `now` is for [`Options::max_silence`].
    ///
    /// # Errors
    ///
    /// Temporary files.
    pub fn finish(self, now: Timestamp) -> io::Result<Report> {
        let Verifier { options, intake, mut findings, looks } = self;
        let Intake {
            sorter, sources, mut foreign, mut besides, lines, copies, others, cut, uncompared, ..
        } = intake;
        let mut groups = Groups::new(sorter.finish()?, &sources)?;
        let (mut logs, mut unknown, mut more) = (Vec::new(), 0, (0, Verdict::Intact));
        while let Some(log) = groups.begin() {
            let (identity, history) =
                known::hand_offs(&mut groups, &Identity::new(log, &options.keys, &options.trust))?;
            let mut walk = Walk::new(log, &options, &sources, identity, history);
            let mut restored = Names::default();
            groups.each(&mut walk, Walk::is_signed, |walk, group, changed| {
                for member in changed {
                    restored.count(member);
                }
                walk.take(group);
            })?;
            let foreign = foreign.remove(&log).unwrap_or_default();
            let beside = besides.remove(&log).unwrap_or_default().compared();
            if walk.given.first.is_none() {
                continue; // copies of another log's lines: nothing was given that they could prove
            }
            let report = judge::report(walk, beside, foreign.list(), restored.list(), now);
            unknown += usize::from(!report.pinned);
            match report.pinned || unknown <= LISTED {
                true => logs.push(report),
                false => more = (more.0 + 1, more.1.max(report.verdict)),
            }
        }
        findings.extend(judge::of_all(&mut logs, &options));
        let cut = cut.map(|(at, items, member)| (at, NoticeKind::Cut { items, member }));
        let uncompared = uncompared.map(|(at, lines)| (at, NoticeKind::NotCompared { lines }));
        let notices = cut.into_iter().chain(uncompared);
        let mut notices: Vec<_> =
            notices.map(|(at, kind)| Notice { at: Some(sources.place(at)), seq: None, kind }).collect();
        let looks = looks.into_iter().map(|kind| Notice { at: None, seq: None, kind });
        notices.splice(0..0, looks);
        if more.0 > 0 {
            notices.push(Notice { at: None, seq: None, kind: NoticeKind::MoreLogs { logs: more.0 } });
        }
        let verdicts = findings.iter().map(|finding| finding.kind.verdict()).chain([more.1]);
        let verdict = verdicts.chain(logs.iter().map(|log| log.verdict)).max().unwrap_or(Verdict::Intact);
        let more_logs = more.0;
        Ok(Report {
            schema: SCHEMA,
            verdict,
            sparse: options.sparse,
            logs,
            more_logs,
            lines,
            copies,
            others,
            findings,
            notices,
            basis: basis(options, now),
        })
    }
}

/// What the streams are verified with.
fn basis(options: Options, time: Timestamp) -> Basis {
    Basis {
        every_signature: options.every_signature,
        expect_head: options.expect_head,
        max_silence: options.max_silence,
        no_losses: options.no_losses,
        at: options.at,
        sparse: options.sparse,
        ..Basis::new(&[], &options.keys, &options.trust, time)
    }
}

/// Names of members, and examples, take so many bytes of all logs.
const NAMED: usize = 32 << 20;

/// And so many those of a log besides, at most about.
const LOG: usize = 200;

/// What was read so far.
struct Intake {
    sorter: Sorter,
    sources: Sources,
    record: Vec<u8>,
    /// Members that are not ours, of each log.
    foreign: BTreeMap<KeyId, Names>,
    /// Members beside raw lines, of each log.
    besides: BTreeMap<KeyId, Besides>,
    /// Lines that were given, and those of copies.
    lines: u64,
    copies: u64,
    others: u64,
    /// The first item that was cut, how many there were, and in which member it was.
    cut: Option<(At, u64, Option<String>)>,
    /// The member that has a line, where others than the one asked for have.
    elsewhere: Option<String>,
    /// The first line in a string whose beginning was elsewhere, and how many there were.
    uncompared: Option<(At, u64)>,
    /// Bytes that names of members take.
    named: usize,
    failed: Option<io::Error>,
}

impl Intake {
    fn item(&mut self, place: At, bytes: &[u8], at: Option<&str>) -> Outcome {
        let mut found = |found: Found<'_>| match found {
            Found::Line(line, time) => self.line(line, time, place),
            Found::Restored(restored) => self.restored(restored, place),
            Found::Beside(line, beside) => {
                if self.named < NAMED {
                    let besides = self.besides.entry(line.link.log).or_insert_with(|| {
                        self.named += LOG;
                        Besides::default()
                    });
                    self.named += besides.take(place, line.link.seq, beside);
                } else {
                    self.uncompared.get_or_insert((place, 0)).1 += 1;
                }
            }
        };
        Finder::new(at, &mut found).item(bytes)
    }

    fn count(&mut self, place: At, item: &[u8], at: Option<&str>, outcome: Outcome) {
        self.others += u64::from(matches!(outcome, Outcome::Cut | Outcome::NotOurs));
        match outcome {
            Outcome::Cut => {
                if at.is_some() && self.elsewhere.is_none() {
                    self.elsewhere = find::member_with_a_line(item);
                }
                if self.elsewhere.is_some() {
                    return; // it is whole, and stands where nobody asked for it
                }
                let cut = self.cut.get_or_insert_with(|| (place, 0, find::member_with_a_line(item)));
                cut.1 += 1;
            }
            Outcome::NotCompared => self.uncompared.get_or_insert((place, 0)).1 += 1,
            Outcome::Ours | Outcome::NotOurs => {}
        }
    }

    fn line(&mut self, line: &Line<'_>, time: Timestamp, at: At) {
        self.push(&Fact::of(line, time, Shape::Raw, at));
    }

    fn restored(&mut self, restored: Restored, at: At) {
        let Restored { log, seq, text, foreign } = restored;
        if !foreign.is_empty() && self.named >= NAMED {
            self.uncompared.get_or_insert((at, 0)).1 += 1;
        } else if !foreign.is_empty() {
            let names = self.foreign.entry(log).or_insert_with(|| {
                self.named += LOG;
                Names::default()
            });
            for name in foreign {
                self.named += names.count(name);
            }
        }
        match restore::line(&text) {
            Some((line, time)) => self.push(&Fact::of(&line, time, Shape::Restored, at)),
            None => self.push(&broken(log, seq, text, at)),
        }
    }

    fn push(&mut self, fact: &Fact) {
        match self.sources.is_given(fact.at.source) {
            true => self.lines += 1,
            false => self.copies += 1,
        }
        self.record.clear();
        fact.encode(&mut self.record);
        if let Err(error) = self.sorter.push(&self.record) {
            self.failed = Some(error);
        }
    }
}

fn broken(log: KeyId, seq: u64, text: Vec<u8>, at: At) -> Fact {
    Fact {
        log,
        seq,
        hash: Hash::of_line(&text),
        shape: Shape::Broken,
        at,
        prev: restore::prev(&text).unwrap_or(Hash::ZERO),
        time: Timestamp::default(),
        control: false,
        signature: None,
        length: u32::try_from(text.len()).unwrap_or(u32::MAX),
        text,
    }
}
