//! The check of a fleet, as `docs/FLEET.md` has it: over two days of real logs of several hosts, honest and forged.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use tracing_audit::trail::{Chain, Hash, Kind, Line, SecretKey, Timestamp};

use crate::host::{Host, text, tracing_audit};
use crate::postgresql::Server;
use crate::python::Python;
use crate::{require, sqlite, tables};

const PAGE: &str = include_str!("../../docs/FLEET.md");

/// Lines of the day before that are in the window.
const OVERLAP: usize = 30;

/// What has the lines.
pub(crate) enum Store {
    PostgreSql(Server),
    Python(&'static Python),
    Sqlite,
}

impl Store {
    /// The page's functions for its engine, over tables that are loaded.
    fn functions(&self, tables: &Path) -> String {
        match self {
            Store::PostgreSql(server) => server.environment(tables) + block("query() { psql"),
            Store::Python(python) => python.functions(tables),
            Store::Sqlite => sqlite::functions(tables),
        }
    }
}

/// The page's block that begins so.
fn block(begin: &str) -> &'static str {
    let at = PAGE.find(&format!("```sh\n{begin}")).expect("the page has the block") + "```sh\n".len();
    PAGE[at..].split("```").next().expect("it ends")
}

/// Unsigned lines that go on after the last one, and a piece that ends within a character.
fn torn(last: &Line<'_>) -> Vec<u8> {
    let mut chain = Chain::after(last.link.log, last.link.seq + 1, last.hash());
    let mut bytes = Vec::new();
    for _ in 0..3 {
        chain.unsigned(EVENT, Timestamp::from_nanos(1_790_000_000_000_000_000), &mut bytes);
    }
    bytes.extend(b"{\"fields\":{\"text\":\"\xe6\x97");
    bytes
}

const EVENT: &[u8] =
    br#"{"fields":{"amount":1000000,"to":"mallory"},"kind":"event","level":"INFO","target":"audit""#;

/// A log's lines of a window, in order.
type Window = Vec<Vec<u8>>;

/// Two days of the fleet, as the store has them, and whom the auditor trusts.
pub(crate) struct Fleet {
    trust: String,
    /// What arrived on the first day, and in the window of the second.
    first: Window,
    second: Window,
    /// Hosts to which something will be done on the second day.
    victims: Vec<Victim>,
}

/// One of them: its window of the second day, and its key of then.
struct Victim {
    window: Window,
    stolen: SecretKey,
}

impl Fleet {
    fn new() -> Fleet {
        let [mut web, mut db, mut mail] = ["web", "db", "mail"].map(Host::new);
        let mut pay: Vec<_> = FORGERIES.iter().map(|(name, _)| Host::new(name)).collect();
        for host in &mut pay {
            host.start().records(40).hand_over().records(40).hand_over().records(40);
        }
        // The only one that is not in the trust file by itself.
        let mut trust = web.endorse();
        web.start().records(20).stop().start().records(20).hand_over().stop();
        db.start().records(30).rotate().records(20);
        // Its keys are lost: another log takes its place.
        mail.start().records(20).rotate().records(5).stop();
        let line = mail.trust();
        let key = line.split_whitespace().nth(2).unwrap().to_owned();
        trust += &line;
        fs::remove_dir_all(mail.keys()).unwrap();
        tracing_audit(&["keys", "recover", text(&mail.log()), text(&mail.keys()), "--key", &key]);
        mail.start().records(20);
        trust.extend([&db, &mail].into_iter().chain(&pay).map(Host::trust));
        let first = [&web, &db, &mail].map(Host::shipped);
        let first_of_pay: Vec<_> = pay.iter().map(Host::shipped).collect();

        web.start().records(30).rotate().records(3).stop();
        let mut db = db.crashed(torn);
        db.start().records(10);
        let mut db = db.crashed(|_| b"\n".to_vec());
        db.start().records(10).hand_over().records(5);
        mail.hand_over().records(20);
        for host in &mut pay {
            host.records(50).hand_over().records(25).records(25);
        }
        let second = [&web, &db, &mail].into_iter().zip(&first).flat_map(|(host, first)| window(host, first));
        let second = second.collect();
        let victims = pay.iter().zip(&first_of_pay).map(|(host, first)| {
            let stolen = host.stolen();
            Victim { window: window(host, first), stolen }
        });
        let victims = victims.collect();
        let first = first.into_iter().chain(first_of_pay).flatten().collect();
        Fleet { trust, first, second, victims }
    }
}

/// The lines that came since there were these, and some before.
fn window(host: &Host, before: &[Vec<u8>]) -> Window {
    host.shipped().split_off(before.len() - OVERLAP)
}

/// A check of some lines, after those that remembered what is known.
struct Check {
    folder: TempDir,
    output: Output,
}

impl Check {
    fn of(lines: &[Vec<u8>], known: &[u8], fleet: &Fleet, store: &Store) -> Check {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = lines.to_vec();
        tables::shuffle(&mut lines);
        let within = |name: &str| folder.path().join(name);
        fs::write(within("lines.jsonl"), lines.join(&b'\n')).unwrap();
        fs::write(within("known.jsonl"), known).unwrap();
        fs::write(within("heads.csv"), "").unwrap();
        fs::write(within("fleet.trust"), &fleet.trust).unwrap();
        let ours = Path::new(env!("CARGO_BIN_EXE_tracing-audit")).parent().unwrap();
        let script = format!(
            "PATH={}:$PATH\n{}\n{}",
            ours.display(),
            store.functions(folder.path()),
            block("set -eu")
        );
        let output = Command::new("sh").arg("-c").arg(script).current_dir(&folder).output().unwrap();
        Check { folder, output }
    }

    fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    fn findings(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.output.stdout).lines().map(str::to_owned).collect()
    }
}

/// Honest logs pass on both days; on the second, each forgery is found, and nothing else.
pub(crate) fn is_checked(store: &Store) {
    if !require::available("jq", Command::new("jq").arg("--version")) {
        return;
    }
    let fleet = Fleet::new();
    let first = Check::of(&fleet.first, b"", &fleet, store);
    assert_eq!(
        (first.code(), first.findings()),
        (Some(0), vec![]),
        "{:?}\n{}",
        first.output,
        first.file("report.json")
    );
    let known = first.file("known.jsonl");

    let whole = fleet.victims.iter().flat_map(|victim| &victim.window);
    let lines = [&fleet.second[..], &whole.cloned().collect::<Vec<_>>()].concat();
    let second = Check::of(&lines, known.as_bytes(), &fleet, store);
    assert_eq!(
        (second.code(), second.findings()),
        (Some(0), vec![]),
        "{:?}\n{}",
        second.output,
        second.file("report.json")
    );
    let rows = second.file("chain.rows");
    assert!(rows.lines().count() > 0 && rows.lines().all(|row| row.contains("|torn|")), "{rows}");
    assert!(second.file("known.jsonl").lines().count() > known.lines().count());

    let mut lines = fleet.second.clone();
    let mut expected = Vec::new();
    for (victim, (_, forge)) in fleet.victims.iter().zip(FORGERIES) {
        let id = victim.line(0).link.log;
        let (window, rows) = forge(victim);
        expected.extend(rows.into_iter().map(|row| format!("{id}|{row}")));
        lines.extend(window);
    }
    let third = Check::of(&lines, known.as_bytes(), &fleet, store);
    let mut findings = third.findings();
    findings.sort_unstable();
    expected.sort_unstable();
    assert_eq!(findings, expected, "{:?}", third.output);
    assert_ne!(third.code(), Some(0));
    assert_eq!(third.file("known.jsonl"), known, "what was not proved is not remembered");
}

/// Something that is done to a log, and the rows that name it.
type Forgery = fn(&Victim) -> (Window, Vec<String>);

const FORGERIES: [(&str, Forgery); 9] = [
    ("tail", unsigned_tail),
    ("text", signed_by_a_text),
    ("other key", signed_by_another_key),
    ("within", a_line_within_a_line),
    ("again", written_again_over_the_old_head),
    ("cut", cut_before_the_old_head),
    ("smuggled", a_hand_off_that_only_the_verifier_sees),
    ("hole", a_hole),
    ("gone", all_of_it),
];

/// Without the key: all after the last hand-off written again.
fn unsigned_tail(victim: &Victim) -> (Window, Vec<String>) {
    let (mut window, mut chain, last) = victim.after_the_hand_off();
    let first = chain.next();
    while chain.next() <= last {
        window.push(unsigned(&mut chain));
    }
    (window, vec![format!("unsigned|{first}|{last}")])
}

/// The same; its last line has what looks like a signature.
fn signed_by_a_text(victim: &Victim) -> (Window, Vec<String>) {
    let (mut window, mut chain, last) = victim.after_the_hand_off();
    let first = chain.next();
    while chain.next() < last {
        window.push(unsigned(&mut chain));
    }
    let line = String::from_utf8(signed(&mut chain, &victim.stolen)).unwrap();
    let (start, _) = line.split_once(r#","sig":""#).unwrap();
    window.push(format!(r#"{start},"sig":"{}=="}}}}"#, "A".repeat(86)).into_bytes());
    (window, vec![format!("unproved|{first}|{last}")])
}

/// The same; signed by a key of the forger's own.
fn signed_by_another_key(victim: &Victim) -> (Window, Vec<String>) {
    let (mut window, mut chain, last) = victim.after_the_hand_off();
    let first = chain.next();
    while chain.next() < last {
        window.push(unsigned(&mut chain));
    }
    window.push(signed(&mut chain, &SecretKey::from_seed(&[9; 32])));
    (window, vec![format!("unproved|{first}|{last}")])
}

/// The same; its last line holds the true one, which a verifier may find in it.
fn a_line_within_a_line(victim: &Victim) -> (Window, Vec<String>) {
    let (mut window, _) = signed_by_a_text(victim);
    let text = String::from_utf8(window.pop().unwrap()).unwrap();
    let (_, trail) = text.split_once(r#","trail":"#).unwrap();
    let newest = serde_json::to_string(str::from_utf8(victim.window.last().unwrap()).unwrap()).unwrap();
    window.push(format!(r#"{{"fields":{{}},"message":{newest},"timestamp":"2026-11-21T20:41:00.250000000Z","trail":{trail}"#).into());
    // What the verifier proved is not in the table: so nothing in it is.
    let (first, last) = (victim.line(0).link.seq, victim.line(victim.window.len() - 1).link.seq);
    (window, vec![format!("unproved|{first}|{last}")])
}

/// Without a key: all from before the newest line that the last check proved up to the next hand-off.
fn written_again_over_the_old_head(victim: &Victim) -> (Window, Vec<String>) {
    let hand_off = victim.hand_off();
    let mut window = victim.window[..OVERLAP - 5].to_vec();
    let mut chain = victim.after(OVERLAP - 6);
    let old_head = victim.line(OVERLAP - 1).link.seq;
    while chain.next() < victim.line(hand_off).link.seq {
        window.push(unsigned(&mut chain));
    }
    let breaks = chain.next() - 1;
    let first = victim.first_unsigned(OVERLAP - 5);
    window.extend_from_slice(&victim.window[hand_off..]);
    (
        window,
        vec![
            format!("altered|{breaks}|{breaks}"),
            format!("unsigned|{first}|{breaks}"),
            format!("replaced|{old_head}|{old_head}"),
        ],
    )
}

fn cut_before_the_old_head(victim: &Victim) -> (Window, Vec<String>) {
    let old_head = victim.line(OVERLAP - 1).link.seq;
    let (first, last) = (victim.first_unsigned(OVERLAP / 2), victim.line(OVERLAP / 2 - 1).link.seq);
    let mut rows = vec![format!("gone|{old_head}|{old_head}")];
    rows.extend((first <= last).then(|| format!("unsigned|{first}|{last}")));
    (victim.window[..OVERLAP / 2].to_vec(), rows)
}

/// With the latest key: all of the second day is written again, a record in the place of the hand-off to that key. The
/// hand-off stands within a line that begins like a genesis.
fn a_hand_off_that_only_the_verifier_sees(victim: &Victim) -> (Window, Vec<String>) {
    let mut window = victim.window[..OVERLAP].to_vec();
    let mut chain = victim.after(OVERLAP - 1);
    let (first, last) = (chain.next(), victim.line(victim.window.len() - 1).link.seq);
    let text = String::from_utf8(signed(&mut chain, &victim.stolen)).unwrap();
    let (start, trail) = text.split_once(r#","timestamp":"#).unwrap();
    assert!(start.ends_with(r#""target":"audit""#));
    let hand_off = str::from_utf8(&victim.window[victim.hand_off()]).unwrap();
    let line = format!(
        r#"{{"fields":{{"epoch":1,"x":{hand_off}}},"trail":{{}},"x":{{}},"kind":"genesis","level":"INFO","target":"audit","timestamp":{trail}"#
    );
    let mut chain = Chain::after(chain.log(), chain.next(), Hash::of_line(line.as_bytes()));
    window.push(line.into());
    while chain.next() < last {
        window.push(unsigned(&mut chain));
    }
    window.push(signed(&mut chain, &victim.stolen));
    (window, vec![format!("unproved|{first}|{last}")])
}

fn a_hole(victim: &Victim) -> (Window, Vec<String>) {
    let mut window = victim.window.clone();
    let signed: Vec<_> = (0..window.len()).filter(|at| victim.line(*at).link.signature.is_some()).collect();
    // Right after a signed line.
    let gone = signed[signed.len() / 2] + 1;
    let seq = victim.line(gone).link.seq;
    window.remove(gone);
    (window, vec![format!("missing|{seq}|{seq}")])
}

fn all_of_it(victim: &Victim) -> (Window, Vec<String>) {
    let old_head = victim.line(OVERLAP - 1).link.seq;
    (Vec::new(), vec![format!("gone|{old_head}|{old_head}")])
}

impl Victim {
    fn line(&self, at: usize) -> Line<'_> {
        Line::parse(&self.window[at]).unwrap()
    }

    /// The number after the newest signed one of the first so many lines.
    fn first_unsigned(&self, lines: usize) -> u64 {
        let newest = (0..lines).rfind(|at| self.line(*at).link.signature.is_some());
        newest.map_or(self.line(0).link.seq, |at| self.line(at).link.seq + 1)
    }

    fn hand_off(&self) -> usize {
        (0..self.window.len()).rfind(|at| self.line(*at).kind == Kind::Handoff).unwrap()
    }

    fn after(&self, at: usize) -> Chain {
        let line = self.line(at);
        Chain::after(line.link.log, line.link.seq + 1, line.hash())
    }

    /// The lines up to it, how they go on, and the number of the last line.
    fn after_the_hand_off(&self) -> (Window, Chain, u64) {
        let hand_off = self.hand_off();
        let last = self.line(self.window.len() - 1).link.seq;
        (self.window[..=hand_off].to_vec(), self.after(hand_off), last)
    }
}

fn unsigned(chain: &mut Chain) -> Vec<u8> {
    let mut line = Vec::new();
    chain.unsigned(EVENT, Timestamp::from_nanos(1_790_000_000_000_000_000), &mut line);
    line.pop();
    line
}

fn signed(chain: &mut Chain, key: &SecretKey) -> Vec<u8> {
    let mut line = Vec::new();
    chain.signed(EVENT, Timestamp::from_nanos(1_790_000_000_000_000_000), key, &mut line);
    line.pop();
    line
}
