//! Ways to verify what somebody left, and what a verdict must hold.

use std::collections::{HashMap, HashSet};

use tracing_audit::trail::{Hash, KeyId, Line, Timestamp};
use tracing_audit::verify::{ExpectedHead, FindingKind, LogReport, Options, Verifier, verify_paths};

use crate::random::Random;

/// Files of one log, in their order, and copies of its hand-offs.
pub(crate) struct Given {
    pub(crate) files: Vec<Vec<u8>>,
    pub(crate) copies: Option<Vec<u8>>,
}

/// Through the verifier, in pieces of any size.
pub(crate) fn directly(given: &Given, log: KeyId, options: &Options, random: &mut Random) -> LogReport {
    let mut verifier = Verifier::new(log, options);
    if let Some(copies) = &given.copies {
        verifier.hand_offs("audit.keys", copies);
    }
    let size = 1 + random.below(3_000);
    for (number, bytes) in given.files.iter().enumerate() {
        verifier.begin_file(&format!("audit.{number}.jsonl"));
        bytes.chunks(size).for_each(|piece| verifier.bytes(piece));
        verifier.end_file();
    }
    verifier.finish(Timestamp::from_nanos(1_795_300_000_000_000_000))
}

/// In both modes, which must agree.
pub(crate) fn in_both_modes(given: &Given, log: KeyId, options: &Options, random: &mut Random) -> LogReport {
    let [each, some] = [true, false].map(|every_signature| {
        let options = Options { every_signature, ..options.clone() };
        LogReport { signatures_checked: 0, ..directly(given, log, &options, random) }
    });
    assert_eq!(each, some, "each signature is checked, or some are");
    some
}

/// From a folder, where names say nothing. None where no file of it is the log's.
pub(crate) fn in_a_folder(
    given: &Given,
    log: KeyId,
    options: &Options,
    random: &mut Random,
) -> Option<LogReport> {
    let folder = tempfile::tempdir().unwrap();
    let mut names: Vec<usize> = (0..given.files.len()).collect();
    random.shuffle(&mut names);
    for (name, bytes) in names.iter().zip(&given.files) {
        std::fs::write(folder.path().join(format!("audit.{name}.jsonl")), bytes).unwrap();
    }
    if let Some(copies) = &given.copies {
        std::fs::write(folder.path().join("audit.keys"), copies).unwrap();
    }
    let patience = std::time::Duration::ZERO;
    let [each, some] = [true, false].map(|every_signature| {
        let options = Options { every_signature, patience, ..options.clone() };
        let report = verify_paths(&[folder.path()], &options).unwrap();
        let of_log = report.logs.into_iter().find(|report| report.log == log);
        of_log.map(|report| LogReport { signatures_checked: 0, ..report })
    });
    assert_eq!(each, some, "each signature is checked, or some are");
    some
}

/// The lines of a log that stand in files, by their numbers.
pub(crate) struct Standing {
    hashes: HashMap<u64, HashSet<Hash>>,
}

impl Standing {
    pub(crate) fn of(log: KeyId, files: &[Vec<u8>]) -> Standing {
        let mut hashes = HashMap::<u64, HashSet<Hash>>::new();
        for line in files.iter().flat_map(|file| file.split(|byte| *byte == b'\n')) {
            if let Ok(line) = Line::parse(line)
                && line.link.log == log
            {
                hashes.entry(line.link.seq).or_default().insert(line.hash());
            }
        }
        Standing { hashes }
    }

    /// Whether a line of this number and hash stands there.
    pub(crate) fn has(&self, seq: u64, hash: Option<Hash>) -> bool {
        hash.is_some_and(|hash| self.hashes.get(&seq).is_some_and(|there| there.contains(&hash)))
    }

    /// Numbers at which another line stands than the written one.
    pub(crate) fn forged<'a>(
        &'a self,
        written: &'a impl Fn(u64) -> Option<Hash>,
    ) -> impl Iterator<Item = u64> + 'a {
        self.hashes
            .iter()
            .filter_map(|(seq, there)| there.iter().any(|hash| written(*seq) != Some(*hash)).then_some(*seq))
    }
}

pub(crate) fn numbers(report: &LogReport) -> impl Iterator<Item = u64> + '_ {
    assert_eq!(report.proved.more, 0);
    report.proved.listed.iter().flat_map(|range| range.from..=range.to)
}

/// Whether the proved line of this number is another than the written one, as the verifier itself says.
pub(crate) fn proves_another(
    given: &Given,
    log: KeyId,
    options: &Options,
    (seq, hash): (u64, Hash),
    random: &mut Random,
) -> bool {
    let expect_head = Some(ExpectedHead { seq: Some(seq), hash });
    let report = directly(given, log, &Options { expect_head, ..options.clone() }, random);
    report.findings.iter().any(|finding| matches!(finding.kind, FindingKind::HeadDiffers { .. }))
}
