//! Explain: what the rules say of an order as everything stands now; nothing is written.

use super::Steps;
use crate::review::explain::Explained;
use crate::runtime::Failure;
use uuid::Uuid;

impl Steps {
    /// All rules, with the values that each looked at.
    pub async fn explain(&self, order_id: Uuid) -> Result<Vec<Explained>, Failure> {
        let order = self.order(order_id).await?.order;
        let origin = self.origin(&order).await?;
        let master = self.shelf.get().await?;
        let now = self.store.now().await?;
        let case = self.load(order.id, &order.content, (&origin.document, &origin.record), master).await?;
        let (customer, figures) = (self.customer_facts(&order, &case), self.figures(&order, &case, now));
        Ok(self.books.rules.explain(&self.books.rule_facts(&order, customer, figures, now)))
    }
}
