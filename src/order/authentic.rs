//! What the firm's own mail server found out about where a mail comes from (RFC 8601): SPF, DKIM, DMARC.

use serde::{Deserialize, Serialize};

/// What one method of authentication came to (RFC 8601, section 2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Not looked at, nothing to look at, or a word that nobody knows.
    #[default]
    None,
    Pass,
    Fail,
    SoftFail,
    Neutral,
    TempError,
    PermError,
    Policy,
}

impl Outcome {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
            Self::Policy => "policy",
        }
    }

    const fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::SoftFail | Self::PermError | Self::Policy)
    }
}

/// The word of a trusted mail server on the mail as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Authentication {
    pub spf: Outcome,
    pub dkim: Outcome,
    pub dmarc: Outcome,
    /// The domain that was proven, if any.
    pub domain: Option<String>,
    /// The proven domain stands for the address in From: the same organisation's.
    pub aligned: bool,
}

impl Authentication {
    /// Somebody else sent it in that domain's name, as far as the server can tell; more than that nothing is proven.
    #[must_use]
    pub const fn is_failed(&self) -> bool {
        let loose = matches!(self.dmarc, Outcome::None | Outcome::TempError);
        !self.aligned
            && (self.dmarc.is_failure() || (loose && (self.spf.is_failure() || self.dkim.is_failure())))
    }

    /// What was proven is another domain than the one in From.
    #[must_use]
    pub fn is_another(&self) -> bool {
        let passed = |outcome: Outcome| outcome == Outcome::Pass;
        !self.aligned && !passed(self.dmarc) && (passed(self.spf) || passed(self.dkim))
    }

    /// `spf=pass dkim=none dmarc=fail`, for people.
    #[must_use]
    pub fn said(&self) -> String {
        let Self { spf, dkim, dmarc, .. } = self;
        format!("spf={} dkim={} dmarc={}", spf.as_str(), dkim.as_str(), dmarc.as_str())
    }
}
