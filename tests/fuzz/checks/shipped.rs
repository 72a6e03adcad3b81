use tracing_audit::shipped::{Options, Report, Verifier, verify_shipped};
use tracing_audit::trail::Timestamp;

use super::files::{self, InputFile};
use super::key;

/// Something is said of any streams, and the same whatever their order.
pub(crate) fn shipped(input: &[u8]) {
    let files = files::files(input);
    let pinned = Options { keys: vec![key(0).public()], memory: 1 << 20, ..Options::default() };
    let named = Options { at: Some("message.line".into()), every_signature: true, ..pinned.clone() };

    let forward = read(files.iter(), &pinned);
    let backward = read(files.iter().rev(), &pinned);
    let (Some(forward), Some(backward)) = (forward, backward) else { return };
    assert_eq!(forward.verdict, backward.verdict, "{forward:?}\n{backward:?}");
    assert_eq!((forward.lines, forward.others), (backward.lines, backward.others));
    serde_json::to_string(&forward).unwrap();
    read(files.iter(), &named);

    let folder = files::folder(&files);
    let _ = verify_shipped(&[folder.path()], &pinned);
}

/// None where a table is refused for the length of its records.
fn read<'a>(files: impl Iterator<Item = &'a InputFile>, options: &Options) -> Option<Report> {
    let mut verifier = Verifier::new(options);
    for file in files {
        verifier.read(&file.name, file.bytes.as_slice()).ok()?;
    }
    Some(verifier.finish(Timestamp::from_nanos(1 << 60)).unwrap())
}
