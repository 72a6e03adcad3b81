//! Whom to trust: the keys and trust files that `verify` and `show` are given.

use std::fs;
use std::io;
use std::path::PathBuf;

use tracing_audit::trail::PublicKey;
use tracing_audit::verify::{TrustFile, TrustLine};

#[derive(Debug, clap::Args)]
pub(crate) struct Pins {
    /// The pinned public key of a log; one for each log
    #[arg(long, value_name = "KEY")]
    key: Vec<PublicKey>,
    /// A file with pinned public keys, one a line
    #[arg(long, value_name = "FILE")]
    key_file: Vec<PathBuf>,
    /// A file of logs that are trusted, `origin log public-key [comment]` a line; those that aren't given aren't missed
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// The public key of a fleet: each log is trusted whose first key it endorsed
    #[arg(long, value_name = "KEY")]
    fleet_key: Vec<PublicKey>,
}

impl Pins {
    /// Whether nobody is named.
    pub(crate) fn is_empty(&self) -> bool {
        let Pins { key, key_file, trust, fleet_key } = self;
        key.is_empty() && key_file.is_empty() && trust.is_empty() && fleet_key.is_empty()
    }

    /// The pinned keys.
    pub(crate) fn keys(&self) -> io::Result<Vec<PublicKey>> {
        let mut keys = self.key.clone();
        for file in &self.key_file {
            keys.extend(keys_in(file)?);
        }
        Ok(keys)
    }

    /// What the trust files say, and the keys of fleets.
    pub(crate) fn trust(&self) -> io::Result<TrustFile> {
        let mut trust = trust_in(&self.trust)?;
        for key in &self.fleet_key {
            let line = TrustLine::Fleet { key: *key, comment: String::new() };
            trust.add(line).map_err(io::Error::other)?;
        }
        Ok(trust)
    }
}

/// One key a line; blank lines and those that begin with `#` say nothing.
fn keys_in(file: &PathBuf) -> io::Result<Vec<PublicKey>> {
    let fail = |what: String| io::Error::other(format!("{}: {what}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
    let lines = text.lines().map(str::trim).enumerate();
    let keys = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<_> = keys
        .map(|(at, line)| line.parse().map_err(|error| fail(format!("line {}: {error}", at + 1))))
        .collect::<io::Result<_>>()?;
    if keys.is_empty() { Err(fail("no key in it".to_owned())) } else { Ok(keys) }
}

fn trust_in(files: &[PathBuf]) -> io::Result<TrustFile> {
    let mut trust = TrustFile::default();
    for file in files {
        let fail = |what: String| io::Error::other(format!("{}: {what}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
        trust.read(&text).map_err(|error| fail(error.to_string()))?;
    }
    if trust.is_empty()
        && let Some(file) = files.first()
    {
        return Err(io::Error::other(format!("{}: nobody in it", file.display())));
    }
    Ok(trust)
}
