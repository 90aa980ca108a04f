//! The SMTP outlet: mails leave by the firm's mail server (RFC 5321), each at most once.

mod connect;
mod limits;
mod pool;
mod reply;
pub mod settings;
mod talk;

use super::{NotSent, Outlet, mail};
use crate::order::message::{Body, MailSend, Message};
use crate::release::undelivered;
use crate::runtime::outside::{Point, call};
use async_trait::async_trait;
use lettre::Address;
use limits::Limits;
use pool::Pool;
use settings::SmtpSettings;
use std::sync::Arc;
use std::time::Duration;
use talk::{Letter, Times};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Sends mails by one server. What the server has answered is told apart from what it may have got: see [`NotSent`].
pub struct Smtp {
    settings: SmtpSettings,
    turns: Arc<Semaphore>,
    pool: Pool,
    limits: Limits,
    /// Longest time for one mail, everything included.
    total: Duration,
}

impl Smtp {
    /// Reads what the settings name. `domain` is the firm's; a mail is over within `total`, whatever the server does.
    pub fn new(settings: &SmtpSettings, domain: &str, total: Duration) -> Result<Self, String> {
        let door = connect::Door::new(settings, domain)?;
        Ok(Self {
            turns: Arc::new(Semaphore::new(settings.connections.min(Semaphore::MAX_PERMITS))),
            pool: Pool::new(door, settings.connections, Duration::from_secs(settings.idle_seconds)),
            limits: Limits::new(settings.per_minute, settings.per_recipient_per_hour, domain),
            settings: settings.clone(),
            total,
        })
    }

    async fn deliver(&self, letter: &Letter) -> Result<(), NotSent> {
        let end = Instant::now() + self.total;
        let names: Vec<String> = letter.to.iter().map(|to| AsRef::<str>::as_ref(to).to_lowercase()).collect();
        self.limits.admit(&names).await?;
        let times = Times { command: self.settings.command(), answer: self.settings.answer(), end };
        let mut fresh = false;
        loop {
            let mut taken = self.pool.take(fresh, end - times.answer).await.map_err(NotSent::Later)?;
            let sent = talk::submit(&mut taken.line, letter, times).await;
            match sent {
                Ok(refused) => {
                    self.limits.count(&names);
                    self.pool.keep(taken);
                    return if refused.is_empty() { Ok(()) } else { Err(NotSent::InPart(refused)) };
                }
                // The server had closed it while it was idle: nothing was sent.
                Err(failed) if failed.stale && !fresh => fresh = true,
                Err(failed) => {
                    if matches!(failed.why, NotSent::Unsure(_)) {
                        self.limits.count(&names);
                    }
                    if failed.reusable {
                        self.pool.keep(taken);
                    }
                    return Err(failed.why);
                }
            }
        }
    }

    fn letter(&self, mail: &MailSend, message: &Message) -> Result<Letter, NotSent> {
        let bytes = mail::bytes(mail, message.created_at)?;
        let most = self.settings.max_bytes;
        if bytes.len() > most {
            let size = bytes.len();
            return Err(NotSent::Never(format!(
                "the mail has {size} bytes, more than the {most} of smtp.max_bytes; raise that and replay"
            )));
        }
        if !lines_end_well(&bytes) {
            return Err(NotSent::Never("the mail has a line that does not end in CR LF".to_owned()));
        }
        let path = Some(&self.settings.return_path).filter(|it| !it.is_empty()).unwrap_or(&mail.from);
        // What tells of a mail that did not arrive is never returned itself (RFC 5321, 4.5.5).
        let from = if mail.purpose == undelivered::PURPOSE { None } else { Some(address(path)?) };
        let to = mail.to.iter().map(|to| address(to)).collect::<Result<_, _>>()?;
        Ok(Letter { from, to, bytes })
    }
}

#[async_trait]
impl Outlet for Smtp {
    fn idempotent(&self) -> bool {
        false
    }

    fn turns(&self) -> Option<Arc<Semaphore>> {
        Some(Arc::clone(&self.turns))
    }

    async fn send(&self, message: &Message, _destination: &str) -> Result<(), NotSent> {
        let Body::MailSend(mail) = &message.body else {
            return Err(NotSent::Never(format!("a {} can't be mailed", message.body.type_name())));
        };
        let letter = self.letter(mail, message)?;
        call(Point::OutletWrite, Box::pin(self.deliver(&letter))).await
    }
}

fn address(text: &str) -> Result<Address, NotSent> {
    text.parse()
        .map_err(|e| NotSent::Never(format!("`{text}` is no mail address ({e}); correct it and replay")))
}

/// A bare CR or LF could end the mail early for one server and not for the next.
fn lines_end_well(bytes: &[u8]) -> bool {
    let mut before = 0;
    for byte in bytes {
        if (*byte == b'\n') != (before == b'\r') {
            return false;
        }
        before = *byte;
    }
    before != b'\r'
}

#[cfg(test)]
mod tests {
    use super::lines_end_well;

    #[test]
    fn bare_line_ends_are_found() {
        for (text, well) in [
            ("a\r\nb\r\n", true),
            ("a", true),
            ("a\nb", false),
            ("a\rb", false),
            ("a\r", false),
            ("\r\r\n", false),
        ] {
            assert_eq!(lines_end_well(text.as_bytes()), well, "{text:?}");
        }
    }
}
