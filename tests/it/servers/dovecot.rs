//! A private Dovecot (2.3): IMAP in the clear and by TLS, LMTP, mails in Maildir folders that tests may look into and spoil.
//!
//! Every user is there, with the password [`PASSWORD`]; `a@b` is user `a`.

use super::{Process, free_port, listens, until};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) const PASSWORD: &str = "open-sesame+5";

/// What differs from the usual.
pub(crate) struct Setup {
    /// Host that its certificate is for.
    pub(crate) host: &'static str,
    /// TLS and STARTTLS are offered.
    pub(crate) tls: bool,
    /// What it says that it can; empty = everything.
    pub(crate) can: &'static str,
    /// Where tokens are looked up (RFC 7662); then XOAUTH2 is offered.
    pub(crate) introspection: Option<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { host: "localhost", tls: true, can: "", introspection: None }
    }
}

pub(crate) struct Dovecot {
    folder: PathBuf,
    process: Option<Process>,
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) lmtp: u16,
    /// Who the mails belong to.
    owner: (u32, u32),
}

impl Dovecot {
    /// Starts one in this folder, which must be there.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &Setup::default())
    }

    pub(crate) fn start_with(folder: &Path, setup: &Setup) -> Self {
        let root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let folder = folder.join("dovecot");
        fs::create_dir_all(folder.join("mail")).unwrap();
        // Its mail processes are not root: they must get through the temporary folder.
        for it in [folder.parent().unwrap(), &folder] {
            fs::set_permissions(it, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let meta = fs::metadata(&folder).unwrap();
        let owner = if root { (65534, 65534) } else { (meta.uid(), meta.gid()) };
        chown(folder.join("mail"), Some(owner.0), Some(owner.1)).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![setup.host.to_owned()]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        fs::write(folder.join("ca.pem"), parameters.self_signed(&key).unwrap().pem()).unwrap();
        let own = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::new(parameters, key);
        let leaf = rcgen::CertificateParams::new(vec![setup.host.to_owned()]).unwrap();
        fs::write(folder.join("cert.pem"), leaf.signed_by(&own, &issuer).unwrap().pem()).unwrap();
        fs::write(folder.join("key.pem"), own.serialize_pem()).unwrap();
        let mut it =
            Self { folder, process: None, imap: free_port(), imaps: free_port(), lmtp: free_port(), owner };
        fs::write(it.folder.join("conf"), it.conf(setup, root)).unwrap();
        if let Some(url) = &setup.introspection {
            let text = format!(
                "introspection_mode = post\nintrospection_url = {url}\nusername_attribute = username\n\
                 active_attribute = active\nactive_value = true\n"
            );
            fs::write(it.folder.join("oauth2.conf"), text).unwrap();
        }
        it.restart();
        it
    }

    /// Begins again after [`Self::kill`].
    pub(crate) fn restart(&mut self) {
        let conf = self.folder.join("conf");
        let mut command = Command::new("/usr/sbin/dovecot");
        self.process = Some(Process::start("dovecot", command.arg("-F").arg("-c").arg(conf), &self.folder));
        until("dovecot listens", Duration::from_secs(20), || listens(self.imap) && listens(self.lmtp));
    }

    /// SIGKILL to all of its processes.
    pub(crate) fn kill(&mut self) {
        let Some(process) = self.process.take() else { return };
        let children = children(process.id());
        process.kill();
        for child in children {
            let _ = Command::new("kill").args(["-KILL", &child.to_string()]).output();
        }
        until("dovecot is gone", Duration::from_secs(10), || !listens(self.imap));
    }

    /// Certificate of the one who signed its certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("dovecot.log")).unwrap_or_default()
    }

    /// Where a user's mails are.
    pub(crate) fn maildir(&self, user: &str) -> PathBuf {
        self.folder.join("mail").join(user)
    }

    /// Puts a mail into the user's INBOX, past all servers.
    pub(crate) fn deliver(&self, user: &str, bytes: &[u8]) {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let maildir = self.maildir(user);
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(folder)).unwrap();
            chown(maildir.join(folder), Some(self.owner.0), Some(self.owner.1)).unwrap();
        }
        chown(&maildir, Some(self.owner.0), Some(self.owner.1)).unwrap();
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("{}.P{}N{number:06}.test", 1_700_000_000 + number, std::process::id());
        let part = maildir.join("tmp").join(&name);
        fs::write(&part, bytes).unwrap();
        chown(&part, Some(self.owner.0), Some(self.owner.1)).unwrap();
        fs::rename(part, maildir.join("new").join(name)).unwrap();
    }

    /// Has the server forget its numbering of the user's INBOX, or go back with it: only while it is down.
    pub(crate) fn renumber(&self, user: &str, change: impl FnOnce(String) -> Option<String>) {
        assert!(self.process.is_none(), "it would write its own view over ours");
        let maildir = self.maildir(user);
        let list = fs::read_to_string(maildir.join("dovecot-uidlist")).unwrap();
        for entry in fs::read_dir(&maildir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_file() && name.starts_with("dovecot") {
                fs::remove_file(path).unwrap();
            }
        }
        if let Some(list) = change(list) {
            let path = maildir.join("dovecot-uidlist");
            fs::write(&path, list).unwrap();
            chown(path, Some(self.owner.0), Some(self.owner.1)).unwrap();
        }
    }

    fn conf(&self, setup: &Setup, root: bool) -> String {
        let folder = self.folder.display();
        let (uid, gid) = self.owner;
        let own = if root {
            String::new()
        } else {
            let name =
                |flag| String::from_utf8(Command::new("id").arg(flag).output().unwrap().stdout).unwrap();
            let (user, group) = (name("-un"), name("-gn"));
            format!(
                "default_internal_user = {user}default_login_user = {user}default_internal_group = {group}\
                 service anvil {{\n chroot =\n}}\nservice imap-login {{\n chroot =\n}}\n"
            )
        };
        let tls = if setup.tls {
            format!("ssl = yes\nssl_cert = <{folder}/cert.pem\nssl_key = <{folder}/key.pem\n")
        } else {
            "ssl = no\n".to_owned()
        };
        let (tokens, mechanisms) = match setup.introspection {
            Some(_) => (
                format!(
                    "passdb {{\n driver = oauth2\n mechanisms = xoauth2\n args = {folder}/oauth2.conf\n}}\n"
                ),
                "plain login xoauth2",
            ),
            None => (String::new(), "plain login"),
        };
        let can =
            if setup.can.is_empty() { String::new() } else { format!("imap_capability = {}\n", setup.can) };
        format!(
            "base_dir = {folder}/run\nstate_dir = {folder}/run\nlog_path = /dev/stderr\nauth_verbose = yes\n\
             protocols = imap lmtp\nmailbox_idle_check_interval = 2 s\nlisten = 127.0.0.1\ndisable_plaintext_auth = no\n\
             auth_mechanisms = {mechanisms}\nauth_username_format = %Ln\nauth_failure_delay = 0\n\
             mail_location = maildir:{folder}/mail/%u\nmail_uid = {uid}\nmail_gid = {gid}\n\
             first_valid_uid = 1\nfirst_valid_gid = 1\nmail_max_userip_connections = 50\n{own}{tls}{can}\
             passdb {{\n driver = static\n mechanisms = plain login\n args = password={PASSWORD}\n}}\n{tokens}\
             userdb {{\n driver = static\n args = uid={uid} gid={gid} home={folder}/mail/%u allow_all_users=yes\n}}\n\
             service imap-login {{\n inet_listener imap {{\n port = {}\n }}\n inet_listener imaps {{\n port = {}\n }}\n}}\n\
             service lmtp {{\n inet_listener lmtp {{\n address = 127.0.0.1\n port = {}\n }}\n}}\n",
            self.imap,
            if setup.tls { self.imaps } else { 0 },
            self.lmtp
        )
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.kill();
    }
}

fn children(parent: u32) -> Vec<u32> {
    let is_child = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        after.split_whitespace().nth(1).and_then(|it| it.parse().ok()) == Some(parent)
    };
    let ids = fs::read_dir("/proc").unwrap().filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(is_child).collect()
}
