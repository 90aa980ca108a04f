//! Ids that a pure function can make: UUIDv7 (RFC 9562) whose random part comes from its cause, so that a
//! step computed again names the same things by the same ids.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Makes ids for what one cause (a message, a command, a file) brings about.
#[derive(Debug, Clone, Copy)]
pub struct Ids {
    cause: Uuid,
    at: DateTime<Utc>,
}

impl Ids {
    #[must_use]
    pub const fn new(cause: Uuid, at: DateTime<Utc>) -> Self {
        Self { cause, at }
    }

    /// The id of the thing called `name` that this cause brings about; the same name gives the same id.
    #[must_use]
    pub fn id(&self, name: &str) -> Uuid {
        from_name(self.at, self.cause.as_bytes(), name)
    }
}

/// A UUIDv7 from a time and a name: for things whose cause has no id of its own (a file in a folder).
#[must_use]
pub fn from_name(at: DateTime<Utc>, space: &[u8], name: &str) -> Uuid {
    let hash = Sha256::new().chain_update(space).chain_update([0]).chain_update(name).finalize();
    let mut random = [0u8; 10];
    random.copy_from_slice(&hash[..10]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// SHA-256 of bytes in lower-case hex: names of blobs, digests of what was seen, links of the event chain.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_cause_and_name_give_the_same_version_7_id() {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let ids = Ids::new(Uuid::from_u128(7), at);
        assert_eq!(ids.id("confirmation"), ids.id("confirmation"));
        assert_ne!(ids.id("confirmation"), ids.id("task"));
        assert_eq!(ids.id("task").get_version_num(), 7);
    }
}
