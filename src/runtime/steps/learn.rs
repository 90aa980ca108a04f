//! Learn: what a person's correction of a part teaches of its customer.

use super::check::order_id;
use super::decide::Origin;
use super::read::{recognize, write_part};
use super::{Now, Steps, done};
use crate::check::Resolved;
use crate::check::resolve::{CustomerBy, LineMatch, customer_match};
use crate::learn::{self, Lesson, Meaning};
use crate::order::Order;
use crate::order::document::{Document, Kind as PartKind, PartState};
use crate::order::draft::{Confidence, Draft, DraftLine};
use crate::order::message::{Body, DraftCorrected, Message, Step};
use crate::order::review::{Decision, Role, Verdict};
use crate::read::labels::{Labels, OwnWords, lasting};
use crate::read::{Opened, Reading};
use crate::runtime::Failure;
use crate::runtime::lessons::Page;
use crate::runtime::outside::heavy;
use crate::store::{Commit, Key, Kind, PartRecord};

/// A part that was corrected: its document, and which of that source's parts it is.
struct Corrected {
    document: Document,
    record: PartRecord,
    version: u64,
    place: usize,
}

impl Steps {
    /// The word that a decision brings, where something may be learnt of it.
    pub(super) fn teaches(
        &self,
        order: &Order,
        origin: &Origin,
        decision: &Decision,
        now: &Now<'_>,
    ) -> Option<Message> {
        let kind = match &decision.verdict {
            Verdict::Correct { .. } => None,
            Verdict::File { kind: Some(kind), .. } => Some(*kind),
            Verdict::File { kind: None, .. }
            | Verdict::Approve { .. }
            | Verdict::Return { .. }
            | Verdict::Reject { .. }
            | Verdict::Transfer { .. }
            | Verdict::AddReviewer { .. }
            | Verdict::Appeal { .. }
            | Verdict::Ask => return None,
        };
        let document_id = origin.document.id;
        let (customer, by) = (order.content.customer.clone(), decision.by.clone());
        customer.as_ref().filter(|_| origin.document.channel.is_letter())?;
        let corrected = DraftCorrected { document_id, part: origin.record.part.index, customer, kind, by };
        Some(Message {
            id: now.ids.id("corrected"),
            attempt: 1,
            correlation_id: document_id,
            step: Step::Read,
            lane: None,
            created_at: now.at,
            not_before: None,
            body: Body::DraftCorrected(corrected),
        })
    }

    pub(super) async fn learn(
        &self,
        message: &Message,
        corrected: &DraftCorrected,
    ) -> Result<Commit, Failure> {
        let now = self.now(message).await?;
        let part = self.corrected(corrected).await?;
        let takes =
            corrected.kind.is_some_and(is_order) && matches!(part.record.part.state, PartState::Filed { .. });
        if takes && let Some(why) = self.may_not_take(corrected, &part).await? {
            return Ok(done(message, format!("refused: {why}")));
        }
        let opened = if takes || corrected.kind.is_none() {
            let opened = self.opened(message, &part.document).await?;
            if opened.is_for_later() {
                return Ok(recognize(message, &now));
            }
            Some(opened)
        } else {
            None
        };
        let labels = self.labels(corrected.customer.as_deref()).await?;
        let (meanings, read) = match (corrected.kind, &opened) {
            (None, Some(opened)) => self.meanings(opened, &part, &labels, &now).await?,
            (Some(kind), _) => {
                let meaning = learn::kind(subject(&part.document), kind, &labels);
                (meaning.into_iter().collect(), Some(part.record.draft.clone()))
            }
            (None, None) => (Vec::new(), None),
        };
        let (document, at, id) = (part.document.clone(), now.at, now.ids);
        let mut commit = match (corrected.kind, &opened) {
            (Some(kind), Some(opened)) if takes => {
                Box::pin(self.take_up(opened, part, (kind, &labels), now)).await?
            }
            _ => done(message, "learnt"),
        };
        if let Some(customer) = self.proven(corrected, &document, read.as_ref()).await? {
            let lesson = |(place, meaning): (usize, Meaning)| Lesson {
                id: id.id(&format!("lesson/{place}")),
                meaning,
                by: corrected.by.clone(),
                at,
                document_id: document.id,
                undone: None,
            };
            // Loaded last, for what others teach at this moment must not be lost, nor make this wait for them.
            let mut page = Page::load(self.store.as_ref(), customer).await?;
            if page.taught.teach(meanings.into_iter().enumerate().map(lesson)) > 0 {
                commit.writes.extend(page.writes());
            }
        }
        Ok(commit)
    }

    async fn opened(&self, message: &Message, document: &Document) -> Result<Opened, Failure> {
        let bytes = self.blobs.get(&document.sha256).await;
        let bytes =
            bytes.map_err(|e| Failure::Retry(format!("the bytes of the document can't be read: {e}")))?;
        Ok(heavy(|| self.open_bytes(&bytes, document, message.step)))
    }

    /// The words that the customer's documents are read with.
    async fn labels(&self, customer: Option<&str>) -> Result<Labels, Failure> {
        let labels = &self.books.reader.labels;
        let Some(customer) = customer else { return Ok(labels.clone()) };
        let page = Page::load(self.store.as_ref(), customer).await?;
        Ok(labels.with(&page.taught.words()))
    }

    /// The customer to whom the lessons belong: only the one whom sender and document, as it was read, prove. Anybody can write
    /// another's name below a mail.
    async fn proven<'c>(
        &self,
        corrected: &'c DraftCorrected,
        document: &Document,
        read: Option<&Draft>,
    ) -> Result<Option<&'c str>, Failure> {
        let (Some(customer), Some(read)) = (corrected.customer.as_deref(), read) else { return Ok(None) };
        let master = self.shelf.get().await?;
        let found = customer_match(read, &self.around(document), &master);
        let keyed = found.by.contains(&CustomerBy::Keyed);
        let proven = found.is_certain(document.channel) && found.against.is_empty() && !keyed;
        Ok((proven && found.code.as_deref() == Some(customer)).then_some(customer))
    }

    /// Why a filed part can't be taken up.
    async fn may_not_take(
        &self,
        corrected: &DraftCorrected,
        part: &Corrected,
    ) -> Result<Option<String>, Failure> {
        // A decision was allowed when it was made; this comes from a command.
        if !self.is_clerk(&corrected.by) {
            return Ok(Some(format!("{} does not hold the role clerk", corrected.by)));
        }
        let order = order_id(&part.document, part.record.part.index);
        let ended = self.one::<Order>(Key::new(Kind::Order, order)).await?.map(|_| {
            "a person has ended the order that was made of it; ask the customer to send it again".to_owned()
        });
        Ok(ended)
    }

    fn is_clerk(&self, user: &str) -> bool {
        self.books.config.user(user).is_some_and(|user| user.roles.contains(&Role::Clerk))
    }

    async fn corrected(
        &self,
        DraftCorrected { document_id, part, .. }: &DraftCorrected,
    ) -> Result<Corrected, Failure> {
        let lost = || Failure::Park(format!("there is no part {document_id}/{part}"));
        let (_, document) = self.one(Key::new(Kind::Document, document_id)).await?.ok_or_else(lost)?;
        let parts: Vec<Key> =
            (0..=*part).map(|part| Key::new(Kind::Part, format!("{document_id}/{part}"))).collect();
        let mut parts = self.store.load(&parts).await?;
        let (version, record): (u64, PartRecord) = super::parsed(parts.pop().flatten().ok_or_else(lost)?)?;
        let mut place = 0;
        for earlier in parts.into_iter().flatten() {
            let (_, earlier): (u64, PartRecord) = super::parsed(earlier)?;
            place += usize::from(earlier.draft.source == record.draft.source);
        }
        Ok(Corrected { document, record, version, place })
    }

    /// The words and names that the keyed order teaches beside the document, and what was read of it before.
    async fn meanings(
        &self,
        opened: &Opened,
        part: &Corrected,
        labels: &Labels,
        now: &Now<'_>,
    ) -> Result<(Vec<Meaning>, Option<Draft>), Failure> {
        let of = (part.record.draft.source.as_str(), part.place);
        let read = draft_at(heavy(|| opened.read(labels)), of);
        let Some(keyed) = &part.record.draft.order else { return Ok((Vec::new(), read)) };
        let mut meanings = heavy(|| learn::words(opened, labels, of, keyed));
        let own = learn::own(&meanings);
        let Some(again) = draft_at(heavy(|| opened.read(&labels.with(&own))), of) else {
            return Ok((meanings, read));
        };
        let (around, master) = (self.around(&part.document), self.shelf.get().await?);
        let before = as_keyed(&again, &part.record.draft);
        let before = self.resolved(&before, &around, &now.ids, &master).await?;
        let after = self.resolved(&part.record.draft, &around, &now.ids, &master).await?;
        meanings.extend(learn::products(&lines(&again, &before), &lines(&part.record.draft, &after)));
        Ok((meanings, read))
    }

    /// A filed part that is an order after all goes its way, read as what it is.
    async fn take_up(
        &self,
        opened: &Opened,
        part: Corrected,
        (kind, labels): (PartKind, &Labels),
        now: Now<'_>,
    ) -> Result<Commit, Failure> {
        let Corrected { document, mut record, version, place } = part;
        let own = OwnWords { kinds: vec![(lasting(subject(&document)), kind)], ..OwnWords::default() };
        let reading = heavy(|| opened.read(&labels.with(&own)));
        if let Some(read) = draft_at(reading, (&record.draft.source, place)) {
            record.draft = read;
        }
        (record.draft.kind, record.draft.kind_confidence) = (kind, Confidence::FULL);
        record.part.kind = kind;
        let mut commit = Box::pin(self.take_in(&document, &mut record, now)).await?;
        // That it was filed stands under this name already; what is taken up is so once, too.
        let ended = format!("part:{}/{}", document.id, record.part.index);
        for effect in commit.effects.iter_mut().filter(|effect| **effect == ended) {
            effect.push_str("/taken");
        }
        commit.writes.push(write_part(&record, version));
        Ok(commit)
    }
}

const fn is_order(kind: PartKind) -> bool {
    matches!(kind, PartKind::Order | PartKind::Amendment | PartKind::Cancellation)
}

fn subject(document: &Document) -> &str {
    document.envelope.subject.as_deref().unwrap_or_default()
}

fn draft_at(reading: Reading, (source, place): (&str, usize)) -> Option<Draft> {
    reading.drafts.into_iter().filter(|draft| draft.source == source).nth(place)
}

/// What was read, with the customer as keyed: he is known, and his names for things are asked for.
fn as_keyed(read: &Draft, keyed: &Draft) -> Draft {
    let mut draft = read.clone();
    if let (Some(order), Some(keyed)) = (&mut draft.order, &keyed.order) {
        order.customer = keyed.customer.clone();
    }
    draft
}

fn lines<'a>(draft: &'a Draft, resolved: &'a Resolved) -> Vec<(&'a DraftLine, &'a LineMatch)> {
    draft.order.iter().flat_map(|order| &order.lines).zip(&resolved.lines).collect()
}
