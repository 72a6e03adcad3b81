//! What arrived, held against what was written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tracing_audit::trail::{Ended, Line};
use tracing_audit::verify::{Options, Verdict, Verifier};

use crate::source::Source;

/// What a shipper left beyond each line once.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    /// Lines that came more than once, alike.
    pub(crate) doubles: usize,
    /// Pieces that a kill tore, right before a line that is whole.
    pub(crate) torn: usize,
    /// Lines that came behind later ones of their file.
    pub(crate) late: usize,
}

/// That the lines of a copy, as they arrived, are all those of the log, each as it was written,
/// and that they prove the log whole from its pinned key.
pub(crate) fn proves(source: &Source, arrived: &[Vec<u8>]) -> Extra {
    let files = source.files();
    let ours: Vec<&[u8]> = files.iter().flatten().map(Vec::as_slice).collect();
    let mut extra = Extra::default();
    let mut copy = BTreeMap::new();
    let mut last_of_file = vec![0; files.len()];
    for line in arrived {
        let line =
            if ours_at(&ours, line).is_some() { line } else { behind_a_torn_piece(&ours, line, &mut extra) };
        let seq = ours_at(&ours, line).unwrap();
        if copy.insert(seq, line).is_some() {
            extra.doubles += 1;
            continue;
        }
        let last = &mut last_of_file[file_of(&files, seq)];
        extra.late += usize::from(seq < *last);
        *last = seq;
    }
    let missing: Vec<_> = (0..ours.len()).filter(|seq| !copy.contains_key(seq)).collect();
    assert!(missing.is_empty(), "{} of {} lines are lost: {missing:?}", missing.len(), ours.len());
    is_proved(source, copy.into_values());
    extra
}

/// The place of a line in the log, if it is a line of it.
fn ours_at(ours: &[&[u8]], line: &[u8]) -> Option<usize> {
    let seq = usize::try_from(Line::parse(line).ok()?.link.seq).unwrap();
    (ours.get(seq) == Some(&line)).then_some(seq)
}

/// A process that is killed in a write leaves the start of a line, and the next one goes on behind it.
fn behind_a_torn_piece<'a>(ours: &[&[u8]], line: &'a [u8], extra: &mut Extra) -> &'a [u8] {
    let start = (1..line.len()).find(|at| line[*at] == b'{' && ours_at(ours, &line[*at..]).is_some());
    let whole = start.filter(|at| ours.iter().any(|line_of_ours| line_of_ours.starts_with(&line[..*at])));
    let Some(at) = whole else { panic!("no line of ours: {}", String::from_utf8_lossy(line)) };
    extra.torn += 1;
    &line[at..]
}

fn file_of(files: &[Vec<Vec<u8>>], seq: usize) -> usize {
    let mut before = 0;
    let ends = files.iter().map(|lines| {
        before += lines.len();
        before
    });
    ends.take_while(|end| *end <= seq).count()
}

/// The copy's lines by number, split into files where one begins, and no byte of ours beside them.
fn is_proved<'a>(source: &Source, lines: impl Iterator<Item = &'a (impl AsRef<[u8]> + ?Sized + 'a)>) {
    let pin = source.pin();
    let mut verifier = Verifier::new(pin.id(), &Options { keys: vec![pin], ..Options::default() });
    for line in lines.map(AsRef::as_ref) {
        if Line::parse(line).unwrap().kind.as_str() == "genesis" {
            verifier.begin_file("copy");
        }
        verifier.bytes(line);
        verifier.bytes(b"\n");
    }
    let report = verifier.finish(std::time::SystemTime::now().into());
    assert_eq!((report.verdict, report.closed), (Verdict::Intact, Some(Ended::Shutdown)), "{report:?}");
}

/// The lines of a file that is being written; none where it is not there yet.
pub(crate) fn lines(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap_or_default();
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    lines.map(<[u8]>::to_vec).collect()
}
