//! What a report was made with: whoever reads one later must know what was asked, and of what.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{ExpectedHead, Options, Succession, TrustFile};
use crate::trail::{KeyId, PublicKey, Timestamp};

/// What a report was made with. Two reports on the same files can differ only where these do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(clippy::struct_excessive_bools)] // one for each option
pub struct Basis {
    /// When the reading began.
    pub time: Timestamp,
    /// The version of this library.
    pub version: &'static str,
    /// The paths, as they were given.
    pub paths: Vec<String>,
    /// The paths of copies of lines that name keys, as they were given: shipped lines alone have them.
    pub copies: Vec<String>,
    /// The pinned keys.
    pub pins: Vec<NamedKey>,
    /// The keys of trusted fleets.
    pub fleet_keys: Vec<NamedKey>,
    /// Logs that the trust file names.
    pub trusted: u64,
    /// Whether every signature was to be checked.
    pub every_signature: bool,
    /// The line that had to be there.
    pub expect_head: Option<ExpectedHead>,
    /// How old the last line could be.
    pub max_silence: Option<Duration>,
    /// Whether each log had to be there from its line 0 on.
    pub from_start: bool,
    /// Whether only some files of each log were given, that follow each other.
    pub part: bool,
    /// The time that the part had to cover: from here on,
    pub since: Option<Timestamp>,
    /// and up to here.
    pub until: Option<Timestamp>,
    /// Whether no record could have been lost.
    pub no_losses: bool,
    /// Logs that were known to have been replaced by others.
    pub successions: Vec<Succession>,
    /// The member that had the line: shipped lines alone have one.
    pub at: Option<String>,
    /// Whether numbers that were not given were not missed: of shipped lines alone.
    pub sparse: bool,
}

/// A key, and its id: that of the log of which it is the first key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NamedKey {
    /// The id.
    pub id: KeyId,
    /// The key.
    pub public_key: PublicKey,
}

impl Basis {
    /// What files are verified with.
    pub(super) fn of_files(paths: &[PathBuf], options: &Options, time: Timestamp) -> Basis {
        Basis {
            every_signature: options.every_signature,
            expect_head: options.expect_head,
            max_silence: options.max_silence,
            from_start: options.from_start,
            part: options.part,
            since: options.since.filter(|_| options.part),
            until: options.until.filter(|_| options.part),
            no_losses: options.no_losses,
            successions: options.successions.clone(),
            ..Basis::new(paths, &options.keys, &options.trust, time)
        }
    }

    /// Without any option.
    pub(crate) fn new(paths: &[PathBuf], pins: &[PublicKey], trust: &TrustFile, time: Timestamp) -> Basis {
        let named = |keys: &[PublicKey]| keys.iter().map(NamedKey::of).collect();
        Basis {
            time,
            version: env!("CARGO_PKG_VERSION"),
            paths: paths.iter().map(|path| path.display().to_string()).collect(),
            copies: Vec::new(),
            pins: named(pins),
            fleet_keys: named(trust.fleets()),
            trusted: trust.logs(),
            every_signature: false,
            expect_head: None,
            max_silence: None,
            from_start: false,
            part: false,
            since: None,
            until: None,
            no_losses: false,
            successions: Vec::new(),
            at: None,
            sparse: false,
        }
    }
}

impl NamedKey {
    fn of(key: &PublicKey) -> NamedKey {
        NamedKey { id: key.id(), public_key: *key }
    }
}
