//! The settings of the mail server that mails leave by, and what is wrong with them.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the way to the server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte (RFC 8314; mostly port 465).
    Tls,
    /// Begun in clear, and gone on only after STARTTLS (RFC 3207; mostly port 587).
    Starttls,
    /// In clear; only to this very machine.
    None,
}

/// A word that is never shown: in settings, errors and logs it reads `***`.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    #[must_use]
    pub fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The word itself, for the server alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    const fn shown(&self) -> &'static str {
        if self.is_empty() { "" } else { "***" }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

/// The section `[smtp]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// Empty: mails are written to the outgoing folder.
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Empty: no authentication.
    pub user: String,
    pub password: Password,
    pub password_file: Option<PathBuf>,
    /// PEM; the only authorities that count then.
    pub ca_file: Option<PathBuf>,
    /// Name in EHLO; empty: the firm's domain.
    pub hello: String,
    /// Where bounces go (MAIL FROM); empty: the mail's own From.
    pub return_path: String,
    pub connections: usize,
    pub idle_seconds: u64,
    pub connect_seconds: u64,
    pub command_seconds: u64,
    pub max_bytes: usize,
    pub per_minute: usize,
    pub per_recipient_per_hour: usize,
    pub give_up_hours: u32,
}

impl SmtpSettings {
    /// Whether mails leave by SMTP at all.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        !self.host.is_empty()
    }

    /// Looks for what can't work. `lease_seconds` is the worker's: a mail must be done well within it.
    pub fn check(&self, lease_seconds: u64) -> Result<(), String> {
        if !self.is_on() {
            return Ok(());
        }
        if self.host.contains(|c: char| c.is_whitespace() || c == '/' || c == '@') {
            return Err(format!("smtp.host `{}` is no host name: leave out scheme and port", self.host));
        }
        let positive = [
            ("smtp.port", u64::from(self.port)),
            ("smtp.connections", self.connections as u64),
            ("smtp.connect_seconds", self.connect_seconds),
            ("smtp.command_seconds", self.command_seconds),
            ("smtp.max_bytes", self.max_bytes as u64),
        ];
        if let Some((key, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(format!("{key} must be greater than 0"));
        }
        if self.security == Security::None && !is_loopback(&self.host) {
            return Err(format!(
                "smtp.security `none` sends mails and passwords in clear, which only 127.0.0.1 may get; \
                 use `starttls` or `tls` for {}",
                self.host
            ));
        }
        if !self.password.is_empty() && self.password_file.is_some() {
            return Err("smtp.password and smtp.password_file are both set; leave one out".to_owned());
        }
        let secret = !self.password.is_empty() || self.password_file.is_some();
        if secret == self.user.is_empty() {
            return Err("smtp.user and smtp.password (or smtp.password_file) go together".to_owned());
        }
        if !self.return_path.is_empty() && !self.return_path.contains('@') {
            return Err(format!("smtp.return_path `{}` is not an address", self.return_path));
        }
        let longest = self.connect_seconds + 3 * self.command_seconds;
        if longest > lease_seconds * 2 / 3 {
            return Err(format!(
                "smtp.connect_seconds and three times smtp.command_seconds make {longest} s, which must fit in \
                 two thirds of worker.lease_seconds ({lease_seconds} s)"
            ));
        }
        Ok(())
    }

    /// The password, from wherever it is kept.
    pub(super) fn secret(&self) -> Result<Password, String> {
        let Some(file) = &self.password_file else { return Ok(self.password.clone()) };
        let text = read(file, "smtp.password_file")?;
        let word = String::from_utf8(text)
            .map_err(|_| format!("smtp.password_file: {} is not UTF-8", file.display()))?;
        let word = word.trim_end_matches(['\r', '\n']);
        if word.is_empty() {
            return Err(format!("smtp.password_file: {} is empty", file.display()));
        }
        Ok(Password::new(word))
    }

    pub(super) const fn connect(&self) -> Duration {
        Duration::from_secs(self.connect_seconds)
    }

    pub(super) const fn command(&self) -> Duration {
        Duration::from_secs(self.command_seconds)
    }

    /// For the answer after the final dot: twice that of a command, as RFC 5321 (4.5.3.2.6) has ten minutes beside five.
    pub(super) const fn answer(&self) -> Duration {
        Duration::from_secs(2 * self.command_seconds)
    }
}

/// A file that a setting names.
pub(super) fn read(file: &Path, key: &str) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|e| format!("{key}: {} can't be read: {e}", file.display()))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<(), String> {
        let mut table: toml::Table = crate::config::DEFAULT.parse().unwrap();
        let mut smtp = table.remove("smtp").and_then(|it| it.as_table().cloned()).unwrap();
        smtp.extend(text.parse::<toml::Table>().unwrap());
        let settings: SmtpSettings = toml::Value::Table(smtp).try_into().unwrap();
        settings.check(180)
    }

    #[test]
    fn what_is_wrong_is_said_with_the_remedy() {
        for (text, said) in [
            ("host = \"smtps://mail.example\"", "is no host name"),
            ("host = \"mail.example\"\nsecurity = \"none\"", "only 127.0.0.1 may get"),
            ("host = \"mail.example\"\nuser = \"gendan\"", "go together"),
            ("host = \"mail.example\"\npassword = \"x\"", "go together"),
            ("host = \"mail.example\"\nuser = \"u\"\npassword = \"x\"\npassword_file = \"/x\"", "both set"),
            ("host = \"mail.example\"\nconnections = 0", "smtp.connections must be greater than 0"),
            ("host = \"mail.example\"\ncommand_seconds = 60", "two thirds of worker.lease_seconds"),
            ("host = \"mail.example\"\nreturn_path = \"bounces\"", "`bounces` is not an address"),
        ] {
            let wrong = settings(text).unwrap_err();
            assert!(wrong.contains(said), "{text}: {wrong}");
        }
        for right in [
            "",
            "host = \"127.0.0.1\"\nsecurity = \"none\"",
            "host = \"mail.example\"\nuser = \"u\"\npassword = \"x\"",
        ] {
            assert_eq!(settings(right), Ok(()), "{right}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let word = Password::new("geheim");
        assert_eq!(format!("{word:?} {}", serde_json::to_string(&word).unwrap()), "*** \"***\"");
    }
}
