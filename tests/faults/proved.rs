//! What must hold of a log after any harm.

use std::path::Path;

use tracing_audit::verify::Verdict;

use crate::history::History;
use crate::program::Told;

/// Of each thread of each process the log has a start of its records, once, in order: at least all that were proved to
/// it, and all where it ended well. Nothing else is in the log.
pub(crate) fn holds(folder: &Path, told: &[Told]) -> History {
    let history = History::of(folder);
    let mut records = history.records();
    for told in told {
        for thread in 0..told.threads {
            let (run, proved) = (told.run, told.proved(thread));
            let found = records.remove(&(run, thread)).unwrap_or_default();
            assert!(found.iter().copied().eq(0..found.len() as u64), "run {run}, thread {thread}: {found:?}");
            assert!(found.len() as u64 >= proved, "run {run}, thread {thread}: {proved} were proved");
            if let Some(end) = &told.end {
                assert_eq!(found.len() as u64, end.emitted[usize::try_from(thread).unwrap()]);
            }
        }
    }
    assert!(records.is_empty(), "{:?}", records.keys());
    history
}

/// Where records were dropped: each that was proved by a receipt is there, none is there twice or out of its order, and
/// what is missing is exactly what the gaps declare, and the status.
pub(crate) fn accounted(folder: &Path, told: &Told) -> History {
    let history = History::of(folder);
    assert_eq!(history.report.verdict, Verdict::Intact);
    let records = history.records();
    for ((run, thread), found) in &records {
        assert!(*run == told.run && found.is_sorted_by(|before, after| before < after), "thread {thread}");
        let proved = told.proved.get(thread).map_or(&[][..], Vec::as_slice);
        let missing = proved.iter().filter(|number| found.binary_search(number).is_err()).collect::<Vec<_>>();
        assert!(missing.is_empty(), "thread {thread}: {missing:?} were proved");
    }
    let found = records.values().map(|found| found.len() as u64).sum::<u64>();
    let end = told.end.as_ref().unwrap();
    assert_eq!(found + history.lost(), told.emitted());
    assert_eq!((end.recorded, end.written, end.lost), (found, found, history.lost()));
    assert_eq!(history.report.lost, history.lost());
    history
}

/// How many records were proved to the threads that emitted them.
pub(crate) fn total(told: &[Told]) -> u64 {
    told.iter().flat_map(|told| (0..told.threads).map(|thread| told.proved(thread))).sum()
}
