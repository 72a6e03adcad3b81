//! The verifier: bytes in, a report out.

use super::hand_offs::HandOffs;
use super::ledger::Ledger;
use super::piece::{Piece, PieceEnd};
use super::proof::{Proof, Trust};
use super::times::Times;
use super::{FindingKind, Head, LogReport, Options};
use crate::trail::{Ended, KeyId, Kind, Line, MAX_LINE, PublicKey, Timestamp};

/// How many bytes may pass before a signature is checked again; so many are kept, to look at them more closely.
const WINDOW: usize = 1 << 20;

/// Verifies one log: its files, fed in the order of their numbers. It reads no file and no clock, and its memory does
/// not grow with the log.
///
/// ```
/// use tracing_audit::verify::{Options, Verdict, Verifier};
///
/// let key: tracing_audit::trail::PublicKey = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=".parse()?;
/// let files = [
///     ("audit.2026-11-21.jsonl", include_bytes!("../../tests/example-log/audit.2026-11-21.jsonl").as_slice()),
///     ("audit.2026-11-22.jsonl", include_bytes!("../../tests/example-log/audit.2026-11-22.jsonl").as_slice()),
/// ];
/// let mut verifier = Verifier::new(key.id(), &Options { keys: vec![key], ..Options::default() });
/// for (name, bytes) in files {
///     verifier.begin_file(name);
///     verifier.bytes(bytes);
///     verifier.end_file();
/// }
/// let report = verifier.finish(std::time::SystemTime::now().into());
/// assert_eq!(report.verdict, Verdict::Intact);
/// assert_eq!(report.lines, 11);
/// # Ok::<(), tracing_audit::trail::InvalidPublicKey>(())
/// ```
pub struct Verifier {
    trust: Trust,
    pinned: Option<PublicKey>,
    options: Options,
    ledger: Ledger,
    proof: Proof,
    quick: Option<Quick>,
    times: Times,
    /// The start of a line whose end was not given yet.
    unended: Vec<u8>,
    /// Its line is too long to be kept.
    overlong: bool,
}

/// The quick way: lines are taken for proved as they chain, their signatures unchecked. Where anything is not as it
/// should be, the proof goes back to `checkpoint` and takes the lines of the window again, checking each signature.
struct Quick {
    checkpoint: Box<Proof>,
    window: Vec<u8>,
    /// Where in the window the last signed line stands; none where the checkpoint is it.
    signed: Option<(usize, usize)>,
    /// The last line is a signed one.
    at_signed: bool,
}

impl Verifier {
    /// Verifies the log of this id: the id of its first key.
    pub fn new(log: KeyId, options: &Options) -> Verifier {
        let pinned = options.keys.iter().copied().find(|key| key.id() == log);
        let proof = Proof::new(log, pinned);
        Verifier {
            trust: Trust { log, hand_offs: HandOffs::default(), expect: options.expect_head },
            pinned,
            options: options.clone(),
            ledger: Ledger::for_log(log, &options.keys),
            quick: None,
            proof,
            times: Times::default(),
            unended: Vec::new(),
            overlong: false,
        }
    }

    /// Takes the whole content of the log's `<prefix>.keys`. Before its files.
    pub fn hand_offs(&mut self, name: &str, bytes: &[u8]) {
        self.trust.hand_offs = HandOffs::read(self.trust.log, self.pinned, name, bytes, &mut self.ledger);
    }

    /// The next file begins. `name` is what findings call it.
    pub fn begin_file(&mut self, name: &str) {
        self.end_file();
        self.proof.begin_file(name, &self.ledger);
        self.quick = None;
    }

    /// Takes the next bytes of the file, as many as there are at hand.
    pub fn bytes(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let line = &bytes[..end];
            bytes = &bytes[end + 1..];
            if self.unended.is_empty() && !self.overlong {
                self.line(Piece { bytes: line, begins: true, end: PieceEnd::Newline });
            } else {
                self.go_on(line);
                self.end(PieceEnd::Newline);
            }
        }
        self.go_on(bytes);
    }

    /// Whether the log could end here: the last bytes are a signed line and its newline.
    pub fn at_signed_line(&self) -> bool {
        self.unended.is_empty()
            && !self.overlong
            && match &self.quick {
                Some(quick) => quick.at_signed,
                None => self.is_clean() && self.proof.head.is_some(),
            }
    }

    /// Whether the writer left the file for a next one.
    pub fn expects_file(&self) -> bool {
        self.at_signed_line() && self.proof.closed == Some(Ended::Rotated)
    }

    /// The file's bytes were all given.
    pub fn end_file(&mut self) {
        if !self.unended.is_empty() || self.overlong {
            self.end(PieceEnd::File);
        }
        let Some(quick) = &self.quick else { return };
        let proved = match (quick.at_signed, quick.signed) {
            (true, None) => true,
            (true, Some((start, end))) => {
                self.ledger.signatures_checked += 1;
                let line = Line::parse(&quick.window[start..end]);
                line.is_ok_and(|line| self.proof.key.is_some_and(|key| line.is_signed_by(&key.public)))
            }
            (false, _) => false,
        };
        if !proved {
            self.look_closely();
        }
        self.quick = None;
    }

    /// Enters what only the reader of the files can see.
    pub(super) fn find(&mut self, kind: FindingKind) {
        self.ledger.find(None, None, kind);
    }

    /// All files were given. `now` is for [`Options::max_silence`].
    pub fn finish(mut self, now: Timestamp) -> LogReport {
        self.end_file();
        self.proof.end(&self.trust, &self.options, now, &mut self.ledger);
        let Verifier { trust, pinned, ledger, proof, .. } = self;
        LogReport {
            verdict: ledger.verdict,
            log: trust.log,
            origin: proof.origin.as_deref().map(str::to_owned),
            pinned: pinned.is_some(),
            files: proof.files,
            lines: proof.lines,
            first_seq: proof.first_seq,
            head: proof.head.map(|head| Head { seq: head.seq, hash: head.hash, time: head.time }),
            closed: proof.closed_at_end(),
            signatures: proof.signatures,
            signatures_checked: ledger.signatures_checked,
            keys: proof.keys,
            key: proof.key.map(|key| key.id),
            epoch: proof.key.map(|key| key.epoch),
            succeeds: proof.succeeds,
            succeeded_by: None,
            torn_bytes: proof.torn_bytes,
            lost: proof.lost,
            findings: ledger.findings,
            more_findings: ledger.more_findings,
            notices: ledger.notices,
            more_notices: ledger.more_notices,
        }
    }

    fn go_on(&mut self, bytes: &[u8]) {
        if self.overlong {
            self.line(Piece { bytes, begins: false, end: PieceEnd::TooLong });
            return;
        }
        self.unended.extend_from_slice(bytes);
        if self.unended.len() >= MAX_LINE {
            let bytes = std::mem::take(&mut self.unended);
            self.overlong = true;
            self.line(Piece { bytes: &bytes, begins: true, end: PieceEnd::TooLong });
        }
    }

    fn end(&mut self, end: PieceEnd) {
        let mut bytes = std::mem::take(&mut self.unended);
        let begins = !std::mem::take(&mut self.overlong);
        self.line(Piece { bytes: &bytes, begins, end });
        bytes.clear();
        self.unended = bytes;
    }

    fn line(&mut self, piece: Piece<'_>) {
        match self.glance(piece) {
            Glance::Taken => return,
            Glance::Proves => {}
            Glance::Odd => self.look_closely(),
        }
        self.step(piece);
        let quick_will_do = self.is_clean() && self.proof.before_hole.is_none();
        self.quick = Quick::after(&self.proof, &self.options).filter(|_| quick_will_do);
    }

    /// Takes a record that is as it should be.
    fn glance(&mut self, piece: Piece<'_>) -> Glance {
        let Some(quick) = &mut self.quick else { return Glance::Odd };
        if !piece.begins || piece.end != PieceEnd::Newline || self.proof.closed.is_some() {
            return Glance::Odd;
        }
        let Ok(line) = Line::parse(piece.bytes) else { return Glance::Odd };
        let (Some(time), Some(key)) = (self.times.read(line.timestamp), self.proof.key) else {
            return Glance::Odd;
        };
        if line.link.log != self.trust.log || !self.proof.next().is_taken_by(&line) {
            return Glance::Odd;
        }
        let signed = line.link.signature.is_some_and(|signature| signature.key == key.id);
        if signed && (line.kind.is_control() || quick.window.len() > WINDOW) {
            // A resume goes on from a signed line only.
            let joins = line.kind != Kind::Resume || quick.at_signed;
            return if joins && line.is_signed_by(&key.public) { Glance::Proves } else { Glance::Odd };
        }
        let unsigned = line.link.signature.is_none() && !line.kind.is_control();
        if !signed && (!unsigned || quick.window.len() > 2 * WINDOW)
            || signed && self.proof.went_back(time).is_some()
        {
            return Glance::Odd;
        }
        self.proof.prove(&self.trust, &line, time);
        self.proof.lines += 1;
        self.proof.pass(piece);
        quick.push(piece.bytes, signed);
        Glance::Taken
    }

    /// Goes back to the checkpoint and takes the lines of the window again, each signature checked.
    fn look_closely(&mut self) {
        let Some(quick) = self.quick.take() else { return };
        self.proof = *quick.checkpoint;
        for line in quick.window.split_inclusive(|byte| *byte == b'\n') {
            let bytes = &line[..line.len() - 1];
            self.step(Piece { bytes, begins: true, end: PieceEnd::Newline });
        }
    }

    fn step(&mut self, piece: Piece<'_>) {
        self.proof.step(&self.trust, &mut self.ledger, piece);
    }

    /// Whether nothing stands behind the last proved line.
    fn is_clean(&self) -> bool {
        self.proof.behind.is_empty() && self.proof.before.is_none()
    }
}

enum Glance {
    /// It was taken.
    Taken,
    /// It is validly signed and follows: it proves all that was taken before it.
    Proves,
    /// Anything else.
    Odd,
}

impl Quick {
    fn after(proof: &Proof, options: &Options) -> Option<Quick> {
        (!options.every_signature).then(|| Quick {
            checkpoint: Box::new(proof.clone()),
            window: Vec::new(),
            signed: None,
            at_signed: true,
        })
    }

    fn push(&mut self, line: &[u8], signed: bool) {
        let start = self.window.len();
        self.window.extend_from_slice(line);
        if signed {
            self.signed = Some((start, self.window.len()));
        }
        self.at_signed = signed;
        self.window.push(b'\n');
    }
}
