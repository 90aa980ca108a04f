//! The order itself: the fold of its events.

use super::asked::{Answer, Asked, AskedState};
use super::document::Kind;
use super::event::{Event, Gate, Milestone, PartRef, Tell};
use super::guarantee::Guaranteed;
use super::hold::Hold;
use super::line::Content;
use super::material::Material;
use super::money::Money;
use super::moves::leads_to;
use super::number::OrderNumber;
use super::problem::Problem;
use super::review::{Queue, Review};
use super::status::{CannotMove, Move, Rung, Status};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// Something that was told about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub what: Tell,
    pub to: String,
    pub version: u32,
    pub message_id: Uuid,
}

/// What a change of the order costs the customer beside its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The amendment or cancellation.
    pub case: Uuid,
    pub amount: Money,
}

/// Who keyed an amendment or cancellation in that came by no letter, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// User id.
    pub by: String,
    pub why: String,
}

/// An order that was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The queue that sent it back, and waits.
    pub from: Queue,
    /// The step that has to answer.
    pub to: Queue,
    /// What has to be changed.
    pub what: String,
}

/// An order (or an amendment or cancellation on its way to one) at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: Uuid,
    /// Number of events folded in; the version that a commit is checked against.
    pub version: u64,
    pub status: Status,
    pub from: PartRef,
    pub kind: Kind,
    pub refers_to: Option<Uuid>,
    pub sent_at: DateTime<Utc>,
    pub number: Option<OrderNumber>,
    /// What the order comes to: as asked for, or as offered where a reviewer set conditions.
    pub content: Content,
    /// What the customer asked for, where what is offered differs from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<Box<Content>>,
    /// The review whose conditions were just put into the content, until it is known what its queue looks at then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Uuid>,
    /// A reviewer sent it back to a step, which has not answered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// The review whose rejection was taken to the level above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appealed: Option<Uuid>,
    /// One of the house keyed it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<Entered>,
    /// The user who keyed or corrected it last; he may not review it.
    pub keyed_by: Option<String>,
    /// Those who keyed or corrected it before him.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keyed_before: Vec<String>,
    pub problems: Vec<Problem>,
    /// Every figure is proven; see `check::sure`.
    pub sure: bool,
    pub proofs: Vec<String>,
    pub reviews: Vec<Review>,
    /// Who stands for its being paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guarantees: Vec<Guaranteed>,
    pub promised: Option<NaiveDate>,
    pub ship_on: Option<DateTime<Utc>>,
    /// Positions that have to be made; the others were taken from stock at release.
    #[serde(default)]
    pub make: Vec<u32>,
    /// What their making takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<Material>,
    /// What it takes of its customer's credit until it is paid; none when it takes none.
    pub credit: Option<Money>,
    /// An amendment made something else of it than its document says.
    #[serde(default, skip_serializing_if = "super::material::is_not")]
    pub amended: bool,
    /// How often it was amended after its release: what was told before is told anew then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u32,
    /// The last of these amendments by which more was to be made than before, or something else.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub remade: u32,
    /// Whether an amendment of the terms of payment gave credit to one who pays before; none where no such was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
    /// What the house itself holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// Positions that left before the others, which were held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<u32>,
    /// How often some of its lines left before the others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub parts: u32,
    /// The revision in which what remained began its way; the carrier is instructed anew for it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rest_since: u32,
    pub gates: Vec<Gate>,
    pub told: Vec<Told>,
    /// Milestones reached, in the order in which they were applied.
    pub reached: Vec<Milestone>,
    /// Reports that came before their turn.
    pub kept: Vec<Milestone>,
    /// What the customer was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// What came back to that and to what was asked before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
}

/// An event that does not fit the order it is applied to. It is never stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FoldError {
    #[error("the first event of an order must be `received`, and only the first")]
    Received,
    #[error(transparent)]
    CannotMove(#[from] CannotMove),
    #[error("there is no open review {0}")]
    NoReview(Uuid),
    #[error("the order has the number {0} already")]
    Numbered(String),
    #[error("`master_changed` is no event of an order")]
    Foreign,
}

impl Order {
    /// The order that `Received` begins.
    pub fn begin(id: Uuid, event: &Event) -> Result<Self, FoldError> {
        let Event::Received { from, kind, sent_at, refers_to, content } = event else {
            return Err(FoldError::Received);
        };
        Ok(Self {
            id,
            version: 1,
            status: Status::On(Rung::Received),
            from: *from,
            kind: *kind,
            refers_to: *refers_to,
            sent_at: *sent_at,
            number: None,
            content: content.clone(),
            asked_for: None,
            binding: None,
            returned: None,
            appealed: None,
            entered: None,
            keyed_by: None,
            keyed_before: Vec::new(),
            problems: Vec::new(),
            sure: false,
            proofs: Vec::new(),
            reviews: Vec::new(),
            guarantees: Vec::new(),
            promised: None,
            ship_on: None,
            make: Vec::new(),
            materials: Vec::new(),
            credit: None,
            amended: false,
            revision: 0,
            remade: 0,
            granted: None,
            charges: Vec::new(),
            holds: Vec::new(),
            left: Vec::new(),
            parts: 0,
            rest_since: 0,
            gates: Vec::new(),
            told: Vec::new(),
            reached: Vec::new(),
            kept: Vec::new(),
            asked: None,
            answers: Vec::new(),
        })
    }

    /// The order that a whole history makes.
    pub fn fold<'a>(id: Uuid, events: impl IntoIterator<Item = &'a Event>) -> Result<Self, FoldError> {
        let mut events = events.into_iter();
        let mut order = Self::begin(id, events.next().ok_or(FoldError::Received)?)?;
        for event in events {
            order.apply(event)?;
        }
        Ok(order)
    }

    /// Folds one more event in. On an error the order is as it was.
    pub fn apply(&mut self, event: &Event) -> Result<(), FoldError> {
        let was = self.status;
        if let Some(to) = leads_to(event) {
            self.status = self.status.after(to)?;
        }
        if matches!(event, Event::Closed) && was.is_open() && !self.is_case() {
            self.status = was;
            return Err(CannotMove { from: was, to: Move::Close }.into());
        }
        if let Err(refused) = self.note(event) {
            self.status = was;
            return Err(refused);
        }
        self.version += 1;
        Ok(())
    }

    /// An amendment or cancellation: it changes another order and is never released itself.
    #[must_use]
    pub const fn is_case(&self) -> bool {
        matches!(self.kind, Kind::Amendment | Kind::Cancellation)
    }

    fn note(&mut self, event: &Event) -> Result<(), FoldError> {
        match event {
            Event::Received { .. } => return Err(FoldError::Received),
            Event::MasterChanged(_) => return Err(FoldError::Foreign),
            Event::Entered { .. } | Event::Corrected { .. } => self.note_keyed(event),
            Event::Asked(_) | Event::Reminded { .. } | Event::Unanswered { .. } | Event::Answered { .. } => {
                self.note_talk(event);
            }
            Event::Conditioned { .. }
            | Event::Merged { .. }
            | Event::Amended { .. }
            | Event::Charged { .. }
            | Event::Released { .. }
            | Event::Replanned { .. } => self.note_change(event),
            Event::Appealed { review_id, .. } => self.appealed = Some(*review_id),
            Event::Checked { problems, sure, proofs } => {
                self.problems.clone_from(problems);
                self.sure = *sure;
                self.proofs.clone_from(proofs);
            }
            Event::ReviewOpened { .. }
            | Event::ReviewDecided { .. }
            | Event::ReviewWithdrawn { .. }
            | Event::ReviewOverdue { .. }
            | Event::ReviewSigned { .. }
            | Event::ReviewAssigned { .. }
            | Event::ReviewerAdded { .. }
            | Event::ReviewBound { .. }
            | Event::ReviewRestarted { .. }
            | Event::GuaranteeBroken { .. } => self.note_review(event)?,
            Event::Stopped { .. } | Event::LetGo { .. } => self.note_hold(event),
            Event::Numbered { number } => match &self.number {
                Some(given) => return Err(FoldError::Numbered(given.0.clone())),
                None => self.number = Some(number.clone()),
            },
            Event::GateOpened { gate } => self.gates.push(*gate),
            Event::Told { what, to, version, message_id } => {
                let (to, version, message_id) = (to.clone(), *version, *message_id);
                self.told.push(Told { what: *what, to, version, message_id });
            }
            Event::Reported { milestone, applied: true, .. } | Event::Applied { milestone } => {
                self.reach(*milestone);
            }
            Event::Reported { milestone, applied: false, .. } => self.kept.push(*milestone),
            Event::Clarifying | Event::InReview | Event::Held { .. } | Event::Resumed | Event::Closed => {}
            // Nothing goes on of it, and nothing has to wait.
            Event::Rejected { .. } | Event::Cancelled { .. } => self.holds.clear(),
        }
        Ok(())
    }

    fn note_keyed(&mut self, event: &Event) {
        if let Event::Entered { by, why } = event {
            self.entered = Some(Entered { by: by.clone(), why: why.clone() });
            self.keyed_by = Some(by.clone());
        } else if let Event::Corrected { by, content } = event {
            let before = self.keyed_by.replace(by.clone()).filter(|before| before != by);
            self.keyed_before.extend(before.filter(|it| !self.keyed_before.contains(it)));
            self.corrected(content);
            self.talk_is(AskedState::Over);
        }
    }

    fn reach(&mut self, milestone: Milestone) {
        self.kept.retain(|kept| *kept != milestone);
        self.reached.push(milestone);
        self.draw(milestone);
        if milestone == Milestone::ProductionFinished {
            self.finished_without_held();
        }
    }

    /// What the order comes to, and how it is filled.
    fn note_change(&mut self, event: &Event) {
        if let Event::Conditioned { review_id, content, .. } = event {
            self.offer(content);
            self.binding = Some(*review_id);
        } else if let Event::Merged { refers_to, content } = event {
            self.refers_to = Some(*refers_to);
            self.content = content.clone();
        } else if let Event::Amended { content, granted, guarantees, .. } = event {
            self.content = content.clone();
            self.granted = granted.or(self.granted);
            self.guarantees.extend(guarantees.iter().cloned());
            (self.asked_for, self.binding, self.amended) = (None, None, true);
            let stays = |line: u32| content.lines.iter().any(|it| it.position == line);
            self.holds.retain(|hold| hold.line.is_none_or(stays));
            self.revision += u32::from(self.promised.is_some());
        } else if let Event::Charged { case, amount } = event {
            self.charges.push(Charge { case: *case, amount: *amount });
        } else if let Event::Released { promised, ship_on, make, credit, materials }
        | Event::Replanned { promised, ship_on, make, credit, materials, .. } = event
        {
            if matches!(event, Event::Replanned { remade: true, .. }) {
                let making = [Milestone::ProductionStarted, Milestone::ProductionFinished];
                self.reached.retain(|milestone| !making.contains(milestone));
                self.remade = self.revision;
            }
            self.credit = *credit;
            self.promised = Some(*promised);
            self.make.clone_from(make);
            self.materials.clone_from(materials);
            self.ship_on = Some(*ship_on);
        }
    }

    pub(super) fn corrected(&mut self, content: &Content) {
        self.content = content.clone();
        (self.asked_for, self.binding, self.amended) = (None, None, false);
    }

    /// Another content than was asked for; one that is the same again needs no answer.
    fn offer(&mut self, content: &Content) {
        let asked = self.asked_for.take().map_or_else(|| self.content.clone(), |asked| *asked);
        self.content = content.clone();
        self.asked_for = (asked != *content).then(|| Box::new(asked));
    }

    /// The customer paid, also where that comes before its turn.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.reached.contains(&Milestone::Paid) || self.kept.contains(&Milestone::Paid)
    }

    /// Whether this was told to this receiver in this version.
    #[must_use]
    pub fn was_told(&self, what: Tell, to: &str, version: u32) -> bool {
        self.told.iter().any(|told| told.what == what && told.to == to && told.version == version)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(revision: &u32) -> bool {
    *revision == 0
}

/// The move that a milestone asks for; payment of a prepaid order comes long before its rung.
#[must_use]
pub const fn milestone_move(milestone: Milestone) -> Move {
    match milestone {
        Milestone::ProductionStarted => Move::StartProduction,
        Milestone::ProductionFinished => Move::Finish,
        Milestone::StockOut => Move::Ship,
        Milestone::Delivered => Move::Deliver,
        Milestone::Invoiced => Move::Invoice,
        Milestone::Paid => Move::Pay,
    }
}
