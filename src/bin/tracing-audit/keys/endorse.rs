//! `keys endorse` and `keys install-endorsement`: from a fleet's key to a log's first line.

use std::fs;
use std::io::{self, Read as _, Write};
use std::path::Path;

use tracing_audit::trail::{EndorsedKey, InvalidEndorsement, PublicKey};
use tracing_audit::{FleetKey, KeyStoreError};

use super::Store;

pub(super) fn endorse(
    fleet_key_file: &Path,
    origin: &str,
    first: PublicKey,
    out: &mut impl Write,
) -> io::Result<()> {
    let fleet = FleetKey::read(fleet_key_file).map_err(io::Error::other)?;
    if fleet.public() == first {
        return Err(io::Error::other("that is the fleet's own key: expected the first key of a log"));
    }
    writeln!(out, "{}", fleet.endorse(origin, first))
}

pub(super) fn install(store: &Store, file: &Path, out: &mut impl Write) -> io::Result<()> {
    let text = match file == Path::new("-") {
        true => {
            let mut text = String::new();
            io::stdin().lock().take(64 << 10).read_to_string(&mut text)?;
            text
        }
        false => fs::read_to_string(file).map_err(|error| fail(file, &error.to_string()))?,
    };
    let endorsed: EndorsedKey =
        text.trim().parse().map_err(|error: InvalidEndorsement| fail(file, &error.to_string()))?;
    store.options().install_endorsement(&store.folder, &endorsed).map_err(|error| refused(&error))?;
    writeln!(out, "{}", endorsed.endorsement().public_key)
}

fn fail(file: &Path, what: &str) -> io::Error {
    io::Error::other(format!("{}: {what}", file.display()))
}

fn refused(error: &KeyStoreError) -> io::Error {
    io::Error::other(error.to_string())
}
