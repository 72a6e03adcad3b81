use std::time::Duration;

use tracing_audit::trail::Timestamp;
use tracing_audit::verify::{LogReport, Options, Report, Verdict, Verifier, verify_paths};

use super::files::{self, InputFile};
use super::key;

/// The verifier says something of any files, and the same however they are cut.
pub(crate) fn folder(input: &[u8]) {
    let files = files::files(input);
    let pinned = Options { keys: vec![key(0).public()], patience: Duration::ZERO, ..Options::default() };
    let unpinned = Options { keys: Vec::new(), ..pinned.clone() };
    let every = Options { every_signature: true, ..pinned.clone() };

    let whole = fed(&files, &pinned, usize::MAX);
    for chunk in [1, 100, 4096] {
        assert_eq!(whole, fed(&files, &pinned, chunk), "in chunks of {chunk}");
    }
    // Without the pinned key nothing is more than it claims to be.
    assert_ne!(fed(&files, &unpinned, usize::MAX).verdict, Verdict::Intact);
    if fed(&files, &every, usize::MAX).verdict == Verdict::Intact {
        assert_eq!(whole.verdict, Verdict::Intact);
    }

    let folder = files::folder(&files);
    for options in [&pinned, &unpinned, &every] {
        said(&verify_paths(&[folder.path()], options).unwrap());
    }
}

/// What the verifier that reads nothing says, fed with pieces of at most `chunk` bytes.
fn fed(files: &[InputFile], options: &Options, chunk: usize) -> LogReport {
    let mut verifier = Verifier::new(key(0).id(), options);
    for file in files.iter().filter(|file| file.is_a("keys")) {
        verifier.hand_offs(&file.name, &file.bytes);
    }
    for file in files.iter().filter(|file| !file.is_a("keys")) {
        verifier.begin_file(&file.name);
        for bytes in file.bytes.chunks(chunk) {
            verifier.bytes(bytes);
            let _ = (verifier.at_signed_line(), verifier.expects_file());
        }
        verifier.end_file();
    }
    verifier.finish(Timestamp::from_nanos(1 << 60))
}

/// All of it can be said, in words and in JSON.
fn said(report: &Report) {
    serde_json::to_string(report).unwrap();
    let findings = report.findings.iter().chain(report.logs.iter().flat_map(|log| &log.findings));
    findings.for_each(|finding| assert!(!finding.to_string().is_empty()));
    let notices = report.notices.iter().chain(report.logs.iter().flat_map(|log| &log.notices));
    notices.for_each(|notice| assert!(!notice.to_string().is_empty()));
}
