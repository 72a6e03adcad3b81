//! Of many logs nobody looks for the three that are not intact: they come first.

use std::path::Path;
use std::process::Command;
use std::{fs, iter};

use serde_json::Value;

use super::log::Log;

/// Logs in one folder; the command's exit code and what it says, and what it says in JSON.
fn verified(logs: &[Log], arguments: &[&str]) -> (i32, String, Value) {
    let folder = tempfile::tempdir().unwrap();
    for log in logs {
        for (name, bytes) in log.files() {
            fs::write(folder.path().join(format!("{}.{name}", log.name)), bytes).unwrap();
        }
        fs::write(folder.path().join(format!("{}.keys", log.name)), &log.copies).unwrap();
    }
    let (code, text) = run(folder.path(), logs, arguments);
    let (_, json) = run(folder.path(), logs, &[arguments, &["--json"]].concat());
    (code, text, serde_json::from_str(&json).unwrap())
}

fn run(folder: &Path, logs: &[Log], arguments: &[&str]) -> (i32, String) {
    let keys = logs.iter().flat_map(|log| ["--key".to_owned(), log.pin().to_string()]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracing-audit"));
    let output = command.arg("verify").arg(folder).args(keys).args(arguments).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn logs(number: usize) -> Vec<Log> {
    (0..number).map(|at| Log::of_three_files(Box::leak(format!("log {at}").into_boxed_str()))).collect()
}

fn alter(log: &mut Log) {
    let text = String::from_utf8(log.files[1].clone()).unwrap();
    log.files[1] = text.replace("carol", "mallory").into_bytes();
}

#[test]
fn the_worst_logs_come_first_and_intact_ones_have_a_line_each() {
    let mut all = logs(40);
    alter(&mut all[21]);
    for incomplete in [3, 30] {
        all[incomplete].files.pop();
    }
    for arguments in [&[][..], &["--shipped"]] {
        let (code, text, report) = verified(&all, arguments);
        assert_eq!(code, 1, "{text}");
        let headings: Vec<_> = text.lines().filter(|line| line.starts_with("Log ")).collect();
        let verdicts = headings.iter().map(|line| {
            let after = line.split_once(": ").unwrap().1;
            after.split_once(':').map_or(after, |(verdict, _)| verdict)
        });
        // Shipped, a log whose last file is not there ends before.
        let is_shipped = !arguments.is_empty();
        let (bad, tally) = match is_shipped {
            false => (vec!["TAMPERED", "INCOMPLETE", "INCOMPLETE"], "37 intact, 2 incomplete, 1 tampered"),
            true => (vec!["TAMPERED"], "39 intact, 1 tampered"),
        };
        let intact = 40 - bad.len();
        assert_eq!(verdicts.collect::<Vec<_>>(), [bad.clone(), vec!["INTACT"; intact]].concat(), "{text}");
        assert!(text.contains(&format!(" 40 logs: {tally}")), "{text}");
        assert!(text.find("its content was changed").unwrap() < text.find("INTACT").unwrap(), "{text}");
        // An intact log has a line, with all that names its end.
        let of = |log: &&Value| log["verdict"] == "intact";
        for log in report["logs"].as_array().unwrap().iter().filter(of) {
            let line = headings.iter().find(|line| line.contains(log["log"].as_str().unwrap())).unwrap();
            let head = format!("Head: {}:{}", log["head"]["seq"], log["head"]["hash"].as_str().unwrap());
            assert!(line.contains(&head) && line.contains(log["head"]["time"].as_str().unwrap()), "{line}");
        }
        assert!(text.lines().count() < 40 + 50, "{text}");
    }
}

#[test]
fn what_an_intact_log_declares_stands_in_its_line_and_its_notices_are_counted() {
    let mut all = logs(3);
    all[1] = Log::new("with a gap");
    all[1].gap(7);
    let (code, text, _) = verified(&all, &[]);
    assert_eq!(code, 0, "{text}");
    let line = text.lines().find(|line| line.contains("7 records declared lost")).unwrap();
    assert!(
        line.contains("INTACT: 2 lines are proved, 0 to 1, from 2")
            && line.contains(" to 2")
            && line.contains(", open. Head: 1:")
    );
    assert!(line.ends_with("; 2 notices"), "{line}");
    assert!(text.contains("What is worth knowing of them: "), "{text}");
    assert!(text.ends_with("INTACT: 3 logs: 3 intact\n"), "{text}");
    // Shipped, too.
    let (code, text, _) = verified(&all, &["--shipped"]);
    assert_eq!(code, 0, "{text}");
    let line = text.lines().find(|line| line.contains("; 7 records declared lost; ")).unwrap();
    assert!(line.starts_with("Log ") && line.contains("INTACT: 2 lines proved, 0 to 1, up to 2"), "{line}");
}

#[test]
fn one_log_keeps_its_full_report() {
    let (_, text, _) = verified(&logs(1), &[]);
    for said in
        ["\n  14 lines are proved, 0 to 13, in 3 files", "\n  What is proved is from ", "INTACT: 1 log\n"]
    {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let doubled = iter::repeat_n(logs(1).remove(0), 2).collect::<Vec<_>>();
    assert!(verified(&doubled, &[]).1.contains("INTACT: 1 log\n"));
}
