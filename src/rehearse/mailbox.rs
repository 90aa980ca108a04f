//! The mails of a mailbox, fetched into the work folder without a trace in the mailbox, and found there like any others.

use super::gather::{Found, gather};
use crate::intake::imap::examine::{Mail, Wish, examine};
use crate::intake::imap::settings::Mailbox;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Fetches what is wished for; `work` is thrown away afterwards.
pub async fn fetch(mailbox: &Mailbox, wish: Wish, work: &Path) -> Result<Found, String> {
    let folder = work.join("mails");
    fs::create_dir_all(&folder).map_err(|e| format!("{} can't be made: {e}", folder.display()))?;
    let refused = Arc::new(Mutex::new(Vec::new()));
    let (into, noted) = (folder.clone(), refused.clone());
    let keep = move |mail: Mail| {
        // The name says how to find it again.
        let day = mail.arrived.map_or_else(String::new, |at| format!("{} ", at.format("%Y-%m-%d")));
        let name = format!("{day}uid {}.eml", mail.uid);
        match &mail.bytes {
            Ok(bytes) => put(&into.join(name), bytes, &mail),
            Err(why) => {
                noted.lock().unwrap_or_else(PoisonError::into_inner).push((name, why.clone()));
                Ok(())
            }
        }
    };
    examine(mailbox, wish, keep).await?;
    let mut found = gather(&folder);
    found.unreadable.append(&mut refused.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(found)
}

/// Its time is that of its arrival, which counts where the mail does not say its own.
fn put(path: &Path, bytes: &[u8], mail: &Mail) -> io::Result<()> {
    fs::write(path, bytes)?;
    match mail.arrived {
        Some(at) => File::options().write(true).open(path)?.set_modified(at.into()),
        None => Ok(()),
    }
}
