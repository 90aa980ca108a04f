//! Reports: a downstream system says that something happened.

use super::{Steps, desk, done, misfit};
use crate::follow;
use crate::order::event::{Actor, Milestone};
use crate::order::message::{Message, ReportReceived};
use crate::order::Order;
use crate::order::status::{Rung, Status};
use crate::release;
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::{Commit, Key, Kind};
use rust_decimal::Decimal;

impl Steps {
    pub(super) async fn report(&self, message: &Message, report: &ReportReceived) -> Result<Commit, Failure> {
        let mut work = self.order(report.order_id).await?;
        let now = self.now(message).await?;
        let before = work.order.clone();
        let mut commit = done(message, "");
        work.add(follow::report(&work.order, report, now.at)).map_err(misfit(&before))?;
        if matches!(work.order.status, Status::On(rung) if rung >= Rung::Released) {
            self.tell_due(&mut work, &now, &mut commit, release::due).await?;
        }
        if work.order.status != before.status {
            commit.messages.push(release::status_message(&work.order, now.at, now.ids));
        }
        self.give_back(&before, &work, &mut commit).await?;
        let what = format!("reported: {}", work.order.status.as_str());
        if work.is_changed() {
            work.write(&mut commit, &now.stamp(Actor::System(report.by.clone())));
        }
        Ok(desk::named(commit, &what))
    }

    /// Once paid an order takes no more of its customer's credit.
    async fn give_back(&self, before: &Order, work: &Work, commit: &mut Commit) -> Result<(), Failure> {
        let paid = |order: &Order| order.reached.contains(&Milestone::Paid);
        let (Some(customer), Some(taken)) = (&work.order.content.customer, work.order.credit_taken) else {
            return Ok(());
        };
        if paid(before) || !paid(&work.order) {
            return Ok(());
        }
        let found = self.one::<Decimal>(Key::new(Kind::Credit, customer)).await?;
        let (was, value) = found.unwrap_or_default();
        commit.writes.push(desk::Figure { was, value }.write(Kind::Credit, customer, value - taken));
        Ok(())
    }
}
