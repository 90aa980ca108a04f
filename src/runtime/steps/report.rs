//! Reports: a downstream system says that something happened.

use super::{Steps, desk, done, misfit};
use crate::follow;
use crate::order::Order;
use crate::order::event::{Actor, Milestone};
use crate::order::message::{Message, ReportReceived};
use crate::order::status::{Rung, Status};
use crate::release;
use crate::runtime::Failure;
use crate::store::Commit;

impl Steps {
    pub(super) async fn report(&self, message: &Message, report: &ReportReceived) -> Result<Commit, Failure> {
        let mut work = self.order(report.order_id).await?;
        let now = self.now(message).await?;
        let before = work.order.clone();
        let mut commit = done(message, "");
        work.add(follow::report(&work.order, report)).map_err(misfit(&before))?;
        if matches!(work.order.status, Status::On(rung) if rung >= Rung::Released) {
            self.tell_due(&mut work, &now, &mut commit, release::due).await?;
        }
        if work.order.status != before.status {
            commit.messages.push(release::status_message(&work.order, now.at, now.ids));
        }
        self.give_back(&before, &work.order, &mut commit).await?;
        let what = said(&before, &work.order, report.milestone);
        if work.is_changed() {
            self.write(work, &mut commit, (Actor::System(report.by.clone()), &now)).await?;
        }
        Ok(desk::named(commit, &what))
    }
}

/// What became of a report, in words.
fn said(before: &Order, after: &Order, milestone: Milestone) -> String {
    let status = after.status.as_str();
    if before.reached.contains(&milestone) || before.kept.contains(&milestone) {
        format!("reported before: {status}")
    } else if after.kept.contains(&milestone) {
        format!("kept until its turn: {status}")
    } else {
        format!("reported: {status}")
    }
}
