//! Answer: what comes back to a question of ours is merged into the draft that it is about, or read by a person; never lost.

use super::decide::{Changed, Origin};
use super::desk;
use super::read::write_part;
use super::{Pen, Steps, done, misfit};
use crate::check::resolve::is_of_customer;
use crate::master::Master;
use crate::order::Order;
use crate::order::answered::fill;
use crate::order::asked::{Answer, Asked, Outcome, Why};
use crate::order::document::{Channel, Document, Kind as PartKind, PartState};
use crate::order::draft::{Confidence, DraftOrder, Evidence};
use crate::order::event::{Actor, Event, PartRef};
use crate::order::message::{Message, Step};
use crate::order::review::{Decided, Queue, Review, Sign};
use crate::read::Opened;
use crate::read::answer::{Listener, Said, Want};
use crate::read::page::Page;
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
        let before = record.clone();
        (record.part.kind, record.draft.kind) = (PartKind::Answer, PartKind::Answer);
        record.part.state = PartState::Attached { order_id: id };
        let is_known = if work.order.status.is_open() {
            Box::pin(self.taken(&mut work, (&asked, answer), (document, record), &mut pen)).await?
        } else {
            work.add([Event::Answered { answer, content: None }]).map_err(misfit(&work.order))?;
            self.tell(&work.order, "late", document, &mut pen).await?
        };
        if !is_known {
            // Nobody would hear of it: it takes the way of every part, which ends with a person.
            *record = before;
            record.draft.kind_confidence = Confidence::new(0);
            return Ok(None);
        }
        pen.commit.effects.push(format!("part:{}/{}", from.document_id, from.part));
        let what = format!("answer: {}", desk::said(&work.order));
        self.write(work, &mut pen.commit, (Actor::Step("answer".to_owned()), &pen.now)).await?;
        Ok(Some(desk::named(pen.commit, &what)))
    }

    /// What the answer says goes into the open order, or to a person; false where nobody would hear of it.
    async fn taken(
        &self,
        work: &mut Work,
        (asked, answer): (&Asked, Answer),
        (document, record): (&Document, &mut PartRecord),
        pen: &mut Pen<'_>,
    ) -> Result<bool, Failure> {
        match self.heard(&work.order, asked, (document, &*record)).await? {
            Heard::Nothing => {
                record.part.state = PartState::Filed { reason: format!("thanks_of:{}", work.order.id) };
                Ok(true)
            }
            Heard::Values(values) => Box::pin(self.merge(work, answer, values, (document, pen))).await,
            Heard::Word(word) => self.word(work, answer, word, (document, pen)).await,
            Heard::Person(why) => {
                let answer = Answer { outcome: Outcome::Person, why: Some(why), ..answer };
                self.for_a_person(work, answer, document, pen).await
            }
        }
    }

    /// The order whose question a document answers, by the thread that it stands in, or the token that it quotes.
    async fn answers_to(&self, document: &Document) -> Result<Option<Uuid>, Failure> {
        let envelope = &document.envelope;
        if !document.channel.is_letter() || envelope.automatic {
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
                same && document.channel == Channel::Mail
                    && document.envelope.from_address.is_some()
                    && !self.around(document).is_doubted(&master)
            }
        };
        if !theirs {
            return Ok(Heard::Person(Why::Stranger));
        }
        let said = self.said(order, asked, (document, record), &master).await?;
        let path = |at: usize| asked.questions.get(at).map(|question| question.path.clone());
        let values: Vec<(String, String)> =
            said.values.into_iter().filter_map(|(at, value)| Some((path(at)?, value))).collect();
        // His values make the content anew: what was set as a condition, offered or amended would be lost.
        let is_changed = asked.offer || order.asked_for.is_some() || order.binding.is_some() || order.amended;
        Ok(match said.word {
            _ if said.unclear => Heard::Person(Why::Unclear),
            // Thanks for an offer may be meant as a yes.
            None if values.is_empty() && asked.offer => Heard::Person(Why::Unclear),
            None if values.is_empty() => Heard::Nothing,
            // Whoever sends a fax chooses the number that it shows.
            _ if document.channel == Channel::Fax => Heard::Person(Why::Unclear),
            _ if !order.still_asks(asked) => Heard::Person(Why::More),
            None if is_changed => Heard::Person(Why::Unclear),
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
        if opened.is_for_later() || lines.is_empty() || !is_alone(&opened, document, record) {
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
        (document, pen): (&Document, &mut Pen<'_>),
    ) -> Result<bool, Failure> {
        let mut origin = self.origin(&work.order).await?;
        let evidence = Evidence::Answer { document: answer.from.document_id, part: answer.from.part };
        let draft = origin.record.draft.order.get_or_insert_default();
        if !all_filled(draft, &values, &evidence) {
            let answer = Answer { outcome: Outcome::Person, why: Some(Why::Unclear), ..answer };
            return self.for_a_person(work, answer, document, pen).await;
        }
        let paths = values.into_iter().map(|(path, _)| path).collect();
        let answer = Answer { outcome: Outcome::Merged, paths, ..answer };
        pen.commit.writes.push(write_part(&origin.record, origin.version));
        self.reopen(work, &origin, Some(Changed::Answered(answer)), pen).await?;
        Ok(true)
    }

    /// A plain yes or no to what was offered.
    async fn word(
        &self,
        work: &mut Work,
        answer: Answer,
        agrees: bool,
        (document, pen): (&Document, &mut Pen<'_>),
    ) -> Result<bool, Failure> {
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
            self.reopen(work, &origin, None, pen).await?;
            return Ok(true);
        }
        let others = work.order.open_reviews().filter(|other| other.id != review.id);
        events.extend(others.map(|other| Event::ReviewWithdrawn { review_id: other.id }));
        events.push(Event::Rejected { reason: format!("declined:{}", document.id) });
        work.add(events).map_err(misfit(&work.order))?;
        self.tell(&work.order, "declined", document, pen).await
    }

    /// The queue that waits opens anew, with the answer beside; where none does, the sales desk hears of it. False where
    /// nobody does.
    async fn for_a_person(
        &self,
        work: &mut Work,
        answer: Answer,
        document: &Document,
        pen: &mut Pen<'_>,
    ) -> Result<bool, Failure> {
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
        if work.order.open_reviews().any(shown) {
            return Ok(true);
        }
        self.tell(&work.order, why, document, pen).await
    }

    /// Tells the sales desk; false where it has no address.
    async fn tell(
        &self,
        order: &Order,
        why: &str,
        document: &Document,
        pen: &mut Pen<'_>,
    ) -> Result<bool, Failure> {
        let house = self.books.house(self.shelf.get().await?.as_ref());
        let office = self.books.office(&house);
        let told = release::heard::heard(order, (why, document), &office, (pen.now.at, pen.now.ids))
            .map_err(|e| Failure::Park(e.to_string()))?;
        let is_told = told.is_some();
        pen.commit.messages.extend(told);
        Ok(is_told)
    }
}

/// Nothing else came with it that says something, or that could not be read: a plain yes beside a new order sheet is none.
fn is_alone(opened: &Opened, document: &Document, record: &PartRecord) -> bool {
    let source = &record.part.source;
    let own: usize = opened.pages(source).flat_map(Page::texts).map(str::len).sum();
    document.parts == Some(1)
        && own == opened.letters()
        && record.draft.unread.iter().all(|it| it.source == *source)
}

/// Whether every value fits into its field; where one does not, the draft is not to be used.
fn all_filled(draft: &mut DraftOrder, values: &[(String, String)], evidence: &Evidence) -> bool {
    let differs = |path: &str, value: &str| values.iter().any(|(of, other)| of == path && other != value);
    values.iter().all(|(path, value)| !differs(path, value) && fill(draft, path, value, evidence))
}

/// Whether a part that stands in a question's thread answers it, and is not an order, a change or a matter of its own.
fn speaks_to(order: &Order, document: &Document, record: &PartRecord) -> bool {
    let draft = &record.draft;
    let own_matter = match draft.kind {
        PartKind::Amendment
        | PartKind::Cancellation
        | PartKind::Complaint
        | PartKind::PaymentNotice
        | PartKind::DeliveryReport => true,
        PartKind::Order | PartKind::Answer | PartKind::Inquiry | PartKind::NotAnOrder => false,
    };
    let squeezed = |text: &str| crate::master::text::squeezed(text);
    let printed = draft.order.as_ref().filter(|it| !it.lines.is_empty()).and_then(|it| it.po_number.as_ref());
    let ours = order.content.po_number.as_deref().map(squeezed);
    let new_order = printed.is_some_and(|number| Some(squeezed(&number.value)) != ours);
    // Goods that nobody asked him for are ordered, whatever thread they stand in.
    let waits = order.asked.as_ref().is_some_and(|asked| order.still_asks(asked));
    let goods = draft.order.as_ref().is_some_and(|it| !it.lines.is_empty());
    order.from.document_id != document.id && !own_matter && !new_order && (waits || !goods)
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
