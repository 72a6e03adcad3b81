//! Files that somebody's tool changed as a whole.

use crate::log::Log;
use crate::shapes::{FIRST, SECOND, THIRD, replaced, with};
use crate::vector::Vector;

pub(crate) fn vectors() -> Vec<Vector> {
    let title = "What a tool did to a whole file is one finding; no line is proved by what undoing it gives.";
    let three = Log::of_three_files;
    let ends = |file: &[u8]| String::from_utf8(file.to_vec()).unwrap().replace('\n', "\r\n").into_bytes();
    let vector = |log: &Log, done: &str| Vector::new(log.name, title, done).log(log);
    let (last, first) = (three("rewritten-line-ends"), three("rewritten-line-ends-and-altered"));
    let (mark, joined) = (three("rewritten-byte-order-mark"), three("rewritten-joined"));
    let altered = with(&first.files[2], 4, replaced("grace", "eve"));
    vec![
        vector(&last, "The last file has CRLF line ends.")
            .file(THIRD, &ends(&last.files[2]))
            .tampered(&[(0, 8)])
            .find_file("rewritten", THIRD),
        vector(&first, "The last file has CRLF line ends, and a name in its second last line was changed.")
            .file(THIRD, &ends(&altered))
            .tampered(&[(0, 8)])
            .find_file("rewritten", THIRD)
            .find_at("signature", THIRD, 4, 12),
        vector(&mark, "A byte order mark stands before the second file.")
            .file(SECOND, &[b"\xef\xbb\xbf", &mark.files[1][..]].concat())
            .tampered(&[(0, 3), (5, 13)])
            .missing(&[(4, 4)])
            .find_file("rewritten", SECOND),
        vector(&joined, "The first two files are one.")
            .file(FIRST, &joined.files[..2].concat())
            .without(SECOND)
            .tampered(&[(0, 13)])
            .find_file("rewritten", FIRST),
    ]
}
