//! The verifier in `docs/FORMAT.md`, taken from the page.

#[path = "require.rs"]
mod require;

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

const PAGE: &str = include_str!("../../docs/FORMAT.md");

/// Runs the script again and again, with the arguments that each line has: to start Python takes longer than a run.
const DRIVER: &str = r#"
import contextlib, io, json, sys, traceback
code = compile(open(sys.argv[1]).read(), sys.argv[1], "exec")
for line in sys.stdin:
    sys.argv[1:] = json.loads(line)
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try: exec(code, {"__name__": "__main__"})
        except SystemExit as end: status = end.code
        except BaseException: traceback.print_exc()
    print(json.dumps([status, out.getvalue(), err.getvalue()]), flush=True)
"#;

/// The page's code block, in a folder of its own, and a process that runs it.
pub(crate) struct Python {
    folder: TempDir,
    driver: Child,
    pipes: RefCell<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

/// What it printed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) whole: bool,
    /// The numbers that are proved: from and to, both among them.
    pub(crate) proved: Vec<(u64, u64)>,
    /// The hash of the last line that is proved.
    pub(crate) head: Option<String>,
}

impl Python {
    /// `None` where Python is absent: the test that asks must return.
    pub(crate) fn from_the_page() -> Option<Python> {
        let mut probe = Command::new("python3");
        if !require::available("python3 with `cryptography`", probe.args(["-c", "import cryptography"])) {
            return None;
        }
        let (_, code) = PAGE.split_once("```python\n").expect("the page has a block of Python");
        let (code, _) = code.split_once("```").expect("the block ends");
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("verify.py");
        fs::write(&script, code).unwrap();
        let mut driver = Command::new("python3");
        driver.arg("-c").arg(DRIVER).arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut driver = driver.spawn().unwrap();
        let pipes = driver.stdin.take().zip(driver.stdout.take().map(BufReader::new));
        Some(Python { folder, driver, pipes: RefCell::new(pipes) })
    }

    /// Where the script is.
    #[allow(dead_code)] // not every test runs it by hand
    pub(crate) fn script(&self) -> PathBuf {
        self.folder.path().join("verify.py")
    }

    /// Runs it on files that stand in the order of the log, and on files of copies.
    pub(crate) fn verify(&self, pin: &str, files: &[PathBuf], copies: &[PathBuf]) -> Answer {
        let mut arguments = vec![pin];
        arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
        arguments.extend(copies.iter().flat_map(|copies| ["--keys", copies.to_str().unwrap()]));
        let mut pipes = self.pipes.borrow_mut();
        let (stdin, stdout) = pipes.as_mut().unwrap();
        stdin.write_all((serde_json::to_string(&arguments).unwrap() + "\n").as_bytes()).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let (status, text, errors): (i32, String, String) = serde_json::from_str(&line).unwrap();
        assert_eq!(errors, "", "it ran to its end");
        let answer = Answer::parse(&text);
        assert_eq!(status, i32::from(!answer.whole), "{text}");
        answer
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // Without more lines it ends.
        self.pipes.take();
        let _ = self.driver.wait();
    }
}

impl Answer {
    /// Takes what the page says that it prints, and nothing else.
    fn parse(text: &str) -> Answer {
        if text == "NOT WHOLE: no line is proved\n" {
            return Answer { whole: false, proved: Vec::new(), head: None };
        }
        let parse = || {
            let (verdict, rest) = text.strip_suffix('\n')?.split_once(": ")?;
            let whole = verdict == "whole";
            let rest = if whole { rest } else { rest.strip_prefix("proved are ")? };
            assert!(whole || verdict == "NOT WHOLE", "{text}");
            let (count, rest) = rest.split_once(" lines, ")?;
            let (ranges, head) = rest.split_once(", head ")?;
            let range = |range: &str| {
                let (from, to) = range.split_once(" to ")?;
                Some((from.parse::<u64>().ok()?, to.parse::<u64>().ok()?))
            };
            let proved = ranges.split(", ").map(range).collect::<Option<Vec<_>>>()?;
            assert!(proved.iter().all(|(from, to)| from <= to), "{text}");
            assert!(proved.windows(2).all(|two| two[0].1 + 1 < two[1].0), "{text}");
            assert_eq!(count, proved.iter().map(|(from, to)| to - from + 1).sum::<u64>().to_string());
            assert!(head.len() == 64 && head.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
            Some(Answer { whole, proved, head: Some(head.to_owned()) })
        };
        parse().unwrap_or_else(|| panic!("not as the page says: {text:?}"))
    }
}
