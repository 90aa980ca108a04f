//! Real servers for tests: the machine's own for most cases, and private ones, on free ports in a temporary folder, for cases
//! that stop or break them. Private ones are ended by process id when they are dropped.

pub(crate) mod rabbit;
pub(crate) mod postgres;
pub(crate) mod dovecot;
pub(crate) mod mailserver;
pub(crate) mod scripted_smtp;

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server's process; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts it; what it says goes to `<folder>/<name>.log`.
    pub(crate) fn start(name: &str, command: &mut Command, folder: &Path) -> Self {
        let log = File::options().create(true).append(true).open(folder.join(format!("{name}.log"))).unwrap();
        let started = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn();
        let child = started.unwrap_or_else(|e| panic!("{name} can't be started: {e}; tests/run installs it"));
        Self { child, name: name.to_owned() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// SIGTERM, then waits until it has ended.
    pub(crate) fn terminate(mut self, limit: Duration) {
        let told = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        assert!(told.success());
        until(&format!("{} ends", self.name), limit, || !self.is_alive());
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port of 127.0.0.1 that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits for a fact.
pub(crate) fn until(what: &str, limit: Duration, mut fact: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !fact() {
        assert!(Instant::now() < end, "{what}: not within {} s", limit.as_secs());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether somebody listens on this port of 127.0.0.1.
pub(crate) fn listens(port: u16) -> bool {
    std::net::TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_secs(1)).is_ok()
}
