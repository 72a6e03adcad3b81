//! `tracing-audit keys`: stores of signing keys.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use tracing_audit::{KeyStore, KeyStoreError};

use crate::terminal::harmless;

/// Make a key store, or show the public key of one
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
    }
    Ok(ExitCode::SUCCESS)
}

/// For a person, beside what a script reads.
fn explain(text: &str) {
    if io::stderr().is_terminal() {
        let _ = writeln!(io::stderr(), "{}", harmless(text));
    }
}
