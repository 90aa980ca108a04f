//! Why a mailbox can't be read at the moment, and how long to leave it alone.

use std::io;
use std::time::Duration;
use thiserror::Error;

/// What ended a session, in words for people. Never has a secret or a mail's text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Trouble {
    #[error("the program is stopping")]
    Stopping,
    /// Goes away by itself: the server is down, the connection broke.
    #[error("{0}")]
    Away(String),
    /// Goes away when somebody changes something: a certificate, a folder, a setting.
    #[error("{0}")]
    Wrong(String),
    /// The server does not let us in; asking it again and again makes it lock the account.
    #[error("{0}")]
    Refused(String),
}

impl Trouble {
    /// What the crate's error means, said about `what` was being done.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the crate may add errors at any time")]
    pub(super) fn of(error: &imap::Error, what: &str) -> Self {
        match error {
            imap::Error::No(no) => {
                Self::Wrong(format!("{what}: the server says no: {}", said(&no.information)))
            }
            imap::Error::Bad(bad) => {
                Self::Wrong(format!("{what}: the server does not understand: {}", said(&bad.information)))
            }
            imap::Error::Io(error) => Self::io(error, what),
            // What it holds is foreign, and perhaps a mail's.
            imap::Error::Unexpected(_) => {
                Self::Away(format!("{what}: the server said what nobody asked for"))
            }
            other => Self::Away(format!("{what}: {}", said(&other.to_string()))),
        }
    }

    pub(super) fn io(error: &io::Error, what: &str) -> Self {
        if error.get_ref().is_some_and(|it| it.is::<Halted>()) {
            return Self::Stopping;
        }
        Self::Away(format!("{what}: {}", said(&error.to_string())))
    }

    /// How long to wait before the next try, after so many in a row that failed.
    pub(super) fn pause(&self, failures: u32) -> Duration {
        let (first, longest) = match self {
            Self::Stopping => (0, 0),
            Self::Away(_) => (1, 60),
            Self::Wrong(_) => (10, 300),
            Self::Refused(_) => (60, 900),
        };
        Duration::from_secs((first << failures.saturating_sub(1).min(10)).min(longest))
    }
}

/// Carried by the I/O error that breaks a wait off because the program stops.
#[derive(Debug, Error)]
#[error("the program is stopping")]
pub(super) struct Halted;

/// A server's words: one line of at most 200 characters.
pub(super) fn said(text: &str) -> String {
    let one: String = crate::cli::printable(text.trim()).replace('\n', " ").chars().take(200).collect();
    one.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_is_left_alone_for_long() {
        let refused = Trouble::Refused(String::new());
        let waits: Vec<u64> = (1..=6).map(|n| refused.pause(n).as_secs()).collect();
        assert_eq!(waits, [60, 120, 240, 480, 900, 900]);
        let away = Trouble::Away(String::new());
        assert_eq!([1, 2, 9, 40].map(|n| away.pause(n).as_secs()), [1, 2, 60, 60]);
    }
}
