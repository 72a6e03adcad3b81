//! The verifier: bytes in, a report out.

use std::collections::HashSet;
use std::io::{self, Read};
use std::sync::Arc;

use super::chunk::{CHUNK, Chunk, Sought};
use super::hand_offs::{CopyLines, HandOffs};
use super::identity::Identity;
use super::ledger::Ledger;
use super::outlet::Outlet;
use super::piece::{Piece, PieceEnd};
use super::proof::{Proof, Trust};
use super::quick::Quick;
use super::rewritten::{self, Undone};
use super::{Agreement, FindingKind, Head, LogReport, Options, Ranges, Stretch};
use crate::trail::{Control, Ended, Hash, InvalidControl, KeyId, Kind, MAX_LINE, Records, Timestamp};

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
    pub(super) trust: Trust,
    pub(super) options: Options,
    pub(super) ledger: Ledger,
    pub(super) proof: Proof,
    pub(super) quick: Option<Quick>,
    records: Records,
    /// The start of a line whose end was not given yet.
    unended: Vec<u8>,
    /// Its line is too long to be kept.
    overlong: bool,
    pub(super) outlet: Option<Outlet>,
    /// Behind which holes lines will be given up, where that is known.
    given_up: Option<HashSet<u64>>,
    /// What a tool did to whole files, undone.
    pub(super) undone: Option<Undone>,
    /// Whether that is looked for.
    pub(super) may_undo: bool,
}

impl Verifier {
    /// Verifies the log of this id: the id of its first key.
    pub fn new(log: KeyId, options: &Options) -> Verifier {
        let identity = Identity::new(log, &options.keys, &options.trust);
        Verifier {
            trust: Trust { log, hand_offs: HandOffs::default(), expect: options.expect_head },
            options: options.clone(),
            ledger: Ledger::for_log(&identity, &options.keys),
            proof: Proof::new(identity),
            quick: None,
            records: Records::default(),
            unended: Vec::new(),
            overlong: false,
            outlet: None,
            given_up: None,
            undone: None,
            may_undo: true,
        }
    }

    /// Lets the verifier hand on what it is given, once it is known what of it is proved: [`Verifier::stretches`]. Before
    /// anything is given. It then keeps up to 64 MiB: behind a hole, where a later start may still give lines up, what would
    /// wait longer is handed on as not proved.
    pub fn hand_on_lines(&mut self) {
        self.outlet = Some(Outlet::of(self.trust.log));
        self.proof.proved = Some(Vec::new());
    }

    /// [`Verifier::hand_on_lines`], where it is known behind which holes lines will be given up: [`Verifier::given_up`].
    pub(super) fn hand_on_lines_but(&mut self, given_up: &[u64]) {
        self.hand_on_lines();
        self.given_up = Some(given_up.iter().copied().collect());
    }

    /// Nothing is handed on any more.
    pub(super) fn hand_on_nothing(&mut self) {
        (self.outlet, self.proof.proved) = (None, None);
    }

    /// Whether it is open whether what stands behind a hole stays the log's.
    pub(super) fn is_behind_hole(&self) -> bool {
        self.proof.before_hole.is_some()
    }

    /// The holes behind which lines were given up, the log read to its end.
    pub(super) fn given_up(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.proof.given_up)
    }

    /// So many bytes of the file were taken, where they are handed on.
    pub(super) fn taken(&self) -> u64 {
        self.outlet.as_ref().map_or(0, Outlet::taken)
    }

    /// The last proved line, so far.
    pub(super) fn head(&self) -> Option<Head> {
        self.proof.proved_part().head.map(Head::from)
    }

    /// The bytes of which it was decided since the last call whether they are proved, in the order of the log.
    pub fn stretches(&mut self) -> Vec<Stretch> {
        self.outlet.as_mut().map(Outlet::take).unwrap_or_default()
    }

    /// Takes the whole content of the log's `<prefix>.keys`. Before its files.
    pub fn hand_offs(&mut self, name: &str, bytes: &[u8]) {
        // Bytes in memory can always be read.
        let _ = self.read_hand_offs(name, bytes, true);
    }

    /// [`Verifier::hand_offs`] from where they lie. What is wrong with them is said, or left to a later look.
    pub(super) fn read_hand_offs(&mut self, name: &str, copies: impl Read, say: bool) -> io::Result<()> {
        let (trust, identity) = (&mut self.trust, &mut self.proof.identity);
        let mut unsaid = Ledger::new();
        let ledger = if say { &mut self.ledger } else { &mut unsaid };
        let read = trust.hand_offs.read(trust.log, identity, name, CopyLines::new(copies), ledger);
        self.ledger.signatures_checked += unsaid.signatures_checked;
        read
    }

    /// The next file begins. `name` is what findings call it.
    pub fn begin_file(&mut self, name: &str) {
        self.end_lines();
        if self.begin_on_trust(name) {
            return;
        }
        self.settle();
        self.proof.begin_file(name, &self.ledger);
        if let Some(undone) = &mut self.undone {
            undone.begin_file(name);
        }
        if let Some(outlet) = &mut self.outlet {
            outlet.begin_file(name);
        }
    }

    /// Takes the next bytes of the file, as many as there are at hand.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for bytes in bytes.chunks(CHUNK) {
            self.shared_bytes(Arc::new(bytes.to_vec()));
        }
    }

    /// [`Verifier::bytes`] of which nothing is copied.
    pub(super) fn shared_bytes(&mut self, bytes: Arc<Vec<u8>>) {
        let chunk = Chunk::of(bytes, &self.sought(), &mut self.records);
        self.take(chunk);
    }

    /// What to look for in the next bytes.
    pub(super) fn sought(&self) -> Sought {
        Sought::new(self.trust.log, &self.options, self.proof.key.map(|key| key.public))
    }

    /// Takes the next bytes of the file, looked at already.
    pub(super) fn take(&mut self, chunk: Chunk) {
        let bytes = Arc::clone(&chunk.bytes);
        if let Some(outlet) = &mut self.outlet {
            outlet.hold(&bytes);
        }
        let (end, begin) = (&bytes[..chunk.lines.start], &bytes[chunk.lines.end..]);
        match end.strip_suffix(b"\n") {
            Some(end) => {
                self.go_on(end);
                self.end(PieceEnd::Newline);
            }
            None => self.go_on(end),
        }
        self.lines(chunk);
        self.go_on(begin);
    }

    /// Whether the log could end here: the last bytes are a signed line and its newline.
    pub fn at_signed_line(&self) -> bool {
        self.unended.is_empty()
            && !self.overlong
            && self.is_clean()
            && match &self.quick {
                Some(quick) => quick.at_signed && quick.last_signed().is_none_or(|line| self.is_signed(line)),
                None => self.proof.head.is_some(),
            }
    }

    /// Whether the writer left the file for a next one.
    pub fn expects_file(&self) -> bool {
        self.at_signed_line() && self.proof.closed == Some(Ended::Rotated)
    }

    /// The file's bytes were all given.
    pub fn end_file(&mut self) {
        self.end_lines();
        self.settle();
    }

    /// What the file's last line lacks is not to come.
    fn end_lines(&mut self) {
        if !self.unended.is_empty() || self.overlong {
            self.end(PieceEnd::File);
        }
        if let Some(undone) = &mut self.undone {
            undone.end_file();
        }
    }

    /// Enters what only the reader of the files can see.
    pub(super) fn find(&mut self, kind: FindingKind) {
        self.end_file();
        if let Some(undone) = &mut self.undone {
            undone.find(kind.clone());
        }
        self.ledger.find(None, None, kind);
    }

    /// Enters that a file can't be read to its end.
    pub(super) fn find_cut(&mut self, kind: FindingKind) {
        self.end_file();
        let number = self.proof.proved_part().number;
        self.ledger.blame_cut(number.sure.filter(|_| number.numbered));
        self.ledger.find(None, None, kind);
        self.ledger.blame_cut(None);
    }

    /// Takes a hand-off that stands in a file, as a copy is taken. What is none is passed over: it is found in its place.
    pub(super) fn know_hand_off(&mut self, line: &[u8]) {
        let (trust, identity) = (&mut self.trust, &mut self.proof.identity);
        let _ = trust.hand_offs.copy(trust.log, identity, line, &mut Ledger::new());
    }

    /// The log that it verifies.
    pub(super) fn log(&self) -> KeyId {
        self.trust.log
    }

    /// Whether something pinned or trusted leads to the log.
    pub(super) fn is_known(&self) -> bool {
        self.proof.identity.is_known()
    }

    /// Whether a hand-off was met too late: lines before it in the files, of its number and after it, were taken for the log's.
    /// Then the files are to be verified again, their hand-offs given beforehand, as copies are.
    pub(super) fn met_late_hand_off(&self) -> bool {
        self.proof.strays.is_late
    }

    /// Whether a hand-off was met that is not the log's, and may be another one from an epoch that is over.
    pub(super) fn met_stray_hand_off(&self) -> bool {
        self.proof.strays.are_met(self.proof.proved_part().debris.is_of_a_power_cut())
    }

    /// Whether copies have another line than this one as the hand-off to an epoch.
    pub(super) fn knows_another_hand_off(&self, epoch: u64, hash: Hash) -> bool {
        self.trust.hand_offs.know_another(epoch, hash)
    }

    /// Whether two hand-offs from one epoch are known.
    pub(super) fn knows_dispute(&self) -> bool {
        self.trust.hand_offs.are_disputed(u64::MAX)
    }

    /// All files were given. `now` is for [`Options::max_silence`].
    pub fn finish(self, now: Timestamp) -> LogReport {
        self.finish_with_lines(now).0
    }

    /// The log ends here.
    pub(super) fn end_log(&mut self, now: Timestamp) {
        self.end_file();
        self.proof.end(&self.trust, &self.options, now, &mut self.ledger);
    }

    /// [`Verifier::finish`], and the rest of [`Verifier::stretches`].
    pub fn finish_with_lines(mut self, now: Timestamp) -> (LogReport, Vec<Stretch>) {
        self.end_log(now);
        if let Some(outlet) = &mut self.outlet {
            let proved = self.proof.proved.take().filter(|_| self.proof.identity.is_known());
            outlet.decide(&proved.unwrap_or_default(), outlet.end());
        }
        let (rest, undone) = (self.stretches(), self.undone.take());
        let mut report = self.report();
        if !undone.is_some_and(|undone| undone.finish(now, &mut report)) {
            rewritten::sum_up(&mut report);
        }
        (report, rest)
    }

    /// Hands on what is decided for good.
    pub(super) fn hand_on(&mut self) {
        let Some(outlet) = &mut self.outlet else { return };
        let is_given_up = |at: &u64| self.given_up.as_ref().is_none_or(|given_up| given_up.contains(at));
        if self.proof.before_hole.as_ref().is_none_or(|kept| !is_given_up(&kept.at)) {
            let proved = self.proof.proved.as_mut().map(std::mem::take).unwrap_or_default();
            let proved = if self.proof.identity.is_known() { proved } else { Vec::new() };
            outlet.decide(&proved, self.proof.head_end);
        }
        if outlet.is_full() {
            outlet.give_up();
        }
    }

    fn report(mut self) -> LogReport {
        self.ledger.end(&self.proof.identity, &self.options.keys);
        let Verifier { trust, ledger, proof, .. } = self;
        let is_known = proof.identity.is_known();
        let closed = proof.last_closed().0;
        let [mut proved, mut unproved, mut missing] = proof.coverage.finish();
        let head = proof.head.map(Head::from);
        let mut agrees = proof.agrees;
        if !is_known {
            // All of it rests on a key that nobody pinned.
            if let Some((first, last)) = proved.first().zip(head) {
                let origin = proof.origin.as_deref().map(str::to_owned);
                let succeeds = proof.succeeds;
                agrees = Some(Agreement { lines: proved.lines, first, last, origin, succeeds });
            }
            unproved = proved.merge(unproved);
            (proved, missing) = (Ranges::default(), Ranges::default());
        }
        let head = head.filter(|_| is_known);
        // What is told of the log is told by proved lines alone.
        let is_told = head.is_some();
        let told = |count: u64| if is_told { count } else { 0 };
        LogReport {
            verdict: ledger.verdict,
            log: trust.log,
            origin: proof.origin.as_deref().filter(|_| is_told).map(str::to_owned),
            pinned: is_known,
            endorsed_by: proof.identity.endorsed_by(),
            files: proof.files,
            lines: proved.lines,
            first_seq: proved.first(),
            proved,
            unproved,
            missing,
            agrees,
            began: proof.began.filter(|_| is_told),
            head,
            closed: closed.filter(|_| is_told),
            signatures: told(proof.signatures),
            signatures_checked: ledger.signatures_checked,
            keys: told(proof.keys),
            key: proof.key.filter(|_| is_told).map(|key| key.id),
            epoch: proof.key.filter(|_| is_told).map(|key| key.epoch),
            succeeds: proof.succeeds.filter(|_| is_told),
            succeeded_by: None,
            torn_bytes: told(proof.torn_bytes),
            lost: told(proof.lost),
            crashes: told(proof.crashes),
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
        if begins && end == PieceEnd::Newline {
            bytes.push(b'\n');
            let line = Chunk::of_lines(Arc::new(bytes), 0, &self.sought(), &mut self.records);
            self.lines(line);
        } else {
            self.line(Piece { bytes: &bytes, begins, end });
        }
    }

    fn lines(&mut self, chunk: Chunk) {
        let mut at = chunk.lines.start;
        for run in chunk.runs {
            self.each_line(&chunk.bytes[at..run.bytes.start], Self::line);
            at = run.bytes.end;
            if let Some(undone) = &mut self.undone {
                undone.records(&chunk.bytes[run.bytes.clone()]);
            }
            self.run(&chunk.bytes, run);
        }
        self.each_line(&chunk.bytes[at..chunk.lines.end], Self::line);
    }

    pub(super) fn each_line(&mut self, lines: &[u8], take: impl Fn(&mut Self, Piece<'_>)) {
        for bytes in lines.split_inclusive(|byte| *byte == b'\n') {
            let bytes = &bytes[..bytes.len() - 1];
            take(self, Piece { bytes, begins: true, end: PieceEnd::Newline });
        }
    }

    /// Takes what is no ordinary record.
    fn line(&mut self, piece: Piece<'_>) {
        self.undo(piece);
        if self.take_on_trust(piece) {
            return;
        }
        if !self.proves(piece) {
            self.look_closely();
        }
        self.step(piece);
        self.be_quick();
    }

    /// Whether it is a control line, validly signed, that follows: it proves all that was taken before it.
    fn proves(&self, piece: Piece<'_>) -> bool {
        let (Some(quick), Some(key)) = (&self.quick, self.proof.key) else { return false };
        if !piece.begins || piece.end != PieceEnd::Newline || self.proof.closed.is_some() {
            return false;
        }
        piece.parse().is_ok_and(|line| {
            // A resume goes on from a signed line only.
            line.kind.is_control()
                && (line.kind != Kind::Resume || quick.at_signed)
                && self.proof.next().is_taken_by(&line)
                && line.link.signature.is_some_and(|signature| signature.key == key.id)
                // A line of a later format proves nothing.
                && !matches!(Control::parse(&line), Err(InvalidControl::Format(_)))
                && self.proof.is_signed(&self.trust, &line)
        })
    }

    pub(super) fn step(&mut self, piece: Piece<'_>) {
        self.proof.step(&self.trust, &mut self.ledger, piece);
    }

    /// Whether nothing stands behind the last proved line.
    pub(super) fn is_clean(&self) -> bool {
        self.proof.behind.is_empty() && self.proof.before.is_none()
    }
}
