//! One mail over one connection, verb by verb, so that it is always known what the server has and has not got.
//!
//! ```text
//!   MAIL ─ RCPT each ─ DATA ─ bytes ─ final dot ─ answer
//!   └── anything wrong: not sent ────┘   └ no answer: unsure (RFC 1047)
//! ```
//!
//! A recipient that is refused for now holds the mail back for all of them: it goes to everybody later, never twice to
//! some. One that is refused for good does not hold up the others, and is named.

use super::connect::Line;
use super::reply::{Wrong, within};
use crate::deliver::NotSent;
use crate::release::undelivered::Refused;
use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Bytes handed to the connection at a time; each piece has the time of a command.
const PIECE: usize = 16 * 1024;

/// A mail as the server gets it.
pub(super) struct Letter {
    /// None: the null sender, to whom nothing is ever returned.
    pub(super) from: Option<Address>,
    pub(super) to: Vec<Address>,
    pub(super) bytes: Vec<u8>,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) command: Duration,
    pub(super) answer: Duration,
    /// By then everything is over.
    pub(super) end: Instant,
}

/// Why the mail did not go, and what that says of the connection.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) why: NotSent,
    /// The connection may carry another mail.
    pub(super) reusable: bool,
    /// The connection was gone before anything of the mail was on its way: another one may do.
    pub(super) stale: bool,
}

/// Sends the mail. Those recipients come back that were refused for good, each with the server's words.
pub(super) async fn submit(line: &mut Line, letter: &Letter, times: Times) -> Result<Vec<Refused>, Failed> {
    let mut talk = Talk { line, times };
    talk.mail(letter).await?;
    let refused = talk.recipients(letter).await?;
    talk.data().await?;
    talk.bytes(letter).await?;
    Ok(refused)
}

struct Talk<'l> {
    line: &'l mut Line,
    times: Times,
}

impl Talk<'_> {
    async fn mail(&mut self, letter: &Letter) -> Result<(), Failed> {
        let can = self.line.can;
        let size = letter.bytes.len();
        if let Some(most) = can.most.filter(|most| size > *most) {
            return Err(Failed {
                why: NotSent::Never(format!(
                    "the mail has {size} bytes, and the mail server takes {most} at most"
                )),
                reusable: true,
                stale: false,
            });
        }
        let addresses = letter.from.iter().chain(&letter.to);
        let foreign = addresses.map(AsRef::<str>::as_ref).find(|it| !it.is_ascii());
        if let Some(address) = foreign.filter(|_| !can.utf8) {
            let why = format!(
                "the mail server can't send to `{address}`: it has no SMTPUTF8; use an address in ASCII letters"
            );
            return Err(Failed { why: NotSent::Never(why), reusable: true, stale: false });
        }
        let mut parameters = Vec::new();
        if can.size {
            parameters.push(MailParameter::Size(size));
        }
        if foreign.is_some() {
            parameters.push(MailParameter::SmtpUtfEight);
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let answer = self.verb(Mail::new(letter.from.clone(), parameters)).await;
        answer.map(drop).map_err(|wrong| self.failed("the sender", wrong))
    }

    /// Those refused for good; an error when that is all of them, or when any is refused for now.
    async fn recipients(&mut self, letter: &Letter) -> Result<Vec<Refused>, Failed> {
        let mut refused = Vec::new();
        for to in &letter.to {
            match self.verb(Rcpt::new(to.clone(), Vec::new())).await {
                Ok(_) => {}
                Err(Wrong::Permanent(words)) => refused.push(Refused { recipient: to.to_string(), words }),
                Err(wrong) => return Err(self.failed("a recipient", wrong)),
            }
        }
        if refused.len() < letter.to.len() {
            return Ok(refused);
        }
        let said: Vec<String> = refused.iter().map(|it| format!("{}: {}", it.recipient, it.words)).collect();
        let why = format!("refused for good: {}; correct the address and replay", said.join("; "));
        Err(Failed { why: NotSent::Never(why), reusable: true, stale: false })
    }

    async fn data(&mut self) -> Result<(), Failed> {
        match self.verb(Data).await {
            // Any other yes is the answer to something else.
            Ok(answer) if answer.has_code(354) => Ok(()),
            Ok(answer) => {
                let wrong = Wrong::Lost(format!("DATA was answered with {}", answer.code()));
                Err(self.failed("the mail", wrong))
            }
            Err(wrong) => Err(self.failed("the mail", wrong)),
        }
    }

    async fn bytes(&mut self, letter: &Letter) -> Result<(), Failed> {
        let handed = AtomicUsize::new(0);
        let all = AtomicBool::new(false);
        let pieces = letter.bytes.chunks(PIECE).inspect(|_| {
            handed.fetch_add(1, Ordering::SeqCst);
        });
        // Asked for the piece after the last one, the sender is about to write the final dot.
        let over = std::iter::from_fn(|| {
            all.store(true, Ordering::SeqCst);
            None
        });
        let times = self.times;
        let state = || (handed.load(Ordering::SeqCst), all.load(Ordering::SeqCst));
        let mut sending = std::pin::pin!(self.line.smtp.message_iter(pieces.chain(over)));
        let answer = loop {
            let before = state();
            let limit = if before.1 { times.answer } else { times.command };
            let left = times.end.saturating_duration_since(Instant::now());
            match tokio::time::timeout(limit.min(left), &mut sending).await {
                Ok(answer) => break answer.map_err(Wrong::from),
                // It moves.
                Err(_) if state() != before && Instant::now() < times.end => {}
                Err(_) => break Err(Wrong::Lost(format!("no answer within {} s", limit.as_secs()))),
            }
        };
        let failed = |why, reusable| Err(Failed { why, reusable, stale: false });
        match answer {
            Ok(answer) if answer.code().severity == Severity::PositiveCompletion => Ok(()),
            Ok(answer) => failed(unsure(&format!("the server said {}", answer.code())), false),
            Err(Wrong::Transient(text)) => {
                let reusable = !text.starts_with("421");
                failed(NotSent::Later(format!("the mail was not taken for now: {text}")), reusable)
            }
            Err(Wrong::Permanent(text)) => {
                failed(NotSent::Never(format!("the mail was refused for good: {text}")), true)
            }
            Err(Wrong::Lost(why)) if all.load(Ordering::SeqCst) => failed(unsure(&why), false),
            Err(Wrong::Lost(why)) => failed(
                NotSent::Later(format!("the connection broke before the mail was whole: {why}")),
                false,
            ),
        }
    }

    /// One command, in its time, with enough left for the mail itself.
    async fn verb(&mut self, command: impl Display) -> Result<Response, Wrong> {
        let last = self.times.end.checked_sub(self.times.answer).unwrap_or(self.times.end);
        let left = last.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Wrong::Lost("the mail server is too slow".to_owned()));
        }
        within(self.times.command.min(left), self.line.smtp.command(command)).await
    }

    /// For everything before the first byte of the mail.
    fn failed(&self, what: &str, wrong: Wrong) -> Failed {
        let stale = self.line.used && wrong.is_end();
        let reusable = !wrong.is_end();
        let why = match wrong {
            Wrong::Permanent(text) => NotSent::Never(format!("{what} was refused for good: {text}")),
            Wrong::Transient(text) => NotSent::Later(format!("{what} was refused for now: {text}")),
            Wrong::Lost(why) => {
                NotSent::Later(format!("the connection broke before the mail was sent: {why}"))
            }
        };
        Failed { why, reusable, stale }
    }
}

fn unsure(why: &str) -> NotSent {
    NotSent::Unsure(format!("the mail was handed over, but the answer was lost: {why}"))
}
