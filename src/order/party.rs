//! People and addresses: the only records, beside the documents, that hold personal data, and that can be erased.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is known of a person or address that an order refers to by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Party {
    pub id: Uuid,
    pub name: Option<String>,
    pub contact: Option<String>,
    pub phone: Option<String>,
    /// `addr-spec` of RFC 5322.
    pub email: Option<String>,
    pub address: Option<String>,
    /// Set when the person was erased; all other fields are then empty.
    #[serde(default)]
    pub erased: bool,
}
