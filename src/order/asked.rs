//! What a customer was asked about his order, and what came back (DOMAIN §4, last paragraph; §3, counter-offer).

use super::Order;
use super::change::{Change, changes};
use super::event::{Event, PartRef};
use super::ids::sha256_hex;
use super::problem::{Code, Problem, Severity};
use super::review::Queue;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Begins every token, so that a reader knows one when he sees it.
pub const MARK: &str = "GD-";
/// Letters and digits that nobody takes for each other, on paper or on a bad fax.
const LETTERS: &[u8; 28] = b"2345679ACDEFGHJKLMNPQRTUVWXY";
/// Characters of a token behind its mark.
const LENGTH: usize = 6;

/// One thing that a question asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub code: Code,
    /// As in the problem: `lines.0.quantity`.
    pub path: String,
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum AskedState {
    /// The customer's clock runs.
    #[default]
    Waiting,
    /// Something came back.
    Answered,
    /// He was reminded and said nothing: the clerk's again.
    Unanswered,
    /// A person of the house settled it without him.
    Over,
}

/// A question that went to the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// From 1; of one order.
    pub version: u32,
    pub at: DateTime<Utc>,
    /// Stands in the subject: `GD-7K3M9Q`.
    pub token: String,
    /// The message that asks.
    pub message: Uuid,
    /// In the order of the mail, where they have these numbers from 1.
    pub questions: Vec<Question>,
    /// What is offered and was not asked for is put to him too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub offer: bool,
    /// Of all that was asked: the same is not asked twice.
    pub digest: String,
    /// User id; none when the house asks by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default)]
    pub reminded: u32,
    #[serde(default)]
    pub state: AskedState,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It said what was asked for, and nothing else: it stands in the order.
    Merged,
    /// A plain yes to the counter-offer.
    Agreed,
    /// A plain no.
    Declined,
    /// A person has to read it.
    Person,
    /// The order was past the question.
    Late,
}

/// Why a person has to read an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It does not come from the customer, or not provably.
    Stranger,
    /// Not all of it was understood.
    Unclear,
    /// It says more or other than was asked.
    More,
}

/// An answer that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub from: PartRef,
    /// The question that it answers.
    pub version: u32,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// The fields that it filled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// What the customer can clear and a person has to have cleared; notes are nobody's question.
#[must_use]
pub fn problems(order: &Order) -> Vec<&Problem> {
    let his = |problem: &&Problem| {
        let product = matches!(problem.code, Code::UnknownProduct | Code::AmbiguousProduct);
        problem.severity != Severity::Note && (problem.clears == Queue::Clarification || product)
    };
    order.problems.iter().filter(his).collect()
}

/// What is offered and was not asked for, where his word to it is waited for.
#[must_use]
pub fn offer(order: &Order) -> Vec<Change> {
    let waits = order.open_reviews().any(|review| review.queue == Queue::Offer);
    let asked = order.asked_for.as_ref().filter(|_| waits);
    asked.map(|asked| changes(asked.as_ref(), &order.content)).unwrap_or_default()
}

/// SHA-256 over everything that he would be asked now; none where there is nothing to ask.
#[must_use]
pub fn digest(order: &Order) -> Option<String> {
    let (problems, offer) = (problems(order), offer(order));
    if problems.is_empty() && offer.is_empty() {
        return None;
    }
    let asked: Vec<_> = problems.iter().map(|it| json!([it.code, it.path, it.found, it.expected])).collect();
    let text = json!([asked, offer, order.content.lines.len()]).to_string();
    Some(sha256_hex(text.as_bytes()))
}

/// The token of an order. `salt`: 0, and more only where another order has the same one already.
#[must_use]
pub fn token(order: Uuid, salt: u32) -> String {
    let hash = Sha256::new().chain_update(order.as_bytes()).chain_update(salt.to_be_bytes()).finalize();
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map(char::from);
    let letters: String = hash.iter().take(LENGTH).filter_map(letter).collect();
    format!("{MARK}{letters}")
}

/// The first token of ours that a text quotes, whatever the case and the dash that a mail program or a fax made of it.
#[must_use]
pub fn token_in(text: &str) -> Option<String> {
    if !text.contains(['G', 'g']) {
        return None;
    }
    let upper = text.to_uppercase().replace(['－', '–', '—', '_'], "-");
    upper.match_indices("GD").find_map(|(at, mark)| {
        let glued = upper.get(..at)?.ends_with(|c: char| c.is_ascii_alphanumeric());
        let rest = upper.get(at + mark.len()..)?.trim_start_matches([' ', '-']);
        let dashed = upper.get(at + mark.len()..)?.trim_start().starts_with('-');
        let token: String = rest.chars().take(LENGTH).collect();
        let after = rest.chars().nth(LENGTH).is_some_and(|c| c.is_ascii_alphanumeric());
        let fits = token.len() == LENGTH && token.bytes().all(|byte| LETTERS.contains(&byte));
        (dashed && fits && !after && !glued).then(|| format!("{MARK}{token}"))
    })
}

impl Order {
    /// How a question that waits ends.
    pub(super) fn talk_is(&mut self, state: AskedState) {
        if let Some(asked) = self.asked.as_mut().filter(|asked| asked.state == AskedState::Waiting) {
            asked.state = state;
        }
    }

    /// Folds what was said to the customer and by him.
    pub(super) fn note_talk(&mut self, event: &Event) {
        if let Event::Asked(asked) = event {
            self.asked = Some(asked.clone());
        } else if let Event::Reminded { version, times } = event {
            if let Some(asked) = self.asked.as_mut().filter(|asked| asked.version == *version) {
                asked.reminded = *times;
            }
        } else if let Event::Unanswered { .. } = event {
            self.talk_is(AskedState::Unanswered);
        } else if let Event::Answered { answer, content } = event {
            self.answers.push(answer.clone());
            // A stranger does not answer for the customer, who is still reminded.
            if answer.outcome != Outcome::Late && answer.why != Some(Why::Stranger) {
                self.talk_is(AskedState::Answered);
            }
            if let Some(content) = content {
                self.corrected(content);
            }
        }
    }

    /// The question that the customer has not answered yet, while somebody waits for that.
    #[must_use]
    pub fn waits_for_customer(&self) -> Option<&Asked> {
        self.asked.as_ref().filter(|asked| asked.state == AskedState::Waiting && self.still_asks(asked))
    }

    /// The order is open, just that question would be put again, and a queue that waits for its answer has not decided.
    #[must_use]
    pub fn still_asks(&self, asked: &Asked) -> bool {
        let waits = |queue: Queue| {
            let missing = matches!(queue, Queue::Keying | Queue::Clarification);
            if asked.questions.is_empty() { queue == Queue::Offer } else { missing }
        };
        self.status.is_open()
            && self.open_reviews().any(|review| waits(review.queue))
            && digest(self).is_some_and(|digest| digest == asked.digest)
    }

    /// What the clerk has to know of the talk with the customer when he decides; none while there is nothing.
    #[must_use]
    pub fn heard(&self) -> Option<serde_json::Value> {
        let read = |answer: &&Answer| answer.outcome == Outcome::Person;
        let unread: Vec<&PartRef> = self.answers.iter().filter(read).map(|answer| &answer.from).collect();
        let silent = self.asked.as_ref().filter(|asked| asked.state == AskedState::Unanswered);
        let silent = silent.map(|asked| asked.version);
        (!unread.is_empty() || silent.is_some()).then(|| json!({ "answers": unread, "silent": silent }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_what_mail_programs_and_faxes_make_of_it() {
        let token = token(Uuid::from_u128(7), 0);
        assert_eq!(token.len(), 9);
        assert_ne!(token, super::token(Uuid::from_u128(7), 1));
        assert_ne!(token, super::token(Uuid::from_u128(8), 0));
        for text in [
            format!("Re: 请补充订单资料 [{token}]"),
            format!("答复：【{}】", token.to_lowercase()),
            format!("{}。", token.replace('-', " - ")),
            token.replace('-', "–"),
        ] {
            assert_eq!(token_in(&text), Some(token.clone()), "{text}");
        }
        for text in ["GD-12345", "GD-OOOOOO", "AGD-7K3M9Q", "GD-7K3M9QX", "HGD 7K3M9Q", "gd"] {
            assert_eq!(token_in(text), None, "{text}");
        }
    }
}
