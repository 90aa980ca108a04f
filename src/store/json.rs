//! A JSON text that was made once: bodies are written, kept at hand and copied far more often than anybody looks into them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A JSON text. Clones share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(Arc<str>);

impl Json {
    /// The text of a value; `null` for one that can't be written as JSON.
    #[must_use]
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(serde_json::to_string(value).map_or_else(|_| Arc::from("null"), Arc::from))
    }

    /// A text as it was stored.
    #[must_use]
    pub fn stored(text: &str) -> Self {
        Self(Arc::from(text))
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Reads what it was made of.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}
