//! The oracle: reads a log again as anybody would who has its files and the public key, proves all of it with the
//! verifier, and holds it against what was acknowledged.
//!
//! At every moment of a log's life, crashes and faults included:
//!
//! - It is never `tampered`. What is not yet proved stands at its end, and is called incomplete.
//! - Each acknowledged record stands in the chain; no record stands there twice, or before one that came earlier.
//! - The verifier of shipped lines says the same of them as that of files.
//! - The head in the key store names a line of the chain, and the store holds one key, or two while it hands over.
//!
//! After a power cut this holds from the next start on, but for records that were acknowledged as written only.

use std::ops::Range;
use std::path::Path;

#[cfg(feature = "shipped")]
use super::shipped::disagreement;
use super::{FOLDER, KEYS};
use crate::files::memory::MemoryFiles;
use crate::promises::Durability;
use crate::trail::{Control, Ended, Hash, KeyId, Kind, Line, PublicKey};
use crate::verify::{FindingKind, LogReport, Options, Verifier, find_logs};

/// What is known of a log from outside: the records that were acknowledged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Oracle {
    /// How many operations the disk had done by then, what holds, of which records.
    acknowledged: Vec<(usize, Durability, Range<u64>)>,
    /// A sync failed: lines may be missing where the log says so.
    pub(crate) sync_failed: bool,
}

/// A log, proved.
#[derive(Debug)]
pub(crate) struct Proved {
    pub(crate) logs: Vec<LogReport>,
    /// Files that look like some of a log, and are not.
    strange: Vec<FindingKind>,
    pub(crate) lines: Vec<ProvedLine>,
    /// Bytes stand behind the last proved line.
    pub(crate) has_unproved_end: bool,
    /// Where the verifier of shipped lines says otherwise of them than that of files.
    disagreement: Option<String>,
}

/// A line that a signature covers.
#[derive(Debug, Clone)]
pub(crate) struct ProvedLine {
    seq: u64,
    hash: Hash,
    pub(crate) kind: String,
    pub(crate) signed: bool,
    /// Of a record of [`super::record`].
    number: Option<u64>,
}

impl Proved {
    /// The numbers of the records, in their order.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.lines.iter().filter_map(|line| line.number).collect()
    }

    /// The records that the log declares lost.
    pub(crate) fn lost(&self) -> u64 {
        self.logs.iter().map(|log| log.lost).sum()
    }

    /// What does not hold, and where.
    pub(crate) fn findings(&self) -> impl Iterator<Item = (&FindingKind, String)> {
        let findings = self.logs.iter().flat_map(|log| &log.findings);
        let strange = self.strange.iter().map(|kind| (kind, kind.to_string()));
        findings.map(|finding| (&finding.kind, finding.to_string())).chain(strange)
    }
}

impl Oracle {
    /// Somebody was told, after so many operations, that these records are where `Durability` says.
    pub(crate) fn acknowledge(&mut self, operations: usize, how: Durability, records: Range<u64>) {
        self.acknowledged.push((operations, how, records));
    }

    /// All that was acknowledged so far was so before the operations that are counted now.
    pub(crate) fn forget_when(&mut self) {
        self.acknowledged.iter_mut().for_each(|(at, ..)| *at = 0);
    }

    /// What was known before the operation of this number.
    pub(crate) fn at(&self, operations: usize) -> Oracle {
        let mut oracle = self.clone();
        oracle.acknowledged.retain(|(at, ..)| *at <= operations);
        oracle
    }

    /// How often something was acknowledged.
    pub(crate) fn count(&self) -> usize {
        self.acknowledged.len()
    }

    /// What was only written may be gone.
    pub(crate) fn power_failed(mut self) -> Oracle {
        self.acknowledged.retain(|(_, how, _)| *how == Durability::Synced);
        self
    }

    /// The log now; panics where it is not as it must be.
    pub(crate) fn prove(&self, files: &MemoryFiles, context: &str) -> Proved {
        self.examine(files).unwrap_or_else(|why| panic!("{context}: {why}"))
    }

    /// The log now, which must be whole to its end.
    pub(crate) fn prove_intact(&self, files: &MemoryFiles, context: &str) -> Proved {
        let proved = self.prove(files, context);
        let declared = |kind: &FindingKind| self.sync_failed && matches!(kind, FindingKind::Gone { .. });
        let rest: Vec<_> = proved.findings().filter(|(kind, _)| !declared(kind)).collect();
        assert!(rest.is_empty() && !proved.has_unproved_end, "{context}: {rest:?}");
        proved
    }

    /// The log now, or what is wrong with it.
    pub(crate) fn examine(&self, files: &MemoryFiles) -> Result<Proved, String> {
        let Some(pin) = pin(files) else {
            // The first start ended before there was a store; so there is no log.
            let proved = prove(files, &[]);
            let is_new = self.acknowledged.is_empty() && proved.logs.is_empty();
            return if is_new { Ok(proved) } else { Err("there is no pinned key".to_owned()) };
        };
        let proved = prove(files, &[pin]);
        let may_be = |kind: &FindingKind| match kind {
            FindingKind::UnsignedEnd { .. } | FindingKind::NextFileMissing { .. } | FindingKind::Nothing => {
                true
            }
            FindingKind::Gone { ended, .. } => self.sync_failed && *ended == Ended::Unsynced,
            _ => false,
        };
        if let Some((_, why)) = proved.findings().find(|(kind, _)| !may_be(kind)) {
            return Err(why);
        }
        if let Some(why) = proved.disagreement {
            return Err(why);
        }
        let counted: u64 = proved.logs.iter().map(|log| log.lines).sum();
        // What is left of given up lines may be proved from behind, by the genesis that follows them.
        let is_given_up = proved.findings().any(|(kind, _)| matches!(kind, FindingKind::Gone { .. }));
        let here = proved.lines.len() as u64;
        if counted != here && !(is_given_up && counted > here) {
            return Err(format!("the verifier proved {counted} lines, the oracle {}", proved.lines.len()));
        }
        let numbers = proved.numbers();
        let pairs = numbers.iter().zip(numbers.iter().skip(1));
        if let Some((before, number)) = pairs.into_iter().find(|(before, number)| before >= number) {
            return Err(format!("record {number} stands behind record {before}"));
        }
        // Retention gave up what was before; the verifier says whether it did.
        let is_pruned = proved.logs.iter().all(|log| log.first_seq > Some(0));
        let first = if is_pruned { numbers.first().copied().unwrap_or(u64::MAX) } else { 0 };
        let acknowledged = self.acknowledged.iter().flat_map(|(.., records)| records.clone());
        for number in acknowledged.filter(|number| *number >= first) {
            if numbers.binary_search(&number).is_err() {
                return Err(format!("record {number}, which was acknowledged, is not there"));
            }
        }
        store_agrees(files, &proved)?;
        Ok(proved)
    }
}

/// The public key that an operator would have pinned.
pub(crate) fn pin(files: &MemoryFiles) -> Option<PublicKey> {
    String::from_utf8(files.contents(Path::new(KEYS).join("pin.pub"))?).ok()?.trim().parse().ok()
}

/// Proves the logs of these keys in the folder; no file of it is left out.
pub(crate) fn prove(files: &MemoryFiles, pins: &[PublicKey]) -> Proved {
    // In memory where the system has such a folder: a walk makes thousands.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    for (path, bytes) in files.all().iter().filter(|(path, _)| path.parent() == Some(Path::new(FOLDER))) {
        std::fs::write(folder.path().join(path.file_name().unwrap()), bytes).unwrap();
    }
    let options = Options { keys: pins.to_vec(), every_signature: true, ..Options::default() };
    let found = find_logs(&[folder.path()]);
    let (strange, logs, lines, has_unproved_end) = (found.findings, Vec::new(), Vec::new(), false);
    let mut proved = Proved { logs, strange, lines, has_unproved_end, disagreement: None };
    for log in found.logs {
        let mut verifier = Verifier::new(log.log, &options);
        let copies: Vec<_> = log.copies.iter().map(|path| std::fs::read(path).unwrap()).collect();
        for (path, copies) in log.copies.iter().zip(&copies) {
            verifier.hand_offs(&path.display().to_string(), copies);
        }
        let mut shipped = Vec::new();
        let mut chain = Chain { has_unproved_end: false, head: None, run: Vec::new(), lines: Vec::new() };
        for file in &log.files {
            let bytes = std::fs::read(&file.path).unwrap();
            verifier.begin_file(&file.path.display().to_string());
            verifier.bytes(&bytes);
            chain.file(log.log, &bytes);
            shipped.push(bytes);
        }
        let report = verifier.finish(crate::trail::Timestamp::default());
        proved.disagreement = proved.disagreement.or_else(|| disagreement(&shipped, &copies, pins, &report));
        proved.logs.push(report);
        proved.has_unproved_end |= chain.has_unproved_end;
        proved.lines.extend(chain.lines);
    }
    proved
}

/// The lines that follow one from the other up to a signed one, told from torn ones that look alike. Signatures and
/// attestations are the verifier's.
struct Chain {
    head: Option<(u64, Hash)>,
    /// What follows the head and is not signed yet.
    run: Vec<ProvedLine>,
    lines: Vec<ProvedLine>,
    has_unproved_end: bool,
}

impl Chain {
    fn file(&mut self, log: KeyId, bytes: &[u8]) {
        self.run.clear();
        for bytes in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line = Line::parse(bytes.strip_suffix(b"\n").unwrap_or(bytes)).ok();
            self.line(line.filter(|line| line.link.log == log));
        }
    }

    fn line(&mut self, line: Option<Line<'_>>) {
        self.has_unproved_end = true;
        let Some(line) = line else { return self.run.clear() };
        let next = |(seq, hash)| (seq + 1, hash);
        let here = (line.link.seq, line.link.prev);
        let goes_on = here == self.head.map_or((0, Hash::ZERO), next);
        if goes_on || self.head.is_none() && line.kind == Kind::Genesis || declares_loss(&line) {
            self.run.clear();
        } else if self.run.last().map(|last| next((last.seq, last.hash))) != Some(here) {
            return self.run.clear();
        }
        let number = serde_json::from_str::<serde_json::Value>(line.fields)
            .ok()
            .and_then(|fields| fields["number"].as_u64());
        let signed = line.link.signature.is_some();
        self.run.push(ProvedLine {
            seq: line.link.seq,
            hash: line.hash(),
            kind: line.kind.as_str().to_owned(),
            signed,
            number,
        });
        if signed {
            self.head = Some((line.link.seq, line.hash()));
            self.lines.append(&mut self.run);
            self.has_unproved_end = false;
        }
    }
}

fn declares_loss(line: &Line<'_>) -> bool {
    matches!(Control::parse(line), Ok(Some(Control::Genesis(genesis)))
        if genesis.previous.as_ref().is_some_and(|previous| previous.ended == Ended::Unsynced))
}

#[cfg(not(feature = "shipped"))]
fn disagreement(_: &[Vec<u8>], _: &[Vec<u8>], _: &[PublicKey], _: &LogReport) -> Option<String> {
    None
}

/// Whether the key store has what the next start needs.
fn store_agrees(files: &MemoryFiles, proved: &Proved) -> Result<(), String> {
    let all = files.all();
    let in_store = all.iter().filter(|(path, _)| path.parent() == Some(Path::new(KEYS)));
    let keys: Vec<_> = in_store
        .filter_map(|(path, _)| path.file_name()?.to_str()?.strip_prefix("epoch-")?.strip_suffix(".pem"))
        .collect();
    if !(1..=2).contains(&keys.len()) {
        return Err(format!("the store holds the keys {keys:?}"));
    }
    let Some(head) = files.contents(Path::new(KEYS).join("head.json")) else { return Ok(()) };
    let head: crate::keys::Head = serde_json::from_slice(&head).map_err(|error| error.to_string())?;
    match proved.lines.iter().find(|line| line.seq == head.seq) {
        Some(line) if line.hash == head.hash => {}
        _ => return Err(format!("line {}, the head in the store, is not in the chain", head.seq)),
    }
    let bytes = files.contents(Path::new(FOLDER).join(&head.name)).unwrap_or_default();
    let ends = usize::try_from(head.bytes).ok().and_then(|end| bytes.get(..end)).and_then(|start| {
        start.strip_suffix(b"\n").and_then(|start| start.rsplit(|byte| *byte == b'\n').next())
    });
    match ends.map(Hash::of_line) {
        Some(hash) if hash == head.hash => Ok(()),
        _ => Err(format!("the head in the store does not end at byte {} of {}", head.bytes, head.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::service::Service;
    use super::*;
    use crate::files::{Access, store};

    const LOG: &str = super::super::LOG;

    /// What the oracle says of a log whose file was given these bytes.
    fn verdict(service: &Service, path: &str, bytes: &[u8]) -> String {
        let files = MemoryFiles::with(service.files.storage());
        store(&files, Path::new(path), Access::Group, bytes).unwrap();
        service.oracle.examine(&files).expect_err("the oracle sees it")
    }

    fn lived() -> (Service, Vec<Vec<u8>>) {
        let service = Service::new().lived();
        let bytes = service.files.contents(LOG).unwrap();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        (service, lines)
    }

    #[test]
    fn a_log_that_is_not_as_it_was_written_is_seen() {
        let (service, lines) = lived();
        for line in 0..lines.len() {
            let mut flipped = lines.clone();
            flipped[line][20] ^= 1;
            verdict(&service, LOG, &flipped.concat());
            let without = [&lines[..line], &lines[line + 1..]].concat().concat();
            verdict(&service, LOG, &without);
            let twice = [&lines[..=line], &lines[line..]].concat().concat();
            verdict(&service, LOG, &twice);
        }
        let mut other = lines.concat();
        other[300] ^= 1;
        verdict(&service, "/var/log/app/audit/audit.7.jsonl", &other);
    }

    #[test]
    fn an_acknowledged_record_that_is_gone_doubled_or_out_of_order_is_seen() {
        let mut service = Service::new();
        service.live().unwrap();
        service.oracle.acknowledge(0, Durability::Written, 99..100);
        assert_eq!(
            service.oracle.examine(&service.files).unwrap_err(),
            "record 99, which was acknowledged, is not there"
        );
        for again in [0, 1] {
            let mut service = Service::new().lived();
            service.record_from(again);
            assert_eq!(
                service.oracle.examine(&service.files).unwrap_err(),
                format!("record {again} stands behind record 14")
            );
        }
    }

    #[test]
    fn a_power_cut_takes_back_what_was_only_written() {
        let mut service = Service::new();
        service.live().unwrap();
        service.oracle.acknowledge(0, Durability::Written, 99..100);
        let oracle = service.oracle.clone().power_failed();
        oracle.examine(&service.files).unwrap();
        service.oracle.acknowledge(0, Durability::Synced, 99..100);
        service.oracle.clone().power_failed().examine(&service.files).unwrap_err();
    }

    #[test]
    fn a_head_that_no_line_has_and_a_key_too_many_are_seen() {
        let (service, lines) = lived();
        let head = service.files.contents(Path::new(KEYS).join("head.json")).unwrap();
        let head = String::from_utf8(head).unwrap();
        let ahead = head.replace("\"seq\":", "\"seq\":1");
        assert!(
            verdict(&service, &format!("{KEYS}/head.json"), ahead.as_bytes()).contains("not in the chain")
        );
        let behind = head.replace("\"bytes\":", "\"bytes\":1");
        assert!(verdict(&service, &format!("{KEYS}/head.json"), behind.as_bytes()).contains("does not end"));
        for epoch in [7, 8] {
            store(
                &service.files,
                &Path::new(KEYS).join(format!("epoch-{epoch}.pem")),
                Access::Group,
                &lines[0],
            )
            .unwrap();
        }
        assert!(service.oracle.examine(&service.files).unwrap_err().contains("the keys"));
    }
}
