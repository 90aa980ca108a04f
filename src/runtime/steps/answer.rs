//! Answer: what comes back to a question of ours is merged into the draft that it is about, or read by a person; never lost.

use super::decide::{Changed, Origin};
use super::desk;
use super::read::write_part;
use super::{Pen, Steps, done, misfit};
use crate::check::resolve::is_of_customer;
use crate::master::Master;
use crate::order::Order;
use crate::order::answered::fill;
use crate::order::asked::{self, Answer, Asked, Outcome, Why};
use crate::order::document::{Channel, Document, Kind as PartKind, PartState};
use crate::order::draft::Evidence;
use crate::order::event::{Actor, Event, PartRef};
use crate::order::message::{Message, Step};
use crate::order::review::{Decided, Queue, Review, Sign};
use crate::read::answer::{Listener, Said, Want};
use crate::read::value::date::Context;
use crate::release;
use crate::release::inquire::line_of;
use crate::runtime::Failure;
use crate::runtime::outside::heavy;
use crate::runtime::work::Work;
use crate::store::{Commit, Key, Kind, PartRecord};
use uuid::Uuid;

/// Stand in the purposes of the mails that ask and remind, and so in their Message-IDs.
const QUESTION: [&str; 2] = [".question.", ".reminder."];
/// Who agreed, where the customer did.
const CUSTOMER: &str = "customer";
/// Beginnings of a firm's name by which people call it, in characters.
const SHORT_NAMES: [usize; 3] = [2, 3, 4];

/// What an answer comes to.
enum Heard {
    /// Thanks, and nothing else: the question still waits.
    Nothing,
    Values(Vec<(String, String)>),
    Word(bool),
    Person(Why),
}

impl Steps {
    /// The commit of a part that answers what an order's customer was asked; none where it is something else.
    pub(super) async fn answer(
        &self,
        message: &Message,
        document: &Document,
        record: &mut PartRecord,
    ) -> Result<Option<Commit>, Failure> {
        let Some(id) = self.answers_to(document).await? else { return Ok(None) };
        let stored = self.store.load(&[Key::new(Kind::Order, id)]).await?.into_iter().flatten().next();
        let Some(mut work) = stored.map(Work::stored).transpose()? else { return Ok(None) };
        let asked = work.order.asked.clone().filter(|_| speaks_to(&work.order, document, record));
        let Some(asked) = asked else { return Ok(None) };
        let from = PartRef { document_id: document.id, part: record.part.index };
        let answer =
            Answer { from, version: asked.version, outcome: Outcome::Late, why: None, paths: Vec::new() };
        let mut pen = Pen { now: self.now(message).await?, commit: done(message, "") };
        (record.part.kind, record.draft.kind) = (PartKind::Answer, PartKind::Answer);
        record.part.state = PartState::Attached { order_id: id };
        if work.order.status.is_open() {
            match self.heard(&work.order, &asked, (document, record)).await? {
                Heard::Nothing => record.part.state = PartState::Filed { reason: format!("thanks_of:{id}") },
                Heard::Values(values) => self.merge(&mut work, answer, values, &mut pen).await?,
                Heard::Word(word) => self.word(&mut work, answer, word, (document, &mut pen)).await?,
                Heard::Person(why) => {
                    let answer = Answer { outcome: Outcome::Person, why: Some(why), ..answer };
                    self.for_a_person(&mut work, answer, document, &mut pen).await?;
                }
            }
        } else {
            work.add([Event::Answered { answer, content: None }]).map_err(misfit(&work.order))?;
            pen.commit.messages.extend(self.told_of(&work.order, "late", document, &pen).await?);
        }
        pen.commit.effects.push(format!("part:{}/{}", from.document_id, from.part));
        let what = format!("answer: {}", desk::said(&work.order));
        work.write(&mut pen.commit, &pen.now.stamp(Actor::Step("answer".to_owned())));
        Ok(Some(desk::named(pen.commit, &what)))
    }

    /// The order whose question a document answers, by the thread that it stands in, or the token that it quotes.
    async fn answers_to(&self, document: &Document) -> Result<Option<Uuid>, Failure> {
        let envelope = &document.envelope;
        if document.channel == Channel::Data || envelope.automatic {
            return Ok(None);
        }
        let domain = &self.books.config.firm.domain;
        let ours =
            |id: &String| Some((release::about(id, domain)?, QUESTION.iter().any(|it| id.contains(it))));
        // What answers another mail of ours is about that.
        if let Some((order, question)) = envelope.in_reply_to.as_ref().and_then(ours) {
            return Ok(question.then_some(order));
        }
        let threaded = envelope.references.iter().rev().find_map(ours);
        if let Some((order, _)) = threaded.filter(|(_, question)| *question) {
            return Ok(Some(order));
        }
        match &envelope.token {
            Some(token) => self.order_of_token(token).await,
            None => Ok(None),
        }
    }

    async fn heard(
        &self,
        order: &Order,
        asked: &Asked,
        (document, record): (&Document, &PartRecord),
    ) -> Result<Heard, Failure> {
        let master = self.shelf.get().await?;
        let from = self.origin(order).await?;
        let theirs = match order.content.customer.as_deref() {
            Some(code) => is_of_customer(code, &self.around(document), &master),
            None => {
                let same = from.document.envelope.from_address == document.envelope.from_address;
                same && document.channel == Channel::Mail && document.envelope.from_address.is_some()
            }
        };
        if !theirs {
            return Ok(Heard::Person(Why::Stranger));
        }
        let said = self.said(order, asked, (document, record), &master).await?;
        let current = asked::digest(order).is_some_and(|digest| digest == asked.digest);
        let path = |at: usize| asked.questions.get(at).map(|question| question.path.clone());
        let values: Vec<(String, String)> =
            said.values.into_iter().filter_map(|(at, value)| Some((path(at)?, value))).collect();
        Ok(match said.word {
            _ if said.unclear => Heard::Person(Why::Unclear),
            None if values.is_empty() => Heard::Nothing,
            _ if !current => Heard::Person(Why::More),
            None => Heard::Values(values),
            Some(word) if asked.offer && asked.questions.is_empty() && values.is_empty() => Heard::Word(word),
            Some(_) => Heard::Person(Why::Unclear),
        })
    }

    /// What stands in the new text of the answer.
    async fn said(
        &self,
        order: &Order,
        asked: &Asked,
        (document, record): (&Document, &PartRecord),
        master: &Master,
    ) -> Result<Said, Failure> {
        let bytes = self
            .blobs
            .get(&document.sha256)
            .await
            .map_err(|e| Failure::Retry(format!("the bytes of the document can't be read: {e}")))?;
        // Pictures are not looked at again: what stands on a fax a person reads.
        let opened = heavy(|| self.open_bytes(&bytes, document, Step::Check));
        let mut lines = opened.fresh(&record.part.source);
        if asked.version == 1 {
            lines.extend(opened.filled_in(&record.part.source));
        }
        if opened.is_for_later() || lines.is_empty() {
            return Ok(Said { unclear: true, ..Said::default() });
        }
        let want = |path: &String| {
            let line = line_of(path).and_then(|at| order.content.lines.get(at));
            let unit = line.and_then(|line| line.unit.clone());
            Want { path: path.clone(), unit, part: line.and_then(|line| line.customer_part.clone()) }
        };
        let wants: Vec<Want> = asked.questions.iter().map(|question| want(&question.path)).collect();
        let settings = &self.books.config.ask;
        let names = self.names(order, document, master);
        let listener = Listener {
            labels: &self.books.reader.labels,
            dates: Context { base: Some(self.around(document).on), ..Context::default() },
            agrees: &settings.agrees,
            declines: &settings.declines,
            names: &names,
        };
        Ok(listener.listen(lines.iter().map(String::as_str), &wants))
    }

    /// Names that stand in greetings and signatures.
    fn names(&self, order: &Order, document: &Document, master: &Master) -> Vec<String> {
        let firm = &self.books.config.firm;
        let customer = order.content.customer.as_deref().and_then(|code| master.customer(code));
        let firms = [Some(&firm.name), Some(&firm.name_en), customer.map(|it| &it.name)];
        let firms = firms.into_iter().chain([customer.and_then(|it| it.name_en.as_ref())]).flatten();
        let people = customer.into_iter().flat_map(|it| &it.contacts).map(|contact| &contact.name);
        let people = people.chain(&document.envelope.from_name);
        let short = |name: &String| SHORT_NAMES.map(|length| name.chars().take(length).collect::<String>());
        let firms: Vec<String> = firms.cloned().collect();
        firms.iter().flat_map(short).chain(firms.clone()).chain(people.cloned()).collect()
    }

    /// The values go into the fields that were asked for, and the order goes on.
    async fn merge(
        &self,
        work: &mut Work,
        answer: Answer,
        values: Vec<(String, String)>,
        pen: &mut Pen<'_>,
    ) -> Result<(), Failure> {
        let mut origin = self.origin(&work.order).await?;
        let evidence = Evidence::Answer { document: answer.from.document_id, part: answer.from.part };
        let draft = origin.record.draft.order.get_or_insert_default();
        let paths: Vec<String> = values
            .into_iter()
            .filter(|(path, value)| fill(draft, path, value, &evidence))
            .map(|(path, _)| path)
            .collect();
        let answer = Answer { outcome: Outcome::Merged, paths, ..answer };
        pen.commit.writes.push(write_part(&origin.record, origin.version));
        self.reopen(work, &origin, Some(Changed::Answered(answer)), pen).await
    }

    /// A plain yes or no to what was offered.
    async fn word(
        &self,
        work: &mut Work,
        answer: Answer,
        agrees: bool,
        (document, pen): (&Document, &mut Pen<'_>),
    ) -> Result<(), Failure> {
        let review = work.order.open_reviews().find(|review| review.queue == Queue::Offer).cloned();
        let alone = |it: &Review| it.added.is_empty() && (it.sign == Sign::Any || it.roles.len() == 1);
        let Some(review) = review.filter(alone) else {
            let answer = Answer { outcome: Outcome::Person, why: Some(Why::Unclear), ..answer };
            return self.for_a_person(work, answer, document, pen).await;
        };
        let outcome = if agrees { Outcome::Agreed } else { Outcome::Declined };
        let decided = decided(&review, agrees, document, pen);
        let mut events = vec![
            Event::Answered { answer: Answer { outcome, ..answer }, content: None },
            Event::ReviewDecided { review_id: review.id, decided },
        ];
        if agrees {
            work.add(events).map_err(misfit(&work.order))?;
            let origin = self.origin(&work.order).await?;
            return self.reopen(work, &origin, None, pen).await;
        }
        let others = work.order.open_reviews().filter(|other| other.id != review.id);
        events.extend(others.map(|other| Event::ReviewWithdrawn { review_id: other.id }));
        events.push(Event::Rejected { reason: format!("declined:{}", document.id) });
        work.add(events).map_err(misfit(&work.order))?;
        pen.commit.messages.extend(self.told_of(&work.order, "declined", document, pen).await?);
        Ok(())
    }

    /// The queue that waits opens anew, with the answer beside; where none does, the sales desk hears of it.
    async fn for_a_person(
        &self,
        work: &mut Work,
        answer: Answer,
        document: &Document,
        pen: &mut Pen<'_>,
    ) -> Result<(), Failure> {
        let why = match answer.why {
            Some(Why::Stranger) => "stranger",
            Some(Why::More) => "more",
            Some(Why::Unclear) | None => "unclear",
        };
        work.add([Event::Answered { answer, content: None }]).map_err(misfit(&work.order))?;
        let origin: Origin = self.origin(&work.order).await?;
        self.reopen(work, &origin, None, pen).await?;
        let shown =
            |review: &Review| matches!(review.queue, Queue::Keying | Queue::Clarification | Queue::Offer);
        if !work.order.open_reviews().any(shown) {
            pen.commit.messages.extend(self.told_of(&work.order, why, document, pen).await?);
        }
        Ok(())
    }

    async fn told_of(
        &self,
        order: &Order,
        why: &str,
        document: &Document,
        pen: &Pen<'_>,
    ) -> Result<Option<Message>, Failure> {
        let house = self.books.house(self.shelf.get().await?.as_ref());
        let office = self.books.office(&house);
        release::heard::heard(order, (why, document), &office, (pen.now.at, pen.now.ids))
            .map_err(|e| Failure::Park(e.to_string()))
    }
}

/// Whether a part that stands in a question's thread answers it, and is not an order, a change or a matter of its own.
fn speaks_to(order: &Order, document: &Document, record: &PartRecord) -> bool {
    let draft = &record.draft;
    let own_matter = match draft.kind {
        PartKind::Complaint | PartKind::PaymentNotice | PartKind::DeliveryReport => true,
        PartKind::Amendment | PartKind::Cancellation => !order.status.is_open(),
        PartKind::Order | PartKind::Answer | PartKind::Inquiry | PartKind::NotAnOrder => false,
    };
    let squeezed = |text: &str| crate::master::text::squeezed(text);
    let printed = draft.order.as_ref().filter(|it| !it.lines.is_empty()).and_then(|it| it.po_number.as_ref());
    let ours = order.content.po_number.as_deref().map(squeezed);
    let new_order = printed.is_some_and(|number| Some(squeezed(&number.value)) != ours);
    order.from.document_id != document.id && !own_matter && !new_order
}

/// The customer's own word on what he was offered.
fn decided(review: &Review, agrees: bool, document: &Document, pen: &Pen<'_>) -> Decided {
    Decided {
        verdict: if agrees { "approve" } else { "reject" }.to_owned(),
        by: CUSTOMER.to_owned(),
        role: review.deciders().next().unwrap_or(crate::order::review::Role::Clerk),
        at: pen.now.at,
        note: Some(document.id.to_string()),
        digest: review.digest.clone(),
        on_behalf_of: None,
        conditions: Vec::new(),
        needs_days: None,
        done: Vec::new(),
        fee: None,
        guarantee: None,
        returned_to: None,
        agrees_to: None,
    }
}
