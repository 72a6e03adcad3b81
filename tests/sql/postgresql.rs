//! A database server of the test's own: in its folder, behind a socket there, of a user who isn't root.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::queries;
use crate::queries::{path, setup};
use crate::require;

/// `nobody`: the server refuses to run as root.
const NOBODY: u32 = 65_534;

pub(crate) fn postgresql(tables: &Path, queries: &[&str]) -> Option<Vec<Vec<String>>> {
    let server = Server::start()?;
    server.load("postgres", tables);
    let rows = queries.iter().map(|query| {
        let rows = server.psql("postgres", tables, &path("postgresql", query));
        String::from_utf8(rows.stdout).unwrap().lines().map(str::to_owned).collect()
    });
    Some(rows.collect())
}

pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    root: bool,
    databases: AtomicUsize,
}

impl Server {
    pub(crate) fn start() -> Option<Server> {
        let found = fs::read_dir("/usr/lib/postgresql").ok().and_then(|versions| versions.flatten().next());
        let programs = found.map(|version| version.path().join("bin")).unwrap_or_default();
        if !require::available("PostgreSQL", Command::new(programs.join("initdb")).arg("--version")) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().metadata().unwrap().uid() == 0;
        if root {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let server = Server { folder, programs, root, databases: AtomicUsize::new(0) };
        let data = server.data();
        server.run(
            "initdb",
            &["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "-D", &data],
        );
        let options = format!("-c listen_addresses= -c fsync=off -k {}", server.folder.path().display());
        server.run(
            "pg_ctl",
            &["start", "--wait", "--silent", "-D", &data, "-l", &format!("{data}.said"), "-o", &options],
        );
        Some(server)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }

    /// As somebody who isn't root. The server inherits no pipe, which it would keep open.
    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = if self.root {
            let mut command = Command::new("setpriv");
            command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".into()]);
            command.arg(self.programs.join(program));
            command
        } else {
            Command::new(self.programs.join(program))
        };
        command.args(arguments).current_dir(self.folder.path());
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.unwrap().success(), "{program}");
    }

    /// Loads the tables of a folder, and makes the view.
    fn load(&self, database: &str, tables: &Path) {
        let script = self.folder.path().join("setup.sql");
        fs::write(&script, setup("postgresql")).unwrap();
        self.psql(database, tables, &script);
    }

    /// Loads the tables of a folder into a new database; what a shell needs that goes there.
    pub(crate) fn environment(&self, tables: &Path) -> String {
        let database = format!("check{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let socket = self.folder.path().display();
        self.run("createdb", &["-U", "postgres", "-h", &socket.to_string(), &database]);
        self.load(&database, tables);
        format!(
            "export PGHOST={socket} PGUSER=postgres PGDATABASE={database} PATH={}:$PATH SQL={}\n",
            self.programs.display(),
            queries::folder("postgresql").display()
        )
    }

    /// Runs a file; relative paths in it are within a folder.
    fn psql(&self, database: &str, within: &Path, file: &Path) -> Output {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"]);
        let output =
            command.arg(self.folder.path()).arg("-f").arg(file).current_dir(within).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "--silent", "-D", &self.data()]);
    }
}
