//! What comes in: a document, kept byte for byte, and the parts that it turns out to have.

use super::authentic::Authentication;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The way by which a document reached the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Mail,
    Fax,
    /// As data, field by field: over AMQP or HTTP, from a shop or another system that may place orders.
    Data,
    /// Keyed by one of the house: what a customer says by phone or at the counter, or what the house itself needs.
    Form,
}

impl Channel {
    /// A letter of somebody's, with pages to be read.
    #[must_use]
    pub const fn is_letter(self) -> bool {
        matches!(self, Self::Mail | Self::Fax)
    }
}

/// What a part of a document is (DOMAIN: every part ends in exactly one of these, or waits in a queue).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Order,
    Amendment,
    Cancellation,
    /// An answer to something that we asked.
    Answer,
    Inquiry,
    Complaint,
    PaymentNotice,
    DeliveryReport,
    NotAnOrder,
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Order,
        Self::Amendment,
        Self::Cancellation,
        Self::Answer,
        Self::Inquiry,
        Self::Complaint,
        Self::PaymentNotice,
        Self::DeliveryReport,
        Self::NotAnOrder,
    ];

    /// The word used in JSON, in the store and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Amendment => "amendment",
            Self::Cancellation => "cancellation",
            Self::Answer => "answer",
            Self::Inquiry => "inquiry",
            Self::Complaint => "complaint",
            Self::PaymentNotice => "payment_notice",
            Self::DeliveryReport => "delivery_report",
            Self::NotAnOrder => "not_an_order",
        }
    }
}

/// The language a document is written in, and in which its sender is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    Zh,
    En,
    Mixed,
}

/// The mail (or fax) around the order: RFC 5322 fields, decoded and stripped of control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Envelope {
    /// Display name of the From field.
    pub from_name: Option<String>,
    /// `addr-spec` of the From field, lower case.
    pub from_address: Option<String>,
    /// `addr-spec` of Reply-To, where it differs from From.
    pub reply_to: Option<String>,
    pub subject: Option<String>,
    /// With the angle brackets.
    pub message_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    /// The Date field; for a fax the time of its header line or spool file.
    pub sent_at: Option<DateTime<Utc>>,
    /// Offset of the Date field in minutes east of UTC: dates without a year are read in the sender's day.
    pub sent_offset_minutes: Option<i32>,
    /// Caller's number of a fax: a hint, never a proof.
    pub caller: Option<String>,
    /// A program sent it, whatever it is; its address is never answered (RFC 3834).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// The token of a question of ours that its subject or text quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who passed the mail on, where the fields above are those of the mail within it; empty where he does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed_on_by: Option<String>,
    /// What the firm's mail server found of the mail as it came in; none while no server is trusted with that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
}

impl Envelope {
    /// The domain of the sender, by which mails of one house are found.
    #[must_use]
    pub fn house(&self) -> Option<String> {
        let (_, domain) = self.from_address.as_deref()?.rsplit_once('@')?;
        Some(domain.to_lowercase())
    }
}

/// Where the work on a part stands. `Waiting` and `Keying` are the only ones that are not an ending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PartState {
    /// Read, and on its way through the checks.
    Waiting,
    /// A person has to key it or say what it is; `reason` is a wording code.
    Keying { reason: String },
    /// Became (or joined) this order.
    Order { order_id: Uuid },
    /// Belongs to an existing order (amendment, cancellation, answer), which holds it for a person.
    Attached { order_id: Uuid },
    /// Filed with a reason; nothing more will happen.
    Filed { reason: String },
}

/// One part of a document, as recorded; its draft is stored beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub index: u32,
    /// `body`, or the attachment that holds it; zip and message/rfc822 levels parted with `/`.
    pub source: String,
    pub kind: Kind,
    pub state: PartState,
}

/// A document as recorded: where it came from, what its bytes are, what became of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub id: Uuid,
    /// SHA-256 of the bytes, lower-case hex; also the name of the blob.
    pub sha256: String,
    pub size: u64,
    /// File name as received, made safe; a label only.
    pub name: String,
    pub channel: Channel,
    /// Which source took it: `folder`, `fax`, `submit`, `imap`, `http`, `orders` (data), `orders change` (form).
    pub source: String,
    pub received_at: DateTime<Utc>,
    pub envelope: Envelope,
    /// The first document with the same bytes, when this one only repeats it.
    pub duplicate_of: Option<Uuid>,
    /// How many parts it turned out to have; none until it has been read. What became of each stands with the part.
    pub parts: Option<u32>,
    /// The bytes themselves where they came as a short text in a message: then there is no blob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::Envelope;

    #[test]
    fn an_envelope_of_an_earlier_version_is_read() {
        let old = r#"{"from_name":"A","from_address":"a@b.example","reply_to":null,"subject":"x","message_id":null,
            "in_reply_to":null,"references":[],"sent_at":null,"sent_offset_minutes":480,"caller":null}"#;
        let read: Envelope = serde_json::from_str(old).unwrap();
        assert_eq!((read.passed_on_by.as_ref(), read.authentication.as_ref()), (None, None));
        assert_eq!(read.house().as_deref(), Some("b.example"));
        let written = serde_json::to_string(&read).unwrap();
        assert!(!written.contains("authentication") && !written.contains("passed_on_by"), "{written}");
    }
}
