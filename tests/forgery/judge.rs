//! Ways to verify what somebody left, and what a verdict must hold.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use tracing_audit::trail::{Hash, KeyId, Line, PublicKey, Timestamp};
use tracing_audit::verify::{
    ExpectedHead, FindingKind, LogReport, Options, Verifier, verify_paths, verify_paths_each,
};

use crate::history::History;
use crate::python::Python;
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
        // Where it is not said, the next one says it.
        if random.chance(50) {
            verifier.end_file();
        }
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
    if let Some(report) = &some {
        let handed_on = handed_on(folder.path(), log, &Options { patience, ..options.clone() });
        let proved: Vec<u64> = numbers(report).collect();
        assert_eq!(handed_on, proved, "what is handed on as proved is what is proved");
    }
    some
}

/// The numbers of the lines of a log that are handed on as proved, while a folder is read.
fn handed_on(folder: &Path, log: KeyId, options: &Options) -> Vec<u64> {
    let mut proved = Vec::new();
    verify_paths_each(&[folder], options, &mut |stretch| {
        let lines = stretch.text().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        for line in lines.filter(|_| stretch.is_proved) {
            let line = Line::parse(line).unwrap();
            if line.link.log == log {
                proved.push(line.link.seq);
            }
        }
        Ok(())
    })
    .unwrap();
    proved
}

/// As shipped lines, the files in any order: which are proved, and whether all is well.
#[cfg(feature = "shipped")]
pub(crate) fn as_shipped(
    given: &Given,
    log: KeyId,
    options: &Options,
    random: &mut Random,
) -> (Vec<(u64, u64)>, bool) {
    use tracing_audit::shipped;
    let [each, some] = [true, false].map(|every_signature| {
        let Options { keys, trust, .. } = options.clone();
        let mut verifier =
            shipped::Verifier::new(&shipped::Options { keys, trust, every_signature, ..Default::default() });
        let mut order: Vec<usize> = (0..given.files.len()).collect();
        random.shuffle(&mut order);
        for file in order {
            verifier.read(&format!("stream {file}"), &given.files[file][..]).unwrap();
        }
        if let Some(copies) = &given.copies {
            verifier.read_copies("audit.keys", &copies[..]).unwrap();
        }
        let report = verifier.finish(Timestamp::from_nanos(1_795_300_000_000_000_000)).unwrap();
        let of_log = report.logs.into_iter().find(|report| report.log == log);
        of_log.map_or((Vec::new(), false), |report| {
            let proved = report.proved.listed.iter().map(|range| (range.from, range.to)).collect();
            (proved, report.verdict == tracing_audit::verify::Verdict::Intact)
        })
    });
    assert_eq!(each, some, "each signature is checked, or some are");
    some
}

/// By the verifier on the page of the format: which lines are proved, and whether all is well.
pub(crate) fn in_python(python: &Python, given: &Given, pin: PublicKey) -> (Vec<(u64, u64)>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: String, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let files: Vec<_> =
        given.files.iter().enumerate().map(|(at, bytes)| write(format!("audit.{at}.jsonl"), bytes)).collect();
    let copies: Vec<_> = given.copies.iter().map(|bytes| write("audit.keys".to_owned(), bytes)).collect();
    let answer = python.verify(&pin.to_string(), &files, &copies);
    (answer.proved, answer.whole)
}

/// The lines of a log that stand in files, by their numbers; but for what honest writers left of lines that never were.
pub(crate) struct Standing {
    hashes: HashMap<u64, HashSet<Hash>>,
}

impl Standing {
    pub(crate) fn of(log: KeyId, files: &[Vec<u8>]) -> Standing {
        let mut hashes = HashMap::<u64, HashSet<Hash>>::new();
        for line in files.iter().flat_map(|file| file.split(|byte| *byte == b'\n')) {
            if let Ok(line) = Line::parse(line)
                && line.link.log == log
                && !line.fields.contains("\"actor\":\"torn\"")
            {
                hashes.entry(line.link.seq).or_default().insert(line.hash());
            }
        }
        Standing { hashes }
    }

    /// Whether a line of this number stands there that was written.
    pub(crate) fn has(&self, seq: u64, history: &History) -> bool {
        self.hashes.get(&seq).is_some_and(|there| there.iter().any(|hash| history.has(seq, *hash)))
    }

    /// Numbers at which a line stands that was not written.
    pub(crate) fn forged(&self, history: &History) -> Vec<u64> {
        let is_forged = |(seq, there): (&u64, &HashSet<Hash>)| {
            there.iter().any(|hash| !history.has(*seq, *hash)).then_some(*seq)
        };
        self.hashes.iter().filter_map(is_forged).collect()
    }
}

pub(crate) fn numbers(report: &LogReport) -> impl Iterator<Item = u64> + '_ {
    assert_eq!(report.proved.more, 0);
    report.proved.listed.iter().flat_map(|range| range.from..=range.to)
}

/// The hash of the proved line of this number, as the verifier itself says, where it is not the expected one.
pub(crate) fn proves_another(
    given: &Given,
    log: KeyId,
    options: &Options,
    (seq, hash): (u64, Hash),
    random: &mut Random,
) -> Option<Hash> {
    let expect_head = Some(ExpectedHead { seq: Some(seq), hash });
    let report = directly(given, log, &Options { expect_head, ..options.clone() }, random);
    report.findings.iter().find_map(|finding| match finding.kind {
        FindingKind::HeadDiffers { found, .. } => Some(found),
        _ => None,
    })
}
