//! Correspondence register (来往信函): what came in and went out, per customer and thread, and what of it is open or late.

use crate::order::document::Channel;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The section `[correspondence]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterSettings {
    /// Hours within which what came in is answered, or filed as what needs no answer.
    pub answer_hours: u32,
    /// Hours within which what went out is filed: it is known that it arrived.
    pub file_hours: u32,
    /// Days back that are listed.
    pub days: u32,
    /// When the sales desk gets the list of what is open; none: never.
    pub weekday: Option<Weekday>,
    pub time: NaiveTime,
}

impl RegisterSettings {
    /// Looks for what can't work.
    pub fn check(&self) -> Result<(), String> {
        for (key, value) in
            [("answer_hours", self.answer_hours), ("file_hours", self.file_hours), ("days", self.days)]
        {
            if value == 0 {
                return Err(format!("{key} must be greater than 0"));
            }
        }
        Ok(())
    }
}

/// Which way it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    In,
    Out,
}

/// What came in, as the records have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub document: Uuid,
    pub at: DateTime<Utc>,
    pub channel: Channel,
    pub customer: Option<String>,
    pub subject: Option<String>,
    /// The orders that it became or belongs to.
    pub orders: Vec<Uuid>,
    /// Every part of it was filed, which is an end.
    pub filed: bool,
}

/// What went out to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub message: Uuid,
    pub at: DateTime<Utc>,
    /// The order or document that it is about.
    pub about: Uuid,
    /// `confirmation`, `question`, `resend`.
    pub purpose: String,
    pub subject: String,
    pub channel: Channel,
    /// It has left, and nobody has to look after it.
    pub delivered: bool,
}

/// One line of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    pub customer: Option<String>,
    /// The order that the thread is about, or the document where there is none.
    pub thread: Uuid,
    pub at: DateTime<Utc>,
    pub way: Way,
    pub channel: Channel,
    /// The document or message.
    pub id: Uuid,
    pub subject: Option<String>,
    /// When it was answered; of what was filed or has left: itself.
    pub done_at: Option<DateTime<Utc>>,
    /// By when it has to be.
    pub due_at: DateTime<Utc>,
    /// It was not, or is not yet.
    pub late: bool,
}

impl Item {
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.done_at.is_none()
    }
}

/// The register at a moment: by customer, thread and time.
#[must_use]
pub fn register(
    received: &[Received],
    sent: &[Sent],
    settings: &RegisterSettings,
    now: DateTime<Utc>,
) -> Vec<Item> {
    let mut items: Vec<Item> = received.iter().map(|it| came_in(it, sent, settings, now)).collect();
    let customer = |sent: &Sent| {
        let of = |it: &&Received| it.document == sent.about || it.orders.contains(&sent.about);
        received.iter().find(of).and_then(|it| it.customer.clone())
    };
    items.extend(sent.iter().map(|it| went_out(it, customer(it), settings, now)));
    items.retain(|item| item.at <= now);
    items.sort_by(|a, b| (&a.customer, a.thread, a.at, a.way).cmp(&(&b.customer, b.thread, b.at, b.way)));
    items
}

fn came_in(it: &Received, sent: &[Sent], settings: &RegisterSettings, now: DateTime<Utc>) -> Item {
    let thread = it.orders.first().copied().unwrap_or(it.document);
    let answers = |sent: &&Sent| {
        sent.at >= it.at && sent.at <= now && (sent.about == it.document || it.orders.contains(&sent.about))
    };
    let answered = sent.iter().filter(answers).map(|sent| sent.at).min();
    let done_at = answered.or(it.filed.then_some(it.at));
    let due_at = it.at + TimeDelta::hours(i64::from(settings.answer_hours));
    Item {
        customer: it.customer.clone(),
        thread,
        at: it.at,
        way: Way::In,
        channel: it.channel,
        id: it.document,
        subject: it.subject.clone(),
        done_at,
        due_at,
        late: done_at.unwrap_or(now) > due_at,
    }
}

fn went_out(it: &Sent, customer: Option<String>, settings: &RegisterSettings, now: DateTime<Utc>) -> Item {
    let done_at = it.delivered.then_some(it.at);
    let due_at = it.at + TimeDelta::hours(i64::from(settings.file_hours));
    Item {
        customer,
        thread: it.about,
        at: it.at,
        way: Way::Out,
        channel: it.channel,
        id: it.message,
        subject: Some(it.subject.clone()),
        done_at,
        due_at,
        late: done_at.unwrap_or(now) > due_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_400_000, 0).unwrap() + TimeDelta::hours(hour)
    }

    fn received(document: u128, at: i64, orders: &[u128], filed: bool) -> Received {
        Received {
            document: Uuid::from_u128(document),
            at: hour(at),
            channel: Channel::Mail,
            customer: Some("C1001".to_owned()),
            subject: None,
            orders: orders.iter().copied().map(Uuid::from_u128).collect(),
            filed,
        }
    }

    fn sent(about: u128, at: i64, delivered: bool) -> Sent {
        Sent {
            message: Uuid::from_u128(about + 100),
            at: hour(at),
            about: Uuid::from_u128(about),
            purpose: "confirmation".to_owned(),
            subject: "x".to_owned(),
            channel: Channel::Mail,
            delivered,
        }
    }

    #[test]
    fn what_came_in_is_open_until_it_is_answered_or_filed_and_late_after_its_hours() {
        let settings = RegisterSettings {
            answer_hours: 24,
            file_hours: 48,
            days: 30,
            weekday: None,
            time: NaiveTime::MIN,
        };
        for (it, out, now, open, late) in [
            (received(1, 0, &[9], false), None, 10, true, false),
            (received(1, 0, &[9], false), None, 25, true, true),
            (received(1, 0, &[9], false), Some(sent(9, 20, true)), 25, false, false),
            // Answered, but too late; and what was sent before it came answers nothing.
            (received(1, 0, &[9], false), Some(sent(9, 30, true)), 40, false, true),
            (received(1, 5, &[9], false), Some(sent(9, 4, true)), 10, true, false),
            (received(1, 0, &[], false), Some(sent(1, 3, true)), 10, false, false),
            (received(1, 0, &[], true), None, 99, false, false),
            (received(1, 0, &[9], false), Some(sent(8, 3, true)), 10, true, false),
        ] {
            let items = register(&[it], out.as_slice(), &settings, hour(now));
            let item = items.iter().find(|item| item.way == Way::In).unwrap();
            assert_eq!((item.is_open(), item.late), (open, late), "{item:?}");
        }
        for (delivered, now, open, late) in
            [(true, 99, false, false), (false, 10, true, false), (false, 60, true, true)]
        {
            let items =
                register(&[received(1, 0, &[9], false)], &[sent(9, 1, delivered)], &settings, hour(now));
            let item = items.iter().find(|item| item.way == Way::Out).unwrap();
            assert_eq!((item.is_open(), item.late, item.customer.as_deref()), (open, late, Some("C1001")));
        }
    }
}
