//! Validly signed lines in bytes that are attested as torn: a power cut can leave them, nothing else.

use tracing_audit::trail::{Chain, Ended};

use crate::forge::{Log, attested, key, now, pin};
use crate::python::Python;
use crate::{lines, verify, whole};

/// What a crash of the machine left: the last write has ten lines, and the disk got some of its sectors.
struct Crash {
    log: Log,
    /// The bytes after the last line that is whole.
    rest: Vec<u8>,
    /// Where they begin in their file.
    at: usize,
    /// Where the zeros are, among them.
    zeros: std::ops::Range<usize>,
}

impl Crash {
    fn new(handoff_at: Option<usize>) -> Crash {
        Crash::after(Log::of_six_files(), handoff_at)
    }

    fn after(mut log: Log, handoff_at: Option<usize>) -> Crash {
        let at = log.file().len();
        let mut lost = log.clone();
        for line in 0..10 {
            if handoff_at == Some(line) { lost.hand_over() } else { lost.record() }
        }
        let mut rest = lost.file().split_off(at);
        let end = (at + 1_300) / 512 * 512 - at;
        let zeros = 100..end;
        rest[zeros.clone()].fill(0);
        log.boot = Some("another boot");
        Crash { log, rest, at, zeros }
    }

    fn resumed(&self) -> Log {
        let mut log = self.log.clone();
        log.resume(&self.rest);
        log.record();
        log
    }

    fn in_next_file(&self) -> Log {
        let mut log = self.log.clone();
        log.file().extend_from_slice(&self.rest);
        log.file().push(b'\n');
        log.next_file(Ended::Crash, Some(attested(&self.rest)), |_| ());
        log
    }

    /// The start of the first line that is whole after the zeros.
    fn whole_line(&self) -> usize {
        self.zeros.end + self.rest[self.zeros.end..].iter().position(|byte| *byte == b'\n').unwrap() + 1
    }
}

#[test]
fn signed_lines_that_a_power_cut_left_after_zeros_may_be_torn() {
    let Some(python) = Python::from_the_page() else { return };
    for handoff in [None, Some(8)] {
        let crash = Crash::new(handoff);
        whole(&verify(&python, &crash.resumed().files, &[]), &[(0, 26)]);
        whole(&verify(&python, &crash.in_next_file().files, &[]), &[(0, 25)]);
        // The next hand-off is the log's, though it is not the first from its epoch in these bytes.
        let mut log = crash.resumed();
        log.hand_over_with(|handoff| handoff.public_key = key(50).public());
        whole(&verify(&python, &log.files, &[]), &[(0, 27)]);
    }
    let mut crash = Crash::new(None);
    crash.log.boot = None;
    whole(&verify(&python, &crash.resumed().files, &[]), &[(0, 26)]);
    let mut log = Log::of_six_files();
    log.boot = None;
    log.resume(b"");
    let mut crash = Crash::after(log, None);
    for boot in [Some("one boot"), None] {
        crash.log.boot = boot;
        whole(&verify(&python, &crash.resumed().files, &[]), &[(0, 27)]);
    }
    // The file ends with zeros.
    let mut crash = Crash::new(None);
    crash.rest.extend_from_slice(&[0; 100]);
    whole(&verify(&python, &crash.resumed().files, &[]), &[(0, 26)]);
}

#[test]
fn signed_lines_that_are_given_up_as_torn_without_a_power_cut_are_found() {
    let Some(python) = Python::from_the_page() else { return };
    let found = |crash: &Crash, what: &str| {
        for (files, last) in [(crash.resumed().files, 26), (crash.in_next_file().files, 25)] {
            let answer = verify(&python, &files, &[]);
            assert_eq!((answer.whole, answer.proved), (false, vec![(0, last)]), "{what}");
        }
    };
    // One bit of the first line after the head.
    let honest = Crash::new(None);
    let mut lost = Log::of_six_files();
    (0..10).for_each(|_| lost.record());
    for boot in [Some("one boot"), Some("another boot"), None] {
        let mut crash = Crash::new(None);
        crash.rest = lost.file()[crash.at..].to_vec();
        crash.rest[20] ^= 1;
        crash.log.boot = boot;
        found(&crash, "a line that is altered");
        crash.rest[20] = 0xff;
        found(&crash, "a line that is no text");
    }
    let mut crash = Crash::new(None);
    crash.log.boot = Some("one boot");
    found(&crash, "the same boot");
    let mut crash = Crash::new(None);
    crash.rest[crash.zeros.end - 1] = b'x';
    found(&crash, "zeros that end within a sector");
    let mut crash = Crash::new(None);
    let line = crash.whole_line();
    crash.rest[line + 20] ^= 1;
    found(&crash, "an altered line after the zeros");
    crash.rest = honest.rest.clone();
    crash.rest[line] = b'x';
    found(&crash, "a piece without zeros after the zeros");
    crash.rest = honest.rest.clone();
    let length = lines(&crash.rest[line..])[0].len();
    crash.rest.drain(line + length..line + 2 * length);
    found(&crash, "a line cut out after the zeros");
    crash.rest = honest.rest.clone();
    let unsigned = |pad| {
        let (mut line, pad) = (Vec::new(), "x".repeat(pad));
        let body =
            format!(r#"{{"fields":{{"reason":"{pad}"}},"kind":"close","level":"INFO","target":"audit""#);
        Chain::after(pin().id(), 25, crash.log.chain.head()).unsigned(body.as_bytes(), now(), &mut line);
        line
    };
    let forged = unsigned(512 - unsigned(0).len());
    assert_eq!(forged.len(), 512);
    crash.rest.splice(0..0, forged);
    found(&crash, "an unsigned control line before the zeros");

    let mut crash = Crash::new(Some(6));
    let line = crash.whole_line();
    let lengths = lines(&crash.rest[line..]).iter().map(Vec::len).collect::<Vec<_>>();
    // The third from the end is the first that the next key signed.
    let altered = crash.rest.len() - lengths.iter().rev().take(3).sum::<usize>() + 20;
    crash.rest[altered] = 0xff;
    found(&crash, "an altered line after a hand-off");
    // A hand-off of which there is a copy.
    let crash = Crash::new(Some(8));
    let mut lost = Log::of_six_files();
    (0..8).for_each(|_| lost.record());
    lost.hand_over();
    let answer = verify(&python, &crash.resumed().files, &[&lost.copies]);
    assert!(!answer.whole, "{answer:?}");
}
