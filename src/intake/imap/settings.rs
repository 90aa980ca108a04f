//! Settings of the mailboxes that are read: `[[mailboxes]]`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::path::{Path, PathBuf};

/// One folder of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// Ours for it, in lists and in the names of its documents; never change it, or its mails are filed again as repeats.
    pub name: String,
    pub host: String,
    /// None = 993 with `tls`, else 143.
    pub port: Option<u16>,
    #[serde(default)]
    pub security: Security,
    pub user: String,
    /// A password, or an app password.
    pub password: Option<Secret>,
    pub password_file: Option<PathBuf>,
    #[serde(default = "inbox")]
    pub folder: String,
    #[serde(default)]
    pub after: After,
    #[serde(default = "minute")]
    pub poll_seconds: u64,
    /// Have the server say at once when a mail comes, where it can.
    #[serde(default = "yes")]
    pub idle: bool,
    /// None = `intake.max_bytes`.
    pub max_bytes: Option<u64>,
    /// Mails that came before this day are passed over.
    pub since: Option<NaiveDate>,
    /// Certificates (PEM) that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    pub oauth2: Option<OAuth2>,
}

/// How the connection is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    #[default]
    Tls,
    StartTls,
    /// Only to this machine itself.
    None,
}

/// What is done with a mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum After {
    /// It is marked as read.
    #[default]
    Seen,
    /// It is moved to this folder of the same mailbox.
    Move(String),
    /// Nothing.
    None,
}

/// Access by a token that another company's server hands out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    pub token_url: String,
    pub client_id: String,
    /// None for a public client.
    pub client_secret_file: Option<PathBuf>,
    pub refresh_token_file: PathBuf,
    pub scope: Option<String>,
}

/// A text that is never shown: not in a log, an error or the settings as printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the one who logs in with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl TryFrom<String> for After {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "seen" => Ok(Self::Seen),
            None if text == "none" => Ok(Self::None),
            Some(("move", folder)) if !folder.trim().is_empty() => Ok(Self::Move(folder.to_owned())),
            _ => Err(format!("after = `{text}`: it is `seen`, `move:FOLDER` or `none`")),
        }
    }
}

impl From<After> for String {
    fn from(after: After) -> Self {
        match after {
            After::Seen => "seen".to_owned(),
            After::Move(folder) => format!("move:{folder}"),
            After::None => "none".to_owned(),
        }
    }
}

fn inbox() -> String {
    "INBOX".to_owned()
}

const fn minute() -> u64 {
    60
}

const fn yes() -> bool {
    true
}

impl Mailbox {
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.security == Security::Tls { 993 } else { 143 })
    }

    fn check(&self) -> Result<(), String> {
        let texts =
            [("name", &self.name), ("host", &self.host), ("user", &self.user), ("folder", &self.folder)];
        for (key, text) in texts {
            if text.trim().is_empty() || text.chars().any(char::is_control) {
                return Err(format!("{key} is empty or has control characters"));
            }
        }
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if !self.name.chars().all(plain) || self.name.chars().count() > 40 {
            return Err("name may have letters, digits, - _ . and 40 of them at most".to_owned());
        }
        if self.folder.chars().count() > 100 {
            return Err("folder has more than 100 characters".to_owned());
        }
        if self.security == Security::None && !is_loopback(&self.host) {
            return Err(format!(
                "security = \"none\" would send the password in the clear to {}; use \"tls\" or \"starttls\"",
                self.host
            ));
        }
        if self.poll_seconds == 0 || self.max_bytes == Some(0) {
            return Err("poll_seconds and max_bytes must be greater than 0".to_owned());
        }
        if matches!(&self.after, After::Move(to) if to == &self.folder || to.chars().any(char::is_control)) {
            return Err("after moves mails into the folder that they come from; name another".to_owned());
        }
        self.check_secrets()
    }

    fn check_secrets(&self) -> Result<(), String> {
        let ways = [self.password.is_some(), self.password_file.is_some(), self.oauth2.is_some()];
        match ways.iter().filter(|it| **it).count() {
            0 => return Err("there is no password: set password_file, password or oauth2".to_owned()),
            1 => {}
            _ => return Err("password, password_file and oauth2 exclude each other; keep one".to_owned()),
        }
        if self.password.as_ref().is_some_and(|it| it.expose().is_empty() || has_control(it.expose())) {
            return Err("password is empty or has control characters".to_owned());
        }
        let Some(oauth2) = &self.oauth2 else { return Ok(()) };
        let url = &oauth2.token_url;
        let parsed = reqwest::Url::parse(url).map_err(|e| format!("oauth2.token_url is not a URL: {e}"))?;
        match (parsed.scheme(), parsed.host_str()) {
            ("https", Some(_)) => Ok(()),
            ("http", Some(host)) if is_loopback(host) => Ok(()),
            _ => Err("oauth2.token_url must begin with https://: secrets go there".to_owned()),
        }
    }

    /// Whether the files that it names can be read; for `gendan config check`.
    pub fn check_files(&self) -> Result<(), String> {
        let oauth2 = self.oauth2.as_ref();
        let secrets = [
            self.password_file.as_ref(),
            oauth2.and_then(|it| it.client_secret_file.as_ref()),
            oauth2.map(|it| &it.refresh_token_file),
        ];
        for path in secrets.into_iter().flatten() {
            read_secret(path).map_err(|why| format!("mailboxes `{}`: {why}", self.name))?;
        }
        match &self.ca_file {
            Some(path) => std::fs::metadata(path).map(|_| ()).map_err(|e| {
                format!("mailboxes `{}`: ca_file {} can't be read: {e}", self.name, path.display())
            }),
            None => Ok(()),
        }
    }
}

/// Checks all of them together.
pub fn check(mailboxes: &[Mailbox]) -> Result<(), String> {
    for (n, mailbox) in mailboxes.iter().enumerate() {
        let called = |why| format!("mailboxes `{}`: {why}", crate::cli::printable(&mailbox.name));
        mailbox.check().map_err(called)?;
        for other in &mailboxes[..n] {
            if other.name == mailbox.name {
                return Err(called("the name stands twice".to_owned()));
            }
            let place = |it: &Mailbox| (it.host.clone(), it.port(), it.user.clone(), it.folder.clone());
            if place(other) == place(mailbox) {
                return Err(called(format!("it is the same folder as `{}`: keep one", other.name)));
            }
        }
    }
    Ok(())
}

/// The first line of a file that holds a secret. The error names the file, never what is in it.
pub(super) fn read_secret(path: &Path) -> Result<Secret, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{} can't be read: {e}", path.display()))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() || has_control(line) {
        return Err(format!(
            "{} is empty, or not a text: it must hold the secret in one line",
            path.display()
        ));
    }
    Ok(Secret::new(line))
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = 'orders'\nhost = 'mail.example'\nuser = 'orders'\npassword = 'geheim'\n";

    fn parse(text: &str) -> Mailbox {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_is_left_out_is_the_usual() {
        let it = parse(GOOD);
        assert_eq!((it.port(), it.folder.as_str(), it.idle), (993, "INBOX", true));
        assert_eq!((it.after.clone(), it.security), (After::Seen, Security::Tls));
        assert_eq!(check(&[it]), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (more, said) in [
            ("security = 'none'", "in the clear"),
            ("password_file = '/x'", "exclude each other"),
            ("after = 'move:INBOX'", "name another"),
            ("poll_seconds = 0", "greater than 0"),
        ] {
            let why = check(&[parse(&format!("{GOOD}{more}"))]).unwrap_err();
            assert!(why.contains("`orders`") && why.contains(said), "{more}: {why}");
        }
        let same = [parse(GOOD), parse(GOOD)];
        assert!(check(&same).unwrap_err().contains("stands twice"));
        let other = parse(&GOOD.replace("name = 'orders'", "name = 'b'"));
        assert!(check(&[parse(GOOD), other]).unwrap_err().contains("same folder"));
        let bare = parse(&GOOD.replace("password = 'geheim'", ""));
        assert!(check(&[bare]).unwrap_err().contains("no password"));
        assert!(toml::from_str::<Mailbox>(&format!("{GOOD}after = 'burn'")).is_err());
        let token =
            "[oauth2]\ntoken_url = 'http://login.example/token'\nclient_id = 'a'\nrefresh_token_file = '/r'";
        let clear = parse(&format!("{}{token}", GOOD.replace("password = 'geheim'", "")));
        assert!(check(&[clear]).unwrap_err().contains("https://"));
    }

    #[test]
    fn the_example_in_the_default_settings_is_right() {
        let lines = crate::config::DEFAULT.lines().skip_while(|it| *it != "# [[mailboxes]]").skip(1);
        let example: Vec<&str> = lines.map_while(|it| it.strip_prefix("# ")).collect();
        let it = parse(&example.join("\n").replace("[mailboxes.oauth2]", "[oauth2]"));
        assert!(it.oauth2.is_some() && it.since.is_some() && it.ca_file.is_some());
        assert!(check(&[Mailbox { password_file: None, ..it }]).is_ok());
    }

    #[test]
    fn a_secret_is_never_shown() {
        let it = parse(GOOD);
        let shown = format!("{it:?}{}", toml::to_string(&it).unwrap());
        assert!(!shown.contains("geheim") && shown.contains("***"), "{shown}");
    }
}
