//! The servers of one case, and the processes of gendan that work on them.

use crate::servers::dovecot::{self, Dovecot};
use crate::servers::mailserver::{self, MailServer};
use crate::servers::postgres::PostgresServer;
use crate::servers::rabbit::Private as RabbitServer;
use crate::servers::{Process, until};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Where customers' mails arrive, and what each department and the carrier is told by.
const ORDERS: &str = "orders@hengtong.example";
/// Routing keys whose queues the program declares here, for the receivers of the case.
pub(super) const KEYS: [&str; 11] = [
    "order.confirmed",
    "order.status",
    "production.task",
    "purchasing.request",
    "warehouse.pick",
    "accounting.invoice",
    "shipping.instruction.DBX",
    "shipping.instruction.SLT",
    "shipping.instruction.ATX",
    "shipping.instruction.YGT",
    "shipping.instruction.OWN",
];

/// Everything in one temporary folder, ended with the case.
pub(super) struct Site {
    pub(super) rabbit: RabbitServer,
    pub(super) postgres: PostgresServer,
    pub(super) dovecot: Dovecot,
    pub(super) mail: MailServer,
    maildirs: PathBuf,
    folder: TempDir,
}

impl Site {
    /// Starts the servers and imports the sample master data; customers have credit enough, and nobody has to look at a
    /// customer's first order.
    pub(super) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let dovecot = Dovecot::start(folder.path());
        let maildirs = dovecot.maildir("x").parent().unwrap().to_owned();
        let exim = folder.path().join("exim");
        fs::create_dir_all(&exim).unwrap();
        let mail = MailServer::start(&exim, &maildirs);
        let (rabbit, postgres) = (RabbitServer::start(), PostgresServer::start());
        let site = Self { rabbit, postgres, dovecot, mail, maildirs, folder };
        site.mailbox(ORDERS);
        symlink(site.maildirs.join(ORDERS), site.maildirs.join("orders")).unwrap();
        site.rules();
        let master = site.master();
        let done = site.gendan("office", &["import", &master.to_string_lossy()]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        site
    }

    /// Makes a mailbox that mail can be delivered to.
    pub(super) fn mailbox(&self, address: &str) {
        self.mail.mailbox(address);
        for folder in ["tmp", "new", "cur"] {
            let path = self.maildirs.join(address).join(folder);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        }
    }

    /// The mails that reached an address.
    pub(super) fn mails(&self, address: &str) -> Vec<String> {
        mailserver::mails(&self.maildirs, address)
    }

    /// How often each Message-ID that is ours was delivered, to whomever.
    pub(super) fn delivered(&self) -> BTreeMap<String, usize> {
        let mut ids = BTreeMap::new();
        let boxes = fs::read_dir(&self.maildirs).unwrap().map(|entry| entry.unwrap().file_name());
        for address in boxes.map(|name| name.to_string_lossy().into_owned()).filter(|it| it != "orders") {
            for mail in self.mails(&address) {
                let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: "));
                if let Some(id) = id.filter(|id| id.contains("@hengtong.example")) {
                    *ids.entry(id.trim_matches(['<', '>', ' ', '\r']).to_owned()).or_insert(0) += 1;
                }
            }
        }
        ids
    }

    fn rules(&self) {
        let own = self.folder.path().join("own/rules");
        fs::create_dir_all(&own).unwrap();
        let rules = fs::read_to_string("config/rules/lean.toml").unwrap();
        let rules = rules.replace("name = \"new_customer\"", "off = true\nname = \"new_customer\"");
        fs::write(own.join("lean.toml"), rules).unwrap();
    }

    fn master(&self) -> PathBuf {
        let master = self.folder.path().join("master");
        fs::create_dir_all(&master).unwrap();
        for entry in fs::read_dir("tests/samples/master").unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, master.join(path.file_name().unwrap())).unwrap();
            }
        }
        let customers = fs::read_to_string(master.join("customers.csv")).unwrap();
        let limits = ["600000", "400000", "80000"];
        let rich = limits.iter().fold(customers, |text, it| text.replace(&format!(",{it},"), ",900000000,"));
        fs::write(master.join("customers.csv"), rich).unwrap();
        master
    }

    /// A data folder with the settings, for one process or for commands.
    fn dir(&self, name: &str) -> PathBuf {
        let dir = self.folder.path().join(name);
        if !dir.exists() {
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("gendan.toml"), self.settings()).unwrap();
        }
        dir
    }

    fn settings(&self) -> String {
        let keys: Vec<String> = KEYS.iter().map(|key| format!("\"{key}\"")).collect();
        let at = |path: &Path| path.display().to_string();
        format!(
            "[postgres]\nurl = '{postgres}'\n[rabbitmq]\nurl = '{rabbit}'\ndeclare = [{keys}]\n\
             [rules]\nprofile = 'lean'\noverrides = '{own}'\n[release]\nship_at = '00:00:00'\n\
             [worker]\npoll_ms = 200\n[intake]\npoll_ms = 200\n[folders]\nblobs = '{blobs}'\n\
             [[mailboxes]]\nname = 'orders'\nhost = 'localhost'\nport = {imaps}\nsecurity = 'tls'\nuser = 'orders'\n\
             password = '{imap_password}'\npoll_seconds = 1\nca_file = '{imap_ca}'\n\
             [smtp]\nhost = 'localhost'\nport = {smtp}\nsecurity = 'starttls'\nuser = '{smtp_user}'\n\
             password = '{smtp_password}'\nca_file = '{smtp_ca}'\nper_recipient_per_hour = 0\n",
            postgres = self.postgres.url("postgres"),
            rabbit = self.rabbit.url(),
            keys = keys.join(", "),
            blobs = at(&self.folder.path().join("blobs")),
            own = at(&self.folder.path().join("own")),
            imaps = self.dovecot.imaps,
            imap_password = dovecot::PASSWORD,
            imap_ca = at(&self.dovecot.ca()),
            smtp = self.mail.port,
            smtp_user = mailserver::USER,
            smtp_password = mailserver::PASSWORD,
            smtp_ca = at(&self.mail.ca_file),
        )
    }

    fn gendan(&self, dir: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gendan"));
        command.arg("--dir").arg(self.dir(dir)).args(arguments).env_remove("GENDAN_FAILPOINT");
        command
    }

    /// Starts `gendan run`; what it says goes to a log beside its data folder.
    pub(super) fn work(&self, name: &str) -> Process {
        Process::start(name, &mut self.gendan(name, &["run"]), self.folder.path())
    }

    /// What a process said.
    pub(super) fn log(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap_or_default()
    }

    /// What a command prints with `--json`; none while the servers are away.
    pub(super) fn try_ask(&self, arguments: &[&str]) -> Option<Value> {
        let output = self.gendan("office", &["--json"]).args(arguments).output().unwrap();
        serde_json::from_slice(&output.stdout).ok()
    }

    pub(super) fn ask(&self, arguments: &[&str]) -> Value {
        let answer = self.try_ask(arguments);
        answer.unwrap_or_else(|| panic!("no answer to {arguments:?}"))
    }

    /// Until so many orders are there and nothing is left to do.
    pub(super) fn until_done(&self, orders: usize, limit: Duration) {
        until("all is done", limit, || {
            std::thread::sleep(Duration::from_millis(300));
            let Some(balance) = self.try_ask(&["balance"]) else { return false };
            let at_rest = |what: &str| balance[what]["waiting"] == 0 && balance[what]["in_work"] == 0;
            let there = || self.ask(&["orders", "list", "--limit", "100000"]).as_array().unwrap().len();
            at_rest("messages") && at_rest("documents") && at_rest("parts") && there() >= orders
        });
    }
}
