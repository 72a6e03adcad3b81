//! `keys recover`: a store for a log that replaces one whose keys were lost.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use tracing_audit::KeyStoreError;
use tracing_audit::trail::{PublicKey, Succeeds};
use tracing_audit::verify::{LogReport, Options, Verdict, verify_paths};

use super::Store;
use super::remedy::remedy;

pub(super) fn recover(
    log: &Path,
    store: &Store,
    pinned: Option<PublicKey>,
    out: &mut impl Write,
) -> io::Result<()> {
    refuse_written(log)?;
    let options = Options { keys: pinned.into_iter().collect(), ..Options::default() };
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
    if pinned.is_none() {
        let _ = writeln!(say, "Its key was not pinned (--key): it is only known to agree with itself.");
    }
    if old.verdict == Verdict::Tampered {
        let _ =
            writeln!(say, "It is tampered: see `tracing-audit verify`. That stays so, whatever succeeds it.");
    }
    Ok(())
}

/// The log to succeed: the one whose key is given, or else the only one that no other succeeds.
fn the_last<'a>(logs: &'a [LogReport], pinned: Option<PublicKey>, path: &Path) -> io::Result<&'a LogReport> {
    let is_succeeded =
        |log: &LogReport| logs.iter().any(|other| other.succeeds.is_some_and(|old| old.log == log.log));
    let is_last = |log: &&LogReport| match pinned {
        Some(key) => log.log == key.id(),
        None => !is_succeeded(log),
    };
    let mut last = logs.iter().filter(is_last);
    let fail = |what: &str| Err(io::Error::other(format!("{}: {what}", path.display())));
    match (last.next(), last.next()) {
        (Some(log), None) if is_succeeded(log) => fail("that log has a successor already"),
        (Some(log), None) => Ok(log),
        (None, _) => fail("no such log lies there"),
        (Some(_), Some(_)) => fail("several logs lie there; say which one with --key"),
    }
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
                "the log is being written: {} is held by {holder}",
                path.display()
            )));
        }
    }
    Ok(())
}

fn refused(error: &KeyStoreError) -> io::Error {
    io::Error::other(format!("{error}. {}", remedy(error)))
}
