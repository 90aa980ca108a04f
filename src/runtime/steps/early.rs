//! Goods before the money: a person asks for them, and those who have to agree are asked.

use super::desk::Case;
use super::{Steps, done, misfit};
use crate::order::early::GateAsked;
use crate::order::event::Actor;
use crate::order::message::Message;
use crate::release;
use crate::review::{deadline, early};
use crate::rights::Denied;
use crate::runtime::Failure;
use crate::store::Commit;

impl Steps {
    pub(super) async fn ask_early(&self, message: &Message, asked: &GateAsked) -> Result<Commit, Failure> {
        let mut work = self.order(asked.order_id).await?;
        let now = self.now(message).await?;
        if let Err(denied) = self.may_ask_early(asked) {
            return Ok(done(message, format!("refused: {denied}")));
        }
        let origin = self.origin(&work.order).await?;
        let master = self.shelf.get().await?;
        let order = &work.order;
        let case: Case =
            self.load(order.id, &order.content, (&origin.document, &origin.record), master).await?;
        let (customer, figures) = (self.customer_facts(order, &case), self.figures(order, &case, now.at));
        let facts = self.books.rule_facts(order, customer, figures, now.at);
        let desk = self.books.desk();
        let event = match early::ask(order, asked, &facts, &desk, (now.at, now.ids)) {
            Ok(event) => event,
            Err(refusal) => return Ok(done(message, format!("refused: {refusal}"))),
        };
        let mut commit = done(message, "asked: waits for credit");
        let events = [event];
        commit.timers.extend(deadline::timers(order.id, &events, &desk));
        let house = self.books.house(&case.master);
        let told = release::ask::ask(order, &events, &self.books.office(&house), now.at, now.ids);
        commit.messages.extend(told.map_err(|e| Failure::Park(e.to_string()))?);
        let before = work.order.clone();
        work.add(events).map_err(misfit(&before))?;
        self.write(work, &mut commit, (Actor::User(asked.by.clone()), &now)).await?;
        Ok(commit)
    }

    /// Whether he may ask, by the roles that the rules name.
    fn may_ask_early(&self, asked: &GateAsked) -> Result<(), Denied> {
        let user = self.books.staff(&[]).user(&asked.by)?;
        let roles = &self.books.rules.early;
        let may = user.roles.iter().any(|role| roles.contains(role));
        if may { Ok(()) } else { Err(Denied::MayNotAsk { user: user.id.clone(), roles: roles.clone() }) }
    }
}
