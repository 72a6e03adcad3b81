//! A service as a process of its own, which a test can kill, starve and lie to: its threads emit without end, and it
//! says on its standard output what was proved to them. It shuts down when its standard input ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::info;
use tracing_audit::{
    AuditLayer, Durability, Handle, KeyStore, Overflow, Rotation, Status, WriteError, require,
};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

/// A process that does not say for so long what a test waits for hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the service does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Program {
    /// Its disk: `log` and `keys` are in it.
    pub(crate) folder: PathBuf,
    /// Which of the log's processes this is; each record says it.
    pub(crate) run: u64,
    pub(crate) threads: u64,
    pub(crate) proof: Proof,
    /// A thread wants a proof behind each so many of its records.
    pub(crate) burst: u64,
    /// Whether a full queue drops records; otherwise it blocks.
    pub(crate) drops: bool,
    pub(crate) queue_length: usize,
    pub(crate) max_file_size: Option<u64>,
    pub(crate) key_lines: u64,
    /// Bytes of each of the two long values of a record.
    pub(crate) value: usize,
}

/// How a thread learns that its records are safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Proof {
    /// It doesn't ask.
    None,
    /// `flush()` says so.
    Flush,
    /// The receipt of `require` says so.
    Receipt,
    /// The macro returns under `Durability::Written`, and the status has no error.
    Written,
    /// Likewise under `Durability::Synced`.
    Synced,
}

/// What the process says, a line each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Said {
    /// The log is open; the memory of the process is so large.
    Open {
        memory: u64,
    },
    /// What this thread recorded, up to this number, is safe.
    Proved {
        thread: u64,
        number: u64,
    },
    /// A proof was refused.
    Refused {
        error: String,
    },
    /// The status has another error than before.
    Failed {
        error: String,
    },
    /// It has none any more.
    Healed,
    End(End),
}

/// The last that a process says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct End {
    /// By each thread.
    pub(crate) emitted: Vec<u64>,
    pub(crate) recorded: u64,
    pub(crate) written: u64,
    pub(crate) lost: u64,
    /// The most memory that the process ever had, in bytes.
    pub(crate) memory: u64,
    /// Why `shutdown()` failed.
    pub(crate) error: Option<String>,
}

impl Program {
    pub(crate) fn new(folder: &Path) -> Program {
        Program {
            folder: folder.to_owned(),
            run: 0,
            threads: 1,
            proof: Proof::Flush,
            burst: 1,
            drops: false,
            queue_length: 64,
            max_file_size: None,
            key_lines: 1_000_000,
            value: 50,
        }
    }

    /// One of the processes of a log with eight threads, small files and short epochs.
    pub(crate) fn busy(folder: &Path, run: u64, proof: Proof) -> Program {
        let (max_file_size, key_lines) = (Some(65_536), 300);
        Program { run, threads: 8, proof, burst: 3, max_file_size, key_lines, ..Program::new(folder) }
    }

    pub(crate) fn start(&self) -> Process {
        self.start_under(None)
    }

    /// Starts it as the arguments of another command, which must leave it its standard streams.
    pub(crate) fn start_under(&self, around: Option<Command>) -> Process {
        let program = std::env::current_exe().unwrap();
        let mut command = match around {
            None => Command::new(program),
            Some(mut around) => {
                around.arg(program);
                around
            }
        };
        command.args(["--exact", "program::program", "--ignored", "--nocapture"]);
        command.env("PROGRAM", serde_json::to_string(self).unwrap());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (say, said) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        thread::spawn(move || {
            // The runner of tests says things too, and a process that was killed may have said half a line.
            lines
                .map_while(Result::ok)
                .filter_map(|line| serde_json::from_str(&line).ok())
                .try_for_each(|line| say.send(line))
        });
        let stdin = child.stdin.take();
        Process { child, stdin, said, told: Told { run: self.run, threads: self.threads, ..Told::default() } }
    }
}

/// The service, running. Killed when dropped.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    said: Receiver<Said>,
    told: Told,
}

/// What a process said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) run: u64,
    pub(crate) threads: u64,
    /// The numbers of the records behind which each thread had a proof.
    pub(crate) proved: BTreeMap<u64, Vec<u64>>,
    pub(crate) errors: BTreeSet<String>,
    pub(crate) memory: u64,
    pub(crate) end: Option<End>,
}

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Listens until something is said, or told by all that was.
    pub(crate) fn hear_until(&mut self, mut enough: impl FnMut(&Said, &Told) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let said = self.said.recv_timeout(left);
            let said =
                said.unwrap_or_else(|error| panic!("{error}; errors until now: {:?}", self.told.errors));
            self.told.add(&said);
            assert!(!left.is_zero(), "it says other things only; errors until now: {:?}", self.told.errors);
            if enough(&said, &self.told) {
                return;
            }
        }
    }

    pub(crate) fn hear_a_proof(&mut self) {
        self.hear_until(|said, _| matches!(said, Said::Proved { .. }));
    }

    /// Listens until it is dead.
    pub(crate) fn hear_the_end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(said) = self.said.recv_timeout(PATIENCE) {
            self.told.add(&said);
            assert!(Instant::now() < deadline, "it does not die");
        }
    }

    /// What it said up to now.
    pub(crate) fn heard(&mut self) -> Told {
        self.said.try_iter().for_each(|said| self.told.add(&said));
        self.told.clone()
    }

    /// Has it shut down, and gives all that it said.
    pub(crate) fn end(mut self) -> Told {
        self.stdin = None;
        self.hear_until(|said, _| matches!(said, Said::End(_)));
        assert!(self.child.wait().unwrap().success());
        std::mem::take(&mut self.told)
    }

    /// Kills it, where it is not dead already, and gives all that it said.
    pub(crate) fn kill(mut self) -> Told {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // The pipe ends with the process.
        self.said.iter().for_each(|said| self.told.add(&said));
        std::mem::take(&mut self.told)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Told {
    /// How many records a thread has to find in the log if none was dropped.
    pub(crate) fn proved(&self, thread: u64) -> u64 {
        self.proved.get(&thread).map_or(0, |numbers| numbers[numbers.len() - 1] + 1)
    }

    pub(crate) fn emitted(&self) -> u64 {
        self.end.as_ref().unwrap().emitted.iter().sum()
    }

    fn add(&mut self, said: &Said) {
        match said {
            Said::Healed => {}
            Said::Open { memory } => self.memory = *memory,
            Said::Proved { thread, number } => self.proved.entry(*thread).or_default().push(*number),
            Said::Refused { error } | Said::Failed { error } => drop(self.errors.insert(error.clone())),
            Said::End(end) => self.end = Some(end.clone()),
        }
    }
}

#[test]
#[ignore = "the program that the other tests run"]
fn program() {
    let Ok(program) = std::env::var("PROGRAM") else { return };
    println!();
    serde_json::from_str::<Program>(&program).unwrap().run();
}

impl Program {
    fn run(&self) {
        let keys = KeyStore::open_or_create(self.folder.join("keys")).unwrap();
        let mut builder = AuditLayer::builder(self.folder.join("log"), keys)
            .rotation(Rotation::NEVER)
            .key_lines(self.key_lines)
            .queue_length(self.queue_length)
            .overflow(if self.drops { Overflow::Drop } else { Overflow::Block })
            .durability(match self.proof {
                Proof::Written => Durability::Written,
                Proof::Synced => Durability::Synced,
                _ => Durability::Enqueued,
            });
        if let Some(size) = self.max_file_size {
            builder = builder.max_file_size(size);
        }
        let (layer, guard) = builder.build().unwrap();
        registry().with(layer).init();
        say(&Said::Open { memory: memory("VmRSS:") });

        let (stop, done) = (AtomicBool::new(false), AtomicBool::new(false));
        let emitted = thread::scope(|scope| {
            scope.spawn(|| {
                let _ = io::stdin().read_to_end(&mut Vec::new());
                stop.store(true, Ordering::Relaxed);
            });
            scope.spawn(|| watch(&guard, &done));
            let emit = |thread| {
                scope.spawn({
                    let (log, stop) = (guard.handle(), &stop);
                    move || self.emit(thread, &log, stop)
                })
            };
            let threads = (0..self.threads).map(emit).collect::<Vec<_>>();
            let emitted = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            done.store(true, Ordering::Relaxed);
            emitted
        });
        let error = guard.shutdown().err().map(|error| error.to_string());
        let Status { recorded, written, lost, .. } = guard.status();
        say(&Said::End(End { emitted, recorded, written, lost, memory: memory("VmHWM:"), error }));
    }

    fn emit(&self, thread: u64, log: &Handle, stop: &AtomicBool) -> u64 {
        let value = "x".repeat(self.value);
        for number in 0.. {
            if stop.load(Ordering::Relaxed) {
                return number;
            }
            let record = || {
                info!(target: "audit", run = self.run, thread, number, before = value, after = value, "changed");
            };
            if self.proof == Proof::None || number % self.burst != self.burst - 1 {
                record();
                continue;
            }
            let proved = match self.proof {
                Proof::Receipt => require(record).wait().map_err(|error| error.to_string()),
                Proof::Flush => {
                    record();
                    log.flush().map_err(|error| error.to_string())
                }
                _ => {
                    record();
                    log.status().last_error.map_or(Ok(()), |error| Err(error.to_string()))
                }
            };
            say(&match proved {
                Ok(()) => Said::Proved { thread, number },
                Err(error) => Said::Refused { error },
            });
        }
        unreachable!("numbers don't end")
    }
}

/// Says what becomes of the status's error.
fn watch(log: &Handle, done: &AtomicBool) {
    let mut before = None;
    while !done.load(Ordering::Relaxed) {
        let now = log.status().last_error;
        if now != before {
            let failed = |error: &WriteError| Said::Failed { error: error.to_string() };
            say(&now.as_ref().map_or(Said::Healed, failed));
        }
        before = now;
        thread::sleep(Duration::from_millis(1));
    }
}

fn say(said: &Said) {
    let said = serde_json::to_string(said).unwrap();
    if writeln!(io::stdout(), "{said}").is_err() {
        // Nobody listens: the test has failed, and may have been too far away to kill this process.
        process::exit(1);
    }
}

/// The memory of this process, in bytes; nothing where the system doesn't say.
fn memory(which: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix(which)?.trim().strip_suffix(" kB"));
    kilobytes.map_or(0, |kilobytes| kilobytes.parse::<u64>().unwrap() << 10)
}
