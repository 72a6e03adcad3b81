//! A service with its log and its keys: it starts, writes, stops, crashes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use tempfile::TempDir;
use tracing::{Dispatch, dispatcher, info};
use tracing_audit::trail::{Line, SecretKey};
use tracing_audit::{AuditLayer, Guard, KeyStore, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// One service with its log and its keys.
pub(crate) struct Host {
    name: &'static str,
    folder: TempDir,
    running: Option<(Dispatch, Guard)>,
}

impl Host {
    pub(crate) fn new(name: &'static str) -> Host {
        Host { name, folder: tempfile::tempdir().unwrap(), running: None }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    pub(crate) fn start(&mut self) -> &mut Host {
        let keys = KeyStore::open_or_create(self.keys()).unwrap();
        let builder = AuditLayer::builder(self.log(), keys).rotation(Rotation::NEVER).origin(self.name);
        let (layer, guard) = builder.sync_interval(Duration::from_secs(10)).build().unwrap();
        self.running = Some((Dispatch::new(registry().with(layer)), guard));
        self
    }

    pub(crate) fn records(&mut self, count: u64) -> &mut Host {
        let (dispatch, guard) = self.running.as_ref().unwrap();
        dispatcher::with_default(dispatch, || {
            (0..count).for_each(|number| info!(target: "audit", number, text = "a\\b\n é日😀 %$'\"", "read"));
        });
        guard.flush().unwrap();
        self
    }

    fn guard(&self) -> &Guard {
        &self.running.as_ref().unwrap().1
    }

    pub(crate) fn hand_over(&mut self) -> &mut Host {
        self.guard().rotate_key().unwrap();
        self
    }

    pub(crate) fn rotate(&mut self) -> &mut Host {
        self.guard().rotate().unwrap();
        self
    }

    pub(crate) fn stop(&mut self) -> &mut Host {
        self.guard().shutdown().unwrap();
        self.running = None;
        self
    }

    /// The disk as it is now, with these bytes at the end of the log: what a crash leaves.
    pub(crate) fn crashed(&self, torn: impl FnOnce(&Line<'_>) -> Vec<u8>) -> Host {
        let after = Host::new(self.name);
        for (from, to) in [(self.log(), after.log()), (self.keys(), after.keys())] {
            fs::create_dir(&to).unwrap();
            fs::set_permissions(&to, fs::metadata(&from).unwrap().permissions()).unwrap();
            for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
        let name = self.guard().status().file;
        let live = after.log().join(name.file_name().unwrap());
        let mut bytes = fs::read(&live).unwrap();
        let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn = torn(&Line::parse(&bytes[last..bytes.len() - 1]).unwrap());
        bytes.extend(torn);
        fs::write(live, bytes).unwrap();
        after
    }

    /// The files of its log, in the order of their lines.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let paths = fs::read_dir(self.log()).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
        // `audit.jsonl`, `audit.1.jsonl`, `audit.2.jsonl`: in the order of their lines.
        paths.sort();
        paths.sort_by_key(|path| path.file_stem().unwrap().len());
        paths
    }

    /// The lines of all its files, as a shipper relays them.
    pub(crate) fn shipped(&self) -> Vec<Vec<u8>> {
        let texts = self.files().into_iter().map(|path| fs::read(path).unwrap());
        texts
            .flat_map(|text| {
                text.strip_suffix(b"\n")
                    .unwrap_or(&text)
                    .split(|byte| *byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Its line of a trust file.
    pub(crate) fn trust(&self) -> String {
        let pin = KeyStore::read_pin(self.keys()).unwrap();
        format!("\"{}\" {} {pin}\n", self.name, pin.id())
    }

    /// By a fleet key, before it starts; the line of a trust file for that.
    pub(crate) fn endorse(&self) -> String {
        let [fleet, endorsement] = ["fleet", "endorsement"].map(|name| self.folder.path().join(name));
        let fleet_key = tracing_audit(&["keys", "new", text(&fleet)]);
        let key = tracing_audit(&["keys", "new", text(&self.keys())]);
        let secret = fleet.join("epoch-0.pem");
        let endorse =
            ["keys", "endorse", "--fleet-key-file", text(&secret), "--origin", self.name, key.trim()];
        fs::write(&endorsement, tracing_audit(&endorse)).unwrap();
        tracing_audit(&["keys", "install-endorsement", text(&self.keys()), text(&endorsement)]);
        format!("* * {fleet_key}")
    }

    /// The key in force, as somebody steals it who takes the host.
    pub(crate) fn stolen(&self) -> SecretKey {
        let files = fs::read_dir(self.keys()).unwrap().map(|entry| entry.unwrap().path());
        let key = files.filter(|path| path.extension().is_some_and(|end| end == "pem")).max().unwrap();
        let text = fs::read_to_string(key).unwrap();
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
        SecretKey::from_seed(bytes.last_chunk().unwrap())
    }
}

/// What the command prints.
pub(crate) fn tracing_audit(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tracing-audit")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
