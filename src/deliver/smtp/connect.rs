//! A connection that is ready for mails: greeted, private, authenticated, its server's abilities known.

use super::reply::{Wrong, within};
use super::settings::{Password, Security, SmtpSettings, read};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Ehlo, Rset};
use lettre::transport::smtp::extension::ClientId;
use std::time::Duration;
use tokio::time::Instant;

/// How connections are opened.
pub(super) struct Door {
    settings: SmtpSettings,
    password: Password,
    hello: ClientId,
    tls: Option<TlsParameters>,
}

/// What a server can do (RFC 1870, RFC 6531).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Abilities {
    /// It takes SIZE with MAIL.
    pub(super) size: bool,
    /// The largest mail it takes, in bytes, when it names one.
    pub(super) most: Option<usize>,
    pub(super) utf8: bool,
}

/// An open connection.
pub(super) struct Line {
    pub(super) smtp: AsyncSmtpConnection,
    pub(super) can: Abilities,
    /// It has carried a mail before, so that the server may have closed it meanwhile.
    pub(super) used: bool,
    pub(super) since: Instant,
}

impl Door {
    /// Reads what the settings name; what is wrong is said with its key.
    pub(super) fn new(settings: &SmtpSettings, domain: &str) -> Result<Self, String> {
        let name = if settings.hello.is_empty() { domain } else { &settings.hello };
        let tls = match settings.security {
            Security::None => None,
            Security::Tls | Security::Starttls => Some(tls(settings)?),
        };
        let hello = ClientId::Domain(name.to_owned());
        Ok(Self { settings: settings.clone(), password: settings.secret()?, hello, tls })
    }

    /// Opens one. The error is for people, and holds no secret.
    pub(super) async fn open(&self) -> Result<Line, String> {
        let settings = &self.settings;
        let place = format!("{}:{}", settings.host, settings.port);
        let wrong = |what: &str, wrong: &Wrong| format!("{place}: {what}: {}", wrong.text());
        let from_start = self.tls.clone().filter(|_| settings.security == Security::Tls);
        let connecting = AsyncSmtpConnection::connect_tokio1(
            (settings.host.as_str(), settings.port),
            Some(settings.connect()),
            &self.hello,
            from_start,
            None,
        );
        // The greeting and the answer to EHLO are in here as well.
        let limit = settings.connect() + settings.command();
        let mut smtp = within(limit, connecting).await.map_err(|e| wrong("no connection", &e))?;
        if let Some(tls) = self.tls.clone().filter(|_| settings.security == Security::Starttls) {
            if !smtp.can_starttls() {
                return Err(format!(
                    "{place} offers no STARTTLS, so nothing was sent; set smtp.security to `tls` if it has a port \
                     for that, or see who stands between"
                ));
            }
            within(limit, smtp.starttls(tls, &self.hello)).await.map_err(|e| wrong("STARTTLS", &e))?;
        }
        if !settings.user.is_empty() {
            let credentials = Credentials::new(settings.user.clone(), self.password.reveal().to_owned());
            within(settings.command(), smtp.auth(&[Mechanism::Plain, Mechanism::Login], &credentials))
                .await
                .map_err(|e| wrong("smtp.user and its password were not accepted", &e))?;
        }
        // lettre keeps only a part of what EHLO says.
        let answer = within(settings.command(), smtp.command(Ehlo::new(self.hello.clone())))
            .await
            .map_err(|e| wrong("EHLO", &e))?;
        let can = abilities(answer.message());
        Ok(Line { smtp, can, used: false, since: Instant::now() })
    }
}

impl Line {
    /// Whether it still answers. Anything but a plain yes means no.
    pub(super) async fn answers(&mut self, limit: Duration) -> bool {
        matches!(within(limit, self.smtp.command(Rset)).await, Ok(answer) if answer.has_code(250))
    }
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(file) = &settings.ca_file {
        let pem = read(file, "smtp.ca_file")?;
        let authority = Certificate::from_pem(&pem)
            .map_err(|_| format!("smtp.ca_file: {} holds no certificate in PEM", file.display()))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authority);
    }
    builder.build_rustls().map_err(|e| format!("smtp: TLS can't be set up: {e}"))
}

/// What the lines of an answer to EHLO say.
fn abilities<'a>(lines: impl Iterator<Item = &'a str>) -> Abilities {
    let mut can = Abilities::default();
    for line in lines.skip(1) {
        let mut words = line.split_ascii_whitespace();
        let word = words.next().unwrap_or_default().to_ascii_uppercase();
        if word == "SIZE" {
            can.size = true;
            // SIZE 0 or none: no fixed limit.
            can.most = words.next().and_then(|most| most.parse().ok()).filter(|most| *most > 0);
        }
        can.utf8 |= word == "SMTPUTF8";
    }
    can
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_can_do() {
        let size = |most| Abilities { size: true, most, utf8: false };
        for (said, can) in [
            (vec!["mail.example greets you", "SIZE 1000", "8BITMIME"], size(Some(1000))),
            (vec!["SIZE 1000"], Abilities::default()),
            (vec!["mail.example", "size 0", "smtputf8"], Abilities { utf8: true, ..size(None) }),
            (vec!["mail.example", "SIZE"], size(None)),
        ] {
            assert_eq!(abilities(said.clone().into_iter()), can, "{said:?}");
        }
    }
}
