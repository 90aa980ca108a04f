//! What one of the house holds (暂停): a whole order, or a line of it, until somebody lets it go on.

use super::Order;
use super::event::{Event, Gate, Milestone};
use super::line::{Content, Line};
use super::money::{Money, round};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An order or line that stands aside because one of the house wants that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Position of the line; none for the whole order.
    pub line: Option<u32>,
    /// User id.
    pub by: String,
    pub why: String,
    pub since: DateTime<Utc>,
    /// The others were reported finished meanwhile: this line was not among them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmade: bool,
}

impl Order {
    /// The whole order is held by the house.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.holds.iter().any(|hold| hold.line.is_none())
    }

    /// The line at this position is held, alone or with the order.
    #[must_use]
    pub fn holds_line(&self, position: u32) -> bool {
        self.holds.iter().any(|hold| hold.line.is_none_or(|line| line == position))
    }

    /// The lines that are made, picked, shipped and invoiced now: not those that are held, nor those that left before.
    pub fn moving(&self) -> impl Iterator<Item = &Line> {
        let stays = |line: &&Line| self.holds_line(line.position) || self.left.contains(&line.position);
        self.content.lines.iter().filter(move |line| !stays(line))
    }

    pub(super) fn note_hold(&mut self, event: &Event) {
        if let Event::Stopped { line, by, why, at } = event {
            let (by, why) = (by.clone(), why.clone());
            self.holds.push(Hold { line: *line, by, why, since: *at, unmade: false });
        } else if let Event::LetGo { line, rest, .. } = event {
            if *rest {
                self.begin_rest(*line);
            }
            self.holds.retain(|hold| hold.line != *line);
        }
        self.revision += u32::from(self.promised.is_some());
        if matches!(event, Event::LetGo { rest: true, .. }) {
            self.rest_since = self.revision;
        }
    }

    /// What was finished without a held line is not its making.
    pub(super) fn finished_without_held(&mut self) {
        for hold in self.holds.iter_mut().filter(|hold| hold.line.is_some()) {
            hold.unmade = true;
        }
    }

    /// The share of the lines that have not left.
    fn rest_of(&self, credit: Money) -> Money {
        let rest = Content {
            lines: self
                .content
                .lines
                .iter()
                .filter(|it| !self.left.contains(&it.position))
                .cloned()
                .collect(),
            ..self.content.clone()
        };
        let total = |content: &Content| content.total().ok().flatten().map(|it| it.amount);
        let share = total(&rest).zip(total(&self.content)).and_then(|(rest, all)| rest.checked_div(all));
        let amount = share.and_then(|share| credit.amount.checked_mul(share));
        amount.map_or(credit, |amount| Money::new(round(amount, credit.currency), credit.currency))
    }

    /// The other lines have left; what remains goes the way from the release on once more.
    fn begin_rest(&mut self, line: Option<u32>) {
        let left: Vec<u32> = self.moving().map(|line| line.position).collect();
        self.left.extend(left);
        self.parts += 1;
        self.make.retain(|position| !self.left.contains(position));
        let is_made = self.holds.iter().any(|hold| hold.line == line && !hold.unmade);
        let making = [Milestone::ProductionStarted, Milestone::ProductionFinished];
        if self.reached.contains(&Milestone::Paid) {
            match self.credit {
                // What is paid before covers the rest too.
                None => self.kept.push(Milestone::Paid),
                // What left was paid by its own invoice; the rest takes credit till its own is.
                Some(credit) => self.credit = Some(self.rest_of(credit)),
            }
        }
        self.reached.retain(|milestone| is_made && making.contains(milestone));
        self.gates.retain(|gate| *gate != Gate::Invoice);
    }
}
