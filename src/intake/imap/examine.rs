//! Looks a folder of a mailbox through without leaving a trace: opened read-only (EXAMINE), no flag changed, nothing moved,
//! nothing remembered.

use super::cursor::Listed;
use super::session::{Body, Session};
use super::settings::Mailbox;
use super::token::Tokens;
use super::trouble::Trouble;
use super::{guarded, login};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// Sessions that may break before it is given up.
const SESSIONS: u32 = 3;

/// Which mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Those that came on this day or later, by the server's clock.
    pub since: Option<NaiveDate>,
    /// The newest so many.
    pub limit: Option<usize>,
    /// Larger ones are not fetched.
    pub max_bytes: u64,
}

/// A mail that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub uid: u32,
    pub arrived: Option<DateTime<Utc>>,
    /// Or why it could not be fetched.
    pub bytes: Result<Vec<u8>, String>,
}

/// Hands each mail to `keep`, the oldest first. An error says why the mailbox can't be read, and what to do.
pub async fn examine(
    mailbox: &Mailbox,
    wish: Wish,
    mut keep: impl FnMut(Mail) -> std::io::Result<()> + Send + 'static,
) -> Result<(), String> {
    let (handle, mailbox) = (Handle::current(), mailbox.clone());
    let look = move || {
        let (stop, mut tokens) = (CancellationToken::new(), Tokens::default());
        let (mut all, mut done): (Option<Vec<Listed>>, BTreeSet<u32>) = (None, BTreeSet::new());
        let mut broken = 0;
        loop {
            let looked = guarded(|| {
                let mut session = login::open(&mailbox, &mut tokens, &handle, &stop)?;
                let mails = session.examine(&mailbox.folder)?;
                if all.is_none() {
                    all = Some(if mails == 0 { Vec::new() } else { listed(&mut session, wish)? });
                }
                for mail in all.iter().flatten() {
                    if !done.contains(&mail.uid) {
                        let fetched = fetch(&mut session, mail, wish.max_bytes)?;
                        fetched.map_or(Ok(()), &mut keep).map_err(|e| Trouble::Wrong(e.to_string()))?;
                        done.insert(mail.uid);
                    }
                }
                session.leave();
                Ok(())
            });
            match looked {
                Ok(()) => return Ok(()),
                Err(Trouble::Away(_)) if broken + 1 < SESSIONS => broken += 1,
                Err(trouble) => return Err(trouble.to_string()),
            }
        }
    };
    tokio::task::spawn_blocking(look).await.map_err(|e| e.to_string())?
}

fn listed(session: &mut Session, wish: Wish) -> Result<Vec<Listed>, Trouble> {
    let mut all = match wish.since {
        Some(day) => {
            let found = session.search(&format!("SINCE {}", day.format("%-d-%b-%Y")))?;
            session.list_these(&found)?
        }
        None => session.list("1:*")?,
    };
    all.sort_by_key(|mail| (mail.arrived, mail.uid));
    if let Some(limit) = wish.limit {
        all.drain(..all.len().saturating_sub(limit));
    }
    Ok(all)
}

/// None: somebody has deleted it meanwhile.
fn fetch(session: &mut Session, mail: &Listed, max: u64) -> Result<Option<Mail>, Trouble> {
    let kept = |bytes| Some(Mail { uid: mail.uid, arrived: mail.arrived, bytes });
    let too_large = |size: u64| format!("it has {size} bytes, more than the {max} of max_bytes");
    if let Some(size) = mail.size.map(u64::from).filter(|size| *size > max) {
        return Ok(kept(Err(too_large(size))));
    }
    // Sizes differ by how the server counts the ends of lines.
    match session.body(mail.uid, max + max / 8 + 64 * 1024)? {
        Body::Bytes(bytes) => Ok(kept(Ok(bytes))),
        Body::Gone => Ok(None),
        Body::Refused(why) => Ok(kept(Err(format!("the server does not give it: {why}")))),
        Body::TooLarge(size) => Err(Trouble::Wrong(too_large(size))),
    }
}
