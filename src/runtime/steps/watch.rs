//! Writes an order with what happened to it; of a large one supervision is told each step in the same commit.

use super::{Now, Steps, misfit};
use crate::order::Order;
use crate::order::department::Department;
use crate::order::event::Actor;
use crate::release::watch::{self, watch};
use crate::runtime::Failure;
use crate::runtime::work::Work;
use crate::store::Commit;

impl Steps {
    /// Puts an order with its new events into the commit.
    pub(super) async fn write(
        &self,
        mut work: Work,
        commit: &mut Commit,
        (by, now): (Actor, &Now<'_>),
    ) -> Result<(), Failure> {
        if work.is_changed() && self.is_watched(&work.order).await? {
            self.tell_supervision(&mut work, commit, (&by, now)).await?;
        }
        work.write(commit, &now.stamp(by));
        Ok(())
    }

    /// A case is watched with the order that it would change, whatever it comes to itself.
    async fn is_watched(&self, order: &Order) -> Result<bool, Failure> {
        let config = &self.books.config;
        let watches = |order: &Order| config.watching.watches(order, &config.exchange);
        let target = order.refers_to.filter(|_| order.is_case());
        Ok(match target {
            _ if !config.watching.on => false,
            _ if watches(order) => true,
            Some(target) => watches(&self.order(target).await?.order),
            None => false,
        })
    }

    async fn tell_supervision(
        &self,
        work: &mut Work,
        commit: &mut Commit,
        (by, now): (&Actor, &Now<'_>),
    ) -> Result<(), Failure> {
        let master = self.shelf.get().await?;
        let house = self.books.house(&master);
        let (first, events) = work.added();
        let customer = work.order.content.customer.as_deref().and_then(|code| master.customer(code));
        let steps = watch::Steps {
            order: &work.order,
            events,
            first,
            by,
            customer: customer.map(|row| row.name.as_str()),
        };
        let told = watch(&steps, &self.books.office(&house), now.at, now.ids)
            .map_err(|e| Failure::Park(format!("order {}: {e}", work.order.id)))?;
        let Some((event, message)) = told else {
            if !house.departments.contains_key(&Department::Supervision) {
                let order = work.order.id;
                tracing::warn!(order.id = %order, "supervision is not told: it is none of the imported departments");
            }
            return Ok(());
        };
        work.add([event]).map_err(misfit(&work.order.clone()))?;
        commit.messages.push(message);
        Ok(())
    }
}
