//! What `verify`, `show` and `keys check` are given: links, pipes, the standard input, packed files, one thread.
#![cfg(unix)]

#[path = "common/example.rs"]
mod example;
#[path = "common/require.rs"]
mod require;

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use example::{FIRST, KEY, SECOND, example};

fn command(name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
    command.args([name, "--key", KEY]);
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A command of the shell, which succeeds.
fn sh(folder: &Path, script: &str) {
    assert!(
        Command::new("sh").current_dir(folder).args(["-c", script]).status().unwrap().success(),
        "{script}"
    );
}

#[test]
fn what_is_named_is_followed_and_read_whatever_it_is() {
    let (folder, elsewhere) = (example(), tempfile::tempdir().unwrap());
    let link = |name: &str, to: &Path| symlink(to, elsewhere.path().join(name)).unwrap();
    link("folder", folder.path());
    fs::create_dir(elsewhere.path().join("links")).unwrap();
    for file in [FIRST, SECOND] {
        link(file, &folder.path().join(file));
        link(&format!("links/{file}"), &folder.path().join(file));
    }
    for given in [&["folder"][..], &["links"], &[FIRST, SECOND], &["folder", "links", FIRST]] {
        for name in ["verify", "show"] {
            let output = command(name).current_dir(elsewhere.path()).args(given).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{name} {given:?}: {}", said(&output));
        }
    }
}

#[test]
fn a_pipe_and_the_standard_input_are_read() {
    let folder = example();
    let (pipe, input) = (folder.path().join("pipe"), File::open(folder.path().join(FIRST)).unwrap());
    sh(
        folder.path(),
        "mkfifo pipe && mv audit.2026-11-22.jsonl ../second.$$ && (cat ../second.$$ > pipe; rm ../second.$$) &",
    );
    while !pipe.exists() || folder.path().join(SECOND).exists() {
        std::thread::yield_now();
    }
    let output = command("verify").arg("-").arg(&pipe).stdin(Stdio::from(input)).output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("11 lines are proved, 0 to 10, in 2 files"), "{text}");

    // Of one that is packed, too.
    let folder = example();
    sh(folder.path(), "gzip *.jsonl");
    for name in ["verify", "show"] {
        let input = File::open(folder.path().join(format!("{FIRST}.gz"))).unwrap();
        let second = folder.path().join(format!("{SECOND}.gz"));
        let output = command(name).arg("-").arg(second).stdin(Stdio::from(input)).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let input = File::open(folder.path().join(format!("{FIRST}.gz"))).unwrap();
    let mut show = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
    let output = show.args(["show", "--json", "-"]).stdin(Stdio::from(input)).output().unwrap();
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!((output.status.code(), lines), (Some(0), 8), "{}", said(&output));
}

#[test]
fn what_is_packed_is_named_with_the_command_that_unpacks_it_and_nothing_is_missing() {
    for (program, pack, unpack) in [
        ("xz", "xz FILE", "xz -dk"),
        ("bzip2", "bzip2 FILE", "bzip2 -dk"),
        ("lz4", "lz4 -q FILE FILE.lz4 && rm FILE", "lz4 -dk"),
        ("zip", "zip -q FILE.zip FILE && rm FILE", "unzip"),
        ("tar", "tar -cf FILE.tar FILE && rm FILE", "tar -xf"),
        ("tar", "tar -czf FILE.tgz FILE && rm FILE", "tar -xf"),
        ("iconv", "iconv -f UTF-8 -t UTF-16 FILE > 16 && rm FILE", "iconv -f UTF-16 -t UTF-8"),
        (
            "gpg",
            "gpg --homedir . --batch --passphrase x --pinentry-mode loopback -c FILE && rm FILE",
            "gpg -d",
        ),
    ] {
        if !require::available(program, Command::new(program).arg("--version")) {
            continue;
        }
        for file in [FIRST, SECOND] {
            // Whatever it is called.
            for name in ["true", "mv FILE.* plain.jsonl 2>/dev/null || mv 16 plain.jsonl"] {
                if name != "true" && program != "xz" {
                    continue;
                }
                let folder = example();
                sh(folder.path(), &format!("({pack}) && {name}").replace("FILE", file));
                for command_name in ["verify", "show"] {
                    let output = command(command_name).arg(folder.path()).output().unwrap();
                    let text = said(&output);
                    assert_eq!(output.status.code(), Some(2), "{pack} {file}: {text}");
                    if command_name == "verify" {
                        assert!(text.contains(&format!("unpack it by `{unpack}`")), "{pack}: {text}");
                        let words = [
                            "TAMPERED",
                            "INCOMPLETE",
                            "missing before it",
                            "not there",
                            "was closed because",
                        ];
                        for accused in words {
                            assert!(!text.contains(accused), "{pack} {file}: {accused}: {text}");
                        }
                    }
                }
            }
        }
    }
}

/// A log of three files, of which the one in the middle is gone.
const GAP: &str = "tests/vectors/logs/moved-middle-file-gone";
const GAP_KEY: &str = "UvHAhY35F/YRHv+LQp1pIsAmsBFf4RXwQDb2yo6FZG0=";

fn verify_gap(folder: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
    let output = command.args(["verify", "--key", GAP_KEY]).arg(folder).output().unwrap();
    (output.status.code(), said(&output))
}

#[test]
fn of_a_file_that_is_gone_it_is_asked_first_whether_it_was_moved() {
    let (code, text) = verify_gap(Path::new(GAP));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("5 lines are not there: 4 to 8."), "{text}");
    let advice = text.lines().skip_while(|line| !line.contains("file 1 of the log is missing before it."));
    let advice = advice.skip(1).map(str::trim_start).next().unwrap();
    assert!(advice.starts_with("Was it archived or moved? Give its path too. "), "{text}");

    let folder = example();
    fs::remove_file(folder.path().join(SECOND)).unwrap();
    let output = command("verify").arg(folder.path()).output().unwrap();
    let text = said(&output);
    assert!(text.contains("missing.\n    Was it archived or moved? Give its path too. "), "{text}");
}

#[test]
fn lines_beside_a_packed_file_were_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(GAP).unwrap().map(|file| file.unwrap().path()) {
        fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
    }
    for (packed, unread) in [("a", "1 packed file was"), ("b", "2 packed files were")] {
        fs::write(folder.path().join(packed), b"\xfd7zXZ\0").unwrap();
        let (code, text) = verify_gap(folder.path());
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(&format!("5 lines are not seen ({unread} not read): 4 to 8.")), "{text}");
        assert!(!text.contains("not there"), "{text}");
    }
}

#[test]
fn the_standard_input_has_a_name_in_text_and_is_read_once() {
    let bytes = fs::read_to_string(Path::new("tests/example-log").join(SECOND)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    fs::write(&input, bytes.replace("root", "eve")).unwrap();
    let given = |name: &str, arguments: &[&str]| {
        let input = Stdio::from(File::open(&input).unwrap());
        let output = command(name).args(arguments).stdin(input).output().unwrap();
        (output.status.code(), said(&output))
    };
    for arguments in [&["-"][..], &["--shipped", "-"]] {
        let (_, text) = given("verify", arguments);
        let (read, named) = (": \"standard input\".\nTrusted: ", "\"standard input\", line ");
        assert!(text.contains(read) && text.contains(named) && !text.contains(" -,"), "{text}");
    }
    let (_, json) = given("verify", &["--json", "-"]);
    assert!(json.contains("\"file\": \"-\""), "{json}");
    fs::write(&input, "no line\n").unwrap();
    let mut show = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
    let output = show.args(["show", "-"]).stdin(Stdio::from(File::open(&input).unwrap())).output().unwrap();
    assert!(said(&output).starts_with("!! standard input:1: no line of a log: "), "{}", said(&output));

    for (name, arguments) in [
        ("verify", &["-", "-"][..]),
        ("verify", &["--shipped", "-", "x", "-"]),
        ("verify", &["--shipped", "-", "--copies", "-"]),
        ("show", &["-", "-"]),
    ] {
        let (code, text) = given(name, arguments);
        let said = "tracing-audit: `-`, the standard input, is given 2 times, and can be read once";
        assert!(code == Some(2) && text.starts_with(said), "{name} {arguments:?}: {text}");
    }
}

#[test]
fn what_is_altered_beside_a_packed_file_is_still_tampered() {
    let folder = example();
    let first = folder.path().join(FIRST);
    fs::write(&first, fs::read_to_string(&first).unwrap().replace("bob", "eve")).unwrap();
    fs::write(folder.path().join("notes.xz"), b"\xfd7zXZ\0").unwrap();
    let output = command("verify").arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

#[test]
fn a_file_of_a_log_is_one_whatever_its_suffix() {
    let folder = example();
    for (from, to) in [(FIRST, "audit.keys"), (SECOND, "audit.1.keys")] {
        fs::rename(folder.path().join(from), folder.path().join(to)).unwrap();
    }
    let output = command("verify").arg(folder.path()).output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("11 lines are proved, 0 to 10, in 2 files"), "{text}");
}

#[test]
fn one_thread_is_enough() {
    let mut probe = Command::new("sh");
    // Of root no number of threads is limited; only root can be somebody else.
    probe.args(["-c", "prlimit --version && setpriv --reuid nobody --clear-groups true"]);
    if !require::available("prlimit, and setpriv as root", &mut probe) {
        return;
    }
    let folder = example();
    sh(folder.path(), "chmod 755 . && chmod 644 *");
    let copy = folder.path().join("command");
    fs::copy(env!("CARGO_BIN_EXE_tracing-audit"), &copy).unwrap();
    for name in ["verify", "show"] {
        let output = Command::new("setpriv")
            .args(["--reuid", "nobody", "--clear-groups", "prlimit", "--nproc=1"])
            .arg(&copy)
            .args([name, "--key", KEY])
            .args([FIRST, SECOND])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", said(&output));
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn of_a_few_lines_in_another_order_that_is_said_first_and_all_else_after_it() {
    for script in ["tac FILE > x; mv x FILE", "sort FILE > x; mv x FILE", "sort -r FILE > x; mv x FILE"] {
        let folder = example();
        let first = folder.path().join(FIRST);
        sh(folder.path(), &script.replace("FILE", FIRST));
        let output = command("verify").arg(folder.path()).output().unwrap();
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        let findings = text.split_once("What does not hold:\n").unwrap().1;
        let looks = format!(
            "  - TAMPERED: {} looks as if a tool had changed all of it: its lines are in another order",
            first.display()
        );
        assert!(findings.starts_with(&looks), "{script}: {text}");
        let advice = findings.lines().nth(1).unwrap();
        assert!(advice.trim_start().starts_with("`--shipped` takes lines in any order"), "{text}");
        assert!(findings.matches("  - TAMPERED: ").count() > 2, "{script}: {text}");
        // So it does.
        let output = command("verify").arg("--shipped").arg(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));

        // Of what was altered besides, nobody says that a tool may have done it.
        fs::write(&first, fs::read_to_string(&first).unwrap().replace("bob", "eve")).unwrap();
        let text = said(&command("verify").arg(folder.path()).output().unwrap());
        assert!(text.ends_with("TAMPERED: 1 log\n") && !text.contains("looks as if"), "{script}: {text}");
    }
}

#[test]
fn what_was_loaded_and_dumped_is_said_to_look_so() {
    let folder = example();
    sh(folder.path(), r#"sed -i 's/":/": /g; s/,"/, "/g' *.jsonl"#);
    let output = command("verify").arg(folder.path()).output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for file in [FIRST, SECOND] {
        let looks =
            format!("{} looks as if a tool had changed all of it", folder.path().join(file).display());
        assert!(text.contains(&looks), "{text}");
    }
    assert!(text.contains("--shipped"), "{text}");
    // That brings the lines back.
    let output = command("verify").arg("--shipped").arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
