//! A data folder in which the real program works.

use super::letters::Letter;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(super) struct House {
    folder: TempDir,
}

/// How a process ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Code(i32),
    Signal,
}

/// A `gendan run`; killed when it is dropped.
pub(super) struct Run(Child);

impl House {
    /// The lean profile without its wish to see a customer's first order, customers with credit enough, and all the material
    /// that their orders take.
    pub(super) fn new() -> Self {
        let house = Self { folder: TempDir::new().unwrap() };
        let own = house.path().join("own/rules");
        fs::create_dir_all(&own).unwrap();
        let rules = fs::read_to_string("config/rules/lean.toml").unwrap();
        let rules = rules.replace("name = \"new_customer\"", "off = true\nname = \"new_customer\"");
        fs::write(own.join("lean.toml"), rules).unwrap();
        house.settle();
        let master = house.path().join("master");
        copy_all(Path::new("tests/samples/master"), &master);
        let customers = fs::read_to_string(master.join("customers.csv")).unwrap();
        let limits = ["600000", "400000", "80000"];
        let rich = limits.iter().fold(customers, |text, it| text.replace(&format!(",{it},"), ",900000000,"));
        fs::write(master.join("customers.csv"), rich).unwrap();
        let mut stock = fs::read_to_string(master.join("stock.csv")).unwrap();
        for component in ["HT-N5T-580", "HT-S5-A", "RM-STOP-5"] {
            stock += &format!("{component},WH-9,900000000,0\r\n");
        }
        fs::write(master.join("stock.csv"), stock).unwrap();
        let done = house.gendan(&["import", &master.to_string_lossy()]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        house
    }

    /// Another one, just as this one is.
    pub(super) fn copy(&self) -> Self {
        let house = Self { folder: TempDir::new().unwrap() };
        copy_all(self.path(), house.path());
        house.settle();
        house
    }

    fn settle(&self) {
        let own = self.path().join("own");
        let settings = format!(
            "[rules]\nprofile = \"lean\"\noverrides = '{}'\n[intake]\npoll_ms = 50\n[worker]\npoll_ms = 200\n",
            own.display()
        );
        fs::write(self.path().join("gendan.toml"), settings).unwrap();
        fs::create_dir_all(self.path().join("in")).unwrap();
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn gendan(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gendan"));
        command.arg("--dir").arg(self.path()).args(arguments).env_remove("GENDAN_FAILPOINT");
        command
    }

    /// Puts a file into the watched folder, whole.
    pub(super) fn drop_in(&self, letter: &Letter) {
        let part = self.path().join("in").join(format!(".{}", letter.name));
        fs::write(&part, &letter.bytes).unwrap();
        fs::rename(&part, self.path().join("in").join(&letter.name)).unwrap();
    }

    pub(super) fn start(&self) -> Run {
        let mut command = self.gendan(&["run"]);
        Run(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Works off what is there, perhaps with a failpoint; how it ended and what it complained of.
    pub(super) fn run_once(&self, failpoint: Option<&str>) -> (End, String) {
        let mut command = self.gendan(&["run", "--once"]);
        if let Some(failpoint) = failpoint {
            command.env("GENDAN_FAILPOINT", failpoint);
        }
        let output = command.output().unwrap();
        (End::of(output.status), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// What a command prints with `--json`.
    pub(super) fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.gendan(&["--json"]).args(arguments).output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{arguments:?}: {e}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// What the work leaves behind and anybody can count: bytes kept, files moved away, files written.
    pub(super) fn traces(&self) -> u64 {
        let page = |name: &str| fs::metadata(self.path().join(name)).map_or(0, |it| it.len());
        let files =
            ["in/done", "in/failed", "out", "blobs"].map(|it| files(&self.path().join(it)).len() as u64);
        files.iter().sum::<u64>() + page("gendan.db") + page("gendan.db-wal")
    }

    /// Waits until every file was taken and everything that is due was done.
    pub(super) fn until_done(&self, limit: Instant) {
        loop {
            let balance = self.ask(&["balance"]);
            let at_rest = |what: &str| balance[what]["waiting"] == 0 && balance[what]["in_work"] == 0;
            let taken = self.names("in").iter().all(|name| name.starts_with('.'));
            if taken && at_rest("messages") && at_rest("documents") && at_rest("parts") {
                return;
            }
            assert!(Instant::now() < limit, "not done in time: {balance}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Names of the files right in a folder.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path().join(folder)) else { return Vec::new() };
        let files = entries.map(Result::unwrap).filter(|entry| entry.path().is_file());
        files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

impl Run {
    /// Waits until the program says that it works.
    pub(super) fn ready(&mut self) {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("working in"), "{line}");
    }

    /// SIGKILL.
    pub(super) fn kill(mut self) {
        self.0.kill().unwrap();
        assert_eq!(End::of(self.0.wait().unwrap()), End::Signal);
    }

    /// SIGTERM, and how it ended.
    pub(super) fn terminate(mut self) -> End {
        let told = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(told.success());
        End::of(self.0.wait().unwrap())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl End {
    fn of(status: std::process::ExitStatus) -> Self {
        status.code().map_or(Self::Signal, Self::Code)
    }
}

/// All whole files below a folder; those with a dot in front are not finished.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|it| !hidden(it))
        .collect()
}

fn hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}
