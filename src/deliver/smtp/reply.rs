//! What a server's answer means for a mail: its code and text, or that there was none.

use crate::release::header;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Severity;
use std::error::Error as _;
use std::time::Duration;

/// How one verb went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// 4yz, with what the server said.
    Transient(String),
    /// 5yz, with what the server said.
    Permanent(String),
    /// No answer that can be understood: the connection is of no more use.
    Lost(String),
}

impl Wrong {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Transient(text) | Self::Permanent(text) | Self::Lost(text) => text,
        }
    }

    /// Whether the server is closing this connection (421), or it is gone already.
    pub(super) fn is_end(&self) -> bool {
        match self {
            Self::Transient(text) => text.starts_with("421"),
            Self::Permanent(_) => false,
            Self::Lost(_) => true,
        }
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        let cause = error.source().map(|cause| line(&cause.to_string())).unwrap_or_default();
        match error.status() {
            Some(code) if code.severity == Severity::PermanentNegativeCompletion => {
                Self::Permanent(format!("{code} {cause}").trim_end().to_owned())
            }
            Some(code) => Self::Transient(format!("{code} {cause}").trim_end().to_owned()),
            None if cause.is_empty() => Self::Lost(line(&error.to_string())),
            None => Self::Lost(cause),
        }
    }
}

/// One verb, within its time.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Wrong> {
    match tokio::time::timeout(limit, work).await {
        Ok(answer) => answer.map_err(Wrong::from),
        Err(_) => Err(Wrong::Lost(format!("no answer within {} s", limit.as_secs_f32().ceil()))),
    }
}

/// What a server said, as one line of sensible length.
fn line(text: &str) -> String {
    header::line(text).chars().take(300).collect()
}
