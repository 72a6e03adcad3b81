//! The log begins its next file with the next minute, while two shippers read it at once.

use crate::copy::{lines, proves};
use crate::process::wait_until;
use crate::scenario::all_arrived;
use crate::source::{Source, text};
use crate::{rsyslog, syslog_ng};

#[test]
fn a_log_that_rotates_by_time_is_shipped_by_both() {
    if !rsyslog::available("imfile") || !syslog_ng::available() {
        return;
    }
    let source = Source::new(|builder| builder.rotation(tracing_audit::Rotation::MINUTELY));
    let copies = [source.beside("rsyslog.jsonl"), source.beside("syslog-ng.jsonl")];
    let _rsyslog = rsyslog::start(&source, "file.conf", &[("/var/log/audit-copy.jsonl", text(&copies[0]))]);
    let _syslog_ng =
        syslog_ng::start(&source, "file.conf", &[("/var/log/audit-copy.jsonl", text(&copies[1]))]);
    source.under_load(|| {
        let first = source.file();
        wait_until("the next minute begins", || source.file() != first);
        let before = source.emitted();
        wait_until("the next file grew", || source.emitted() > before + 200);
    });
    assert!(source.files().len() > 1);
    for copy in copies {
        all_arrived(&source, || lines(&copy));
        let extra = proves(&source, &lines(&copy), &copy);
        assert_eq!((extra.doubles, extra.torn, extra.late), (0, 0, 0), "nobody was killed");
    }
}
