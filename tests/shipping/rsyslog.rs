//! rsyslog: from files to a file, over TCP to another rsyslog, and to what speaks `_bulk`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::contrib::configuration;
use crate::copy::{lines, proves};
use crate::http::{Answer, Request, Server, lines_of};
use crate::process::{Process, wait_until};
use crate::require;
use crate::scenario::killed_under_load;
use crate::source::{Disk, Source, text};

pub(crate) fn available(module: &str) -> bool {
    let mut probe = Command::new("sh");
    probe.args(["-c", "rsyslogd -v && ls /usr/lib/*/rsyslog/$0.so", module]);
    require::available(&format!("rsyslog with {module}"), &mut probe)
}

#[test]
fn rsyslog_ships_every_line_to_a_file() {
    if !available("imfile") {
        return;
    }
    let source = Source::new(|builder| builder.max_file_size(400_000));
    let copy = source.beside("copy.jsonl");
    let mut shipper = start(&source, "file.conf", &[("/var/log/audit-copy.jsonl", text(&copy))]);
    killed_under_load(&source, &mut shipper, || lines(&copy));
    let extra = proves(&source, &lines(&copy), &copy);
    println!("rsyslog to a file, {} lines: {extra:?}", source.emitted());
    assert_eq!(extra.late, 0);
}

#[test]
fn rsyslog_ships_every_line_over_tcp() {
    if !available("imfile") {
        return;
    }
    let source = Source::new(|builder| builder.max_file_size(400_000));
    let (copy, port) = (source.beside("copy.jsonl"), source.beside("port"));
    let listens = format!("port=\"0\" listenPortFileName=\"{}\"", text(&port));
    let theirs = [("/var/log/audit-copy.jsonl", text(&copy)), ("port=\"601\"", listens.as_str())];
    let _collector = run(&source, "collector.conf", &theirs);
    wait_until("the collector listens", || fs::read_to_string(&port).is_ok_and(|port| !port.is_empty()));
    let port = format!("port=\"{}\"", fs::read_to_string(&port).unwrap().trim());
    let theirs = [("collector.example.com", "127.0.0.1"), ("port=\"601\"", port.as_str())];
    let mut shipper = start(&source, "tcp.conf", &theirs);
    killed_under_load(&source, &mut shipper, || lines(&copy));
    let extra = proves(&source, &lines(&copy), &copy);
    println!("rsyslog over TCP, {} lines: {extra:?}", source.emitted());
    assert_eq!(extra.late, 0);
}

#[test]
fn rsyslog_ships_every_line_to_elasticsearch() {
    if !available("omelasticsearch") {
        return;
    }
    let source = Source::new(|builder| builder.max_file_size(400_000));
    let index = Index::default();
    let server = index.serve();
    let port = format!("serverport=\"{}\"", server.port());
    let theirs = [("elasticsearch.example.com", "127.0.0.1"), ("serverport=\"9200\"", port.as_str())];
    let mut shipper = start(&source, "elasticsearch.conf", &theirs);
    let refused = source.beside("work/audit-refused.json");
    let bodies = || [index.bodies(), refused_by_the_cluster(&refused)].concat();
    let arrived = || bodies().iter().flat_map(|body| messages(body)).collect();
    killed_under_load(&source, &mut shipper, arrived);
    let copy = source.beside("copy");
    fs::write(&copy, bodies().concat()).unwrap();
    let extra = proves(&source, &arrived(), &copy);
    println!("rsyslog to _bulk, {} lines in {} requests: {extra:?}", source.emitted(), index.requests());
}

/// An rsyslog that reads the log of `disk`.
pub(crate) fn start(disk: &Disk, file: &str, theirs: &[(&str, &str)]) -> Process {
    let (log, work) = (disk.log(), disk.beside("work"));
    fs::create_dir(&work).unwrap();
    let folders = [("/var/log/app/audit", text(&log)), ("/var/spool/rsyslog", text(&work))];
    run(disk, file, &[&folders, theirs].concat())
}

fn run(disk: &Disk, file: &str, theirs: &[(&str, &str)]) -> Process {
    let configuration = configuration(&format!("rsyslog/{file}"), &disk.beside(""), theirs);
    let mut command = Command::new("rsyslogd");
    // Without a pid file: the one of a process that was killed would be in the way.
    command.arg("-n").arg("-iNONE").arg("-f").arg(&configuration);
    Process::start(command, &disk.beside(&format!("{file}.said")))
}

/// The bodies that rsyslog gave up to send: `jq -r .request.postdata` of what it keeps.
fn refused_by_the_cluster(file: &Path) -> Vec<Vec<u8>> {
    // An entry that a kill tore was not noted as sent.
    let entries = lines(file).into_iter().filter_map(|entry| serde_json::from_slice::<Value>(&entry).ok());
    entries.map(|entry| entry["request"]["postdata"].as_str().unwrap().as_bytes().to_vec()).collect()
}

/// The lines in a body: an action and a document, in turns.
fn messages(body: &[u8]) -> Vec<Vec<u8>> {
    let documents =
        lines_of(body).skip(1).step_by(2).map(|line| serde_json::from_slice::<Value>(line).unwrap());
    documents.map(|document| document["message"].as_str().unwrap().as_bytes().to_vec()).collect()
}

/// What a cluster keeps of `_bulk`. It is busy at times, and at times dies between taking and answering.
#[derive(Clone, Default)]
struct Index {
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    requests: Arc<AtomicU64>,
}

impl Index {
    fn serve(&self) -> Server {
        let index = self.clone();
        Server::start(move |request| index.answer(request))
    }

    fn answer(&self, request: Request) -> Answer {
        if request.method != "POST" {
            return Answer::Say(200, "{}".into());
        }
        let number = self.requests.fetch_add(1, SeqCst);
        if number % 499 == 13 {
            return Answer::Say(503, r#"{"error":"busy","status":503}"#.into());
        }
        let documents = messages(&request.body).len();
        let items = vec![json!({"index": {"_index": "audit", "status": 201}}); documents];
        self.bodies.lock().unwrap().push(request.body);
        if number % 499 == 47 {
            return Answer::HangUp;
        }
        Answer::Say(200, json!({"took": 1, "errors": false, "items": items}).to_string())
    }

    fn bodies(&self) -> Vec<Vec<u8>> {
        self.bodies.lock().unwrap().clone()
    }

    fn requests(&self) -> u64 {
        self.requests.load(SeqCst)
    }
}
