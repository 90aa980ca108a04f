//! A private exim: takes mails for any domain on a free port, with STARTTLS and PLAIN, and delivers them into maildirs.
//!
//! `<maildirs>/<local part>@<domain>/new/…` for a mailbox that [`MailServer::mailbox`] made, else `<maildirs>/others/new/…`; Dovecot can
//! serve the same folder. `refused@…` is refused for good, `later@…` for now,
//! and what goes to an address that [`MailServer::close`] named is taken first and returned then, as a relay does.

use super::{Process, free_port, listens, until};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub(crate) const USER: &str = "gendan";
pub(crate) const PASSWORD: &str = "zipper&Trim 9";

/// The server; killed when it is dropped.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    /// The authority that its certificate (for `localhost` and 127.0.0.1) goes back to.
    pub(crate) ca_file: PathBuf,
    folder: PathBuf,
    maildirs: PathBuf,
    process: Option<Process>,
}

impl MailServer {
    /// `folder` gets configuration, spool and logs; `maildirs` the mails.
    pub(crate) fn start(folder: &Path, maildirs: &Path) -> Self {
        let port = free_port();
        fs::create_dir_all(folder.join("spool")).unwrap();
        fs::create_dir_all(folder.join("gone")).unwrap();
        fs::create_dir_all(maildirs).unwrap();
        // Exim gives up root for its own user, who has to get at the folders.
        for open in [folder, &folder.join("spool"), maildirs] {
            fs::set_permissions(open, fs::Permissions::from_mode(0o777)).unwrap();
        }
        let ca_file = certificates(folder);
        fs::write(folder.join("exim.conf"), configuration(folder, maildirs, port)).unwrap();
        let mut server =
            Self { port, ca_file, folder: folder.to_owned(), maildirs: maildirs.to_owned(), process: None };
        server.restart();
        server
    }

    /// Makes a mailbox: a folder of its own.
    pub(crate) fn mailbox(&self, address: &str) {
        let folder = self.maildirs.join(address);
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    }

    /// From now on this mailbox is gone: its mails are accepted and then bounced.
    pub(crate) fn close(&self, address: &str) {
        fs::write(self.folder.join("gone").join(address), "").unwrap();
    }

    /// SIGKILL; what it had accepted stays in its spool.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// On the same port, with the same spool.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let mut command = Command::new("/usr/sbin/exim4");
        command.arg("-C").arg(self.folder.join("exim.conf")).args(["-bdf", "-q1s"]);
        self.process = Some(Process::start("exim", &mut command, &self.folder));
        until("exim listens", Duration::from_secs(20), || listens(self.port));
    }
}

/// The mails in one mailbox, oldest first as far as their names say.
pub(crate) fn mails(maildirs: &Path, address: &str) -> Vec<String> {
    let folder = maildirs.join(address).join("new");
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect()
}

fn certificates(folder: &Path) -> PathBuf {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
    let key = rcgen::KeyPair::generate().unwrap();
    let signed = authority.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(authority, key);
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let own = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(names).unwrap().signed_by(&own, &issuer).unwrap();
    for (name, pem) in
        [("ca.pem", signed.pem()), ("tls.pem", certificate.pem()), ("tls.key", own.serialize_pem())]
    {
        fs::write(folder.join(name), pem).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    folder.join("ca.pem")
}

fn configuration(folder: &Path, maildirs: &Path, port: u16) -> String {
    let words = [
        ("@FOLDER@", folder.display().to_string()),
        ("@MAILDIRS@", maildirs.display().to_string()),
        ("@PORT@", port.to_string()),
        ("@USER@", USER.to_owned()),
        ("@PASSWORD@", PASSWORD.to_owned()),
    ];
    words.iter().fold(CONFIGURATION.to_owned(), |text, (word, value)| text.replace(word, value))
}

const CONFIGURATION: &str = r#"primary_hostname = mail.test.example
qualify_domain = test.example
daemon_smtp_ports = @PORT@
local_interfaces = 127.0.0.1
spool_directory = @FOLDER@/spool
log_file_path = @FOLDER@/exim_%slog
pid_file_path = @FOLDER@/exim.pid
tls_advertise_hosts = *
tls_certificate = @FOLDER@/tls.pem
tls_privatekey = @FOLDER@/tls.key
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = acl_rcpt
host_lookup =
rfc1413_hosts =
smtp_accept_max = 200
message_size_limit = 1M
never_users =
trusted_users =
keep_environment =
ignore_bounce_errors_after = 1m

begin acl
acl_rcpt:
  deny message = 5.1.1 no such user here
       local_parts = refused
  defer message = 4.2.1 greylisted
       local_parts = later
  accept

begin routers
gone:
  driver = redirect
  condition = ${if exists{@FOLDER@/gone/${lc:$local_part}@${lc:$domain}}}
  allow_fail
  data = :fail: 550 5.1.1 the mailbox is gone
everybody:
  driver = accept
  address_data = ${lookup{${lc:$local_part}@${lc:$domain}}dsearch,filter=dir{@MAILDIRS@}{$value}{others}}
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = @MAILDIRS@/$address_data
  create_directory
  create_file = anywhere
  directory_mode = 0777
  mode = 0666
  mode_fail_narrower = false
  maildir_format
  return_path_add
  envelope_to_add
  user = Debian-exim

begin retry
* * F,1h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{@USER@}}{eq{$auth3}{@PASSWORD@}}}}
  server_set_id = $auth2
"#;
