//! How RabbitMQ is reached and used.

use lapin::types::MAX_SHORT_STRING_LENGTH;
use lapin::uri::{AMQPScheme, AMQPUri};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Messages are small, for big bytes do not travel; lapin keeps 64 frames' room for each connection.
const FRAME_MAX: u32 = 32 * 1024;

/// The settings; all have a default but the address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RabbitSettings {
    /// `amqp://user:password@host:5672/vhost`, or `amqps://…:5671/…`; the virtual host `/` is written `%2f`.
    #[serde(skip_serializing)]
    pub url: String,
    /// Name of the exchange, and what every other name begins with.
    pub prefix: String,
    /// Messages that may be in hand of one process, for each step.
    pub prefetch: u16,
    /// Published messages that may wait for their confirms at a time, on each channel.
    pub in_flight: u16,
    /// What is not confirmed within this time is not known to be there.
    pub confirm_ms: u64,
    /// Every other answer of the server is waited for this long.
    pub connect_ms: u64,
    pub heartbeat_seconds: u16,
    /// A queue takes no more when it holds this many bytes.
    pub max_length_bytes: u64,
    /// After so many returns a message is dead-lettered. Some versions count what is given back untouched too.
    pub delivery_limit: u32,
    /// Routing keys of the exchange `<prefix>.out` for which a queue is declared here; the others are their receivers'.
    pub declare: Vec<String>,
    /// Routing keys of `<prefix>.out` that nobody need listen to; `*` is one word, `#` any number.
    pub optional: Vec<String>,
    /// PEM file of a certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
}

impl Default for RabbitSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            prefix: "gendan".to_owned(),
            prefetch: 64,
            in_flight: 512,
            confirm_ms: 30_000,
            connect_ms: 10_000,
            heartbeat_seconds: 20,
            max_length_bytes: 1 << 30,
            delivery_limit: 100_000,
            declare: Vec::new(),
            optional: Vec::new(),
            ca_file: None,
        }
    }
}

/// Without the password.
impl std::fmt::Debug for RabbitSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitSettings")
            .field("server", &self.server())
            .field("prefix", &self.prefix)
            .field("prefetch", &self.prefetch)
            .field("in_flight", &self.in_flight)
            .field("confirm_ms", &self.confirm_ms)
            .field("connect_ms", &self.connect_ms)
            .field("heartbeat_seconds", &self.heartbeat_seconds)
            .field("max_length_bytes", &self.max_length_bytes)
            .field("delivery_limit", &self.delivery_limit)
            .field("declare", &self.declare)
            .field("optional", &self.optional)
            .field("ca_file", &self.ca_file)
            .finish()
    }
}

impl RabbitSettings {
    /// Whether these can be used; else which key is wrong, and what is right. Never says the address, for it holds a
    /// password.
    pub fn check(&self) -> Result<(), String> {
        self.uri()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if self.prefix.is_empty() || self.prefix.len() > 60 || !self.prefix.chars().all(plain) {
            return Err("prefix: 1 to 60 letters, digits, `.`, `_` or `-`".to_owned());
        }
        let positive = [
            ("prefetch", u64::from(self.prefetch)),
            ("in_flight", u64::from(self.in_flight)),
            ("confirm_ms", self.confirm_ms),
            ("connect_ms", self.connect_ms),
            ("max_length_bytes", self.max_length_bytes),
            ("delivery_limit", u64::from(self.delivery_limit)),
        ];
        if let Some((key, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(format!("{key} must be greater than 0"));
        }
        if i64::try_from(self.max_length_bytes).is_err() || i32::try_from(self.delivery_limit).is_err() {
            return Err("max_length_bytes or delivery_limit is too great for the server".to_owned());
        }
        let longest = MAX_SHORT_STRING_LENGTH - self.prefix.len() - ".out.".len();
        match self.declare.iter().chain(&self.optional).find(|key| key.is_empty() || key.len() > longest) {
            Some(key) => Err(format!("`{key}` is no routing key: 1 to {longest} bytes")),
            None => Ok(()),
        }
    }

    /// Where the server is, without user and password: `amqp://host:5672/vhost`.
    #[must_use]
    pub fn server(&self) -> String {
        let Ok(uri) = self.uri() else { return "(no usable url)".to_owned() };
        let authority = &uri.authority;
        format!("{}://{}:{}/{}", uri.scheme, authority.host, authority.port, uri.vhost)
    }

    /// The address as lapin takes it.
    pub(super) fn uri(&self) -> Result<AMQPUri, String> {
        let wrong = |why: &str| format!("url: {why}; it reads amqp://USER:PASSWORD@HOST:5672/%2f");
        if self.url.is_empty() {
            return Err(wrong("there is none"));
        }
        let mut uri: AMQPUri = self.url.parse().map_err(|_| wrong("this is no address"))?;
        if let Some(host) = bracketed(&self.url) {
            // The parser passes over addresses of version 6 and takes its default, localhost.
            host.parse::<std::net::Ipv6Addr>().map_err(|_| wrong("this is no address of version 6"))?;
            uri.authority.host = host.to_owned();
        }
        uri.query.heartbeat = Some(self.heartbeat_seconds);
        uri.query.frame_max = Some(FRAME_MAX);
        uri.query.connection_timeout = Some(self.connect_ms);
        Ok(uri)
    }

    /// The extra certificate authority, read.
    pub(super) fn authority(&self) -> Result<Option<String>, String> {
        let Some(path) = self.ca_file.as_ref() else { return Ok(None) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("ca_file: {} can't be read: {error}", path.display()))?;
        if !text.contains("-----BEGIN CERTIFICATE-----") {
            return Err(format!("ca_file: {} holds no certificate in PEM", path.display()));
        }
        if self.uri()?.scheme == AMQPScheme::AMQP {
            return Err(
                "ca_file: the url begins with amqp://, which is not encrypted; use amqps://".to_owned()
            );
        }
        Ok(Some(text))
    }

    pub(super) const fn confirm(&self) -> Duration {
        Duration::from_millis(self.confirm_ms)
    }

    pub(super) const fn answer(&self) -> Duration {
        Duration::from_millis(self.connect_ms)
    }

    /// Whether an unroutable message of this key is fine.
    pub(super) fn is_optional(&self, key: &str) -> bool {
        self.optional.iter().any(|pattern| super::topology::matches(pattern, key))
    }
}

/// What stands in brackets behind the user and the password.
fn bracketed(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split('/').next()?;
    let host = authority.rsplit('@').next()?;
    host.strip_prefix('[')?.split(']').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> RabbitSettings {
        RabbitSettings { url: url.to_owned(), ..RabbitSettings::default() }
    }

    #[test]
    fn nobody_sees_the_password() {
        let settings = at("amqps://gendan:s%2Fcret@rabbit.example.com/orders");
        assert_eq!(settings.server(), "amqps://rabbit.example.com:5671/orders");
        let shown = format!("{settings:?} {}", serde_json::to_string(&settings).unwrap());
        assert!(!shown.contains("cret"), "{shown}");
        let wrong = at("amqp//gendan:secret@rabbit").check().unwrap_err();
        assert!(wrong.contains("url") && !wrong.contains("secret"), "{wrong}");
    }

    #[test]
    fn wrong_settings_are_named() {
        let right = at("amqp://localhost/%2f");
        assert_eq!(right.check(), Ok(()));
        for (settings, said) in [
            (at(""), "url"),
            (RabbitSettings { prefix: "a b".to_owned(), ..right.clone() }, "prefix"),
            (RabbitSettings { prefetch: 0, ..right.clone() }, "prefetch"),
            (RabbitSettings { declare: vec!["k".repeat(250)], ..right.clone() }, "routing key"),
        ] {
            let why = settings.check().unwrap_err();
            assert!(why.contains(said), "{why}");
        }
    }

    #[test]
    fn an_address_of_version_6_is_that_address() {
        assert_eq!(at("amqp://u:p@[::1]:5673/%2f").server(), "amqp://::1:5673//");
        assert!(at("amqp://[zz]/").check().is_err());
    }
}
