//! Asks the customer: one mail for all that he can clear, reminders while he is silent, and the clerk when he stays so.

use super::decide::Origin;
use super::desk::Case;
use super::{Pen, Steps, misfit};
use crate::order::Order;
use crate::order::asked::{self, Asked, AskedState, Question};
use crate::order::document::{Channel, Document};
use crate::order::event::{Event, Tell};
use crate::order::ids;
use crate::order::message::{Body, MailSend, Message, Step, TimerDue, TimerKind};
use crate::order::problem::{Problem, Severity};
use crate::order::review::{Decision, Queue, Review, Verdict};
use crate::release::inquire::{Inquiry, inquire};
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::{Index, Json, Key, Kind, NewTimer, PartRecord, Write};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tokens of one order that are tried before it is given up.
const SALTS: u32 = 16;

/// Who asks, and what he adds.
#[derive(Debug, Clone, Copy, Default)]
struct Asker<'a> {
    /// User id; none when the house asks by itself.
    by: Option<&'a str>,
    note: Option<&'a str>,
}

impl Steps {
    /// Asks without a person, where the house does so and there is an address.
    pub(super) async fn ask_itself(
        &self,
        work: &mut Work,
        from: (&Document, &PartRecord),
        pen: &mut Pen<'_>,
    ) -> Result<(), Failure> {
        if self.asks_itself(&work.order)
            && let Err(why) = Box::pin(self.ask(work, from, Asker::default(), pen)).await?
        {
            tracing::info!(order.id = %work.order.id, why, "the customer is not asked");
        }
        Ok(())
    }

    /// Whether the house asks by itself: it may, nothing stands in the way that he can't clear, and it was not asked before.
    fn asks_itself(&self, order: &Order) -> bool {
        let waits = |queue| order.open_reviews().any(|review| review.queue == queue);
        let others =
            |review: &Review| !matches!(review.queue, Queue::Keying | Queue::Clarification | Queue::Offer);
        let his = |it: &Problem| it.severity == Severity::Note || it.clears == Queue::Clarification;
        // A clerk who has to read it first may find there what seems to be missing.
        let is_read = !waits(Queue::Keying) || (order.returned.is_none() && order.problems.iter().all(his));
        let digest = asked::digest(order);
        self.books.config.ask.automatically
            && !order.is_case()
            && (waits(Queue::Keying) || waits(Queue::Clarification) || waits(Queue::Offer))
            && !order.open_reviews().any(others)
            && is_read
            && digest.is_some()
            && order.asked.as_ref().map(|asked| &asked.digest) != digest.as_ref()
    }

    /// Asks where a person decided that; why not, where the customer can't be asked.
    pub(super) async fn ask_for(
        &self,
        decision: &Decision,
        (work, origin): (&mut Work, &Origin),
        pen: &mut Pen<'_>,
    ) -> Result<Result<(), &'static str>, Failure> {
        if decision.verdict != Verdict::Ask {
            return Ok(Ok(()));
        }
        let asker = Asker { by: Some(&decision.by), note: decision.note.as_deref() };
        Box::pin(self.ask(work, (&origin.document, &origin.record), asker, pen)).await
    }

    /// Puts the question into the work and the commit; why not, where it can't be put.
    async fn ask(
        &self,
        work: &mut Work,
        from: (&Document, &PartRecord),
        asker: Asker<'_>,
        pen: &mut Pen<'_>,
    ) -> Result<Result<(), &'static str>, Failure> {
        let Some(digest) = asked::digest(&work.order) else {
            return Ok(Err("there is nothing on this order that its customer could clear"));
        };
        let order = &work.order;
        if let Some(asked) = order.asked.as_ref().filter(|asked| asked.digest == digest) {
            let just_now = asked.at == pen.now.at;
            return Ok(if just_now { Ok(()) } else { Err("the customer was asked exactly this before") });
        }
        let Some((token, write)) = self.token(order.id).await? else {
            return Ok(Err("no token is free: correct the order by hand"));
        };
        let version = order.asked.as_ref().map_or(0, |asked| asked.version) + 1;
        let questions = asked::problems(order)
            .into_iter()
            .map(|problem| Question { code: problem.code, path: problem.path.clone() });
        let asked = Asked {
            version,
            at: pen.now.at,
            token,
            message: ids::from_name(pen.now.at, order.id.as_bytes(), &format!("question/{version}")),
            questions: questions.collect(),
            offer: !asked::offer(order).is_empty(),
            digest,
            by: asker.by.map(str::to_owned),
            reminded: 0,
            state: AskedState::Waiting,
        };
        let Some(mail) = self.written(order, &asked, (from, asker.note)).await? else {
            return Ok(Err("no address of the customer is known: correct the order by hand"));
        };
        pen.commit.writes.extend(write);
        let told = Event::Told {
            what: Tell::Question,
            to: "customer".to_owned(),
            version,
            message_id: asked.message,
        };
        pen.commit.messages.push(sent(order.id, asked.message, mail, pen.now.at));
        pen.commit.timers.push(self.look_for_answer(order.id, &asked));
        work.add([told, Event::Asked(asked)]).map_err(misfit(&work.order))?;
        Ok(Ok(()))
    }

    /// The order's token, and the row by which it is found.
    async fn token(&self, order: Uuid) -> Result<Option<(String, Option<Write>)>, Failure> {
        for salt in 0..SALTS {
            let token = asked::token(order, salt);
            let key = token_key(&token);
            match self.one::<Uuid>(key.clone()).await? {
                Some((_, of)) if of == order => return Ok(Some((token, None))),
                Some(_) => {}
                None => {
                    let body = Json::of(&order);
                    let write = Write { key, was: 0, now: 1, body, index: Index::default() };
                    return Ok(Some((token, Some(write))));
                }
            }
        }
        Ok(None)
    }

    /// The order that a token is of.
    pub(super) async fn order_of_token(&self, token: &str) -> Result<Option<Uuid>, Failure> {
        Ok(self.one::<Uuid>(token_key(token)).await?.map(|(_, order)| order))
    }

    async fn written(
        &self,
        order: &Order,
        asked: &Asked,
        ((document, record), note): ((&Document, &PartRecord), Option<&str>),
    ) -> Result<Option<MailSend>, Failure> {
        let master = self.shelf.get().await?;
        let house = self.books.house(&master);
        let case = self.load(order.id, &order.content, (document, record), master).await?;
        let to = self.reached(order, &case);
        let mailed = document.channel == Channel::Mail;
        let inquiry = Inquiry {
            order,
            asked,
            draft: record.draft.order.as_ref(),
            language: record.draft.language,
            answers: mailed.then_some(&document.envelope),
            to: &to,
            note,
        };
        inquire(&inquiry, &self.books.office(&house)).map_err(|e| Failure::Park(e.to_string()))
    }

    /// Where the customer is reached: the way by which he wrote.
    fn reached(&self, order: &Order, case: &Case) -> Vec<String> {
        let row = case.buyer_row(order);
        // His own number, not the one that the caller claims.
        let number =
            || row.and_then(|row| row.fax.as_deref().or(row.fax_numbers.first().map(String::as_str)));
        let fax = || self.books.config.fax_gateway.address_of(number()?);
        if case.document.channel == Channel::Fax
            && let Some(fax) = fax()
        {
            return vec![fax];
        }
        let known = self.buyer(order, case).mail;
        if !known.is_empty() {
            return known;
        }
        // A customer whom nobody knows yet is answered where he wrote from.
        let envelope = &case.document.envelope;
        let own = |address: &String| {
            let domain = address.rsplit('@').next().unwrap_or_default();
            case.master.is_own_domain(domain) || domain.eq_ignore_ascii_case(&self.books.config.firm.domain)
        };
        let sender = envelope.from_address.clone().filter(|it| !envelope.automatic && !own(it));
        sender.filter(|_| case.document.channel == Channel::Mail).into_iter().collect()
    }

    fn look_for_answer(&self, order_id: Uuid, asked: &Asked) -> NewTimer {
        let due = self.books.config.ask.next(asked.at, asked.reminded, &self.books.calendar);
        let id = ids::from_name(asked.at, asked.message.as_bytes(), &format!("answer/{}", asked.reminded));
        let body = TimerDue { order_id, kind: TimerKind::Answer, about: asked.message, due };
        NewTimer { id, due, step: Step::Review, body }
    }

    /// The customer's time is over: he is reminded, or the clerk hears that he says nothing.
    pub(super) async fn silent(
        &self,
        work: &mut Work,
        timer: &TimerDue,
        pen: &mut Pen<'_>,
    ) -> Result<&'static str, Failure> {
        let waits = work.order.waits_for_customer().filter(|asked| asked.message == timer.about).cloned();
        let Some(mut asked) = waits else { return Box::pin(self.past(work, timer, pen)).await };
        let origin = self.origin(&work.order).await?;
        let before = work.order.clone();
        let version = asked.version;
        if (asked.reminded as usize) < self.books.config.ask.remind_days.len() {
            asked.reminded += 1;
            if let Some(mail) =
                self.written(&before, &asked, ((&origin.document, &origin.record), None)).await?
            {
                let name = format!("reminder/{version}/{}", asked.reminded);
                let message_id = ids::from_name(asked.at, before.id.as_bytes(), &name);
                pen.commit.messages.push(sent(before.id, message_id, mail, pen.now.at));
                let to = format!("customer/{version}");
                let told = Event::Told { what: Tell::Reminder, to, version: asked.reminded, message_id };
                work.add([told]).map_err(misfit(&before))?;
            }
            pen.commit.timers.push(self.look_for_answer(before.id, &asked));
            work.add([Event::Reminded { version, times: asked.reminded }]).map_err(misfit(&before))?;
            return Ok("reminded");
        }
        work.add([Event::Unanswered { version }]).map_err(misfit(&before))?;
        self.reopen(work, &origin, None, pen).await?;
        Ok("the customer is silent")
    }

    /// The question is not put any more, though nothing came back. A queue whose deadline passed unseen while the customer was
    /// waited for opens anew.
    async fn past(
        &self,
        work: &mut Work,
        timer: &TimerDue,
        pen: &mut Pen<'_>,
    ) -> Result<&'static str, Failure> {
        let now = pen.now.at;
        let unseen = |it: &Review| {
            let waited = matches!(it.queue, Queue::Keying | Queue::Clarification | Queue::Offer);
            waited && !it.overdue && it.due_at <= now
        };
        let order = &work.order;
        let asked = order.asked.as_ref().filter(|asked| asked.message == timer.about);
        let asked = asked.filter(|asked| asked.state == AskedState::Waiting && order.status.is_open());
        let Some(version) = asked.filter(|_| order.open_reviews().any(unseen)).map(|it| it.version) else {
            return Ok("nothing is waited for");
        };
        let origin = self.origin(order).await?;
        work.add([Event::Unanswered { version }]).map_err(misfit(&work.order))?;
        self.reopen(work, &origin, None, pen).await?;
        Ok("the question is past")
    }
}

fn token_key(token: &str) -> Key {
    Key::new(Kind::Counter, format!("token/{token}"))
}

fn sent(order_id: Uuid, id: Uuid, mail: MailSend, now: DateTime<Utc>) -> Message {
    Message {
        id,
        attempt: 1,
        correlation_id: order_id,
        step: Step::Deliver,
        lane: Some(format!("{order_id}/customer")),
        created_at: now,
        not_before: None,
        body: Body::MailSend(mail),
    }
}
