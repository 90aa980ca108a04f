//! The `[http]` section of the settings.

use crate::order::ids::sha256_hex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The way in over HTTP, health and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port; empty = off.
    pub listen: String,
    pub max_bytes: u64,
    pub max_buffered_bytes: u64,
    pub max_connections: usize,
    pub max_in_flight: usize,
    pub timeout_seconds: u64,
    pub drain_seconds: u64,
    #[serde(default)]
    pub tokens: Vec<TokenSettings>,
}

/// Somebody who may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// SHA-256 of the token in hex.
    pub sha256: Option<String>,
    /// A file that holds the token itself.
    pub token_file: Option<PathBuf>,
}

/// What a token is good for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Documents,
    Orders,
    Metrics,
}

impl Scope {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Orders => "orders",
            Self::Metrics => "metrics",
        }
    }
}

impl HttpSettings {
    /// Where to listen; none when it is off.
    pub fn address(&self) -> Result<Option<SocketAddr>, String> {
        if self.listen.is_empty() {
            return Ok(None);
        }
        self.listen.parse().map(Some).map_err(|_| {
            format!("http.listen `{}` is not an address with a port: write 127.0.0.1:8080", self.listen)
        })
    }

    /// How long a request's head, its body and its answer may take, each.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// What is wrong, with the key. `intake_bytes` and `grace_seconds` are the house's own limits.
    pub fn check(&self, intake_bytes: u64, grace_seconds: u64) -> Result<(), String> {
        self.address()?;
        let positive = [
            ("http.max_bytes", self.max_bytes),
            ("http.max_connections", self.max_connections as u64),
            ("http.max_in_flight", self.max_in_flight as u64),
            ("http.timeout_seconds", self.timeout_seconds),
        ];
        if let Some((key, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(format!("{key} must be greater than 0"));
        }
        if self.max_bytes > intake_bytes {
            return Err("http.max_bytes must not be greater than intake.max_bytes".to_owned());
        }
        if self.max_buffered_bytes < self.max_bytes || self.max_buffered_bytes > 1 << 40 {
            return Err("http.max_buffered_bytes must be between http.max_bytes and 1 TiB".to_owned());
        }
        if self.drain_seconds >= grace_seconds {
            return Err("http.drain_seconds must be shorter than worker.grace_seconds".to_owned());
        }
        let mut names = BTreeSet::new();
        for token in &self.tokens {
            token.check()?;
            if !names.insert(&token.name) {
                return Err(format!("http.tokens: the name `{}` stands twice", token.name));
            }
        }
        Ok(())
    }
}

impl TokenSettings {
    fn check(&self) -> Result<(), String> {
        check_name(&self.name)?;
        let wrong = |why: &str| Err(format!("http.tokens `{}`: {why}", self.name));
        if self.scopes.is_empty() {
            return wrong("scopes is empty; name documents, orders or metrics");
        }
        match (&self.sha256, &self.token_file) {
            (Some(hash), None) if hash.len() == sha256_hex(b"").len() && hex::decode(hash).is_ok() => Ok(()),
            (Some(_), None) => wrong("sha256 must be 64 hex digits; `gendan http token` prints them"),
            (None, Some(_)) => Ok(()),
            (None, None) | (Some(_), Some(_)) => wrong("give either sha256 or token_file"),
        }
    }
}

/// A token's name stands in keys and in the log: short and plain.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if (1..=40).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(format!("the token's name `{name}` must be 1 to 40 of a to z, 0 to 9, - and _"))
}
