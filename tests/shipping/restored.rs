//! Lines that real software parsed and wrote anew.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use tracing_audit::shipped::{LogReport, Options, verify_shipped};
use tracing_audit::verify::{Finding, FindingKind, Verdict};

use crate::copy::lines;
use crate::process::{Process, wait_until};
use crate::source::{Source, text};
use crate::{require, rsyslog, syslog_ng};

/// By mmjsonparse: spaces, `\/`, and a member of imfile.
const RSYSLOG: &str = r#"
global(workDirectory="WORK" maxMessageSize="256k")
module(load="imfile")
module(load="mmjsonparse")
template(name="parsed" type="string" string="%$!all-json%\n")
ruleset(name="audit" queue.type="Direct") {
  action(type="mmjsonparse" cookie="")
  action(type="omfile" file="COPY" template="parsed" ioBufferSize="256k" flushOnTXEnd="on")
}
input(type="imfile" file="LOG" tag="audit" ruleset="audit" freshStartTail="off")
"#;

/// By its parser and its template function: the order reversed, values as strings.
const SYSLOG_NG: &str = r#"@version: 3.38
source s_audit { file("LOG" flags(no-parse) log-msg-size(262144)); };
parser p_audit { json-parser(prefix("audit.")); };
destination d_audit { file("COPY" template("$(format-json audit.* --shift-levels 1)\n")); };
log { source(s_audit); parser(p_audit); destination(d_audit); };
"#;

/// A log of so many records, with what parsers stumble over, in one file.
fn log(records: u64) -> (Source, PathBuf) {
    let source = Source::new(|builder| builder);
    source.under_load(|| wait_until("the log grew", || source.emitted() > records));
    let log = source.file();
    (source, log)
}

fn configuration(source: &Source, text_of: &str, log: &Path, copy: &Path) -> PathBuf {
    let file = source.beside("configuration");
    let work = source.beside("");
    let ours = text_of.replace("WORK", text(&work)).replace("LOG", text(log)).replace("COPY", text(copy));
    fs::write(&file, ours).unwrap();
    file
}

fn verified(source: &Source, copy: &Path) -> LogReport {
    let options = Options { keys: vec![source.pin()], ..Options::default() };
    verify_shipped(&[copy], &options).unwrap().logs.remove(0)
}

#[test]
fn what_jq_wrote_anew_is_restored_and_proved() {
    if !require::available("jq", Command::new("jq").arg("--version")) {
        return;
    }
    let (source, log) = log(300);
    let copy = source.beside("copy");
    let status = Command::new("jq").arg(".").arg(&log).stdout(File::create(&copy).unwrap()).status().unwrap();
    assert!(status.success());
    let report = verified(&source, &copy);
    let all = lines(&log).len() as u64;
    assert_eq!((report.verdict, &report.findings), (Verdict::Intact, &vec![]), "{report:?}");
    assert_eq!((report.proved.lines, report.restored.lines), (all, all), "{report:?}");
}

#[test]
fn what_rsyslog_parsed_and_wrote_anew_is_restored_and_proved() {
    if !rsyslog::available("mmjsonparse") {
        return;
    }
    let (source, log) = log(300);
    let copy = source.beside("copy");
    let mut command = Command::new("rsyslogd");
    command.arg("-n").arg("-iNONE").arg("-f").arg(configuration(&source, RSYSLOG, &log, &copy));
    let _rsyslog = Process::start(command, &source.beside("rsyslog.said"));
    wait_until("all lines arrived", || lines(&copy).len() == lines(&log).len());
    let report = verified(&source, &copy);
    let foreign: Vec<_> = report.restored.foreign.iter().map(|named| named.member.as_str()).collect();
    assert_eq!(foreign, ["metadata"]);
    // Its strings end where a zero character stands: what was behind is gone. All others are as they were.
    let zero = |seq: u64| has(&lines(&log)[usize::try_from(seq).unwrap()], br"\u0000");
    let not_restored: Vec<_> = report.findings.iter().filter(|finding| is_not_restored(finding)).collect();
    assert!(!not_restored.is_empty() && not_restored.iter().all(|at| at.seq.is_some_and(zero)), "{report:?}");
    assert!(report.proved.lines > 0 && report.missing.lines == 0, "{report:?}");
}

fn has(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

fn is_not_restored(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::NotRestored { .. })
}

#[test]
fn what_syslog_ng_parsed_and_wrote_anew_is_proved_or_named() {
    if !syslog_ng::available() {
        return;
    }
    let (source, log) = log(12);
    let copy = source.beside("copy");
    let configuration = configuration(&source, SYSLOG_NG, &log, &copy);
    let _syslog_ng = Process::start(syslog_ng::command(&source, &configuration), &source.beside("said"));
    wait_until("all lines arrived", || lines(&copy).len() == lines(&log).len());
    let report = verified(&source, &copy);
    assert_eq!((report.verdict, report.missing.lines), (Verdict::Tampered, 0), "{report:?}");
    assert!(report.proved.lines > 0 && report.unproved.lines > 0, "{report:?}");
    let names = |kind: &FindingKind| matches!(kind, FindingKind::NotRestored { member: Some(_), .. });
    assert!(report.findings.iter().any(|finding| names(&finding.kind)), "{:?}", report.findings);
}
