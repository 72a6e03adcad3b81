//! One vector, while it is made: a folder's files, and what must be found in them.

use tracing_audit::trail::{Line, PublicKey};

use crate::expect::{Expect, Found, Head, OfLog, OfPython};
use crate::log::{Log, lines};

pub(crate) struct Vector {
    pub(crate) name: &'static str,
    pub(crate) files: Vec<File>,
    pub(crate) expect: Expect,
    /// Where the last proved line stands, if other files have a line of its number too.
    pub(crate) heads_file: Option<&'static str>,
}

pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// What it is compressed with; `bytes` are the plain ones.
    pub(crate) packed: Option<Packed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packed {
    Gzip,
    Zstd,
}

impl Vector {
    pub(crate) fn new(name: &'static str, title: &str, done: &str) -> Vector {
        let expect = Expect { title: title.into(), done: done.into(), ..Expect::default() };
        Vector { name, files: Vec::new(), expect, heads_file: None }
    }

    /// A log as its writer leaves it, `audit.keys` and all, with its key pinned. What is expected from here on is of it.
    pub(crate) fn log(self, log: &Log) -> Vector {
        self.log_named("audit", log)
    }

    pub(crate) fn log_named(self, prefix: &str, log: &Log) -> Vector {
        let copies = format!("{prefix}.keys");
        self.files_of(prefix, log).file(&copies, &log.copies).copies(&[&copies])
    }

    /// [`Vector::log`] without its copies of hand-offs.
    pub(crate) fn log_without_copies(self, log: &Log) -> Vector {
        self.files_of("audit", log)
    }

    fn files_of(mut self, prefix: &str, log: &Log) -> Vector {
        let name = |at: usize| format!("{prefix}.{}.jsonl", log.first_file + at as u64);
        let files = (0..log.files.len()).filter(|at| !log.files[*at].is_empty()).map(name).collect();
        let key = Some(log.pin().to_string());
        self.expect.logs.push(OfLog { log: log.pin().id().to_string(), key, files, ..OfLog::default() });
        self.expect.given.pins.push(log.pin().to_string());
        for (at, bytes) in log.files.iter().enumerate() {
            self = self.file(&name(at), bytes);
        }
        self
    }

    /// A file of the folder, whether it is one of the log or not.
    pub(crate) fn file(mut self, name: &str, bytes: &[u8]) -> Vector {
        self.files.retain(|file| file.name != name);
        self.files.push(File { name: name.to_owned(), bytes: bytes.to_vec(), packed: None });
        self
    }

    /// A file that is gone.
    pub(crate) fn without(mut self, name: &str) -> Vector {
        self.files.retain(|file| file.name != name);
        let of_log = self.of_log();
        of_log.files.retain(|file| file != name);
        of_log.copies.retain(|file| file != name);
        self
    }

    pub(crate) fn packed(mut self, name: &str, as_name: &str, packed: Packed) -> Vector {
        for file in &mut self.of_log().files {
            if file == name {
                as_name.clone_into(file);
            }
        }
        let file = self.files.iter_mut().find(|file| file.name == name).unwrap();
        as_name.clone_into(&mut file.name);
        file.packed = Some(packed);
        self.needs(match packed {
            Packed::Gzip => "gzip",
            Packed::Zstd => "zstd",
        })
    }

    pub(crate) fn needs(mut self, needs: &str) -> Vector {
        self.expect.needs.insert(needs.to_owned());
        self
    }

    /// The log's files in their order, where that is not the order of their names, or another file is one of them.
    pub(crate) fn order(mut self, files: &[&str]) -> Vector {
        self.of_log().files = files.iter().map(|file| (*file).to_owned()).collect();
        self
    }

    pub(crate) fn copies(mut self, files: &[&str]) -> Vector {
        self.of_log().copies = files.iter().map(|file| (*file).to_owned()).collect();
        self
    }

    pub(crate) fn pins(mut self, pins: &[PublicKey]) -> Vector {
        self.expect.given.pins = pins.iter().map(PublicKey::to_string).collect();
        self
    }

    /// Nothing that is given leads to the log's first key.
    pub(crate) fn unknown(mut self) -> Vector {
        self.of_log().key = None;
        self
    }

    pub(crate) fn trust(mut self, line: &str) -> Vector {
        self.expect.given.trust.push(line.to_owned());
        self
    }

    pub(crate) fn given(mut self, give: impl FnOnce(&mut crate::expect::Given)) -> Vector {
        give(&mut self.expect.given);
        self
    }

    /// The log is intact: these lines are proved, and they are all.
    pub(crate) fn intact(self, from: u64, to: u64) -> Vector {
        self.verdict("intact").whole(true).proved(&[(from, to)])
    }

    pub(crate) fn incomplete(self, proved: &[(u64, u64)]) -> Vector {
        self.verdict("incomplete").proved(proved)
    }

    pub(crate) fn tampered(self, proved: &[(u64, u64)]) -> Vector {
        self.verdict("tampered").proved(proved)
    }

    pub(crate) fn verdict(mut self, verdict: &str) -> Vector {
        verdict.clone_into(&mut self.of_log().verdict);
        self
    }

    pub(crate) fn whole(mut self, whole: bool) -> Vector {
        self.of_log().whole = whole;
        self
    }

    /// The ranges that are proved, where there are several.
    pub(crate) fn ranges(self, proved: &[(u64, u64)]) -> Vector {
        self.proved(proved)
    }

    fn proved(mut self, proved: &[(u64, u64)]) -> Vector {
        self.of_log().proved = proved.to_vec();
        self
    }

    pub(crate) fn unproved(mut self, unproved: &[(u64, u64)]) -> Vector {
        self.of_log().unproved = unproved.to_vec();
        self
    }

    pub(crate) fn missing(mut self, missing: &[(u64, u64)]) -> Vector {
        self.of_log().missing = missing.to_vec();
        self
    }

    pub(crate) fn find(mut self, finding: &str) -> Vector {
        self.of_log().findings.push(Found { finding: finding.into(), file: None, line: None, seq: None });
        self
    }

    /// A finding of no line, which names a number.
    pub(crate) fn find_seq(mut self, finding: &str, seq: u64) -> Vector {
        self.of_log().findings.push(Found {
            finding: finding.into(),
            file: None,
            line: None,
            seq: Some(seq),
        });
        self
    }

    pub(crate) fn find_at(
        mut self,
        finding: &str,
        file: &str,
        line: u64,
        seq: impl Into<Option<u64>>,
    ) -> Vector {
        let (file, line, seq) = (Some(file.to_owned()), Some(line), seq.into());
        self.of_log().findings.push(Found { finding: finding.into(), file, line, seq });
        self
    }

    /// A finding of a whole file.
    pub(crate) fn find_file(mut self, finding: &str, file: &str) -> Vector {
        let file = Some(file.to_owned());
        self.of_log().findings.push(Found { finding: finding.into(), file, line: None, seq: None });
        self
    }

    pub(crate) fn find_of_no_log(mut self, finding: &str, file: Option<&str>) -> Vector {
        let file = file.map(str::to_owned);
        self.expect.findings.push(Found { finding: finding.into(), file, line: None, seq: None });
        self
    }

    pub(crate) fn notice(mut self, notice: &str) -> Vector {
        self.of_log().notices.insert(notice.to_owned());
        self
    }

    pub(crate) fn notice_of_no_log(mut self, notice: &str) -> Vector {
        self.expect.notices.insert(notice.to_owned());
        self
    }

    /// What the Python proves, where that is less.
    pub(crate) fn python_proves(mut self, proved: &[(u64, u64)], because: &str) -> Vector {
        let because = because.to_owned();
        self.of_log().python = Some(OfPython { because, proved: Some(proved.to_vec()), skip: false });
        self
    }

    pub(crate) fn python_skips(mut self, because: &str) -> Vector {
        self.of_log().python = Some(OfPython { because: because.to_owned(), proved: None, skip: true });
        self
    }

    /// The last proved line is the one in this file.
    pub(crate) fn ends_in(mut self, file: &'static str) -> Vector {
        self.heads_file = Some(file);
        self
    }

    fn of_log(&mut self) -> &mut OfLog {
        self.expect.logs.last_mut().expect("a log before what is expected of it")
    }

    /// All is given: what follows from it is added.
    pub(crate) fn done(mut self) -> Vector {
        self.files.sort_by(|one, other| one.name.cmp(&other.name));
        for log in &mut self.expect.logs {
            let files = self.files.iter().filter(|file| self.heads_file.is_none_or(|name| file.name == name));
            let files = files.collect::<Vec<_>>();
            log.head = log.proved.last().map(|(_, seq)| head(&files, &log.log, *seq));
            log.findings.sort();
        }
        self.expect.logs.sort_by(|one, other| one.log.cmp(&other.log));
        self.expect.findings.sort();
        let of_none = self.expect.findings.iter().map(|found| match found.finding.as_str() {
            "unreadable" => "tampered",
            _ => "incomplete",
        });
        let verdicts = self.expect.logs.iter().map(|log| log.verdict.as_str()).chain(of_none);
        let verdict = verdicts.max_by_key(|verdict| badness(verdict)).unwrap_or("incomplete");
        self.expect.exit = [0, 3, 2, 1][badness(verdict)];
        self.expect.verdict = verdict.to_owned();
        self
    }
}

fn badness(verdict: &str) -> usize {
    ["intact", "incomplete", "error", "tampered"]
        .iter()
        .position(|known| *known == verdict)
        .expect("a verdict")
}

/// The last signed line of a number that the files have: torn bytes before it may have others.
fn head(files: &[&File], log: &str, seq: u64) -> Head {
    let all = files.iter().flat_map(|file| lines(&file.bytes));
    let mut hashes = all.filter_map(|line| {
        let line = Line::parse(line.strip_suffix(b"\n").unwrap_or(&line)).ok()?;
        let is_it = line.link.seq == seq && line.link.log.to_string() == log && line.link.signature.is_some();
        is_it.then(|| line.hash().to_string())
    });
    Head { seq, hash: hashes.next_back().unwrap_or_else(|| panic!("a line {seq} of {log}")) }
}

/// The line of a trust file for a log.
pub(crate) fn trusted(origin: &str, key: PublicKey) -> String {
    format!("{origin} {} {key}", key.id())
}
