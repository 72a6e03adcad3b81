//! The check of a fleet, as `docs/FLEET.md` has it: over two days of real logs of several hosts, honest and forged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use base64::Engine as _;
use tempfile::TempDir;
use tracing::{Dispatch, dispatcher, info};
use tracing_audit::trail::{Chain, Hash, Kind, Line, SecretKey, Timestamp};
use tracing_audit::{AuditLayer, Guard, KeyStore, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use crate::postgresql::Server;
use crate::python::Python;
use crate::{require, tables};

const PAGE: &str = include_str!("../../docs/FLEET.md");

/// Lines of the day before that are in the window.
const OVERLAP: usize = 30;

/// What has the lines.
pub(crate) enum Store {
    PostgreSql(Server),
    Python(&'static Python),
}

impl Store {
    /// The page's functions for its engine, over tables that are loaded.
    fn functions(&self, tables: &Path) -> String {
        match self {
            Store::PostgreSql(server) => server.environment(tables) + block("query() { psql"),
            Store::Python(python) => python.functions(tables),
        }
    }
}

/// The page's block that begins so.
fn block(begin: &str) -> &'static str {
    let at = PAGE.find(&format!("```sh\n{begin}")).expect("the page has the block") + "```sh\n".len();
    PAGE[at..].split("```").next().expect("it ends")
}

/// One service with its log and its keys.
struct Host {
    name: &'static str,
    folder: TempDir,
    running: Option<(Dispatch, Guard)>,
}

impl Host {
    fn new(name: &'static str) -> Host {
        Host { name, folder: tempfile::tempdir().unwrap(), running: None }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn start(&mut self) -> &mut Host {
        let keys = KeyStore::open_or_create(self.keys()).unwrap();
        let builder = AuditLayer::builder(self.log(), keys).rotation(Rotation::NEVER).origin(self.name);
        let (layer, guard) = builder.sync_interval(Duration::from_secs(10)).build().unwrap();
        self.running = Some((Dispatch::new(registry().with(layer)), guard));
        self
    }

    fn records(&mut self, count: u64) -> &mut Host {
        let (dispatch, guard) = self.running.as_ref().unwrap();
        dispatcher::with_default(dispatch, || {
            (0..count).for_each(|number| info!(target: "audit", number, text = "a\\b\n é日😀 %$'\"", "read"));
        });
        guard.flush().unwrap();
        self
    }

    fn guard(&self) -> &Guard {
        &self.running.as_ref().unwrap().1
    }

    fn hand_over(&mut self) -> &mut Host {
        self.guard().rotate_key().unwrap();
        self
    }

    fn rotate(&mut self) -> &mut Host {
        self.guard().rotate().unwrap();
        self
    }

    fn stop(&mut self) -> &mut Host {
        self.guard().shutdown().unwrap();
        self.running = None;
        self
    }

    /// The disk as it is now, with these bytes at the end of the log: what a crash leaves.
    fn crashed(&self, torn: impl FnOnce(&Line<'_>) -> Vec<u8>) -> Host {
        let after = Host::new(self.name);
        for (from, to) in [(self.log(), after.log()), (self.keys(), after.keys())] {
            fs::create_dir(&to).unwrap();
            fs::set_permissions(&to, fs::metadata(&from).unwrap().permissions()).unwrap();
            for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
        let name = self.guard().status().file;
        let live = after.log().join(name.file_name().unwrap());
        let mut bytes = fs::read(&live).unwrap();
        let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn = torn(&Line::parse(&bytes[last..bytes.len() - 1]).unwrap());
        bytes.extend(torn);
        fs::write(live, bytes).unwrap();
        after
    }

    /// The lines of all its files, as a shipper relays them.
    fn shipped(&self) -> Vec<Vec<u8>> {
        let paths = fs::read_dir(self.log()).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
        // `audit.jsonl`, `audit.1.jsonl`, `audit.2.jsonl`: in the order of their lines.
        paths.sort();
        paths.sort_by_key(|path| path.file_stem().unwrap().len());
        let texts = paths.iter().map(|path| fs::read(path).unwrap());
        texts
            .flat_map(|text| {
                text.strip_suffix(b"\n")
                    .unwrap()
                    .split(|byte| *byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Those that came since there were these, and some before.
    fn window(&self, before: &[Vec<u8>]) -> Window {
        self.shipped().split_off(before.len() - OVERLAP)
    }

    /// Its line of a trust file.
    fn trust(&self) -> String {
        let pin = KeyStore::read_pin(self.keys()).unwrap();
        format!("\"{}\" {} {pin}\n", self.name, pin.id())
    }

    /// By a fleet key, before it starts; the line of a trust file for that.
    fn endorse(&self) -> String {
        let [fleet, endorsement] = ["fleet", "endorsement"].map(|name| self.folder.path().join(name));
        let fleet_key = tracing_audit(&["keys", "new", text(&fleet)]);
        let key = tracing_audit(&["keys", "new", text(&self.keys())]);
        let secret = fleet.join("epoch-0.pem");
        let endorse =
            ["keys", "endorse", "--fleet-key-file", text(&secret), "--origin", self.name, key.trim()];
        fs::write(&endorsement, tracing_audit(&endorse)).unwrap();
        tracing_audit(&["keys", "install-endorsement", text(&self.keys()), text(&endorsement)]);
        format!("* * {fleet_key}")
    }

    /// The key in force, as somebody steals it who takes the host.
    fn stolen(&self) -> SecretKey {
        let files = fs::read_dir(self.keys()).unwrap().map(|entry| entry.unwrap().path());
        let key = files.filter(|path| path.extension().is_some_and(|end| end == "pem")).max().unwrap();
        let text = fs::read_to_string(key).unwrap();
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
        SecretKey::from_seed(bytes.last_chunk().unwrap())
    }
}

/// What the command prints.
fn tracing_audit(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tracing-audit")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
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
        let second = [&web, &db, &mail].into_iter().zip(&first).flat_map(|(host, first)| host.window(first));
        let second = second.collect();
        let victims = pay.iter().zip(&first_of_pay).map(|(host, first)| {
            let stolen = host.stolen();
            Victim { window: host.window(first), stolen }
        });
        let victims = victims.collect();
        let first = first.into_iter().chain(first_of_pay).flatten().collect();
        Fleet { trust, first, second, victims }
    }
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
