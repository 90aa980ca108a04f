//! A private PostgreSQL that a test may kill and start again.

use super::{Process, free_port, until};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) struct PostgresServer {
    folder: TempDir,
    port: u16,
    process: Option<Process>,
}

impl PostgresServer {
    /// A new server with nothing in it; it trusts everybody on this machine.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            // It refuses to run as root.
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let mut init = command("initdb", folder.path());
        init.args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]);
        run(init.arg(folder.path().join("data")));
        let mut server = Self { folder, port: free_port(), process: None };
        server.restart();
        server
    }

    pub(crate) fn url(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres", self.port)
    }

    /// SIGKILL, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// Starts it on the same data and waits until it answers.
    pub(crate) fn restart(&mut self) {
        let what = format!("PostgreSQL on port {}", self.port);
        until(&what, Duration::from_secs(60), || {
            // What a killed server left behind may keep the next one from starting for a moment.
            if self.process.as_mut().is_none_or(|process| !process.is_alive()) {
                self.process = Some(self.launch());
            }
            self.answers()
        });
    }

    fn launch(&self) -> Process {
        let mut command = command("postgres", self.folder.path());
        command.arg("-D").arg(self.folder.path().join("data")).args(["-p", &self.port.to_string()]);
        let sockets = format!("unix_socket_directories={}", self.folder.path().display());
        for setting in ["listen_addresses=127.0.0.1", &sockets, "fsync=off", "max_connections=40"] {
            command.args(["-c", setting]);
        }
        Process::start("postgres", &mut command, self.folder.path())
    }

    fn answers(&self) -> bool {
        let mut ready = command("pg_isready", self.folder.path());
        let port = self.port.to_string();
        let told = ready.args(["-q", "-h", "127.0.0.1", "-p", &port]).stderr(Stdio::null()).status();
        told.unwrap().success()
    }

    /// Runs a script of psql.
    pub(crate) fn script(&self, file: &str) {
        let mut command = Command::new("psql");
        run(command.args(["-X", "-q", "-d", &self.url("postgres"), "-f", file]));
    }

    /// Runs statements as the owner of everything.
    pub(crate) fn execute(&self, sql: &str) {
        let mut command = Command::new("psql");
        run(command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url("postgres"), "-c", sql]));
    }
}

/// One of PostgreSQL's own programs, as a user that it accepts.
fn command(program: &str, folder: &Path) -> Command {
    let program = programs().join(program);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(folder);
    command
}

/// The newest that is installed; Debian keeps several, and none on the path.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").map(|it| it.map(|it| it.unwrap().path()));
    let newest = versions.ok().and_then(|all| all.max());
    newest.expect("PostgreSQL's server is not installed; tests/run does that").join("bin")
}

fn is_root() -> bool {
    let said = Command::new("id").arg("-u").output().unwrap();
    said.stdout == b"0\n"
}

fn run(command: &mut Command) {
    let said = command.output().unwrap();
    assert!(said.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said.stderr));
}
