//! `keys recover`: a store for a log that replaces one whose keys were lost.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use tracing_audit::KeyStoreError;
use tracing_audit::trail::{KeyId, PublicKey, Succeeds};
use tracing_audit::verify::{LogReport, Options, Verdict, verify_paths};

use super::Store;
use crate::terminal::quoted;

pub(super) fn recover(
    log: &Path,
    store: &Store,
    pinned: &[PublicKey],
    out: &mut impl Write,
) -> io::Result<()> {
    refuse_written(log)?;
    let options = Options { keys: pinned.to_vec(), ..Options::default() };
    let report = verify_paths(&[log], &options).map_err(io::Error::other)?;
    let old = the_last(&report.logs, pinned, log)?;
    let head = old.head.ok_or_else(|| {
        io::Error::other(format!("no line of log {} is proved: there is nothing to go on from", old.log))
    })?;
    let succeeds = Succeeds { hash: head.hash, log: old.log, seq: head.seq };
    let store = store.options().succeed(&store.folder, succeeds).map_err(|error| refused(&error))?;

    writeln!(out, "{}", store.pin())?;
    let mut say = io::stderr();
    let _ = writeln!(say, "The key to pin, beside that of the old log, which it does not replace.");
    let _ = writeln!(
        say,
        "The new log begins at the service's next start with this store, and succeeds log {} from",
        old.log
    );
    let _ =
        writeln!(say, "line {} on, of {}. Leave the old log's files where they are.", head.seq, head.time);
    let is_heard = |log: &LogReport| pinned.iter().any(|key| key.id() == log.log);
    for other in report.logs.iter().filter(|other| !is_heard(other) && claims(other, old.log)) {
        let _ = writeln!(
            say,
            "Log {} says that it succeeds that one. Its key was not given (--key): that counts for nothing.",
            other.log
        );
    }
    if old.verdict == Verdict::Tampered {
        let _ =
            writeln!(say, "It is tampered: see `tracing-audit verify`. That stays so, whatever succeeds it.");
    }
    Ok(())
}

/// The log to succeed: of those whose keys are given, the one that no other of them succeeds. Anybody can write a log that
/// claims to succeed another, so that no other log is heard.
fn the_last<'a>(logs: &'a [LogReport], pinned: &[PublicKey], path: &Path) -> io::Result<&'a LogReport> {
    let known = || logs.iter().filter(|log| pinned.iter().any(|key| key.id() == log.log));
    let mut last = known().filter(|log| !known().any(|other| claims(other, log.log)));
    let fail = |what: &str| Err(io::Error::other(format!("{}: {what}", path.display())));
    match (last.next(), last.next()) {
        (Some(log), None) => Ok(log),
        (None, _) => fail("no log of that key lies there"),
        (Some(_), Some(_)) => {
            fail("several logs of these keys lie there; give the key of one, and of those that it succeeds")
        }
    }
}

fn claims(log: &LogReport, old: KeyId) -> bool {
    let said = log.agrees.as_ref().and_then(|agrees| agrees.succeeds);
    log.succeeds.or(said).is_some_and(|succeeds| succeeds.log == old)
}

/// A log that has a writer has a store.
fn refuse_written(log: &Path) -> io::Result<()> {
    for entry in fs::read_dir(log)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "lock") || !path.is_file() {
            continue;
        }
        if let Err(TryLockError::WouldBlock) = File::open(&path)?.try_lock() {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            return Err(io::Error::other(format!(
                "the log is being written: {} is held by {}",
                path.display(),
                quoted(&holder)
            )));
        }
    }
    Ok(())
}

fn refused(error: &KeyStoreError) -> io::Error {
    io::Error::other(error.to_string())
}
