//! `tracing-audit keys`: stores of signing keys.

mod check;
mod endorse;
mod list;
mod recover;

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::NonEmptyStringValueParser;
use tracing_audit::trail::PublicKey;
use tracing_audit::verify::TrustLine;
use tracing_audit::{KeyStore, KeyStoreError, KeyStoreOptions};

use crate::terminal::harmless;

/// Make a key store, show the public key of one, list and check what it holds
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a key store with a first key, and print the public key to pin
    ///
    /// The folder must not be a store already.
    New {
        #[command(flatten)]
        store: Store,
    },
    /// Print the public key to pin; works while a log is written
    Show {
        /// The store
        folder: PathBuf,
        /// Print a line for the file of `verify --trust`: this origin, the log's id, its key
        #[arg(long, value_name = "ORIGIN", value_parser = NonEmptyStringValueParser::new())]
        trust: Option<String>,
    },
    /// List what a store holds, but for its secrets; works while a log is written
    List {
        #[command(flatten)]
        store: Store,
    },
    /// Check a store, and that it is the one of a log: exit code 0 good, 1 something is wrong, 2 it could not be checked
    Check {
        #[command(flatten)]
        store: Store,
        /// The folder of its log, all of which is read then
        log: Option<PathBuf>,
    },
    /// Endorse the first key of a log with a fleet's key, and print the endorsement; to be run where that key is kept
    Endorse {
        /// The fleet's secret key: PKCS#8 in PEM, readable by its owner alone
        #[arg(long, value_name = "FILE")]
        fleet_key_file: PathBuf,
        /// Who will write the log; it can have no other name
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        origin: String,
        /// The log's first public key, as `keys new` printed it
        key: PublicKey,
    },
    /// Put an endorsement into a store, before its log begins, and print the fleet's public key
    InstallEndorsement {
        #[command(flatten)]
        store: Store,
        /// The file with what `keys endorse` printed; `-` for the standard input
        endorsement: PathBuf,
    },
    /// Let a log go on though its last synced line is gone: the start that was refused as `Truncated` goes on then
    ///
    /// The next start goes on in a new file, whose first line says who accepted the loss, when and why. The hole stays visible,
    /// and the log tampered. It is good for this loss alone. The service must be stopped.
    AcceptLoss {
        #[command(flatten)]
        store: Store,
        /// The folder of its log
        log: PathBuf,
        /// Who looked into it
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        by: String,
        /// What it was
        #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
        reason: String,
    },
    /// Make a key store for a log that succeeds one whose keys were lost, and print the new public key to pin
    ///
    /// The store must be a new folder, or one that was never used.
    Recover {
        /// The folder of the old log; the new one will lie there too
        log: PathBuf,
        #[command(flatten)]
        store: Store,
        /// The old log's pinned public key; where it succeeded others itself, theirs too. What no pinned key proves, the
        /// recovery does not go by
        #[arg(long, value_name = "KEY", required = true)]
        key: Vec<PublicKey>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Store {
    /// The store: a folder of its own
    folder: PathBuf,
    /// Its group may have access to it: for volumes with Kubernetes' `fsGroup`
    #[arg(long)]
    allow_group_access: bool,
}

impl Store {
    fn options(&self) -> KeyStoreOptions {
        KeyStore::options().allow_group_access(self.allow_group_access)
    }
}

pub(crate) fn run(command: &Command) -> io::Result<ExitCode> {
    match command {
        Command::New { store } => {
            let folder = &store.folder;
            match KeyStore::read_pin(folder) {
                Ok(_) => {
                    let why = format!("{} is a key store already", folder.display());
                    return Err(io::Error::new(ErrorKind::AlreadyExists, why));
                }
                Err(KeyStoreError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(io::Error::other(error)),
            }
            let store = store.options().open_or_create(folder).map_err(io::Error::other)?;
            writeln!(io::stdout(), "{}", store.pin())?;
            if let Some(path) = store.pin_file() {
                explain(&format!("the key to pin; it also stands in {}", path.display()));
            }
        }
        Command::Show { folder, trust } => {
            let pin = KeyStore::read_pin(folder).map_err(io::Error::other)?;
            match trust {
                Some(origin) => {
                    let (origin, comment) = (origin.clone(), String::new());
                    writeln!(
                        io::stdout(),
                        "{}",
                        TrustLine::Log { origin, key: pin, from_start: false, comment }
                    )?;
                }
                None => writeln!(io::stdout(), "{pin}")?,
            }
            explain(&format!("the key to pin, of log {}", pin.id()));
        }
        Command::List { store } => {
            let found = list::list(store, &mut io::stdout().lock())?;
            for problem in &found.problems {
                let text = format!("tracing-audit: {problem}");
                let _ = writeln!(io::stderr(), "{}", harmless(&text));
            }
            if !found.problems.is_empty() {
                return Ok(ExitCode::from(2));
            }
        }
        Command::Endorse { fleet_key_file, origin, key } => {
            endorse::endorse(fleet_key_file, origin, *key, &mut io::stdout().lock())?;
        }
        Command::InstallEndorsement { store, endorsement } => {
            endorse::install(store, endorsement, &mut io::stdout().lock())?;
            explain("the fleet's key; the log's first line will have its endorsement");
        }
        Command::AcceptLoss { store, log, by, reason } => {
            let accepted = store.options().accept_loss(&store.folder, log, by, reason);
            let found = accepted.map_err(|error| io::Error::other(error.to_string()))?;
            writeln!(io::stdout(), "accepted: {found}")?;
            explain(
                "the next start goes on in a new file, and signs who accepted it; the log stays tampered",
            );
        }
        Command::Recover { log, store, key } => {
            recover::recover(log, store, key, &mut io::stdout().lock())?;
        }
        Command::Check { store, log } => {
            let checked = check::check(store, log.as_deref(), &mut io::stdout().lock())?;
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
