//! `tracing-audit show`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tracing_audit::trail::{Chain, Control, Genesis, SecretKey, Timestamp, WriterIdentity};

#[path = "common/require.rs"]
mod require;

const FIRST_FILE: &str = "tests/example-log/audit.2026-11-21.jsonl";
const SECOND_FILE: &str = "tests/example-log/audit.2026-11-22.jsonl";

const EXAMPLE: &str = r#"     0  2026-11-21 20:41:00.000  INFO   -- file 0 of example.com/payments, written by "payments 2.3.0" (process 4711 on db1), signed by key b1541897b6ad297c (epoch 0)
     1  2026-11-21 20:41:00.250  INFO   alice@example.com     token.issued  "token issued"  rate_limit=100 source_ip=203.0.113.7
     2  2026-11-21 20:41:00.500  INFO   bob                   key.decrypt  outcome=failure ratio=0.5 reason="422 Unprocessable Entity"  in request{request_id=7f1c}
     3  2026-11-21 20:41:00.750  INFO   bob                   key.decrypt took 2.4ms  object_uid=417fe2de
!! tests/example-log/audit.2026-11-21.jsonl:5: no line of a log: neither a comma nor the end of its container (byte 62 of the line): {"fields":{"action":"token.used","actor":"alice@example.com"}
     4  2026-11-21 20:41:01.250  INFO   -- "payments 2.3.0" (process 4812 on db1) goes on after a crash; 61 torn bytes
     5  2026-11-21 20:41:01.500  INFO   -- from here on key ccc244e304c6da4a signs (epoch 1; interval)
     6  2026-11-21 20:41:01.750  ERROR  -- 3 records were lost since 2026-11-21 20:41:01.000: "queue full"
     7  2026-11-21 20:41:02.000  INFO   -- closed; another file follows
     8  2026-11-21 20:41:02.250  INFO   -- file 1 of example.com/payments, written by "payments 2.3.0" (process 4812 on db1), signed by key ccc244e304c6da4a (epoch 1); before it audit.2026-11-21.jsonl (rotated)
     9  2026-11-21 20:41:02.500  INFO   root                  token.revoked  "quote \" slash \\ tab \t é 🔒"  token_jti="9007199254740993"
    10  2026-11-21 20:41:02.750  INFO   -- closed; the writer shut down
"#;

#[test]
fn a_person_reads_who_did_what_and_what_the_writer_says() {
    let shown = show(&[FIRST_FILE, SECOND_FILE]);
    assert_eq!(stdout(&shown), EXAMPLE);
    assert_eq!(shown.status.code(), Some(0));
    assert_eq!(stdout(&show(&["tests/example-log"])), EXAMPLE);
}

#[test]
fn a_program_reads_the_lines_as_they_are_and_nothing_else() {
    let shown = show(&["--json", "tests/example-log"]);
    let all = [fs::read_to_string(FIRST_FILE).unwrap(), fs::read_to_string(SECOND_FILE).unwrap()].concat();
    let lines = all.lines().filter(|line| line.ends_with("}}")).map(|line| format!("{line}\n"));
    assert_eq!(stdout(&shown), lines.collect::<String>());
    assert!(stderr(&shown).contains("audit.2026-11-21.jsonl:5: no line of a log"), "{}", stderr(&shown));
}

#[test]
fn files_of_a_folder_come_in_the_order_of_their_log_whatever_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(FIRST_FILE, folder.path().join("z.jsonl")).unwrap();
    fs::copy(SECOND_FILE, folder.path().join("audit.2099-01-01.jsonl")).unwrap();
    let genesis = fs::read_to_string(FIRST_FILE).unwrap().split_inclusive('\n').next().unwrap().to_owned();
    fs::write(folder.path().join("audit.keys"), genesis).unwrap();
    fs::write(folder.path().join("app.log"), "an ordinary log\n").unwrap();
    let shown = show(&[folder.path()]);
    let expected = EXAMPLE.replace(
        "tests/example-log/audit.2026-11-21.jsonl:5",
        &format!("{}:5", folder.path().join("z.jsonl").display()),
    );
    assert_eq!(stdout(&shown), expected);
    assert!(stderr(&shown).contains("app.log: no file of a log, passed over"), "{}", stderr(&shown));
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[9; 32])
}

const KEY: &str = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=";

/// The example, whose second file has these bytes more.
fn example_and(more: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(FIRST_FILE, folder.path().join("audit.2026-11-21.jsonl")).unwrap();
    let second = [&fs::read(SECOND_FILE).unwrap()[..], more].concat();
    fs::write(folder.path().join("audit.2026-11-22.jsonl"), second).unwrap();
    folder
}

/// Two well-chained lines after the example's end, which nobody signed.
fn appended() -> Vec<u8> {
    let text = fs::read_to_string(SECOND_FILE).unwrap();
    let last = tracing_audit::trail::Line::parse(text.lines().last().unwrap().as_bytes()).unwrap();
    let mut chain = Chain::after(last.link.log, last.link.seq + 1, last.hash());
    let body =
        br#"{"fields":{"action":"paid","actor":"mallory"},"kind":"event","level":"INFO","target":"audit""#;
    let mut lines = Vec::new();
    for seconds in [1, 2] {
        let time = Timestamp::from_nanos(1_795_293_670_000_000_000 + seconds);
        chain.unsigned(body, time, &mut lines);
    }
    lines
}

#[test]
fn with_a_key_what_is_proved_is_shown_and_the_verdict_is_the_exit_code() {
    let shown = show(&["--key", KEY, "tests/example-log"]);
    let proved: String = EXAMPLE.split_inclusive('\n').filter(|line| !line.starts_with("!!")).collect();
    assert_eq!((stdout(&shown), shown.status.code()), (proved, Some(0)));
    // What a crash has torn is no line, and what was attested is nothing to look for.
    assert_eq!(stderr(&shown), "");
    let shown = show(&["--key", KEY, "--json", "tests/example-log"]);
    let all = [fs::read_to_string(FIRST_FILE).unwrap(), fs::read_to_string(SECOND_FILE).unwrap()].concat();
    let lines = all.lines().filter(|line| line.ends_with("}}")).map(|line| format!("{line}\n"));
    assert_eq!(stdout(&shown), lines.collect::<String>());
}

#[test]
fn row_40_unsigned_lines_that_were_appended_are_not_shown_as_records() {
    let folder = example_and(&appended());
    let path = folder.path().to_str().unwrap();
    for form in [&[][..], &["--json"]] {
        let shown = show(&[&["--key", KEY, path], form].concat());
        assert_eq!(shown.status.code(), Some(3), "{}", stderr(&shown));
        assert!(!stdout(&shown).contains("mallory"), "{}", stdout(&shown));
        assert!(
            stderr(&shown).contains("2 lines are not proved, and not shown: --unproved shows them\n"),
            "{}",
            stderr(&shown)
        );
        // Asked for, they are marked.
        let shown = show(&[&["--key", KEY, path, "--unproved"], form].concat());
        let marked = stdout(&shown)
            .lines()
            .filter(|line| line.contains("mallory"))
            .map(str::to_owned)
            .collect::<Vec<_>>();
        let mark = if form.is_empty() { "?? " } else { r#"{"unproved":"# };
        assert!(marked.len() == 2 && marked.iter().all(|line| line.starts_with(mark)), "{marked:?}");
    }
    // Without a key nothing is proved, and that is said, whoever reads.
    let shown = show(&[path]);
    assert_eq!(stderr(&shown).matches("nothing of this was proved").count(), 1, "{}", stderr(&shown));
    assert_eq!(shown.status.code(), Some(0));
}

#[test]
fn what_is_altered_is_left_out_and_what_is_wanted_is_chosen_of_the_rest() {
    let folder = example_and(b"");
    let path = folder.path().join("audit.2026-11-21.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("422 Unprocessable", "200 Unprocessable")).unwrap();
    let folder = folder.path().to_str().unwrap();
    let shown = show(&["--key", KEY, folder, "--where", "actor=bob"]);
    let first = |text: &str| {
        text.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((first(&stdout(&shown)), shown.status.code()), (vec!["3".to_owned()], Some(1)));
    assert!(stderr(&shown).contains("tampered (10 lines proved, 1 finding)"), "{}", stderr(&shown));
    let hidden = "tracing-audit: 1 line is not proved, and not shown; ";
    let matching = format!("{hidden}1 of them matches: --unproved shows it\n");
    assert!(stderr(&shown).starts_with(&matching), "{}", stderr(&shown));
    let shown = show(&["--key", KEY, folder, "--where", "actor=root"]);
    assert!(stderr(&shown).starts_with(&format!("{hidden}none of them matches\n")), "{}", stderr(&shown));
    let shown = show(&["--key", KEY, folder, "--where", "actor=bob", "--unproved"]);
    assert_eq!(first(&stdout(&shown)), ["??", "3"]);
    // Of another key nothing is proved.
    let other = key().public().to_string();
    let shown = show(&["--key", &other, folder]);
    assert_eq!((stdout(&shown).as_str(), shown.status.code()), ("", Some(1)), "{}", stderr(&shown));
}

#[test]
fn only_lines_that_are_wanted_are_shown() {
    let numbers = |arguments: &[&str]| {
        let shown = show(&[arguments, &["tests/example-log"]].concat());
        assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
        let first = |line: &str| line.split_whitespace().next().unwrap().to_owned();
        stdout(&shown).lines().map(first).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(numbers(&["--where", "actor=bob"]), "2 3");
    assert_eq!(numbers(&["--where", "kind=event", "--where", "action=token.revoked"]), "9");
    assert_eq!(numbers(&["--where", "level=error"]), "6");
    assert_eq!(numbers(&["--where", "name=key.decrypt"]), "3");
    assert_eq!(numbers(&["--where", "previous.ended=rotated"]), "8");
    assert_eq!(numbers(&["--where", "rate_limit=100"]), "1");
    assert_eq!(numbers(&["--where", "actor=nobody"]), "");
    let (since, until) = ("2026-11-21T20:41:01.5Z", "2026-11-21T21:41:02.25+01:00");
    assert_eq!(numbers(&["--since", since, "--until", until]), "5 6 7");
    assert_eq!(numbers(&["--since", "2026-11-22"]), "");
    assert_eq!(show(&["--where", "actor", FIRST_FILE]).status.code(), Some(2));
    assert_eq!(show(&["--since", "once", FIRST_FILE]).status.code(), Some(2));
}

#[test]
fn where_nothing_matches_it_is_said_of_how_many() {
    let folder = example_and(&appended());
    let folder = folder.path().to_str().unwrap();
    for (arguments, said) in [
        (&["--where", "actor=nobody"][..], "0 of 13 records match"),
        (&["--since", "2027-01-01"], "0 of 13 records match"),
        (&["--until", "2026-01-01", "--json"], "0 of 13 records match"),
        (&["--key", KEY, "--where", "actor=nobody"], "0 of 11 records match"),
        (&["--key", KEY, "--where", "actor=mallory"], "0 of 11 records match"),
        (&["--key", KEY, "--where", "actor=nobody", "--unproved"], "0 of 13 records match"),
    ] {
        let shown = show(&[arguments, &[folder]].concat());
        let code = if arguments.contains(&"--key") { 3 } else { 0 };
        assert_eq!((stdout(&shown).as_str(), shown.status.code()), ("", Some(code)), "{arguments:?}");
        let said = format!("tracing-audit: {said}\n");
        assert_eq!(stderr(&shown).matches(&said).count(), 1, "{arguments:?}: {}", stderr(&shown));
    }
    for arguments in
        [&["--where", "actor=bob"][..], &["--key", KEY, "--unproved", "--where", "actor=mallory"], &[]]
    {
        let shown = show(&[arguments, &[folder]].concat());
        assert!(!stderr(&shown).contains("records match"), "{arguments:?}: {}", stderr(&shown));
    }
}

#[test]
fn of_several_logs_each_is_named_before_its_records() {
    let folder = example_and(b"");
    let (mut chain, mut lines) = (Chain::new(key().id()), Vec::new());
    let genesis = Genesis::new(0, "tests", (0, key().public()), None, WriterIdentity::new("db1", 1, "test"));
    chain.signed(&Control::Genesis(genesis).body(), Timestamp::default(), &key(), &mut lines);
    let other = folder.path().join("other.jsonl");
    fs::write(&other, &lines).unwrap();
    let (pin, path) = (key().public().to_string(), folder.path().to_str().unwrap());
    let first = folder.path().join("audit.2026-11-21.jsonl");
    let headings = [
        format!("tracing-audit: log b1541897b6ad297c, from {}:\n", first.display()),
        format!("tracing-audit: log {}, from {}:\n", key().id(), other.display()),
    ];
    let records = [show(&[&first, &folder.path().join("audit.2026-11-22.jsonl")]), show(&[&other])];
    let records = records.map(|shown| stdout(&shown));
    let proved = records[0].split_inclusive('\n').filter(|line| !line.starts_with("!!")).collect::<String>();
    for (arguments, of_example) in
        [(&["--key", KEY, "--key", &pin, path][..], &proved), (&[path], &records[0])]
    {
        let shown = show(arguments);
        assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
        // The standard output has the records alone, in the order of the headings.
        let (said, out) = (stderr(&shown), stdout(&shown));
        let places = headings.each_ref().map(|heading| said.find(heading).expect(heading));
        let in_order = match places[0] < places[1] {
            true => [of_example, &records[1]],
            false => [&records[1], of_example],
        };
        assert_eq!(out, in_order.map(String::as_str).concat());
        // Of logs of which no record is wanted none is named; and with one log there is nothing to tell apart.
        let shown = show(&[arguments, &["--where", "actor=bob"]].concat());
        assert!(stderr(&shown).contains(&headings[0]), "{}", stderr(&shown));
        assert!(!stderr(&shown).contains(&headings[1]), "{}", stderr(&shown));
    }
    for arguments in [&["--key", KEY, first.to_str().unwrap()][..], &["--key", KEY, "tests/example-log"]] {
        assert!(!stderr(&show(arguments)).contains(", from "));
    }
    // A file that is named is shown whatever it holds: by its name.
    let shown = show(&[&first, &other]);
    for file in [&first, &other] {
        let heading = format!("tracing-audit: from {}:\n", file.display());
        assert!(stderr(&shown).contains(&heading), "{}", stderr(&shown));
    }
}

#[test]
fn compressed_files_are_shown_as_plain_ones() {
    let folder = tempfile::tempdir().unwrap();
    let first = fs::read(FIRST_FILE).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&first).unwrap();
    fs::write(folder.path().join("audit.2026-11-21.jsonl.gz"), encoder.finish().unwrap()).unwrap();
    fs::write(folder.path().join("audit.2026-11-21.jsonl"), &first).unwrap();
    fs::copy(SECOND_FILE, folder.path().join("audit.2026-11-22.jsonl")).unwrap();
    let shown = show(&["--where".as_ref(), "kind=event".as_ref(), folder.path().as_os_str()]);
    assert_eq!(stdout(&shown).lines().count(), 3, "{}", stdout(&shown));
    assert!(stderr(&shown).contains("is the same file"), "{}", stderr(&shown));
}

#[test]
fn what_can_not_be_read_is_said_and_the_rest_is_shown() {
    let shown = show(&["tests/no-such-log", SECOND_FILE]);
    assert_eq!(shown.status.code(), Some(2));
    assert_eq!(stdout(&shown).lines().count(), 3);
    assert!(stderr(&shown).contains("tests/no-such-log"), "{}", stderr(&shown));
    assert_eq!(show::<&str>(&[]).status.code(), Some(2), "usage");
}

#[test]
fn what_is_longer_than_any_line_is_shown_by_its_length_and_what_follows_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.jsonl");
    for length in [65_535, 65_536, 131_071, 131_072, 131_073, 400_000] {
        fs::write(&path, format!("\n{}\n\nx", "z".repeat(length))).unwrap();
        let shown = stdout(&show(&[&path]));
        let lines = shown.lines().collect::<Vec<_>>();
        let expected = format!(":2: no line of a log: {length} bytes without a newline: zzz");
        assert!(lines.len() == 4 && lines[1].contains(&expected), "{length}: {shown}");
        assert!(lines[3].contains(":4: no line of a log: no object begins here"), "{length}: {shown}");
    }
    fs::write(&path, "z".repeat(65_534)).unwrap();
    assert!(stdout(&show(&[&path])).contains(":1: no line of a log: no object begins here"));
}

#[test]
#[cfg(unix)]
fn links_are_followed_and_pipes_in_a_folder_not_waited_on() {
    let folder = tempfile::tempdir().unwrap();
    let (link, pipe) = (folder.path().join("link.jsonl"), folder.path().join("pipe.jsonl"));
    std::os::unix::fs::symlink(fs::canonicalize(SECOND_FILE).unwrap(), &link).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());

    for path in [folder.path(), &link] {
        let shown = show(&[path]);
        assert_eq!((shown.status.code(), stdout(&shown).lines().count()), (Some(0), 3), "{}", path.display());
    }
    let said = stderr(&show(&[folder.path()]));
    assert!(said.contains("pipe.jsonl: neither a file nor a folder, not opened"), "{said}");
}

#[test]
fn who_closes_the_pipe_has_read_enough() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.jsonl");
    let (mut chain, mut lines) = (Chain::new(key().id()), Vec::new());
    let genesis = Genesis::new(0, "tests", (0, key().public()), None, WriterIdentity::new("db1", 1, "test"));
    chain.signed(&Control::Genesis(genesis).body(), Timestamp::default(), &key(), &mut lines);
    for seconds in 0..2_000 {
        let body = br#"{"fields":{},"kind":"event","level":"INFO","target":"audit""#;
        chain.signed(body, Timestamp::from_nanos(seconds * 1_000_000_000), &key(), &mut lines);
    }
    fs::write(&path, lines).unwrap();
    let pin = key().public().to_string();
    for (arguments, says) in [
        (&[][..], "tracing-audit: nothing of this was proved: no key was given (--key)\n"),
        (&["--key", &pin], ""),
    ] {
        let mut command = command();
        command.args(arguments).arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((stderr(&output).as_str(), output.status.code()), (says, Some(2)), "cut short");
    }
}

/// Escapes, C1, newlines, bidi marks, what has no width, and quotes to break out of.
const HOSTILE: &str = "\u{1b}[2J\u{9b}31m\r\n\u{8}\u{7f}\u{202e}\u{2066}\u{200b}\u{2028}\" actor=root x=\"";

#[test]
fn hostile_text_in_any_place_is_one_harmless_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = hostile_log(folder.path());
    let output = show(&[&path]);
    let shown = stdout(&output);
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(is_harmless(&shown), "{shown:?}");
    let records = shown.lines().take(2).collect::<String>();
    let (quotes, escaped) = (records.matches("\" actor=root"), records.matches("\\\" actor=root"));
    assert_eq!(quotes.count(), escaped.count(), "a value breaks out of its quotes: {records}");
    assert!(is_harmless(&stderr(&output)));

    // Redirected, the lines are what they are.
    let lines = stdout(&show(&["--json".as_ref(), path.as_path()]));
    let log = fs::read_to_string(&path).unwrap();
    assert_eq!(lines.lines().collect::<Vec<_>>(), log.lines().take(2).collect::<Vec<_>>());
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_gets_harmless_json_and_is_told_that_nothing_is_verified() {
    if !require::available("script (util-linux)", Command::new("script").arg("--version")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = hostile_log(folder.path());
    let inner = format!("{} show --json {}", env!("CARGO_BIN_EXE_tracing-audit"), path.display());
    let seen =
        Command::new("script").args(["-qec", &inner, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    let seen = stdout(&seen).replace("\r\n", "\n");
    assert!(seen.contains("nothing of this was proved: no key was given (--key)"), "{seen}");
    assert!(seen.contains("\\u001b[2J\\u009b31m"), "{seen}");
    assert!(is_harmless(&seen), "{seen:?}");
}

/// A record and a span full of [`HOSTILE`], and a piece that is no line; in a file with such a name.
fn hostile_log(folder: &Path) -> std::path::PathBuf {
    let text = serde_json_canonicalizer::to_string(&HOSTILE).unwrap();
    let key = SecretKey::from_seed(&[1; 32]);
    let mut chain = Chain::new(key.id());
    let mut file = Vec::new();
    let event = format!(
        r#"{{"fields":{{{text}:{{{text}:{text}}},"action":{text},"actor":{text},"message":{text}}},"kind":"event","level":"INFO","spans":[{{"fields":{{{text}:{text}}},"name":{text}}}],"target":{text}"#
    );
    chain.signed(event.as_bytes(), Timestamp::from_nanos(1), &key, &mut file);
    let span = format!(
        r#"{{"duration_ns":1,"fields":{{}},"kind":"span","level":"INFO","name":{text},"target":{text}"#
    );
    chain.signed(span.as_bytes(), Timestamp::from_nanos(2), &key, &mut file);
    file.extend_from_slice(HOSTILE.replace('\n', "").as_bytes());
    let path = folder.join("audit\u{9b}\u{202e}.jsonl");
    fs::write(&path, file).unwrap();
    path
}

fn is_harmless(text: &str) -> bool {
    let harmful = |char: char| char.is_control() || "\u{202e}\u{2066}\u{200b}\u{2028}".contains(char);
    !text.replace('\n', "").contains(harmful)
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
    command.arg("show");
    command
}

fn show<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Output {
    command().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
