//! What arrived, held against what was written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tracing_audit::shipped::{Options, verify_shipped};
use tracing_audit::trail::Line;
use tracing_audit::verify::Verdict;

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

/// That the lines that arrived are all those of the log, each as it was written; and that `copy`, a file or a folder of
/// what the store has, as it has it, proves the log whole from its pinned key.
pub(crate) fn proves(source: &Source, arrived: &[Vec<u8>], copy: &Path) -> Extra {
    let extra = is_all_of(source, arrived);
    verifies(source, copy, extra.doubles);
    extra
}

/// `verify --shipped` of what the store has.
fn verifies(source: &Source, copy: &Path, doubles: usize) {
    let options = Options { keys: vec![source.pin()], ..Options::default() };
    let report = verify_shipped(&[copy], &options).unwrap();
    let [log] = report.logs.as_slice() else { panic!("{report:?}") };
    let lines = source.files().iter().map(Vec::len).sum::<usize>() as u64;
    assert_eq!((report.verdict, &log.findings), (Verdict::Intact, &vec![]), "{report:?}");
    let all: Vec<_> = log.proved.listed.iter().map(|range| (range.from, range.to)).collect();
    assert_eq!((all, log.head.map(|head| head.seq)), (vec![(0, lines - 1)], Some(lines - 1)), "{report:?}");
    assert_eq!((log.unproved.lines, log.missing.lines, log.restored.lines), (0, 0, 0), "{report:?}");
    assert_eq!(log.doubles, doubles as u64, "{report:?}");
}

fn is_all_of(source: &Source, arrived: &[Vec<u8>]) -> Extra {
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

/// The lines of a file that is being written; none where it is not there yet.
pub(crate) fn lines(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap_or_default();
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    lines.map(<[u8]>::to_vec).collect()
}
