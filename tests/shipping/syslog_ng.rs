//! syslog-ng: from files to a file, and to a server over HTTP.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use crate::contrib::configuration;
use crate::copy::{lines, proves};
use crate::http::{Answer, Server, lines_of};
use crate::process::Process;
use crate::require;
use crate::scenario::killed_under_load;
use crate::source::{Disk, Source, text};

pub(crate) fn available() -> bool {
    require::available("syslog-ng", Command::new("syslog-ng").arg("--version"))
}

#[test]
fn syslog_ng_ships_every_line_to_a_file() {
    if !available() {
        return;
    }
    let source = Source::new(|builder| builder.max_file_size(400_000));
    let copy = source.beside("copy.jsonl");
    let mut shipper = start(&source, "file.conf", &[("/var/log/audit-copy.jsonl", text(&copy))]);
    killed_under_load(&source, &mut shipper, || lines(&copy));
    let extra = proves(&source, &lines(&copy), &copy);
    println!("syslog-ng to a file, {} lines: {extra:?}", source.emitted());
    assert_eq!(extra.late, 0);
}

#[test]
fn syslog_ng_ships_every_line_over_http() {
    if !available() {
        return;
    }
    let source = Source::new(|builder| builder.max_file_size(400_000));
    let (taken, requests) = (Arc::new(Mutex::new(Vec::new())), AtomicU64::new(0));
    let store = Arc::clone(&taken);
    let server = Server::start(move |request| {
        let number = requests.fetch_add(1, SeqCst);
        match number % 12 {
            // Answers to which it drops a batch unless told otherwise; to the second after three in a row.
            3 => return Answer::Say(410, String::new()),
            7..10 => return Answer::Say(504, String::new()),
            _ => {}
        }
        store.lock().unwrap().extend([&request.body[..], b"\n"].concat());
        if number % 12 == 11 { Answer::HangUp } else { Answer::Say(200, String::new()) }
    });
    let url = format!("http://127.0.0.1:{}/audit", server.port());
    let theirs =
        [("https://collector.example.com/audit", url.as_str()), ("time-reopen(5)", "time-reopen(1)")];
    let mut shipper = start(&source, "http.conf", &theirs);
    let arrived = || lines_of(&taken.lock().unwrap()).map(<[u8]>::to_vec).collect::<Vec<_>>();
    killed_under_load(&source, &mut shipper, arrived);
    let bodies = source.beside("bodies");
    fs::write(&bodies, &*taken.lock().unwrap()).unwrap();
    let extra = proves(&source, &arrived(), &bodies);
    println!("syslog-ng over HTTP, {} lines: {extra:?}", source.emitted());
}

/// A syslog-ng that reads the log of `disk`.
pub(crate) fn start(disk: &Disk, file: &str, theirs: &[(&str, &str)]) -> Process {
    let log = disk.log();
    let theirs = [&[("/var/log/app/audit", text(&log))], theirs].concat();
    let configuration = configuration(&format!("syslog-ng/{file}"), &disk.beside(""), &theirs);
    Process::start(command(disk, &configuration), &disk.beside("syslog-ng.said"))
}

pub(crate) fn command(disk: &Disk, configuration: &Path) -> Command {
    let mut command = Command::new("syslog-ng");
    command.args(["--foreground", "--no-caps", "--stderr", "--cfgfile"]).arg(configuration);
    for (option, name) in [("--persist-file", "persist"), ("--pidfile", "pid"), ("--control", "control")] {
        command.arg(option).arg(disk.beside(&format!("syslog-ng.{name}")));
    }
    command
}
