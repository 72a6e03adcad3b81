//! `tracing-audit keys`: stores of signing keys.

mod check;
mod list;
mod remedy;

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use tracing_audit::{KeyStore, KeyStoreError};

use crate::terminal::harmless;
use remedy::remedy;

/// Make a key store, show the public key of one, list and check what it holds
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a key store with a first key, and print the public key to pin
    New {
        /// The store: a folder of its own; it must not be one already
        folder: PathBuf,
    },
    /// Print the public key to pin; works while a log is written
    Show {
        /// The store
        folder: PathBuf,
    },
    /// List what a store holds, but for its secrets; works while a log is written
    List {
        /// The store
        folder: PathBuf,
    },
    /// Check a store, and that it is the one of a log: exit code 0 good, 1 something is wrong, 2 it could not be checked
    Check {
        /// The store
        folder: PathBuf,
        /// The folder of its log, all of which is read then
        log: Option<PathBuf>,
    },
}

pub(crate) fn run(command: &Command) -> io::Result<ExitCode> {
    match command {
        Command::New { folder } => {
            match KeyStore::read_pin(folder) {
                Ok(_) => {
                    let why = format!("{} is a key store already", folder.display());
                    return Err(io::Error::new(ErrorKind::AlreadyExists, why));
                }
                Err(KeyStoreError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(io::Error::other(error)),
            }
            let store = KeyStore::open_or_create(folder).map_err(io::Error::other)?;
            writeln!(io::stdout(), "{}", store.pin())?;
            if let Some(path) = store.pin_file() {
                explain(&format!("the key to pin; it also stands in {}", path.display()));
            }
        }
        Command::Show { folder } => {
            let pin = KeyStore::read_pin(folder).map_err(io::Error::other)?;
            writeln!(io::stdout(), "{pin}")?;
            explain(&format!("the key to pin, of log {}", pin.id()));
        }
        Command::List { folder } => {
            let found = list::list(folder, &mut io::stdout().lock())?;
            for problem in &found.problems {
                let text = format!("tracing-audit: {problem}. {}", remedy(problem));
                let _ = writeln!(io::stderr(), "{}", harmless(&text));
            }
            if !found.problems.is_empty() {
                return Ok(ExitCode::from(2));
            }
        }
        Command::Check { folder, log } => {
            let checked = check::check(folder, log.as_deref(), &mut io::stdout().lock())?;
            return Ok(ExitCode::from(checked.exit_code()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// For a person, beside what a script reads.
fn explain(text: &str) {
    if io::stderr().is_terminal() {
        let _ = writeln!(io::stderr(), "{}", harmless(text));
    }
}
