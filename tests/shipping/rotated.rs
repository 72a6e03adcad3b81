//! A log on one path, which the real logrotate rotates while a shipper reads it, and while it is away.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use tracing_audit::Rotation;

use crate::contrib::configuration;
use crate::copy::{lines, proves};
use crate::logrotate::{self, rotate};
use crate::process::{Process, wait_until};
use crate::scenario::all_arrived;
use crate::source::{Source, text};
use crate::{rsyslog, syslog_ng};

/// How often it is killed.
const KILLS: usize = 2;

#[test]
fn rsyslog_ships_every_line_of_what_logrotate_rotates() {
    if rsyslog::available("imfile") && logrotate::available() {
        ships_every_line("rsyslog", |source, theirs| rsyslog::start(source, "logrotate.conf", theirs));
    }
}

#[test]
fn syslog_ng_ships_every_line_of_what_logrotate_rotates() {
    if syslog_ng::available() && logrotate::available() {
        ships_every_line("syslog-ng", |source, theirs| syslog_ng::start(source, "logrotate.conf", theirs));
    }
}

fn ships_every_line(name: &str, start: impl FnOnce(&Source, &[(&str, &str)]) -> Process) {
    let source = Source::new(|builder| builder.filename_suffix("log").rotation(Rotation::EXTERNAL));
    let rotated = Rotated { copy: source.beside("copy.jsonl"), source };
    let source = &rotated.source;
    let log = source.log();
    let theirs = [("/var/log/app/audit", text(&log))];
    let logrotate = configuration("logrotate/tracing-audit", &source.beside(""), &theirs);
    let mut shipper = start(source, &[("/var/log/audit-copy.jsonl", text(&rotated.copy))]);
    source.under_load(|| {
        for _ in 0..KILLS {
            rotated.arrive(500);
            rotate(&logrotate);
            rotated.is_read();
            rotated.arrive(200);
            shipper.kill();
            rotated.grow(300);
            rotate(&logrotate);
            rotated.grow(300);
            shipper.start_again();
            rotated.is_read();
        }
        rotated.grow(300);
    });
    all_arrived(source, || lines(&rotated.copy));
    let extra = proves(source, &lines(&rotated.copy), &rotated.copy);
    println!("{name} beside logrotate, {} lines: {extra:?}", source.emitted());
    assert_eq!(source.files().len(), 2 * KILLS + 1);
}

struct Rotated {
    source: Source,
    copy: PathBuf,
}

impl Rotated {
    fn arrive(&self, many: usize) {
        let before = lines(&self.copy).len();
        wait_until("more lines arrived", || lines(&self.copy).len() > before + many);
    }

    fn grow(&self, many: u64) {
        let before = self.source.emitted();
        wait_until("the log grew", || self.source.emitted() > before + many);
    }

    /// The writer has left the file that was moved, and the shipper has read it: it has a day for that.
    fn is_read(&self) {
        let (live, moved) = (self.source.log().join("audit.log"), self.source.log().join("audit.log.1"));
        wait_until("what was moved arrived", || {
            let arrived: HashSet<_> = lines(&self.copy).into_iter().collect();
            fs::metadata(&live).is_ok_and(|live| live.len() > 0)
                && lines(&moved).iter().all(|line| arrived.contains(line))
        });
    }
}
